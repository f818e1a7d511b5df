"""
ccxt's unified call at its best: markets are loaded once and shared, and its own rate limit is off.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import ccxt  # type: ignore[import-not-found]  # lives in an environment of its own

if TYPE_CHECKING:
    from collections.abc import Callable

_LOADED: Final[list[Any]] = []
_LOADING: Final = threading.Lock()


def client(url: str) -> Any:
    """
    Return a client of an account at *url*.
    """
    made = ccxt.binanceusdm({"apiKey": "key", "secret": "secret", "enableRateLimit": False})
    made.urls["api"] = {name: f"{url}{urlsplit(usual).path}" for name, usual in made.urls["api"].items()}
    # It would trust the same certificates if the environment were to be read with each request, which takes time.
    made.validateServerSsl = os.environ["REQUESTS_CA_BUNDLE"]
    return made


def connect(url: str) -> Callable[[], Any]:
    """
    Return what asks for the balance.
    """
    made = client(url)
    with _LOADING:
        if _LOADED:
            made.set_markets_from_exchange(_LOADED[0])
        else:
            made.load_markets()
            _LOADED.append(made)
    ask: Callable[[], Any] = made.fetch_balance
    return ask


def wallet(answer: Any) -> Any:
    """
    Return the first wallet, a float.
    """
    return answer["USDT"]["total"]
