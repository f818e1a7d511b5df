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


class Signature(AuthBase):
    """
    Adds the key, the time and the signature to each attempt.

    Args:
        key: The private key.

        clock: The venue's time in milliseconds.

    """

    def __init__(self, key: Ed25519PrivateKey, clock: Clock) -> None:
        self._key = key
        self._public = key.public_key().public_bytes_raw().hex()
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Sign *request*.
        """
        epoch = str(self._clock())
        signature = self._key.sign(message(request.method or "", request.path_url, epoch))
        request.headers["X-AUTH-APIKEY"] = self._public
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
    public, seed = _bytes("api_key", secrets), _bytes("api_secret", secrets)
    # Some exports append the public key to the private one.
    key = Ed25519PrivateKey.from_private_bytes(seed[:_LENGTH])
    if public != key.public_key().public_bytes_raw() or seed[_LENGTH:] not in {b"", public}:
        msg = "The api_secret does not belong to the api_key."
        raise CredentialsError(msg, hint="Copy both again. A new pair revokes the old one.")
    return Signature(key, clock)


def _bytes(name: str, secrets: Mapping[str, str]) -> bytes:
    try:
        found = bytes.fromhex(secrets[name].strip())
    except ValueError:
        found = b""
    if len(found) not in ({_LENGTH} if name == "api_key" else {_LENGTH, 2 * _LENGTH}):
        msg = f"The {name} is no Ed25519 key: it has to be {2 * _LENGTH} hexadecimal digits."
        raise CredentialsError(msg, hint="Copy it again, without quotes and line ends.")
    return found
