"""
The time by which a report has to be there.
"""

from __future__ import annotations

import pickle
import time

from machines import Hands
from marginbook.transport import Deadline


def test_time_runs_out() -> None:
    """
    What is left gets less, and ends at nothing.
    """
    hands = Hands()
    deadline = Deadline(0.5, hands.monotonic)
    left = [deadline.remaining()]
    for _ in range(2):
        hands.passed += 0.375
        left.append(deadline.remaining())

    assert [0.5, 0.125, 0.0] == left


def test_time_runs_out_by_the_machine() -> None:
    """
    Unless somebody says otherwise, the clock is this machine's own.
    """
    before = time.monotonic()
    left = Deadline(100).remaining()

    assert 100 - (time.monotonic() - before) <= left <= 100


def test_a_deadline_travels() -> None:
    """
    Another process has another clock; the same number of seconds is left.
    """
    arrived = pickle.loads(pickle.dumps(Deadline(100)))  # noqa: S301  # our own

    assert 50 < arrived.remaining() <= 100
    assert 0.0 == pickle.loads(pickle.dumps(Deadline(-1))).remaining()  # noqa: S301  # our own
