"""
A difference of two reports, for people.

No digit is ever cut or rounded. A table that is too wide for the terminal becomes a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from marginbook.reconciling import Change, Difference, SummaryChange

UNKNOWN: Final = "?"

#: Opening and closing are of the wallet alone.
WALLET: Final = "w"

_COLUMNS: Final = ("opening", "Δ wallet", "Δ unrealized PnL", "closing")

#: Beyond any row that there can be.
_WIDEST: Final = 10_000


def show(difference: Difference) -> None:
    """
    Print the difference on standard output: as a table, or, on a terminal too narrow for it, a figure a line.
    """
    terminal = Console()
    console = Console(width=_WIDEST, highlight=False)
    shown = [change for change in difference.changes if not _empty(change)]
    for part in (*_head(difference), *_figures(shown, terminal, console), *_foot(difference, shown)):
        console.print(part)


def _head(difference: Difference) -> Iterable[Text]:
    yield Text(f"From {difference.before_at:%Y-%m-%d %H:%M:%S} to {difference.after_at:%Y-%m-%d %H:%M:%S} UTC", "bold")
    missing = {"first": difference.missing_before, "second": difference.missing_after}
    for which, names in missing.items():
        if names:
            yield Text(f"INCOMPLETE: the {which} report lacks {', '.join(names)}.", "bold red")
    yield from map(Text, difference.notes)
    for flag in difference.flags:
        yield Text(f"  {flag.kind}: {flag}", "red")


def _figures(shown: list[Change], terminal: Console, console: Console) -> Iterable[RenderableType]:
    if not shown:
        return []
    wide = _wide(shown)
    fits = Measurement.get(console, console.options, wide).maximum <= terminal.width
    return [wide] if fits or not terminal.is_terminal else _narrow(shown)


def _wide(changes: Iterable[Change]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("account", "asset"):
        table.add_column(heading, no_wrap=True)
    for heading in _COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("row", no_wrap=True)
    last = ""
    for change in changes:
        if last and change.account != last:
            table.add_section()
        # Text, since square brackets are markup to rich.
        name = Text("" if change.account == last else f"{change.account} ({change.venue})")
        table.add_row(name, Text(change.asset), *_amounts(change), Text(_state(change)))
        last = change.account
    return table


def _narrow(changes: Iterable[Change]) -> Iterable[RenderableType]:
    for change in changes:
        yield Text(f"\n{change.account} ({change.venue}) {change.asset} {_state(change)}".rstrip(), style="bold")
        yield from (
            Text.assemble(f"  {name:17}", amount) for name, amount in zip(_COLUMNS, _amounts(change), strict=True)
        )
    yield Text()


def _amounts(change: Change) -> list[Text]:
    """
    Return the cells. Where there is no row, there is nothing to be known.
    """
    mark = WALLET if change.figure == "wallet_balance" else " "
    changes = [change.wallet_change, change.unrealized_pnl_change]
    return [
        Text() if change.state == "new" else _amount(change.opening, mark),
        *(Text() if change.state != "held" else _amount(amount) for amount in changes),
        Text() if change.state == "vanished" else _amount(change.closing, mark),
    ]


def _amount(amount: Decimal | None, mark: str = " ") -> Text:
    # The blank keeps the digits of marked and unmarked amounts below each other.
    return Text(UNKNOWN, style="dim") if amount is None else Text(f"{plain(amount)}{mark}")


def _state(change: Change) -> str:
    return "" if change.state == "held" else change.state.upper()


def _empty(change: Change) -> bool:
    # What is not known might be something.
    figures = {change.opening, change.closing, change.wallet_change, change.unrealized_pnl_change}
    return change.state == "held" and figures == {0}


def _foot(difference: Difference, shown: list[Change]) -> Iterable[Text]:
    if folded := len(difference.changes) - len(shown):
        yield Text(f"Rows of zero in both reports, which are not shown: {folded}")
    for summary in difference.summaries:
        if summary.margin_ratios[0] != summary.margin_ratios[1]:
            yield _ratios(summary)
    for change in shown:
        if change.unexplained:
            yield Text(f"{change.account} {change.asset}: {change.notes[-1]}")
    if shown:
        yield Text(f"{UNKNOWN} not known   {WALLET} the wallet balance, since equity is not known in both", style="dim")


def _ratios(summary: SummaryChange) -> Text:
    before, after = (UNKNOWN if ratio is None else plain(ratio) for ratio in summary.margin_ratios)
    return Text(f"{summary.account}: the margin ratio of the account was {before}, and is {after}.")
