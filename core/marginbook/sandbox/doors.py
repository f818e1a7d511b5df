"""
Faults that hit before there is HTTP: where an account's address leads.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from marginbook.sandbox.effects import Door
from marginbook.sandbox.serving import Server

if TYPE_CHECKING:
    from marginbook.sandbox.effects import Play
    from marginbook.sandbox.tally import Tally


class Wall:
    """
    A port that is taken, so that nobody else gets it, and where nobody listens.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def open(self) -> None:
        """
        Do nothing.
        """

    def close(self) -> None:
        """
        Give the port back.
        """
        self._socket.close()


def wall(play: Play, tally: Tally) -> Wall:  # noqa: ARG001  # there is nothing to serve
    """
    Return a port that refuses connections.
    """
    return Wall()


def stranger(play: Play, tally: Tally) -> Server:
    """
    Return a server with a certificate that nobody has reason to trust.
    """
    return Server(play, tally, context=_self_signed())


def _self_signed() -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The ssl module reads certificates from files alone.
    with TemporaryDirectory() as folder:
        path = Path(folder, "server.pem")
        path.write_bytes(private + _certificate(key).public_bytes(Encoding.PEM))
        context.load_cert_chain(path)
    return context


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Only the signature is to be wrong with it, whatever the clock says.
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(address, critical=False)
        .sign(key, SHA256())
    )


CONNECTION: Final = {
    "refused": Door("The account's address is a port where nobody listens.", wall),
    "tls": Door("The account's address is https, with a certificate that the server has signed itself.", stranger),
}
