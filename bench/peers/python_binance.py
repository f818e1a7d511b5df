"""
python-binance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from binance.client import Client  # type: ignore[import-not-found]  # lives in an environment of its own

if TYPE_CHECKING:
    from collections.abc import Callable


def connect(url: str) -> Callable[[], Any]:
    """
    Return what asks for the balance. To make a client asks for a ping.
    """
    Client.API_URL, Client.FUTURES_URL = f"{url}/api", f"{url}/fapi"
    ask: Callable[[], Any] = Client("key", "secret").futures_account_balance
    return ask


def wallet(answer: Any) -> Any:
    """
    Return the first wallet.
    """
    return answer[0]["balance"]
