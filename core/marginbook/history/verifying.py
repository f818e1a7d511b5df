"""
Whether a history is what was saved.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from marginbook.errors import ConfigurationError, HistoryError
from marginbook.history import rows
from marginbook.history.reading import DAMAGES, read_snapshot, stored
from marginbook.history.snapshot import Problem
from marginbook.history.tables import BODIES, DERIVED, RECORDINGS, SNAPSHOTS
from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, RowMapping, Table

#: A hash, or enough of it to be no accident.
_HASH: Final = re.compile(r"[0-9a-f]{12,64}")

#: What tells a person which row is meant.
_NAMES: Final = ("account", "symbol", "asset")


def problems(connection: Connection, head: str | None = None) -> Iterator[Problem]:
    """
    Yield what is not as it was saved, in the order of the snapshots.

    Raises:
        ConfigurationError: *head* is no hash.

    """
    if head is not None and not _HASH.fullmatch(head):
        msg = f"{head!r:.70} is no hash of a snapshot."
        raise ConfigurationError(msg, hint="Write at least the first 12 of the 64 characters that were noted.")
    hashes = []
    previous, last = "", 0
    for id_ in connection.execute(select(SNAPSHOTS.c.id).order_by(SNAPSHOTS.c.id)).scalars().all():
        row = connection.execute(select(SNAPSHOTS).where(SNAPSHOTS.c.id == id_)).mappings().one()
        yield from _links(row, previous, last)
        yield from _contents(connection, row)
        previous, last = row["hash"], id_
        hashes.append(previous)
    yield from _orphans(connection)
    if head is not None and not any(found.startswith(head) for found in hashes):
        yield Problem(None, f"No snapshot has the hash {head}: what was saved with it is no longer there.")


def _links(row: RowMapping, previous: str, last: int) -> Iterator[Problem]:
    # Numbers are given under a lock and come back when a transaction is undone, so a gap is a loss.
    if row["id"] == last + 2:
        yield Problem(last + 1, "It is not there.")
    elif row["id"] > last + 1:
        yield Problem(last + 1, f"It is not there, nor are those up to {row['id'] - 1}.")
    if row["previous_hash"] != previous:
        yield Problem(row["id"], "It does not follow the snapshot before it: their hashes differ.")


def _contents(connection: Connection, row: RowMapping) -> Iterator[Problem]:
    try:
        snapshot = read_snapshot(connection, row)
    except (HistoryError, *DAMAGES) as error:
        yield Problem(row["id"], f"It cannot be read: {error}")
        return
    if snapshot.hash != row["hash"]:
        yield Problem(row["id"], "It does not have the hash that it had when it was saved: it was changed.")
    yield from _differences(snapshot.id, SNAPSHOTS, rows.report_columns(snapshot.report), dict(row))
    for table, expected in rows.report_rows(snapshot.report).items():
        yield from _compare(snapshot.id, table, expected, stored(connection, table, snapshot.id))


def _compare(
    id_: int, table: Table, expected: Sequence[Mapping[str, Any]], found: list[Mapping[str, Any]]
) -> Iterator[Problem]:
    by_number = {row["number"]: row for row in found}
    for row in expected:
        present = by_number.pop(row["number"], None)
        if present is None:
            yield Problem(id_, f"A row of {table.name} is not there: {_named(row)}.")
        else:
            yield from _differences(id_, table, row, present)
    for row in by_number.values():
        yield Problem(id_, f"A row of {table.name} was added: {_named(row)}.")


def _differences(id_: int, table: Table, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Problem]:
    for name, value in expected.items():
        if _comparable(value) != _comparable(found[name]):
            where = f"{table.name}, {_named(expected)}, {name}" if table is not SNAPSHOTS else name
            msg = f"{where} is {_shown(found[name])}, and the report says {_shown(value)}."
            yield Problem(id_, msg)


def _orphans(connection: Connection) -> Iterator[Problem]:
    known = select(SNAPSHOTS.c.id)
    for table in (*DERIVED, RECORDINGS, BODIES):
        query = select(table.c.snapshot_id).where(table.c.snapshot_id.not_in(known)).distinct()
        for id_ in connection.execute(query).scalars():
            yield Problem(id_, f"It is not there, but has rows of {table.name}.")


def _comparable(value: object) -> object:
    match value:
        case Decimal():
            # PostgreSQL has no negative zero.
            return plain(value or abs(value))
        case datetime():
            return value.isoformat()
    return value


def _shown(value: object) -> str:
    return "not known" if value is None else f"{_comparable(value)!s:.80}"


def _named(row: Mapping[str, Any]) -> str:
    return " ".join(str(row[name]) for name in _NAMES if row.get(name)) or f"number {row['number']}"
