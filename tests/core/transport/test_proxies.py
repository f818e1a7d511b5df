"""
Proxies of the environment, and who may not see what.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from marginbook import Account, collect
from marginbook.registry import installed
from marginbook.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """
    What a proxy, which the environment names, gets to see.
    """
    lines: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            lines.append(self.path)
            self.send_error(502)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield lines
        server.shutdown()


def test_this_machine_is_not_asked_through_a_proxy(seen: list[str]) -> None:
    """
    What is meant for this machine, a raw secret perhaps, is not sent to a proxy.
    """
    with Sandbox(installed().stages()) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    assert [] == seen


def test_other_machines_are_asked_through_the_proxy(seen: list[str]) -> None:
    """
    Elsewhere, a proxy works as it does for everybody who uses requests.
    """
    credentials = {"api_key": "key", "api_secret": "secret"}
    report = collect([Account("desk", "binance-usdm", credentials, {"base_url": "http://venue.example"})])

    assert ["unavailable"] == [failure.kind for failure in report.failures]
    assert {"http://venue.example/fapi/v3/balance"} == {line.partition("?")[0] for line in seen}
