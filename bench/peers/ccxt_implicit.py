"""
ccxt's implicit call: Binance's own words, as a dictionary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.peers.ccxt_unified import client

if TYPE_CHECKING:
    from collections.abc import Callable


def connect(url: str) -> Callable[[], Any]:
    """
    Return what asks for the balance. No markets are needed.
    """
    ask: Callable[[], Any] = client(url).fapiPrivateV3GetBalance
    return ask


def wallet(answer: Any) -> Any:
    """
    Return the first wallet.
    """
    return answer[0]["balance"]
