"""
What changed from one report to another.
"""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given

from fuzzing import examples
from marginbook import Balance, BalanceReport, ConfigurationError, Difference, Failure, Lock, Note, Summary, diff
from marginbook.reconciling import AccountChange, Change, SummaryChange
from marginbook.values import derive
from marginbook.values.times import moment
from strategies import Asked, amounts, asked, figures

NOON: Final = moment("2026-07-01T12:00:00Z")


def balance(account: str = "a", asset: str = "USDT", **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def report(
    *rows: Balance | Lock | Summary | Failure, accounts: str = "a", hours: int = 0, **parts: Any
) -> BalanceReport:
    kinds = {"balances": Balance, "locks": Lock, "summaries": Summary, "failures": Failure}
    items: dict[str, Any] = {name: [row for row in rows if isinstance(row, kind)] for name, kind in kinds.items()}
    return BalanceReport(
        accounts=dict.fromkeys(accounts.split(), "acme"),
        started_at=NOON + timedelta(hours=hours),
        finished_at=NOON + timedelta(hours=hours),
        **items,
        **parts,
    )


def failure(account: str) -> Failure:
    return Failure(account=account, venue="acme", kind="timeout", message="It is late.")


def lock(symbol: str = "X", asset: str = "USDT", **fields: Any) -> Lock:
    return Lock(account="a", venue="acme", symbol=symbol, asset=asset, **fields)


def summary(**fields: Any) -> Summary:
    return Summary(**{"account": "a", "venue": "acme", "currency": "USD", **fields})


def compared(before: Balance, after: Balance) -> Change:
    (change,) = diff(report(before), report(after)).changes
    return change


def flagged(before: BalanceReport, after: BalanceReport, **options: Any) -> list[str]:
    return [f"{flag.kind}: {flag}" for flag in diff(before, after, **options).flags]


def test_opening_changes_closing() -> None:
    """
    Equity is explained by what became of the wallet and of the open positions.
    """
    before = balance(wallet_balance="1000.00", unrealized_pnl="50.0", equity="1050.00")
    after = balance(wallet_balance="900.00", unrealized_pnl="75.25", equity="975.25")

    assert Change(
        account="a",
        venue="acme",
        asset="USDT",
        state="held",
        figure="equity",
        opening=Decimal("1050.00"),
        wallet_change=Decimal("-100.00"),
        unrealized_pnl_change=Decimal("25.25"),
        closing=Decimal("975.25"),
        unexplained=Decimal(0),
    ) == (change := compared(before, after))
    assert Decimal("-74.75") == change.move
    assert () == change.notes


def test_without_equity() -> None:
    """
    Where equity is not known in both reports, opening and closing are the wallet balance, and the row says so.
    """
    before = balance(wallet_balance="1000", unrealized_pnl="50", equity="1050")
    change = compared(before, balance(wallet_balance="900"))

    assert ("wallet_balance", Decimal(1000), Decimal(-100), Decimal(900)) == (
        change.figure,
        change.opening,
        change.wallet_change,
        change.closing,
    )
    assert (None, None) == (change.unrealized_pnl_change, change.unexplained)
    assert (
        "unrealized_pnl is not known after.",
        "equity is not known after.",
        "Opening and closing are the wallet balance alone.",
    ) == change.notes
    assert [
        "unknown: a USDT: equity is not known after.",
        "unknown: a USDT: unrealized_pnl is not known after.",
    ] == flagged(report(before), report(balance(wallet_balance="900")))


def test_without_a_wallet() -> None:
    """
    Equity alone has an opening and a closing, and no explanation.
    """
    change = compared(balance(equity="10"), balance(equity="12"))

    assert (Decimal(10), None, None, Decimal(12), None) == (
        change.opening,
        change.wallet_change,
        change.unrealized_pnl_change,
        change.closing,
        change.unexplained,
    )
    assert (
        "wallet_balance is not known before and after.",
        "unrealized_pnl is not known before and after.",
    ) == change.notes


def test_nothing_known() -> None:
    """
    Neither equity nor wallet in both is no change that could be told, and is flagged.
    """
    before, after = report(balance(equity="1")), report(balance(wallet_balance="1"))
    (change,) = diff(before, after).changes

    assert (None, None, None, None) == (change.figure, change.opening, change.closing, change.move)
    assert "unknown: a USDT: neither equity nor wallet balance is known in both reports." == flagged(before, after)[0]


def test_an_identity_that_fails() -> None:
    """
    A reported equity need not be the sum: what the parts leave unexplained is told, and flagged beyond the threshold.
    """
    before = balance(wallet_balance="100", unrealized_pnl="0", equity="100")
    after = balance(wallet_balance="110", unrealized_pnl="0", equity="107.5")
    change = compared(before, after)
    note = "equity moved by -2.5 more than wallet_balance and unrealized_pnl together."

    assert (Decimal("-2.5"), (note,)) == (change.unexplained, change.notes)
    assert [] == flagged(report(before), report(after))
    assert [f"unexplained: a USDT: {note}"] == [
        flag for flag in flagged(report(before), report(after), thresholds={"USDT": "1"}) if "moved:" not in flag
    ]
    assert [] == flagged(report(before), report(after), thresholds={"USDT": "10"})


@examples(200)
@given(amounts, figures, amounts, figures)
def test_the_changes_explain_the_move(
    wallet: Decimal, pnl: Decimal | None, later_wallet: Decimal, later_pnl: Decimal | None
) -> None:
    """
    Opening, change in wallet and change in unrealized PnL make the closing, digit for digit, wherever it is equity.
    """
    rows = [(wallet, pnl), (later_wallet, later_pnl)]
    before, after = derive([balance(wallet_balance=cash, unrealized_pnl=gain) for cash, gain in rows])
    change = compared(before, after)
    assert change.opening is not None
    assert change.wallet_change is not None
    assert change.closing is not None
    parts = [change.opening, change.wallet_change]
    if change.figure == "equity":
        assert change.unrealized_pnl_change is not None
        assert 0 == change.unexplained
        parts.append(change.unrealized_pnl_change)
    else:
        assert pnl is None or later_pnl is None
        assert None is change.unexplained

    assert Fraction(change.closing) == sum(map(Fraction, parts))


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        ("100", []),
        (
            "99.99",
            [
                "moved: a USDT: wallet_balance moved by -100, more than 99.99.",
                "moved: a USDT: unrealized_pnl moved by 100, more than 99.99.",
            ],
        ),
        ("10%", []),
        (
            "9.99%",
            [
                "moved: a USDT: wallet_balance moved by -100, more than 9.99%.",
                "moved: a USDT: unrealized_pnl moved by 100, more than 9.99%.",
            ],
        ),
    ],
)
def test_moves_above_a_threshold(threshold: str, expected: list[str]) -> None:
    """
    A withdrawal is flagged as well where a profit hides it. What is as large as the threshold is not above it.
    """
    before = report(balance(wallet_balance="1000", unrealized_pnl="0", equity="1000"))
    after = report(balance(wallet_balance="900", unrealized_pnl="100", equity="1000"))

    assert expected == flagged(before, after, thresholds={"USDT": threshold})
    assert expected == flagged(before, after, thresholds={"USDT": threshold, "*": "0%"})


def test_a_threshold_for_each_other_asset() -> None:
    """
    ``*`` stands for each asset without a threshold of its own; without any, a move is told and not flagged.
    """
    before = report(balance(wallet_balance="10"), balance(asset="BTC", wallet_balance="10"))
    after = report(balance(wallet_balance="13"), balance(asset="BTC", wallet_balance="13"))

    assert ["moved: a BTC: wallet_balance moved by 3, more than 20%."] == flagged(
        before, after, thresholds={"USDT": "5", "*": "20%"}
    )
    assert [] == flagged(before, after)


def test_each_digit_of_a_move_counts() -> None:
    """
    A move is not rounded before it is held against the threshold.
    """
    before = report(balance(wallet_balance="0"))
    after = report(balance(wallet_balance="-1000000000000000000000000000000.000000000000000001"))

    assert 1 == len(flagged(before, after, thresholds={"USDT": "1000000000000000000000000000000"}))


def test_an_equity_that_moved_by_itself() -> None:
    """
    Equity is held against the threshold too, where the wallet is not known; a percentage of nothing known says nothing.
    """
    before, after = report(balance(equity="100")), report(balance(equity="50"))
    lost = report(balance(equity="100", wallet_balance="1")), report(balance(wallet_balance="2"))

    assert ["moved: a USDT: equity moved by -50, more than 10."] == flagged(before, after, thresholds={"USDT": "10"})
    assert [] == [
        flag
        for flag in flagged(before, report(balance(wallet_balance="2")), thresholds={"USDT": "1%"})
        if "moved:" in flag
    ]
    assert "moved: a USDT: wallet_balance moved by 1, more than 0." in flagged(*lost, thresholds={"USDT": "0"})


def test_new_and_vanished_rows() -> None:
    """
    A row that is gone has no closing: it is not one of zero. A new one has no opening.
    """
    before = report(balance(asset="BTC", wallet_balance="2", equity="3"), balance(asset="ETH"))
    after = report(balance(asset="SOL", wallet_balance="0"))
    gone, unknown, come = diff(before, after).changes

    assert ("vanished", Decimal(3), None, None) == (gone.state, gone.opening, gone.closing, gone.wallet_change)
    assert ("new", None, Decimal(0), None) == (come.state, come.opening, come.closing, come.wallet_change)
    assert ("vanished", None, None) == (unknown.state, unknown.opening, unknown.closing)
    assert [
        "vanished: a BTC: the row is gone, which does not say zero. It had equity 3.",
        "vanished: a ETH: the row is gone, which does not say zero. It had no known equity or wallet balance.",
        "new: a SOL: the row is new. It has wallet_balance 0.",
    ] == flagged(before, after, thresholds={"*": "0%"})


def test_an_account_that_failed_is_no_move() -> None:
    """
    Rows of an account that one report could not read are not compared; the account is named, with the reason.
    """
    full = report(balance("a", wallet_balance="1"), balance("b", wallet_balance="5"), accounts="a b")
    partial = report(balance("a", wallet_balance="1"), failure("b"), accounts="a b")
    lost, back, both = diff(full, partial), diff(partial, full), diff(partial, partial)

    assert [["a"]] * 3 == [[change.account for change in found.changes] for found in (lost, back, both)]
    assert ([], ["b"], False) == ([*lost.missing_before], [*lost.missing_after], lost.complete)
    assert (["b"], [], False) == ([*back.missing_before], [*back.missing_after], back.complete)
    assert diff(full, full).complete
    assert ["failed: b: not compared: it could not be read for the second report. timeout: It is late."] == flagged(
        full, partial
    )
    assert ["failed: b: not compared: it could not be read for the first report. timeout: It is late."] == flagged(
        partial, full
    )
    assert [
        "failed: b: not compared: it could not be read for the first and the second report. timeout: It is late."
    ] == flagged(partial, partial)


def test_accounts_that_come_and_go() -> None:
    """
    An account that only one report asked for is named, and none of its rows is a move. So is one at another venue.
    """
    before = report(balance("a", wallet_balance="1"), lock(), summary(), accounts="a b")
    after = report(balance("b", wallet_balance="5"), accounts="b c")
    moved = BalanceReport(accounts={"a": "other", "b": "acme"}, started_at=NOON, finished_at=NOON)
    found = diff(before, after)

    assert ((), (), ()) == (found.locks, found.summaries, found.notes)
    assert ["b"] == [change.account for change in found.changes]
    assert [
        "account: a: not compared: only the first report has it at acme.",
        "account: c: not compared: only the second report has it at acme.",
        "new: b USDT: the row is new. It has wallet_balance 5.",
    ] == flagged(before, after)
    assert [("a", "acme", "ok", "absent"), ("a", "other", "absent", "ok")] == [
        (change.account, change.venue, change.before, change.after) for change in diff(before, moved).accounts
    ]


def test_an_account_that_failed_where_the_other_report_has_none() -> None:
    """
    It is told as failed, with the reason.
    """
    (change,) = diff(report(accounts=""), report(failure("a"))).accounts

    assert (
        AccountChange(account="a", venue="acme", before="absent", after="failed", reason="timeout: It is late.")
        == change
    )
    assert "failed" == change.flag().kind


def test_changed_locks() -> None:
    """
    A lock is found by symbol and asset. Those that stayed as they were are not told, whatever their scale.
    """
    before = report(
        lock("X", blocked_balance="1", position_margin="2"), lock("Y", blocked_balance="5.0"), lock("X", "BTC")
    )
    after = report(lock("X", blocked_balance="3"), lock("Y", blocked_balance="5.00"), lock("Z", order_margin="-1"))
    found = diff(before, after)

    assert [("a", "acme", "X", "BTC"), ("a", "acme", "X", "USDT"), ("a", "acme", "Z", "USDT")] == [
        (change.account, change.venue, change.symbol, change.asset) for change in found.locks
    ]
    assert (before.locks[1], after.locks[0]) == (found.locks[1].before, found.locks[1].after)
    assert [
        "lock: a BTC: the lock of X was of no known amount, and is not there.",
        "lock: a USDT: the lock of X was blocked_balance 1, position_margin 2, and is blocked_balance 3.",
        "lock: a USDT: the lock of Z was not there, and is order_margin -1.",
    ] == flagged(before, after)


def test_locks_that_move_with_the_market() -> None:
    """
    What has to be behind a position, and what is, moves all the time, and is no change of what is locked. Another
    wallet is one.
    """
    before = report(lock("X", blocked_balance="1", isolated=True, maintenance_margin="2", equity="5"))
    moved = report(lock("X", blocked_balance="1", isolated=True, maintenance_margin="3", equity="4"))
    cross = report(lock("X", blocked_balance="1", isolated=False, maintenance_margin="3"))

    assert ([], ()) == (flagged(before, moved), diff(before, moved).locks)
    told = "isolated, blocked_balance 1, maintenance_margin 2, equity 5, and is blocked_balance 1, maintenance_margin 3"
    assert [f"lock: a USDT: the lock of X was {told}."] == flagged(before, cross)


def test_several_locks_of_one_symbol() -> None:
    """
    A venue may have two, as for long and short: only the one that changed is told.
    """
    before = report(lock(blocked_balance="1"), lock(blocked_balance="2"))
    after = report(lock(blocked_balance="1"), lock(blocked_balance="2"), lock(blocked_balance="2"))

    assert ["lock: a USDT: the lock of X was not there, and is blocked_balance 2."] == flagged(before, after)
    assert () == diff(before, before).locks


def test_changed_summaries() -> None:
    """
    A margin ratio that moved is told; another mode or status, or a ratio that nobody knows any more, is flagged.
    """
    before = report(summary(equity="100", maintenance_margin="10", mode="single-asset"))
    moved = report(summary(equity="100", maintenance_margin="50", mode="single-asset"))
    worse = report(summary(equity="-1", maintenance_margin="50", status="MARGIN_CALL"))
    found = diff(before, moved).summaries

    assert [(Decimal("0.1"), Decimal("0.5"))] == [change.margin_ratios for change in found]
    assert [] == flagged(before, moved)
    assert [
        "summary: a: the mode was single-asset, and is not known.",
        "summary: a: the status was not known, and is MARGIN_CALL.",
        "summary: a: the margin ratio is not known after.",
    ] == flagged(before, worse)
    assert "summary: a: the margin ratio is not known before." in flagged(worse, before)
    assert () == diff(before, before).summaries


def test_summaries_of_many_accounts() -> None:
    """
    They are told by account, in the order of the alphabet, and each of its own account.
    """
    names = "a b c d e f g h"
    before = report(*(summary(account=name, equity="1") for name in names.split()), accounts=names)
    after = report(*(summary(account=name, equity="2") for name in names.split()), accounts=names)
    found = diff(before, after).summaries

    assert [(name, "acme") for name in names.split()] == [(change.account, change.venue) for change in found]
    assert [*zip(before.summaries, after.summaries, strict=True)] == [(c.before, c.after) for c in found]


def test_a_summary_on_one_side() -> None:
    """
    It is told, with no ratio for the side that has none.
    """
    with_one = report(summary(equity="100", maintenance_margin="10"))

    assert ["summary: a: only the second report has a summary of the account."] == flagged(report(), with_one)
    assert ["summary: a: only the first report has a summary of the account."] == flagged(with_one, report())
    assert [(None, Decimal("0.1"))] == [change.margin_ratios for change in diff(report(), with_one).summaries]


def test_one_account_alone() -> None:
    """
    Who asks for some accounts is told of no others, nor of what they lack.
    """
    before = report(
        balance("a", wallet_balance="1"), failure("b"), accounts="a b", notes=[Note(account="b", message="Odd.")]
    )
    after = report(balance("a", wallet_balance="1"), balance("b"), accounts="a b")
    found = diff(before, after, accounts=["a"])

    assert (True, (), ["a"]) == (found.complete, found.flags, [change.account for change in found.changes])


def test_notes_on_the_whole() -> None:
    """
    Reports in the wrong order, and a threshold that no row heeds, are told.
    """
    thresholds = {"BTC": "1", "ETH": "1", "USDC": "1", "USDT": "1", "*": "1%"}
    before, after = report(balance(), balance(asset="BTC"), hours=1), report(balance(), balance(asset="ETH"))
    found = diff(before, after, thresholds=thresholds)

    assert (
        "The first report is newer than the second: the changes are told backwards.",
        "Neither report has a row of USDC, which has a threshold.",
    ) == found.notes


def test_times() -> None:
    """
    It says of which times the reports are.
    """
    found = diff(report(hours=1), report(hours=3))

    assert (NOON + timedelta(hours=1), NOON + timedelta(hours=3)) == (found.before_at, found.after_at)
    assert () == found.notes


@pytest.mark.parametrize(
    ("before", "after", "options", "expected"),
    [
        (
            report(accounts="a b"),
            report(accounts="b c"),
            {"accounts": ["x", "a", "c"]},
            "There is no account 'x' in either report. There are a, b, c.",
        ),
        (report(accounts=""), report(accounts=""), {"accounts": ["x"]}, "The reports have no accounts."),
        (report(), report(), {"thresholds": {"USDT": "?"}}, "? is no threshold for USDT"),
        (report(), report(balance(), balance()), {}, "A report has more than one row of a USDT, so it is not known"),
    ],
)
def test_wrong_questions(before: BalanceReport, after: BalanceReport, options: Any, expected: str) -> None:
    """
    What cannot be compared is refused.
    """
    with pytest.raises(ConfigurationError) as caught:
        diff(before, after, **options)

    assert expected in str(caught.value)


BEFORE: Final = report(
    balance(wallet_balance="1.10", unrealized_pnl="1", equity="3"),
    balance(asset="BTC", wallet_balance="1"),
    lock(blocked_balance="1.10"),
    summary(equity="3", maintenance_margin="1", updated_at=NOON, notes=["Odd."]),
    failure("b"),
    accounts="a b c",
)
AFTER: Final = report(
    balance(wallet_balance="2.10", unrealized_pnl="1", equity="3"),
    balance(asset="ETH"),
    summary(equity="4", maintenance_margin="1"),
    accounts="a b",
    hours=-1,
)


def test_json() -> None:
    """
    Amounts are texts, what is not known is null, and what was written can be read again.
    """
    found = diff(BEFORE, AFTER, thresholds={"USDT": "0"})
    document = json.loads(found.to_json())

    assert ("marginbook.difference", 1, False) == (
        document["schema"],
        document["schema_version"],
        document["complete"],
    )
    assert {
        "account": "a",
        "venue": "acme",
        "asset": "USDT",
        "state": "held",
        "figure": "equity",
        "opening": "3",
        "wallet_change": "1.00",
        "unrealized_pnl_change": "0",
        "closing": "3",
        "unexplained": "-1.00",
        "unknown_before": [],
        "unknown_after": [],
        "notes": ["equity moved by -1.00 more than wallet_balance and unrealized_pnl together."],
    } == document["changes"][2]
    assert "1.10" == document["locks"][0]["before"]["blocked_balance"]
    assert None is document["locks"][0]["after"]
    assert ["0.3333333333333333333333333333", "0.25"] == document["summaries"][0]["margin_ratios"]
    assert found == Difference.from_dict(document)
    assert [None, "0.25"] == diff(report(), report(summary(equity="4", maintenance_margin="1"))).to_dict()["summaries"][
        0
    ]["margin_ratios"]


@examples(60)
@given(asked(), asked())
def test_json_of_anything(first: Asked, second: Asked) -> None:
    """
    Whatever two reports hold, their difference is written and read again, digit for digit.
    """
    found = diff(first.report(), second.report(), thresholds={"*": "0%"})
    again = Difference.from_dict(json.loads(found.to_json(indent=None)))

    assert found == again
    assert found.to_json() == again.to_json()


@examples(60)
@given(asked())
def test_a_report_and_itself(question: Asked) -> None:
    """
    Nothing changed from a report to itself: no move, nothing new, and no flag but for what nobody could read or know.
    """
    found = diff(question.report(), question.report(), thresholds={"*": "0%"})

    assert {0, None} >= {change.move for change in found.changes}
    assert {0, None} >= {change.unexplained for change in found.changes}
    assert ((), ()) == (found.locks, found.summaries)
    assert {"failed", "unknown"} >= {flag.kind for flag in found.flags}


def _without_changes(document: dict[str, Any]) -> None:
    del document["changes"]


def _with_a_float(document: dict[str, Any]) -> None:
    document["changes"][0]["opening"] = 1.5


def _with_another_note(document: dict[str, Any]) -> None:
    document["changes"][0]["notes"] = ["Nothing to see."]


def _of_another_version(document: dict[str, Any]) -> None:
    document["schema_version"] = 2


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_without_changes, "The difference cannot be read (KeyError: 'changes')."),
        (_with_a_float, "The difference cannot be read (TypeError: "),
        (_with_another_note, "The difference contradicts itself."),
        (_of_another_version, "This is no marginbook.difference of version 1."),
    ],
)
def test_damage(damage: Any, expected: str) -> None:
    """
    What was changed after it was written is refused.
    """
    document = copy.deepcopy(diff(BEFORE, AFTER).to_dict())
    damage(document)

    with pytest.raises(ConfigurationError) as caught:
        Difference.from_dict(document)

    assert expected in str(caught.value)


def test_what_is_no_document() -> None:
    """
    A list is no difference.
    """
    with pytest.raises(ConfigurationError, match=r"This is no marginbook\.difference"):
        Difference.from_dict([])  # type: ignore[arg-type]  # on purpose


def test_nobody_changes_it() -> None:
    """
    A difference, and what is in it, stays as it was made.
    """
    found = diff(BEFORE, AFTER)

    for value in (
        found,
        found.changes[0],
        found.flags[0],
        SummaryChange(account="a", venue="b", before=None, after=None),
    ):
        with pytest.raises(FrozenInstanceError):
            value.account = "x"  # type: ignore[misc, union-attr]  # on purpose
    assert found == evolve(found)
