"""
BitMEX's keys, and the signature that they make.

Source: BitMEX, "API Key Usage", whose published signatures the tests make again: HMAC-SHA256, in hexadecimal digits,
of the method, the path with its query, the time at which the request expires, in seconds, and the body.
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
    Credential("api_key", "The ID of an API key; it needs no permission to trade or to withdraw."),
    Credential("api_secret", "Its secret, which was shown once."),
)

#: Seconds for which a request is good: what the venue's own examples take.
EXPIRES: Final = 60

#: Where the path that is signed begins.
_ROOT: Final = "/api/v1"


class Signature(AuthBase):
    """
    Adds the key, the expiry and the signature to each attempt.

    Args:
        key: The ID of the key.

        sign: Makes the signature of a message.

        clock: The venue's time in milliseconds.

    """

    def __init__(self, key: str, sign: Callable[[bytes], str], clock: Clock) -> None:
        self._key = key
        self._sign = sign
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Sign *request*, which has no body.
        """
        expires = str(self._clock() // 1000 + EXPIRES)
        # What stands before it in the path belongs to the base URL.
        path = request.path_url[request.path_url.index(_ROOT) :]
        request.headers["api-key"] = self._key
        request.headers["api-expires"] = expires
        request.headers["api-signature"] = self._sign(f"{request.method}{path}{expires}".encode())
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Check the pair of keys, and return what signs with it.

    Raises:
        CredentialsError: One of them is empty, or has characters that no key has.

    """
    for name in ("api_key", "api_secret"):
        if not _is_plain(secrets[name]):
            msg = f"The {name} is empty, or has characters that no key has."
            raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    return Signature(secrets["api_key"].strip(), _hmac(secrets["api_secret"].strip()), clock)


# Nothing is raised below: the variables there are the secrets themselves, and crash reports print variables.


def _is_plain(secret: str) -> bool:
    secret = secret.strip()
    return bool(secret) and secret.isascii() and secret.isprintable()


def _hmac(secret: str) -> Callable[[bytes], str]:
    key = secret.encode()
    return lambda message: hmac.new(key, message, hashlib.sha256).hexdigest()
