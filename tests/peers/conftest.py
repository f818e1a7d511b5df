"""
What clients that nobody here wrote are measured by: the sandbox, and what marginbook reads from it.

They are run in an environment of their own: ``nox -s peers``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest
import time_machine
from attrs import frozen

from marginbook import Account, collect
from marginbook.registry import installed
from marginbook.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Our words and Binance's.
WORDS: Final = {
    "wallet_balance": "balance",
    "available_balance": "availableBalance",
    "max_withdraw": "maxWithdrawAmount",
    "cross_wallet_balance": "crossWalletBalance",
    "cross_unrealized_pnl": "crossUnPnl",
}

Rows = dict[str, dict[str, str]]


def pytest_configure(config: pytest.Config) -> None:
    """
    Let python-binance import what websockets is about to retire. It would be an error, as all warnings are here.
    """
    config.addinivalue_line("filterwarnings", r"ignore:websockets\.:DeprecationWarning")


@frozen
class Played:
    """
    An account of the sandbox: its secrets, what marginbook reads of it, in Binance's words, and what it asks for.
    """

    url: str
    key: str
    secret: str
    rows: Rows
    account: Account


@pytest.fixture
def clock() -> Iterator[None]:
    """
    Let it be twelve seconds before a minute begins, for both sides, until the test is over.
    """
    with time_machine.travel(datetime(2026, 1, 15, 12, 30, 48, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def played() -> Iterator[Callable[[str], Played]]:
    """
    Give what the sandbox plays under that name.
    """
    with Sandbox(installed().stages()) as sandbox:

        def find(name: str) -> Played:
            (account,) = [account for account in sandbox.accounts() if account.name == name]
            report = collect([account])
            report.raise_for_failures()
            words = WORDS | ({"max_withdraw": "withdrawAvailable"} if name == "binance-coins" else {})
            rows = {
                row.asset: {theirs: format(getattr(row, ours), "f") for ours, theirs in words.items()}
                for row in report.balances
            }
            secrets = account.credentials
            return Played(sandbox.url, secrets["api_key"].reveal(), secrets["api_secret"].reveal(), rows, account)

        yield find
