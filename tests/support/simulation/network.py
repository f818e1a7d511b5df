"""
The way to the virtual venues, as requests sees it: an adapter, and the exceptions that real ones raise.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from http.client import IncompleteRead, RemoteDisconnected
from io import BytesIO
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import requests
from attrs import define
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from simulation.scheduling import Scheduler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Network(BaseAdapter):
    """
    Carries requests to the hosts that there are.
    """

    def __init__(
        self, hosts: Mapping[str, Callable[[requests.PreparedRequest, float, float], requests.Response]]
    ) -> None:
        super().__init__()
        self._hosts = hosts

    def send(self, request: requests.PreparedRequest, *_: Any, timeout: Any = None, **__: Any) -> requests.Response:
        """
        Ask the host.
        """
        connect, read = timeout
        return self._hosts[urlsplit(request.url or "").netloc](request, connect, read)

    def close(self) -> None:
        """
        Nothing is open.
        """


def lose(request: requests.PreparedRequest, fault: str) -> NoReturn:
    """
    Raise what requests raises where a request does not arrive, or no answer does. Texts quote the address, as there.
    """
    url = request.path_url
    pool: Any = f"HTTPSConnectionPool(host={urlsplit(request.url or '').netloc!r}, port=443)"
    refused = NewConnectionError(pool, "[Errno 111] Connection refused")
    match fault:
        case "refused":
            raise requests.ConnectionError(MaxRetryError(pool, url, refused), request=request)
        case "connect_timeout":
            late = ConnectTimeoutError(pool, f"Connection to {url} timed out.")
            raise requests.ConnectTimeout(MaxRetryError(pool, url, late), request=request)
        case "handshake":
            broken = SSLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"))
            raise requests.exceptions.SSLError(MaxRetryError(pool, url, broken), request=request)
        case "certificate":
            untrusted = SSLError(ssl.SSLCertVerificationError(1, "certificate verify failed"))
            raise requests.exceptions.SSLError(MaxRetryError(pool, url, untrusted), request=request)
        case "reset":
            cause: Exception = ConnectionResetError(104, "Connection reset by peer")
        case "stalled":
            raise requests.ReadTimeout(ReadTimeoutError(pool, url, "Read timed out."), request=request)
        case _:
            cause = RemoteDisconnected("Remote end closed connection without response")
    raise requests.ConnectionError(ProtocolError("Connection aborted.", cause), request=request)


@define(eq=False)
class Broken:
    """
    A body that ends in the middle, as urllib3 tells it.
    """

    body: bytes
    fault: str
    scheduler: Scheduler
    #: When the client has had enough.
    patience: float
    #: Called when it is over.
    over: Callable[[], None]

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """
        Yield half of it, and break.
        """
        try:
            yield from self._break()
        finally:
            self.over()

    def _break(self) -> Iterator[bytes]:
        half = self.body[: len(self.body) // 2]
        pool: Any = "HTTPSConnectionPool(host='venue', port=443)"
        if self.fault == "garbled_gzip":
            msg = "Received response with content-encoding: gzip, but failed to decode it."
            raise DecodeError(msg, OSError("incorrect header check"))
        if self.fault == "chunk_broken":
            yield half
            msg = "Connection broken: IncompleteRead"
            raise ProtocolError(msg, IncompleteRead(half, 7))
        if self.fault == "trickled":
            # A byte now and then, until it has taken too long altogether.
            for byte in half[:5]:
                self.scheduler.sleep((self.patience - self.scheduler.now) / 2)
                yield bytes([byte])
        self.scheduler.sleep(self.patience - self.scheduler.now)
        raise ReadTimeoutError(pool, "/", "Read timed out.")

    def close(self) -> None:
        """
        Nothing is open.
        """

    def release_conn(self) -> None:
        """
        Likewise.
        """


def respond(
    request: requests.PreparedRequest, status: int, raw: bytes | Broken, headers: Mapping[str, str]
) -> requests.Response:
    """
    Return what an adapter returns: a response whose body has not been read.
    """
    response = requests.Response()
    response.status_code = status
    response.request = request
    response.url = request.url or ""
    response.headers = CaseInsensitiveDict(headers)
    response.raw = BytesIO(raw) if isinstance(raw, bytes) else raw
    return response
