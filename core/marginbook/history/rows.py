"""
A snapshot as rows, and rows as what they were.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from attrs import fields

from marginbook.history import tables
from marginbook.history.snapshot import Snapshot, compact, digest
from marginbook.report import Failure
from marginbook.values import AMOUNTS, Balance, Lock, Recording, Summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Table

    from marginbook.report import BalanceReport

    Row = dict[str, Any]

#: Bytes of a body after decompression, beyond which it is none of ours: more than a session reads.
_LARGEST: Final = 64 * 1024 * 1024


def snapshot_row(snapshot: Snapshot) -> Row:
    """
    Return the row of the snapshot itself.
    """
    return {
        "id": snapshot.id,
        **report_columns(snapshot.report),
        "saved_at": snapshot.saved_at,
        "marginbook_version": snapshot.marginbook_version,
        "specifications": compact(snapshot.specifications),
        "report": snapshot.text,
        "previous_hash": snapshot.previous_hash,
        "hash": snapshot.hash,
    }


def report_columns(report: BalanceReport) -> Row:
    """
    Return the columns of a snapshot that follow from its report.
    """
    return {
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "complete": report.complete,
        "accounts": len(report.accounts),
        "missing": len(report.missing),
    }


def report_rows(report: BalanceReport) -> dict[Table, list[Row]]:
    """
    Return the rows of the tables that follow from a report, numbered from 0 in its order.
    """
    missing = set(report.missing)
    states = [
        {"account": name, "venue": venue, "state": "failed" if name in missing else "ok"}
        for name, venue in report.accounts.items()
    ]
    return {
        tables.ACCOUNTS: _numbered(states),
        tables.BALANCES: _numbered(map(_balance_row, report.balances)),
        tables.LOCKS: _numbered(_plain_row(lock, Lock) for lock in report.locks),
        tables.SUMMARIES: _numbered(_plain_row(summary, Summary) for summary in report.summaries),
        tables.FAILURES: _numbered(_plain_row(failure, Failure) for failure in report.failures),
    }


def recording_rows(recordings: Sequence[Recording]) -> dict[Table, list[Row]]:
    """
    Return the rows of what was kept of the venues' answers.
    """
    said = [
        {"account": r.account, "venue": r.venue, "options": compact(r.options), "remarks": compact(r.remarks)}
        for r in recordings
    ]
    bodies = [
        {"account": r.account, "request": request, "body": zlib.compress(body), "sha256": digest(body)}
        for r in recordings
        for request, body in r.documents.items()
    ]
    return {tables.RECORDINGS: _numbered(said), tables.BODIES: _numbered(bodies)}


def read_recordings(recordings: Iterable[Mapping[str, Any]], bodies: Iterable[Mapping[str, Any]]) -> list[Recording]:
    """
    Return what was kept of the venues' answers.

    Raises:
        ValueError: It is not what was saved.

    """
    documents: dict[str, dict[str, bytes]] = {}
    for row in bodies:
        documents.setdefault(row["account"], {})[row["request"]] = _decompressed(row)
    found = [
        Recording(
            account=row["account"],
            venue=row["venue"],
            options=json.loads(row["options"]),
            documents=documents.pop(row["account"], {}),
            remarks=tuple(json.loads(row["remarks"])),
        )
        for row in recordings
    ]
    if documents:
        msg = f"There are bodies of {', '.join(documents)}, which nothing else was kept of."
        raise ValueError(msg)
    return found


def read_balance(row: Mapping[str, Any]) -> Balance:
    """
    Return a balance from its row.

    Raises:
        ValueError: The row is not what was saved.

    """
    basis = json.loads(row["basis"])
    names = ("account", "venue", "asset", *AMOUNTS, "updated_at")
    return Balance(
        **{name: row[name] for name in names},
        derived={name: text.removeprefix("derived: ") for name, text in basis.items() if text != "reported"},
        notes=json.loads(row["notes"]),
    )


def _decompressed(row: Mapping[str, Any]) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(bytes(row["body"]), _LARGEST)
    except (TypeError, zlib.error):
        body = None
    if body is None or not unpacker.eof or digest(body) != row["sha256"]:
        msg = f"The body of {row['request']} of {row['account']} was changed."
        raise ValueError(msg)
    return body


def _numbered(rows: Iterable[Row]) -> list[Row]:
    return [{"number": number, **row} for number, row in enumerate(rows)]


def _plain_row(value: object, kind: type[Any]) -> Row:
    return {f.name: _cell(getattr(value, f.name)) for f in fields(kind)}


def _balance_row(balance: Balance) -> Row:
    names = (f.name for f in fields(Balance) if f.name != "_derived")
    return {**{name: _cell(getattr(balance, name)) for name in names}, "basis": compact(balance.basis)}


def _cell(value: Any) -> Any:
    return compact(value) if isinstance(value, tuple) else value
