"""
Checks a finished report against what the accounts said, before anybody sees it.

It repeats nothing of the code that made the report: figures are added up here in another way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import MAX_EMAX, MIN_EMIN, Context, localcontext
from functools import reduce
from operator import attrgetter, itemgetter, sub
from typing import TYPE_CHECKING, Final

from marginbook.errors import AuditError
from marginbook.values import AMOUNTS, SUMS, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from marginbook.accounts import Account
    from marginbook.report import BalanceReport, Failure
    from marginbook.values import Balance

#: What reads the figures of a total, and those of the dictionary of a row: there may be many rows, and to search for
#: attributes takes longer.
_TOTAL: Final = attrgetter(*AMOUNTS)
_ROW: Final = itemgetter(*AMOUNTS)

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
    return sorted(map(id, read)) == sorted(map(id, told))


def _of_rows(balances: Iterable[Balance]) -> list[str]:
    return [
        f"{name} of {row.asset} in {row.account} is off by {difference:f}"
        for name, terms in SUMS
        for row, difference in _off(balances, name, *terms)
        # What a venue or its plugin says is flagged and left as it is; what follows by our own identity has to.
        if _is_ours(row, name, terms) or not _flagged(row, name, difference)
    ]


def _off(balances: Iterable[Balance], name: str, first: str, second: str) -> list[tuple[Balance, Decimal]]:
    """
    Return each row of which a figure that is known is not the sum of its known parts, and what is left of it.
    """
    found = []
    with localcontext(_EXACT):
        for row in balances:
            figures = vars(row)
            figure, part, other = figures[name], figures[first], figures[second]
            if figure is None or part is None or other is None:
                continue
            if difference := figure - part - other:
                found.append((row, difference))
    return found


def _is_ours(row: Balance, name: str, terms: Iterable[str]) -> bool:
    return row.basis.get(name) == f"derived: {' + '.join(terms)}"


def _flagged(row: Balance, name: str, difference: Decimal) -> bool:
    return any(f"{name} is {difference:f} more" in note for note in row.notes)


def _of_totals(report: BalanceReport) -> list[str]:
    # One for all sums: to change the context takes longer than most of them.
    with localcontext(_EXACT):
        return list(_wrong_totals(report))


def _wrong_totals(report: BalanceReport) -> Iterable[str]:
    rows: defaultdict[str, list[Balance]] = defaultdict(list)
    for row in report.balances:
        rows[row.asset].append(row)
    totals = report.totals()
    if totals.keys() != rows.keys():
        yield "its totals are of other assets than its rows"
    missing = sorted(failure.account for failure in report.failures)
    for asset in totals.keys() & rows.keys():
        # One asset after the other: the amounts of all rows together would take more memory than the report.
        columns = zip(*map(_ROW, map(vars, rows[asset])), strict=True)
        if not all(map(_is_sum, _TOTAL(totals[asset]), columns)):
            yield f"the total of {asset} is not the sum of its rows"
        if sorted(totals[asset].missing) != missing:
            yield f"the total of {asset} does not say who is missing"


def _is_sum(total: Decimal | None, column: tuple[Decimal | None, ...]) -> bool:
    if total is None:
        return any(amount is None for amount in column)
    try:
        # What is left of the total without its rows.
        return not reduce(sub, column, total)
    # None cannot be taken from it.
    except TypeError:
        return False
