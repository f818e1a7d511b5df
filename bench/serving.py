"""
Starts responders, and says how much they were asked.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.responder import Counts, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Certificates:
    """
    A certificate of all addresses that a responder may have, made when it is first needed.
    """

    folder: Path

    @cached_property
    def server(self) -> Path:
        """
        The file of the certificate, with its key.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "responder")])
        now = dt.datetime.now(dt.UTC)
        addresses = [x509.IPAddress(ipaddress.ip_address(f"127.0.0.{number}")) for number in range(1, 17)]
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        path = self.folder / "server.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + made.public_bytes(Encoding.PEM))
        # To read them is what a new connection costs some: all that a user has, and this one.
        self.trusted.write_bytes(Path(certifi.where()).read_bytes() + made.public_bytes(Encoding.PEM))
        return path

    @property
    def trusted(self) -> Path:
        """
        The file of certificates that clients trust: as many as they usually have, and this one.
        """
        return self.folder / "trusted.pem"


@dataclass(frozen=True)
class Served:
    """
    A responder that runs.
    """

    urls: list[str]
    _process: subprocess.Popen[str]

    def counts(self) -> Counts:
        """
        Return how much it was asked so far.
        """
        return Counts(**json.loads(_ask(self._process)))


@contextlib.contextmanager
def serve(settings: Settings) -> Iterator[Served]:
    """
    Let a responder run in a process of its own.
    """
    command = [sys.executable, "-m", "bench.responder", json.dumps(asdict(settings))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            scheme, port = "https" if settings.certificate else "http", int(_told(process))
            yield Served([f"{scheme}://127.0.0.{number}:{port}" for number in range(1, settings.hosts + 1)], process)
        finally:
            process.kill()


def _ask(process: subprocess.Popen[str]) -> str:
    if process.stdin:
        print(file=process.stdin, flush=True)
    return _told(process)


def _told(process: subprocess.Popen[str]) -> str:
    told = process.stdout.readline() if process.stdout else ""
    if not told:
        msg = "The responder has ended, and says why above."
        raise RuntimeError(msg)
    return told
