"""
The session: what becomes of a request, against real servers on this machine.
"""

from __future__ import annotations

import datetime as dt
import gzip
import ipaddress
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from marginbook import (
    ConfigurationError,
    DeadlineError,
    InvalidResponseError,
    MarginbookError,
    UnavailableError,
)
from marginbook.transport import Deadline, Session, adapter

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
    return "".join(f"{header}\r\n" for header in (f"Content-Length: {len(body)}", *headers, "")).encode(), body


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
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    return path


@pytest.fixture
def secure(peers: Peers, certificate: Path) -> Peer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return peers(sending(*whole(b"[1.10]")), context)


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
    assert "User-Agent: marginbook/" in head


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
    assert 0.2 < time.monotonic() - before < 2


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
    assert [] == peer.heads


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
    assert "Check base_url." == error.hint


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


def test_connections_are_kept(peers: Peers) -> None:
    """
    Sessions of different accounts share the connections of one pool.
    """

    def twice(peer: Peer, connection: socket.socket) -> None:
        for _ in range(2):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
            peer.heads.append("" if peer.heads[1:] else connection.recv(65536).decode())

    peer = peers(twice)
    pool = adapter(2)
    answers: list[Any] = [Session(pool, Deadline(5)).get(f"{peer.url}/{n}").content for n in range(2)]
    pool.close()

    assert [b"[]", b"[]"] == answers
    assert ["GET /0 HTTP/1.1", "GET /1 HTTP/1.1"] == [head.partition("\r\n")[0] for head in peer.heads[:2]]


def test_requests_of_others_are_logged_as_ever(peers: Peers, caplog: pytest.LogCaptureFixture) -> None:
    """
    urllib3's log of a program's own requests is left as it is.
    """
    peer = peers(sending(b"Content-Length: 0\r\nConnection: close\r\n\r\n"))
    with caplog.at_level("DEBUG"), session():
        requests.get(f"{peer.url}/?their=own", timeout=5)

    assert "their=own" in caplog.text
