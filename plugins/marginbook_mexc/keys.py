"""
MEXC's keys, and the signature that they make.

Source: MEXC, "Integration Guide" of the futures API, a copy read 2026-11: the access key, the time in milliseconds and
the query, whose parameters stand in alphabetical order, are signed with nothing in between. What marginbook asks has no
query.
"""

from __future__ import annotations

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
    Credential("api_key", "The access key, as MEXC shows it."),
    Credential("api_secret", "The secret key that was shown once, with it."),
)


class Signature(AuthBase):
    """
    Adds the key, the time and the signature to each attempt.

    Args:
        key: The access key.

        sign: Makes the signature of a message.

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
        timestamp = str(self._clock())
        query = request.path_url.partition("?")[2]
        request.headers["ApiKey"] = self._key
        request.headers["Request-Time"] = timestamp
        request.headers["Signature"] = self._sign(f"{timestamp}{query}".encode())
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Return what signs with the account's keys.

    Raises:
        CredentialsError: The key cannot stand in a header.

    """
    key = secrets["api_key"].strip()
    if not (key and key.isascii() and key.isprintable()):
        msg = "The api_key has characters that no key has, or none at all."
        raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    return Signature(key, _signer(key, secrets["api_secret"].strip()), clock)


def _signer(key: str, secret: str) -> Callable[[bytes], str]:
    encoded, name = secret.encode(), key.encode()
    return lambda message: hmac.new(encoded, name + message, hashlib.sha256).hexdigest()
