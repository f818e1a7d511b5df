"""
BitMEX as the sandbox plays it.

Sources: BitMEX, "API Key Usage" for keys and signatures, "REST API" for the limits, its support pages for how the
figures hang together, and records of clients for the texts of errors. The order in which a request is checked is not
documented; here it is key, expiry, signature, limit.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from marginbook.sandbox import Actor, Budget, Portrait, Stage, Wallet, answer, is_number, is_same, now

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

#: Requests in a minute: of a key, and of an address without one.
LIMIT: Final = 120
PUBLIC_LIMIT: Final = 30

#: The number of every account, which means nothing.
NUMBER: Final = 1455728

CHANGED: Final = "2026-11-20T11:59:58.250Z"


ZERO: Final = Decimal()


def config(asset: str, currency: str, scale: int) -> dict[str, Any]:
    """
    Render how a currency is counted.
    """
    return {
        "asset": asset,
        "currency": currency,
        "majorCurrency": asset,
        "name": asset.title(),
        "currencyType": "Crypto",
        "scale": scale,
        "enabled": True,
        "isMarginCurrency": True,
        "minDepositAmount": 10000,
        "minWithdrawalAmount": 1000,
        "maxWithdrawalAmount": 100_000_000_000_000,
        "memoRequired": False,
        "networks": [
            {
                "asset": "eth",
                "tokenAddress": "",
                "depositEnabled": True,
                "withdrawalEnabled": True,
                "withdrawalFee": 20000,
                "minFee": 20000,
                "maxFee": 10_000_000,
            }
        ],
    }


#: Bitcoin, Tether and Ether, as BitMEX counts them.
ASSETS: Final = {
    "XBt": config("XBT", "XBt", 8),
    "USDt": config("USDT", "USDt", 6),
    "Gwei": config("ETH", "Gwei", 9),
}


def margin(currency: str, wallet: Wallet) -> dict[str, Any]:
    """
    Render a currency. What positions lock is called maintenance margin, and what orders lock initial margin.
    """
    scale = ASSETS[currency]["scale"]

    def units(amount: Decimal) -> int:
        scaled = amount.scaleb(scale)
        if scaled != int(scaled):
            msg = f"{amount:f} is no whole number of {currency}."
            raise ValueError(msg)
        return int(scaled)

    return {
        "account": NUMBER,
        "currency": currency,
        "riskLimit": 1_000_000_000_000,
        "amount": units(wallet.wallet_balance),
        "prevRealisedPnl": 0,
        "grossComm": 765,
        "grossOpenCost": 0,
        "grossOpenPremium": 0,
        "grossExecCost": 1_020_408,
        "grossMarkValue": 1_015_228,
        "riskValue": 1_015_228,
        "initMargin": units(wallet.order_margin),
        "maintMargin": units(wallet.position_margin),
        "targetExcessMargin": 0,
        "realisedPnl": -765,
        "unrealisedPnl": units(wallet.unrealized_pnl),
        "walletBalance": units(wallet.wallet_balance),
        "marginBalance": units(wallet.equity),
        "marginLeverage": 0.0983,
        "marginUsedPcnt": 0.0016,
        "excessMargin": units(wallet.equity - wallet.position_margin),
        "availableMargin": units(wallet.available_balance),
        "withdrawableMargin": units(wallet.max_withdraw),
        "makerFeeDiscount": 0,
        "takerFeeDiscount": 0,
        "timestamp": CHANGED,
        "foreignMarginBalance": units(wallet.equity),
        "foreignRequirement": units(wallet.position_margin),
    }


#: Three scales: more money than a float can count, a loss that is larger than the wallet, and a single unit.
ROWS: Final = [
    margin(
        "XBt",
        Wallet(
            wallet_balance="90071992.54740993",
            unrealized_pnl="0.00005180",
            position_margin="0.00015949",
            available_balance="90071992.54730624",
            max_withdraw="90071992.54725444",
        ),
    ),
    margin(
        "USDt",
        Wallet(
            wallet_balance="40.116243",
            unrealized_pnl="-50.25",
            position_margin="5",
            order_margin="1.5",
            available_balance="0",
            max_withdraw="0",
        ),
    ),
    margin("Gwei", Wallet(wallet_balance="0.000000001", available_balance="0.000000001", max_withdraw="0.000000001")),
]


@frozen
class Exchange:
    """
    The accounts by key, with their secrets, and what was asked.
    """

    accounts: Mapping[str, tuple[str, list[dict[str, Any]]]]
    budget: Budget = field(factory=lambda: Budget(LIMIT))
    public: Budget = field(factory=lambda: Budget(PUBLIC_LIMIT))

    def margin(self, request: Request) -> Response:
        """
        Answer with the currencies of the key, or say what is wrong with the request.
        """
        return self._refusal(request) or answer(self._rows(request))

    def assets(self, request: Request) -> Response:
        """
        Answer with how its currencies are counted, with or without a key.
        """
        if not request.headers.get("api-key"):
            return self._throttle(self.public, request.remote_addr or "") or answer(list(ASSETS.values()))
        held = {row["currency"] for row in self._rows(request)}
        return self._refusal(request) or answer([row for name, row in ASSETS.items() if name in held])

    def info(self, request: Request) -> Response:
        """
        Tell the version and the time, to everybody.
        """
        told = {"name": "BitMEX API", "version": "1.2.0", "timestamp": now()}
        return self._throttle(self.public, request.remote_addr or "") or answer(told)

    def _rows(self, request: Request) -> list[dict[str, Any]]:
        _, rows = self.accounts.get(request.headers.get("api-key", ""), ("", []))
        wanted = request.args.get("currency", "all")
        return [row for row in rows if wanted in {"all", row["currency"]}]

    def _refusal(self, request: Request) -> Response | None:
        key, expires = request.headers.get("api-key", ""), request.headers.get("api-expires", "")
        if key not in self.accounts:
            return unknown()
        if not is_number(expires) or int(expires) <= now() // 1000:
            return expired()
        # Not by the signer's own function: a mistake in it would sign and check alike.
        message = request.method.encode() + request.environ["RAW_URI"].encode("latin-1") + expires.encode()
        made = hmac.digest(self.accounts[key][0].encode(), message, "sha256").hex()
        if not is_same(made, request.headers.get("api-signature", "")):
            return unsigned()
        return self._throttle(self.budget, key)

    def _throttle(self, budget: Budget, who: str) -> Response | None:
        return throttled(budget.wait()) if budget.spend(who) > budget.limit else None


def error(status: int, text: str, name: str = "HTTPError", headers: Mapping[str, str] | None = None) -> Response:
    """
    Return an error as BitMEX says it.
    """
    return answer({"error": {"message": text, "name": name}}, status, headers)


def unknown() -> Response:
    """
    Refuse a key.
    """
    return error(401, "Invalid API Key.")


def unsigned() -> Response:
    """
    Refuse a signature.
    """
    return error(401, "Signature not valid.")


def expired() -> Response:
    """
    Refuse a request that comes too late.
    """
    return error(401, f"This request has expired - `expires` is in the past. Current time: {now() // 1000}")


def throttled(seconds: int = 29) -> Response:
    """
    Say that too much was asked.
    """
    headers = {"Retry-After": str(seconds), "X-RateLimit-Remaining": "0"}
    return error(429, f"Rate limit exceeded, retry in {seconds} seconds.", "RateLimitError", headers)


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # its status says it all
    """
    Refuse a path that there is not, or not for this method.
    """
    return error(status, "Not Found")


def _made(what: str, name: str, length: int) -> str:
    return hashlib.sha256(f"marginbook sandbox {what} {name}".encode()).hexdigest()[:length]


def stage(accounts: dict[str, list[dict[str, Any]]]) -> Stage:
    """
    Return the venue with these accounts, by name, and nothing asked yet.
    """
    keys = {name: (_made("key", name, 24), _made("secret", name, 48)) for name in accounts}
    exchange = Exchange({keys[name][0]: (keys[name][1], rows) for name, rows in accounts.items()})
    return Stage(
        "bitmex",
        tuple(Actor(name, {"api_key": key, "api_secret": secret}) for name, (key, secret) in keys.items()),
        {
            "/api/v1/user/margin": exchange.margin,
            "/api/v1/wallet/assets": exchange.assets,
            "/api/v1": exchange.info,
        },
        {"/api/v1/user": lost, "/api/v1/wallet": lost},
        refusals={"clock": expired, "key": unknown, "signature": unsigned, "throttled": throttled},
        amount="walletBalance",
        assets=("XBT", "USDT"),
        portray=portray,
        beyond={
            "indebted": "Nothing is lent.",
            "exact": "Amounts are whole numbers of 10^-8 or 10^-6.",
        },
    )


def portray(portrait: Portrait) -> Stage:
    """
    Play one account.
    """
    rows = [margin(currency, wallet) for currency, wallet in zip(("XBt", "USDt"), portrait.wallets, strict=False)]
    return stage({f"bitmex-{portrait.name}": rows})


def stages() -> list[Stage]:
    """
    Return the venue, with nothing asked yet.
    """
    return [stage({"bitmex": ROWS})]
