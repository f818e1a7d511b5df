"""
Plain requests once more, with one session for all accounts, and so its default adapter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import requests

from bench.peers import plain

if TYPE_CHECKING:
    from collections.abc import Callable

_SESSION: Final = requests.Session()


def connect(url: str) -> Callable[[], Any]:
    """
    Return what asks for the balance.
    """
    return plain.connect(url, _SESSION)
