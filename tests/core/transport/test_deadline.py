"""
The time by which a report has to be there.
"""

from __future__ import annotations

import pickle
import time

from marginbook.transport import Deadline


def test_time_runs_out() -> None:
    """
    What is left gets less, and ends at nothing.
    """
    deadline = Deadline(0.1)
    before = deadline.remaining()
    time.sleep(0.15)

    assert 0.0 < before <= 0.1
    assert 0.0 == deadline.remaining()


def test_a_deadline_travels() -> None:
    """
    Another process has another clock; the same number of seconds is left.
    """
    arrived = pickle.loads(pickle.dumps(Deadline(100)))  # noqa: S301  # our own

    assert 99 < arrived.remaining() <= 100
    assert 0.0 == pickle.loads(pickle.dumps(Deadline(-1))).remaining()  # noqa: S301  # our own
