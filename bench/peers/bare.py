"""
The same with urllib3, which requests is made of: one pool for all.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from typing import TYPE_CHECKING, Any, Final

import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable

_POOL: Final = urllib3.PoolManager(maxsize=64, ca_certs=os.environ["REQUESTS_CA_BUNDLE"])


def connect(url: str) -> Callable[[], Any]:
    """
    Return what asks for the balance.
    """

    def ask() -> Any:
        query = f"recvWindow=5000&timestamp={time.time_ns() // 1_000_000}"
        signature = hmac.new(b"secret", query.encode(), hashlib.sha256).hexdigest()
        address = f"{url}/fapi/v3/balance?{query}&signature={signature}"
        return json.loads(_POOL.request("GET", address, headers={"X-MBX-APIKEY": "key"}, timeout=60).data)

    return ask


def wallet(answer: Any) -> Any:
    """
    Return the first wallet.
    """
    return answer[0]["balance"]
