"""
A table for people.

No digit is ever cut or rounded. A table that is too wide for the terminal becomes a list.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from marginbook.texts import few
from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from marginbook.report import BalanceReport, Total
    from marginbook.values import Balance

#: The amounts with a column, and their headings.
COLUMNS: Final = {
    "wallet_balance": "wallet",
    "unrealized_pnl": "unrealized PnL",
    "equity": "equity",
    "initial_margin": "initial margin",
    "available_balance": "available",
    "max_withdraw": "withdrawable",
}

UNKNOWN: Final = "?"
DERIVED: Final = "*"

#: Beyond any row that a report can have.
_WIDEST: Final = 10_000


def write(report: BalanceReport) -> str:
    """
    Return the report as plain text.
    """
    stream = io.StringIO()
    console = Console(file=stream, width=_WIDEST, color_system=None, legacy_windows=False)
    _print(report, console, _wide(report))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines()).rstrip("\n")


def show(report: BalanceReport) -> None:
    """
    Print the report on standard output: as a table, or, on a terminal too narrow for it, a figure a line.
    """
    terminal = Console()
    console = Console(width=_WIDEST, highlight=False)
    wide = _wide(report)
    fits = all(Measurement.get(console, console.options, part).maximum <= terminal.width for part in wide)
    _print(report, console, wide if fits or not terminal.is_terminal else _narrow(report))


def _print(report: BalanceReport, console: Console, figures: Iterable[RenderableType]) -> None:
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
    for text, number in _footnotes(report).items():
        console.print(Text(f"[{number}] {text}", style="dim"))
    if report.balances:
        console.print(Text(f"{UNKNOWN} not known   {DERIVED} derived from what the venue reported", style="dim"))


def _wide(report: BalanceReport) -> list[Table]:
    return [_rows(report), _totals(report)] if report.balances else []


def _narrow(report: BalanceReport) -> Iterable[RenderableType]:
    footnotes = _footnotes(report)
    for balance in report.balances:
        marks = "".join(f"[{footnotes[note]}]" for note in balance.notes)
        yield Text(f"\n{balance.account} ({balance.venue}) {balance.asset} {marks}".rstrip(), style="bold")
        derived = _derived(balance)
        yield from (_line(name, _amount(getattr(balance, name), derived=name in derived)) for name in COLUMNS)
    for total in report.totals().values():
        yield Text(f"\ntotal {total.asset}, accounts: {_accounts(total)}", style="bold")
        yield from (_line(name, _amount(getattr(total, name))) for name in COLUMNS)
    yield Text()


def _line(name: str, amount: Text) -> Text:
    return Text.assemble(f"  {COLUMNS[name]:16}", amount)


def _headline(report: BalanceReport) -> Text:
    asked, read = len(report.accounts), len(report.accounts) - len(report.failures)
    when = f"{report.started_at:%Y-%m-%d %H:%M:%S} UTC"
    if report.complete:
        return Text(f"Complete: {read} of {asked} accounts, {when}", style="bold")
    return Text(f"INCOMPLETE: {read} of {asked} accounts, {when}. Missing:", style="bold red")


def _rows(report: BalanceReport) -> Table:
    footnotes = _footnotes(report)
    table = _table("account", "asset")
    table.add_column("notes")
    last = ""
    for balance in report.balances:
        if last and balance.account != last:
            table.add_section()
        notes = "".join(f"[{footnotes[note]}]" for note in balance.notes)
        # Text, since square brackets are markup to rich.
        table.add_row(
            Text("" if balance.account == last else f"{balance.account} ({balance.venue})"),
            Text(balance.asset),
            *(_amount(getattr(balance, name), derived=name in _derived(balance)) for name in COLUMNS),
            Text(notes),
        )
        last = balance.account
    return table


def _totals(report: BalanceReport) -> Table:
    table = _table("total", "accounts")
    if not report.complete:
        table.title = Text(f"Totals WITHOUT {', '.join(report.missing)}", style="bold red")
        table.title_justify = "left"
    for total in report.totals().values():
        table.add_row(Text(total.asset), _accounts(total), *(_amount(getattr(total, name)) for name in COLUMNS))
    return table


def _accounts(total: Total) -> Text:
    return Text(f"{len(total.accounts)}{f' + {len(total.missing)} missing' if total.missing else ''}")


def _table(*first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in first:
        table.add_column(heading, no_wrap=True)
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _amount(amount: Decimal | None, *, derived: bool = False) -> Text:
    if amount is None:
        return Text(UNKNOWN, style="dim")
    # The blank keeps the digits of marked and unmarked amounts below each other.
    return Text(f"{plain(amount)}{DERIVED if derived else ' '}")


def _derived(balance: Balance) -> set[str]:
    return {name for name, basis in balance.basis.items() if basis != "reported"}


def _remarks(report: BalanceReport) -> dict[str, list[str]]:
    """
    Return each remark once, with the accounts that it is about; none where it is about the whole report.
    """
    found: dict[str, list[str]] = {}
    for note in report.notes:
        found.setdefault(note.message, []).extend(filter(None, [note.account]))
    return found


def _footnotes(report: BalanceReport) -> dict[str, int]:
    texts = dict.fromkeys(note for balance in report.balances for note in balance.notes)
    return {text: number for number, text in enumerate(texts, start=1)}
