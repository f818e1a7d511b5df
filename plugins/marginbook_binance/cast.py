"""
The accounts of Binance futures that the sandbox plays: their keys, and what they hold.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from marginbook.sandbox import Actor

Verify = Callable[[bytes, str], bool]


@frozen
class Part:
    """
    An account: how its signatures are checked, the rows of its balance, and what else it tells.
    """

    actor: Actor
    verify: Verify = field(repr=False)
    rows: list[dict[str, Any]]
    #: The account in detail.
    whole: Mapping[str, Any] = field(factory=dict)
    #: True in multi-assets mode.
    multi: bool = False


def verify_hmac(secret: str) -> Verify:
    """
    Return what checks the signatures of an HMAC key.
    """

    def verify(query: bytes, signature: str) -> bool:
        # Hexadecimal digits in either case will do.
        given = signature.lower().encode()
        return hmac.compare_digest(hmac.new(secret.encode(), query, hashlib.sha256).hexdigest().encode(), given)

    return verify


def verify_public(check: Callable[[bytes, bytes], None]) -> Verify:
    """
    Return what checks the signatures of a key pair, in base64.
    """

    def verify(query: bytes, signature: str) -> bool:
        try:
            check(base64.b64decode(signature, validate=True), query)
        except (InvalidSignature, ValueError):
            return False
        return True

    return verify


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    """
    Return the RSA key of this process.
    """
    # It takes a moment to find, and no two sandboxes in one process need different ones.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def rsa_part(name: str, rows: list[dict[str, Any]], **told: Any) -> Part:
    """
    Return an account with an RSA key.
    """
    key = rsa_key()
    public = key.public_key()
    return Part(
        _actor(name, _pem(key)),
        verify_public(lambda s, m: public.verify(s, m, padding.PKCS1v15(), SHA256())),
        rows,
        **told,
    )


def ed25519_part(name: str, rows: list[dict[str, Any]], **told: Any) -> Part:
    """
    Return an account with an Ed25519 key.
    """
    key = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return Part(_actor(name, _pem(key)), verify_public(key.public_key().verify), rows, **told)


def hmac_part(name: str, rows: list[dict[str, Any]], *, detail: str = "", **told: Any) -> Part:
    """
    Return an account with an HMAC key, for an accounts file that says how much to ask.
    """
    secret = _letters(f"{name} secret")
    return Part(_actor(name, secret, {"detail": detail} if detail else {}), verify_hmac(secret), rows, **told)


def _actor(name: str, secret: str, options: Mapping[str, str] | None = None) -> Actor:
    return Actor(name, {"api_key": _letters(f"{name} key"), "api_secret": secret}, options or {})


def _letters(seed: str) -> str:
    """
    Return 64 characters, as Binance's keys have.
    """
    return hashlib.sha256(f"marginbook sandbox {seed}".encode()).hexdigest()


def _pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def row(updated: int, asset: str, **amounts: str) -> dict[str, Any]:
    """
    Return what a balance says of an asset.
    """
    # Only USDⓈ-M has this field.
    usable = {"marginAvailable": True} if "maxWithdrawAmount" in amounts else {}
    return {"accountAlias": "SgsR", "asset": asset, **amounts, **usable, "updateTime": updated}


#: Single-asset mode: isolated positions in USDT, more digits than a float has in USDC, dust in BNB.
SINGLE: Final = [
    row(
        1763600400000,
        "USDT",
        balance="122607.35137903",
        crossWalletBalance="23724.69206100",
        crossUnPnl="-312.00450000",
        availableBalance="21013.19206100",
        maxWithdrawAmount="21013.19206100",
    ),
    row(
        1763596800123,
        "USDC",
        balance="9007199254740993.00000001",
        crossWalletBalance="9007199254740993.00000001",
        crossUnPnl="0.10000000",
        availableBalance="9007199254740993.10000001",
        maxWithdrawAmount="9007199254740993.00000001",
    ),
    row(
        1763510400000,
        "BNB",
        balance="0.00000001",
        crossWalletBalance="0.00000001",
        crossUnPnl="0.00000000",
        availableBalance="0.00000001",
        maxWithdrawAmount="0.00000001",
    ),
]

#: Multi-assets mode: assets share collateral, and rows of assets that were never held offer it as well.
MULTI: Final = [
    row(
        1763600401000,
        "BTC",
        balance="1.50000000",
        crossWalletBalance="1.50000000",
        crossUnPnl="0.00000000",
        availableBalance="1.71360000",
        maxWithdrawAmount="1.50000000",
    ),
    row(
        1763600402000,
        "USDT",
        balance="-250.75000000",
        crossWalletBalance="-250.75000000",
        crossUnPnl="-1023.40000001",
        availableBalance="150210.33000000",
        maxWithdrawAmount="0.00000000",
    ),
    row(
        0,
        "FDUSD",
        balance="0.00000000",
        crossWalletBalance="0.00000000",
        crossUnPnl="0.00000000",
        availableBalance="150195.31000000",
        maxWithdrawAmount="0.00000000",
    ),
]

#: A loss larger than the wallet.
UNDER: Final = [
    row(
        1763600403000,
        "USDT",
        balance="100.00000000",
        crossWalletBalance="100.00000000",
        crossUnPnl="-150.00000000",
        availableBalance="0.00000000",
        maxWithdrawAmount="0.00000000",
    ),
]

#: Coins: an isolated wallet in BTC, none in ETH, and amounts that are written with more and with fewer digits.
COINS: Final = [
    row(
        1763600404000,
        "BTC",
        balance="12.00250000",
        withdrawAvailable="10.75241969",
        crossWalletBalance="11.50241969",
        crossUnPnl="0.25000001",
        availableBalance="11.00241969",
    ),
    row(
        1763600405000,
        "ETH",
        balance="345.678901234567890123",
        withdrawAvailable="300.1",
        crossWalletBalance="345.678901234567890123",
        crossUnPnl="-0.000000000000000001",
        availableBalance="300.1",
    ),
]

#: Both sides of a symbol, and an isolated wallet.
HEDGED: Final = [
    row(
        1763600406000,
        "USDT",
        balance="25000.00000000",
        crossWalletBalance="20000.00000000",
        crossUnPnl="-150.25000000",
        availableBalance="17799.75000000",
        maxWithdrawAmount="17799.75000000",
    ),
    row(
        1763600407000,
        "USDC",
        balance="1000.00000000",
        crossWalletBalance="1000.00000000",
        crossUnPnl="0.00000000",
        availableBalance="1000.00000000",
        maxWithdrawAmount="1000.00000000",
    ),
]
