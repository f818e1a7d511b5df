"""
Which machine an address means.
"""

from __future__ import annotations

import pytest

from marginbook.hosts import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1", "localhost", "LocalHost"])
def test_this_machine(host: str) -> None:
    """
    The loopback addresses, and the name that everybody gives them.
    """
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "venue.example", "10.0.0.1", "0.0.0.1", "fe80::1", "localhost.example", "127.1", "2130706433"]
)
def test_perhaps_another_machine(host: str) -> None:
    """
    What is not certain to be this machine is taken for another.
    """
    assert not is_loopback(host)
