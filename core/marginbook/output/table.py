"""
A table for people.

No digit is ever cut or rounded. A table that is too wide for the terminal becomes a list.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import ROUND_CEILING, Context, Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

from attrs import field, frozen
from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from marginbook.texts import few
from marginbook.values import AMOUNTS, plain, total

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from marginbook.output.output import View
    from marginbook.report import BalanceReport
    from marginbook.values import Balance, Summary

#: The amounts with a column, and their headings.
COLUMNS: Final = {
    "wallet_balance": "wallet",
    "unrealized_pnl": "unrealized PnL",
    "equity": "equity",
    "adjusted_equity": "adjusted equity",
    "initial_margin": "initial margin",
    "maintenance_margin": "maint. margin",
    "margin_ratio": "margin ratio",
    "available_balance": "available",
    "max_withdraw": "withdrawable",
}

#: The columns that only stand there where somebody knows them.
_RARE: Final = ("adjusted_equity", "maintenance_margin", "margin_ratio")

UNKNOWN: Final = "?"
DERIVED: Final = "*"

#: For percentages, of any size that a ratio can have.
_ROUNDING: Final = Context(prec=400, rounding=ROUND_CEILING)

#: Beyond any row that a report can have.
_WIDEST: Final = 10_000

#: What rows are grouped by, and what their first cells say.
_LEADS: Final[dict[str, dict[str, Callable[[Balance], str]]]] = {
    "account": {"account": lambda b: f"{b.account} ({b.venue})", "asset": lambda b: b.asset},
    "venue": {"venue": lambda b: b.venue, "account": lambda b: b.account, "asset": lambda b: b.asset},
    "asset": {"asset": lambda b: b.asset, "account": lambda b: f"{b.account} ({b.venue})"},
}


@frozen
class _Line:
    """
    One row: its first cells, what it is called in a list, what has its amounts, which of them are derived, and how near
    it is to liquidation.
    """

    leads: Sequence[str]
    name: str
    amounts: object
    marks: str = ""
    derived: frozenset[str] = frozenset()
    ratio: Decimal | None = None

    def amount(self, name: str) -> Decimal | None:
        """
        Return an amount, or None where it is not known or the row has none of that name.
        """
        return self.ratio if name == "margin_ratio" else getattr(self.amounts, name, None)


@frozen
class _Part:
    """
    One table, or a list where the terminal is too narrow for it.
    """

    #: The headings of the columns before the amounts.
    headings: Sequence[str]
    lines: Sequence[_Line]
    title: str = ""
    style: str = ""
    #: Whether the amounts are followed by marks of footnotes.
    marked: bool = field(default=False, kw_only=True)
    #: Whether lines with the same first cell belong together.
    grouped: bool = field(default=False, kw_only=True)

    @property
    def columns(self) -> list[str]:
        """
        The names of the amounts that are shown.
        """
        return [n for n in COLUMNS if n not in _RARE or any(line.amount(n) is not None for line in self.lines)]


def write(view: View) -> str:
    """
    Return the report as plain text.
    """
    stream = io.StringIO()
    console = Console(file=stream, width=_WIDEST, color_system=None, legacy_windows=False)
    _print(view, console, [_wide(part) for part in _parts(view)])
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines()).rstrip("\n")


def show(view: View) -> None:
    """
    Print the report on standard output: as a table, or, on a terminal too narrow for it, a figure a line.
    """
    terminal = Console()
    console = Console(width=_WIDEST, highlight=False)
    parts = _parts(view)
    wide = [_wide(part) for part in parts]
    fits = all(Measurement.get(console, console.options, part).maximum <= terminal.width for part in wide)
    narrow = not fits and terminal.is_terminal
    _print(view, console, [*map(_narrow, parts), Text()] if narrow and parts else wide)


def _parts(view: View) -> list[_Part]:
    """
    Return the tables that a view has, in reading order.
    """
    rows = _shown(view)
    by_venue = [_venue_totals(view.report, rows)] if view.by == "venue" else []
    parts = [_rows(view, rows), *by_venue, _totals(view.report, rows), _summaries(view)]
    return [part for part in parts if part.lines]


def _print(view: View, console: Console, figures: Iterable[RenderableType]) -> None:
    report = view.report
    console.print(_headline(report))
    for failure in report.failures:
        console.print(Text(f"  {failure}", style="red"))
    mentioned = {balance.account for balance in report.balances} | {note.account for note in report.notes}
    for name in sorted(report.accounts.keys() - mentioned - set(report.missing)):
        console.print(Text(f"{name}: the venue reports no assets."))
    for part in figures:
        console.print(part)
    for message, names in _remarks(report).items():
        console.print(Text(f"{few(names)}: {message}" if names else message))
    for text, number in _footnotes(view).items():
        console.print(Text(f"[{number}] {text}", style="dim"))
    if folded := len(report.balances) - len(_unfolded(view)):
        text = f"Folded, since each figure that is known of them is zero: {folded} rows. --zeros shows them."
        console.print(Text(text, style="dim"))
    if any(margin.margin_ratio is not None for margin in report.margins):
        about = "margin ratio: maintenance margin by equity, rounded up; liquidation is at 100 %"
        apart = "; where positions are isolated, of what is nearest to it" if _isolated(report) else ""
        console.print(Text(f"{about}{apart}", style="dim"))
    if report.balances or report.summaries:
        console.print(Text(f"{UNKNOWN} not known   {DERIVED} derived from what the venue reported", style="dim"))


def _isolated(report: BalanceReport) -> bool:
    return any(margin.symbol for margin in report.margins)


def _headline(report: BalanceReport) -> Text:
    asked, read = len(report.accounts), len(report.accounts) - len(report.failures)
    when = f"{report.started_at:%Y-%m-%d %H:%M:%S} UTC"
    if report.complete:
        return Text(f"Complete: {read} of {asked} accounts, {when}", style="bold")
    return Text(f"INCOMPLETE: {read} of {asked} accounts, {when}. Missing:", style="bold red")


def _shown(view: View) -> list[Balance]:
    """
    Return the rows that are not folded, those that belong together beside each other.
    """
    leads = _LEADS[view.by].values()
    return sorted(_unfolded(view), key=lambda balance: [lead(balance) for lead in leads])


def _unfolded(view: View) -> list[Balance]:
    return [balance for balance in view.report.balances if view.zeros or not _holds_nothing(balance)]


def _holds_nothing(balance: Balance) -> bool:
    """
    Say whether a row can be folded: its wallet is known, and every figure that is known is zero.
    """
    return balance.wallet_balance is not None and not any(getattr(balance, name) for name in AMOUNTS)


def _rows(view: View, rows: Iterable[Balance]) -> _Part:
    leads, footnotes = _LEADS[view.by], _footnotes(view)
    lines = []
    for balance in rows:
        cells = [lead(balance) for lead in leads.values()]
        derived = frozenset(name for name, basis in balance.basis.items() if basis != "reported")
        ratio = view.report.margin_ratio(balance)
        lines.append(_Line(cells, " ".join(cells), balance, _marks(balance, footnotes), derived, ratio))
    return _Part(tuple(leads), lines, marked=True, grouped=True)


def _venue_totals(report: BalanceReport, rows: Iterable[Balance]) -> _Part:
    """
    Add up each asset of each venue. A venue of which nothing could be read has a line as well.
    """
    shown = {(balance.venue, balance.asset) for balance in rows}
    groups: defaultdict[tuple[str, str], list[Balance]] = defaultdict(list)
    # A row that is folded may have figures that are not known, and then neither is the sum.
    for balance in report.balances:
        groups[balance.venue, balance.asset].append(balance)
    failed = Counter(failure.venue for failure in report.failures)
    lost = failed.keys() - {balance.venue for balance in report.balances}
    lines = [
        _sum_line(key, len({balance.account for balance in groups[key]}), failed[key[0]], _sums(groups[key]))
        for key in sorted(shown)
    ]
    lines += [_sum_line((venue, UNKNOWN), 0, failed[venue], None) for venue in sorted(lost)]
    return _Part(("total of", "asset", "accounts"), lines, _without(report), "bold red", grouped=True)


def _sums(balances: Collection[Balance]) -> SimpleNamespace:
    return SimpleNamespace(**{name: total(getattr(balance, name) for balance in balances) for name in AMOUNTS})


def _totals(report: BalanceReport, rows: Iterable[Balance]) -> _Part:
    shown = {balance.asset for balance in rows}
    lines = [
        _sum_line((t.asset,), len(t.accounts), len(t.missing), t) for t in report.totals().values() if t.asset in shown
    ]
    return _Part(("total", "accounts"), lines, _without(report), "bold red")


def _without(report: BalanceReport) -> str:
    return "" if report.complete else f"Totals WITHOUT {', '.join(report.missing)}"


def _sum_line(names: tuple[str, ...], read: int, missing: int, amounts: object) -> _Line:
    accounts = f"{read} + {missing} missing" if missing else str(read)
    return _Line((*names, accounts), f"total {' '.join(names)}, accounts: {accounts}", amounts)


def _summaries(view: View) -> _Part:
    footnotes = _footnotes(view)
    lines = []
    for summary in view.report.summaries:
        account, where = f"{summary.account} ({summary.venue})", f"{summary.asset or 'all'} in {summary.currency}"
        state = (summary.mode or UNKNOWN, summary.status or UNKNOWN)
        name = f"whole account {account} {where}, mode {state[0]}, status {state[1]}"
        ratio, marks = view.report.margin_ratio(summary), _marks(summary, footnotes)
        lines.append(_Line((account, where, *state), name, summary, marks, ratio=ratio))
    title = "Whole accounts, as their venues count them: a check on the rows, and never added to them."
    return _Part(("account", "assets", "mode", "status"), lines, title, "bold", marked=True)


def _wide(part: _Part) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    if part.title:
        table.title = Text(part.title, style=part.style)
        table.title_justify = "left"
    for heading in part.headings:
        table.add_column(heading, no_wrap=True)
    for name in part.columns:
        table.add_column(COLUMNS[name], justify="right", no_wrap=True)
    if part.marked:
        table.add_column("notes")
    last = ""
    for line in part.lines:
        first, *others = line.leads
        again = part.grouped and first == last
        if part.grouped and last and not again:
            table.add_section()
        amounts = [_amount(line, name) for name in part.columns]
        # Text, since square brackets are markup to rich.
        table.add_row(
            *map(Text, ("" if again else first, *others)), *amounts, *([Text(line.marks)] if part.marked else [])
        )
        last = first
    return table


def _narrow(part: _Part) -> Group:
    texts = [Text(f"\n{part.title}", style=part.style)] if part.title else []
    for line in part.lines:
        texts.append(Text(f"\n{line.name} {line.marks}".rstrip(), style="bold"))
        texts += [Text.assemble(f"  {COLUMNS[name]:16}", _amount(line, name)) for name in part.columns]
    return Group(*texts)


def _amount(line: _Line, name: str) -> Text:
    amount = line.amount(name)
    if amount is None:
        return Text(UNKNOWN, style="dim")
    # The blank keeps the digits of marked and unmarked amounts below each other.
    return Text(
        f"{_percent(amount) if name == 'margin_ratio' else plain(amount)}{DERIVED if name in line.derived else ' '}"
    )


def _percent(ratio: Decimal) -> str:
    # Upwards, so that no account looks safer than it is, and no margin like none.
    return f"{_ROUNDING.quantize(_ROUNDING.multiply(ratio, Decimal(100)), Decimal('0.01')):f} %"


def _marks(row: Balance | Summary, footnotes: Mapping[str, int]) -> str:
    return "".join(f"[{footnotes[note]}]" for note in row.notes)


def _remarks(report: BalanceReport) -> dict[str, list[str]]:
    """
    Return each remark once, with the accounts that it is about; none where it is about the whole report.
    """
    found: dict[str, list[str]] = {}
    for note in report.notes:
        found.setdefault(note.message, []).extend(filter(None, [note.account]))
    return found


def _footnotes(view: View) -> dict[str, int]:
    """
    Number each remark on a row that is shown.
    """
    # By account, however the rows are shown, so that a remark has the same number in every view.
    rows: list[Balance | Summary] = [*_unfolded(view), *view.report.summaries]
    texts = dict.fromkeys(note for row in rows for note in row.notes)
    return {text: number for number, text in enumerate(texts, start=1)}
