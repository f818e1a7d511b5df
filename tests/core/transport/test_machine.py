"""
The machine: where time, sleep, chance and the way out come from.
"""

from __future__ import annotations

import pickle
import time
from datetime import UTC, datetime

import pytest

from machines import BEGINNING, Hands
from marginbook import ConfigurationError
from marginbook.transport import MACHINE, Machine


def test_the_machine_that_this_process_runs_on() -> None:
    """
    Its clock is the system's, to the millisecond; its sleep takes time; its chance is a number from 0 up to 1.
    """
    before = time.time_ns() // 1_000_000
    found = MACHINE.milliseconds()
    since = MACHINE.monotonic()
    MACHINE.sleep(0.002)

    assert before <= found <= time.time_ns() // 1_000_000
    assert MACHINE.monotonic() - since >= 0.002
    assert all(0 <= MACHINE.random() < 1 for _ in range(100))


def test_local_time() -> None:
    """
    The time of a report, in UTC, is the local clock's, however wrong.
    """
    machine = Hands(passed=1.5, off=-500).machine()

    assert BEGINNING + 1000 == machine.milliseconds()
    assert datetime(2027, 1, 15, 8, 0, 1, tzinfo=UTC) == machine.now()


def test_the_machine_travels_as_the_machine_there() -> None:
    """
    At the other end of a pickle is the machine of the process that it arrives in.
    """
    assert MACHINE is pickle.loads(pickle.dumps(MACHINE))  # noqa: S301  # our own


def test_a_machine_of_ones_own_stays() -> None:
    """
    A clock of one's own would be another one in another process, without a word.
    """
    with pytest.raises(ConfigurationError) as caught:
        pickle.dumps(Hands().machine())

    assert "A machine of one's own does not travel to other processes. Use threads with it." == str(caught.value)


def test_machines_know_their_own_hosts() -> None:
    """
    What one machine learns of a host is not what another would.
    """
    assert Machine().hosts.at("acme", "acme.example", "") is not Machine().hosts.at("acme", "acme.example", "")
