"""
What ``marginbook watch`` draws: the rows of the newest report, what changed, and what is no longer known.

No digit is ever cut. A table that is too wide becomes a list, and lines that do not fit are counted.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from attrs import field, frozen
from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from marginbook.texts import few
from marginbook.values import plain
from marginbook.watching import PATIENCE, Row, Watched, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from rich.console import ConsoleOptions, RenderResult

    from marginbook.report import BalanceReport, Total

#: The figures with a column, their headings, and whether their change is shown beside them.
COLUMNS: Final = {
    "wallet_balance": ("wallet", True),
    "unrealized_pnl": ("unrealized PnL", False),
    "equity": ("equity", True),
    "available_balance": ("available", False),
    "max_withdraw": ("withdrawable", False),
}

#: Beyond any row that a report can have.
_WIDEST: Final = 10_000


@frozen(kw_only=True)
class Picture:
    """
    What is known at one moment. To rich, it is as large as the screen.
    """

    watched: Watched
    #: Seconds since the newest report was begun.
    age: float = 0.0
    #: Seconds from one report to the next.
    every: float
    #: How many accounts are asked.
    asked: int
    #: Why reports are not made more often, or "".
    note: str = field(default="")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self.whole(options.max_width), options.update(height=None), pad=False)
        height = options.height or options.size.height
        hidden = len(lines) - height + 1
        if hidden > 1:
            lines = lines[: height - 1]
            text = f"{hidden} more lines do not fit. Enlarge the window, or name accounts with --only."
            lines.append([Segment(text[: options.max_width], console.get_style("reverse"))])
        for line in lines:
            yield from line
            yield Segment.line()

    def whole(self, width: int = _WIDEST) -> RenderableType:
        """
        Return all of it, for a terminal of this width.
        """
        report = self.watched.report
        if not report:
            return Text(f"Asking {self.asked} accounts.")
        wide, console = list(self._tables(report)), Console(width=_WIDEST)
        fits = all(Measurement.get(console, console.options, part).maximum <= width for part in wide)
        return Group(*self._head(report), *(wide if fits else self._list(report)), *self._feet(report))

    def text(self) -> str:
        """
        Return all of it as plain text.
        """
        stream = io.StringIO()
        Console(file=stream, width=_WIDEST, color_system=None, legacy_windows=False).print(self.whole())
        return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())

    def _head(self, report: BalanceReport) -> Iterator[Text]:
        asked, when = len(report.accounts), f"{report.started_at:%Y-%m-%d %H:%M:%S} UTC, {spelled(self.age)} ago"
        read = asked - len(report.failures)
        if report.complete:
            yield Text(f"Complete: {read} of {asked} accounts, {when}, every {self.every:g} s", style="bold")
        else:
            text = f"INCOMPLETE: {read} of {asked} accounts, {when}, every {self.every:g} s. Missing:"
            yield Text(text, style="bold red")
        if self.age > PATIENCE * self.every:
            text = f"STALE: nothing newer has come for {spelled(self.age)}. These are not the present figures."
            yield Text(text, style="bold red")
        yield from (Text(f"  {failure}", style="red") for failure in report.failures)
        yield from (Text(self.note, style="dim") for _ in filter(None, [self.note]))

    def _tables(self, report: BalanceReport) -> Iterator[Table]:
        if rows := self.watched.rows:
            yield self._rows(rows, report)
        if report.balances:
            yield self._totals(report)

    def _rows(self, rows: Iterable[Row], report: BalanceReport) -> Table:
        footnotes, table = self._footnotes(), _table("account", "asset")
        table.add_column("state", no_wrap=True)
        table.add_column("notes", no_wrap=True)
        last = ""
        for row in rows:
            name = row.balance.account
            if last and name != last:
                table.add_section()
            # Text, since square brackets are markup to rich.
            table.add_row(
                Text("" if name == last else f"{name} ({row.balance.venue})"),
                Text(row.balance.asset),
                *(cell for column, (_, changes) in COLUMNS.items() for cell in _cells(row, column, changes)),
                self._state(row, report),
                Text(_marks(row, footnotes)),
                style="" if row.current else "dim",
            )
            last = name
        return table

    def _totals(self, report: BalanceReport) -> Table:
        table = _table("total", "accounts")
        if not report.complete:
            table.title = Text(f"Totals WITHOUT {', '.join(report.missing)}", style="bold red")
            table.title_justify = "left"
        for total in report.totals().values():
            cells = (cell for column, (_, changes) in COLUMNS.items() for cell in self._sums(total, column, changes))
            table.add_row(Text(total.asset), Text(_accounts(total)), *cells)
        return table

    def _sums(self, total: Total, name: str, changes: bool) -> list[Text]:
        change = [_change(self.watched.change(total.asset, name))] if changes else []
        return [_amount(getattr(total, name)), *change]

    def _list(self, report: BalanceReport) -> Iterator[Text]:
        footnotes = self._footnotes()
        for row in self.watched.rows:
            head = f"\n{row.balance.account} ({row.balance.venue}) {row.balance.asset} {_marks(row, footnotes)}"
            yield Text.assemble((head.rstrip(), "bold"), "  ", self._state(row, report))
            for column, (heading, changes) in COLUMNS.items():
                yield _line(heading, *_cells(row, column, changes))
        for total in report.totals().values():
            yield Text(f"\ntotal {total.asset}, accounts: {_accounts(total)}", style="bold")
            for column, (heading, changes) in COLUMNS.items():
                yield _line(heading, *self._sums(total, column, changes))
        yield Text()

    def _state(self, row: Row, report: BalanceReport) -> Text:
        seen = spelled(self.age + (report.started_at - row.read_at).total_seconds())
        match row.mark:
            case "stale":
                return Text(f"STALE, read {seen} ago", style="bold red")
            case "vanished":
                return Text(f"VANISHED, read {seen} ago", style="bold yellow")
            case "new":
                return Text(f"new {row.first_at:%H:%M:%S}", style="green")
        return Text()

    def _feet(self, report: BalanceReport) -> Iterator[Text]:
        for message, names in _remarks(report).items():
            yield Text(f"{few(names)}: {message}" if names else message)
        for text, number in self._footnotes().items():
            yield Text(f"[{number}] {text}", style="dim")
        since = f"{self.watched.since:%Y-%m-%d %H:%M:%S} UTC"
        yield Text(
            f"Changes are since {since}, or since a row was first read.   ? not known   * derived"
            "   ( ) last known, and not the present",
            style="dim",
        )

    def _footnotes(self) -> dict[str, int]:
        texts = dict.fromkeys(note for row in self.watched.rows for note in row.balance.notes)
        return {text: number for number, text in enumerate(texts, start=1)}


def _line(heading: str, figure: Text, *change: Text) -> Text:
    beside = (Text.assemble("change ", text) for text in change if text)
    return Text("  ").join([Text.assemble(f"  {heading:16}", figure), *beside])


def _cells(row: Row, name: str, changes: bool) -> list[Text]:
    derived = row.balance.basis.get(name, "reported") != "reported"
    figure = _amount(getattr(row.balance, name), current=row.current, derived=derived)
    change = _change(row.change(name)) if row.current else Text()
    return [figure, change] if changes else [figure]


def _amount(amount: Decimal | None, *, current: bool = True, derived: bool = False) -> Text:
    if amount is None:
        return Text("?", style="dim")
    mark = "*" if derived else ""
    # The blank keeps the digits of marked and unmarked amounts below each other.
    return Text(f"{plain(amount)}{mark or ' '}" if current else f"({plain(amount)}{mark})")


def _change(change: Decimal | None) -> Text:
    if change is None:
        return Text("?", style="dim")
    return Text(f"{'+' if change > 0 else ''}{plain(change)}", style="bold") if change else Text("0", style="dim")


def _accounts(total: Total) -> str:
    return f"{len(total.accounts)}{f' + {len(total.missing)} missing' if total.missing else ''}"


def _table(*first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in first:
        table.add_column(heading, no_wrap=True)
    for heading, changing in COLUMNS.values():
        for text in (heading, "change") if changing else (heading,):
            table.add_column(text, justify="right", no_wrap=True)
    return table


def _marks(row: Row, footnotes: dict[str, int]) -> str:
    return "".join(f"[{footnotes[note]}]" for note in row.balance.notes)


def _remarks(report: BalanceReport) -> dict[str, list[str]]:
    """
    Return each remark once, with the accounts that it is about; none where it is about the whole report.
    """
    found: dict[str, list[str]] = {}
    for note in report.notes:
        found.setdefault(note.message, []).extend(filter(None, [note.account]))
    return found
