"""
A workbook for Excel and its like, with a sheet a view.

A number of theirs is a binary float, of which they keep 15 digits. An amount with more is a text, so that no digit is
lost. A figure that is not known is the error value #N/A, so that no sum over it looks like a whole. On every sheet, the
first line says what is missing, the second which amounts are texts, and the third has the headings.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from marginbook.errors import ConfigurationError
from marginbook.output import sheet
from marginbook.values import AMOUNTS, LOCK_AMOUNTS, SUMMARY_AMOUNTS, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    # Nothing evaluates the annotations.
    from xlsxwriter.format import Format  # noqa: TC004  # see above
    from xlsxwriter.workbook import Workbook  # noqa: TC004  # see above
    from xlsxwriter.worksheet import Worksheet  # noqa: TC004  # see above

    from marginbook.output.output import View
    from marginbook.report import BalanceReport, Valuation

#: Digits of a number that survive in a binary float, and decimals that a number format can show.
_DIGITS: Final = 15
_DECIMALS: Final = 30

#: The most characters of a cell.
_LONGEST: Final = 32_767

#: The first year that has dates.
_FIRST_YEAR: Final = 1900

_LEGEND: Final = (
    ("#N/A", "The figure is not known. A sum over it is #N/A as well, and so never looks like the whole."),
    ("yellow text", "The amount has more digits than a number keeps here. SUM leaves texts out: see the sheet Totals."),
    ("Totals", "Sums of the sheet Balances, made with all digits, one asset at a time."),
    ("times", "In UTC."),
)


@frozen
class _Unknown:
    """
    A figure that is not known, as against a cell that holds nothing.
    """


_UNKNOWN: Final = _Unknown()


@frozen
class _Ratio:
    """
    A share of one, which is rounded anyway.
    """

    value: Decimal


@frozen
class _Sheet:
    """
    The name of a sheet, the headings of its columns, and its rows.
    """

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]


def require() -> ModuleType:
    """
    Return the package that writes workbooks.

    Raises:
        ConfigurationError: XlsxWriter is not installed.

    """
    try:
        # An extra that only its users pay for.
        import xlsxwriter  # noqa: PLC0415
    except ImportError:
        msg = "An Excel workbook needs the package XlsxWriter."
        raise ConfigurationError(msg, hint="pip install 'marginbook[excel]'") from None
    return xlsxwriter  # type: ignore[no-any-return]  # it has no types


def write(view: View) -> bytes:
    """
    Return the workbook. Its first line, on every sheet, says whether the report is complete.

    Raises:
        ConfigurationError: XlsxWriter is not installed, or a sheet has more rows than Excel shows.

    """
    stream = io.BytesIO()
    made = require().Workbook(stream, {"in_memory": True})
    # The time of the report, so that the same report gives the same bytes.
    made.set_properties({"created": view.report.finished_at.replace(tzinfo=None)})
    for page in _sheets(view):
        _Writer(made, made.add_worksheet(page.name)).fill(page, view.report)
    made.close()
    return stream.getvalue()


def _sheets(view: View) -> Iterator[_Sheet]:
    report = view.report
    yield _overview(report)
    yield _accounts(report)
    yield _balances(report)
    yield _totals(report)
    yield _locks(report)
    yield _summaries(report)
    if view.valuation:
        yield from _values(view.valuation)


def _overview(report: BalanceReport) -> _Sheet:
    document = report.to_dict()
    rows = [
        ("complete", "yes" if report.complete else "NO"),
        ("accounts asked", len(report.accounts)),
        ("accounts read", len(report.accounts) - len(report.failures)),
        *(("missing", str(failure)) for failure in report.failures),
        ("started (UTC)", report.started_at),
        ("finished (UTC)", report.finished_at),
        ("schema", f"{document['schema']} {document['schema_version']}"),
        *(("note", f"{note.account}: {note.message}".removeprefix(": ")) for note in report.notes),
        *_LEGEND,
    ]
    return _Sheet("Report", ("what", "value"), rows)


def _accounts(report: BalanceReport) -> _Sheet:
    failures = {failure.account: failure for failure in report.failures}
    assets = Counter(balance.account for balance in report.balances)
    notes: defaultdict[str, list[str]] = defaultdict(list)
    for note in report.notes:
        notes[note.account].append(note.message)
    rows: list[tuple[Any, ...]] = []
    for name, venue in report.accounts.items():
        failure = failures.get(name)
        what = (failure.message, failure.hint, failure.until) if failure else ("", "", None)
        state, count = (failure.kind, _UNKNOWN) if failure else ("ok", assets[name])
        rows.append((name, venue, state, count, *what, " ".join(notes[name])))
    headings = ("account", "venue", "state", "assets", "what happened", "what to do", "not before (UTC)", "notes")
    return _Sheet("Accounts", headings, rows)


def _balances(report: BalanceReport) -> _Sheet:
    ratios = iter([report.margin_ratio(balance) for balance in report.balances])
    rows = []
    for row in sheet.rows(report):
        # Only an account that was read and has no assets holds nothing, rather than what nobody knows.
        empty = row["state"] == "ok" and "asset" not in row
        figures = [None if empty else _known(row.get(name)) for name in AMOUNTS]
        ratio = _share(next(ratios)) if "asset" in row else figures[0]
        texts = (row["account"], row["venue"], row["state"], row.get("asset", ""))
        changed = None if empty else row.get("updated_at") or _UNKNOWN
        rows.append((*texts, *figures, ratio, changed, row.get("derived", ""), row["notes"]))
    headings = ("account", "venue", "state", "asset", *AMOUNTS, "margin_ratio", "updated_at (UTC)", "derived", "notes")
    return _Sheet("Balances", headings, rows)


def _totals(report: BalanceReport) -> _Sheet:
    rows = [
        (
            total.asset,
            ", ".join(total.accounts),
            ", ".join(total.missing),
            *(_known(getattr(total, name)) for name in AMOUNTS),
        )
        for total in report.totals().values()
    ]
    return _Sheet("Totals", ("asset", "accounts", "WITHOUT", *AMOUNTS), rows)


def _locks(report: BalanceReport) -> _Sheet:
    rows = [
        (
            *(lock.account, lock.venue, lock.symbol, lock.asset),
            _UNKNOWN if lock.isolated is None else "isolated" if lock.isolated else "cross",
            *(_known(getattr(lock, name)) for name in LOCK_AMOUNTS[:-1]),
            # Only an isolated position has equity of its own.
            None if lock.isolated is False else _known(lock.equity),
        )
        for lock in report.locks
    ]
    return _Sheet("Locks", ("account", "venue", "symbol", "asset", "wallet", *LOCK_AMOUNTS), rows)


def _summaries(report: BalanceReport) -> _Sheet:
    rows = [
        (
            *(summary.account, summary.venue, summary.currency, summary.asset or "all assets"),
            *(summary.mode or _UNKNOWN, summary.status or _UNKNOWN),
            *(_known(getattr(summary, name)) for name in SUMMARY_AMOUNTS),
            *(_share(report.margin_ratio(summary)), summary.updated_at or _UNKNOWN, " ".join(summary.notes)),
        )
        for summary in report.summaries
    ]
    texts = ("account", "venue", "currency", "of", "mode", "status")
    return _Sheet("Summaries", (*texts, *SUMMARY_AMOUNTS, "margin_ratio", "updated_at (UTC)", "notes"), rows)


def _values(valuation: Valuation) -> Iterator[_Sheet]:
    figures = ("wallet_balance", "unrealized_pnl", "equity")
    headings = [f"{figure} in {valuation.currency}" for figure in figures]
    rows = [
        (
            *(value.account, value.venue, value.asset),
            *((value.price.price, value.price.source, value.price.at) if value.price else (_UNKNOWN, "no price", None)),
            *(_known(getattr(value, figure)) for figure in figures),
        )
        for value in valuation.values
    ]
    yield _Sheet("Values", ("account", "venue", "asset", "price", "source", "as of (UTC)", *headings), rows)
    kinds = {
        "all": {"": valuation.total()},
        "account": valuation.by_account(),
        "venue": valuation.by_venue(),
        "asset": valuation.by_asset(),
    }
    sums = [
        (
            *(kind, name, "NO, see EXCLUDED" if total.excluded else "yes"),
            *(_known(getattr(total, figure)) for figure in figures),
            "; ".join(f"{e.account} {e.asset} {e.figure}: {e.reason}".replace("  ", " ") for e in total.excluded),
        )
        for kind, totals in kinds.items()
        for name, total in totals.items()
    ]
    yield _Sheet("Value totals", ("of", "name", "whole", *headings, "EXCLUDED from these sums"), sums)


def _known(amount: Decimal | None) -> Decimal | _Unknown:
    return _UNKNOWN if amount is None else amount


def _share(ratio: Decimal | None) -> _Ratio | _Unknown:
    return _UNKNOWN if ratio is None else _Ratio(ratio)


_LOOKS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "complete": {"bold": True},
        "incomplete": {"bold": True, "font_color": "#C00000"},
        "heading": {"bold": True, "bottom": 1},
        "unknown": {"font_color": "#808080", "align": "right"},
        "long": {"bg_color": "#FFF2CC", "align": "right"},
        "time": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"},
        "ratio": {"num_format": "0.00%"},
    }
)


@define
class _Writer:
    """
    Writes one sheet, and refuses what does not fit on it.
    """

    _workbook: Workbook
    _worksheet: Worksheet
    _formats: dict[str, Format] = field(factory=dict)

    def fill(self, page: _Sheet, report: BalanceReport) -> None:
        """
        Write the line on what is missing, a line on texts that are amounts, the headings, and the rows.
        """
        self._headline(report)
        if texts := sum(isinstance(cell, Decimal) and not _survives(cell) for row in page.rows for cell in row):
            line = f"{texts} amounts have more digits than a number keeps here: they are yellow texts, left out by SUM."
            self._check(self._worksheet.write_string(1, 0, line, self._look("long", align="left")))
        for column, heading in enumerate(page.headings):
            self._check(self._worksheet.write_string(2, column, heading, self._look("heading")))
        for number, row in enumerate(page.rows, start=3):
            for column, cell in enumerate(row):
                self._check(self._put(number, column, cell))
        self._worksheet.freeze_panes(3, 1)
        self._worksheet.set_column(0, len(page.headings) - 1, 18)
        self._worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576", "eval_error": "A1:XFD1048576"})

    def _headline(self, report: BalanceReport) -> None:
        asked, read = len(report.accounts), len(report.accounts) - len(report.failures)
        what = f"{read} of {asked} accounts, {report.started_at:%Y-%m-%d %H:%M:%S} UTC."
        if report.complete:
            text, look = f"Complete: {what}", "complete"
        else:
            text, look = f"INCOMPLETE: {what} Missing: {', '.join(report.missing)}", "incomplete"
        self._check(self._worksheet.write_string(0, 0, _fitting(text), self._look(look)))

    def _put(self, row: int, column: int, cell: Any) -> Any:
        match cell:
            case None | "":
                return 0
            case _Unknown():
                return self._worksheet.write_formula(row, column, "=NA()", self._look("unknown"), "#N/A")
            case _Ratio():
                return self._worksheet.write_number(row, column, float(cell.value), self._look("ratio"))
            case Decimal() if not _survives(cell):
                return self._worksheet.write_string(row, column, plain(cell), self._look("long"))
            case Decimal():
                # The very digits are written: what reads them makes its float itself.
                return self._worksheet.write_number(row, column, cell, self._look("number", num_format=_shown(cell)))
            case datetime() if cell.year >= _FIRST_YEAR:
                return self._worksheet.write_datetime(row, column, cell.replace(tzinfo=None), self._look("time"))
            case int():
                return self._worksheet.write_number(row, column, cell)
        # Text that looks like a formula is text: nothing here guesses.
        return self._worksheet.write_string(row, column, _fitting(str(cell)))

    def _look(self, name: str, **more: str) -> Format:
        key = f"{name} {more}"
        if key not in self._formats:
            self._formats[key] = self._workbook.add_format({**_LOOKS.get(name, {}), **more})
        return self._formats[key]

    def _check(self, problem: int) -> None:
        if problem:
            msg = f"The sheet {self._worksheet.name} has more rows than a workbook can have."
            raise ConfigurationError(msg, hint="Use parquet, CSV or JSON lines, or fewer accounts.")


def _survives(amount: Decimal) -> bool:
    """
    Say whether a number of Excel keeps all digits of *amount*, and a number format shows its decimals.
    """
    digits = "".join(map(str, amount.as_tuple().digits)).strip("0")
    return len(digits) <= _DIGITS and -int(amount.as_tuple().exponent) <= _DECIMALS


def _shown(amount: Decimal) -> str:
    decimals = -int(amount.as_tuple().exponent)
    return f"#,##0.{'0' * decimals}" if decimals else "#,##0"


def _fitting(text: str) -> str:
    rest = " … (cut here: JSON has all of it)"
    return text if len(text) <= _LONGEST else text[: _LONGEST - len(rest)] + rest
