"""
Faults: what each does on the wire, whom it hits, and that it hits nobody else.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import tomllib
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest
import requests
from attrs import evolve
from urllib3.util import parse_url
from werkzeug.exceptions import ServiceUnavailable

from marginbook import ConfigurationError
from marginbook.sandbox import FAULTS, Actor, Fault, Sandbox, Stage, answer
from marginbook.sandbox.bodies import BODY
from marginbook.sandbox.doors import CONNECTION
from marginbook.sandbox.sending import SOCKET
from marginbook.sandbox.statuses import STATUS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import time_machine
    from werkzeug.wrappers import Request, Response

    from marginbook.registry import Registry

#: An answer with what could be taken for its first amount and is not, and with an amount after it.
ANSWER: Final = {
    "note": 'a "quoted": "7" and [ "x" ]',
    "updateTime": "1763600400000",
    "created_at": "1763600400",
    "alias": "12ab",
    "none": [],
    "rows": [
        {"asset": "USDT", "balance": "-312.50", "exchange": "EXCHANGE_2", "tags": ["[", "]"]},
        {"asset": "BTC", "balance": "1E-8", "exchange": "EXCHANGE_2"},
    ],
    "more": [1],
}
TEXT: Final = json.dumps(ANSWER, separators=(",", ":"))

ONE: Final = Actor("one", {"api_key": "key-of-one", "api_secret": "secret-of-one"})
TWO: Final = Actor("two", {"api_key": "key-of-two", "api_secret": "secret-of-two"})


class Venue:
    """
    A venue that counts how often it is asked, and says what it is told to.
    """

    def __init__(self, said: Any = ANSWER, status: int = 200) -> None:
        self.asked = 0
        self.said = said
        self.status = status

    def balance(self, request: Request) -> Response:
        assert request.method in {"GET", "HEAD"}
        self.asked += 1
        return answer(self.said, self.status, {"X-Kept": "yes"})

    def time(self, _: Request) -> Response:
        return answer({"serverTime": 1763600400000})

    def stage(self) -> Stage:
        return Stage("acme", (ONE, TWO), {"/balance": self.balance, "/time": self.time})


def opened(*faults: str, venue: Venue | None = None) -> Sandbox:
    return Sandbox([(venue or Venue()).stage()], faults=map(Fault.parse, faults))


def connect(url: str) -> HTTPConnection:
    return HTTPConnection(parse_url(url).netloc or "", timeout=10)


def get(sandbox: Sandbox, key: str = "key-of-one", path: str = "/balance") -> tuple[HTTPResponse, bytes]:
    """
    Ask once, over a connection of its own.
    """
    connection = connect(sandbox.url)
    try:
        connection.request("GET", path, headers={"X-Key": key})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def body(*arguments: Any) -> bytes:
    return get(*arguments)[1]


def status(*arguments: Any) -> int:
    return get(*arguments)[0].status


def dial(sandbox: Sandbox, key: str = "key-of-one", *, ending: bool = False) -> socket.socket:
    """
    Send a request, the only one of its connection if it is *ending*, and read nothing yet.
    """
    connection = socket.create_connection(("127.0.0.1", urlsplit(sandbox.url).port or 0), timeout=10)
    version = "1.0" if ending else "1.1"
    connection.sendall(f"GET /balance HTTP/{version}\r\nHost: localhost\r\nX-Key: {key}\r\n\r\n".encode())
    return connection


def receive(connection: socket.socket, enough: re.Pattern[bytes]) -> bytes:
    """
    Read until there is enough.
    """
    received = b""
    while not enough.search(received):
        more = connection.recv(1)
        assert more, received
        received += more
    return received


def rest(connection: socket.socket) -> bytes:
    """
    Read to the end, and say how it ends.
    """
    received = []
    try:
        while more := connection.recv(1 << 20):
            received.append(more)
    except ConnectionResetError:
        return b"".join([*received, b"<reset>"])
    return b"".join([*received, b"<end>"])


def arrive(sandbox: Sandbox) -> None:
    """
    Wait until a request has come.
    """
    while not sandbox.requests:
        threading.Event().wait(0.001)


def handlers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "process_request" in thread.name}


def join(threads: Iterable[threading.Thread]) -> bool:
    for thread in threads:
        thread.join(10)
    return not any(thread.is_alive() for thread in threads)


# Every fault


def test_names() -> None:
    """
    Each fault has a name of its own, and a sentence that says what it does.
    """
    assert len(FAULTS) == len(CONNECTION) + len(SOCKET) + len(STATUS) + len(BODY) + 1
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in FAULTS)
    assert all(re.fullmatch(r"[A-Z].*\.", effect.about) for effect in FAULTS.values())
    assert len(FAULTS) == len({effect.about for effect in FAULTS.values()})


@pytest.mark.parametrize("name", FAULTS)
def test_nobody_else(name: str) -> None:
    """
    Who is not the account that a fault is for is answered as if there were none.
    """
    with opened(f"one={name}") as sandbox:
        response, received = get(sandbox, "key-of-two")
        times = body(sandbox, "", "/time"), body(sandbox, "unknown", "/time")

    assert (200, TEXT.encode()) == (response.status, received)
    assert str(len(TEXT)) == response.headers["Content-Length"]
    assert (b'{"serverTime":1763600400000}',) * 2 == times
    assert (3, Counter({200: 3})) == (sandbox.requests, sandbox.answered)


@pytest.mark.parametrize("name", [name for name in FAULTS if not name.startswith(("stall", "drip", *CONNECTION))])
def test_does_something(name: str) -> None:
    """
    Each fault that comes to an end makes a difference to whom it is for.
    """
    with opened(f"one={name}") as sandbox:
        with dial(sandbox, ending=True) as connection:
            received = rest(connection)
        with dial(sandbox, key="key-of-two", ending=True) as connection:
            genuine = rest(connection)

    assert re.sub(b"Date: .*", b"", genuine) != re.sub(b"Date: .*", b"", received)
    assert genuine.endswith(b"\r\n\r\n" + TEXT.encode() + b"<end>")


# Connections that are not made


def test_refused() -> None:
    """
    The account's address is a port that refuses connections, and stays so while the sandbox is open.
    """
    with opened("one=refused") as sandbox:
        one, two = sandbox.accounts()
        address = ("127.0.0.1", urlsplit(str(one.options["base_url"])).port)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=10)
        with pytest.raises(OSError, match="in use"):
            socket.create_server(address)

    assert sandbox.url == two.options["base_url"] != one.options["base_url"]
    assert 0 == sandbox.requests


def test_tls() -> None:
    """
    The account's address is TLS with a certificate that nobody trusts, and who does not check it is answered.
    """
    with opened("one=tls") as sandbox:
        address = str(sandbox.accounts()[0].options["base_url"])
        host = parse_url(address).netloc or ""
        with pytest.raises(ssl.SSLCertVerificationError, match="self-signed certificate"):
            HTTPSConnection(host, timeout=10, context=ssl.create_default_context()).request("GET", "/balance")
        careless = HTTPSConnection(host, timeout=10, context=ssl._create_unverified_context())  # noqa: S323  # see above
        careless.request("GET", "/balance", headers={"X-Key": "key-of-one"})
        received = careless.getresponse().read()
        careless.close()

    assert address.startswith("https://127.0.0.1:")
    assert TEXT.encode() == received
    assert (1, Counter({200: 1})) == (sandbox.requests, sandbox.answered)


def test_tls_right_but_for_trust() -> None:
    """
    Nothing else is wrong with the certificate: who is told to trust it does, address and all.
    """
    with opened("one=tls") as sandbox:
        port = urlsplit(str(sandbox.accounts()[0].options["base_url"])).port or 0
        certificate = ssl.get_server_certificate(("127.0.0.1", port), timeout=10)
        trusting = HTTPSConnection(
            "127.0.0.1", port, timeout=10, context=ssl.create_default_context(cadata=certificate)
        )
        trusting.request("GET", "/time")
        received = trusting.getresponse().read()
        trusting.close()

    assert b'{"serverTime":1763600400000}' == received


def test_tls_without_a_handshake(capfd: pytest.CaptureFixture[str]) -> None:
    """
    Who says nothing, or speaks no TLS, keeps nobody waiting, and nothing is printed.
    """
    before = handlers()
    with opened("one=tls") as sandbox:
        address = ("127.0.0.1", urlsplit(str(sandbox.accounts()[0].options["base_url"])).port or 0)
        silent = socket.create_connection(address, timeout=10)
        with socket.create_connection(address, timeout=10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            rest(plain)
        certificate = ssl.get_server_certificate(address, timeout=10)
        waiting = handlers() - before
    with silent:
        said = rest(silent)

    assert certificate.startswith("-----BEGIN CERTIFICATE-----")
    assert said.endswith((b"<end>", b"<reset>"))
    assert waiting
    assert join(waiting)
    assert ("", "") == capfd.readouterr()


def test_accounts_file() -> None:
    """
    The accounts file leads each account where the accounts do, those without a fault to the sandbox.
    """
    with opened("one=refused", "two=tls") as sandbox:
        written = tomllib.loads(sandbox.accounts_file())["accounts"]
        told = {account.name: account.options["base_url"] for account in sandbox.accounts()}

    assert told == {name: table["base_url"] for name, table in written.items()}
    assert 3 == len({sandbox.url, *told.values()})


def test_all_doors() -> None:
    """
    A connection fault may be for all accounts, but for those that have another.
    """
    with opened("=refused", "two=tls") as sandbox:
        one, two = (str(account.options["base_url"]) for account in sandbox.accounts())
        with pytest.raises(ConnectionRefusedError):
            connect(one).request("GET", "/")

    assert ("http", "https") == (urlsplit(one).scheme, urlsplit(two).scheme)


# Connections that break


def test_reset() -> None:
    """
    A reset comes instead of an answer, and no status is counted.
    """
    with opened("one=reset") as sandbox, dial(sandbox) as connection:
        received = rest(connection)

    assert b"<reset>" == received
    assert (1, Counter()) == (sandbox.requests, sandbox.answered)


@pytest.mark.parametrize(("name", "end"), [("reset-in-body", b"<reset>"), ("cut-body", b"<end>")])
def test_half(name: str, end: bytes) -> None:
    """
    Half of the body, after headers that promise the whole, and then the end.
    """
    with opened(f"one={name}") as sandbox, dial(sandbox) as connection:
        head, _, received = rest(connection).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"\r\nContent-Length: {len(TEXT)}".encode() in head
    assert TEXT[: len(TEXT) // 2].encode() + end == received
    assert Counter({200: 1}) == sandbox.answered


def test_stall() -> None:
    """
    No answer comes, and the client does not have to wait for the sandbox, nor the sandbox for the client.
    """
    before = handlers()
    with opened("one=stall") as sandbox:
        with dial(sandbox) as connection:
            arrive(sandbox)
            connection.settimeout(0.1)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.sendall(b"Hello?")
            with pytest.raises(TimeoutError):
                connection.recv(1)
            stalled = handlers() - before
        ended = join(stalled)

    assert (1, True) == (len(stalled), ended)
    assert (1, Counter()) == (sandbox.requests, sandbox.answered)


def test_stall_in_body() -> None:
    """
    Half of the body comes, and no more.
    """
    with opened("one=stall-in-body") as sandbox, dial(sandbox) as connection:
        received = receive(connection, re.compile(re.escape(TEXT[: len(TEXT) // 2].encode())))
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)

    assert f"\r\nContent-Length: {len(TEXT)}\r\n".encode() in received


def test_drip_headers() -> None:
    """
    One header comes after another, each different, and no body.
    """
    with opened("one=drip-headers") as sandbox, dial(sandbox) as connection:
        received = receive(connection, re.compile(rb"(X-Drip-[0-9]+: .*\r\n){4}"))

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in received
    assert [b"1", b"2", b"3", b"4"] == re.findall(rb"X-Drip-([0-9]+)", received)


def test_drip_body() -> None:
    """
    One byte comes after another, of the answer first and then blanks, and the length is more than anybody will see.
    """
    with opened("one=drip-body", venue=Venue(12)) as sandbox, dial(sandbox) as connection:
        received = receive(connection, re.compile(rb"\r\n\r\n....$", re.DOTALL))

    assert received.endswith(b"\r\n\r\n12  ")
    assert [b"1000000000000"] == re.findall(rb"Content-Length: ([0-9]+)", received)


@pytest.mark.parametrize("name", ["stall", "stall-in-body", "drip-headers", "drip-body"])
def test_closing(name: str) -> None:
    """
    Closing the sandbox ends what would not end by itself.
    """
    before = handlers()
    with opened(f"one={name}") as sandbox:
        connection = dial(sandbox)
        arrive(sandbox)
        waiting = handlers() - before
    with connection:
        received = rest(connection)

    assert received.endswith((b"<end>", b"<reset>"))
    assert 1 == len(waiting)
    assert join(waiting)


@pytest.mark.parametrize("name", ["stall-in-body", "drip-headers", "drip-body"])
def test_going(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """
    So does the client's going away, without anything printed.
    """
    before = handlers()
    with opened(f"one={name}") as sandbox:
        with dial(sandbox) as connection:
            connection.recv(1)
            waiting = handlers() - before
        ended = join(waiting)

    assert (1, True) == (len(waiting), ended)
    assert ("", "") == capfd.readouterr()


def test_many_stalled() -> None:
    """
    Many requests may stall at once while others are answered.
    """
    before = handlers()
    with opened("one=stall") as sandbox:
        connections = [dial(sandbox) for _ in range(20)]
        statuses = {status(sandbox, "key-of-two") for _ in range(20)}
        stalled = handlers() - before
    ends = [rest(connection) for connection in connections]
    for connection in connections:
        connection.close()

    assert {200} == statuses
    assert [b"<end>"] * 20 == ends
    assert join(stalled)


# Statuses

TOO_MANY: Final = "Too many requests; current limit of IP(127.0.0.1) is 2400 requests per minute."
BANNED: Final = "Way too many requests; IP(127.0.0.1) banned."
INVALID: Final = "Invalid API-key, IP, or permissions for action"


@pytest.mark.parametrize(
    ("name", "expected", "code", "text"),
    [
        ("http-301", 301, None, "Moved to /balance/moved"),
        ("http-401", 401, -2015, f"{INVALID}."),
        ("http-404", 404, -5000, "Path /balance, Method GET is invalid"),
        (
            "http-408",
            408,
            -1007,
            "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        ),
        ("http-418", 418, -1003, BANNED),
        ("http-418-retry-after", 418, -1003, BANNED),
        ("http-429", 429, -1003, TOO_MANY),
        ("http-429-retry-after", 429, -1003, TOO_MANY),
        ("http-429-retry-date", 429, -1003, TOO_MANY),
        # Three days after the clock of these tests.
        ("http-429-banned", 429, -1003, "Way too many requests; IP(127.0.0.1) banned until 1768739448250."),
        ("http-451", 451, 0, "Service unavailable from a restricted location"),
        ("http-500", 500, None, "Request occur unknown error."),
        ("http-503-unknown", 503, None, "Unknown error, please check your request or try again later."),
        ("http-503-unavailable", 503, None, "Service Unavailable."),
        ("http-503-throttled", 503, -1008, "Request throttled by system-level protection. Please try again."),
        ("http-503-internal", 503, None, "Internal error; unable to process your request. Please try again."),
        ("clock", 400, -1021, "Timestamp for this request is outside of the recvWindow."),
        ("key", 401, -2015, f"{INVALID}, request ip: 203.0.113.7"),
        ("signature", 400, -1022, "Signature for this request is not valid."),
    ],
)
@pytest.mark.usefixtures("clock")
def test_status(name: str, expected: int, code: int | None, text: str) -> None:
    """
    A status with a body that every venue's client can read as an error, and the stage is not asked.
    """
    venue = Venue()
    with opened(f"one={name}", venue=venue) as sandbox:
        response, received = get(sandbox)

    numbered = {} if code is None else {"code": code}
    assert expected == response.status
    assert {**numbered, "msg": text, "message": text} == json.loads(received)
    assert ("application/json", str(len(received))) == (
        response.headers["Content-Type"],
        response.headers["Content-Length"],
    )
    assert (0, Counter({expected: 1})) == (venue.asked, sandbox.answered)


@pytest.mark.parametrize(("name", "expected"), [("http-403", 403), ("http-502", 502), ("http-520", 520), ("html", 200)])
def test_page(name: str, expected: int) -> None:
    """
    A page in HTML, as what stands before a venue writes it.
    """
    with opened(f"one={name}") as sandbox:
        response, received = get(sandbox)

    assert (expected, "text/html; charset=utf-8") == (response.status, response.headers["Content-Type"])
    assert received.startswith(b"<!DOCTYPE html>\n<html><head><title>")
    assert str(len(received)) == response.headers["Content-Length"]


def test_every_status() -> None:
    """
    A fault that has a status in its name sends that, and no other.
    """
    for name in STATUS:
        with opened(f"one={name}") as sandbox:
            sent = status(sandbox)
        if named := re.match(r"http-([0-9]{3})", name):
            assert int(named[1]) == sent


def test_retry_after(clock: time_machine.Traveller) -> None:
    """
    Only those faults say when to come back that have it in their name.
    """
    clock.move_to(datetime(2026, 1, 15, 12, 30, 48, tzinfo=UTC))
    said = {}
    for name in STATUS:
        with opened(f"one={name}") as sandbox:
            if wait := get(sandbox)[0].headers["Retry-After"]:
                said[name] = wait

    assert {"http-418-retry-after", "http-429-retry-after", "http-429-retry-date"} == said.keys()
    assert ("259200", "1") == (said["http-418-retry-after"], said["http-429-retry-after"])
    assert timedelta(seconds=2) == parsedate_to_datetime(said["http-429-retry-date"]) - datetime.now(UTC)


def test_redirect() -> None:
    """
    The redirect leads to another path of the same server, where there is nothing.
    """
    with opened("one:1=http-301") as sandbox:
        response = requests.get(f"{sandbox.url}/balance?a=b", headers={"X-Key": "key-of-one"}, timeout=10)

    assert f"{sandbox.url}/balance/moved" == response.url
    assert [301] == [before.status_code for before in response.history]
    assert Counter({301: 1, 404: 1}) == sandbox.answered


# Bodies

FIRST: Final = '"balance":"-312.50"'


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("duplicate-key", FIRST, '"balance":"-312.50","balance":"-1312.50"'),
        ("nan", FIRST, '"balance":NaN'),
        ("1e400", FIRST, '"balance":1e400'),
        ("minus-zero", FIRST, '"balance":"-0"'),
        ("null", FIRST, '"balance":null'),
        ("empty-string", FIRST, '"balance":""'),
        ("wrong-type", FIRST, '"balance":["-312.50"]'),
        ("number", FIRST, '"balance":-312.50'),
        ("negative", FIRST, '"balance":"-1"'),
        ("renamed", FIRST, '"balanceX":"-312.50"'),
        ("missing", f"{FIRST},", ""),
        ("new-field", FIRST, f'{FIRST},"newField":"1"'),
        ("new-enum", '"EXCHANGE_2"', '"NEVER_HEARD_OF"'),
        ("empty-list", json.dumps(ANSWER["rows"], separators=(",", ":")), "[]"),
        ("cut-json", TEXT[len(TEXT) // 2 :], ""),
        ("empty", TEXT, ""),
        ("error-in-200", TEXT, '{"code":-1000,"msg":"%(text)s","message":"%(text)s"}'),
        ("bom", '{"note"', '\ufeff{"note"'),
    ],
)
def test_body(name: str, old: str, new: str) -> None:
    """
    One thing is changed in the answer, and all the rest stays as it is: its status, its headers, each other character.
    """
    expected = TEXT.replace(old, new % {"text": "An unknown error occurred while processing the request."}, 1)
    venue = Venue()
    with opened(f"one={name}", venue=venue) as sandbox:
        response, received = get(sandbox)

    assert expected == received.decode()
    assert (200, "yes", "application/json") == (
        response.status,
        response.headers["X-Kept"],
        response.headers["Content-Type"],
    )
    assert str(len(received)) == response.headers["Content-Length"]
    assert (1, Counter({200: 1})) == (venue.asked, sandbox.answered)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"a": "1"}, {}),
        ({"a": "1", "b": "2"}, {"b": "2"}),
        ({"b": "x", "a": "1"}, {"b": "x"}),
        ([{"b": "x", "a": "1", "c": ","}], [{"b": "x", "c": ","}]),
        ([{"a": "1"}, {"a": "2"}], [{}, {"a": "2"}]),
    ],
)
def test_missing(said: Any, expected: Any) -> None:
    """
    What is left is JSON wherever the amount stood: alone, first, last or between others.
    """
    with opened("one=missing", venue=Venue(said)) as sandbox:
        assert expected == json.loads(body(sandbox))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], []),
        ([1, [2]], []),
        ({"a": [], "b": [[]], "c": [1]}, {"a": [], "b": [], "c": [1]}),
        ({"a": "[1]", "b": {"c": ["]", "\\"]}}, {"a": "[1]", "b": {"c": []}}),
        ("[", "["),
    ],
)
def test_empty_list(said: Any, expected: Any) -> None:
    """
    The list that is emptied is the first that holds something, with all that it holds.
    """
    with opened("one=empty-list", venue=Venue(said)) as sandbox:
        assert expected == json.loads(body(sandbox))


@pytest.mark.parametrize("name", sorted(set(BODY) - {"huge"}))
def test_errors_stay(name: str) -> None:
    """
    An answer that is an error already is left alone.
    """
    with opened(f"one={name}", venue=Venue(status=401)) as sandbox:
        assert (401, TEXT.encode()) == ((got := get(sandbox))[0].status, got[1])


def test_huge_errors_stay() -> None:
    """
    Nor is there anything behind an error.
    """
    with opened("one=huge", venue=Venue(status=401)) as sandbox:
        response, received = get(sandbox)

    assert (401, str(len(TEXT)), TEXT.encode()) == (response.status, response.headers["Content-Length"], received)


@pytest.mark.parametrize(("error", "expected"), [(ServiceUnavailable, 503), (KeyError, 500)])
def test_stumbling_stage(error: type[Exception], expected: int) -> None:
    """
    A stage that fails, or refuses as werkzeug does, fails under a fault as well.
    """

    def fail(_: Request) -> Response:
        raise error

    with Sandbox([Stage("acme", (ONE,), {"/balance": fail})], faults=[Fault("negative")]) as sandbox:
        assert expected == status(sandbox)


@pytest.mark.parametrize(
    "name",
    [
        "duplicate-key",
        "nan",
        "1e400",
        "minus-zero",
        "null",
        "empty-string",
        "wrong-type",
        "number",
        "negative",
        "renamed",
        "missing",
        "new-field",
        "new-enum",
    ],
)
@pytest.mark.parametrize("said", [{"serverTime": 1, "time": "5", "a": "x1", "b": ["1"]}, "1", 'a "b": "1"', [None]])
def test_without_amounts(name: str, said: Any) -> None:
    """
    An answer without an amount, or without an exchange, is left alone.
    """
    with opened(f"one={name}", venue=Venue(said)) as sandbox:
        assert answer(said).get_data() == body(sandbox)


def test_bad_gzip() -> None:
    """
    The body is called gzip, and cannot be unpacked.
    """
    with opened("one=bad-gzip") as sandbox:
        response, received = get(sandbox)
        with pytest.raises(requests.exceptions.ContentDecodingError):
            requests.get(f"{sandbox.url}/balance", headers={"X-Key": "key-of-one"}, timeout=10)

    assert ("gzip", str(len(received))) == (response.headers["Content-Encoding"], response.headers["Content-Length"])
    with pytest.raises(zlib.error):
        zlib.decompress(received, wbits=31)


def test_gzip_bomb() -> None:
    """
    A little gzip becomes 100 MB of blanks with the JSON behind them, each time.
    """
    with opened("one=gzip-bomb") as sandbox:
        response, first = get(sandbox)
        second = body(sandbox)
    unpacked = zlib.decompress(first, wbits=31)

    assert first == second
    assert ("gzip", str(len(first))) == (response.headers["Content-Encoding"], response.headers["Content-Length"])
    assert len(first) < 200_000
    assert 100_000_000 + len(TEXT) == len(unpacked)
    assert (b"", TEXT.encode()) == (unpacked[:100_000_000].strip(), unpacked[100_000_000:])


def test_huge() -> None:
    """
    The JSON comes first, and blanks up to 50 MB.
    """
    with opened("one=huge") as sandbox:
        response, received = get(sandbox)

    assert "50000000" == response.headers["Content-Length"]
    assert (50_000_000, TEXT.encode()) == (len(received), received.rstrip(b" "))


def test_connection_is_kept() -> None:
    """
    After a fault of the status or of the body, the connection carries the next request.
    """
    with opened("one:1=http-500", "one:2=cut-json", "one:3=empty", "one:4=huge") as sandbox:
        connection = connect(sandbox.url)
        sockets, statuses = set(), []
        for _ in range(5):
            connection.request("GET", "/balance", headers={"X-Key": "key-of-one"})
            response = connection.getresponse()
            received = response.read()
            statuses.append(response.status)
            sockets.add(connection.sock.getsockname())
        connection.close()

    assert [500, 200, 200, 200, 200] == statuses
    assert (1, TEXT.encode()) == (len(sockets), received)


def test_head() -> None:
    """
    What answers HEAD has no body under a fault either.
    """
    with (
        opened("one=bom") as sandbox,
        socket.create_connection(("127.0.0.1", urlsplit(sandbox.url).port or 0)) as asked,
    ):
        asked.sendall(b"HEAD /balance HTTP/1.0\r\nX-Key: key-of-one\r\n\r\n")
        received = rest(asked)

    assert f"\r\nContent-Length: {len(TEXT) + 3}\r\n".encode() in received
    assert received.endswith(b"\r\n\r\n<end>")


# Two answers that must not be mixed


def test_mode_switch() -> None:
    """
    The first answer breaks off, and each after it has every amount changed and nothing else.
    """
    changed = TEXT.replace('"-312.50"', '"-1312.50"').replace('"1E-8"', '"11E-8"')
    with opened("one=mode-switch") as sandbox:
        with dial(sandbox) as connection:
            first = rest(connection)
        later = [body(sandbox) for _ in range(2)]
        other = body(sandbox, "key-of-two")

    assert first.endswith(f"\r\n\r\n{TEXT[: len(TEXT) // 2]}<reset>".encode())
    assert [changed.encode()] * 2 == later
    assert TEXT.encode() == other


def test_mode_switch_later() -> None:
    """
    Before the answer that breaks off, all is well.
    """
    with opened("one:2=mode-switch") as sandbox:
        first = body(sandbox)
        with pytest.raises((ConnectionResetError, IncompleteRead)):
            get(sandbox)
        third = body(sandbox)

    assert TEXT.encode() == first
    assert b'"-1312.50"' in third


def test_mode_switch_asks() -> None:
    """
    The venue is asked for each, so that its limits count them.
    """
    venue = Venue()
    with opened("one=mode-switch", venue=venue) as sandbox:
        with dial(sandbox) as connection:
            rest(connection)
        get(sandbox)

    assert 2 == venue.asked


@pytest.mark.parametrize("name", ["stall-in-body", "reset-in-body", "cut-body", "drip-body"])
def test_broken_answers_are_asked_for(name: str) -> None:
    """
    So it is for what breaks in its body.
    """
    venue = Venue()
    with opened(f"one={name}", venue=venue) as sandbox, dial(sandbox) as connection:
        receive(connection, re.compile(rb"\r\n\r\n."))

    assert 1 == venue.asked


@pytest.mark.parametrize(
    ("name", "sign"), [("reset", b"<reset>"), ("stall", b"<end>"), ("drip-headers", b"X-Drip-1: ")]
)
def test_what_never_begins_is_not_asked_for(name: str, sign: bytes) -> None:
    """
    What breaks before it begins is not.
    """
    venue = Venue()
    with opened(f"one={name}", venue=venue) as sandbox:
        connection = dial(sandbox)
        # Long enough for the first drop, and for whoever would ask the stage.
        threading.Event().wait(0.2)
        arrive(sandbox)
    with connection:
        received = rest(connection)

    assert sign in received
    assert 0 == venue.asked


# Which request


def test_only_the_nth() -> None:
    """
    A number means that request of the account alone, whatever others ask between.
    """
    with opened("one:2=http-500") as sandbox:
        mine, others = zip(*((status(sandbox), status(sandbox, "key-of-two")) for _ in range(4)), strict=True)

    assert (200, 500, 200, 200) == mine
    assert (200, 200, 200, 200) == others
    assert (8, Counter({200: 7, 500: 1})) == (sandbox.requests, sandbox.answered)


def test_each() -> None:
    """
    Without a number it is each.
    """
    with opened("one=http-500") as sandbox:
        assert [500, 500, 500] == [status(sandbox) for _ in range(3)]


def test_all() -> None:
    """
    Without an account it is everybody, those who name none and those who ask for nothing that there is included.
    """
    with opened("=http-500") as sandbox:
        statuses = [
            status(sandbox, *asked)
            for asked in (("key-of-one",), ("key-of-two",), ("", "/time"), ("x", "/time"), ("", "/x"))
        ]

    assert [500] * 5 == statuses


def test_the_nth_of_all() -> None:
    """
    A number without an account counts all requests.
    """
    with opened(":3=http-500") as sandbox:
        statuses = [
            status(sandbox, *asked) for asked in (("key-of-one",), ("", "/time"), ("key-of-two",), ("key-of-one",))
        ]

    assert [200, 200, 500, 200] == statuses


def test_precedence() -> None:
    """
    The account's own fault goes before one for all, and one for a single request before one for each.
    """
    faults = ("=http-502", ":1=http-451", ":6=http-520", "one=http-500", "one:2=http-404", "two:2=http-418")
    with opened(*faults) as sandbox:
        statuses = [status(sandbox, f"key-of-{name}") for name in ("one", "one", "one", "two", "two", "two")]
    with opened(*reversed(faults)) as sandbox:
        again = [status(sandbox, f"key-of-{name}") for name in ("one", "one", "one", "two", "two", "two")]

    assert [500, 404, 500, 502, 418, 520] == statuses == again


def test_mode_switch_and_more() -> None:
    """
    What is for one request goes before the changed answers of a switch, and the switch before what is for each.
    """
    with opened("one:2=mode-switch", "one:4=http-404") as sandbox:
        get(sandbox)
        with dial(sandbox) as connection:
            rest(connection)
        statuses = [status(sandbox) for _ in range(3)]
    with opened("one:2=mode-switch", "one=http-404") as sandbox:
        first = status(sandbox)
        with dial(sandbox) as connection:
            rest(connection)
        third = body(sandbox)

    assert [200, 404, 200] == statuses
    assert (404, True) == (first, b'"-1312.50"' in third)


def test_shared_words() -> None:
    """
    A request is of the account that has more of its credentials there, if two share one, and empty ones say nothing.
    """
    shared = [
        evolve(actor, credentials={"api_key": actor.name, "phrase": "same", "unused": ""}) for actor in (ONE, TWO)
    ]
    stage = Stage("acme", tuple(shared), {"/balance": Venue().balance})
    with Sandbox([stage], faults=[Fault("http-500", "one"), Fault("http-404", "two")]) as sandbox:
        statuses = [
            requests.get(f"{sandbox.url}/balance", headers={"Empty": "", **headers}, timeout=10).status_code
            for headers in ({"A": "same", "B": "one"}, {"A": "same", "B": "two"}, {"B": "two"}, {"B": "three"})
        ]

    assert [500, 404, 404, 200] == statuses


@pytest.mark.parametrize(
    ("account", "header", "path"),
    [
        ("binance-hmac", "X-MBX-APIKEY", "/fapi/v3/balance"),
        ("binance-rsa", "X-MBX-APIKEY", "/fapi/v3/balance"),
        ("binance-ed25519", "X-MBX-APIKEY", "/fapi/v2/balance"),
        ("binance-coins", "X-MBX-APIKEY", "/dapi/v1/balance"),
        ("coinswitch", "X-AUTH-APIKEY", "/trade/api/v2/futures/wallet_balance"),
        ("fexgate", "x-exgate-key", "/v1/fbinance/balance"),
    ],
)
def test_installed_venues(account: str, header: str, path: str, registry: Registry) -> None:
    """
    Each account of the installed venues is known by its key.
    """
    with Sandbox(registry.stages(), faults=[Fault("http-520", account)]) as sandbox:
        keys = {played.name: played.credentials["api_key"].reveal() for played in sandbox.accounts()}
        hit = [
            name
            for name, key in keys.items()
            if 520 == requests.get(f"{sandbox.url}{path}", headers={header: key}, timeout=10).status_code
        ]

    assert [account] == hit


def test_budgets_are_spent(registry: Registry) -> None:
    """
    A body fault is told of what the venue says, so the venue's limits go on counting.
    """
    with Sandbox(registry.stages(), faults=[Fault("negative")]) as sandbox:
        weights = [
            get(sandbox, "", "/fapi/v1/time")[0].headers["X-MBX-USED-WEIGHT-1M"],
            get(sandbox, "", "/fapi/v1/time")[0].headers["X-MBX-USED-WEIGHT-1M"],
        ]

    assert ["1", "2"] == weights


def test_counted_from_many_threads() -> None:
    """
    Many may ask at once: each request is counted once, and one of them is the tenth.
    """
    with opened("one:10=http-500") as sandbox, ThreadPoolExecutor(16) as threads:
        statuses = Counter(threads.map(lambda _: status(sandbox), range(160)))

    assert Counter({200: 159, 500: 1}) == statuses == sandbox.answered
    assert 160 == sandbox.requests


def test_counters_are_copies() -> None:
    """
    Nobody changes what was counted, and what cannot be read is no request.
    """
    with opened() as sandbox:
        with socket.create_connection(("127.0.0.1", urlsplit(sandbox.url).port or 0), timeout=10) as asked:
            asked.sendall(b"GET / HTTP/9.9\r\n\r\n")
            rest(asked)
        sandbox.answered[200] += 5

    assert (0, Counter({505: 1})) == (sandbox.requests, sandbox.answered)


# What is refused


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("binance-hmac=reset", Fault("reset", "binance-hmac")),
        ("binance-hmac:2=http-503-unknown", Fault("http-503-unknown", "binance-hmac", 2)),
        (":3=cut-body", Fault("cut-body", nth=3)),
        ("=stall", Fault("stall")),
        ("désk:1=a:12=1e400", Fault("1e400", "désk:1=a", 12)),
    ],
)
def test_parse(text: str, fault: Fault) -> None:
    """
    An account, a number and a name, the first two only where they matter; accounts may be called what they like.
    """
    assert fault == Fault.parse(text)


@pytest.mark.parametrize("text", ["", "stall", "one", "one:2", "one:0=stall", ":00=stall"])
def test_parse_nonsense(text: str) -> None:
    """
    What is not written like that is refused, with the way to write it.
    """
    with pytest.raises(ConfigurationError) as caught:
        Fault.parse(text)

    assert f"The fault {text!r} cannot be read." == caught.value.message
    assert (
        "Write [ACCOUNT][:N]=FAULT, with N counted from 1: binance-hmac=reset, binance-hmac:2=http-500 or =stall."
        == caught.value.hint
    )


def test_unknown_fault() -> None:
    """
    A fault that there is not is refused with those that there are.
    """
    with pytest.raises(ConfigurationError) as caught:
        Fault.parse("one=explode")

    assert "There is no fault 'explode'." == caught.value.message
    assert f"There are {', '.join(FAULTS)}." == caught.value.hint


def test_unknown_account() -> None:
    """
    An account that nobody plays is refused with those that somebody does.
    """
    with pytest.raises(ConfigurationError) as caught:
        opened("three=reset")

    assert "The fault reset is for the account 'three', which nobody plays. The sandbox plays one, two." == str(
        caught.value
    )


@pytest.mark.parametrize("name", CONNECTION)
def test_numbered_doors(name: str) -> None:
    """
    Connection faults are for all requests.
    """
    with pytest.raises(ConfigurationError) as caught:
        Fault(name, "one", 2)

    assert (
        f"The fault {name} is for request 2, and nobody can count what never arrives. "
        "Leave the number out: it hits all requests." == str(caught.value)
    )


def test_negative_numbers() -> None:
    """
    Requests are counted from 1.
    """
    with pytest.raises(ConfigurationError, match=r"The fault stall is for request -1\. Count requests from 1\."):
        Fault("stall", nth=-1)


@pytest.mark.parametrize(
    ("faults", "where"),
    [
        (("one=stall", "one=reset"), "the account one"),
        (("one:2=stall", "one:2=reset"), "the account one"),
        (("=stall", "=reset"), "all accounts"),
        (("one=stall", "one=stall"), "the account one"),
        # Which begins with the first.
        (("one=mode-switch", "one:1=stall"), "the account one"),
        (("one=refused", "one=tls"), "the account one"),
    ],
)
def test_two_at_once(faults: tuple[str, str], where: str) -> None:
    """
    Two faults for the same request are refused.
    """
    names = [fault.rpartition("=")[2] for fault in faults]
    with pytest.raises(ConfigurationError) as caught:
        opened(*faults)

    assert (
        f"The faults {names[0]} and {names[1]} would hit the same request of {where}. "
        "Give them different numbers, as in ACCOUNT:2=FAULT." == str(caught.value)
    )


@pytest.mark.parametrize(
    "faults", [("one=refused", "one:2=stall"), ("=refused", "one=stall"), ("one:2=stall", "=refused")]
)
def test_never(faults: tuple[str, str]) -> None:
    """
    So is a fault that could never happen, since no request arrives.
    """
    with pytest.raises(ConfigurationError) as caught:
        opened(*faults)

    assert "The fault stall would never happen: refused lets no request arrive. Give them different accounts." == str(
        caught.value
    )
