"""
The sandbox's server: how it opens, serves and closes, and what it refuses to play.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
from requests.adapters import HTTPAdapter
from werkzeug.exceptions import ServiceUnavailable

from marginbook import Account, ConfigurationError, collect, load_accounts
from marginbook.sandbox import Actor, Sandbox, Stage, answer

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Request, Response

TIME: Final = "/fapi/v1/time"


def hello(request: Request, **parts: str) -> Response:
    return answer({"hello": request.path, **parts})


def stage(venue: str, *paths: str, actors: tuple[Actor, ...] = ()) -> Stage:
    return Stage(venue, actors, dict.fromkeys(paths, hello))


def send(url: str, request: bytes) -> bytes:
    """
    Send one request, and nothing after it, and return all that comes back.
    """
    received = b""
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[-1])), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        while more := connection.recv(65536):
            received += more
    return received


def test_free_port() -> None:
    """
    Without being told a port it takes one that is free, so there can be many at once.
    """
    with Sandbox([stage("one", "/hello")]) as one, Sandbox([stage("two", "/hello")]) as two:
        answers = [requests.get(f"{opened.url}/hello", timeout=10).json() for opened in (one, two)]

    assert one.url != two.url
    assert [{"hello": "/hello"}] * 2 == answers


def test_given_port() -> None:
    """
    It takes the port that it is told, as soon as nobody else has it.
    """
    with Sandbox([]) as first:
        port = int(first.url.rpartition(":")[-1])
    with Sandbox([stage("one", "/hello")], port=port) as second:
        status = requests.get(f"{second.url}/hello", timeout=10).status_code

    assert first.url == second.url == f"http://127.0.0.1:{port}"
    assert 200 == status


def test_taken_port(sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    """
    A port that is taken is an error that says what to do, and nothing is printed.
    """
    port = int(sandbox.url.rpartition(":")[-1])
    with pytest.raises(ConfigurationError) as caught:
        Sandbox([], port=port)

    hint = "Choose another with --port, or 0 for any that is free."
    assert f"Port {port} of 127.0.0.1 cannot be used. {hint}" == str(caught.value)
    assert ("", "") == capfd.readouterr()


@pytest.mark.parametrize(
    ("one", "two"),
    [("/v1/balance", "/v1/balance"), ("/v1/<exchange>/balance", "/v1/<name>/balance")],
    ids=["the same", "the same but for a name"],
)
def test_same_path(one: str, two: str) -> None:
    """
    Two venues at one path would hide one of them, so both are named and neither is played.
    """
    with pytest.raises(ConfigurationError) as caught:
        Sandbox([stage("acme", "/v1/time", one), stage("apex", two)])

    assert f"{two} is played by acme and by apex. Name the venues to play with --venue." == str(caught.value)


def test_same_account() -> None:
    """
    Two accounts of one name could not stand in one accounts file, so both venues are named and neither is played.
    """
    with pytest.raises(ConfigurationError) as caught:
        Sandbox([stage("acme", actors=(Actor("demo", {}),)), stage("apex", actors=(Actor("demo", {}),))])

    expected = "The account demo is played by acme and by apex. Name the venues to play with --venue."
    assert expected == str(caught.value)


def test_accounts_file(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    The accounts file, once it is read, says what the sandbox says itself.
    """
    path = tmp_path / "sandbox.toml"
    path.write_text(sandbox.accounts_file(), encoding="utf-8")

    assert sandbox.accounts() == load_accounts(path)
    assert [
        "binance-coins",
        "binance-portfolio",
        "binance-hmac",
        "binance-rsa",
        "binance-ed25519",
        "binance-margin",
        "coinswitch",
        "fexgate",
    ] == [account.name for account in load_accounts(path)]


def test_odd_accounts_file(tmp_path: Path) -> None:
    """
    So it does whatever stands in it: quotes, line ends, characters from anywhere, numbers, truth values.
    """
    secrets = {"api_key": "\"'\\\t\r\n\x00\x1b\x7f\x80=#[]", "api_secret": "é \N{SNOWMAN} \N{GRINNING FACE} \\n"}
    options: dict[str, str | int | bool] = {"exchange": 'f"binance', "path_prefix": "", "send_secret_in_clear": True}
    odd = Stage("fexgate", (Actor('désk "A".1 = \N{GRINNING FACE}', secrets, options), Actor("desk-A_1", secrets)), {})
    path = tmp_path / "sandbox.toml"
    with Sandbox([odd]) as sandbox:
        path.write_text(sandbox.accounts_file(), encoding="utf-8")

    assert sandbox.accounts() == load_accounts(path)
    assert "\n[accounts.desk-A_1]\n" in sandbox.accounts_file()


def test_accounts_can_be_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    Who asks with the accounts file gets a complete report.
    """
    path = tmp_path / "sandbox.toml"
    path.write_text(sandbox.accounts_file(), encoding="utf-8")

    assert collect(path).complete


def test_secrets_are_not_shown(sandbox: Sandbox) -> None:
    """
    Worthless as they are, the secrets do not stand in a repr: what prints these would print others.
    """
    shown = repr([sandbox.accounts(), [actor for part in sandbox._stages for actor in part.actors]])

    # Not every venue has a secret.
    for secret in (secret for account in sandbox.accounts() for secret in account.credentials.values()):
        assert secret.reveal() not in shown


def test_parts_of_a_path() -> None:
    """
    What stands in angle brackets in a path becomes an argument.
    """
    with Sandbox([stage("acme", "/v1/<exchange>/<symbol>")]) as sandbox:
        response = requests.get(f"{sandbox.url}/v1/here/btc%20usdt", timeout=10)

    assert {"hello": "/v1/here/btc usdt", "exchange": "here", "symbol": "btc usdt"} == response.json()


def test_lost() -> None:
    """
    A stage may answer what is lost below its paths, and is told whether it is the path or the method. Elsewhere, HTTP
    has its own words.
    """
    lost = {"/v1": lambda request, status: answer({"no": f"{request.method} {request.path}"}, status)}
    with Sandbox([stage("apex", "/v2/time"), Stage("acme", (), {"/v1/time": hello}, lost)]) as sandbox:
        responses = [
            requests.request(method, f"{sandbox.url}{path}", timeout=10)
            for method in ("GET", "POST")
            for path in ("/v1/time", "/v1/times", "/v2/time", "/v1")
        ]

    assert [200, 404, 200, 404, 405, 404, 405, 404] == [response.status_code for response in responses]
    assert [
        {"no": "GET /v1/times"},
        {"no": "POST /v1/time"},
        {"no": "POST /v1/times"},
    ] == [responses[n].json() for n in (1, 4, 5)]
    assert all("text/html" in responses[n].headers["Content-Type"] for n in (3, 6, 7))


def test_failing_stage(caplog: pytest.LogCaptureFixture) -> None:
    """
    A stage that fails answers with status 500, its author finds the place in the log, and the others go on.
    """

    def fail(request: Request) -> Response:
        raise KeyError(request.path)

    with Sandbox([Stage("acme", (), {"/fail": fail}), stage("apex", "/hello")]) as sandbox:
        failed = requests.get(f"{sandbox.url}/fail?signature=0123456789", timeout=10)
        served = requests.get(f"{sandbox.url}/hello", timeout=10)

    (record,) = caplog.records
    assert (500, 200) == (failed.status_code, served.status_code)
    assert ("marginbook.sandbox.server", logging.ERROR) == (record.name, record.levelno)
    assert "What answers GET /fail failed." == record.message
    assert "KeyError: '/fail'" in caplog.text
    assert "0123456789" not in caplog.text


def test_misbehaving_stage(caplog: pytest.LogCaptureFixture) -> None:
    """
    A stage may refuse as werkzeug does, without anybody taking it for a failure.
    """

    def refuse(_: Request) -> Response:
        raise ServiceUnavailable

    with Sandbox([Stage("acme", (), {"/fail": refuse})]) as sandbox:
        response = requests.get(f"{sandbox.url}/fail", timeout=10)

    assert (503, []) == (response.status_code, caplog.records)


def test_connection_is_kept(sandbox: Sandbox) -> None:
    """
    As at the venues, one connection carries many requests, those with a body as well.
    """
    connection = HTTPConnection(sandbox.url.removeprefix("http://"), timeout=10)
    bodies, sockets = [], set()
    for method, body in [("GET", None), ("POST", b"GET / HTTP/1.1"), ("GET", b"GET / HTTP/1.1"), ("GET", None)]:
        connection.request(method, TIME, body)
        response = connection.getresponse()
        bodies.append(response.read())
        sockets.add(connection.sock.getsockname())
    connection.close()

    assert [True, False, True, True] == [body.startswith(b'{"serverTime":') for body in bodies]
    assert 1 == len(sockets)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /fapi/v1/time HTTP/1.0\r\n\r\n",
        b"GET /fapi/v1/time HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /fapi/v1/time HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["HTTP/1.0", "closed by the client", "a body in chunks"],
)
def test_connection_is_ended(request_: bytes, sandbox: Sandbox) -> None:
    """
    A connection ends with its request where the client wants that, or nobody knows where the next would begin.
    """
    received = send(sandbox.url, request_)

    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert re.fullmatch(rb'{"serverTime":[0-9]{13}}', body)


def test_head(sandbox: Sandbox) -> None:
    """
    To HEAD it answers with what GET would have in its head.
    """
    received = send(sandbox.url, f"HEAD {TIME} HTTP/1.0\r\n\r\n".encode())

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 28\r\n" in received
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.usefixtures("clock")
def test_many_threads(sandbox: Sandbox) -> None:
    """
    Many ask at the same time, over connections that they keep, and each gets its answer.
    """
    before = threading.active_count()
    with requests.Session() as session, ThreadPoolExecutor(16) as threads:
        session.mount("http://", HTTPAdapter(pool_maxsize=16))
        answers = list(threads.map(lambda _: session.get(sandbox.url + TIME, timeout=10), range(320)))
        # The pool's, and one of the server's a connection.
        assert threading.active_count() <= before + 32

    assert {200} == {response.status_code for response in answers}
    assert set(range(1, 321)) == {int(response.headers["X-MBX-USED-WEIGHT-1M"]) for response in answers}


def test_closes() -> None:
    """
    When it is closed, nobody listens, and connections that were kept are ended.
    """
    with Sandbox([stage("acme", "/hello")]) as opened:
        kept = HTTPConnection(opened.url.removeprefix("http://"), timeout=10)
        kept.request("GET", "/hello")
        body = kept.getresponse().read()
    with kept.sock:
        rest = kept.sock.recv(65536)

    assert (b'{"hello":"/hello"}', b"") == (body, rest)
    assert not opened._server.thread.is_alive()
    with pytest.raises(requests.ConnectionError):
        requests.get(opened.url, timeout=10)


def test_forgets() -> None:
    """
    Connections that clients have ended are not kept.
    """
    with Sandbox([stage("acme", "/hello")]) as opened:
        for _ in range(10):
            send(opened.url, b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        deadline = time.monotonic() + 10
        while opened._server._kept and time.monotonic() < deadline:
            time.sleep(0.01)

        assert set() == opened._server._kept


def test_closes_after_trouble() -> None:
    """
    It closes as well when what was done with it failed.
    """
    with pytest.raises(KeyError), Sandbox([]) as opened:
        raise KeyError
    with pytest.raises(requests.ConnectionError):
        requests.get(opened.url, timeout=10)


def test_waits() -> None:
    """
    Who waits for it waits until it is closed.
    """
    waiting = threading.Event()
    done = threading.Event()

    def wait(opened: Sandbox) -> None:
        waiting.set()
        opened.wait()
        done.set()

    with Sandbox([]) as opened:
        threading.Thread(target=wait, args=(opened,), daemon=True).start()
        waiting.wait(10)

        assert not done.wait(0.1)

    assert done.wait(10)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /fapi/v3/balance?timestamp=\xff&signature=\xfe HTTP/1.0\r\nX-MBX-APIKEY: \xff\r\n\r\n",
        b"GET /\xff/%ff HTTP/1.0\r\nHost: \xff\r\n\r\n",
        b"GET //fapi/v3/balance HTTP/1.0\r\n\r\n",
        b"GET http://[ HTTP/1.0\r\n\r\n",
        b"POST /fapi/v3/balance HTTP/1.0\r\nContent-Length: many\r\n\r\n",
        b"POST /fapi/v3/balance HTTP/1.0\r\nContent-Length: -1\r\n\r\n",
        b"POST /fapi/v3/balance HTTP/1.0\r\nContent-Length: 100\r\n\r\nbroken off",
        b"GET /fapi/v1/time HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n\r\n",
    ],
    ids=range(12),
)
def test_garbage(
    garbage: bytes, sandbox: Sandbox, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """
    Nothing that anybody sends brings it down, or makes it print: what it printed could hold a signature.
    """
    received = send(sandbox.url, garbage)

    assert b" 500 " not in received
    assert 200 == requests.get(sandbox.url + TIME, timeout=10).status_code
    # A log would be printed, too, where nobody says what to do with it.
    assert ("", "", []) == (*capfd.readouterr(), caplog.records)


def test_prints_nothing(sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    """
    Nor does it print what it does, good or bad.
    """
    accounts: list[Any] = [*sandbox.accounts(), Account("stranger", "fexgate", {"api_key": "a", "api_secret": "b"})]
    collect(accounts)
    requests.get(f"{sandbox.url}/nowhere", timeout=10)
    requests.post(f"{sandbox.url}/fapi/v3/balance", timeout=10)

    assert ("", "") == capfd.readouterr()
