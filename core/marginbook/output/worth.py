"""
What a report is worth, for people: after its table.

No digit is ever cut or rounded. A table that is too wide for the terminal becomes a list.
"""

from __future__ import annotations

import io
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.report import Exclusion, Valuation, ValueTotal
    from marginbook.values import Price

#: The figures with a column, and their headings.
COLUMNS: Final = {"wallet_balance": "wallet", "unrealized_pnl": "unrealized PnL", "equity": "equity"}

UNKNOWN: Final = "?"
PARTIAL: Final = "!"

#: Beyond any row that a valuation can have.
_WIDEST: Final = 10_000


def write(valuation: Valuation) -> str:
    """
    Return the values as plain text, with a line end.
    """
    stream = io.StringIO()
    console = Console(file=stream, width=_WIDEST, color_system=None, legacy_windows=False)
    _print(valuation, console, _wide(valuation))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def show(valuation: Valuation) -> None:
    """
    Print the values on standard output: as tables, or, on a terminal too narrow for them, a figure a line.
    """
    terminal = Console()
    console = Console(width=_WIDEST, highlight=False)
    wide = _wide(valuation)
    fits = all(Measurement.get(console, console.options, part).maximum <= terminal.width for part in wide)
    _print(valuation, console, wide if fits or not terminal.is_terminal else _narrow(valuation))


def _print(valuation: Valuation, console: Console, figures: Iterable[RenderableType]) -> None:
    console.print()
    console.print(_headline(valuation))
    for part in figures:
        console.print(part)
    for line in _excluded(valuation.total().excluded):
        console.print(Text(f"Excluded: {line}", style="red"))
    for note in valuation.notes:
        console.print(Text(f"{note.account}: {note.message}" if note.account else note.message))
    asked = ", ".join(valuation.sources) or "nobody"
    console.print(
        Text(f"{UNKNOWN} not known   {PARTIAL} without what is excluded   asked for prices: {asked}", style="dim")
    )


def _headline(valuation: Valuation) -> Text:
    if valuation.complete:
        return Text(f"Value in {valuation.currency}", style="bold")
    return Text(f"Value in {valuation.currency}, INCOMPLETE: see what is excluded", style="bold red")


def _wide(valuation: Valuation) -> list[Table]:
    return [_values(valuation), _prices(valuation.prices)]


def _narrow(valuation: Valuation) -> Iterable[RenderableType]:
    for total in (*valuation.by_account().values(), valuation.total()):
        yield Text(f"\n{total.name or 'total'}", style="bold")
        yield from (Text.assemble(f"  {heading:16}", _amount(total, name)) for name, heading in COLUMNS.items())
    for price in valuation.prices:
        yield Text(f"\n{price.asset} {plain(price.price)} {price.source}, {_time(price)} {_haircut(price)}".rstrip())
    yield Text()


def _values(valuation: Valuation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("account", no_wrap=True)
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for total in valuation.by_account().values():
        table.add_row(Text(total.name), *(_amount(total, name) for name in COLUMNS))
    table.add_section()
    whole = valuation.total()
    table.add_row(Text("total", style="bold"), *(_amount(whole, name) for name in COLUMNS))
    return table


def _prices(prices: Iterable[Price]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("asset", "price", "source", "time", "counts as collateral"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "price" else "left")
    for price in prices:
        table.add_row(*map(Text, (price.asset, plain(price.price), price.source, _time(price), _haircut(price))))
    return table


def _time(price: Price) -> str:
    return f"{price.at:%Y-%m-%d %H:%M:%S} UTC"


def _haircut(price: Price) -> str:
    rates = (("owned", price.bid_rate), ("owed", price.ask_rate))
    return ", ".join(f"{plain(rate)} if {word}" for word, rate in rates if rate is not None)


def _amount(total: ValueTotal, figure: str) -> Text:
    amount = getattr(total, figure)
    if amount is None:
        return Text(UNKNOWN, style="dim")
    # The blank keeps the digits of marked and unmarked amounts below each other.
    return Text(f"{plain(amount)}{' ' if total.whole(figure) else PARTIAL}")


def _excluded(exclusions: Iterable[Exclusion]) -> list[str]:
    """
    Return a line for each reason of each row, with all figures that it is the reason for.
    """
    found: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for exclusion in exclusions:
        found[exclusion.account, exclusion.asset, exclusion.reason].append(COLUMNS[exclusion.figure])
    return [
        f"{account} {asset}: {', '.join(figures)}: {reason}" if asset else f"{account}: {reason}"
        for (account, asset, reason), figures in sorted(found.items())
    ]
