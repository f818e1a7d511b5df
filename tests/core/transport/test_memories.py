"""
What processes that ask from one address tell each other.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from machines import Hands
from marginbook import Limit
from marginbook.progress import Wait
from marginbook.transport import Deadline, Memory
from marginbook.transport.hosts import Charge, Hosts
from marginbook.transport.ledger import Ledger

LIMIT: Final = Limit(100, weights={"GET /a": 10})
KEYED: Final = Limit(100, per="key")

#: Until when a host wants nothing.
UNTIL: Final = datetime(2027, 1, 15, 9, tzinfo=UTC)


@pytest.fixture
def hands() -> Hands:
    return Hands()


def spend(hosts: Hosts, hands: Hands, cost: int, key: str = "", venue: str = "acme") -> None:
    charge = Charge(KEYED if key else LIMIT, (int(bool(key)), key), cost)
    host = hosts.at(venue, "acme.example", "")
    host.enter([charge], hands.machine(), Deadline(1000, hands.monotonic))
    host.leave([charge], {}, hands.machine())


def memory(origin: str = "w1", weight: int = 30, seconds: float = 50.0, **others: object) -> Memory:
    place = ("acme", "acme.example", "")
    return Memory(**{"origin": origin, "place": place, "spent": ((0, 60.0, ((seconds, weight),)),), **others})  # type: ignore[arg-type]


def test_what_is_told(hands: Hands) -> None:
    """
    A process tells what it has spent of the limits of the address, host by host, and nothing of any key.
    """
    hosts = Hosts()
    spend(hosts, hands, 30)
    spend(hosts, hands, 20, key="digest")
    hosts.at("acme", "quiet.example", "")

    assert (Memory(origin=hosts.origin, place=("acme", "acme.example", ""), spent=((0, 60, ((60.0, 30),)),)),) == (
        hosts.told(hands.machine())
    )
    hands.passed = 60.0
    assert () == hosts.told(hands.machine())


def test_what_is_learned_is_kept(hands: Hands) -> None:
    """
    What another process has spent is waited for, and is not told again as one's own.
    """
    one, other = Hosts(), Hosts()
    spend(one, hands, 90)
    other.learn(one.told(hands.machine()), hands.machine())
    spend(other, hands, 10)

    assert [] == hands.slept
    spend(other, hands, 20)
    assert [60.0] == hands.slept
    (told,) = other.told(hands.machine())
    assert 20 == sum(weight for *_, weights in told.spent for _, weight in weights)


def test_ones_own_is_known(hands: Hands) -> None:
    """
    What one has told comes back, and counts once.
    """
    hosts = Hosts()
    spend(hosts, hands, 60)
    hosts.learn(hosts.told(hands.machine()), hands.machine())
    spend(hosts, hands, 40)

    assert [] == hands.slept


def test_a_fork_is_another(hands: Hands) -> None:
    """
    A process that was forked is not the one that it was forked from, and has been told nothing.
    """
    hosts = Hosts()
    before, ledger = hosts.origin, hosts.ledger
    hosts.forget()

    assert before != hosts.origin
    assert ledger is not hosts.ledger
    assert () == hosts.told(hands.machine())


def test_a_ban(hands: Hands) -> None:
    """
    It is told with the time that the host said, and the longer of two counts.
    """
    one, other = Hosts(), Hosts()
    one.at("acme", "acme.example", "").stop(UNTIL, [], hands.machine())
    other.learn(one.told(hands.machine()), hands.machine())
    other.learn([memory(spent=(), stopped=10.0)], hands.machine())
    (told,) = other.told(hands.machine())

    assert (3600.0, UNTIL) == (told.stopped, told.until)
    hands.passed = 3600.0
    assert () == other.told(hands.machine())


def test_time_passes() -> None:
    """
    What was told counts for less, and in the end not at all.
    """
    told = memory(stopped=20.0)

    assert (30.0, 0.0) == (told.aged(20.0).spent[0][2][0][0], told.aged(20.0).stopped)
    assert [True, True, False] == [told.aged(seconds).counts for seconds in (0.0, 49.0, 50.0)]


def test_the_last_word_counts() -> None:
    """
    Of what a process told, the newest is kept, in whatever order it comes; of several processes, each.
    """
    ledger = Ledger()
    for at, weight in ((2.0, 30), (1.0, 20), (3.0, 50), (2.5, 40)):
        ledger.note("", [memory(weight=weight)], at, 0.0)
    ledger.note("", [memory("w2", 5)], 0.0, 10.0)

    assert [("w1", 40.0, 50), ("w2", 50.0, 5)] == [
        (told.origin, *told.spent[0][2][0]) for told in ledger.known("", 10.0)
    ]
    assert () == ledger.known("elsewhere", 10.0)
    assert [("w2")] == [told.origin for told in ledger.known("", 55.0)]
    assert () == ledger.known("", 100.0)


def test_who_waits(hands: Hands) -> None:
    """
    As long as somebody waits for a host's limits, it is said for whom, and until when.
    """
    hosts = Hosts()
    seen: list[tuple[Wait, ...]] = []

    def sleep(seconds: float) -> None:
        seen.append(hosts.waiting(hands.machine()))
        hands.sleep(seconds)

    machine = hands.machine(sleep=sleep)
    charge = Charge(LIMIT, (0, ""), 60)
    host = hosts.at("acme", "acme.example", "")
    for _ in range(2):
        host.enter([charge], machine, Deadline(1000, hands.monotonic))
        host.leave([charge], {}, machine)

    assert [(Wait("acme.example", 1, datetime(2027, 1, 15, 8, 1, tzinfo=UTC)),)] == seen
    assert () == hosts.waiting(machine)
