"""
Histories in both databases, and a report with all that a report can have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from histories import Place, make_full_report, make_report, row
from marginbook import BalanceReport, open_store
from servers import Server, postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from marginbook.history.store import Store


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """
    One server for all tests.
    """
    with postgresql() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """
    A place for a history that is not there yet.
    """
    if request.param == "sqlite":
        return Place("sqlite", str(tmp_path / "history.sqlite"))
    return Place("postgresql", request.getfixturevalue("server").database())


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """
    The history there.
    """
    with open_store(place.name) as opened:
        yield opened


@pytest.fixture
def report() -> BalanceReport:
    """
    A report of one asset.
    """
    return make_report(row(wallet_balance="1.50"))


@pytest.fixture
def full() -> BalanceReport:
    """
    A report that fills every table.
    """
    return make_full_report()
