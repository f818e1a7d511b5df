"""
Saving reports, and finding them again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from sqlalchemy import text

import marginbook as mb
from histories import HUGE, RECORDING, TINY, WHEN, WIDE, Place, make_report, row
from marginbook import BalanceReport, ConfigurationError, Failure, HistoryError, Recording, open_store
from marginbook.history import Point, rows
from marginbook.history import store as stores
from marginbook.history.store import series_query
from servers import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from marginbook.history.store import Store
    from servers import Server


def asks(store: Store, report: BalanceReport) -> list[Callable[[], object]]:
    """
    All that can be asked of a history, to write and to load first.
    """
    series = partial(store.series, "desk", "USDT")
    return [partial(store.save, report), store.load, store.snapshots, store.verify, series]


def test_what_was_saved_is_found_again(store: Store, full: BalanceReport) -> None:
    """
    The report byte for byte, its answers, and the versions that read them.
    """
    saved = store.save(full, [RECORDING])
    found = store.load()

    assert saved == found
    assert (full.to_json(), full, (RECORDING,)) == (found.text, found.report, found.recordings)
    assert (1, False, "") == (found.id, found.complete, found.previous_hash)
    assert saved.hash == found.hash
    assert () == store.verify(saved.hash)


def test_digits_for_other_clients(place: Place, store: Store, full: BalanceReport) -> None:
    """
    Whoever opens the database finds every digit that the venue sent, trailing zeros included.
    """
    store.save(full)

    exact = "wallet_balance::text" if place.kind == "postgresql" else "wallet_balance"
    found = place.run(f"SELECT {exact} FROM balances ORDER BY asset")
    kinds = {
        type(value) for value in place.run("SELECT wallet_balance, max_withdraw FROM balances WHERE asset = 'BTC'")[0]
    }

    assert [(TINY,), (WIDE,)] == found
    assert {Decimal if place.kind == "postgresql" else str} == kinds
    assert [(None,)] == place.run("SELECT equity FROM balances WHERE asset = 'USDT'")
    assert HUGE == str(place.run("SELECT max_withdraw FROM balances WHERE asset = 'BTC'")[0][0])


def test_names_of_snapshots(store: Store) -> None:
    """
    A number, the newest, or one so many before it.
    """
    first, second, third = (store.save(make_report(day=day)) for day in range(3))

    assert third == store.load() == store.load("latest") == store.load("latest~0") == store.load(3)
    assert second == store.load("latest~1") == store.load("2")
    assert first == store.load("latest~2") == store.load(1)
    assert ["", first.hash, second.hash] == [first.previous_hash, second.previous_hash, third.previous_hash]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (2, "There is no snapshot 2 in .*The newest is 1."),
        ("latest~1", "There is no snapshot latest~1 in .*The newest is 1."),
        ("newest", "'newest' names no snapshot. Write its number, latest, or latest~1"),
        ("-1", "'-1' names no snapshot."),
    ],
)
def test_snapshots_that_are_not_there(store: Store, report: BalanceReport, name: str, expected: str) -> None:
    """
    What is there is said.
    """
    store.save(report)

    with pytest.raises(ConfigurationError, match=expected):
        store.load(name)


def test_the_list(store: Store, full: BalanceReport) -> None:
    """
    Newest first, as many as wanted, from a time and before a time.
    """
    for day in range(3):
        store.save(make_report(day=day))
    last = store.save(evolve(full, started_at=WHEN + timedelta(days=3)))
    one, two = WHEN + timedelta(days=1), WHEN + timedelta(days=2)

    assert [4, 3, 2, 1] == [entry.id for entry in store.snapshots()]
    assert [4, 3] == [entry.id for entry in store.snapshots(limit=2)]
    assert [2] == [entry.id for entry in store.snapshots(since=one, until=two)]
    assert [4, 3] == [entry.id for entry in store.snapshots(since=two.isoformat())]
    (entry,) = store.snapshots(limit=1)
    assert (False, 2, 1, last.hash, last.previous_hash, last.saved_at, full.finished_at) == (
        entry.complete,
        entry.accounts,
        entry.missing,
        entry.hash,
        entry.previous_hash,
        entry.saved_at,
        entry.finished_at,
    )
    with pytest.raises(ConfigurationError, match=r"'yesterday' is no time: .*Write it as 2026-01-31T00:00:00Z"):
        store.snapshots(since="yesterday")


def test_one_asset_over_time(store: Store) -> None:
    """
    A row, an asset that was not listed, an account that failed, and a row again: each is told apart.
    """
    usdt = row(wallet_balance="1.50", equity="2.0", updated_at=WHEN, derived={"equity": "x"}, notes=["So."])
    failure = Failure(account="desk", venue="acme", kind="timeout", message="Late.")
    store.save(make_report(usdt, row(asset="BTC", wallet_balance="7")))
    store.save(make_report(row(asset="BTC", wallet_balance="7"), day=1))
    store.save(make_report(day=2, failures=[failure]))
    store.save(make_report(day=3, accounts={"other": "acme"}, balances=[row("other", wallet_balance="9")]))
    store.save(make_report(usdt, day=4))

    def point(day: int, state: Any, balance: Any) -> Point:
        return Point(snapshot=day + 1, at=WHEN + timedelta(days=day), state=state, balance=balance)

    expected = [point(0, "ok", usdt), point(1, "ok", None), point(2, "failed", None), point(4, "ok", usdt)]

    assert tuple(expected) == store.series("desk", "USDT")
    assert tuple(expected[1:3]) == store.series("desk", "USDT", since=expected[1].at, until=expected[3].at)
    assert () == store.series("nobody", "USDT")


@pytest.mark.parametrize("value", ["'abc'", "x'00'"])
def test_a_series_with_a_row_that_is_none(tmp_path: Path, report: BalanceReport, value: str) -> None:
    """
    In SQLite a changed row can hold anything. It becomes no amount.
    """
    place = Place("sqlite", str(tmp_path / "history.sqlite"))
    with open_store(place.name) as store:
        store.save(report)
        place.change(f"UPDATE balances SET wallet_balance = {value}, updated_at = {value}")

        with pytest.raises(HistoryError, match="A balance of snapshot 1 is not what was saved"):
            store.series("desk", "USDT")


@pytest.mark.parametrize("table", ["snapshots", "balances", "bodies", "marginbook_history"])
def test_nothing_is_changed(place: Place, store: Store, full: BalanceReport, table: str) -> None:
    """
    Databases refuse to change or to take away what was saved, whoever asks.
    """
    store.save(full, [RECORDING])
    column = {"snapshots": "id", "marginbook_history": "format"}.get(table, "number")
    truncate = [f"TRUNCATE {table} CASCADE"] if place.kind == "postgresql" else []

    for statement in (f"UPDATE {table} SET {column} = 7", f"DELETE FROM {table}", *truncate):
        with pytest.raises(Exception, match="a history is append-only"):
            place.run(statement)
    assert () == store.verify()


def test_many_writers(place: Place, report: BalanceReport) -> None:
    """
    Whoever saves at the same time waits, and the chain has no fork.
    """
    start = threading.Barrier(4)

    def save(_: int) -> None:
        start.wait()
        with open_store(place.name) as store:
            for _ in range(5):
                store.save(report, [RECORDING])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, range(4)))
    with open_store(place.name) as store:
        assert list(range(20, 0, -1)) == [entry.id for entry in store.snapshots()]
        assert () == store.verify()


def test_several_begin_a_history(tmp_path: Path, report: BalanceReport, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whoever finds an empty file that another is about to fill goes on when it is filled.
    """
    path = tmp_path / "history.sqlite"
    path.touch()
    with contextlib.closing(sqlite3.connect(path)) as other, open_store(path) as store:
        monkeypatch.setattr(stores, "PATIENCE", 0)
        other.execute("BEGIN EXCLUSIVE")
        stores._write_ahead(path)
        other.rollback()

        assert 1 == store.save(report).id
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        stores._write_ahead(tmp_path)


def test_a_save_that_fails_leaves_nothing(store: Store, report: BalanceReport, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One transaction a snapshot: not a row of it stays, and the next has its number.
    """
    store.save(report)
    with monkeypatch.context() as patch:
        patch.setattr(rows, "recording_rows", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.save(report)

    assert 2 == store.save(report).id
    assert () == store.verify()


@pytest.mark.parametrize(
    "recordings",
    [
        [evolve(RECORDING, account="other")],
        [evolve(RECORDING, venue="other")],
        [evolve(RECORDING, account="lost", venue="kraken")],
        [RECORDING, RECORDING],
    ],
)
def test_recordings_of_other_accounts(store: Store, full: BalanceReport, recordings: list[Recording]) -> None:
    """
    Answers that the report does not come from are not saved with it.
    """
    with pytest.raises(ConfigurationError, match="recordings of accounts that the report does not have"):
        store.save(full, recordings)


def test_specifications(store: Store) -> None:
    """
    A snapshot says which specifications its venues were read by, where there is a plugin and it says so.
    """
    accounts = {"a": "coinswitch", "b": "kraken"}
    failures = [Failure(account=n, venue=v, kind="timeout", message="Late.") for n, v in accounts.items()]
    store.save(make_report(accounts=accounts, failures=failures))
    (version,) = (venue.specification for venue in mb.venues() if venue.id == "coinswitch")

    assert {"coinswitch": version} == store.load().specifications
    assert " sha256:" in version


def test_a_private_file(tmp_path: Path, report: BalanceReport) -> None:
    """
    The file and its folder are made at the first save, for their owner alone, and readers do not wait for a writer.
    """
    path = tmp_path / "new" / "folder" / "history.sqlite"
    place = Place("sqlite", str(path))
    with open_store(path) as store:
        with pytest.raises(ConfigurationError, match=r"There is no history yet in .*history.sqlite. Begin one with"):
            store.load()
        assert not path.parent.exists()
        store.save(report)

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [("wal",)] == place.run("PRAGMA journal_mode")


def test_an_empty_database(place: Place, store: Store, report: BalanceReport) -> None:
    """
    A place where nothing was saved is none where nothing was held.
    """
    if place.kind == "sqlite":
        Path(place.name).touch()
    for ask in asks(store, report)[1:]:
        with pytest.raises(ConfigurationError, match="There is no history yet in "):
            ask()

    store.save(report)
    assert 1 == len(store.snapshots())


def test_a_history_without_snapshots(place: Place, store: Store, report: BalanceReport) -> None:
    """
    Where all was taken away, there is nothing to load.
    """
    store.save(report)
    place.change("DELETE FROM balances", "DELETE FROM accounts", "DELETE FROM snapshots")

    with pytest.raises(ConfigurationError, match=r"There is no snapshot latest in .*It is empty"):
        store.load()


def test_somebody_elses_database(place: Place, store: Store, report: BalanceReport) -> None:
    """
    Tables of others are left alone.
    """
    place.run("CREATE TABLE snapshots (id integer)")
    for ask in asks(store, report)[:2]:
        with pytest.raises(ConfigurationError, match=r"There is something else in .*Name an empty database"):
            ask()

    assert [] == place.run("SELECT * FROM snapshots")


def test_a_newer_format(place: Place, store: Store, report: BalanceReport) -> None:
    """
    What a newer marginbook wrote is neither read nor continued.
    """
    store.save(report)
    place.change("UPDATE marginbook_history SET format = 2")

    for ask in asks(store, report)[:2]:
        with pytest.raises(
            ConfigurationError, match=r"has the format 2, and this marginbook knows 1. Update marginbook"
        ):
            ask()


def test_a_table_that_is_not_there(place: Place, store: Store, report: BalanceReport) -> None:
    """
    A history that was taken apart is no place to save to.
    """
    store.save(report)
    place.change("DROP TABLE balances")

    with pytest.raises(HistoryError, match="is not as marginbook made it, or fails"):
        store.save(report)


def test_a_file_that_is_no_database(tmp_path: Path, report: BalanceReport) -> None:
    """
    A file of something else is named, and stays what it is.
    """
    path = tmp_path / "accounts.toml"
    path.write_text("[accounts.a]\n" * 100)
    with open_store(path) as store:
        for ask in asks(store, report)[:2]:
            with pytest.raises(ConfigurationError, match=r"accounts.toml is no database. Name another file"):
                ask()

    assert path.read_text().startswith("[accounts.a]")


def test_a_folder_that_cannot_be_made(tmp_path: Path, report: BalanceReport) -> None:
    """
    Why there is no file is said.
    """
    (tmp_path / "file").touch()
    with open_store(tmp_path / "file" / "history.sqlite") as store:
        with pytest.raises(ConfigurationError, match=r"cannot be made: (Not a directory|File exists)"):
            store.save(report)
        with pytest.raises(ConfigurationError, match="There is no history yet"):
            store.load()


def test_a_folder_in_the_place_of_a_file(tmp_path: Path, report: BalanceReport) -> None:
    """
    A folder is no history either.
    """
    with open_store(tmp_path) as store, pytest.raises(ConfigurationError, match=r"cannot be (made|opened)"):
        store.save(report)


def test_somebody_who_writes_for_ever(place: Place, report: BalanceReport, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A writer waits its turn for a while, and then says so.
    """
    monkeypatch.setattr(stores, "PATIENCE", 0.05)
    with open_store(place.name) as first, open_store(place.name) as second:
        first.save(report)
        with first._writing(), pytest.raises(HistoryError, match="has been written by somebody else for 30 seconds"):
            second.save(report)
        assert 2 == second.save(report).id


def test_sqlite_keeps_its_word(tmp_path: Path, report: BalanceReport) -> None:
    """
    What was saved outlives a loss of power, and no row is without its snapshot.
    """
    with open_store(tmp_path / "history.sqlite") as store:
        store.save(report)
        with store._reading() as connection:
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")
            }

    assert {"synchronous": 2, "foreign_keys": 1} == found


def test_readers_do_not_wait(store: Store, report: BalanceReport) -> None:
    """
    While one writes, others read what was there before.
    """
    store.save(report)
    with store._writing():
        assert 1 == store.load().id


def test_a_schema_of_its_own(server: Server, report: BalanceReport) -> None:
    """
    In a database that others use, a history may have a schema.
    """
    place = Place("postgresql", server.database())
    place.run("CREATE TABLE theirs (id integer)", "CREATE SCHEMA marginbook")
    with open_store(f"{place.name}?options=-csearch_path%3Dmarginbook") as store:
        store.save(report)
        assert 1 == len(store.snapshots())
        assert () == store.verify()
    assert [(1,)] == place.run("SELECT id FROM marginbook.snapshots")


def test_servers_that_cannot_be_asked(server: Server) -> None:
    """
    What is wrong is said, without the password.
    """
    url = server.database()
    wrong = {
        url.replace(PASSWORD, "canary-7c"): "does not accept the user or the password. Check both.",
        url.replace(f":{PASSWORD}", ""): "asks for a password. Write it in PGPASSWORD or ~/.pgpass.",
        url.replace(str(server.port), "1"): "cannot be reached. Check its host and port.",
        server.url("nothing"): "is not there, or not for this user. Create it.",
    }

    for place, expected in wrong.items():
        with open_store(place) as store, pytest.raises(ConfigurationError) as caught:
            store.load()

        assert expected in str(caught.value)
        assert "canary" not in f"{caught.value!r} {caught.value} {store!r} {store.name}"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("mysql://me:canary@host/books", "A history is in SQLite or PostgreSQL, and in no other database."),
        ("://", "The URL of the history cannot be read."),
        ("postgresql://me:can/ary@ary@host/books", "In a user or a password, write @ as %40."),
        ("postgresql://me:x@canary@host:5432/books", "In a user or a password, write @ as %40."),
        ("postgresql://host:canary/books", "The URL of the history cannot be read."),
        ("sqlite://", "names no file that would last"),
        ("sqlite:///:memory:", "names no file that would last"),
        ("sqlite:///file:canary?uri=true", "names no file that would last"),
        ("sqlite://canary/x", "names no file that would last"),
    ],
)
def test_places_that_are_none(place: str, expected: str) -> None:
    """
    What a history can be in is said, and no part of a URL is repeated.
    """
    with pytest.raises(ConfigurationError) as caught:
        open_store(place)

    assert expected in str(caught.value)
    assert "canary" not in str(caught.value)


def test_the_place_that_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The one that is named, then that of the environment, then a file in the user's data folder.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    default = open_store().name
    monkeypatch.setenv("MARGINBOOK_HISTORY", "sqlite:///books.sqlite")

    assert default.startswith(str(tmp_path))
    assert default.endswith(f"marginbook{os.sep}history.sqlite")
    assert str(tmp_path / "books.sqlite") == open_store().name
    assert str(tmp_path / "x.sqlite") == open_store("~/x.sqlite").name == open_store(Path("x.sqlite")).name
    assert "the database books at host" == open_store("postgres://me@host/books").name
    assert "<history in the database books at this machine>" == repr(open_store("postgresql:///books"))


@pytest.mark.parametrize(
    ("package", "place", "hint"),
    [
        ("sqlalchemy", None, "pip install 'marginbook[history]'"),
        ("platformdirs", None, "pip install 'marginbook[history]'"),
        ("psycopg", "postgresql://host/books", "pip install 'marginbook[postgresql]'"),
    ],
)
def test_a_missing_extra(monkeypatch: pytest.MonkeyPatch, package: str, place: str | None, hint: str) -> None:
    """
    What is missing is named, with the command that installs it.
    """
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ConfigurationError, match="needs the package") as caught:
        open_store(place)
    assert hint == caught.value.hint


def test_nobody_else_pays() -> None:
    """
    Neither the library nor the command imports a database before one is asked for.
    """
    source = "import sys, marginbook.cli; print(*{'sqlalchemy', 'psycopg', 'platformdirs'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)

    assert "\n" == done.stdout


def _explained(store: Store, place: Place, query: Any) -> str:
    with store._reading() as connection:
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        if place.kind == "postgresql":
            # A few rows are read faster without an index.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        verb = "EXPLAIN" if place.kind == "postgresql" else "EXPLAIN QUERY PLAN"
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"{verb} {compiled}"))


def test_a_series_reads_its_own_rows(place: Place, store: Store, full: BalanceReport) -> None:
    """
    However many rows there are, one asset of one account is found by an index, and so are its snapshots.
    """
    store.save(full)
    plan = _explained(store, place, series_query("desk", "USDT"))

    assert "ix_accounts_account" in plan
    assert "ix_balances_account_asset" in plan or "balances USING PRIMARY KEY" in plan
    assert "SCAN snapshots" not in plan
    assert "Seq Scan" not in plan


def test_postgresql_has_numeric_without_precision() -> None:
    """
    A precision would round, or refuse, what a venue may send one day.
    """
    from marginbook.history.tables import BALANCES

    with open_store("postgresql://host/books") as store:
        kind = BALANCES.c.wallet_balance.type.compile(store._engine.dialect)

    assert "NUMERIC" == kind


def test_what_cannot_be_read(store: Store, report: BalanceReport, place: Place) -> None:
    """
    A snapshot that is not what was saved is not handed out.
    """
    store.save(report)
    place.change("UPDATE snapshots SET marginbook_version = '9.9.9'")
    with pytest.raises(HistoryError, match="Snapshot 1 is not what was saved: it does not have the hash"):
        store.load()
    place.change("UPDATE snapshots SET specifications = '{'")
    with pytest.raises(HistoryError, match="Snapshot 1 is not what was saved: Expecting property name"):
        store.load()
    place.change("UPDATE snapshots SET report = '{}', specifications = '{}'")
    with pytest.raises(
        HistoryError, match=r"The report of snapshot 1 cannot be read: This is no marginbook.balance-report"
    ):
        store.load()
