"""
``marginbook history``, ``show`` and ``replay``.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import asdict

from marginbook.cli.options import by, form, history_place, target, zeros
from marginbook.cli.report import choose, write
from marginbook.errors import ConfigurationError
from marginbook.history import open_store
from marginbook.output import View
from marginbook.registry import installed

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import Literal

    from marginbook.history import Entry
    from marginbook.history.store import Store

#: Characters of a hash that are shown in a list.
_SHORT: Final = 12

snapshot_id: Final = click.argument("snapshot", metavar="ID")


@click.command()
@history_place
@click.option("--limit", type=click.IntRange(min=1), help="List no more than so many.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.option("--verify", is_flag=True, help="Compute all hashes anew, and compare all rows with the reports.")
@click.option("--head", metavar="HASH", help="With --verify: a hash noted earlier, which has to be there still.")
def history(place: str | None, limit: int | None, as_json: bool, verify: bool, head: str | None) -> None:
    """
    List the saved reports, newest first, or verify that they are what was saved.

    'marginbook report --save' prints the hash of what it saved. Whoever notes it somewhere else can see later, with
    --verify --head HASH, that nothing up to that report was changed or taken away: the history alone cannot tell
    whether its newest snapshots are missing.

    \b
    Exit status:
        0  the list was printed, or nothing was changed
        1  something was changed or is not there
        2  the question was wrong
    """
    if (head and not verify) or (verify and (limit or as_json)):
        msg = "--head belongs to --verify, and --limit and --json do not."
        raise ConfigurationError(msg, hint="Try 'marginbook history --help'.")
    with open_store(place) as store:
        if verify:
            _verify(store, head)
        else:
            _list(store.snapshots(limit=limit), as_json=as_json)


@click.command()
@snapshot_id
@form
@target
@by
@zeros
@history_place
def show(
    snapshot: str,
    form: str | None,
    target: Path | None,
    by: Literal["account", "venue", "asset"],
    zeros: bool,
    place: str | None,
) -> None:
    """
    Print a saved report, in any form that 'marginbook report' can write.

    ID is a number from 'marginbook history', or latest, or latest~1 for the one before that.

    \b
    Exit status:
        0  the report is complete
        1  something is missing from the report, or it was changed after it was saved
        2  the question was wrong
    """
    output = choose(installed(), form, target)
    with open_store(place) as store:
        found = store.load(snapshot)
    write(View(found.report, by=by, zeros=zeros), output, target)
    sys.exit(0 if found.complete else 1)


@click.command()
@snapshot_id
@history_place
def replay(snapshot: str, place: str | None) -> None:
    """
    Read the answers behind a saved report once more, and compare.

    No venue is asked. ID is a number from 'marginbook history', or latest, or latest~1 for the one before that.

    \b
    Exit status:
        0  this marginbook derives the same report, byte for byte
        1  it reads something differently, which the diff shows, or the answers were not kept
        2  the question was wrong
    """
    from marginbook.history.replaying import replay_snapshot  # noqa: PLC0415  # nobody else needs it

    with open_store(place) as store:
        found = store.load(snapshot)
    again = replay_snapshot(found)
    if again.same:
        click.echo(f"Snapshot {found.id}: the same, byte for byte.")
        return
    click.echo(again.diff.encode(), nl=False)
    click.echo(
        f"Snapshot {found.id} was saved by marginbook {found.marginbook_version}; it now reads as above.", err=True
    )
    sys.exit(1)


def _verify(store: Store, head: str | None) -> None:
    problems = store.verify(head)
    for problem in problems:
        click.echo(problem)
    if problems:
        click.echo(f"Problems in {store.name}: {len(problems)}", err=True)
        sys.exit(1)
    newest = store.snapshots(limit=1)
    if newest:
        click.echo(f"Snapshots 1 to {newest[0].id} are what was saved. The newest has the hash {newest[0].hash}")
    else:
        click.echo("There are no snapshots.")


def _list(entries: tuple[Entry, ...], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_document(entry) for entry in entries], indent=2))
        return
    width = max([2, *(len(str(entry.id)) for entry in entries)])
    click.echo(f"{'id':>{width}}  {'finished (UTC)':19}  {'state':10}  {'accounts':>11}  hash")
    for entry in entries:
        click.echo(f"{entry.id:>{width}}  {_line(entry)}")


def _line(entry: Entry) -> str:
    state = "complete" if entry.complete else "INCOMPLETE"
    accounts = f"{entry.accounts - entry.missing} of {entry.accounts}"
    return f"{_seconds(entry.finished_at)}  {state:10}  {accounts:>11}  {entry.hash[:_SHORT]}"


def _seconds(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}"


def _document(entry: Entry) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in asdict(entry).items()}
