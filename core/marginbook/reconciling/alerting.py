"""
Conditions that somebody wants to be told of, such as ``margin_ratio > 0.8``.
"""

from __future__ import annotations

import operator
import re
import shlex
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from attrs import evolve, field, frozen

from marginbook.errors import ConfigurationError
from marginbook.values import AMOUNTS, SUMMARY_AMOUNTS, Balance, Margin, Summary, exact, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from marginbook.report import BalanceReport

OPERATORS: Final[dict[str, Callable[[Decimal, Decimal], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

#: What a condition may be about: a row, or a whole account.
FIELDS: Final = (
    *AMOUNTS,
    "margin_ratio",
    "age",
    *(f"account.{name}" for name in (*SUMMARY_AMOUNTS, "margin_ratio", "age")),
)

#: What a condition is about.
_Row = Balance | Summary | Margin

_WHOLE: Final = "account."
_FORM: Final = re.compile(r"([a-z_.]+)\s*(<=|>=|==|!=|<|>)\s*(\S+)(?:\s+where\s+(\S.*))?")
_ROWS: Final = ("account", "venue", "asset")
_WHOLES: Final = ("account", "venue", "currency")
_HINT: Final = 'Write it like "margin_ratio > 0.8" or "available_balance < 1000 where asset=USDT account=desk-a".'


@frozen(kw_only=True)
class Condition:
    """
    A figure, what it is compared with, and where. See `condition`.
    """

    #: As it was written.
    expression: str
    #: One of `FIELDS`.
    figure: str
    #: One of `OPERATORS`.
    operator: str
    #: In units of the asset; for ``age``, seconds.
    number: Decimal
    #: What a row has to be, such as ``(("asset", "USDT"),)``.
    where: tuple[tuple[str, str], ...] = ()

    def holds(self, amount: Decimal) -> bool:
        """
        Say whether an amount meets it.
        """
        return OPERATORS[self.operator](amount, self.number)

    def concerns(self, row: object) -> bool:
        """
        Say whether a row, a summary or a failure is what it is about, as far as that can be told.
        """
        # The summary of all assets has none of its own, and is about each.
        return all((getattr(row, name, None) or wanted) == wanted for name, wanted in self.where)


@frozen(kw_only=True)
class Alert:
    """
    What became of a condition in one row, or one account.
    """

    #: The condition, as it was written.
    expression: str
    #: ``"raised"`` where it is met, ``"clear"`` where it is not, ``"unknown"`` where nobody knows: that is no pass.
    state: Literal["raised", "clear", "unknown"]
    #: Our name of the account, or "" where the condition met none.
    account: str = ""
    #: The id of the venue, or "".
    venue: str = ""
    #: What the amount is counted in, or "" where there is no row.
    asset: str = ""
    #: The figure, where it is known.
    found: Decimal | None = None
    #: Why, in one sentence.
    message: str = field(default="")

    def __str__(self) -> str:
        where = " ".join(filter(None, [f"{self.account} ({self.venue})" if self.account else "", self.asset]))
        return f"{self.state}: {self.expression}: {f'{where}: ' if where else ''}{self.message}"


def condition(expression: str) -> Condition:
    """
    Read a condition: ``FIELD OPERATOR NUMBER``, and maybe ``where NAME=VALUE ...``.

    FIELD is an amount of a row, ``margin_ratio``, or ``age``, the seconds since the venue changed the row; after
    ``account.`` it is that of the account's summary. ``margin_ratio`` is that of the whole account where its assets are
    one collateral together, and elsewhere of each row; where positions are isolated, of each of these and of what is
    left of the row. OPERATOR is one of ``<  <=  >  >=  ==  !=``. NAME is account, venue or asset; for summaries,
    account, venue or currency. A VALUE with blanks stands in quotes.

    Raises:
        ConfigurationError: It is none. The text says why.

    """
    found = _FORM.fullmatch(expression.strip())
    if not found:
        raise _complaint(expression, "it is no comparison of a figure with a number")
    figure, sign, number, where = found.groups()
    if figure not in FIELDS:
        names = ", ".join(name for name in FIELDS if not name.startswith(_WHOLE))
        raise _complaint(expression, f"there is no figure {figure}", f"There are {names}, and account.NAME.")
    try:
        threshold = exact(number)
    except ValueError:
        raise _complaint(expression, f"{number!r:.24} is no number") from None
    return Condition(
        expression=expression.strip(),
        figure=figure,
        operator=sign,
        number=threshold,
        where=_where(expression, where or "", _WHOLES if figure.startswith(_WHOLE) else _ROWS),
    )


def _complaint(expression: str, problem: str, hint: str = _HINT) -> ConfigurationError:
    return ConfigurationError(f"{expression!r:.80} is no condition: {problem}.", hint=hint)


def _where(expression: str, text: str, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    try:
        terms = [term.partition("=") for term in shlex.split(text)]
    except ValueError as error:
        raise _complaint(expression, f"after where, {error}") from None
    for name, _, value in terms:
        if name not in names or not value:
            raise _complaint(expression, f"after where, there is {name!r:.24}", f"Write {'=…, '.join(names)}=….")
    if len({name for name, _, _ in terms}) != len(terms):
        raise _complaint(expression, "after where, a name is there twice")
    return tuple((name, value) for name, _, value in terms)


def alerts(report: BalanceReport, conditions: str | Iterable[Condition | str]) -> tuple[Alert, ...]:
    """
    Return what became of each condition, in each row that it is about.

    A figure that is not known, an account that could not be read, and a condition that is about no row at all are
    ``"unknown"``. An amount is compared as it stands, in units of its row's asset.

    Args:
        report: The report.

        conditions: One text such as ``"margin_ratio > 0.8"``, or several. See `condition`.

    Raises:
        ConfigurationError: A condition is none.

    """
    several = [conditions] if isinstance(conditions, str) else conditions
    wanted = [condition(text) if isinstance(text, str) else text for text in several]
    return tuple(alert for one in wanted for alert in _alerts(report, one))


def _alerts(report: BalanceReport, wanted: Condition) -> list[Alert]:
    whole = wanted.figure.startswith(_WHOLE)
    # A ratio means something where the venue liquidates: whole accounts, assets, isolated positions.
    ratios = wanted.figure == "margin_ratio"
    rows: Iterable[_Row] = report.summaries if whole else report.margins if ratios else report.balances
    found = [_of_row(report, wanted, row) for row in rows if wanted.concerns(row)]
    found += [
        _unknown(wanted, failure.account, failure.venue, f"the account could not be read ({failure.kind}).")
        for failure in report.failures
        if wanted.concerns(failure)
    ]
    found += _without_rows(report, wanted, rows)
    what = "account with a summary" if whole else "row"
    return found or [_unknown(wanted, "", "", f"the report has no such {what}.")]


def _without_rows(report: BalanceReport, wanted: Condition, rows: Iterable[_Row]) -> list[Alert]:
    told = {*report.missing, *(row.account for row in rows)}
    names = dict(wanted.where)
    others = [
        (account, venue)
        for account, venue in report.accounts.items()
        if account not in told and names.get("account", account) == account and names.get("venue", venue) == venue
    ]
    if wanted.figure.startswith(_WHOLE):
        return [_unknown(wanted, *other, "the venue tells no figures of the account as a whole.") for other in others]
    if wanted.figure == "margin_ratio":
        nothing = "the venue reports no assets, so there is nothing to liquidate."
        return [evolve(_unknown(wanted, *other, nothing), state="clear") for other in others]
    return [_unknown(wanted, *other, "the venue reports no assets.") for other in others]


def _unknown(wanted: Condition, account: str, venue: str, message: str) -> Alert:
    return Alert(expression=wanted.expression, state="unknown", account=account, venue=venue, message=message)


def _of_row(report: BalanceReport, wanted: Condition, row: _Row) -> Alert:
    name = wanted.figure.removeprefix(_WHOLE)
    found = _figure(report, row, name)
    state: Literal["raised", "clear", "unknown"]
    if found is not None:
        state, message = "raised" if wanted.holds(found) else "clear", f"{name}{_where_in(row)} is {plain(found)}."
    else:
        state, message = _without_figure(row, name)
    return Alert(
        expression=wanted.expression,
        state=state,
        account=row.account,
        venue=row.venue,
        asset=row.asset if isinstance(row, Balance) else row.currency,
        found=found,
        message=message,
    )


def _figure(report: BalanceReport, row: _Row, name: str) -> Decimal | None:
    if isinstance(row, Margin):
        return row.margin_ratio
    if name == "margin_ratio":
        return report.margin_ratio(row)
    found: Decimal | None = _age(row.updated_at, report.finished_at) if name == "age" else getattr(row, name)
    return found


def _where_in(row: _Row) -> str:
    return f" of {row.name}" if isinstance(row, Margin) and (row.symbol or row.cross) else ""


def _without_figure(row: _Row, name: str) -> tuple[Literal["clear", "unknown"], str]:
    adjusted = getattr(row, "adjusted_equity", None)
    equity = row.equity if adjusted is None else adjusted
    if name != "margin_ratio" or equity is None or row.maintenance_margin is None:
        return "unknown", f"{name}{_where_in(row)} is not known."
    if equity == row.maintenance_margin == 0:
        return "clear", "equity and maintenance margin are zero, so there is nothing to liquidate."
    figures = f"equity{_where_in(row)} is {plain(equity)} and maintenance margin {plain(row.maintenance_margin)}"
    return "unknown", f"{figures}: no ratio."


def _age(updated_at: datetime | None, now: datetime) -> Decimal | None:
    if updated_at is None:
        return None
    return Decimal((now - updated_at) // timedelta(microseconds=1)).scaleb(-6)
