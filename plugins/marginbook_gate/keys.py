"""
Gate's keys: HMAC-SHA512.

Source: Gate API v4, "APIv4 signed request requirements" and "API Signature string generation", as copied in 2025. The
query is signed without its encoding; none of our requests has one.
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
    Credential("api_key", "The key (APIv4), as Gate shows it."),
    Credential("api_secret", "The secret that was shown once, with the key."),
)

#: What stands for the body, which our requests do not have.
_NO_BODY: Final = hashlib.sha512(b"").hexdigest()


class Signature(AuthBase):
    """
    Adds the key, the time and the signature to each attempt.

    Args:
        key: The API key.

        sign: Makes the signature of a text.

        clock: The venue's time in milliseconds.

    """

    def __init__(self, key: str, sign: Callable[[str], str], clock: Clock) -> None:
        self._key = key
        self._sign = sign
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Sign *request*.
        """
        seconds = str(self._clock() // 1000)
        path, _, query = request.path_url.partition("?")
        request.headers["KEY"] = self._key
        request.headers["Timestamp"] = seconds
        request.headers["SIGN"] = self._sign(f"{request.method}\n{path}\n{query}\n{_NO_BODY}\n{seconds}")
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Return what signs with the account's secrets.

    Raises:
        CredentialsError: They have characters that no key has.

    """
    for name in ("api_key", "api_secret"):
        if not _is_plain(secrets[name]):
            msg = f"The {name} is empty, or has characters that no key has."
            raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    return Signature(secrets["api_key"].strip(), _hmac(secrets["api_secret"].strip()), clock)


# Nothing is raised below: the variables there are the secrets themselves, and crash reports print variables.


def _is_plain(secret: str) -> bool:
    stripped = secret.strip()
    return bool(stripped) and stripped.isascii() and stripped.isprintable()


def _hmac(secret: str) -> Callable[[str], str]:
    key = secret.encode()
    return lambda text: hmac.new(key, text.encode(), hashlib.sha512).hexdigest()
