"""
Finding what was changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from histories import RECORDING, Place, make_full_report, make_report, row
from marginbook import ConfigurationError, HistoryError, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from marginbook.history.store import Store


@pytest.fixture
def heads(store: Store) -> list[str]:
    """
    The hashes of three snapshots, the second of which has a row in every table.
    """
    return [
        store.save(make_report(row(wallet_balance="1.50"))).hash,
        store.save(make_full_report(), [RECORDING]).hash,
        store.save(make_report(row(wallet_balance="1.60"), day=1)).hash,
    ]


def told(store: Store, head: str | None = None) -> list[str]:
    return [str(problem) for problem in store.verify(head)]


@pytest.mark.usefixtures("heads")
def test_nothing_was_changed(store: Store) -> None:
    """
    What was saved is what is there, negative zeros and 140 digits included.
    """
    assert [] == told(store)


@pytest.mark.usefixtures("heads")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "UPDATE balances SET wallet_balance = '1.51' WHERE snapshot_id = 1",
            ["Snapshot 1: balances, desk USDT, wallet_balance is 1.51, and the report says 1.50."],
        ),
        (
            "UPDATE balances SET wallet_balance = '1.500' WHERE snapshot_id = 1",
            ["Snapshot 1: balances, desk USDT, wallet_balance is 1.500, and the report says 1.50."],
        ),
        (
            "UPDATE balances SET equity = '0' WHERE snapshot_id = 1",
            ["Snapshot 1: balances, desk USDT, equity is 0, and the report says not known."],
        ),
        (
            "UPDATE balances SET updated_at = NULL WHERE asset = 'BTC'",
            ["Snapshot 2: balances, desk BTC, updated_at is not known, and the report says 2026-11-20T12:00:00+00:00."],
        ),
        (
            "UPDATE balances SET notes = '[]' WHERE asset = 'USDT' AND snapshot_id = 2",
            [r"""Snapshot 2: balances, desk USDT, notes is [], and the report says ["N\u00e4h","bei"]."""],
        ),
        ("DELETE FROM locks", ["Snapshot 2: A row of locks is not there: desk BTCUSDT USDT."]),
        (
            "UPDATE locks SET order_margin = '1.50'",
            ["Snapshot 2: locks, desk BTCUSDT USDT, order_margin is 1.50, and the report says -1.50."],
        ),
        (
            "UPDATE summaries SET equity = '12.34'",
            ["Snapshot 2: summaries, desk, equity is 12.34, and the report says 12.3400."],
        ),
        (
            "UPDATE failures SET kind = 'clock'",
            ["Snapshot 2: failures, lost, kind is clock, and the report says rate_limited."],
        ),
        (
            "UPDATE accounts SET state = 'ok' WHERE account = 'lost'",
            ["Snapshot 2: accounts, lost, state is ok, and the report says failed."],
        ),
        (
            "INSERT INTO accounts VALUES (3, 1, 'new', 'acme', 'ok')",
            ["Snapshot 3: A row of accounts was added: new."],
        ),
        (
            "UPDATE snapshots SET missing = 0 WHERE id = 2",
            ["Snapshot 2: missing is 0, and the report says 1."],
        ),
        (
            "UPDATE snapshots SET hash = '1' WHERE id = 2",
            [
                "Snapshot 2: It does not have the hash that it had when it was saved: it was changed.",
                "Snapshot 3: It does not follow the snapshot before it: their hashes differ.",
            ],
        ),
        (
            "UPDATE snapshots SET previous_hash = '1' WHERE id = 2",
            [
                "Snapshot 2: It does not follow the snapshot before it: their hashes differ.",
                "Snapshot 2: It does not have the hash that it had when it was saved: it was changed.",
            ],
        ),
        (
            "UPDATE snapshots SET marginbook_version = '9' WHERE id = 1",
            ["Snapshot 1: It does not have the hash that it had when it was saved: it was changed."],
        ),
        (
            "UPDATE snapshots SET saved_at = '2026-01-01 00:00:00+00:00' WHERE id = 3",
            ["Snapshot 3: It does not have the hash that it had when it was saved: it was changed."],
        ),
        (
            "UPDATE snapshots SET report = replace(report, '1.60', '9.60') WHERE id = 3",
            [
                "Snapshot 3: It does not have the hash that it had when it was saved: it was changed.",
                "Snapshot 3: balances, desk USDT, wallet_balance is 1.60, and the report says 9.60.",
            ],
        ),
        (
            "UPDATE snapshots SET report = 'x' WHERE id = 3",
            ["Snapshot 3: It cannot be read: The report of snapshot 3 cannot be read: Expecting value: line 1 column"],
        ),
        (
            "UPDATE snapshots SET specifications = '7' WHERE id = 3",
            ["Snapshot 3: It cannot be read: 'int' object is not iterable"],
        ),
        (
            "UPDATE recordings SET remarks = '[]'",
            ["Snapshot 2: It does not have the hash that it had when it was saved: it was changed."],
        ),
        (
            "UPDATE recordings SET options = '{'",
            ["Snapshot 2: It cannot be read: Expecting property name"],
        ),
        (
            "UPDATE bodies SET request = '/c' WHERE number = 1",
            ["Snapshot 2: It does not have the hash that it had when it was saved: it was changed."],
        ),
        (
            "UPDATE bodies SET sha256 = '1' WHERE number = 1",
            ["Snapshot 2: It cannot be read: The body of /a of desk was changed."],
        ),
        (
            "UPDATE bodies SET body = CAST('abc' AS {bytes}) WHERE number = 0",
            ["Snapshot 2: It cannot be read: The body of /b?x=1 {{}} of desk was changed."],
        ),
        (
            "DELETE FROM bodies",
            ["Snapshot 2: It does not have the hash that it had when it was saved: it was changed."],
        ),
        (
            "DELETE FROM recordings",
            ["Snapshot 2: It cannot be read: There are bodies of desk, which nothing else was kept of."],
        ),
    ],
)
def test_changes(place: Place, store: Store, change: str, expected: list[str]) -> None:
    """
    Whatever was changed is found, and named; nothing else is.
    """
    kind = "BLOB" if place.kind == "sqlite" else "BYTEA"
    place.change(change.replace("{bytes}", kind))
    found = told(store)

    assert len(expected) == len(found), found
    for wanted, got in zip(expected, found, strict=True):
        assert got.startswith(wanted.replace("{{}}", "{}"))


def test_times_that_are_none(tmp_path: Path) -> None:
    """
    In SQLite a changed time can be any text.
    """
    place = Place("sqlite", str(tmp_path / "history.sqlite"))
    with open_store(place.name) as store:
        store.save(make_report(row(updated_at="2026-01-01T00:00:00Z")))
        place.change("UPDATE balances SET updated_at = 'soon'", "UPDATE snapshots SET started_at = 5")

        assert [
            "Snapshot 1: started_at is 5, and the report says 2026-11-20T12:00:00+00:00.",
            "Snapshot 1: balances, desk USDT, updated_at is soon, and the report says 2026-01-01T00:00:00+00:00.",
        ] == told(store)
        with pytest.raises(HistoryError, match="Snapshot 1 is not what was saved"):
            store.snapshots()


TABLES = ("accounts", "balances", "locks", "summaries", "failures", "recordings", "bodies")


def remove(place: Place, *ids: int) -> None:
    where = ", ".join(map(str, ids))
    place.change(*(f"DELETE FROM {table} WHERE snapshot_id IN ({where})" for table in TABLES),
                 f"DELETE FROM snapshots WHERE id IN ({where})")  # fmt: skip


@pytest.mark.usefixtures("heads")
def test_a_snapshot_in_the_middle_is_gone(place: Place, store: Store) -> None:
    """
    Numbers have no gaps of their own, so one shows what is gone; so do the hashes.
    """
    remove(place, 2)

    assert [
        "Snapshot 2: It is not there.",
        "Snapshot 3: It does not follow the snapshot before it: their hashes differ.",
    ] == told(store)


@pytest.mark.usefixtures("heads")
def test_the_first_snapshots_are_gone(place: Place, store: Store) -> None:
    """
    A history begins with the first.
    """
    remove(place, 1, 2)

    assert [
        "Snapshot 1: It is not there, nor are those up to 2.",
        "Snapshot 3: It does not follow the snapshot before it: their hashes differ.",
    ] == told(store)


def test_the_newest_snapshots_are_gone(place: Place, store: Store, heads: list[str]) -> None:
    """
    That can be seen by who has noted a hash, and by nobody else.
    """
    remove(place, 3)

    assert [] == told(store)
    assert [] == told(store, heads[1])
    assert [f"No snapshot has the hash {heads[2]}: what was saved with it is no longer there."] == told(store, heads[2])
    assert [] == told(store, heads[0][:12])


@pytest.mark.usefixtures("heads")
@pytest.mark.parametrize("head", ["", "abc", "x" * 64, "a" * 65])
def test_heads_that_are_none(store: Store, head: str) -> None:
    """
    A hash that proves nothing is refused.
    """
    with pytest.raises(ConfigurationError, match=r"is no hash of a snapshot. Write at least the first 12"):
        store.verify(head)


@pytest.mark.usefixtures("heads")
def test_rows_of_no_snapshot(place: Place, store: Store) -> None:
    """
    What is left of a snapshot that is gone is named.
    """
    place.change("DELETE FROM snapshots WHERE id = 3")

    assert [
        "Snapshot 3: It is not there, but has rows of accounts.",
        "Snapshot 3: It is not there, but has rows of balances.",
    ] == told(store)
