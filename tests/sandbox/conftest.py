"""
A fresh sandbox for each test, and a clock that stands still on both sides of the connection.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest
import time_machine

from marginbook.registry import DISABLE, installed
from marginbook.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marginbook.registry import Registry

PLAYED: Final = ("binance", "coinswitch", "fexgate")

#: Twelve seconds before a minute begins.
NOW: Final = datetime(2026, 1, 15, 12, 30, 48, 250_000, UTC)


@pytest.fixture(scope="session")
def registry() -> Registry:
    """
    The venues that these tests were written against, which differ in all that the sandbox has to do. What is played of
    the others is shown beside their plugins, and by tests/conformance.
    """
    found = installed()
    others = [venue.id for venue in found.venues() if venue.id.partition("-")[0] not in PLAYED]
    return installed({DISABLE: ",".join(others)})


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """
    The time of everybody in this process, which is 2026-01-15 12:30:48.250 UTC until a test moves it.
    """
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sandbox(registry: Registry) -> Iterator[Sandbox]:
    """
    Those venues, with nothing spent yet.
    """
    with Sandbox(registry.stages()) as opened:
        yield opened
