"""
Deribit's keys, and the signature of a request.

Source: Deribit, "Authentication", signature credentials: HMAC-SHA256 of the time, a nonce and the request, in lines. A
signature is good for 60 seconds, and a nonce for one request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from requests.auth import AuthBase

from marginbook import Credential, CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from marginbook import Clock

CREDENTIALS: Final = (
    Credential("api_key", "The client id of the API key, as Deribit's page of API keys shows it."),
    Credential("api_secret", "The client secret that belongs to it."),
)

#: What can stand in the header, which separates its parts by commas.
_is_word: Final = re.compile(r"[A-Za-z0-9_.~+/-]+=*").fullmatch


class Signature(AuthBase):
    """
    Adds the key, the time, a nonce and the signature to each attempt.

    Args:
        key: The client id.

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
        time, nonce = str(self._clock()), token_hex(8)
        # None of the requests has a body, whose line stays empty.
        signature = self._sign(f"{time}\n{nonce}\n{request.method}\n{request.path_url}\n\n")
        request.headers["Authorization"] = f"deri-hmac-sha256 id={self._key},ts={time},sig={signature},nonce={nonce}"
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Return what signs with the account's secrets.

    Raises:
        CredentialsError: One of them has characters that none of Deribit's has.

    """
    if name := next((name for name in ("api_key", "api_secret") if not _is_word(secrets[name].strip())), ""):
        msg = f"The {name} has characters that none of Deribit's has."
        raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    return Signature(secrets["api_key"].strip(), _hmac(secrets["api_secret"].strip()), clock)


def _hmac(secret: str) -> Callable[[str], str]:
    key = secret.encode()
    return lambda text: hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
