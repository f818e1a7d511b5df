"""
The tables in README.md and docs/, made from what the program says of itself. ``nox -s docs`` puts them there.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import evolve

import marginbook as mb
from disagreements import TABLE
from marginbook.output import View, table
from marginbook.registry import installed
from marginbook.sandbox import CANONICAL, FAULTS, PORTRAITS, Sandbox
from marginbook.testing.subject import Subject
from marginbook.transport import Machine
from marginbook.values import AMOUNTS
from matrix import MATRIX, PROCESS, Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Any report would do; this one does not change with every run.
WHEN = datetime(2026, 11, 20, 12, tzinfo=UTC)


#: What README.md shows of the demo: all of it would be thrice as long.
SHOWN = ("binance-usdm", "bitmex", "coinswitch", "okx")


def demo() -> str:
    """
    Return what ``marginbook demo`` prints of a few venues.
    """
    with Sandbox([stage for stage in installed().stages() if stage.venue in SHOWN]) as sandbox:
        report = mb.collect(sandbox.accounts())
    return table.write(View(evolve(report, started_at=WHEN, finished_at=WHEN), zeros=False))


def overview() -> str:
    """
    Return which venue can tell which figure.
    """
    names = (*AMOUNTS, "updated_at")
    head = ["", *(f"`{name}`" for name in names)]
    return _table(head, [[f"`{venue.id}`", *(_short(venue, name) for name in names)] for venue in mb.venues()])


def _short(venue: mb.Venue, name: str) -> str:
    text = venue.fills.get(name, "")
    conditional = "" if name not in venue.unknown else ", at times"
    return "?" if not text else f"{'derived' if text.startswith('derived') else 'reported'}{conditional}"


def canonical() -> str:
    """
    Return how each venue tells one account: with the figures of the canonical portrait, or not at all.

    Raises:
        ValueError: A venue tells another figure.

    """
    (wallet,) = CANONICAL.wallets
    names = [name for name in AMOUNTS if not name.startswith("cross")]
    head = ["", *(f"`{name}` {getattr(wallet, name)}" for name in names)]
    return _table(head, [[f"`{venue.id}`", *_told(venue, names)] for venue in mb.venues()])


def _told(venue: mb.Venue, names: list[str]) -> list[str]:
    (stage,) = (stage for stage in installed().stages_of(venue.id) if stage.venue == venue.id)
    subject = Subject(venue, lambda: stage)
    played = subject.play(CANONICAL)
    found = played and subject.ask(played, detail=subject.details[-1])
    if not isinstance(found, mb.Statement):
        msg = f"{venue.id} does not tell the canonical account: {found}"
        raise TypeError(msg)
    (wallet,) = CANONICAL.wallets
    # A venue may tell of assets that the account does not have.
    (row,) = (row for row in found.balances if row.asset == stage.assets[0])
    if other := [name for name in names if getattr(row, name) not in {None, getattr(wallet, name)}]:
        msg = f"{venue.id} tells {other[0]} as {getattr(row, other[0])}"
        raise ValueError(msg)
    return [row.basis.get(name, "?").partition(":")[0] for name in names]


def disagreements() -> str:
    """
    Return where ccxt reads an account otherwise.
    """
    rows = [
        [f"`{name}`", portrait, word, _shown(theirs), _shown(ours), why]
        for (name, portrait), found in TABLE.items()
        for word, theirs, ours, why in found
    ]
    return _table(["read", "account", "word", "ccxt", "marginbook", "what ccxt's figure is"], rows)


def _shown(figure: str) -> str:
    return "?" if figure == "None" else figure


def portraits() -> str:
    """
    Return what the accounts of the portraits are.
    """
    return _table(["account", "what it is"], [[portrait.name, portrait.about] for portrait in PORTRAITS])


def dictionary() -> str:
    """
    Return a chapter for each venue: where each figure comes from, and why others are not known.
    """
    return "\n\n".join(map(_chapter, mb.venues()))


def _chapter(venue: mb.Venue) -> str:
    rows = [
        [f"`{name}`", venue.fills.get(name, "not known"), venue.unknown.get(name, "")]
        for name in (*AMOUNTS, "updated_at")
    ]
    figures = _table(["figure", "from", "not known"], rows)
    ignored = "".join(f"\n- `{name}`: {why}" for name, why in venue.ignores.items())
    rest = f"Fields of the answer that the report has no use for:\n{ignored}"
    return f"### {venue.title} (`{venue.id}`)\n\n{figures}\n\n{rest}"


def settings() -> str:
    """
    Return what each venue needs and offers.
    """
    chapters = []
    for venue in mb.venues():
        credentials = [[f"`{c.name}`", "secret", c.help] for c in venue.credentials]
        options = [[f"`{o.name}`", _default(o), o.help] for o in venue.all_options]
        hosts = "".join(f"\n- `{name}`: {url}" for name, url in venue.hosts.items())
        named = f"\n\nHosts by name:\n{hosts}" if hosts else ""
        table = _table(["setting", "default", "what it is"], [*credentials, *options])
        chapters.append(f"### `{venue.id}`\n\n{table}{named}")
    return "\n\n".join(chapters)


#: Accounts that a firm may have at a venue.
CROWDS = (100, 1_000, 10_000, 100_000)


def scale() -> str:
    """
    Return what one address can ask at each venue, and how many of them a report each minute takes.
    """
    head = ["", "an address may spend", "an account costs", "accounts a minute"]
    times = [f"{count:,} accounts wait" for count in CROWDS]
    with Sandbox(installed().stages()) as sandbox:
        rows = [[f"`{venue.id}`", *_pace(venue, sandbox.accounts())] for venue in mb.venues()]
    return _table([*head, *times, *(f"addresses for {count:,}" for count in CROWDS)], rows)


def _pace(venue: mb.Venue, accounts: Iterable[mb.Account]) -> list[str]:
    costs = {limit: cost for limit, cost in _costs(venue, accounts) if cost}
    if not costs:
        return ["no limit by address", "", "", *["at once"] * len(CROWDS), *["1"] * len(CROWDS)]
    # The limit that fewest accounts fit into.
    limit = min(costs, key=lambda limit: limit.weight / costs[limit] / limit.seconds)
    fit = limit.weight // costs[limit]
    waits = [(math.ceil(count / fit) - 1) * limit.seconds for count in CROWDS]
    # Of the periods in a minute, as many as there are whole ones.
    minute = fit * 60 / limit.seconds
    addresses = [f"{math.ceil(count / minute):,}" for count in CROWDS]
    spend = f"{limit.weight:,} in {limit.seconds:g} s"
    return [spend, str(costs[limit]), f"{minute:,.0f}", *map(_lasting, waits), *addresses]


def _costs(venue: mb.Venue, accounts: Iterable[mb.Account]) -> Iterator[tuple[mb.Limit, int]]:
    """
    Yield what one account costs of each limit of an address, as it is counted while one is asked.
    """
    for account in (_plain(account) for account in accounts if account.venue == venue.id):
        # Its time stands still, so that nothing is forgotten.
        machine = Machine(monotonic=lambda: 0.0)
        # Some need the option that was taken away.
        if mb.collect([account], machine=machine).complete:
            for told in machine.hosts.told(machine):
                yield from ((venue.limits[n], sum(weight for _, weight in weights)) for n, _, weights in told.spent)
            return
    msg = f"No account of {venue.id} could be asked."
    raise ValueError(msg)


def _plain(account: mb.Account) -> mb.Account:
    return evolve(account, options={name: value for name, value in account.options.items() if name != "detail"})


def _lasting(seconds: float) -> str:
    if not seconds:
        return "at once"
    minutes = seconds / 60
    return f"{seconds:g} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def faults() -> str:
    """
    Return what becomes of an account, fault by fault.
    """
    rows = [[f"`{name}`", FAULTS[name].about, cell.each, cell.once, _but(cell)] for name, cell in MATRIX.items()]
    return _table(["fault", "what goes wrong", "in each request", "in one", "but"], rows)


def process_faults() -> str:
    """
    Return what becomes of an account, or of the command, when the process itself has a fault.
    """
    return _table(["fault", "what becomes of it"], [[fault, state] for fault, state in PROCESS.items()])


def _but(cell: Cell) -> str:
    return "; ".join(f"{venue}: {' / '.join(dict.fromkeys(states))}" for venue, states in cell.but.items())


def _default(option: mb.Option) -> str:
    return "required" if option.required else f"`{str(option.default).lower()}`" if option.default != "" else "empty"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
