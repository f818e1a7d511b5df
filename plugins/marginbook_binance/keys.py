"""
The three kinds of API keys, and the signature that each makes.

Source: Binance, "General Info" of USDⓈ-M and COIN-M futures, read 2026-01: the query string as sent is signed, and the
signature is its last parameter. Ed25519 is documented for other Binance APIs and signed by Binance's own SDK; that the
futures' REST API accepts it is not documented.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from requests.auth import AuthBase

from marginbook import Credential, CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from marginbook import Clock

CREDENTIALS: Final = (
    Credential("api_key", "The API key, as Binance shows it."),
    Credential(
        "api_secret",
        "Its secret: the secret key of an HMAC key, or the private key (PKCS#8, PEM) of an RSA or Ed25519 key.",
    ),
)


class Signature(AuthBase):
    """
    Adds the time and the signature to each attempt.

    Args:
        key: The API key.

        sign: Makes the signature of a query string.

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
        path, _, query = (request.url or "").partition("?")
        query = f"{query}{'&' if query else ''}timestamp={self._clock()}"
        request.url = f"{path}?{query}&signature={quote(self._sign(query.encode('ascii')), safe='')}"
        request.headers["X-MBX-APIKEY"] = self._key
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Tell the kind of key from its secret.

    Raises:
        CredentialsError: The secret is a private key that cannot be read, or of another kind.

    """
    key, secret = secrets["api_key"].strip(), secrets["api_secret"].strip()
    if not (key.isascii() and key.isprintable()):
        msg = "The api_key has characters that no key has."
        raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    return Signature(key, _private_key(secret) if secret.startswith("-----BEGIN") else _hmac(secret), clock)


def _hmac(secret: str) -> Callable[[bytes], str]:
    key = secret.encode()
    return lambda query: hmac.new(key, query, hashlib.sha256).hexdigest()


def _private_key(secret: str) -> Callable[[bytes], str]:
    # HMAC keys, which most are, do without it.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        # In an environment variable, line ends are often written as \n.
        private = load_pem_private_key(secret.replace("\\n", "\n").encode(), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        private = None
    match private:
        case rsa.RSAPrivateKey() as rsa_key:
            return lambda query: base64.b64encode(rsa_key.sign(query, padding.PKCS1v15(), SHA256())).decode()
        case ed25519.Ed25519PrivateKey() as ed25519_key:
            return lambda query: base64.b64encode(ed25519_key.sign(query)).decode()
    msg = "The api_secret is in PEM form, but no private key that Binance could know."
    raise CredentialsError(msg, hint="It has to be an RSA or Ed25519 key in PEM form (PKCS#8), without a password.")
