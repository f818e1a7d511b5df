"""
OKX's keys: HMAC-SHA256, and a passphrase that goes along.

Source: OKX, "REST Authentication", copy of 2026-06-27: time, method, path with query, and body, with nothing in
between, are signed; the signature is in Base64, the time in ISO 8601 with milliseconds. The page shows no signature to
check this with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from requests.auth import AuthBase

from marginbook import Credential, CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from marginbook import Clock

CREDENTIALS: Final = (
    Credential("api_key", "The API key, as OKX shows it."),
    Credential("api_secret", "Its secret key."),
    Credential("passphrase", "The passphrase that was chosen when the key was made.", sent_as_is=True),
)


class Signature(AuthBase):
    """
    Adds the key, the passphrase, the time and the signature to each attempt.

    Args:
        key: The API key.

        passphrase: What was chosen when the key was made.

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
        now = timestamp(self._clock())
        signature = self._sign(f"{now}{request.method}{request.path_url}".encode())
        request.headers["OK-ACCESS-KEY"] = self._key
        request.headers["OK-ACCESS-PASSPHRASE"] = self._passphrase
        request.headers["OK-ACCESS-TIMESTAMP"] = now
        request.headers["OK-ACCESS-SIGN"] = base64.b64encode(signature).decode()
        return request


def timestamp(milliseconds: int) -> str:
    """
    Write a time as OKX wants it, such as ``2020-12-08T09:08:57.715Z``.
    """
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03}Z"


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Check what can be checked of the secrets, and return what signs with them.

    Raises:
        CredentialsError: One is empty, or has characters that no header may have.

    """
    if name := next((name for name in ("api_key", "api_secret", "passphrase") if not _is_possible(secrets[name])), ""):
        msg = f"The {name} is empty, or has characters that none has."
        raise CredentialsError(msg, hint="Copy it again, without line ends.")
    # A passphrase may begin with a blank, a key never does.
    signer = _hmac(secrets["api_secret"].strip())
    return Signature(secrets["api_key"].strip(), secrets["passphrase"].strip("\r\n"), signer, clock)


def _hmac(secret: str) -> Callable[[bytes], bytes]:
    # Bytes show themselves: they are kept where no variable is.
    key = secret.encode()
    return lambda message: hmac.new(key, message, hashlib.sha256).digest()


def _is_possible(secret: str) -> bool:
    return bool(secret.strip()) and secret.strip().isascii() and secret.strip().isprintable()
