"""
``marginbook diff``.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from marginbook.cli.options import history_place
from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from marginbook.reconciling import Difference
    from marginbook.report import BalanceReport

#: What a snapshot can be called.
_ID: Final = re.compile(r"[0-9]+|latest(~[0-9]+)?")

_HINT: Final = "Name a file of 'marginbook report --format json', or a snapshot in the history: 12, latest, latest~1."


@click.command()
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@click.option(
    "--threshold",
    "thresholds",
    metavar="ASSET=AMOUNT",
    multiple=True,
    help="Flag the rows of an asset that moved by more: USDT=100, or BTC=1% of the opening figure. 5% alone is for each"
    " other asset. May be repeated. Without a threshold, moves are told and not flagged.",
)
@click.option(
    "--account", "accounts", metavar="NAME", multiple=True, help="Look at this account alone. May be repeated."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the output.",
)
@history_place
def diff(
    before: str, after: str, thresholds: tuple[str, ...], accounts: tuple[str, ...], form: str, place: str | None
) -> None:
    """
    Say what changed from one report to another.

    BEFORE and AFTER are files that 'marginbook report --format json' wrote, or else snapshots in the history: a number,
    "latest", or "latest~1" for the one before it.

    For each account and asset: opening, change in wallet, change in unrealized PnL, and closing. Opening and closing
    are the equity, or the wallet balance where equity is not known in both. An account that one of the reports does
    not have, or could not read, is named and not compared. Flagged are moves above a threshold, new and vanished assets
    and accounts, figures that only one report knows, changed locks, and a changed mode or status of an account.

    \b
    Exit status:
        0  nothing is flagged
        1  something is, or one of the reports is incomplete
        2  the question was wrong
    """
    # Only who asks for a difference pays for the import.
    from marginbook.reconciling import diff as compare  # noqa: PLC0415

    limits = dict(map(_threshold, thresholds))
    found = compare(_report(before, place), _report(after, place), thresholds=limits, accounts=accounts)
    if form == "json":
        # What is for programs is UTF-8 everywhere.
        click.echo(found.to_json().encode(), nl=False)
    else:
        _show(found)
    sys.exit(0 if found.complete and not found.flags else 1)


def _show(found: Difference) -> None:
    from marginbook.cli import difference_table  # noqa: PLC0415  # only for people

    difference_table.show(found)


def _threshold(written: str) -> tuple[str, str]:
    # A name may have an equals sign in it, and an amount has none.
    asset, _, amount = written.rpartition("=")
    return asset or "*", amount


def _report(reference: str, place: str | None) -> BalanceReport:
    path = Path(reference)
    if path.exists() or not _ID.fullmatch(reference):
        return _read(path)
    from marginbook.history import open_store  # noqa: PLC0415  # see above

    with open_store(place) as store:
        return store.load(reference).report


def _read(path: Path) -> BalanceReport:
    from marginbook.report import BalanceReport  # noqa: PLC0415  # see above

    try:
        return BalanceReport.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except ConfigurationError as error:
        msg, hint = f"{path}: {error.message}", error.hint
    except OSError as error:
        msg, hint = f"{path} cannot be read: {error.strerror}.", _HINT
    except UnicodeDecodeError:
        msg, hint = f"{path} is not UTF-8 text.", _HINT
    except (RecursionError, ValueError) as error:
        msg, hint = f"{path} is not JSON: {error}.", _HINT
    raise ConfigurationError(msg, hint=hint)
