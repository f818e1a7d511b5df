"""
Peers on this machine, throw-away plugins, and an environment that nobody else has set.
"""

from __future__ import annotations

import importlib
import os
import socket
import ssl
import subprocess
import sys
import threading
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import keyring
import pytest
from attrs import define, field, frozen
from keyring.backend import KeyringBackend

from marginbook.registry import Registry, installed
from marginbook.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Respond = Callable[["Peer", socket.socket], None]

#: What would change the answers of requests, rich, click or marginbook, if the machine had it set.
LOUD: Final = (
    *(f"{scheme}_PROXY" for scheme in ("HTTP", "HTTPS", "ALL", "NO")),
    *(f"{scheme}_proxy" for scheme in ("http", "https", "all", "no")),
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "COLUMNS",
    "LINES",
    "FORCE_COLOR",
    "NO_COLOR",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "MARGINBOOK_ACCOUNTS",
    "MARGINBOOK_DISABLE_PLUGINS",
    "MARGINBOOK_SERVE_TOKEN",
    "MARGINBOOK_HISTORY",
    "MARGINBOOK_STRICT_PLUGINS",
)


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An environment that says nothing about proxies, terminals or plugins.
    """
    for name in LOUD:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """
    All installed venues, played with nothing spent yet.
    """
    with Sandbox(installed().stages()) as played:
        yield played


@define
class Peer:
    """
    A server on this machine that does to each connection what *respond* says, once a request has come.
    """

    respond: Respond
    context: ssl.SSLContext | None = None
    #: The requests as they came, up to the empty line.
    heads: list[str] = field(factory=list)
    #: Set when the test is over, for who only waits.
    closing: threading.Event = field(factory=threading.Event)
    _listener: socket.socket = field(factory=lambda: socket.create_server(("127.0.0.1", 0)), init=False)
    _threads: list[threading.Thread] = field(factory=list, init=False)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        # On Linux, closing alone does not wake who waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        self._threads.append(threading.Thread(target=target, args=args, daemon=True))
        self._threads[-1].start()

    def _listen(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                wrapped = self.context.wrap_socket(connection, server_side=True) if self.context else connection
                with wrapped:
                    self.heads.append(_head(wrapped))
                    self.respond(self, wrapped)
            # Clients that hang up are what some tests are about.
            except OSError:
                return


def _head(connection: socket.socket) -> str:
    head = b""
    # A TLS handshake has no empty line to wait for.
    while b"\r\n\r\n" not in head and not head.startswith(b"\x16") and (more := connection.recv(65536)):
        head += more
    return head.decode("latin-1")


@pytest.fixture
def peers() -> Iterator[Callable[..., Peer]]:
    """
    Starts a peer: ``peers(respond)``.
    """
    started: list[Peer] = []

    def start(respond: Respond, context: ssl.SSLContext | None = None) -> Peer:
        started.append(Peer(respond, context).__enter__())
        return started[-1]

    yield start
    for peer in started:
        peer.__exit__()


@frozen
class Plugins:
    """
    A folder of packages that look installed: modules, each with the metadata of its distribution.
    """

    folder: Path

    def add(self, distribution: str, *names: str, source: str, module: str = "", version: str = "1.0") -> str:
        """
        Install a module under entry points of these names, and return what the module is called.
        """
        module = module or distribution.replace("-", "_")
        metadata = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True, exist_ok=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = "".join(f"{name} = {module}\n" for name in names)
        (metadata / "entry_points.txt").write_text(f"[marginbook]\n{lines}")
        (self.folder / f"{module}.py").write_text(source)
        importlib.invalidate_caches()
        return module

    def registry(self, **settings: Any) -> Registry:
        """
        Return the registry of these packages alone.
        """
        found = (d.entry_points for d in distributions(path=[str(self.folder)]))
        return Registry((e for entries in found for e in entries.select(group="marginbook")), **settings)

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """
        Run a fresh Python where these packages are installed.
        """
        paths = filter(None, [os.environ.get("PYTHONPATH")])
        return subprocess.run(
            [sys.executable, *command],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(self.folder), *paths]), **environ},
            capture_output=True,
            check=False,
            text=True,
            timeout=30,
        )


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins]:
    """
    An empty folder of packages, on the path of this process until the test is over.
    """
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    yield Plugins(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


class Vault(KeyringBackend):
    """
    A key store in memory.
    """

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's own
        self.secrets: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password


@pytest.fixture
def vault() -> Iterator[Vault]:
    """
    The system's key store, for as long as the test takes.
    """
    before = keyring.get_keyring()
    keyring.set_keyring(Vault())
    found = keyring.get_keyring()
    assert isinstance(found, Vault)
    yield found
    keyring.set_keyring(before)
