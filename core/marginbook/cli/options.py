"""
What several commands have.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from marginbook.venues import DETAIL

if TYPE_CHECKING:
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

timeout: Final = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds for all of it.",
)

form: Final = click.option(
    "--format", "form", metavar="NAME", default="table", show_default=True, help="Form of the output."
)

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


def silence(stream: TextIO) -> None:
    """
    Send what is left of *stream* nowhere. It would be tried again at the end of the process, and fail there.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
