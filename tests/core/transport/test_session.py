"""
The session: what becomes of a request, against real servers on this machine.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import gzip
import http.client
import logging
import os
import socket
import ssl
import threading
import time
import tracemalloc
import weakref
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from certificates import certify, serving
from machines import Hands
from marginbook import (
    Account,
    ConfigurationError,
    DeadlineError,
    InvalidResponseError,
    Limit,
    MarginbookError,
    RateLimitedError,
    UnavailableError,
    collect,
)
from marginbook.transport import Deadline, Documents, Host, Line, Session, adapter, surroundings
from marginbook.transport import session as module
from marginbook.transport.pools import _Socket
from marginbook.transport.session import _ASKING, RECOGNIZED, _keep_signatures_out_of_logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.core.conftest import Peer

    Peers = Callable[..., Peer]

#: What may be in no error.
CANARY: Final = "canary-1f0e9d"

QUERY: Final = f"/v1/balance?timestamp=1&signature={CANARY}"


class Sign(AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-KEY"] = CANARY
        return request


def session(seconds: float = 10.0) -> Session:
    return Session(adapter(2), Deadline(seconds), Sign())


def sending(*parts: bytes, head: str = "HTTP/1.1 200 OK", pause: float = 0.0) -> Callable[[Peer, socket.socket], None]:
    def respond(peer: Peer, connection: socket.socket) -> None:
        for part in (f"{head}\r\n".encode() if head else b"", *parts):
            connection.sendall(part)
            peer.closing.wait(pause)

    return respond


def whole(body: bytes, *headers: str) -> tuple[bytes, ...]:
    # A peer hangs up after each answer, and whoever asks again at once may not have heard of it.
    told = (f"Content-Length: {len(body)}", "Connection: close", *headers, "")
    return "".join(f"{header}\r\n" for header in told).encode(), body


def stalling(*parts: bytes) -> Callable[[Peer, socket.socket], None]:
    def respond(peer: Peer, connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
        peer.closing.wait(30)

    return respond


def trouble(url: str, seconds: float = 10.0) -> MarginbookError:
    """
    What goes wrong with a request, which tells nobody what was sent.
    """
    with pytest.raises(MarginbookError) as caught:
        session(seconds).get(url)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert CANARY not in f"{error!r} {error} {vars(error)}"
    assert error.hint
    return error


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A certificate of this machine that nobody trusts, with its key.
    """
    return certify(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(peers: Peers, certificate: Path) -> Peer:
    return peers(sending(*whole(b"[1.10]")), serving(certificate))


def test_an_answer(peers: Peers) -> None:
    """
    The whole body is there when the answer is returned, and the request was signed.
    """
    peer = peers(sending(*whole(b"[1.10]")))
    response = session().get(f"{peer.url}{QUERY}")

    assert (200, b"[1.10]") == (response.status_code, response.content)
    (head,) = peer.heads
    assert head.startswith(f"GET {QUERY} HTTP/1.1\r\n")
    assert f"X-KEY: {CANARY}\r\n" in head
    assert f"User-Agent: marginbook/{version('marginbook')}\r\n" in head


def test_requests_that_somebody_prepared(peers: Peers) -> None:
    """
    They go the same way, for plugins that prepare their own: read whole, looked at by who wants to, and timed.
    """
    peer = peers(sending(*whole(b"[1.10]")))
    seen: list[requests.Response] = []
    asking = session()
    asked = requests.Request("GET", f"{peer.url}{QUERY}", hooks={"response": lambda answer, **_: seen.append(answer)})
    answer = asking.send(asking.prepare_request(asked))

    assert b"[1.10]" == answer._content
    assert answer in seen
    assert dt.timedelta(0) < answer.elapsed
    assert asking.repeats(f"the answer has signature={CANARY}")


def test_requests_that_somebody_prepared_and_reads(peers: Peers) -> None:
    """
    Whoever wants to read the body piece by piece may.
    """
    peer = peers(sending(*whole(b"[1.10]")))
    asking = session()
    answer = asking.send(asking.prepare_request(requests.Request("GET", peer.url)), stream=True)

    assert [b"[1.", b"10]"] == list(answer.iter_content(3))


def test_more_hosts_than_connections_are_kept_of() -> None:
    """
    Each is still asked itself, and what belongs to the first is given back.
    """
    pool: Any = adapter(1)

    def place(number: int) -> Any:
        asked = requests.Request("GET", f"http://h{number}.invalid/a?b=1").prepare()
        return pool.get_connection_with_tls_context(asked, verify=True)

    first = weakref.ref(place(0))
    assert [f"h{number}.invalid" for number in range(1, 200)] == [place(number).host for number in range(1, 200)]
    assert place(199) is place(199)
    gc.collect()
    assert None is first()


def test_a_pool_that_was_closed(peers: Peers) -> None:
    """
    It keeps no connection, and can be asked again with new ones.
    """
    peer = peers(sending(*whole(b"[1.10]")))
    pool: Any = adapter(1)
    connections = weakref.ref(pool.get_connection_with_tls_context(requests.Request("GET", peer.url).prepare(), True))
    for _ in range(2):
        assert b"[1.10]" == Session(pool, Deadline(5)).get(peer.url).content
        pool.close()
        gc.collect()
        assert None is connections()


@pytest.mark.parametrize("status", [204, 401, 418, 503])
def test_other_statuses_are_answers(peers: Peers, status: int) -> None:
    """
    What a status means is for the caller to say.
    """
    peer = peers(sending(*whole(b""), head=f"HTTP/1.1 {status} Whatever"))

    assert status == session().get(peer.url).status_code


def test_compressed_bodies(peers: Peers) -> None:
    """
    A body arrives as it was before it was compressed.
    """
    peer = peers(sending(*whole(gzip.compress(b"[1.10]"), "Content-Encoding: gzip")))

    assert b"[1.10]" == session().get(peer.url).content


def test_addresses_in_bytes(peers: Peers) -> None:
    """
    Requests takes an address in bytes, and so do we.
    """
    peer = peers(sending(*whole(b"[]")))

    assert b"[]" == session().request("GET", peer.url.encode()).content


def test_refused_connections() -> None:
    """
    Nobody listens.
    """
    with socket.create_server(("127.0.0.1", 0)) as closed:
        host = f"127.0.0.1:{closed.getsockname()[1]}"
    error = trouble(f"http://me:{CANARY}@{host}{QUERY}")

    assert isinstance(error, UnavailableError)
    assert f"{host} cannot be reached, or broke off. Check the network and base_url, and try again." == str(error)


def test_connections_that_nobody_accepts() -> None:
    """
    A machine that does not even answer takes no longer than the deadline.
    """
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(address)
        error = trouble(f"http://127.0.0.1:{address[1]}{QUERY}", seconds=0.3)
        for client in waiting:
            client.close()

    assert isinstance(error, DeadlineError)
    assert f"127.0.0.1:{address[1]} did not accept a connection in time." == error.message


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (b"HTTP/1.1 200 OK\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n",),
    ],
)
def test_stalled_servers(peers: Peers, parts: tuple[bytes, ...]) -> None:
    """
    A server that falls silent, at whatever point, is given up at the deadline.
    """
    peer = peers(stalling(*parts))
    before = time.monotonic()
    error = trouble(f"{peer.url}{QUERY}", seconds=0.3)

    assert isinstance(error, DeadlineError)
    assert f"127.0.0.1:{peer.port} did not answer in time." == error.message
    # Whoever waited for the server itself would wait for half a minute.
    assert 0.2 < time.monotonic() - before < 20


def test_slow_bodies(peers: Peers) -> None:
    """
    A server that never falls silent, but never ends either, is given up at the deadline as well.
    """
    chunks = [b"1\r\n \r\n"] * 100
    peer = peers(sending(b"Transfer-Encoding: chunked\r\n\r\n", *chunks, pause=0.05))
    error = trouble(f"{peer.url}{QUERY}", seconds=0.3)

    assert isinstance(error, DeadlineError)
    assert f"127.0.0.1:{peer.port} did not answer in time. Allow more time, or try again later." == str(error)


def test_nothing_is_sent_after_the_deadline(peers: Peers) -> None:
    """
    What could not be read in time is not even asked for.
    """
    peer = peers(sending(*whole(b"[]")))
    error = trouble(f"http://me:{CANARY}@127.0.0.1:{peer.port}{QUERY}", seconds=0)

    assert isinstance(error, DeadlineError)
    assert f"The deadline was over before 127.0.0.1:{peer.port} could be asked. Allow more time, or more workers." == (
        str(error)
    )
    assert not error.transient
    assert [] == peer.heads


def test_what_is_not_sent_costs_nothing() -> None:
    """
    A request that the deadline kept from being sent is not held against the rate limit.
    """
    line = Line(Host("h"), (Limit(1),))
    with pytest.raises(DeadlineError):
        Session(adapter(1), Deadline(0), None, line).get("http://127.0.0.1:9/x")
    with pytest.raises(UnavailableError):
        Session(adapter(1), Deadline(5), None, line).get("http://127.0.0.1:9/x")
    with pytest.raises(RateLimitedError):
        Session(adapter(1), Deadline(5), None, line).get("http://127.0.0.1:9/x")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), "cannot be reached, or broke off"),
        ((b"SSH-2.0-OpenSSH_9.9\r\n",), "cannot be reached, or broke off"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1.1",), "broke off in the middle of its answer"),
        (
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1.1",),
            "broke off in the middle of its answer",
        ),
        (
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nmore\r\n",),
            "broke off in the middle of its answer",
        ),
        (
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n",),
            "broke off in the middle of its answer",
        ),
    ],
)
def test_broken_answers(peers: Peers, parts: tuple[bytes, ...], expected: str) -> None:
    """
    A part of an answer is no answer.
    """
    peer = peers(sending(*parts, head=""))
    error = trouble(f"{peer.url}{QUERY}")

    assert isinstance(error, UnavailableError)
    assert f"127.0.0.1:{peer.port} {expected}." == error.message


def test_broken_compression(peers: Peers) -> None:
    """
    A body that is not what its headers say.
    """
    peer = peers(sending(*whole(b"[1.10]", "Content-Encoding: gzip")))
    error = trouble(f"{peer.url}{QUERY}")

    assert isinstance(error, InvalidResponseError)
    assert f"127.0.0.1:{peer.port} sent what cannot be decompressed." == error.message


@pytest.mark.parametrize("packed", [False, True])
def test_endless_bodies(peers: Peers, *, packed: bool) -> None:
    """
    A body is read up to a size that no balance has; a small one that grows when it is unpacked is no exception.
    """
    blanks = b" " * (9 * 1024 * 1024)
    body = whole(gzip.compress(blanks), "Content-Encoding: gzip") if packed else (b"\r\n", blanks)
    peer = peers(sending(*body))
    error = trouble(f"{peer.url}{QUERY}")

    assert isinstance(error, InvalidResponseError)
    assert "The answer is longer than 8 MiB. Check that base_url leads to the venue." == str(error)


def test_long_bodies(peers: Peers) -> None:
    """
    Up to that size, every byte is read; one more is too much.
    """
    body = bytes(8 * 1024 * 1024)
    peer, longer = peers(sending(*whole(body))), peers(sending(*whole(body + b" ")))

    assert body == session().get(peer.url).content
    assert isinstance(trouble(f"{longer.url}{QUERY}"), InvalidResponseError)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(peers: Peers, status: int) -> None:
    """
    A key that goes to one server does not go on to another, whatever the caller says.
    """
    other = peers(sending(*whole(b"[]")))
    peer = peers(sending(*whole(b"", f"Location: {other.url}/"), head=f"HTTP/1.1 {status} Elsewhere"))

    assert status == session().request("GET", peer.url, allow_redirects=True).status_code
    assert status == session().get(peer.url).status_code
    assert [] == other.heads


def test_cookies_are_not_kept(peers: Peers) -> None:
    """
    What a venue wants to know an account again by is kept nowhere, and not sent with another's key.
    """
    peer = peers(sending(*whole(b"[]", "Set-Cookie: who=canary; Path=/")))
    asking, other = session(), session()
    for each in (asking, asking, other):
        assert {"who": "canary"} == each.get(peer.url).cookies.get_dict()

    assert 3 == len(peer.heads)
    assert "cookie" not in "".join(peer.heads).lower()
    assert [] == [*asking.cookies]


def test_unknown_certificates(secure: Peer) -> None:
    """
    A server that cannot prove who it is does not get to see the request.
    """
    error = trouble(f"{secure.url}{QUERY}")

    assert isinstance(error, UnavailableError)
    assert (
        f"127.0.0.1:{secure.port} has no TLS certificate that this machine trusts."
        " Check the CA certificates, REQUESTS_CA_BUNDLE, and who is in between." == str(error)
    )
    assert [] == secure.heads


def test_plain_servers_do_not_speak_tls(peers: Peers) -> None:
    """
    A server that speaks no TLS at all is no question of certificates.
    """
    peer = peers(sending(*whole(b"[]")))
    error = trouble(f"https://127.0.0.1:{peer.port}{QUERY}")

    assert isinstance(error, UnavailableError)
    assert "does not complete a TLS handshake" in error.message
    assert "http://" in error.hint


def test_known_certificates(secure: Peer, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A CA of one's own is named in the environment, as for everybody who uses requests.
    """
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    assert b"[1.10]" == session().get(f"{secure.url}{QUERY}").content


def test_certificates_are_read_once(
    secure: Peer, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    To read CA certificates takes longer than a request: no further connection, and no further report, does it again.
    """
    read = []
    load = ssl.SSLContext.load_verify_locations

    def loading(context: ssl.SSLContext, cafile: Path, capath: Path | None) -> None:
        read.append(cafile)
        load(context, cafile, capath)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", loading)
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(certificate.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    for _ in range(3):
        session().get(f"{secure.url}{QUERY}")

    assert 3 == len(secure.heads)
    assert [bundle] == read


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_missing_certificates(secure: Peer, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file of CA certificates that is not there is the environment's mistake, and not the venue's or its plugin's.
    """
    monkeypatch.setenv(variable, "/no/such/file.pem")
    error = trouble(f"{secure.url}{QUERY}")

    assert isinstance(error, ConfigurationError)
    assert "Check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE." == error.hint


def test_proxies_that_refuse(peers: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The proxy is to blame, not the venue.
    """
    proxy = peers(sending(*whole(b""), head="HTTP/1.1 403 Forbidden"))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    error = trouble(f"https://venue.invalid{QUERY}")

    assert isinstance(error, UnavailableError)
    assert "venue.invalid cannot be reached through the proxy. Check HTTPS_PROXY and NO_PROXY." == str(error)


@pytest.mark.parametrize("url", ["gopher://host/x", "https:///x", "no-scheme/x"])
def test_addresses_of_nothing(url: str) -> None:
    """
    What requests itself refuses is an error of ours as well.
    """
    error = trouble(f"{url}?signature={CANARY}")

    assert isinstance(error, UnavailableError)
    assert "Check base_url, and HTTPS_PROXY if there is one." == error.hint


class Broken(BaseAdapter):
    def send(self, *_: object, **__: object) -> requests.Response:
        raise requests.ConnectionError

    def close(self) -> None:
        pass


def test_an_adapter_of_ones_own() -> None:
    """
    What an adapter raises without a word is an error of ours as well.
    """
    with pytest.raises(UnavailableError, match=r"venue\.invalid cannot be reached, or broke off"):
        Session(Broken(), Deadline(5)).get("https://venue.invalid/x")


def twice(peer: Peer, connection: socket.socket) -> None:
    for _ in range(2):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        peer.heads.append("" if peer.heads[1:] else connection.recv(65536).decode())


def test_connections_are_kept(peers: Peers) -> None:
    """
    Sessions of different accounts share the connections of one pool.
    """
    peer = peers(twice)
    pool = adapter(2)
    answers: list[Any] = [Session(pool, Deadline(5)).get(f"{peer.url}/{n}").content for n in range(2)]
    pool.close()

    assert [b"[]", b"[]"] == answers
    assert ["GET /0 HTTP/1.1", "GET /1 HTTP/1.1"] == [head.partition("\r\n")[0] for head in peer.heads[:2]]


def dripping(*parts: bytes, pause: float = 0.02) -> Callable[[Peer, socket.socket], None]:
    """
    Send everything, and then the last part again and again, without end.
    """

    def respond(peer: Peer, connection: socket.socket) -> None:
        for part in parts[:-1]:
            connection.sendall(part)
        while not peer.closing.wait(pause):
            connection.sendall(parts[-1])

    return respond


#: What never falls silent, and never ends either.
DRIPS: Final = {
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "the length of a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "a status line": (b"HTTP/1.1 ", b"2"),
    "a header line": (b"HTTP/1.1 200 OK\r\nX-A: ", b"x"),
    "header lines": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("parts", DRIPS.values(), ids=DRIPS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_answers_without_end(
    parts: tuple[bytes, ...], scheme: str, peers: Peers, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A byte now and then does not buy more time, wherever in the answer it stands: nobody reads on after the deadline.
    """
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    peer = peers(dripping(*parts), serving(certificate) if scheme == "https" else None)
    error = within(lambda: trouble(f"{peer.url}{QUERY}", seconds=0.3))

    assert isinstance(error, DeadlineError)


def within(ask: Callable[[], MarginbookError], seconds: float = 20) -> MarginbookError:
    """
    Ask on a thread of its own, which has to be over in time: others never end, and machines may be busy.
    """
    found: list[MarginbookError] = []
    thread = threading.Thread(target=lambda: found.append(ask()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive()
    return found[0]


def test_reading_after_the_end() -> None:
    """
    What is already here is not read when the time is over.
    """
    ours, theirs = socket.socketpair()
    with _Socket(fileno=ours.detach()) as timed, theirs:
        theirs.sendall(b"x")
        timed.read_for(0.0)
        with pytest.raises(TimeoutError):
            timed.recv_into(bytearray(1))
        timed.read_for(None)
        theirs.sendall(b"y")
        assert 1 == timed.recv_into(bytearray(1))


@pytest.mark.parametrize("time_out", [60, None])
def test_reading_for_less_than_the_time_out(time_out: float | None) -> None:
    """
    The nearer end counts.
    """
    ours, theirs = socket.socketpair()
    with _Socket(fileno=ours.detach()) as timed, theirs:
        timed.settimeout(time_out)
        timed.read_for(0.05)
        # Who reads on is told of an end in the end, which is no time-out.
        hanging_up = threading.Timer(10, theirs.shutdown, [socket.SHUT_RDWR])
        hanging_up.start()
        with pytest.raises(TimeoutError):
            timed.recv_into(bytearray(1))
        hanging_up.cancel()


def test_time_outs_that_need_not_be_set(peers: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    On a connection that is kept, no request has to tell the system how long to wait: the longest time has been told.
    """
    asking, peer = session(60.0), peers(twice)
    told: list[float | None] = []

    def settimeout(it: socket.socket, seconds: float | None) -> None:
        told.append(seconds)
        usual(it, seconds)

    usual = socket.socket.settimeout
    monkeypatch.setattr(socket.socket, "settimeout", settimeout)
    asking.get(peer.url)
    before = len(told)
    asking.get(peer.url)

    assert told
    assert told[before:] == []


@pytest.mark.parametrize(
    ("times", "held"),
    [
        ([3.0, 3.0, 5.0], [3.0, 3.0, 5.0]),
        ([5.0, 3.0, 6.0], [5.0, 5.0, 6.0]),
        ([None, 2.0, None], [None, 2.0, None]),
        ([3.0, 0.0, 3.0, None], [3.0, 0.0, 3.0, None]),
        ([0.0, 0.0, None], [0.0, 0.0, None]),
    ],
)
def test_a_time_out_that_is_set(times: list[float | None], held: list[float | None]) -> None:
    """
    It holds, but for one that is shorter than another, and the system knows whether to wait.
    """
    ours, theirs = socket.socketpair()
    with _Socket(fileno=ours.detach()) as timed, theirs:
        for time_out, expected in zip(times, held, strict=True):
            timed.settimeout(time_out)

            assert expected == timed.gettimeout()
            assert (expected is None) is os.get_blocking(timed.fileno())


class Waiting(Broken):
    """
    Never has an answer, and keeps how long it was to wait for a connection, and for one.
    """

    def __init__(self, hands: Hands) -> None:
        super().__init__()
        self.hands = hands
        self.times: list[Any] = []

    def send(self, *_: Any, **settings: Any) -> Any:
        self.times.append(settings["timeout"])
        self.hands.passed += settings["timeout"][1]
        raise requests.ReadTimeout


@pytest.mark.parametrize(
    ("seconds", "times"),
    [
        # A third, so that a venue that stalls is given up early enough to be asked again; then all that is left.
        (30, [(5, 10), (5, 20)]),
        # Nobody is given up before five seconds have passed.
        (12, [(5, 5), (5, 7)]),
        (6, [(5, 5), (1, 1)]),
        (3, [(3, 3)]),
    ],
)
def test_how_long_an_answer_may_take(seconds: float, times: list[Any]) -> None:
    """
    A first answer may take a third of the time, so that a stall does not take all of it. The second may take the rest,
    since the venue may just be slow.
    """
    hands = Hands()
    pool = Waiting(hands)
    asked = Session(pool, Deadline(seconds, hands.monotonic))
    for _ in times:
        with pytest.raises(DeadlineError) as caught:
            asked.get("http://127.0.0.1:9/x")
        assert caught.value.transient

    assert times == pool.times
    assert seconds == hands.passed


def test_a_third_of_the_time(peers: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    So it is on a real network, by a clock that does not go: nothing but the time-out can end it.
    """
    monkeypatch.setattr(module, "SHORTEST_TIMEOUT", 0.1)
    before = time.monotonic()
    with pytest.raises(DeadlineError):
        Session(adapter(1), Deadline(0.9, Hands().monotonic)).get(peers(stalling()).url)

    assert time.monotonic() - before >= 0.3


def test_a_stall_in_the_handshake(peers: Peers) -> None:
    """
    A server that takes the connection and says nothing to the handshake is given up at the deadline.
    """
    peer = peers(stalling())
    error = within(lambda: trouble(f"https://127.0.0.1:{peer.port}{QUERY}", seconds=0.3))

    assert isinstance(error, DeadlineError)


def test_a_handshake_without_end(peers: Peers) -> None:
    """
    Nor does a byte of it now and then buy more time.
    """
    peer = peers(dripping(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x03"))
    error = within(lambda: trouble(f"https://127.0.0.1:{peer.port}{QUERY}", seconds=0.3))

    assert isinstance(error, DeadlineError)


def test_a_report_leaves_nobody_reading(peers: Peers) -> None:
    """
    Threads of a report that ended at its deadline end as well.
    """
    peer = peers(dripping(*DRIPS["header lines"]))
    asked = Account("desk", "binance-usdm", {"api_key": "key", "api_secret": CANARY}, {"base_url": peer.url})
    (failure,) = collect([asked], timeout=0.5).failures
    ours = [thread for thread in threading.enumerate() if thread.name.startswith("marginbook-")]
    for thread in ours:
        thread.join(20)

    assert "timeout" == failure.kind
    assert [] == [thread.name for thread in ours if thread.is_alive()]


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        (["Content-Length: 1000000000000"], b" " * 65536),
        (["Content-Length: " + "1" * 5000], b" " * 65536),
        (["Content-Length: 2", "Transfer-Encoding: chunked"], b"10000\r\n" + b" " * 65536 + b"\r\n"),
        (["Content-Length: 2", "Transfer-Encoding: chunked", "", "ffffffffff"], b" " * 65536),
        ([], b" " * 65536),
    ],
)
def test_bodies_that_do_not_end(peers: Peers, headers: list[str], part: bytes) -> None:
    """
    Whatever is said of its length, no more of a body is read than one may have, and the deadline is not waited for.
    """

    def pour(peer: Peer, connection: socket.socket) -> None:
        connection.sendall("\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode())
        # The reader hangs up.
        with contextlib.suppress(OSError):
            while not peer.closing.is_set():
                connection.sendall(part)

    error = trouble(f"{peers(pour).url}{QUERY}", 60)

    assert "The answer is longer than 8 MiB." == error.message


@pytest.mark.parametrize("address", ["/v1/balance?x=1#part", "/v1/balance?x=1", "?x=1"])
def test_the_line_that_asks(peers: Peers, address: str) -> None:
    """
    It has the path and the query, and no fragment, which is nobody's business but the reader's.
    """
    peer = peers(sending(*whole(b"[]")))
    session().get(f"{peer.url}{address}")
    path = "/" if address.startswith("?") else "/v1/balance"

    assert f"GET {path}?x=1 HTTP/1.1" == peer.heads[0].partition("\r\n")[0]


@pytest.mark.parametrize("times", [1, 2])
def test_bombs(peers: Peers, times: int) -> None:
    """
    A hundred megabytes that came as a few kilobytes, or as a few bytes that were packed twice, are not unpacked.
    """
    body = bytes(100 * 1024 * 1024)
    for _ in range(times):
        body = gzip.compress(body)
    peer = peers(sending(*whole(body, f"Content-Encoding: {', '.join(['gzip'] * times)}")))
    asked = session()
    tracemalloc.start()
    try:
        with pytest.raises(InvalidResponseError, match="longer than 8 MiB"):
            asked.get(peer.url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 40 * 1024 * 1024


def test_an_answer_says_when_it_came(peers: Peers) -> None:
    """
    By the venue's clock, as far as it is known.
    """
    peer = peers(sending(*whole(b"[]")))
    hands, host = Hands(off=3_600_000), Host("acme.example")
    host.clock.offset = -3_600_000
    response: Any = Session(adapter(1), Deadline(5), line=Line(host, machine=hands.machine())).get(peer.url)

    assert dt.datetime(2027, 1, 15, 8, tzinfo=dt.UTC) == response.received_at


def test_limits_are_kept_by_the_session(peers: Peers) -> None:
    """
    A request that does not fit into them waits, however its method is written; one that would wait for too long is
    not sent.
    """
    peer = peers(sending(*whole(b"[]", "Connection: close")))
    hands = Hands()
    limits = (Limit(2, weights={"GET /v1/balance": 1}),)

    def ask(method: Any, seconds: float) -> None:
        line = Line(Host("acme.example"), limits, machine=hands.machine())
        asked = Session(adapter(1), Deadline(seconds, hands.monotonic), line=line)
        for _ in range(3):
            asked.request(method, f"{peer.url}{QUERY}")

    for method in ("GET", "get", b"GET"):
        ask(method, 100)
    assert [60.0] * 3 == hands.slept
    with pytest.raises(RateLimitedError):
        ask("GET", 60)
    assert 3 * 3 + 2 == len(peer.heads)


class Proxy:
    """
    A proxy that passes on what it is asked for, and opens tunnels.
    """

    def __init__(self, peers: Peers, target: Peer, context: ssl.SSLContext | None = None) -> None:
        self.peer = peers(self.respond, context)
        self._target = target

    def respond(self, peer: Peer, connection: socket.socket) -> None:
        head = peer.heads[-1]
        with socket.create_connection(("127.0.0.1", self._target.port)) as onward:
            if head.startswith("CONNECT "):
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                onward.sendall(head.encode("latin-1"))
            back = threading.Thread(target=pump, args=(onward, connection))
            back.start()
            pump(connection, onward)
            back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def test_through_a_proxy(peers: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A proxy of the environment carries what is meant for another machine.
    """
    peer = peers(sending(*whole(b"[1.10]")))
    proxy = Proxy(peers, peer)
    monkeypatch.setenv("HTTP_PROXY", proxy.peer.url)

    assert b"[1.10]" == session().get(f"http://venue.invalid{QUERY}").content
    assert proxy.peer.heads[0].startswith(f"GET http://venue.invalid{QUERY} HTTP/1.1\r\n")
    egress = surroundings(adapter(1)).egress
    assert egress("http://venue.invalid/x") not in {"", proxy.peer.url}
    assert "" == egress("http://127.0.0.1:1/x")


def test_through_a_tunnel(
    peers: Peers, certificate: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A proxy carries https as well, and sees neither the request nor its key.
    """
    caplog.set_level(logging.DEBUG)
    peer = peers(sending(*whole(b"[1.10]")), serving(certificate))
    proxy = Proxy(peers, peer)
    monkeypatch.setenv("HTTPS_PROXY", proxy.peer.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    assert b"[1.10]" == session().get(f"https://venue.example{QUERY}").content
    assert [f"GET {QUERY} HTTP/1.1"] == [head.partition("\r\n")[0] for head in peer.heads]
    (head,) = proxy.peer.heads
    assert head.startswith("CONNECT venue.example:443 HTTP/1.")
    assert CANARY not in head + caplog.text


def test_tunnels_through_a_proxy_with_tls(
    peers: Peers, certificate: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A proxy that is asked over https itself carries https within it.
    """
    caplog.set_level(logging.DEBUG)
    peer = peers(sending(*whole(b"[1.10]")), serving(certificate))
    proxy = Proxy(peers, peer, serving(certificate))
    monkeypatch.setenv("HTTPS_PROXY", proxy.peer.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    assert b"[1.10]" == session().get(f"https://venue.example{QUERY}").content
    assert CANARY not in proxy.peer.heads[0] + caplog.text


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_connections_are_made_again(
    scheme: str, peers: Peers, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A server that hangs up after each answer is connected to for each, and has its time each time.
    """
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    answers = [sending(*whole(b"[]", "Connection: close")), dripping(*DRIPS["a body"])]

    def respond(peer: Peer, connection: socket.socket) -> None:
        answers.pop(0)(peer, connection)

    peer = peers(respond, serving(certificate) if scheme == "https" else None)
    asked = session(0.5)

    assert b"[]" == asked.get(peer.url).content
    with pytest.raises(DeadlineError):
        asked.get(peer.url)
    assert 2 == len(peer.heads)


def test_a_deadline_in_the_middle_of_a_body(peers: Peers) -> None:
    """
    A body that came in time by the network's clock, but not by the deadline's, is too late.
    """
    hands = Hands()

    def respond(_: Peer, connection: socket.socket) -> None:
        hands.passed = 10.0
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

    peer = peers(respond)
    with pytest.raises(DeadlineError) as caught:
        Session(adapter(1), Deadline(10, hands.monotonic)).get(peer.url)

    assert f"127.0.0.1:{peer.port} did not answer in time. Allow more time, or try again later." == str(caught.value)


@pytest.mark.parametrize("parts", [(b"HTTP/1.1 200 OK\r\nX-A: ", b"x"), (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")])
def test_a_tunnel_that_is_never_open(parts: tuple[bytes, ...], peers: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A proxy that never ends its answer has no more time than a venue has.
    """
    monkeypatch.setenv("HTTPS_PROXY", peers(dripping(*parts)).url)
    error = within(lambda: trouble(f"https://venue.invalid{QUERY}", seconds=0.3))

    assert isinstance(error, (DeadlineError, UnavailableError))


@pytest.mark.parametrize("odd", [b"", b"X A: odd\r\n", b"no header at all\r\n"])
def test_logs_hold_neither_key_nor_signature(
    odd: bytes,
    secure: Peer,
    certificate: Path,
    peers: Peers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """
    A program that debugs its own requests, with all that urllib3 and http.client print, does not print ours.
    """
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    caplog.set_level(logging.DEBUG)
    plain = peers(sending(odd, *whole(b"[]")))
    for peer in (plain, secure):
        session().get(f"{peer.url}{QUERY}")
        assert CANARY in peer.heads[0]
    with contextlib.suppress(MarginbookError):
        session().get(f"http://127.0.0.1:9{QUERY}")
    shown = "".join([caplog.text, *capfd.readouterr(), repr([vars(record) for record in caplog.records])])

    assert '"GET /v1/balance HTTP/1.1" 200' in shown
    assert CANARY not in shown
    assert "timestamp" not in shown


def test_logs_of_others_stay_as_they_are(peers: Peers, caplog: pytest.LogCaptureFixture) -> None:
    """
    What others ask with requests is logged with all that urllib3 logs of it, on the same thread too.
    """
    caplog.set_level(logging.DEBUG)
    peer = peers(sending(*whole(b"[]")))
    session().get(f"{peer.url}{QUERY}")
    with contextlib.suppress(MarginbookError):
        session(0).get(f"{peer.url}{QUERY}")
    caplog.clear()
    requests.get(f"{peer.url}/other?question=1", timeout=5)
    logging.getLogger("urllib3.connectionpool").warning("a mapping: %(x)s", {"x": "a?b"})

    assert '"GET /other?question=1 HTTP/1.1" 200' in caplog.text
    assert "a mapping: a?b" in caplog.text


def test_logs_of_other_threads_stay_as_they_are(peers: Peers, caplog: pytest.LogCaptureFixture) -> None:
    """
    Nor does a request of ours that is under way change what another thread logs.
    """
    caplog.set_level(logging.DEBUG)
    begun = threading.Event()

    def respond(peer: Peer, connection: socket.socket) -> None:
        begun.set()
        peer.closing.wait(30)
        connection.close()

    stalled, other = peers(respond), peers(sending(*whole(b"[]")))
    thread = threading.Thread(target=lambda: trouble(f"{stalled.url}{QUERY}", seconds=0.5))
    thread.start()
    begun.wait(10)
    requests.get(f"{other.url}/other?question=1", timeout=5)
    thread.join()

    assert '"GET /other?question=1 HTTP/1.1" 200' in caplog.text


def test_our_logs_without_arguments(caplog: pytest.LogCaptureFixture) -> None:
    """
    A record of ours that has a mapping, or nothing, to fill in is left alone.
    """
    caplog.set_level(logging.DEBUG)
    _keep_signatures_out_of_logs()
    logger = logging.getLogger("urllib3.connectionpool")
    _ASKING.now = True
    try:
        logger.debug("as %(it)s is", {"it": "a?b"})
        logger.debug("number %d of %s", 5, "/v1/balance?signature=x")
    finally:
        _ASKING.now = False

    assert ["as a?b is", "number 5 of /v1/balance"] == caplog.messages


def test_requests_of_others_are_logged_as_ever(peers: Peers, caplog: pytest.LogCaptureFixture) -> None:
    """
    urllib3's log of a program's own requests is left as it is.
    """
    peer = peers(sending(b"Content-Length: 0\r\nConnection: close\r\n\r\n"))
    with caplog.at_level("DEBUG"), session():
        requests.get(f"{peer.url}/?their=own", timeout=5)

    assert "their=own" in caplog.text


@pytest.mark.parametrize("before", range(25))
@pytest.mark.parametrize("length", [RECOGNIZED - 1, RECOGNIZED, RECOGNIZED + 1])
def test_what_was_sent_is_recognized_wherever_it_stands(before: int, length: int) -> None:
    """
    So many characters of a key are found in a text, whatever stands before and after them.
    """
    key = "0123456789abcdefghijklmnopqrstuvwxyz"
    asked = Session(Documents({"/x": b"[]"}), Deadline(1))
    asked.get("https://venue.invalid/x", headers={"X-KEY": key})
    text = f"{'.' * before}{key[7 : 7 + length]} is the key"

    assert (length >= RECOGNIZED) is asked.repeats(text)
