"""
How often a report may be made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from marginbook import Account
from marginbook.pacing import Pace, pace

if TYPE_CHECKING:
    from tests.core.conftest import Plugins

    from marginbook.registry import Registry

SOURCE: Final = """
from marginbook import Credential, Limit, Venue, hookimpl

def venue(id, *limits):
    hosts = {"a": "https://a.example", "b": "https://b.example"}
    return Venue(id=id, title=id, fetch=None, credentials=[Credential("key", "The key.")], hosts=hosts, limits=limits)

@hookimpl
def marginbook_venues():
    return [
        venue("free"),
        venue("address", Limit(100, weights={"GET /light": 1, "GET /dear": 5})),
        venue("key", Limit(20, seconds=30, per="key", weights={"GET /x": 1})),
        venue("twice", Limit(100, seconds=1), Limit(1000, seconds=60)),
        venue("both", Limit(700, seconds=1), Limit(10, seconds=1, per="key")),
    ]
"""


@pytest.fixture
def registry(plugins: Plugins) -> Registry:
    plugins.add("acme", "free", "address", "key", "both", "twice", source=SOURCE)
    return plugins.registry()


def accounts(venue: str, count: int, **options: Any) -> list[Account]:
    return [Account(f"{venue}-{n}", venue, {"key": f"{venue} {n}"}, options) for n in range(count)]


def test_no_limits(registry: Registry) -> None:
    """
    Where nothing is limited, reports are made as often as was asked for.
    """
    assert Pace(1.5) == pace(accounts("free", 1000), registry, 1.5)


def test_the_limit_of_an_address(registry: Registry) -> None:
    """
    All accounts together spend at most half of it, each what the dearest operation costs.
    """
    found = pace(accounts("address", 4), registry, 5)

    assert 24 == found.every
    assert (
        "A report is made every 24 seconds, not every 5: that would spend more than half of the rate limit of address,"
        " and the rest is left to whoever else asks from here." == found.note
    )


def test_a_longer_interval(registry: Registry) -> None:
    """
    Who wants reports less often is given them less often, and just as often where the limit allows it.
    """
    assert Pace(24) == pace(accounts("address", 4), registry, 24)
    assert Pace(24.5) == pace(accounts("address", 4), registry, 24.5)


def test_an_own_limit(registry: Registry) -> None:
    """
    The lowest ``weight_limit`` of an address's accounts is kept by all of them.
    """
    asked = [*accounts("address", 3), Account("d", "address", {"key": "d"}, {"weight_limit": 50})]

    assert 48 == pace(asked, registry, 1).every


def test_several_addresses(registry: Registry) -> None:
    """
    Each address has a limit of its own, and the slowest decides.
    """
    asked = [*accounts("address", 4), *(Account(f"b{n}", "address", {"key": "b"}, {"base_url": "b"}) for n in range(5))]

    assert 30 == pace(asked, registry, 1).every


def test_the_limit_of_a_key(registry: Registry) -> None:
    """
    It does not matter how many keys there are, only how many accounts have the same.
    """
    assert 3 == pace(accounts("key", 10), registry, 1).every
    assert 6 == pace([Account(name, "key", {"key": "same"}) for name in "ab"], registry, 1).every


def test_several_limits(registry: Registry) -> None:
    """
    All limits of a venue count, and an interval is rounded up to a tenth of a second.
    """
    assert 0.2 == pace(accounts("both", 1), registry, 0.1).every
    assert 0.6 == pace(accounts("both", 200), registry, 0.1).every
    assert 1.2 == pace(accounts("twice", 10), registry, 0.1).every


def test_several_venues(registry: Registry) -> None:
    """
    The note names the venue that decides.
    """
    found = pace([*accounts("key", 1), *accounts("address", 1), *accounts("free", 9)], registry, 1)

    assert (6, True) == (found.every, "limit of address" in found.note)


def test_accounts_that_are_not_asked(registry: Registry) -> None:
    """
    An account that cannot be asked costs nothing; that it cannot is the report's business.
    """
    lost = [
        Account("a", "kraken"),
        Account("b", "address"),
        Account("c", "address", {"key": "c"}, {"base_url": "ftp://x"}),
    ]

    assert Pace(1) == pace(lost, registry, 1)
