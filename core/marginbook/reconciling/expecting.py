"""
Compares a report with what was expected of it.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from marginbook.errors import ConfigurationError
from marginbook.reconciling.changes import less
from marginbook.reconciling.expectations import Expected, load_expected
from marginbook.values import AMOUNTS, plain

if TYPE_CHECKING:
    import os

    from marginbook.reconciling.expectations import Expectation
    from marginbook.report import BalanceReport
    from marginbook.values import Balance


@frozen(kw_only=True)
class Mismatch:
    """
    Something that is not as expected.
    """

    #: ``"different"``: a figure is off by more than the tolerance. ``"unknown"``: it is not known. ``"row"``: the
    #: account has no row of the asset. ``"account"``: it was not asked for, or could not be read. ``"unexpected"``: a
    #: row that nobody expects.
    kind: Literal["different", "unknown", "row", "account", "unexpected"]
    #: Our name of the account.
    account: str
    #: What the amounts are counted in, or "" where it is about the whole account.
    asset: str = ""
    #: The figure of the balance, or "" where it is about a whole row.
    figure: str = ""
    #: In units of the asset, as what follows.
    expected: Decimal | None = None
    found: Decimal | None = None
    #: Found less expected, or None where nothing was found.
    difference: Decimal | None = None
    #: Why, in one sentence.
    message: str

    def __str__(self) -> str:
        return f"{' '.join(filter(None, [self.account, self.asset, self.figure]))}: {self.message}"


@frozen(kw_only=True)
class Reconciliation:
    """
    How far a report is as expected.
    """

    #: How many figures were expected, and how many of them agree.
    figures: int
    agreeing: int
    mismatches: tuple[Mismatch, ...] = field(default=())

    def __str__(self) -> str:
        agree = f"{self.agreeing} of {self.figures} figures agree"
        if not self.mismatches:
            return f"Reconciled: {agree}."
        return f"NOT reconciled: {agree}, mismatches: {len(self.mismatches)}."


def check_expected(report: BalanceReport, expected: Expected | str | os.PathLike[str]) -> tuple[Mismatch, ...]:
    """
    Return what in a report is not as expected: nothing, if all of it is.

    A figure that is not known is a mismatch, and so is an account that could not be read. A row that is not expected is
    one as well, unless *expected* says that it lists only some, or each of its known figures is zero.

    Args:
        report: The report.

        expected: What it should say, or the file where that is written. See `load_expected`.

    Raises:
        ConfigurationError: The file cannot be used, or the report has two rows of one asset in one account.

    """
    return reconcile(report, expected if isinstance(expected, Expected) else load_expected(expected)).mismatches


def reconcile(report: BalanceReport, expected: Expected) -> Reconciliation:
    """
    Compare, and count the figures that agree. See `check_expected`.
    """
    rows = _rows(report)
    reasons = _reasons(report, expected)
    accounts = [Mismatch(kind="account", account=name, message=reason) for name, reason in sorted(reasons.items())]
    compared = [_of_row(row, rows.get((row.account, row.asset))) for row in expected.rows if row.account not in reasons]
    wanted = {(row.account, row.asset) for row in expected.rows}
    others = [] if expected.only_listed else [row for key, row in rows.items() if key not in wanted]
    return Reconciliation(
        figures=sum(len(row.figures) for row in expected.rows),
        agreeing=sum(agreeing for agreeing, _ in compared),
        mismatches=(*accounts, *(m for _, found in compared for m in found), *filter(None, map(_unexpected, others))),
    )


def _rows(report: BalanceReport) -> dict[tuple[str, str], Balance]:
    counts = Counter((row.account, row.asset) for row in report.balances)
    if twice := [" ".join(key) for key, count in counts.items() if count > 1]:
        msg = f"The report has more than one row of {', '.join(twice)}, so it is not known which one is right."
        raise ConfigurationError(msg)
    return {(row.account, row.asset): row for row in report.balances}


def _reasons(report: BalanceReport, expected: Expected) -> dict[str, str]:
    """
    Return why accounts have no rows: those that are expected, and those that failed.
    """
    wanted = {row.account for row in expected.rows}
    unasked = dict.fromkeys(wanted.difference(report.accounts), "The account was not asked for.")
    failed = {
        failure.account: f"The account could not be read. {failure.kind}: {failure.message}"
        for failure in report.failures
        if failure.account in wanted or not expected.only_listed
    }
    return unasked | failed


def _of_row(row: Expectation, balance: Balance | None) -> tuple[int, list[Mismatch]]:
    """
    Return how many figures agree, and what does not.
    """
    if balance is None:
        message = "The account has no such row, which is not the same as zero."
        return 0, [Mismatch(kind="row", account=row.account, asset=row.asset, message=message)]
    found = [_of_figure(row, name, amount, getattr(balance, name)) for name, amount in row.figures]
    return found.count(None), [*filter(None, found)]


def _of_figure(row: Expectation, name: str, expected: Decimal, found: Decimal | None) -> Mismatch | None:
    difference = less(found, expected)
    kind: Literal["unknown", "different"]
    if difference is None:
        kind, message = "unknown", f"expected {plain(expected)}, and it is not known."
    elif difference.copy_abs() > row.tolerance:
        within = f", beyond the tolerance of {plain(row.tolerance)}" if row.tolerance else ""
        kind = "different"
        message = f"expected {plain(expected)}, found {plain(found or Decimal())}: off by {plain(difference)}{within}."
    else:
        return None
    return Mismatch(
        kind=kind,
        account=row.account,
        asset=row.asset,
        figure=name,
        expected=expected,
        found=found,
        difference=difference,
        message=message,
    )


def _unexpected(row: Balance) -> Mismatch | None:
    known = {name: getattr(row, name) for name in AMOUNTS if getattr(row, name) is not None}
    if "wallet_balance" in known and not any(known.values()):
        return None
    figures = ", ".join(f"{name} {plain(amount)}" for name, amount in known.items() if amount) or "no known figures"
    message = f"The row is not expected. It has {figures}."
    return Mismatch(kind="unexpected", account=row.account, asset=row.asset, message=message)
