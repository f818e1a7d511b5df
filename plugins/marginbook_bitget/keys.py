"""
Bitget's keys: a secret or an RSA private key, and a passphrase besides.

Source: Bitget, "Signature" and its samples in HMAC and RSA, copies of 2025-03: time, method, path and query as sent are
signed, in base64. The parameters of a query have to stand in alphabetical order; what marginbook asks has one at most.
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
    Credential("api_key", "The API key, as Bitget shows it."),
    Credential(
        "api_secret", "Its secret: the secret key of an HMAC key, or the private key (PKCS#8, PEM) of an RSA key."
    ),
    Credential("passphrase", "The passphrase that was chosen when the key was made.", sent_as_is=True),
)


class Signature(AuthBase):
    """
    Adds the key, the passphrase, the time and the signature to each attempt.

    Args:
        key: The API key.

        passphrase: Its passphrase.

        sign: Makes the signature of a message.

        clock: The venue's time in milliseconds.

    """

    def __init__(self, key: str, passphrase: str, sign: Callable[[bytes], bytes], clock: Clock) -> None:
        self._key = key
        self._passphrase = passphrase
        self._sign = sign
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Sign *request*.
        """
        timestamp = str(self._clock())
        message = f"{timestamp}{request.method}{request.path_url}".encode()
        request.headers["ACCESS-KEY"] = self._key
        request.headers["ACCESS-PASSPHRASE"] = self._passphrase
        request.headers["ACCESS-TIMESTAMP"] = timestamp
        request.headers["ACCESS-SIGN"] = base64.b64encode(self._sign(message)).decode()
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Tell the kind of key from its secret, and return what signs with it.

    Raises:
        CredentialsError: The key or the passphrase cannot stand in a header, or the secret is no key of the kind that
            it looks like.

    """
    if name := next((name for name in ("api_key", "passphrase") if not _can_be_sent(secrets[name].strip())), ""):
        msg = f"The {name} has characters that no {name} has, or none at all."
        raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    signer = _signer(secrets["api_secret"].strip())
    if signer is None:
        msg = "The api_secret is in PEM form, but no RSA private key."
        raise CredentialsError(msg, hint="It has to be an RSA key in PEM form (PKCS#8), without a password.")
    return Signature(secrets["api_key"].strip(), secrets["passphrase"].strip(), signer, clock)


# Nothing is raised below: the variables there are the secrets themselves, and crash reports print variables.


def _can_be_sent(secret: str) -> bool:
    return bool(secret) and secret.isascii() and secret.isprintable()


def _signer(secret: str) -> Callable[[bytes], bytes] | None:
    if secret.startswith("-----BEGIN"):
        return _rsa(secret)
    key = secret.encode()
    return lambda message: hmac.new(key, message, hashlib.sha256).digest()


def _rsa(pem: str) -> Callable[[bytes], bytes] | None:
    # HMAC keys, which most are, do without it.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        # In an environment variable, line ends are often written as \n.
        private = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(private, rsa.RSAPrivateKey):
        return None
    return lambda message: private.sign(message, padding.PKCS1v15(), SHA256())
