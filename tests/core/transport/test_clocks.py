"""
A venue's clock, as far off from ours as it may be.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from attrs import define

from machines import BEGINNING, Hands
from marginbook.errors import DeadlineError, UnavailableError
from marginbook.transport import MACHINE, Deadline
from marginbook.transport.clocks import VenueClock

if TYPE_CHECKING:
    from collections.abc import Callable


@define
class Venue:
    """
    A venue whose time is right, and how often it was asked for it.
    """

    hands: Hands
    asked: int = 0
    #: Seconds until its answer is here.
    latency: float = 0.0

    def time(self) -> int:
        self.asked += 1
        told = BEGINNING + round(self.hands.passed * 1000)
        self.hands.passed += self.latency
        return told


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def venue(hands: Hands) -> Venue:
    return Venue(hands)


def test_at_first_it_is_ours(hands: Hands) -> None:
    """
    Nobody is asked for the time before somebody complains.
    """
    clock = VenueClock()

    assert BEGINNING == clock.milliseconds(hands.machine())
    assert datetime(2027, 1, 15, 8, tzinfo=UTC) == clock.now(hands.machine())


@pytest.mark.parametrize("hours", [3, -3])
def test_a_wrong_clock_is_corrected(hours: int, hands: Hands, venue: Venue) -> None:
    """
    A local clock may be hours off, ahead or behind: the venue's time is known after one question.
    """
    hands.off = hours * 3_600_000
    clock = VenueClock()

    assert clock.correct(0, venue.time, hands.machine())
    assert -hours * 3_600_000 == clock.offset
    assert BEGINNING == clock.milliseconds(hands.machine())
    assert datetime(2027, 1, 15, 8, tzinfo=UTC) == clock.now(hands.machine())


def test_never_ahead_of_the_venue(hands: Hands, venue: Venue) -> None:
    """
    What the answer took makes our time late, and never early, which venues allow least.
    """
    venue.latency = 0.3
    clock = VenueClock()
    clock.measure(venue.time, hands.machine())

    assert -300 == clock.offset


@pytest.mark.parametrize(("off", "wrong"), [(500, False), (-500, False), (501, True), (-501, True)])
def test_half_a_second_is_not_wrong(off: int, *, wrong: bool, hands: Hands, venue: Venue) -> None:
    """
    Half a second is not what a venue complains of.
    """
    hands.off = off

    assert wrong is VenueClock().correct(0, venue.time, hands.machine())
    assert 1 == venue.asked


def test_what_was_learned_is_not_asked_for_again(hands: Hands, venue: Venue) -> None:
    """
    Who still used the old time when the venue complained is told that it was wrong; nobody is asked.
    """
    hands.off = 10_000
    clock = VenueClock()
    clock.correct(0, venue.time, hands.machine())

    assert clock.correct(0, venue.time, hands.machine())
    assert 1 == venue.asked


def test_what_was_learned_long_ago_is_still_news(hands: Hands, venue: Venue) -> None:
    """
    A request that used an older time than is known now is signed again with what is known.
    """
    clock = VenueClock(offset=10_000, measured_at=-1000.0)

    assert clock.correct(0, venue.time, hands.machine())
    assert 0 == venue.asked
    assert not VenueClock(offset=500, measured_at=-1000.0).correct(0, venue.time, hands.machine())
    assert 1 == venue.asked


def test_while_it_is_fresh_the_right_time_stays_right(hands: Hands, venue: Venue) -> None:
    """
    Complaints of a time that was measured less than a minute ago are about something else; after that, it is measured
    again, since clocks are set.
    """
    clock = VenueClock()
    clock.correct(0, venue.time, hands.machine())
    hands.passed = 59.9

    assert not clock.correct(clock.offset, venue.time, hands.machine())
    assert 1 == venue.asked
    hands.passed = 60.0
    assert not clock.correct(clock.offset, venue.time, hands.machine())
    assert (2, 0) == (venue.asked, clock.offset)


@pytest.mark.parametrize(("jump", "asked"), [(10_000, 2), (-10_000, 2), (501, 2), (-501, 2), (500, 1), (-500, 1)])
def test_a_clock_that_was_set(jump: int, asked: int, hands: Hands, venue: Venue) -> None:
    """
    A local clock that has not gone on as time has was set, and what was measured before says nothing any more.
    """
    clock = VenueClock()
    clock.correct(0, venue.time, hands.machine())
    hands.passed, hands.off = 5.0, jump

    assert (asked == 2) is clock.correct(0, venue.time, hands.machine())
    assert (asked, -jump if asked == 2 else 0) == (venue.asked, clock.offset)


def test_a_time_that_took_two_seconds(hands: Hands, venue: Venue) -> None:
    """
    A time is good enough while it is late by no more than Binance forgives.
    """
    clock = VenueClock()
    venue.latency, hands.off = 2.0, 3_600_000

    assert clock.correct(0, venue.time, hands.machine())
    assert -3_602_000 == clock.offset


def test_a_time_that_was_longer_on_its_way(hands: Hands, venue: Venue) -> None:
    """
    A time of some seconds ago is none to sign with: it is not kept, and may be asked for again.
    """
    clock = VenueClock()
    venue.latency, hands.off = 2.1, 3_600_000
    with pytest.raises(UnavailableError, match=r"2\.1 seconds on its way") as caught:
        clock.correct(0, venue.time, hands.machine())

    assert caught.value.transient
    assert (0, None) == (clock.offset, clock.measured_at)


def test_who_waits_for_an_answer_shares_it(hands: Hands) -> None:
    """
    Where the venue does not answer, it is not asked again by everybody who waited, but by who complains after that.
    """
    clock = VenueClock()
    error = UnavailableError("It is out of order.")
    asked: list[None] = []

    def ask() -> int:
        asked.append(None)
        raise error

    def sleep(seconds: float) -> None:
        # While this one waits, whoever was asking gets no answer.
        hands.passed += seconds
        clock._measuring.release()
        with pytest.raises(UnavailableError):
            clock.correct(0, ask, hands.machine())

    clock._measuring.acquire()
    with pytest.raises(UnavailableError) as shared:
        clock.correct(0, ask, hands.machine(sleep=sleep))

    assert (error, 1) == (shared.value, len(asked))
    hands.passed += 1
    with pytest.raises(UnavailableError):
        clock.correct(0, ask, hands.machine())
    assert 2 == len(asked)


def test_nobody_waits_for_an_answer_past_the_deadline(hands: Hands) -> None:
    """
    A report with little time does not wait for one with much.
    """
    clock = VenueClock()
    clock._measuring.acquire()
    with pytest.raises(DeadlineError):
        clock.correct(0, lambda: 0, hands.machine(), Deadline(1, hands.monotonic))

    assert 1 == hands.passed


def test_a_venue_that_does_not_tell(hands: Hands) -> None:
    """
    What goes wrong with the question is the caller's to judge, and the next may ask again.
    """
    asked: list[None] = []

    def refuse() -> int:
        asked.append(None)
        msg = "No."
        raise UnavailableError(msg)

    clock = VenueClock()
    for _ in range(2):
        with pytest.raises(UnavailableError):
            clock.correct(0, refuse, hands.machine())

    assert 2 == len(asked)
    assert (0, None) == (clock.offset, clock.measured_at)


def test_many_complain_and_one_asks() -> None:
    """
    Of many threads whose requests were refused at the same time, one asks, and the others wait for what it learns.
    """
    clock = VenueClock()
    asked: list[int] = []
    arrived = threading.Barrier(16)
    found: list[bool] = []

    def ask() -> int:
        asked.append(1)
        # Long enough for all the others to come and find it taken.
        time.sleep(0.1)
        return MACHINE.milliseconds() + 7_200_000

    def complain() -> None:
        arrived.wait(10)
        found.append(clock.correct(0, ask, MACHINE))

    run(complain, 16)

    assert [1] == asked
    assert [True] * 16 == found
    assert 7_200_000 - 1000 < clock.offset <= 7_200_000


def test_who_waits_sleeps_by_the_machine(hands: Hands) -> None:
    """
    Waiting for who measures is the machine's sleep, as every wait is: a simulation has to know who sleeps. Each is
    twice as long as the last, up to a second.
    """
    clock = VenueClock()
    measuring, seen = threading.Event(), threading.Event()

    def ask() -> int:
        measuring.set()
        seen.wait(10)
        return BEGINNING + 5000

    def sleep(seconds: float) -> None:
        hands.slept.append(seconds)
        seen.set()
        time.sleep(0.001)

    first = threading.Thread(target=clock.correct, args=(0, ask, hands.machine()))
    first.start()
    measuring.wait(10)

    assert clock.correct(0, ask, hands.machine(sleep=sleep))
    first.join()
    assert [min(0.05 * 2**n, 1.0) for n in range(len(hands.slept))] == hands.slept


def run(target: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
