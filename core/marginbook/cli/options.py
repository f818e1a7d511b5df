"""
What several commands have.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from marginbook.seam import DETAIL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

accounts_file: Final = click.option(
    "--accounts",
    "path",
    type=click.Path(path_type=Path),
    default=Path("accounts.toml"),
    envvar="MARGINBOOK_ACCOUNTS",
    show_default=True,
    show_envvar=True,
    help="The file with the accounts.",
)

only: Final = click.option("--only", metavar="NAME", multiple=True, help="Ask this account alone. May be repeated.")

timeout: Final = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds for all of it.",
)

form: Final = click.option(
    "--format",
    "form",
    metavar="NAME",
    help="Form of the output: 'marginbook report --list-formats' lists them."
    " [default: what the name of --output says, or table]",
)

target: Final = click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to this file, in one step, instead of printing. A new file can be read by you alone.",
)

by: Final = click.option(
    "--by",
    type=click.Choice(["account", "venue", "asset"]),
    default="account",
    show_default=True,
    help="What rows of the table belong together.",
)

zeros: Final = click.option("--zeros", is_flag=True, help="Show the rows of the table that hold nothing as well.")

detail: Final = click.option(
    "--detail",
    type=click.Choice(list(map(str, DETAIL.choices))),
    help="How much to ask of venues that offer a choice, where an account does not say.",
)

max_workers: Final = click.option(
    "--max-workers",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="Accounts of a venue to ask at the same time.",
)

history_place: Final = click.option(
    "--history",
    "place",
    metavar="URL|PATH",
    envvar="MARGINBOOK_HISTORY",
    show_envvar=True,
    help="Where reports are saved: an SQLite file, or postgresql://user@host/database."
    " Without, history.sqlite in the user's data folder.",
)

value_in: Final = click.option(
    "--value-in",
    "currency",
    metavar="CURRENCY",
    help="Say what everything is worth in this currency, such as USD. No stablecoin is taken for a dollar.",
)

prices_file: Final = click.option(
    "--prices",
    "table",
    type=click.Path(path_type=Path),
    help="A file with prices of your own. They come before all others.",
)

price_source: Final = click.option(
    "--price-source",
    "named",
    metavar="ID[=URL]",
    multiple=True,
    help="Ask this source for prices, before those of the venues in the report. May be repeated.",
)


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """
    Let SIGTERM end what runs inside as Ctrl-C does, with everything closed and every terminal as it was.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def silence(stream: TextIO) -> None:
    """
    Send what is left of *stream* nowhere. It would be tried again at the end of the process, and fail there.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
