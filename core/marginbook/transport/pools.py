"""
Connections, and how long an answer may take on them.

A time-out of ``requests`` begins anew with each byte, so that a peer that sends one now and then is waited for without
end. Here it counts once, from the request to the end of the answer: headers and body, TLS or not.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context, resolve_cert_reqs

from marginbook.transport.heads import Answer, getresponse

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Hosts whose connections are kept. More of them still work; their connections are opened anew.
_HOSTS: Final = 64

#: Seconds by which a read may end too late, so that most need no time-out of their own.
_TOLERANCE: Final = 0.1


class _Timed:
    """
    A socket that is read until a point in time.
    """

    _end = math.inf

    def read_for(self, seconds: float | None) -> None:
        """
        Let everything that is read from now on take so many seconds together.
        """
        self._end = math.inf if seconds is None else time.monotonic() + seconds

    def settimeout(self, seconds: float | None) -> None:
        """
        Set a time-out, unless a longer one is set: to set one is a call of the system, for which other threads are let
        in. Reading looks to the shorter one by itself, and what is sent is short, and waits for nothing.
        """
        current: float | None = self.gettimeout()  # type: ignore[attr-defined]  # a socket's
        if not (current and seconds and seconds <= current):
            super().settimeout(seconds)  # type: ignore[misc]  # likewise

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """
        Read, for as long as is left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            msg = "timed out"
            raise TimeoutError(msg)
        current: float | None = self.gettimeout()  # type: ignore[attr-defined]  # likewise
        if left < (math.inf if current is None else current - _TOLERANCE):
            super().settimeout(left)  # type: ignore[misc]  # likewise
        return super().recv_into(*args, **kwargs)  # type: ignore[misc,no-any-return]  # likewise


class _Socket(_Timed, socket.socket):
    pass


class _TLSSocket(_Timed, ssl.SSLSocket):
    pass


class _Connection(HTTPConnection):
    response_class = Answer
    # Otherwise http.client would print headers, which hold keys, for a program that debugs its own requests.
    debuglevel = 0

    def _new_conn(self) -> Any:
        return _timed(super()._new_conn())

    def getresponse(self) -> Any:
        _begin(self.sock, self.timeout)
        return getresponse(self)


class _TLSConnection(HTTPSConnection):
    response_class = Answer
    debuglevel = 0

    def connect(self) -> None:
        if self.ssl_context is None:
            self.ssl_context = create_urllib3_context(cert_reqs=resolve_cert_reqs(self.cert_reqs))
        self.ssl_context.sslsocket_class = _TLSSocket
        super().connect()

    def _new_conn(self) -> Any:
        return _timed(super()._new_conn())

    def getresponse(self) -> Any:
        _begin(self.sock, self.timeout)
        return getresponse(self)


def _timed(connected: socket.socket) -> _Socket:
    timeout = connected.gettimeout()
    timed = _Socket(fileno=connected.detach())
    timed.settimeout(timeout)
    # Before TLS, what a proxy says to a wish for a tunnel is read on it.
    timed.read_for(timeout)
    return timed


def _begin(connected: Any, timeout: Any) -> None:
    # TLS within TLS, to a proxy that is asked over https, has a socket of urllib3's own, with a time-out for each read.
    if isinstance(connected, _Timed):
        connected.read_for(timeout)


# Who records exchanges, as vcrpy does, puts a class of his own into the place of urllib3's: it stays there.


class _Plain(HTTPConnectionPool):
    @property
    def ConnectionCls(self) -> Any:  # type: ignore[override]  # noqa: N802  # urllib3's name
        usual = HTTPConnectionPool.ConnectionCls
        return _Connection if usual is HTTPConnection else usual


class _TLS(HTTPSConnectionPool):
    @property
    def ConnectionCls(self) -> Any:  # type: ignore[override]  # noqa: N802  # likewise
        usual = HTTPSConnectionPool.ConnectionCls
        return _TLSConnection if usual is HTTPSConnection else usual


class _Pools(HTTPAdapter):
    """
    Makes its connections as above, to venues and to proxies, and reads CA certificates once.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """
        Make the pools.
        """
        super().init_poolmanager(*args, **kwargs)
        _equip(self.poolmanager)
        self._contexts: dict[str | bool, ssl.SSLContext] = {}
        #: The pool of each place that was asked, which takes urllib3 longer to find.
        self._known: dict[tuple[str, str, str | bool], Any] = {}

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """
        Return the pool of a request's host.
        """
        # What goes through a proxy, or is to be verified in another way, is left to requests.
        if not verify or cert or _are_proxies(proxies):
            return super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        # All but the query is the same for many requests, and has been taken apart already.
        parts = urlsplit(request.url.partition("?")[0])
        place = parts.scheme, parts.netloc, verify
        pool = self._known.get(place)
        if pool is None:
            context = {"ssl_context": self._trusting(verify)} if parts.scheme == "https" else None
            pool = self.poolmanager.connection_from_host(parts.hostname, parts.port, parts.scheme, context)
            if len(self._known) == _HOSTS:
                self._known.clear()
            self._known[place] = pool
        return pool

    def close(self) -> None:
        """
        Close all connections.
        """
        self._known.clear()
        super().close()

    def _trusting(self, verify: str | bool) -> ssl.SSLContext:  # noqa: FBT001  # see trusting
        if verify not in self._contexts:
            from marginbook.transport.trust import trusting  # noqa: PLC0415  # there may be no TLS

            self._contexts[verify] = trusting(verify)
        return self._contexts[verify]

    def request_url(self, request: Any, proxies: Any) -> str:
        """
        Return what the first line of a request asks for.
        """
        if _are_proxies(proxies):
            return super().request_url(request, proxies)
        # What was prepared has a path, and urllib3 leaves a fragment out.
        return f"/{request.url.split('/', 3)[3]}"

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """
        Make an answer of urllib3's, as requests does, which looks for cookies even where there are none.
        """
        response = requests.Response()
        response.status_code, response.reason = resp.status, resp.reason
        # To requests' kind of headers, letters are as large or small as to urllib3's, and to copy them takes time.
        response.headers = resp.headers
        response.encoding = get_encoding_from_headers(resp.headers)
        response.raw, response.url = resp, req.url or ""
        if "Set-Cookie" in resp.headers:
            extract_cookies_to_jar(response.cookies, req, resp)  # type: ignore[no-untyped-call]
        response.request, response.connection = req, self
        return response

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """
        Leave a pool alone that has a context.
        """
        if "ssl_context" not in conn.conn_kw:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """
        Make the pools for a proxy.
        """
        return _equip(super().proxy_manager_for(proxy, **kwargs))


def _are_proxies(proxies: Mapping[str, str] | None) -> bool:
    return any(name != "no_proxy" for name in proxies or ())


def _equip(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _Plain, "https": _TLS}
    return manager


def adapter(max_workers: int) -> HTTPAdapter:
    """
    Return the pool of connections that all accounts share: one for each worker and host.
    """
    return _Pools(pool_connections=_HOSTS, pool_maxsize=max_workers, max_retries=0)
