"""
Places for histories, and reports to save there.
"""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from attrs import frozen

from marginbook import Balance, BalanceReport, Failure, Lock, Note, Recording, Summary, exact

WHEN: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)

#: Amounts that a float, a normalization or a fixed scale would change.
WIDE: Final = "9007199254740993.000000000000000010"
TINY: Final = f"-0.{'0' * 138}10"
HUGE: Final = "1" * 140


@frozen
class Place:
    """
    Where a history is, and a way in that is not ours.
    """

    kind: str
    name: str

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """
        Do something with the database's own client, and return the rows of the last statement.
        """
        found: list[tuple[Any, ...]] = []
        if self.kind == "sqlite":
            with contextlib.closing(sqlite3.connect(self.name)) as connection, connection:
                for statement in statements:
                    found = connection.execute(statement).fetchall()
        else:
            with psycopg.connect(self.name) as server:
                for statement in statements:
                    cursor = server.execute(statement.encode())
                    found = cursor.fetchall() if cursor.description else []
        return found

    def change(self, *statements: str) -> None:
        """
        Do what triggers and foreign keys would refuse, as whoever owns the database can.
        """
        if self.kind == "sqlite":
            triggers = self.run("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            self.run(*(f"DROP TRIGGER {name}" for (name,) in triggers), *statements)
        else:
            self.run("SET session_replication_role = replica", *statements)


def row(account: str = "desk", asset: str = "USDT", **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def make_report(*balances: Balance, day: int = 0, **fields: Any) -> BalanceReport:
    """
    A report of one account, begun so many days after the first.
    """
    usual: dict[str, Any] = {
        "accounts": {"desk": "acme"},
        "balances": balances,
        "started_at": WHEN + timedelta(days=day),
        "finished_at": WHEN + timedelta(days=day, seconds=1),
    }
    return BalanceReport(**usual | fields)


def make_full_report() -> BalanceReport:
    """
    A report that fills every table.
    """
    balances = [
        row(wallet_balance=WIDE, order_margin="-0.00", available_balance="0E-8", notes=["Näh", "bei"]),
        row(asset="BTC", wallet_balance=TINY, max_withdraw=HUGE, updated_at=WHEN, derived={"max_withdraw": "all"}),
    ]
    lock = Lock(account="desk", venue="acme", symbol="BTCUSDT", asset="USDT", order_margin=exact("-1.50"))
    summary = Summary(
        account="desk", venue="acme", currency="USD", equity=exact("12.3400"), updated_at=WHEN, notes=["So"]
    )
    lost = Failure(account="lost", venue="kraken", kind="rate_limited", message="Too often.", until=WHEN)
    return make_report(
        accounts={"desk": "acme", "lost": "kraken"},
        balances=balances,
        locks=[lock],
        summaries=[summary],
        failures=[lost],
        notes=[Note(account="", message="All in all."), Note(account="desk", message="Fine.")],
    )


OPTIONS: Final[dict[str, str | int | bool]] = {"level": 2, "fast": True, "who": "Ñ"}

RECORDING: Final = Recording(
    account="desk",
    venue="acme",
    options=OPTIONS,
    documents={"/b?x=1 {}": b"\x00\xff" * 100, "/a": b""},
    remarks=("The clock is late.",),
)
