"""
Options that several commands have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

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

max_workers: Final = click.option(
    "--max-workers",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="Accounts of a venue to ask at the same time.",
)
