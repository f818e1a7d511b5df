"""
A report that contradicts what the accounts said is not handed out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

from marginbook import (
    Account,
    AuditError,
    Balance,
    BalanceReport,
    Failure,
    Lock,
    Statement,
    Summary,
    collect,
    collecting,
)
from marginbook.auditing import audit
from marginbook.collecting import assemble
from marginbook.report import report as module
from marginbook.values import derive

if TYPE_CHECKING:
    from collections.abc import Callable

    from marginbook.sandbox import Sandbox

    Outcomes = dict[str, Statement | Failure]

NOW: Final = datetime(2026, 11, 20, tzinfo=UTC)

ASKED: Final = [Account(name, "acme") for name in ("desk-a", "desk-b", "desk-c", "desk-d")]


def balance(account: str, asset: str = "USDT", **amounts: Any) -> Balance:
    known = amounts or {"wallet_balance": "100.10", "unrealized_pnl": "-0.10", "available_balance": "7"}
    (found,) = derive([Balance(account=account, venue="acme", asset=asset, **known)])
    return found


def lock(account: str, symbol: str = "BTCUSDT") -> Lock:
    return Lock(account=account, venue="acme", symbol=symbol, asset="USDT", blocked_balance=Decimal(1))


def summary(account: str) -> Summary:
    return Summary(account=account, venue="acme", currency="USD", equity=Decimal("100.00"))


def failure(account: str, message: str = "No.") -> Failure:
    return Failure(account=account, venue="acme", kind="timeout", message=message)


@pytest.fixture
def outcomes() -> Outcomes:
    """
    What became of four accounts: two that hold something, one that holds nothing, and one that failed.
    """
    return {
        "desk-a": Statement([balance("desk-a"), balance("desk-a", "BTC")], [lock("desk-a")], summary=summary("desk-a")),
        "desk-b": Statement([balance("desk-b", wallet_balance="5")]),
        "desk-c": Statement([]),
        "desk-d": failure("desk-d"),
    }


def put_together(outcomes: Outcomes, asked: list[Account] = ASKED) -> BalanceReport:
    return assemble(asked, outcomes, started_at=NOW, finished_at=NOW)


def refused(report: BalanceReport, outcomes: Outcomes, asked: list[Account] = ASKED) -> str:
    with pytest.raises(AuditError) as caught:
        audit(report, asked, outcomes)
    assert caught.value.message.startswith("The report contradicts what the accounts said: ")
    assert "Trust nothing of it, and report this: it is a defect of marginbook." == caught.value.hint
    return caught.value.message.partition(": ")[2].removesuffix(".")


def test_a_right_report(outcomes: Outcomes) -> None:
    """
    Nothing happens.
    """
    audit(put_together(outcomes), ASKED, outcomes)


def test_an_empty_right_report(outcomes: Outcomes) -> None:
    """
    An account that holds nothing is one that was read.
    """
    audit(put_together({"desk-c": outcomes["desk-c"]}, ASKED[2:3]), ASKED[2:3], {"desk-c": outcomes["desk-c"]})


ACCOUNTS: Final = "its accounts are not those that were asked for"
FAILURES: Final = "its failures are not those that happened"
OUTCOME: Final = "an account has no outcome"
BALANCES: Final = "its balances are not those that were read"
LOCKS: Final = "its locks are not those that were read"
SUMMARIES: Final = "its summaries are not those that were read"


def without(mapping: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}


#: What is done to a right report, and what is found of it.
WRONG: Final[dict[str, tuple[Callable[[BalanceReport], BalanceReport], str]]] = {
    "an account lost": (lambda r: evolve(r, accounts=without(r.accounts, "desk-c")), ACCOUNTS),
    "an account too many": (lambda r: evolve(r, accounts={**r.accounts, "desk-e": "acme"}), ACCOUNTS),
    "an account under another name": (
        lambda r: evolve(r, accounts={**without(r.accounts, "desk-c"), "desk-e": "acme"}),
        ACCOUNTS,
    ),
    "an account at another venue": (lambda r: evolve(r, accounts={**r.accounts, "desk-c": "other"}), ACCOUNTS),
    "a row dropped": (lambda r: evolve(r, balances=r.balances[1:]), BALANCES),
    "all rows dropped": (lambda r: evolve(r, balances=[]), BALANCES),
    "a row doubled": (lambda r: evolve(r, balances=[*r.balances, r.balances[0]]), BALANCES),
    "a row instead of another": (lambda r: evolve(r, balances=[r.balances[0], *r.balances[:-1]]), BALANCES),
    "a row moved": (
        lambda r: evolve(r, balances=[*r.balances[:-1], evolve(r.balances[-1], account="desk-c")]),
        BALANCES,
    ),
    "a row changed": (
        lambda r: evolve(r, balances=[*r.balances[:-1], evolve(r.balances[-1], wallet_balance=Decimal("5.01"))]),
        BALANCES,
    ),
    "a row with a digit less": (
        lambda r: evolve(r, balances=[*r.balances[:-1], evolve(r.balances[-1], wallet_balance=Decimal("5.0"))]),
        BALANCES,
    ),
    "a lock dropped": (lambda r: evolve(r, locks=[]), LOCKS),
    "a lock doubled": (lambda r: evolve(r, locks=r.locks * 2), LOCKS),
    "a lock changed": (lambda r: evolve(r, locks=[evolve(r.locks[0], blocked_balance=Decimal(2))]), LOCKS),
    "a summary dropped": (lambda r: evolve(r, summaries=[]), SUMMARIES),
    "a summary too many": (lambda r: evolve(r, summaries=[*r.summaries, summary("desk-b")]), SUMMARIES),
    "a summary with a digit less": (
        lambda r: evolve(r, summaries=[evolve(r.summaries[0], equity=Decimal("100.0"))]),
        SUMMARIES,
    ),
    "a failure dropped": (lambda r: evolve(r, failures=[]), FAILURES),
    "a failure changed": (lambda r: evolve(r, failures=[failure("desk-d", "Yes.")]), FAILURES),
    "a failure too many": (lambda r: evolve(r, failures=[*r.failures, failure("desk-c")]), FAILURES),
    "a failure of another account": (lambda r: evolve(r, failures=[failure("desk-c")]), FAILURES),
}


@pytest.mark.parametrize(("change", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_report(change: Callable[[BalanceReport], BalanceReport], expected: str, outcomes: Outcomes) -> None:
    """
    Whatever was lost, added, doubled, moved or changed on the way is found, and it alone.
    """
    assert expected == refused(change(put_together(outcomes)), outcomes)


def test_a_report_that_says_that_it_is_complete(outcomes: Outcomes, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With a failure in it, it is not.
    """
    monkeypatch.setattr(BalanceReport, "complete", property(lambda _: True))

    assert FAILURES == refused(put_together(outcomes), outcomes)


def test_a_report_that_says_that_it_is_not(outcomes: Outcomes, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nor is one incomplete without a failure.
    """
    monkeypatch.setattr(BalanceReport, "complete", property(lambda _: False))
    del outcomes["desk-d"]

    assert FAILURES == refused(put_together(outcomes, ASKED[:3]), outcomes, ASKED[:3])


def test_an_account_without_an_outcome(outcomes: Outcomes) -> None:
    """
    An account that holds nothing leaves no row; that nothing became of it is found all the same.
    """
    report = put_together(outcomes)
    del outcomes["desk-c"]

    assert OUTCOME == refused(report, outcomes)


def test_everything_that_is_wrong_is_told(outcomes: Outcomes) -> None:
    """
    The text names all of it.
    """
    assert f"{FAILURES}; {BALANCES}; {LOCKS}" == (
        refused(evolve(put_together(outcomes), balances=[], locks=[], failures=[]), outcomes)
    )


SUMS: Final = [
    ("equity", "wallet_balance", "unrealized_pnl"),
    ("initial_margin", "position_margin", "order_margin"),
]


@pytest.mark.parametrize(("whole", "first", "second"), SUMS)
@pytest.mark.parametrize("off", ["0.00000001", "-1.00"])
def test_a_derived_figure_that_is_off(whole: str, first: str, second: str, off: str) -> None:
    """
    What was derived has to be the sum of its parts, to the last digit, even if a note says by how much it is not.
    """
    row = balance("desk-a", **{first: "100.5", second: "-0.25"})
    note = f"The venue's figures do not add up: {whole} is {off} more than {first} + {second}."
    wrong = evolve(row, **{whole: getattr(row, whole) + Decimal(off)}, notes=[note])
    outcomes: Outcomes = {"desk-a": Statement([wrong])}

    assert f"{whole} of USDT in desk-a is off by {off}" == (
        refused(put_together(outcomes, ASKED[:1]), outcomes, ASKED[:1])
    )


@pytest.mark.parametrize("notes", [(), ("Something else is odd.",)])
@pytest.mark.parametrize(("whole", "first", "second"), SUMS)
def test_a_reported_figure_that_is_off(whole: str, first: str, second: str, notes: tuple[str, ...]) -> None:
    """
    A venue may contradict itself, if the row says by how much; a row that does not is refused, whatever else it says.
    """
    row = balance("desk-a", **{whole: "101", first: "100.5", second: "-0.25"})
    noted: Outcomes = {"desk-a": Statement([row])}
    silent: Outcomes = {"desk-a": Statement([evolve(row, notes=notes)])}

    assert (f"The venue's figures do not add up: {whole} is 0.75 more than {first} + {second}.",) == row.notes
    audit(put_together(noted, ASKED[:1]), ASKED[:1], noted)
    assert f"{whole} of USDT in desk-a is off by 0.75" == (refused(put_together(silent, ASKED[:1]), silent, ASKED[:1]))


@pytest.mark.parametrize(("whole", "first", "second"), SUMS)
def test_unknown_parts_prove_nothing(whole: str, first: str, second: str) -> None:
    """
    Where a part is not known, a reported figure may be anything.
    """
    rows = [balance("desk-a", f"A-{n}", **part) for n, part in enumerate(({whole: "1", first: "5"}, {second: "5"}))]
    outcomes: Outcomes = {"desk-a": Statement(rows)}

    audit(put_together(outcomes, ASKED[:1]), ASKED[:1], outcomes)


def test_sums_that_need_every_digit() -> None:
    """
    Amounts that no float could add are added exactly.
    """
    rows = [
        balance(name, wallet_balance=amount)
        for name, amount in (("desk-a", "9" * 39 + "." + "9" * 39), ("desk-b", "0." + "0" * 38 + "2"))
    ]
    outcomes: Outcomes = {row.account: Statement([row]) for row in rows}

    audit(put_together(outcomes, ASKED[:2]), ASKED[:2], outcomes)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: evolve(t, wallet_balance=t.wallet_balance + 1), "the total of USDT is not the sum of its rows"),
        (lambda t: evolve(t, available_balance=Decimal(7)), "the total of USDT is not the sum of its rows"),
        (lambda t: evolve(t, wallet_balance=None), "the total of USDT is not the sum of its rows"),
        (lambda t: evolve(t, missing=()), "the total of USDT does not say who is missing"),
        (lambda t: evolve(t, missing=("desk-c",)), "the total of USDT does not say who is missing"),
    ],
)
def test_a_wrong_total(
    change: Callable[[Any], Any], expected: str, outcomes: Outcomes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A total is the sum of all of its rows, not known where one of them is not, and says who is missing.
    """
    right = module.totals  # type: ignore[attr-defined]  # where the report looks for it
    monkeypatch.setattr(
        module, "totals", lambda *parts: {k: change(t) if k == "USDT" else t for k, t in right(*parts).items()}
    )

    assert expected == refused(put_together(outcomes), outcomes)


def test_a_total_that_misses_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where everybody was read, nobody is missing.
    """
    right = module.totals  # type: ignore[attr-defined]  # where the report looks for it
    monkeypatch.setattr(module, "totals", lambda rows, _: right(rows, ["desk-a"]))
    outcomes: Outcomes = {"desk-a": Statement([balance("desk-a")])}

    assert "the total of USDT does not say who is missing" == (
        refused(put_together(outcomes, ASKED[:1]), outcomes, ASKED[:1])
    )


@pytest.mark.parametrize("asset", ["BTC", "ETH"])
def test_totals_of_other_assets(asset: str, outcomes: Outcomes, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Each asset of the rows has a total, and no other has.
    """
    right = module.totals  # type: ignore[attr-defined]  # where the report looks for it

    def wrong(*parts: Any) -> Any:
        found = right(*parts)
        return without(found, asset) if asset in found else {**found, asset: found["BTC"]}

    monkeypatch.setattr(module, "totals", wrong)

    assert "its totals are of other assets than its rows" == refused(put_together(outcomes), outcomes)


def test_every_report_is_audited(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A row that is lost while the report is put together is found before anybody sees it.
    """

    def lose(*parts: Any, **more: Any) -> BalanceReport:
        report = assemble(*parts, **more)
        return evolve(report, balances=report.balances[1:])

    monkeypatch.setattr(collecting, "assemble", lose)
    with pytest.raises(AuditError, match=BALANCES):
        collect(sandbox.accounts())
