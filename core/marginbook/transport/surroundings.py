"""
What the environment says about the way to an address: its proxies, and whose certificates to trust.

It is read as requests reads it, but once for each pool and address, and not for each request: that takes as long as to
prepare one.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from requests.utils import get_environ_proxies, select_proxy

from marginbook.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests.adapters import BaseAdapter


class Surroundings:
    """
    What is known by now, for all sessions of one pool.
    """

    def __init__(self) -> None:
        self._settings: dict[tuple[str, str], dict[str, Any]] = {}
        self._egresses: dict[tuple[str, str], str] = {}

    def settings(self, url: str, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """
        Return the settings of requests for *url*, with *look* called for those of an address that is new.
        """
        place = _place(url)
        if place not in self._settings:
            self._settings[place] = look()
        return dict(self._settings[place])

    def egress(self, url: str) -> str:
        """
        Return what stands for the proxy through which requests will ask *url*, or "". Its address may have a password.
        """
        place = _place(url)
        if place not in self._egresses:
            self._egresses[place] = _egress(url)
        return self._egresses[place]


_ALL: Final[WeakKeyDictionary[BaseAdapter, Surroundings]] = WeakKeyDictionary()


def surroundings(pool: BaseAdapter) -> Surroundings:
    """
    Return what is known for the sessions of a pool.
    """
    # Two threads that come at once may look twice, and see the same.
    return _ALL.get(pool) or _ALL.setdefault(pool, Surroundings())


def _place(url: str) -> tuple[str, str]:
    # All but the query is the same for many requests, and has been taken apart already.
    parts = urlsplit(url.partition("?")[0])
    return parts.scheme, parts.netloc


def _egress(url: str) -> str:
    if is_loopback(urlsplit(url).hostname or ""):
        return ""
    proxy = select_proxy(url, get_environ_proxies(url)) or ""
    return proxy and hashlib.blake2b(proxy.encode(), digest_size=16).hexdigest()
