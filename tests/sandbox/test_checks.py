"""
What every venue of the sandbox checks alike.
"""

from __future__ import annotations

import pytest
import time_machine

from marginbook.sandbox import is_number, is_same, now


def test_the_time() -> None:
    """
    It is told in milliseconds.
    """
    with time_machine.travel(1795000000.5, tick=False):
        assert 1795000000500 == now()


@pytest.mark.parametrize("written", ["0", "1795000000250", "9" * 19])
def test_numbers(written: str) -> None:
    """
    Digits are a number.
    """
    assert is_number(written)


@pytest.mark.parametrize("written", ["", "-1", "1.5", "1e3", " 1", "1\n", "٣", "9" * 20])
def test_no_numbers(written: str) -> None:
    """
    Anything else is none, and neither is what would not fit into a time.
    """
    assert not is_number(written)


@pytest.mark.parametrize(
    ("given", "expected"), [("abc", True), ("ab", False), ("abd", False), ("", False), ("ключ", False)]
)
def test_signatures(given: str, expected: bool) -> None:  # noqa: FBT001  # what is to be expected
    """
    A signature is the right one or not, whatever is in its place.
    """
    assert expected is is_same("abc", given)
