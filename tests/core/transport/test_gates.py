"""
A gate: no period of the venue holds more than the limit, whenever the venue's periods begin.
"""

from __future__ import annotations

import math
from collections import Counter

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from marginbook.transport.gates import Gate

#: Seconds and weight that a gate of these tests allows.
PERIOD = 60.0
LIMIT = 100


def gate(*flying: int) -> Gate:
    made = Gate(PERIOD)
    for weight in flying:
        made.begin(weight)
    return made


def test_what_is_on_its_way_counts() -> None:
    """
    A request counts from its sending, however long it takes.
    """
    begun = gate(5, 10)

    assert 15 == begun.spent(0.0)
    assert 15 == begun.spent(1e6)


def test_weight_is_held_for_a_period_after_the_answer() -> None:
    """
    The venue may have counted it as late as it answered.
    """
    answered = gate(5)
    answered.end(5, 20.0, None)

    assert 5 == answered.spent(math.nextafter(20.0 + PERIOD, 0))
    assert 0 == answered.spent(20.0 + PERIOD)


def test_each_is_held_for_itself() -> None:
    """
    What was answered first is free first.
    """
    answered = gate(5, 7)
    answered.end(7, 10.0, None)
    answered.end(5, 20.0, None)

    assert [12, 5, 0] == [answered.spent(now) for now in (69.0, 70.0, 80.0)]


def test_there_is_room_up_to_the_limit() -> None:
    """
    The limit itself may be spent, and not one more.
    """
    begun = gate(60)

    assert 0 == begun.wait(40, LIMIT, 0.0)
    assert 0 < begun.wait(41, LIMIT, 0.0)


def test_the_wait_is_for_as_many_as_are_needed() -> None:
    """
    As many answers have to be a period old as make room, in the order in which they came.
    """
    spent = gate(50, 30, 20)
    for weight, now in ((50, 1.0), (30, 2.0), (20, 3.0)):
        spent.end(weight, now, None)

    assert 61.0 - 5.0 == spent.wait(50, LIMIT, 5.0)
    assert 62.0 - 5.0 == spent.wait(51, LIMIT, 5.0)
    assert 62.0 - 5.0 == spent.wait(80, LIMIT, 5.0)
    assert 63.0 - 5.0 == spent.wait(81, LIMIT, 5.0)


def test_who_flies_is_waited_for_a_period() -> None:
    """
    As long as nobody has answered, it is not known when there will be room: it takes a period at least.
    """
    assert PERIOD == gate(LIMIT).wait(1, LIMIT, 1000.0)


def test_the_venue_tells_what_others_spent() -> None:
    """
    What its header says beyond our own requests was spent by others at our address, and counts for a period.
    """
    answered = gate(5)
    answered.end(5, 10.0, 45)

    assert 45 == answered.spent(10.0)
    assert 45 == answered.spent(math.nextafter(70.0, 0))
    assert 0 == answered.spent(70.0)


@pytest.mark.parametrize("used", [None, 0, 4, 5])
def test_a_header_takes_nothing_back(used: int | None) -> None:
    """
    A venue that has begun another period tells less, or nothing; what we hold stays held.
    """
    answered = gate(5)
    answered.end(5, 10.0, used)

    assert 5 == answered.spent(10.0)


def test_a_smaller_figure_does_not_replace_a_larger_one() -> None:
    """
    Others count as the largest figure that may still be right says.
    """
    answered = gate(0, 0, 0)
    answered.end(0, 0.0, 50)
    answered.end(0, 10.0, 20)
    answered.end(0, 20.0, 30)

    assert [50, 30, 30, 0] == [answered.spent(now) for now in (59.0, 60.0, 79.0, 80.0)]


def test_a_larger_figure_counts_for_longer() -> None:
    """
    A larger figure, or the same again, takes the place of those before it.
    """
    answered = gate(0, 0, 0)
    answered.end(0, 0.0, 20)
    answered.end(0, 5.0, 50)
    answered.end(0, 10.0, 50)

    assert [50, 50, 0] == [answered.spent(now) for now in (60.0, 69.0, 70.0)]


def test_requests_on_their_way_hide_others() -> None:
    """
    Our own that are on their way may be in the venue's figure already, so they are no one else's.
    """
    answered = gate(5, 30)
    answered.end(5, 0.0, 40)

    assert 40 == answered.spent(0.0)


def test_what_is_free_again_hides_nobody() -> None:
    """
    Our own that is older than a period is in no figure of the venue any more: what is in it is others'.
    """
    answered = gate(50, 5)
    answered.end(50, 0.0, None)
    answered.end(5, 65.0, 45)

    assert 45 == answered.spent(65.0)


def test_the_wait_for_others() -> None:
    """
    What others spent frees step by step as their figures get too old: from 50 to 20 to nothing.
    """
    answered = gate(0, 0)
    answered.end(0, 0.0, 50)
    answered.end(0, 10.0, 20)

    assert 0 == answered.wait(50, LIMIT, 15.0)
    assert 60.0 - 15.0 == answered.wait(51, LIMIT, 15.0)
    assert 60.0 - 15.0 == answered.wait(80, LIMIT, 15.0)
    assert 70.0 - 15.0 == answered.wait(81, LIMIT, 15.0)


def test_whoever_frees_first_is_waited_for() -> None:
    """
    Our own and others' are freed in the order of time.
    """
    spent = gate(0)
    spent.end(0, 0.0, 40)
    spent.begin(60)
    spent.end(60, 10.0, None)

    assert 60.0 - 15.0 == spent.wait(40, LIMIT, 15.0)
    assert 70.0 - 15.0 == spent.wait(41, LIMIT, 15.0)


def test_the_least_that_others_can_spend() -> None:
    """
    One is more than nothing.
    """
    answered = gate(5)
    answered.end(5, 0.0, 6)

    assert 6 == answered.spent(0.0)


weights = st.integers(1, LIMIT)
#: Whole thousandths of a second, so that arithmetic hides nothing.
moments = st.integers(0, 90_000).map(lambda thousandths: thousandths / 1024)


@frozen
class Sent:
    weight: int
    #: Seconds since the one before.
    after: float
    #: Seconds until it is counted, and from then until the answer is here.
    out: float
    back: float


sendings = st.lists(st.builds(Sent, weights, moments, moments, moments), min_size=1, max_size=25)


def counted(sent: list[Sent]) -> list[tuple[float, int]]:
    """
    Send each as soon as a gate allows it after the one before, and return when the venue counts which weight.
    """
    made, now = Gate(PERIOD), 0.0
    answers: list[tuple[float, int]] = []
    found = []
    for one in sent:
        now += one.after
        while True:
            for at, weight in [answer for answer in answers if answer[0] <= now]:
                made.end(weight, at, None)
                answers.remove((at, weight))
            wait = made.wait(one.weight, LIMIT, now)
            if not wait:
                break
            now += wait
        made.begin(one.weight)
        found.append((now + one.out, one.weight))
        answers = sorted([*answers, (now + one.out + one.back, one.weight)])
    return found


@given(sendings, st.integers(0, 61_440).map(lambda thousandths: thousandths / 1024))
def test_no_period_holds_more_than_the_limit(sent: list[Sent], alignment: float) -> None:
    """
    However long requests take, whenever the venue counts them on their way, and whenever its periods begin.
    """
    periods: Counter[int] = Counter()
    for at, weight in counted(sent):
        periods[math.floor((at - alignment) / PERIOD)] += weight

    assert LIMIT >= max(periods.values())


@given(sendings)
def test_no_stretch_of_a_period_holds_more_than_the_limit(sent: list[Sent]) -> None:
    """
    Nor does one that begins with any of the requests, which is the worst that periods can do.
    """
    found = counted(sent)

    for begin, _ in found:
        assert LIMIT >= sum(weight for at, weight in found if begin <= at < begin + PERIOD)


@given(
    st.lists(st.tuples(st.integers(0, 40), moments, st.none() | st.integers(0, 90)), min_size=1, max_size=12),
    weights,
)
def test_waits_are_exact(answers: list[tuple[int, float, int | None]], weight: int) -> None:
    """
    After the wait there is room, and a moment before there is none.
    """
    spent = gate(*(mine for mine, _, _ in answers))
    now = 0.0
    for mine, after, used in answers:
        now += after
        spent.end(mine, now, used)
    wait = spent.wait(weight, LIMIT, now)

    assert (wait == 0) is (spent.spent(now) + weight <= LIMIT)
    if wait:
        assert LIMIT < spent.spent(math.nextafter(now + wait, 0)) + weight
        assert LIMIT >= spent.spent(now + wait) + weight
        assert 0 == spent.wait(weight, LIMIT, now + wait)


def test_what_is_told() -> None:
    """
    What was spent is told with the seconds for which it may count, rounded up; what flies counts for a whole period.
    """
    made = gate(5, 10, 20)
    made.end(5, 0.0, None)
    made.end(10, 30.5, None)

    assert [(25.2, 5), (56.4, 10), (60.0, 20)] == sorted(made.told(35.0))
    assert [(60.0, 20)] == sorted(made.told(95.0))
    assert () == Gate(PERIOD).told(0.0)


def test_what_others_tell() -> None:
    """
    All that they have spent counts together, each weight for as long as they say.
    """
    made = Gate(PERIOD)
    made.learn([(20.0, 30), (10.0, 40), (20.0, 5)], 0.0)

    assert [75, 75, 35, 35, 0] == [made.spent(now) for now in (0.0, 9.0, 10.0, 19.0, 20.0)]


def test_others_are_counted_once() -> None:
    """
    What the venue says of others and what they say themselves is one spending: the larger figure counts.
    """
    made = gate(1)
    made.end(1, 0.0, 51)
    made.learn([(90.0, 20), (30.0, 40)], 0.0)
    made.learn([(90.0, 20), (30.0, 40)], 0.0)

    assert [61, 51, 20, 0] == [made.spent(now) for now in (0.0, 30.0, 60.0, 90.0)]


@frozen
class Turn:
    """
    Who sends next, how much, how long after the one before, and how long the answer takes.
    """

    who: int
    weight: int
    after: float
    takes: float


@given(st.lists(st.builds(Turn, st.integers(0, 2), weights, moments, moments), min_size=1, max_size=25))
def test_gates_that_tell_each_other(turns: list[Turn]) -> None:
    """
    Three processes that send one after the other, each told before by all others what they have spent, spend no more
    than one would.
    """
    gates = [Gate(PERIOD) for _ in range(3)]
    now = 0.0
    found: list[tuple[float, int]] = []
    for turn in turns:
        now += turn.after
        mine = gates[turn.who]
        mine.learn([told for other in gates if other is not mine for told in other.told(now)], now)
        while wait := mine.wait(turn.weight, LIMIT, now):
            now += wait
        mine.begin(turn.weight)
        found.append((now, turn.weight))
        now += turn.takes
        mine.end(turn.weight, now, None)

    for begin, _ in found:
        assert LIMIT >= sum(weight for at, weight in found if begin <= at < begin + PERIOD)
