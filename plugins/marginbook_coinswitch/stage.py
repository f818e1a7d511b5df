"""
CoinSwitch PRO futures as the sandbox plays them.

Sources: CoinSwitch PRO, "Authentication" and "Errors and rate limits", read 2026-07.
"""

from __future__ import annotations

import hashlib
from decimal import localcontext
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from marginbook.sandbox import Actor, Budget, Stage, answer, is_number, now

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from marginbook.sandbox import Portrait, Wallet

#: Requests for the wallet that a key may make in a minute.
LIMIT: Final = 20

#: Milliseconds that a request may be off the venue's clock, in either direction.
DRIFT: Final = 60_000


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


def _position(symbol: str, side: str, **figures: str) -> dict[str, Any]:
    return {
        "exchange": "EXCHANGE_2",
        "position_id": "8b81b763-df36-4c93-9bc8-9a93d65b8546",
        "symbol": symbol,
        "position_side": side,
        "leverage": "25",
        **figures,
        "client_txn_id": "00000000-0000-0000-0000-000000000000",
        "margin_type": "ISOLATED",
        "status": "OPEN",
        "created_at": 1763600400000,
        "updated_at": 1763600400000,
    }


#: One in each direction. CoinSwitch's own PnL is that of the last price, with the opposite sign, as it is published.
POSITIONS: Final = [
    _position(
        "DOGEUSDT",
        "LONG",
        position_size="65",
        position_value="25.09455",
        position_margin="50.04959675",
        maint_margin="37.641825",
        avg_entry_price="0.38607",
        mark_price="0.38231",
        last_price="0.38135",
        unrealised_pnl="0.3068",
        liquidation_price="0.129122150942",
    ),
    _position(
        "BTCUSDT",
        "SHORT",
        position_size="0.002",
        position_value="182.0404",
        position_margin="6.78072898",
        maint_margin="273.0606",
        avg_entry_price="91020.2",
        mark_price="91010.12345678",
        last_price="91012.1",
        unrealised_pnl="-0.0162",
        liquidation_price="94410.5",
    ),
]


@frozen
class Futures:
    """
    The accounts by key with their positions, and how often each was asked for.
    """

    wallets: dict[str, dict[str, Any]]
    open: list[dict[str, Any]] = field(factory=lambda: POSITIONS)
    budget: Budget = field(factory=lambda: Budget(LIMIT))
    positions_budget: Budget = field(factory=lambda: Budget(LIMIT))

    def wallet_balance(self, request: Request) -> Response:
        """
        Answer with the wallet of the key.
        """
        key = request.headers.get("X-AUTH-APIKEY", "")
        if not self._is_signed(request, key):
            return _error(401, "Invalid Access")
        if self.budget.spend(key) > self.budget.limit:
            return _error(429, "Too many requests")
        return answer({"data": self.wallets[key]})

    def positions(self, request: Request) -> Response:
        """
        Answer with the open positions of the key.
        """
        key = request.headers.get("X-AUTH-APIKEY", "")
        if not self._is_signed(request, key):
            return _error(401, "Invalid Access")
        if self.positions_budget.spend(key) > self.positions_budget.limit:
            return _error(429, "Too many requests")
        if not request.args.get("exchange"):
            return _error(422, "Input exchange is missing")
        return answer({"data": self.open if request.args["exchange"].upper() == "EXCHANGE_2" else []})

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
        return answer({"serverTime": now()})

    def _is_signed(self, request: Request, key: str) -> bool:
        epoch = request.headers.get("X-AUTH-EPOCH", "")
        if key not in self.wallets or not is_number(epoch) or abs(int(epoch) - now()) > DRIFT:
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


def stages() -> list[Stage]:
    """
    Return the futures wallet, with nothing asked yet.
    """
    return [_stage("coinswitch", WALLET, POSITIONS)]


#: It answers alike to whatever is wrong with what identifies a caller.
REFUSALS: Final = {
    **dict.fromkeys(("clock", "key", "signature"), lambda: _error(401, "Invalid Access")),
    "throttled": lambda: _error(429, "Too many requests"),
}


def _stage(name: str, wallet: dict[str, Any], positions: list[dict[str, Any]]) -> Stage:
    seed = hashlib.sha256(f"marginbook sandbox {name}".encode()).digest()
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()
    futures = Futures({key: wallet}, positions)
    return Stage(
        "coinswitch",
        (Actor(name, {"api_key": key, "api_secret": seed.hex()}),),
        {
            "/trade/api/v2/futures/wallet_balance": futures.wallet_balance,
            "/trade/api/v2/futures/positions": futures.positions,
            "/trade/api/v2/validate/keys": futures.validate_keys,
            "/trade/api/v2/time": futures.time,
        },
        {"/trade/api": lost},
        refusals=REFUSALS,
        assets=ASSETS,
        portray=_portray,
        beyond={"indebted": "CoinSwitch lends nothing in its futures wallet."},
    )


#: What contracts are settled in.
ASSETS: Final = ("USDT", "INR")


def _portray(portrait: Portrait) -> Stage:
    sitters = list(zip(ASSETS, portrait.wallets, strict=False))
    positions = [position for asset, wallet in sitters for position in _positions(asset, wallet)]
    wallet = {
        "base_asset_balances": [_sitter(asset, wallet) for asset, wallet in sitters],
        "asset": [
            {
                "symbol": position["symbol"],
                "base_asset": asset,
                "exchange": "EXCHANGE_2",
                "blocked_balance": position["position_margin"],
                "position_margin": position["position_margin"],
                "open_order_margin": "0",
            }
            for asset, _ in sitters
            for position in positions
            if position["symbol"].endswith(asset)
        ],
    }
    return _stage(f"coinswitch-{portrait.name}", wallet, positions)


def _sitter(asset: str, wallet: Wallet) -> dict[str, Any]:
    amounts = {
        "total_balance": wallet.wallet_balance,
        "total_available_balance": wallet.available_balance,
        "total_blocked_balance": wallet.initial_margin,
        "total_position_margin": wallet.position_margin,
        "total_open_order_margin": wallet.order_margin,
    }
    return {"base_asset": asset, "balances": {name: f"{amount:f}" for name, amount in amounts.items()}}


def _positions(asset: str, wallet: Wallet) -> list[dict[str, Any]]:
    """
    Return a long position, and a short one with the isolated margin, whose prices make the PnL.
    """
    with localcontext(prec=40):
        cross = (f"BTC{asset}", "LONG", wallet.cross_unrealized_pnl, wallet.position_margin - wallet.isolated_margin)
        own = (f"DOGE{asset}", "SHORT", -wallet.isolated_pnl, wallet.isolated_margin)
        return [
            _position(
                symbol,
                side,
                position_size="1",
                position_value="90000",
                position_margin=f"{margin:f}",
                maint_margin="0",
                avg_entry_price="90000",
                mark_price=f"{90000 + move:f}",
                last_price=f"{90000 + move:f}",
                unrealised_pnl="0",
                liquidation_price="0",
            )
            for symbol, side, move, margin in (cross, own)
            if move or margin
        ]
