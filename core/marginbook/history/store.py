"""
A history in a database.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy import create_engine, event, func, inspect, literal, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from marginbook.errors import ConfigurationError, HistoryError, MarginbookError
from marginbook.history import rows, verifying
from marginbook.history.reading import DAMAGES, read_snapshot
from marginbook.history.snapshot import Entry, Point, Snapshot
from marginbook.history.tables import ACCOUNTS, BALANCES, FORMAT, MARK, METADATA, SNAPSHOTS
from marginbook.registry import installed
from marginbook.values.times import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import URL, Connection, Engine, RowMapping, Select

    from marginbook.history.snapshot import Problem
    from marginbook.report import BalanceReport
    from marginbook.values import Recording

#: Seconds to wait for another writer.
PATIENCE: Final = 30

#: Seconds to wait for a server.
_CONNECT: Final = 10

#: Stands for the right to write among the advisory locks of a database: "marginbook", in a way.
_LOCK: Final = 0x6D617267696E

_LATEST: Final = re.compile(r"latest(?:~([0-9]{1,9}))?")

_VERIFY: Final = "See what else was changed with 'marginbook history --verify'."


class Store:
    """
    Saved reports: append-only, one transaction each, chained by hash. See `marginbook.history.open_store`.

    Each call has a connection of its own, so that a store may be kept open for long and used by several threads.
    """

    def __init__(self, url: URL, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._path = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        #: What a person calls the place. A URL may hold a password.
        self.name = str(self._path) if self._path else f"the database {url.database} at {url.host or 'this machine'}"
        self._engine = _engine(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def __repr__(self) -> str:
        return f"<history in {self.name}>"

    def save(self, report: BalanceReport, recordings: Iterable[Recording] = ()) -> Snapshot:
        """
        Append a report, with what it was read from, in one transaction.

        Args:
            report: What is saved, complete or not.

            recordings: What ``collect(..., record=...)`` handed out.

        Raises:
            ConfigurationError: The database cannot be reached or is none of ours, or recordings are of other accounts.

            HistoryError: It cannot be written, or somebody else has been writing for too long.

        """
        kept = _checked(report, recordings)
        said = report.to_json()
        with self._writing() as connection:
            newest = select(SNAPSHOTS.c.id, SNAPSHOTS.c.hash).order_by(SNAPSHOTS.c.id.desc()).limit(1)
            last = connection.execute(newest).one_or_none()
            snapshot = Snapshot(
                id=last.id + 1 if last else 1,
                text=said,
                recordings=kept,
                marginbook_version=importlib.metadata.version("marginbook"),
                specifications=_specifications(report),
                previous_hash=last.hash if last else "",
                saved_at=self._now(),
            )
            _insert(connection, snapshot)
        return snapshot

    def load(self, id: int | str = "latest") -> Snapshot:  # noqa: A002  # a snapshot has an id
        """
        Return a snapshot, as it was saved.

        Args:
            id: Its number, ``"latest"``, or ``"latest~1"`` for the one before that, and so on.

        Raises:
            ConfigurationError: There is none, or the database cannot be reached or is none of ours.

            HistoryError: It was changed after it was saved.

        """
        with self._reading() as connection:
            row = self._find(connection, id)
            try:
                snapshot = read_snapshot(connection, row)
            except DAMAGES as error:
                msg = f"Snapshot {row['id']} is not what was saved: {error}"
                raise HistoryError(msg, hint=_VERIFY) from None
        if snapshot.hash != row["hash"]:
            msg = f"Snapshot {snapshot.id} is not what was saved: it does not have the hash that it had then."
            raise HistoryError(msg, hint=_VERIFY)
        return snapshot

    def snapshots(
        self, *, limit: int | None = None, since: datetime | str | None = None, until: datetime | str | None = None
    ) -> tuple[Entry, ...]:
        """
        List the snapshots, newest first.

        Args:
            limit: How many at most.

            since: None that were begun before this time.

            until: None that were begun at this time or after it.

        Raises:
            ConfigurationError: The database cannot be reached or is none of ours.

            HistoryError: A row was changed to what cannot be one.

        """
        names = [column.name for column in SNAPSHOTS.c if column.name not in {"report", "specifications"}]
        query = _within(select(*(SNAPSHOTS.c[name] for name in names)), since, until)
        with self._reading() as connection:
            found = connection.execute(query.order_by(SNAPSHOTS.c.id.desc()).limit(limit)).mappings()
            return tuple(map(_entry, found))

    def series(
        self, account: str, asset: str, *, since: datetime | str | None = None, until: datetime | str | None = None
    ) -> tuple[Point, ...]:
        """
        Follow one asset of one account over all snapshots that asked for the account, oldest first.

        It reads rows and checks no hash: `verify` does.

        Raises:
            ConfigurationError: The database cannot be reached or is none of ours.

            HistoryError: A row was changed to what cannot be one.

        """
        query = _within(series_query(account, asset), since, until)
        with self._reading() as connection:
            return tuple(map(_point, connection.execute(query).mappings()))

    def verify(self, head: str | None = None) -> tuple[Problem, ...]:
        """
        Compute all hashes anew, compare all rows with the reports, and return what is not as it was saved.

        Args:
            head: A hash that was noted when a snapshot was saved, or its first 12 characters or more. Without one, it
                cannot be seen whether the newest snapshots were taken away.

        Raises:
            ConfigurationError: The database cannot be reached or is none of ours, or *head* is no hash.

        """
        with self._reading() as connection:
            return tuple(verifying.problems(connection, head))

    def _find(self, connection: Connection, id: int | str) -> RowMapping:  # noqa: A002  # likewise
        query = select(SNAPSHOTS)
        if latest := _LATEST.fullmatch(str(id)):
            query = query.order_by(SNAPSHOTS.c.id.desc()).offset(int(latest[1] or 0)).limit(1)
        elif re.fullmatch(r"[0-9]{1,9}", str(id)):
            query = query.where(SNAPSHOTS.c.id == int(id))
        else:
            msg = f"{str(id)!r:.24} names no snapshot."
            raise ConfigurationError(msg, hint="Write its number, latest, or latest~1 for the one before that.")
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            last = connection.execute(select(func.max(SNAPSHOTS.c.id))).scalar()
            msg = f"There is no snapshot {id} in {self.name}."
            raise ConfigurationError(msg, hint=f"The newest is {last}." if last else "It is empty.")
        return row

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        """
        Connect to a history that is there, and see it as it is now until the end.
        """
        nothing = f"There is no history yet in {self.name}."
        hint = "Begin one with 'marginbook report --save'."
        if self._path and not self._path.exists():
            raise ConfigurationError(nothing, hint=hint)
        with self._telling(), self._connected(isolation_level="REPEATABLE READ") as connection:
            if not self._is_ours(connection):
                raise ConfigurationError(nothing, hint=hint)
            yield connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        """
        Connect as the only writer, to a history that is made if there is none yet.
        """
        if self._path:
            self._make_file(self._path)
        with self._telling(), self._connected(isolation_level="READ COMMITTED", alone=True) as connection:
            if not self._is_ours(connection):
                METADATA.create_all(connection, checkfirst=False)
                connection.execute(MARK.insert().values(format=FORMAT))
            yield connection

    @contextlib.contextmanager
    def _connected(self, *, isolation_level: str, alone: bool = False) -> Iterator[Connection]:
        # SQLite has one level, at which nothing changes during a transaction.
        options: dict[str, Any] = {"alone": alone} if self._path else {"isolation_level": isolation_level}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            if alone and not self._path:
                # Until the transaction is over: two writers would both follow the same snapshot.
                connection.execute(text(f"SET LOCAL lock_timeout = {PATIENCE * 1000:.0f}"))
                connection.execute(select(func.pg_advisory_xact_lock(literal(_LOCK))))
            yield connection

    def _make_file(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                # For its owner alone, before there is anything in it.
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            if not path.stat().st_size:
                _write_ahead(path)
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            msg = f"The history {self.name} cannot be made: {reason}."
            raise ConfigurationError(msg, hint="Name another file with --history.") from None

    def _is_ours(self, connection: Connection) -> bool:
        """
        Say whether the tables are there; refuse to touch those of others, and those of a newer marginbook.
        """
        present = set(inspect(connection).get_table_names())
        if MARK.name not in present:
            if present:
                msg = f"There is something else in {self.name}."
                raise ConfigurationError(msg, hint="Name an empty database, or a new file.")
            return False
        if (found := connection.execute(select(func.max(MARK.c.format))).scalar()) != FORMAT:
            msg = f"The history in {self.name} has the format {found}, and this marginbook knows {FORMAT}."
            raise ConfigurationError(msg, hint="Update marginbook: a newer version wrote it.")
        return True

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """
        Say in our words what a database cannot do. Its own may repeat a URL.
        """
        try:
            yield
        except SQLAlchemyError as error:
            trouble = _trouble(self.name, error)
        else:
            return
        raise trouble


def series_query(account: str, asset: str) -> Select[Any]:
    """
    Return what finds one asset of one account in each snapshot that asked for the account.
    """
    same = (
        (BALANCES.c.snapshot_id == ACCOUNTS.c.snapshot_id)
        & (BALANCES.c.account == ACCOUNTS.c.account)
        & (BALANCES.c.asset == asset)
    )
    return (
        select(ACCOUNTS.c.state, SNAPSHOTS.c.started_at, SNAPSHOTS.c.id.label("snapshot"), BALANCES)
        .select_from(ACCOUNTS)
        .join(SNAPSHOTS, SNAPSHOTS.c.id == ACCOUNTS.c.snapshot_id)
        .outerjoin(BALANCES, same)
        .where(ACCOUNTS.c.account == account)
        .order_by(ACCOUNTS.c.snapshot_id)
    )


def _engine(url: URL) -> Engine:
    sqlite = url.get_backend_name() == "sqlite"
    arguments: dict[str, Any] = {"timeout": PATIENCE} if sqlite else {"connect_timeout": _CONNECT}
    # A connection for each call: none is left open, and none is shared with a forked process.
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _write_ahead(path: Path) -> None:
    """
    Let an empty file keep what is written beside what is there: readers and the writer do not wait for each other.
    """
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # Of several that begin a history together, one succeeds.
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # Or Python's sqlite3 would begin transactions of its own, later than we mean to.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    # A writer has to be alone before it looks for the newest snapshot.
    alone = connection.get_execution_options().get("alone")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if alone else "BEGIN")


def _prepare_postgresql(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        # Times come back in the session's zone, where the year 1 may have been the year 0.
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _checked(report: BalanceReport, recordings: Iterable[Recording]) -> tuple[Recording, ...]:
    kept = tuple(recordings)
    readable = {name: venue for name, venue in report.accounts.items() if name not in report.missing}
    strangers = [r.account for r in kept if readable.get(r.account) != r.venue]
    if strangers or len({r.account for r in kept}) != len(kept):
        msg = f"There are recordings of accounts that the report does not have: {', '.join(strangers) or 'one twice'}."
        raise ConfigurationError(msg, hint="Save a report with its own recordings.")
    return kept


def _specifications(report: BalanceReport) -> dict[str, str]:
    found: dict[str, str] = {}
    for venue in set(report.accounts.values()):
        # A venue without a plugin is a failure of the report, and not of its being saved.
        with contextlib.suppress(MarginbookError):
            found[venue] = installed().venue(venue).specification
    return {venue: version for venue, version in found.items() if version}


def _insert(connection: Connection, snapshot: Snapshot) -> None:
    connection.execute(SNAPSHOTS.insert(), rows.snapshot_row(snapshot))
    for table, found in {**rows.report_rows(snapshot.report), **rows.recording_rows(snapshot.recordings)}.items():
        if found:
            connection.execute(table.insert(), [{"snapshot_id": snapshot.id, **row} for row in found])


def _within(query: Select[Any], since: datetime | str | None, until: datetime | str | None) -> Select[Any]:
    if since is not None:
        query = query.where(SNAPSHOTS.c.started_at >= _time(since))
    if until is not None:
        query = query.where(SNAPSHOTS.c.started_at < _time(until))
    return query


def _time(written: datetime | str) -> datetime:
    try:
        return moment(written)
    except ValueError as error:
        msg = f"{str(written)!r:.40} is no time: {error}"
        raise ConfigurationError(msg, hint="Write it as 2026-01-31T00:00:00Z.") from None


def _entry(row: RowMapping) -> Entry:
    try:
        return Entry(**row)
    except DAMAGES as error:
        msg = f"Snapshot {row['id']} is not what was saved: {error}"
        raise HistoryError(msg, hint=_VERIFY) from None


def _point(row: RowMapping) -> Point:
    try:
        balance = None if row["asset"] is None else rows.read_balance(dict(row))
        return Point(snapshot=row["snapshot"], at=row["started_at"], state=row["state"], balance=balance)
    except DAMAGES as error:
        msg = f"A balance of snapshot {row['snapshot']} is not what was saved: {error}"
        raise HistoryError(msg, hint=_VERIFY) from None


_BUSY: Final = (HistoryError, f"has been written by somebody else for {PATIENCE} seconds", "Try again.")

#: What drivers say of what a person can do something about, and what we say.
_TROUBLES: Final[tuple[tuple[str, tuple[type[MarginbookError], str, str]], ...]] = (
    ("password authentication failed", (ConfigurationError, "does not accept the user or the password", "Check both.")),
    ("no password supplied", (ConfigurationError, "asks for a password", "Write it in PGPASSWORD or ~/.pgpass.")),
    ("(database|role) .* does not exist", (ConfigurationError, "is not there, or not for this user", "Create it.")),
    ("connection|resolve host", (ConfigurationError, "cannot be reached", "Check its host and port.")),
    ("permission denied", (ConfigurationError, "may not be used by this user", "Ask its owner for the right.")),
    ("unable to open", (ConfigurationError, "cannot be opened", "Check the path and its permissions.")),
    ("readonly", (ConfigurationError, "may not be written", "Check the permissions of the file and its folder.")),
    ("not a database", (ConfigurationError, "is no database", "Name another file with --history.")),
    ("locked|lock timeout", _BUSY),
    ("full|No space", (HistoryError, "cannot be written, since the disk is full", "Make room, and try again.")),
    ("malformed", (HistoryError, "is damaged", "Restore it from a backup.")),
    # Tables that are not there, and whatever else nobody does by accident.
    ("", (HistoryError, "is not as marginbook made it, or fails", "Look at the database with its own tools.")),
)


def _trouble(name: str, error: SQLAlchemyError) -> MarginbookError:
    said = str(getattr(error, "orig", error))
    kind, what, hint = next(trouble for pattern, trouble in _TROUBLES if re.search(pattern, said))
    return kind(f"The history in {name} {what}.", hint=hint)
