"""
Checks a finished report against what the accounts said, before anybody sees it.

It repeats nothing of the code that made the report: figures are added up here in another way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import TYPE_CHECKING, Final

from marginbook.errors import AuditError
from marginbook.values import AMOUNTS, SUMS, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from marginbook.accounts import Account
    from marginbook.report import BalanceReport, Failure
    from marginbook.values import Balance

#: Wide enough for any sum of amounts to be exact.
_EXACT: Final = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN)


def audit(report: BalanceReport, asked: Iterable[Account], outcomes: Mapping[str, Statement | Failure]) -> None:
    """
    Do nothing if the report says of each account that was asked for what became of it, once, and adds up.

    Raises:
        AuditError: It does not. The text says where.

    """
    problems = [*_of_accounts(report, asked, outcomes), *_of_rows(report.balances), *_of_totals(report)]
    if problems:
        msg = f"The report contradicts what the accounts said: {'; '.join(problems)}."
        raise AuditError(msg, hint="Trust nothing of it, and report this: it is a defect of marginbook.")


def _of_accounts(
    report: BalanceReport, asked: Iterable[Account], outcomes: Mapping[str, Statement | Failure]
) -> Iterable[str]:
    wanted = Counter((account.name, account.venue) for account in asked)
    if wanted != Counter(report.accounts.items()):
        yield "its accounts are not those that were asked for"
    statements = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Statement)}
    failures = [outcome for outcome in outcomes.values() if not isinstance(outcome, Statement)]
    if Counter(failures) != Counter(report.failures) or report.complete is bool(failures):
        yield "its failures are not those that happened"
    if len(statements) + len(failures) != wanted.total():
        yield "an account has no outcome"
    if not _same((row for s in statements.values() for row in s.balances), report.balances):
        yield "its balances are not those that were read"
    if not _same((row for s in statements.values() for row in s.locks), report.locks):
        yield "its locks are not those that were read"
    if not _same((s.summary for s in statements.values() if s.summary), report.summaries):
        yield "its summaries are not those that were read"


def _same(read: Iterable[object], told: Iterable[object]) -> bool:
    # The very same objects: equal ones might have lost digits, as 1.0 equals 1.00.
    return Counter(map(id, read)) == Counter(map(id, told))


def _of_rows(balances: Iterable[Balance]) -> Iterable[str]:
    for row in balances:
        for name, terms in SUMS:
            difference = _difference(row, name, terms)
            # What a venue or its plugin says is flagged and left as it is; what follows by our own identity has to.
            ours = row.basis.get(name) == f"derived: {' + '.join(terms)}"
            if difference and (ours or not _flagged(row, name, difference)):
                yield f"{name} of {row.asset} in {row.account} is off by {difference:f}"


def _flagged(row: Balance, name: str, difference: Decimal) -> bool:
    return any(f"{name} is {difference:f} more" in note for note in row.notes)


def _difference(row: Balance, name: str, terms: Iterable[str]) -> Decimal | None:
    amount, *parts = (getattr(row, field) for field in (name, *terms))
    if amount is None or None in parts:
        return None
    for part in parts:
        amount = _EXACT.subtract(amount, part)
    return Decimal(amount)


def _of_totals(report: BalanceReport) -> Iterable[str]:
    sums: defaultdict[str, dict[str, Decimal | None]] = defaultdict(dict)
    for row in report.balances:
        for name in AMOUNTS:
            so_far, amount = sums[row.asset].get(name, Decimal(0)), getattr(row, name)
            sums[row.asset][name] = None if so_far is None or amount is None else _EXACT.add(so_far, amount)
    totals = report.totals()
    if totals.keys() != sums.keys():
        yield "its totals are of other assets than its rows"
    missing = sorted(failure.account for failure in report.failures)
    for asset in totals.keys() & sums.keys():
        if any(getattr(totals[asset], name) != amount for name, amount in sums[asset].items()):
            yield f"the total of {asset} is not the sum of its rows"
        if sorted(totals[asset].missing) != missing:
            yield f"the total of {asset} does not say who is missing"
