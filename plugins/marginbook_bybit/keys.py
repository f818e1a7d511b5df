"""
The two kinds of API keys, and the signature that each makes.

Source: Bybit, API v5, "Integration Guidance", copy of 2026-07-24: time, key, receive window and query, with nothing in
between, are signed with HMAC-SHA256 in lower-case hexadecimal digits, or with RSA-SHA256 in Base64. The page shows no
secret that its example of a signature could be checked with; the padding of RSA is that of Bybit's own examples.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from requests.auth import AuthBase

from marginbook import Credential, CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from marginbook import Clock

CREDENTIALS: Final = (
    Credential("api_key", "The API key, as Bybit shows it."),
    Credential("api_secret", "Its secret; or the private key (PEM) of a key that was made with RSA."),
)

_COPY_AGAIN: Final = "Copy it again, without quotes and line ends."


class Signature(AuthBase):
    """
    Adds the key, the time and the signature to each attempt.

    Args:
        key: The API key.

        sign: Makes the signature of a text.

        clock: The venue's time in milliseconds.

    """

    def __init__(self, key: str, sign: Callable[[bytes], str], clock: Clock) -> None:
        self._key = key
        self._sign = sign
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Sign *request*.
        """
        now = str(self._clock())
        _, _, query = request.path_url.partition("?")
        window = request.headers.get("X-BAPI-RECV-WINDOW", "")
        request.headers["X-BAPI-API-KEY"] = self._key
        request.headers["X-BAPI-TIMESTAMP"] = now
        request.headers["X-BAPI-SIGN"] = self._sign(f"{now}{self._key}{window}{query}".encode())
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Tell the kind of key from its secret.

    Raises:
        CredentialsError: The key has characters that no header may have, or the secret is empty or a private key that
            cannot be read.

    """
    key, secret = secrets["api_key"].strip(), secrets["api_secret"].strip()
    if not (key.isascii() and key.isalnum()):
        msg = "The api_key is empty, or has characters that no key has."
        raise CredentialsError(msg, hint=_COPY_AGAIN)
    if not secret:
        msg = "The api_secret is empty."
        raise CredentialsError(msg, hint=_COPY_AGAIN)
    return Signature(key, _rsa(secret) if secret.startswith("-----BEGIN") else _hmac(secret), clock)


def _hmac(secret: str) -> Callable[[bytes], str]:
    key = secret.encode()
    return lambda text: hmac.new(key, text, hashlib.sha256).hexdigest()


def _rsa(secret: str) -> Callable[[bytes], str]:
    # HMAC keys, which most are, do without it.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        # In an environment variable, line ends are often written as \n.
        private = load_pem_private_key(secret.replace("\\n", "\n").encode(), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        msg = "The api_secret is in PEM form, but no RSA private key."
        raise CredentialsError(msg, hint="It has to be an RSA key in PEM form, without a password.")
    return lambda text: base64.b64encode(private.sign(text, padding.PKCS1v15(), SHA256())).decode()
