"""
A report, held against what was expected of it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given

from fuzzing import examples
from marginbook import Balance, BalanceReport, ConfigurationError, Expectation, Expected, Failure, Mismatch
from marginbook import check_expected as check
from marginbook.reconciling import reconcile
from marginbook.values import AMOUNTS
from strategies import Asked, amounts, asked

if TYPE_CHECKING:
    from pathlib import Path


def balance(account: str = "a", asset: str = "USDT", **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def report(*rows: Balance | Failure, accounts: str = "a") -> BalanceReport:
    return BalanceReport(
        accounts=dict.fromkeys(accounts.split(), "acme"),
        balances=[row for row in rows if isinstance(row, Balance)],
        failures=[row for row in rows if isinstance(row, Failure)],
        started_at="2026-07-01T12:00:00Z",
        finished_at="2026-07-01T12:00:00Z",
    )


def row(account: str = "a", asset: str = "USDT", tolerance: str = "0", **figures: Any) -> Expectation:
    return Expectation(account=account, asset=asset, figures=figures, tolerance=tolerance)


FAILED = Failure(account="b", venue="acme", kind="timeout", message="It is late.")


def told(found: BalanceReport, *rows: Expectation, **options: Any) -> list[str]:
    return [f"{mismatch.kind}: {mismatch}" for mismatch in check(found, Expected(rows, **options))]


def test_all_agree() -> None:
    """
    Equal numbers agree, whatever their scale, and each is counted.
    """
    found = reconcile(
        report(balance(wallet_balance="1.50", equity="-2", max_withdraw="7")),
        Expected([row(wallet_balance="1.5", equity="-2.000")]),
    )

    assert ((), 2, 2) == (found.mismatches, found.figures, found.agreeing)
    assert "Reconciled: 2 of 2 figures agree." == str(found)


def test_a_difference() -> None:
    """
    It says what was expected, what was found, and by how much it is off, exactly.
    """
    (found,) = check(report(balance(wallet_balance="1.25")), Expected([row(wallet_balance="1.5")]))

    assert (
        Mismatch(
            kind="different",
            account="a",
            asset="USDT",
            figure="wallet_balance",
            expected=Decimal("1.5"),
            found=Decimal("1.25"),
            difference=Decimal("-0.25"),
            message="expected 1.5, found 1.25: off by -0.25.",
        )
        == found
    )
    assert "a USDT wallet_balance: expected 1.5, found 1.25: off by -0.25." == str(found)


@pytest.mark.parametrize("off", ["0.01", "-0.01", "0.010", "0"])
def test_within_the_tolerance(off: str) -> None:
    """
    As far off as the tolerance is not too far.
    """
    found = report(balance(wallet_balance=Decimal(1) + Decimal(off)))

    assert () == check(found, Expected([row(wallet_balance="1", tolerance="0.01")]))


@pytest.mark.parametrize(
    ("amount", "off"),
    [("1.0100000000000000000000000000000000000001", "0.0100000000000000000000000000000000000001"), ("0.98", "-0.02")],
)
def test_beyond_the_tolerance(amount: str, off: str) -> None:
    """
    A digit further is, and no digit is rounded away.
    """
    assert [
        f"different: a USDT wallet_balance: expected 1, found {amount}: off by {off}, beyond the tolerance of 0.01."
    ] == told(report(balance(wallet_balance=amount)), row(wallet_balance="1", tolerance="0.01"))


@examples(100)
@given(amounts, amounts)
def test_exactly_that_far(expected: Decimal, found: Decimal) -> None:
    """
    Without a tolerance, amounts agree if they are equal, and only then.
    """
    mismatches = check(report(balance(equity=found)), Expected([row(equity=expected)]))

    assert (expected == found) is (not mismatches)


def test_what_is_not_known() -> None:
    """
    A figure that is not known does not agree with anything, least of all with zero.
    """
    found = reconcile(report(balance(wallet_balance="1")), Expected([row(equity="0", wallet_balance="1")]))

    assert ["a USDT equity: expected 0, and it is not known."] == list(map(str, found.mismatches))
    assert "NOT reconciled: 1 of 2 figures agree, mismatches: 1." == str(found)


def test_a_row_that_is_not_there() -> None:
    """
    It is not one of zero.
    """
    assert ["row: a USDT: The account has no such row, which is not the same as zero."] == told(
        report(), row(wallet_balance="0")
    )
    assert "NOT reconciled: 0 of 1 figures agree, mismatches: 1." == str(
        reconcile(report(), Expected([row(wallet_balance="0")]))
    )


def test_a_row_without_figures() -> None:
    """
    It only has to be there.
    """
    assert [] == told(report(balance(asset="X"), balance(equity="1")), row(equity="1"), row(asset="X"))
    assert 1 == len(told(report(balance(equity="1")), row(equity="1"), row(asset="X")))


def test_accounts_without_rows() -> None:
    """
    An account that failed is told once, with the reason, and so is one that nobody asked for.
    """
    found = report(balance(equity="1"), FAILED, accounts="a b")
    rows = row(equity="1"), row("b", equity="1"), row("b", "BTC", equity="1"), row("c", equity="1")

    assert [
        "account: b: The account could not be read. timeout: It is late.",
        "account: c: The account was not asked for.",
    ] == told(found, *rows)
    assert "NOT reconciled: 1 of 4 figures agree, mismatches: 2." == str(reconcile(found, Expected(rows)))


def test_an_account_that_failed_and_is_not_expected() -> None:
    """
    It may hold what is not expected, so it is told, unless only what is listed counts.
    """
    found = report(balance(equity="1"), FAILED, accounts="a b")

    assert ["account: b: The account could not be read. timeout: It is late."] == told(found, row(equity="1"))
    assert [] == told(found, row(equity="1"), only_listed=True)


def test_rows_that_are_not_expected() -> None:
    """
    They are told, with what they hold, but for those that are known to hold nothing.
    """
    rows = [
        balance(equity="1"),
        balance(asset="BTC", wallet_balance="0.00", available_balance="2"),
        balance(asset="ETH", equity="0"),
        balance(asset="SOL", wallet_balance="0", equity="0.00"),
    ]

    assert [
        "unexpected: a BTC: The row is not expected. It has available_balance 2.",
        "unexpected: a ETH: The row is not expected. It has no known figures.",
    ] == told(report(*rows), row(equity="1"))
    assert [] == told(report(*rows), row(equity="1"), only_listed=True)


def test_a_file(tmp_path: Path) -> None:
    """
    What is expected may be the name of a file.
    """
    path = tmp_path / "expected.csv"
    path.write_text("account,asset,equity\na,USDT,1\n")

    assert () == check(report(balance(equity="1")), path)
    assert 1 == len(check(report(balance(equity="2")), str(path)))


def test_two_rows_of_an_asset() -> None:
    """
    Nobody knows which one is right.
    """
    with pytest.raises(ConfigurationError, match="The report has more than one row of a USDT, so it is not known"):
        check(report(balance(), balance()), Expected([row(equity="1")]))


@examples(60)
@given(asked())
def test_what_a_report_says_itself(question: Asked) -> None:
    """
    A report is as expected where each of its known figures is expected, and nothing failed.
    """
    found = question.report()
    rows = [
        row(b.account, b.asset, **{name: getattr(b, name) for name in AMOUNTS if getattr(b, name) is not None})
        for b in found.balances
    ]
    assume(any(expectation.figures for expectation in rows))

    assert [*found.missing] == [mismatch.account for mismatch in check(found, Expected(rows))]
