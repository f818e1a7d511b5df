"""
A venue that answers each request as a test says, over real HTTP on this machine.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen
class Asked:
    """
    A request as it came.
    """

    target: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        return urlsplit(self.target).query

    def parameter(self, name: str) -> str:
        return parse_qs(self.query)[name][0]


#: One asset, as Binance USDⓈ-M tells it.
ROW: Final[dict[str, Any]] = {
    "accountAlias": "SgsR",
    "asset": "USDT",
    "balance": "1.50",
    "crossWalletBalance": "1.50",
    "crossUnPnl": "0",
    "availableBalance": "1.50",
    "maxWithdrawAmount": "1.50",
    "marginAvailable": True,
    "updateTime": 1763600400000,
}


@frozen
class Said:
    """
    An answer: bytes, or what becomes JSON. Unless it is said, Binance's to an account with one asset.
    """

    status: int = 200
    body: Any = field(factory=lambda: [ROW])
    headers: Mapping[str, str] = field(factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Say = Callable[[Asked], Said]


@frozen
class Scripted:
    """
    Where it listens, and what it was asked.
    """

    url: str
    asked: list[Asked] = field(factory=list)

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


def in_turn(*answers: Said) -> Say:
    """
    One answer after the other, and the last again and again.
    """
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@contextlib.contextmanager
def scripted(say: Say) -> Iterator[Scripted]:
    """
    Listen, and answer every GET with what *say* says to it.
    """
    lock = threading.Lock()

    class Venue(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with lock:
                venue.asked.append(Asked(self.path, dict(self.headers)))
                said = say(venue.asked[-1])
            # Without a Date: the tests have a time of their own.
            self.send_response_only(said.status)
            for name, value in {"Content-Length": str(len(said.content)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.content)

        def log_message(self, *_: object) -> None:
            """
            Nobody reads it.
            """

    with ThreadingHTTPServer(("127.0.0.1", 0), Venue) as server:
        venue = Scripted(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield venue
        server.shutdown()


def answering(
    status: int, body: Any, headers: Mapping[str, str] | None = None
) -> contextlib.AbstractContextManager[Scripted]:
    """
    Listen, and answer every GET alike.
    """
    return scripted(lambda _: Said(status, body, headers or {}))
