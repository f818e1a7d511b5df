"""
Kraken's keys, and the signature that they make.

Source: Kraken, "Futures REST", as updated for the endpoints below /derivatives on 2024-02-20: HMAC-SHA-512, with the
decoded secret, of the SHA-256 of parameters, nonce and path, in Base64. The path begins with /api. A nonce is optional,
and the time in milliseconds is called a good one; with it, no signature is good for a second request.
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
    Credential("api_key", "The public key of a Kraken Futures API key; reading is all that it has to be allowed."),
    Credential("api_secret", "Its private key, which was shown once: letters, digits, + and /, in Base64."),
)

#: What stands before the path that is signed.
_ROOT: Final = "/derivatives"


class Signature(AuthBase):
    """
    Adds the key, a nonce and the signature to each attempt.

    Args:
        key: The public key.

        sign: Makes the signature of a message.

        clock: The venue's time in milliseconds.

    """

    def __init__(self, key: str, sign: Callable[[bytes], str], clock: Clock) -> None:
        self._key = key
        self._sign = sign
        self._clock = clock
        self._nonce = 0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Sign *request*.
        """
        # Two attempts may be in the same millisecond, or the clock may be put back.
        self._nonce = max(self._nonce + 1, self._clock())
        path, _, query = request.path_url.partition("?")
        message = f"{query}{self._nonce}{path.rpartition(_ROOT)[2]}"
        request.headers["APIKey"] = self._key
        request.headers["Nonce"] = str(self._nonce)
        request.headers["Authent"] = self._sign(message.encode())
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Check the pair of keys, and return what signs with it.

    Raises:
        CredentialsError: The secret is no Base64, or the key has characters that no key has.

    """
    if not _is_base64(secrets["api_secret"]):
        msg = "The api_secret is no private key of Kraken Futures, which would be Base64."
        raise CredentialsError(msg, hint="Copy it again, without quotes and line ends, and with the = at its end.")
    if not (secrets["api_key"].isascii() and secrets["api_key"].strip().isprintable()):
        msg = "The api_key has characters that no key has."
        raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    return Signature(secrets["api_key"].strip(), _hmac(secrets["api_secret"]), clock)


# Nothing is raised below: the variables there are the secrets themselves, and crash reports print variables.


def _is_base64(secret: str) -> bool:
    try:
        return bool(base64.b64decode(secret.strip(), validate=True))
    except ValueError:
        return False


def _hmac(secret: str) -> Callable[[bytes], str]:
    key = base64.b64decode(secret.strip())

    def make(message: bytes) -> str:
        digest = hashlib.sha256(message).digest()
        return base64.b64encode(hmac.new(key, digest, hashlib.sha512).digest()).decode()

    return make
