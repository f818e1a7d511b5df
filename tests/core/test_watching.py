"""
One report after the other, and what has changed since the first.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from machines import BEGINNING, Hands
from marginbook import Balance, BalanceReport, Failure
from marginbook.watching import Row, Watched, age, paced, spelled

NOON: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def balance(account: str, asset: str, **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def report(seconds: float, *balances: Balance, failed: str = "", accounts: str = "ab") -> BalanceReport:
    return BalanceReport(
        accounts=dict.fromkeys(accounts, "acme"),
        balances=balances,
        failures=[Failure(account=name, venue="acme", kind="timeout", message="Late.") for name in failed],
        started_at=at(seconds),
        finished_at=at(seconds + 1),
    )


def watched(*reports: BalanceReport) -> Watched:
    state = Watched()
    for one in reports:
        state = state.after(one)
    return state


def marks(state: Watched) -> dict[str, str]:
    return {f"{row.balance.account} {row.balance.asset}": row.mark for row in state.rows}


def row(state: Watched, account: str, asset: str = "USDT") -> Row:
    (found,) = (r for r in state.rows if (r.balance.account, r.balance.asset) == (account, asset))
    return found


def test_before_the_first_report() -> None:
    """
    Nothing is known.
    """
    assert (None, None, ()) == ((state := Watched()).report, state.since, state.rows)


def test_changes() -> None:
    """
    A change is the difference to the first reading, exact to the last digit, whatever was read between.
    """
    digits = "9007199254740993.123456789012345678901234567890"
    state = watched(
        report(0, balance("a", "USDT", wallet_balance=digits, equity="-1")),
        report(5, balance("a", "USDT", wallet_balance="0", equity="7")),
        report(10, balance("a", "USDT", wallet_balance="0.000000000000000000000000000001", equity="-1.00")),
    )

    assert Decimal("-9007199254740993.123456789012345678901234567889") == row(state, "a").change("wallet_balance")
    assert Decimal(0) == row(state, "a").change("equity")
    assert (at(0), at(10), at(0)) == (state.since, row(state, "a").read_at, row(state, "a").first_at)


def test_changes_that_are_not_known() -> None:
    """
    Where a figure is not known now, or was not at first, nobody knows by how much it has changed.
    """
    state = watched(
        report(0, balance("a", "USDT", wallet_balance="1")),
        report(5, balance("a", "USDT", equity="1")),
    )

    assert (None, None, None) == tuple(
        row(state, "a").change(name) for name in ("wallet_balance", "equity", "max_withdraw")
    )


def test_an_account_that_fails() -> None:
    """
    Its rows stay as they were read, marked as stale, without changes; once it is read again they are as before.
    """
    first = report(0, balance("a", "USDT", wallet_balance="1"), balance("b", "USDT", wallet_balance="2"))
    failed = watched(
        first,
        report(5, balance("a", "USDT", wallet_balance="1"), balance("b", "USDT", wallet_balance="3")),
        report(10, balance("a", "USDT", wallet_balance="1"), failed="b"),
        report(15, balance("a", "USDT", wallet_balance="1"), failed="b"),
    )
    stale = row(failed, "b")
    again = failed.after(report(20, balance("b", "USDT", wallet_balance="2.5"), failed="a"))

    assert ({"a USDT": "", "b USDT": "stale"}) == marks(failed)
    assert (Decimal(3), at(5), None, False) == (
        stale.balance.wallet_balance,
        stale.read_at,
        stale.change("wallet_balance"),
        stale.current,
    )
    assert {"a USDT": "stale", "b USDT": ""} == marks(again)
    assert (Decimal("0.5"), True) == (row(again, "b").change("wallet_balance"), row(again, "b").current)


def test_an_account_that_fails_at_first() -> None:
    """
    Its changes are counted from the first time that it was read, and its rows are not new: nobody knew.
    """
    state = watched(report(0, failed="a"), report(5, balance("a", "USDT", wallet_balance="1")))
    later = state.after(report(10, balance("a", "USDT", wallet_balance="4")))

    assert {"a USDT": ""} == marks(state)
    assert (Decimal(3), at(5), at(0)) == (
        row(later, "a").change("wallet_balance"),
        row(later, "a").first_at,
        later.since,
    )


def test_an_account_that_was_never_read() -> None:
    """
    It has no rows, and is missing from the report.
    """
    assert ((), ("a", "b")) == ((state := watched(report(0, failed="ab"))).rows, state.report and state.report.missing)


def test_new_rows() -> None:
    """
    A row is new, and stays so, if its account was read before without it.
    """
    state = watched(
        report(0, balance("a", "USDT")),
        report(5, balance("a", "BTC", wallet_balance="1"), balance("a", "USDT"), balance("b", "USDT")),
        report(10, balance("a", "BTC", wallet_balance="3"), balance("a", "USDT"), balance("b", "USDT")),
    )

    assert {"a BTC": "new", "a USDT": "", "b USDT": "new"} == marks(state)
    assert (at(5), Decimal(2)) == (row(state, "a", "BTC").first_at, row(state, "a", "BTC").change("wallet_balance"))
    assert row(state, "a", "BTC").current


def test_vanished_rows() -> None:
    """
    A row that its venue no longer lists is not at zero: it is shown as it was last, and not as the present.
    """
    state = watched(
        report(0, balance("a", "BTC", wallet_balance="1"), balance("a", "USDT")), report(5, balance("a", "USDT"))
    )
    failed = state.after(report(10, failed="a"))
    back = failed.after(report(15, balance("a", "BTC", wallet_balance="3"), balance("a", "USDT")))

    assert {"a BTC": "vanished", "a USDT": ""} == marks(state)
    assert {"a BTC": "vanished", "a USDT": "stale"} == marks(failed)
    assert (at(0), None, False) == (
        row(state, "a", "BTC").read_at,
        row(state, "a", "BTC").change("wallet_balance"),
        row(state, "a", "BTC").current,
    )
    assert ({"a BTC": "", "a USDT": ""}, Decimal(2)) == (marks(back), row(back, "a", "BTC").change("wallet_balance"))


def test_changes_of_totals() -> None:
    """
    They are the sum of what has changed in each account, of one asset and no other.
    """
    state = watched(
        report(
            0,
            balance("a", "USDT", wallet_balance="1", equity="1"),
            balance("b", "USDT", wallet_balance="2"),
            balance("b", "BTC", wallet_balance="7"),
        ),
        report(
            5,
            balance("a", "USDT", wallet_balance="1.25", equity="1"),
            balance("b", "USDT", wallet_balance="1.5", equity="1"),
            balance("b", "BTC", wallet_balance="7"),
        ),
    )

    assert (Decimal("-0.25"), None) == (state.change("USDT", "wallet_balance"), state.change("USDT", "equity"))
    assert Decimal(0) == state.change("BTC", "wallet_balance")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            report(0, balance("a", "X", equity="1")),
            report(5, balance("a", "X", equity="1"), balance("b", "X", equity="1")),
        ),
        (
            report(0, balance("a", "X", equity="1"), balance("b", "X", equity="1")),
            report(5, balance("a", "X", equity="1")),
        ),
        (
            report(0, balance("a", "X", equity="1"), balance("b", "X", equity="1")),
            report(5, balance("a", "X", equity="1"), failed="b"),
        ),
        (
            report(0, balance("a", "X", equity="1"), failed="b"),
            report(5, balance("a", "X", equity="1"), balance("b", "X", equity="1")),
        ),
        # A clock that stands still.
        (
            report(0, balance("a", "X", equity="1")),
            report(0, balance("a", "X", equity="1"), balance("b", "X", equity="1")),
        ),
    ],
)
def test_changes_of_totals_that_are_not_known(first: BalanceReport, second: BalanceReport) -> None:
    """
    Where rows came, went, or could not be read, now or at the start, the totals are of different accounts.
    """
    assert (Decimal(0), None) == (
        watched(first, first).change("X", "equity"),
        watched(first, second).change("X", "equity"),
    )


def test_reports_of_the_same_moment() -> None:
    """
    A clock that stands still, or is set back, changes no mark: reports are counted.
    """
    state = watched(report(0, balance("a", "USDT")), report(0, balance("a", "BTC")), report(-60, failed="a"))

    assert {"a BTC": "stale", "a USDT": "vanished"} == marks(state)


def test_reports_are_made_in_time() -> None:
    """
    Each begins an interval after the last one began, or at once where that took longer.
    """
    hands, durations = Hands(), [1.0, 7.0, 5.0, 2.0]
    machine = hands.machine()

    def make() -> BalanceReport:
        hands.passed += durations.pop(0)
        return report(0)

    begun = [when for _, when in paced(make, 5, machine, 4)]

    assert [0, 5, 12, 17] == begun
    assert [4, 0, 0] == hands.slept


def test_reports_without_end() -> None:
    """
    Where nobody says how many, there is always another.
    """
    endless = paced(lambda: report(0), 5, Hands().machine())

    assert 100 == len([report for report, _ in zip(endless, range(100), strict=False)])


@pytest.mark.parametrize(("passed", "set_", "expected"), [(7, 7, 7), (1, 9, 9), (9, 1, 9), (3, -60, 3), (-1, -1, 0)])
def test_ages(passed: float, set_: float, expected: float) -> None:
    """
    The age is what the clock says that says more: one is set, the other stands while the machine sleeps.
    """
    hands = Hands(passed=100 + passed)
    hands.off = round((set_ - hands.passed) * 1000)
    made = BalanceReport(
        accounts={}, started_at=(start := datetime.fromtimestamp(BEGINNING / 1000, UTC)), finished_at=start
    )

    assert expected == age(made, 100, hands.machine())


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (1.99, "1 s"),
        (119.9, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (1e6, "277 h"),
    ],
)
def test_spelled_ages(seconds: float, expected: str) -> None:
    """
    Whole units, the smaller the younger.
    """
    assert expected == spelled(seconds)
