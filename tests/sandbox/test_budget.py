"""
The rate limits of played venues.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from marginbook.sandbox import Budget

if TYPE_CHECKING:
    import time_machine


def test_adds_up(clock: time_machine.Traveller) -> None:
    """
    What somebody asks for within one period adds up.
    """
    clock.shift(timedelta(seconds=-48))
    budget = Budget(100)
    budget.spend("10.0.0.1", 40)
    clock.shift(timedelta(seconds=59))

    assert 45 == budget.spend("10.0.0.1", 5)


@pytest.mark.usefixtures("clock")
def test_each_for_itself() -> None:
    """
    Nobody spends what is another's.
    """
    budget = Budget(100)
    budget.spend("10.0.0.1", 40)

    assert 1 == budget.spend("10.0.0.2")


def test_new_period(clock: time_machine.Traveller) -> None:
    """
    Periods begin with the clock's own, not with the first request: at 12:31:00, all is forgotten.
    """
    budget = Budget(100)
    budget.spend("10.0.0.1", 40)
    clock.shift(timedelta(seconds=11.75))

    assert 1 == budget.spend("10.0.0.1")


def test_wait(clock: time_machine.Traveller) -> None:
    """
    Who has to wait is told the whole seconds until the next period.
    """
    budget = Budget(100)

    assert 12 == budget.wait()

    clock.shift(timedelta(seconds=11.75))

    assert 60 == budget.wait()


def test_other_periods(clock: time_machine.Traveller) -> None:
    """
    A period may have another length.
    """
    budget = Budget(100, seconds=10)
    budget.spend("10.0.0.1")

    assert 2 == budget.wait()

    clock.shift(timedelta(seconds=2))

    assert 1 == budget.spend("10.0.0.1")
