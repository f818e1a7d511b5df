"""
KuCoin's keys: HMAC-SHA256, and a passphrase that is signed as well.

Source: KuCoin, "Authentication" and the signer of its SDK (2025-11): the time, the method, the path with its query, and
the body are signed, in base64.
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
    Credential("api_key", "The API key, as KuCoin shows it."),
    Credential("api_secret", "The secret that was shown once, with the key."),
    Credential(
        "passphrase", "The passphrase that was chosen for the key. It is not that of trading or of withdrawals."
    ),
)

#: The version that KuCoin's SDK sends for every key: the passphrase is signed, not sent.
VERSION: Final = "3"


class Signature(AuthBase):
    """
    Adds the key, the time, the passphrase and the signature to each attempt.

    Args:
        key: The API key.

        passphrase: The passphrase, signed.

        sign: Makes the signature of a text.

        clock: The venue's time in milliseconds.

    """

    def __init__(self, key: str, passphrase: str, sign: Callable[[str], str], clock: Clock) -> None:
        self._key = key
        self._passphrase = passphrase
        self._sign = sign
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Sign *request*, which has no body.
        """
        now = str(self._clock())
        request.headers["KC-API-KEY"] = self._key
        request.headers["KC-API-SIGN"] = self._sign(f"{now}{request.method}{request.path_url}")
        request.headers["KC-API-TIMESTAMP"] = now
        request.headers["KC-API-PASSPHRASE"] = self._passphrase
        request.headers["KC-API-KEY-VERSION"] = VERSION
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Return what signs with the account's secrets.

    Raises:
        CredentialsError: They are empty, or have characters that no key has.

    """
    for name in ("api_key", "api_secret", "passphrase"):
        if not _is_plain(secrets[name]):
            msg = f"The {name} is empty, or has characters that none has."
            raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    return _signature(secrets, clock)


# Nothing is raised below: the variables there are the secrets themselves, and crash reports print variables.


def _is_plain(secret: str) -> bool:
    stripped = secret.strip()
    return bool(stripped) and stripped.isascii() and stripped.isprintable()


def _signature(secrets: Mapping[str, str], clock: Clock) -> Signature:
    sign = _hmac(secrets["api_secret"].strip())
    return Signature(secrets["api_key"].strip(), sign(secrets["passphrase"].strip()), sign, clock)


def _hmac(secret: str) -> Callable[[str], str]:
    key = secret.encode()
    return lambda text: base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
