"""
What the tables hold of a snapshot.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from marginbook.history import rows
from marginbook.history.snapshot import Snapshot
from marginbook.history.tables import BODIES, RECORDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, RowMapping, Table

#: What reading raises of rows that we never wrote.
DAMAGES: Final = (AttributeError, KeyError, TypeError, ValueError)


def read_snapshot(connection: Connection, row: RowMapping) -> Snapshot:
    """
    Return what was saved, from the row of a snapshot and those of its bodies. No hash of it is compared.

    Raises:
        HistoryError: The report cannot be read.

        ValueError: Something else is not what was saved.

    """
    return Snapshot(
        id=row["id"],
        text=row["report"],
        recordings=rows.read_recordings(
            stored(connection, RECORDINGS, row["id"]), stored(connection, BODIES, row["id"])
        ),
        marginbook_version=row["marginbook_version"],
        specifications=json.loads(row["specifications"]),
        previous_hash=row["previous_hash"],
        saved_at=row["saved_at"],
    )


def stored(connection: Connection, table: Table, snapshot: int) -> list[Mapping[str, Any]]:
    """
    Return the rows of a table that belong to a snapshot, in order.
    """
    query = select(table).where(table.c.snapshot_id == snapshot).order_by(table.c.number)
    return [dict(row) for row in connection.execute(query).mappings()]
