"""
What somebody writes in ten lines with requests: signed, and not checked.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable


def connect(url: str, session: requests.Session | None = None) -> Callable[[], Any]:
    """
    Return what asks for the balance, with a session of its own unless there is one.
    """
    own = session or requests.Session()
    return lambda: own.get(f"{url}/fapi/v3/balance?{signed()}", headers={"X-MBX-APIKEY": "key"}, timeout=60).json()


def signed() -> str:
    """
    Return the parameters of a request with their signature.
    """
    query = f"recvWindow=5000&timestamp={time.time_ns() // 1_000_000}"
    return f"{query}&signature={hmac.new(b'secret', query.encode(), hashlib.sha256).hexdigest()}"


def wallet(answer: Any) -> Any:
    """
    Return the first wallet.
    """
    return answer[0]["balance"]
