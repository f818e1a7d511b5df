"""
What is known of a host: what may still be sent, until when it wants nothing, and how often it may be asked again.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from attrs import evolve

from machines import Hands
from marginbook import Limit, RateLimitedError
from marginbook.transport import Deadline, Host, Line
from marginbook.transport import hosts as module
from marginbook.transport.hosts import RETRIES, Charge, Hosts

ADDRESS: Final = Limit(100, weights={"GET /a": 10, "GET /time": 1}, header="X-Used")
KEY: Final = Limit(2, seconds=30, per="key", weights={"GET /a": 1})

#: When the time of these tests begins.
NOW: Final = datetime(2027, 1, 15, 8, tzinfo=UTC)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def host() -> Host:
    return Host("acme.example")


def charges(cost: int = 10, limit: Limit = ADDRESS) -> list[Charge]:
    return [Charge(limit, (0, ""), cost)]


def enter(host: Host, hands: Hands, asked: list[Charge], seconds: float = 1000) -> None:
    host.enter(asked, hands.machine(), Deadline(seconds, hands.monotonic))


def leave(host: Host, hands: Hands, asked: list[Charge], **headers: str) -> None:
    host.leave(asked, {name.replace("_", "-"): value for name, value in headers.items()}, hands.machine())


def spend(host: Host, hands: Hands, asked: list[Charge], times: int = 1) -> None:
    for _ in range(times):
        enter(host, hands, asked)
        leave(host, hands, asked)


def refused(host: Host, hands: Hands, asked: list[Charge], seconds: float = 1.0) -> RateLimitedError:
    with pytest.raises(RateLimitedError) as caught:
        enter(host, hands, asked, seconds)
    assert not caught.value.transient
    return caught.value


def test_charges() -> None:
    """
    A request is charged to each limit that it counts towards: the address's, and that of its own key.
    """
    line = Line(Host("acme.example"), (ADDRESS, KEY), "digest")

    assert [Charge(ADDRESS, (0, ""), 10), Charge(KEY, (1, "digest"), 1)] == line.charges("GET", "/a")
    assert [Charge(ADDRESS, (0, ""), 1)] == line.charges("GET", "/time")
    assert [] == line.charges("GET", "/b")


def test_free_requests_pass(host: Host, hands: Hands) -> None:
    """
    What counts towards nothing waits for nobody.
    """
    spend(host, hands, charges(), 10)
    enter(host, hands, [])

    assert [] == hands.slept


def test_within_the_limit_nobody_waits(host: Host, hands: Hands) -> None:
    """
    Up to the limit, requests are sent at once; the next waits, by the machine's sleep, until there is room.
    """
    spend(host, hands, charges(), 10)
    assert [] == hands.slept
    spend(host, hands, charges())

    assert [60.0] == hands.slept


def test_who_flies_is_waited_for(host: Host, hands: Hands) -> None:
    """
    Requests on their way count as well, and a wait that was too short is followed by another.
    """

    def sleep(seconds: float) -> None:
        hands.sleep(seconds)
        leave(host, hands, charges(100))

    machine = hands.machine(sleep=sleep)
    enter(host, hands, charges(100))
    with pytest.raises(RateLimitedError):
        host.enter(charges(), machine, Deadline(90, hands.monotonic))

    assert [60.0] == hands.slept


def test_a_wait_beyond_the_deadline_is_no_wait(host: Host, hands: Hands) -> None:
    """
    Where there would be room too late, the account fails at once, and is told when there is room.
    """
    spend(host, hands, charges(), 10)
    error = refused(host, hands, charges(), seconds=60.0)

    assert [] == hands.slept
    assert NOW + timedelta(seconds=60) == error.until
    assert (
        "To ask acme.example before the deadline would exceed its rate limit, so it was not asked."
        " Allow more time, or ask for fewer accounts at once." == str(error)
    )
    enter(host, hands, charges(), 60.001)


def test_who_is_refused_spends_nothing(host: Host, hands: Hands) -> None:
    """
    Of no limit, not even of one that would have had room.
    """
    both = [*charges(), Charge(KEY, (1, "k"), 1)]
    spend(host, hands, both, 2)
    for _ in range(20):
        refused(host, hands, both)
    spend(host, hands, charges(), 8)

    assert [] == hands.slept


def test_the_longest_wait_counts(host: Host, hands: Hands) -> None:
    """
    A request is sent when all of its limits allow it.
    """
    spend(host, hands, [*charges(50), Charge(KEY, (1, "k"), 1)], 2)
    spend(host, hands, [Charge(KEY, (1, "k"), 1)])
    assert [30.0] == hands.slept
    spend(host, hands, [*charges(50), Charge(KEY, (1, "k"), 1)])

    assert [30.0, 30.0] == hands.slept


def test_keys_are_apart(host: Host, hands: Hands) -> None:
    """
    What one key has spent is nothing to another.
    """
    spend(host, hands, [Charge(KEY, (1, "one"), 1)], 2)
    spend(host, hands, [Charge(KEY, (1, "other"), 1)], 2)
    assert [] == hands.slept
    spend(host, hands, [Charge(KEY, (1, "one"), 1)])

    assert [30.0] == hands.slept


def test_limits_of_one_key_are_apart(host: Host, hands: Hands) -> None:
    """
    Nor do two limits of a venue share what is spent.
    """
    spend(host, hands, [Charge(KEY, (0, "k"), 1)], 2)
    spend(host, hands, [Charge(KEY, (1, "k"), 1)], 2)

    assert [] == hands.slept


def test_a_raised_limit_is_ones_own(host: Host, hands: Hands) -> None:
    """
    An account whose limit was raised may go beyond that of the others, who wait until all of it is theirs again.
    """
    raised = charges(10, evolve(ADDRESS, weight=300))
    spend(host, hands, charges(), 10)
    spend(host, hands, raised, 5)

    assert [] == hands.slept
    refused(host, hands, charges())
    spend(host, hands, raised, 5)
    assert [] == hands.slept


def test_a_lowered_limit_is_ones_own(host: Host, hands: Hands) -> None:
    """
    Nor does one who wants to spend little keep the others from more.
    """
    lowered = charges(10, evolve(ADDRESS, weight=20))
    spend(host, hands, lowered, 2)
    refused(host, hands, lowered)
    spend(host, hands, charges(), 8)

    assert [] == hands.slept


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("100", True),
        ("91", True),
        ("90", False),
        ("9" * 15, True),
        ("9" * 5000, False),
        ("-1", False),
        ("", False),
        ("many", False),
    ],
)
def test_the_venues_own_count(told: str, *, wait: bool, host: Host, hands: Hands) -> None:
    """
    The header of an answer says what the whole address has spent; one that is no number says nothing.
    """
    enter(host, hands, charges())
    leave(host, hands, charges(), **({"X_Used": told} if told else {}))
    enter(host, hands, charges())

    assert wait is bool(hands.slept)


def test_limits_without_a_header(host: Host, hands: Hands) -> None:
    """
    Where a venue does not tell what was spent, no header is taken for it.
    """
    asked = charges(10, evolve(ADDRESS, header=""))
    enter(host, hands, asked)
    host.leave(asked, {"": "1000"}, hands.machine())
    enter(host, hands, asked)

    assert [] == hands.slept


def test_a_host_that_says_until_when(host: Host, hands: Hands) -> None:
    """
    Nothing is sent before then, and who cannot wait is told so.
    """
    until = NOW + timedelta(seconds=7)

    assert until == host.stop(until, [ADDRESS], hands.machine())
    assert 7.0 == host.stopped_for(hands.machine())
    error = refused(host, hands, charges(), seconds=7.0)
    assert until == error.until
    assert (
        "acme.example wants no requests from here for a while, so it was not asked."
        " Ask again then, and less often." == str(error)
    )
    enter(host, hands, charges())
    assert [7.0] == hands.slept
    assert 0.0 == host.stopped_for(hands.machine())


def test_free_requests_are_stopped_as_well(host: Host, hands: Hands) -> None:
    """
    A host that wants nothing wants no free requests either.
    """
    host.stop(NOW + timedelta(seconds=7), [], hands.machine())
    refused(host, hands, [])


@pytest.mark.parametrize("until", [None, NOW, NOW - timedelta(days=1)])
@pytest.mark.parametrize(("limits", "seconds"), [([ADDRESS, KEY], 60), ([KEY], 30), ([], 60)])
def test_a_host_that_does_not_say(
    until: datetime | None, limits: list[Limit], seconds: int, host: Host, hands: Hands
) -> None:
    """
    Without a time, or with one that is over, a host is left alone for the longest of its periods, or a minute.
    """
    assert NOW + timedelta(seconds=seconds) == host.stop(until, limits, hands.machine())
    assert seconds == host.stopped_for(hands.machine())


def test_the_longest_ban_counts(host: Host, hands: Hands) -> None:
    """
    A shorter one after it, from a request that was on its way, changes nothing; a longer one does.
    """
    ban = NOW + timedelta(hours=1)
    host.stop(ban, [], hands.machine())

    assert ban == host.stop(NOW + timedelta(seconds=5), [], hands.machine())
    assert 3600.0 == host.stopped_for(hands.machine())
    assert ban == refused(host, hands, charges()).until
    longer = ban + timedelta(hours=1)
    assert longer == host.stop(longer, [], hands.machine())
    assert 7200.0 == host.stopped_for(hands.machine())


@pytest.mark.parametrize("until", [datetime.max.replace(tzinfo=UTC), NOW + timedelta(days=7, seconds=1)])
def test_nobody_is_believed_for_longer_than_a_week(until: datetime, host: Host, hands: Hands) -> None:
    """
    A host that wants nothing until the year 9999 is asked again after a week; until then, its own time is told.
    """
    assert until == host.stop(until, [ADDRESS], hands.machine())
    assert 7 * 86_400 == host.stopped_for(hands.machine())
    assert until == refused(host, hands, charges()).until
    hands.passed = 7 * 86_400.0
    enter(host, hands, charges())
    assert [] == hands.slept


def test_a_ban_that_is_over_does_not_outlast_itself(host: Host, hands: Hands) -> None:
    """
    The next one counts for itself.
    """
    host.stop(NOW + timedelta(hours=1), [], hands.machine())
    hands.passed = 3600.0

    assert NOW + timedelta(hours=1, seconds=5) == (host.stop(NOW + timedelta(hours=1, seconds=5), [], hands.machine()))
    assert 5.0 == host.stopped_for(hands.machine())


def test_bans_are_told_in_the_venues_time(host: Host, hands: Hands) -> None:
    """
    A ban's end is the venue's time, whatever ours is.
    """
    hands.off = 3_600_000
    host.clock.offset = -3_600_000
    host.stop(NOW + timedelta(seconds=7), [], hands.machine())

    assert 7.0 == host.stopped_for(hands.machine())


@pytest.mark.parametrize("beginning", [-1e6, 0.0, 1e6])
def test_seconds_count_from_any_beginning(beginning: float, host: Host) -> None:
    """
    A machine's seconds may begin anywhere, below zero as well.
    """
    hands = Hands(passed=beginning)
    spend(host, hands, charges(), 10)

    assert [] == hands.slept
    assert 0.0 == host.stopped_for(hands.machine())
    host.stop(None, [ADDRESS], hands.machine())
    assert 60.0 == host.stopped_for(hands.machine())


def test_retries_run_out(host: Host) -> None:
    """
    A host in trouble is asked again so many times by all together; each success gives one back, up to as many.
    """
    host.succeed()

    assert [True] * RETRIES + [False] * 2 == [host.retry() for _ in range(RETRIES + 2)]
    host.succeed()
    host.succeed()
    assert [True, True, False] == [host.retry() for _ in range(3)]


def test_many_keys(host: Host, hands: Hands) -> None:
    """
    Keys that have spent nothing lately are forgotten when there are many; the others are not.
    """
    old = [Charge(KEY, (1, f"old-{n}"), 1) for n in range(1000)]
    for charge in old:
        spend(host, hands, [charge])
    hands.passed += KEY.seconds
    recent = [Charge(KEY, (1, f"recent-{n}"), 1) for n in range(25)]
    flying = Charge(KEY, (1, "flying"), 2)
    enter(host, hands, [flying])
    for charge in recent:
        spend(host, hands, [charge], 2)
    assert 26 == len(host._gates)
    before = list(hands.slept)
    for charge in (*recent, flying):
        refused(host, hands, [charge])

    assert before == hands.slept


def test_as_many_keys_as_are_busy(host: Host, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Keys that are all busy are all kept, and it is not looked for idle ones at every request.
    """
    monkeypatch.setattr(module, "_MANY", 4)
    host._many = 4
    for n in range(40):
        spend(host, hands, [Charge(KEY, (1, f"k{n}"), 1)])

    assert 40 == len(host._gates)
    assert 40 <= host._many <= 80


def test_hosts_are_known_by_venue_address_and_proxy() -> None:
    """
    Who shares a limit shares a host: the same venue, at the same address, seen from the same one of ours.
    """
    hosts = Hosts()
    first = hosts.at("acme", "acme.example", "")

    assert "acme.example" == first.name
    assert first is hosts.at("acme", "acme.example", "")
    others = [("acme-2", "acme.example", ""), ("acme", "demo.example", ""), ("acme", "acme.example", "http://proxy")]
    assert 4 == len({id(first), *(id(hosts.at(*other)) for other in others)})
    hosts.forget()
    assert first is not hosts.at("acme", "acme.example", "")


def test_threads_share_a_limit(host: Host) -> None:
    """
    Of sixteen threads that come at the same time, as many are let through as the limit allows, and the others told.
    """
    hands = Hands()
    arrived = threading.Barrier(16)
    outcomes: list[bool] = []

    def ask() -> None:
        arrived.wait(10)
        for _ in range(5):
            try:
                enter(host, hands, charges(2), 1.0)
            except RateLimitedError:
                outcomes.append(False)
            else:
                outcomes.append(True)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (50, 30) == (outcomes.count(True), outcomes.count(False))
