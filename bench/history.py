"""
How long questions take of a history with a million balances.

    python bench/history.py [URL|PATH]
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import marginbook as mb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: So many reports, of so many accounts, with so many assets each.
SNAPSHOTS: Final = 1000
ACCOUNTS: Final = 50
ASSETS: Final = 20

BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)


def make_report(number: int) -> mb.BalanceReport:
    """
    Return the report of an hour.
    """
    when = BEGINNING + timedelta(hours=number)
    balances = [
        mb.Balance(
            account=f"desk-{account}",
            venue="acme",
            asset=f"ASSET{asset}",
            wallet_balance=mb.exact(f"{number}.{account:04}{asset:04}"),
            unrealized_pnl=mb.exact("-1.50"),
            updated_at=when,
        )
        for account in range(ACCOUNTS)
        for asset in range(ASSETS)
    ]
    accounts = {f"desk-{account}": "acme" for account in range(ACCOUNTS)}
    return mb.BalanceReport(accounts=accounts, balances=balances, started_at=when, finished_at=when)


def timings(place: str) -> Iterator[tuple[str, float]]:
    """
    Save, then ask; say how many seconds each takes.
    """
    since = BEGINNING + timedelta(hours=SNAPSHOTS - 10)
    with mb.open_store(place) as store:
        questions: dict[str, Callable[[], object]] = {
            f"save {SNAPSHOTS * ACCOUNTS * ASSETS} balances": lambda: [
                store.save(make_report(number)) for number in range(SNAPSHOTS)
            ],
            "save one more": lambda: store.save(make_report(SNAPSHOTS)),
            "the newest ten": lambda: store.snapshots(limit=10),
            "load one": lambda: store.load(SNAPSHOTS // 2),
            "one asset over all snapshots": lambda: store.series("desk-7", "ASSET7"),
            "one asset over the last ten": lambda: store.series("desk-7", "ASSET7", since=since),
            "verify all": store.verify,
        }
        for question, ask in questions.items():
            begun = time.perf_counter()
            ask()
            yield question, time.perf_counter() - begun


def main(place: str) -> None:
    """
    Print it.
    """
    for question, seconds in timings(place):
        print(f"{question:40} {seconds:9.3f} s", flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(str(Path(folder) / "history.sqlite"))
