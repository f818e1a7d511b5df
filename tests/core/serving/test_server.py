"""
The server, over real HTTP.
"""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

from marginbook import ConfigurationError
from marginbook.serving import Server

if TYPE_CHECKING:
    from tests.core.serving.conftest import Served


def test_a_server(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    """
    It answers over HTTP, says of itself no more than its name, and logs nothing.
    """
    made = served.make()
    with Server(served.site()) as server:
        answer = requests.get(f"{server.url}/report.json?token=canary", timeout=10)

    assert (200, made.to_json(), "marginbook") == (answer.status_code, answer.text, answer.headers["Server"])
    assert ("", "") == capfd.readouterr()


def test_many_readers(served: Served) -> None:
    """
    All get the whole of the same report.
    """
    made = served.make("b")
    with Server(served.site()) as server, ThreadPoolExecutor(20) as pool:
        texts = set(pool.map(lambda _: requests.get(f"{server.url}/report.json", timeout=30).text, range(100)))

    assert {made.to_json()} == texts


def test_requests_that_are_none(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    """
    What is no HTTP is refused, what comes with no host or two of them too, and the server goes on.
    """
    served.make()
    with Server(served.site()) as server:
        port = int(server.url.rpartition(":")[2])
        answers = []
        for request in (
            b"nonsense\r\n\r\n",
            b"GET /report.json HTTP/1.0\r\n\r\n",
            b"GET /healthz HTTP/1.0\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                answers.append(b"".join(iter(lambda: connection.recv(65536), b"")))
        well = requests.get(f"{server.url}/healthz", timeout=10).status_code

    assert b"400" in answers[0]
    assert [b"HTTP/1.1 421"] * 2 == [answer[:12] for answer in answers[1:]]
    assert 200 == well
    assert ("", "") == capfd.readouterr()


def test_other_loopback_addresses(served: Served) -> None:
    """
    Of both kinds of addresses, in the URL as in the name that is answered.
    """
    served.make()
    with Server(served.site(), host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert 200 == requests.get(f"{server.url}/healthz", timeout=10).status_code


@pytest.mark.parametrize("host", ["no such host", "x" * 100, "192.0.2.1"])
def test_addresses_that_are_not_ours(served: Served, host: str) -> None:
    """
    Nobody can listen there.
    """
    with pytest.raises(ConfigurationError, match=f"Port 0 of {host} cannot be used") as caught:
        Server(served.site(), host=host)

    assert "another --host" in caught.value.hint


def test_taken_ports(served: Served) -> None:
    """
    A port that somebody has is refused at once.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigurationError, match=r"of 127\.0\.0\.1 cannot be used"),
    ):
        Server(served.site(), port=taken.getsockname()[1])


def test_waiting(served: Served) -> None:
    """
    Who waits for it waits until it is closed.
    """
    with Server(served.site()) as server, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.wait)
        assert not waiting.done()
        server.__exit__(None, None, None)

        assert waiting.result(timeout=10) is None
