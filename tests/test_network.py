"""
The suite stays on this machine.
"""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest


def connect() -> None:
    with socket.socket() as attempt:
        # Another address of this machine: should it be let through, nothing has left.
        attempt.connect(("127.0.0.2", 9))


def test_the_network_is_blocked() -> None:
    """
    Nothing but the two loopback addresses that servers of the tests use can be reached.
    """
    with pytest.raises(RuntimeError, match="Network is disabled"):
        connect()


def test_the_network_is_blocked_for_threads() -> None:
    """
    Nor can it be from a thread, which is where marginbook asks.
    """
    with ThreadPoolExecutor(1) as executor, pytest.raises(RuntimeError, match="Network is disabled"):
        executor.submit(connect).result()
