"""
A venue that answers everything alike, over real HTTP on this machine.
"""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@frozen
class Heard:
    """
    Where the venue listens, and the requests that it has heard, by path with query and by headers.
    """

    url: str
    requests: list[tuple[str, dict[str, str]]] = field(factory=list)


@contextlib.contextmanager
def answering(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Iterator[Heard]:
    """
    Listen, and answer every GET with *status* and *body*: bytes, or what becomes JSON.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    class Venue(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.requests.append((self.path, dict(self.headers)))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """
            Nobody reads it.
            """

    with ThreadingHTTPServer(("127.0.0.1", 0), Venue) as server:
        heard = Heard(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield heard
        server.shutdown()
