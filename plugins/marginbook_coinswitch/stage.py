"""
CoinSwitch PRO futures as the sandbox plays them.

Sources: CoinSwitch PRO, "Authentication" and "Errors and rate limits", read 2026-07.
"""

from __future__ import annotations

import hashlib
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from marginbook.sandbox import Actor, Budget, Stage, answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

#: Requests for the wallet that a key may make in a minute.
LIMIT: Final = 20

#: Milliseconds that a request may be off the venue's clock, in either direction.
DRIFT: Final = 60_000

_is_number: Final = re.compile(r"[0-9]{1,19}").fullmatch

#: Two settlement assets: orders that would reduce a position in one, and small change in the other.
WALLET: Final[dict[str, Any]] = {
    "base_asset_balances": [
        {
            "base_asset": "USDT",
            "balances": {
                "total_balance": "60960.82599588",
                "total_available_balance": "60910.77418715",
                "total_blocked_balance": "50.05180873",
                "total_position_margin": "56.83032573",
                "total_open_order_margin": "-6.778517",
            },
        },
        {
            "base_asset": "INR",
            "balances": {
                "total_balance": "9007199254740993.01",
                "total_available_balance": "9007199254740993",
                "total_blocked_balance": "0.01",
                "total_position_margin": "0",
                "total_open_order_margin": "0.01",
            },
        },
    ],
    "asset": [
        {
            "symbol": "DOGEUSDT",
            "base_asset": "USDT",
            "exchange": "EXCHANGE_2",
            "blocked_balance": "50.04968529",
            "position_margin": "50.04959675",
            "open_order_margin": "0.00008854",
        },
        {
            "symbol": "BTCUSDT",
            "base_asset": "USDT",
            "exchange": "EXCHANGE_2",
            "blocked_balance": "0.00212344",
            "position_margin": "6.78072898",
            "open_order_margin": "-6.77860554",
        },
    ],
}


@frozen
class Futures:
    """
    The accounts by key, and how often each was asked for.
    """

    wallets: dict[str, dict[str, Any]]
    budget: Budget = field(factory=lambda: Budget(LIMIT))

    def wallet_balance(self, request: Request) -> Response:
        """
        Answer with the wallet of the key.
        """
        key = request.headers.get("X-AUTH-APIKEY", "")
        if not self._is_signed(request, key):
            return _error(401, "Invalid Access")
        if self.budget.spend(key) > LIMIT:
            return _error(429, "Too many requests")
        return answer({"data": self.wallets[key]})

    def validate_keys(self, request: Request) -> Response:
        """
        Say whether the key and the signature are right.
        """
        signed = self._is_signed(request, request.headers.get("X-AUTH-APIKEY", ""))
        return answer({"message": "Valid Access"}) if signed else _error(401, "Invalid Access")

    def time(self, request: Request) -> Response:  # noqa: ARG002  # the only operation for everybody
        """
        Tell the time.
        """
        return answer({"serverTime": _now()})

    def _is_signed(self, request: Request, key: str) -> bool:
        epoch = request.headers.get("X-AUTH-EPOCH", "")
        if key not in self.wallets or not _is_number(epoch) or abs(int(epoch) - _now()) > DRIFT:
            return False
        # Not by the signer's own function: a mistake in it would sign and check alike.
        signed = f"{request.method}{unquote_plus(request.environ['RAW_URI'])}{epoch}".encode()
        try:
            signature = bytes.fromhex(request.headers.get("X-AUTH-SIGNATURE", ""))
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, signed)
        except (InvalidSignature, ValueError):
            return False
        return True


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # its status says it all
    """
    Refuse a path that there is not, or not for this method.
    """
    return _error(status, HTTPStatus(status).phrase)


def _error(status: int, text: str) -> Response:
    return answer({"message": text}, status)


def _now() -> int:
    return time.time_ns() // 1_000_000


def stages() -> list[Stage]:
    """
    Return the futures wallet, with nothing asked yet.
    """
    seed = hashlib.sha256(b"marginbook sandbox coinswitch").digest()
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()
    futures = Futures({key: WALLET})
    return [
        Stage(
            "coinswitch",
            (Actor("coinswitch", {"api_key": key, "api_secret": seed.hex()}),),
            {
                "/trade/api/v2/futures/wallet_balance": futures.wallet_balance,
                "/trade/api/v2/validate/keys": futures.validate_keys,
                "/trade/api/v2/time": futures.time,
            },
            {"/trade/api": lost},
        )
    ]
