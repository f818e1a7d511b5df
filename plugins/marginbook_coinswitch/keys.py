"""
CoinSwitch's keys: Ed25519, in hexadecimal.

Source: CoinSwitch PRO, "Authentication", read 2026-07: method, path with decoded query, and the time in milliseconds
are signed, the body never. The API key is the public key, so the pair can be checked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from requests.auth import AuthBase

from marginbook import Credential, CredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from marginbook import Clock

CREDENTIALS: Final = (
    Credential("api_key", "The API key: an Ed25519 public key, 64 hexadecimal digits."),
    Credential("api_secret", "The secret that came with it: the private key, 64 hexadecimal digits."),
)

#: Bytes of a public key, and of the seed that is the private key.
_LENGTH: Final = 32

#: What each may have.
_LENGTHS: Final = {"api_key": {_LENGTH}, "api_secret": {_LENGTH, 2 * _LENGTH}}


class Signature(AuthBase):
    """
    Adds the key, the time and the signature to each attempt.

    Args:
        key: The private key.

        clock: The venue's time in milliseconds.

    """

    def __init__(self, key: Ed25519PrivateKey, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Sign *request*.
        """
        epoch = str(self._clock())
        signature = self._key.sign(message(request.method or "", request.path_url, epoch))
        request.headers["X-AUTH-APIKEY"] = self._key.public_key().public_bytes_raw().hex()
        request.headers["X-AUTH-SIGNATURE"] = signature.hex()
        request.headers["X-AUTH-EPOCH"] = epoch
        return request


def message(method: str, path: str, epoch: str) -> bytes:
    """
    Return what is signed: the method, the decoded path and query, and the time, with nothing in between.
    """
    return f"{method}{unquote_plus(path)}{epoch}".encode()


def sign(secrets: Mapping[str, str], clock: Clock) -> Signature:
    """
    Check the pair of keys, and return what signs with it.

    Raises:
        CredentialsError: They are not hexadecimal, or do not belong together.

    """
    if name := next((name for name, lengths in _LENGTHS.items() if len(_bytes(secrets[name])) not in lengths), ""):
        msg = f"The {name} is no Ed25519 key: it has to be {2 * _LENGTH} hexadecimal digits."
        raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    key = _pair(_bytes(secrets["api_key"]), _bytes(secrets["api_secret"]))
    if key is None:
        msg = "The api_secret does not belong to the api_key."
        raise CredentialsError(msg, hint="Copy both again. A new pair revokes the old one.")
    return Signature(key, clock)


# Nothing is raised below: the variables there are the secrets themselves, and crash reports print variables.


def _bytes(secret: str) -> bytes:
    try:
        return bytes.fromhex(secret.strip())
    except ValueError:
        return b""


def _pair(public: bytes, seed: bytes) -> Ed25519PrivateKey | None:
    key = Ed25519PrivateKey.from_private_bytes(seed[:_LENGTH])
    # Some exports append the public key to the private one.
    belongs = public == key.public_key().public_bytes_raw() and seed[_LENGTH:] in {b"", public}
    return key if belongs else None
