"""
Bitget futures as the sandbox plays them.

Sources: "Signature" and "Quick Start" of Bitget, copies of 2025-03, for signatures, times and limits; for the answers,
what clients have recorded, read in ccxt 4.5.90. The order in which Bitget checks a request is not documented; here it
is key, passphrase, time, signature, environment, limit. Nor is what it says to a path that there is not.

Amounts are in the proportions that a recorded answer and "Debt repayment and fund transfer for USDT-M positions in
multi-asset mode" show: equity is ``available`` and unrealized PnL together, ``locked`` is what orders lock, and what
can be transferred is what is available less a gain.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from attrs import field, frozen

from marginbook.sandbox import Actor, Budget, Stage, answer, is_number, is_same, now

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from marginbook.sandbox import Portrait, Wallet

#: Requests for accounts that a key may send in a second.
LIMIT: Final = 10

#: Milliseconds that a request may be off the venue's clock, in either direction.
WINDOW: Final = 30_000

PRODUCT_TYPES: Final = ("USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES")

#: What the wallets of a portrait are counted in.
ASSETS: Final = ("USDT", "BTC")


#: In multi-assets mode with a debt of USDT, as published for a single account; and bitcoin in two of the accounts.
UNION: Final[dict[str, list[dict[str, Any]]]] = {
    "USDT-FUTURES": [
        {
            "marginCoin": "USDT",
            "locked": "0",
            "available": "-4500.10469626",
            "crossedMaxAvailable": "82755.86971252",
            "isolatedMaxAvailable": "82755.86971252",
            "maxTransferOut": "0",
            "accountEquity": "-4767.74182959",
            "usdtEquity": "-4767.7418295954693173",
            "btcEquity": "-0.0530992998208352",
            "crossedRiskRate": "0.002850528048353",
            "unrealizedPL": "-267.6371333333333385",
            "coupon": "0",
            "crossedUnrealizedPL": "-19.4814333333333385",
            "isolatedUnrealizedPL": "",
            "grant": "0",
            "unionTotalMargin": "83005.91",
            "unionAvailable": "82755.86971252",
            "unionMm": "236.61",
            "assetList": [
                {"coin": "BTC", "balance": "1.00000001", "available": "0.93"},
                {"coin": "ETH", "balance": "0.000000000000000001", "available": "0"},
            ],
            "assetMode": "union",
            "isolatedMargin": None,
            "crossedMargin": None,
        }
    ],
    "USDC-FUTURES": [],
    "COIN-FUTURES": [
        {
            "marginCoin": "BTC",
            "locked": "0.00001948",
            "available": "0.00006622",
            "crossedMaxAvailable": "0.00004674",
            "isolatedMaxAvailable": "0.00004674",
            "maxTransferOut": "0.00004674",
            "accountEquity": "0.00006622",
            "usdtEquity": "1.73392018141",
            "btcEquity": "0.000066229058",
            "crossedRiskRate": "0.066323698884",
            "unrealizedPL": "0",
            "coupon": "0",
            "crossedUnrealizedPL": None,
            "isolatedUnrealizedPL": None,
        }
    ],
}

#: Demo trading: a trading bonus, a gain that is not told, and an account that was never used.
DEMO: Final[dict[str, list[dict[str, Any]]]] = {
    "USDT-FUTURES": [
        {
            "marginCoin": "USDT",
            "locked": "6.063618",
            "available": "9007199254740993.99149777",
            "crossedMaxAvailable": "9007199254740980.67687977",
            "isolatedMaxAvailable": "9007199254740980.59767977",
            "maxTransferOut": "9007199254740930.59767977",
            "accountEquity": "9007199254740994.07069777",
            "usdtEquity": "9007199254740994.070697779",
            "btcEquity": "213919806.4",
            "crossedRiskRate": "0.002956887389",
            "unrealizedPL": "0.0792",
            "coupon": "50",
            "crossedUnrealizedPL": "0.0792",
            "isolatedUnrealizedPL": "0",
            "assetMode": "single",
        }
    ],
    "USDC-FUTURES": [
        {
            "marginCoin": "USDC",
            "locked": "0",
            "available": "13168.86110692",
            "crossedMaxAvailable": "13168.86110692",
            "isolatedMaxAvailable": "13168.86110692",
            "maxTransferOut": "13168.86110692",
            "accountEquity": "13178.86110692",
            "usdtEquity": "13178.861106922",
            "btcEquity": "0.344746495477",
            "crossedRiskRate": "0",
            "unrealizedPL": "",
            "coupon": "0",
        }
    ],
    "COIN-FUTURES": [],
}


@frozen
class Part:
    """
    An account: its keys, and the rows of each product type.
    """

    actor: Actor
    rows: Mapping[str, list[dict[str, Any]]]


@frozen
class Futures:
    """
    The accounts by key, and how often each was asked for.
    """

    parts: dict[str, Part]
    budget: Budget = field(factory=lambda: Budget(LIMIT, seconds=1))

    def accounts(self, request: Request) -> Response:
        """
        Answer with the accounts of a product type, or say what is wrong with the request.
        """
        part = self.parts.get(request.headers.get("ACCESS-KEY", ""))
        if part is None:
            return _unknown_key()
        if refusal := _refusal(request, part.actor):
            return refusal
        if self.budget.spend(part.actor.name) > self.budget.limit:
            return _too_many()
        product_type = request.args.get("productType", "").upper()
        if product_type not in PRODUCT_TYPES:
            return _error(400, "40020", "Parameter productType error")
        return _success(part.rows.get(product_type, []))

    def time(self, request: Request) -> Response:  # noqa: ARG002  # the only operation for everybody
        """
        Tell the time.
        """
        return _success({"serverTime": str(now())})


def _refusal(request: Request, actor: Actor) -> Response | None:
    if request.headers.get("ACCESS-PASSPHRASE") != actor.credentials["passphrase"]:
        return _error(400, "40012", "apikey/password is incorrect")
    timestamp = request.headers.get("ACCESS-TIMESTAMP", "")
    if not is_number(timestamp):
        return _error(400, "40005", "Invalid ACCESS_TIMESTAMP")
    if abs(int(timestamp) - now()) > WINDOW:
        return _expired()
    if not is_same(_signature(request, actor), request.headers.get("ACCESS-SIGN", "")):
        return _wrong_signature()
    if (request.headers.get("paptrading") == "1") is not bool(actor.options.get("demo")):
        return _error(400, "40099", "exchange environment is incorrect")
    return None


def _signature(request: Request, actor: Actor) -> str:
    # Not by the signer's own function: a mistake in it would sign and check alike.
    path, mark, query = request.environ["RAW_URI"].partition("?")
    ordered = "&".join(sorted(unquote(query).split("&")))
    signed = f"{request.headers['ACCESS-TIMESTAMP']}{request.method}{path}{mark}{ordered}"
    digest = hmac.digest(actor.credentials["api_secret"].encode(), signed.encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # its status says it all
    """
    Refuse a path that there is not, or not for this method.
    """
    return _error(status, "40404", "Request URL NOT FOUND")


def _success(data: Any) -> Response:
    return answer({"code": "00000", "msg": "success", "requestTime": now(), "data": data})


def _error(status: int, code: str, text: str) -> Response:
    return answer({"code": code, "msg": text, "requestTime": now(), "data": None}, status)


_unknown_key: Final = functools.partial(_error, 400, "40037", "Apikey does not exist")
_expired: Final = functools.partial(_error, 400, "40008", "Request timestamp expired")
_wrong_signature: Final = functools.partial(_error, 400, "40009", "sign signature error")
_too_many: Final = functools.partial(_error, 429, "429", "Too Many Requests")
_failed: Final = functools.partial(_error, 200, "40015", "System is abnormal, please try again later")


def _actor(name: str, **options: bool) -> Actor:
    secret = hashlib.sha256(f"marginbook sandbox {name}".encode()).hexdigest()
    credentials = {"api_key": f"bg_{secret[:32]}", "api_secret": secret[32:], "passphrase": f"passphrase of {name}"}
    return Actor(name, credentials, options)


def portray(portrait: Portrait) -> Stage:
    """
    Return the venue with one account, which holds what a portrait says: USDT in its USDT-M account, and bitcoin as its
    collateral, or, where collateral is not shared, in the coin-margined account.
    """
    first, *others = portrait.wallets
    coins = dict(zip(ASSETS[1:], others, strict=False))
    row = {**_row(ASSETS[0], first), "assetMode": "union" if portrait.shared else "single"}
    if portrait.shared:
        rows = {"USDT-FUTURES": [{**row, **_union(first, coins)}]}
    else:
        rows = {"USDT-FUTURES": [row], "COIN-FUTURES": [_row(coin, wallet) for coin, wallet in coins.items()]}
    return _stage(Part(_actor(f"bitget-{portrait.name}"), rows))


def _row(coin: str, wallet: Wallet) -> dict[str, Any]:
    return {
        "marginCoin": coin,
        "locked": f"{wallet.order_margin:f}",
        "available": f"{wallet.wallet_balance:f}",
        "crossedMaxAvailable": f"{wallet.available_balance:f}",
        "isolatedMaxAvailable": f"{wallet.available_balance:f}",
        "maxTransferOut": f"{wallet.max_withdraw:f}",
        "accountEquity": f"{wallet.equity:f}",
        "usdtEquity": f"{wallet.equity:f}",
        "btcEquity": "0",
        "crossedRiskRate": "0",
        "unrealizedPL": f"{wallet.unrealized_pnl:f}",
        "coupon": "0",
        "grant": "0",
        "isolatedMargin": f"{wallet.isolated_margin:f}",
        "crossedMargin": f"{wallet.position_margin - wallet.isolated_margin:f}",
        "crossedUnrealizedPL": f"{wallet.cross_unrealized_pnl:f}",
        "isolatedUnrealizedPL": f"{wallet.isolated_pnl:f}",
    }


def _union(first: Wallet, coins: Mapping[str, Wallet]) -> dict[str, Any]:
    return {
        "unionTotalMargin": f"{first.available_balance + first.initial_margin:f}",
        "unionAvailable": f"{first.available_balance:f}",
        "unionMm": f"{first.maintenance_margin:f}",
        "assetList": [
            {"coin": coin, "balance": f"{wallet.wallet_balance:f}", "available": f"{wallet.max_withdraw:f}"}
            for coin, wallet in coins.items()
        ],
    }


def _stage(*parts: Part) -> Stage:
    futures = Futures({part.actor.credentials["api_key"]: part for part in parts})
    return Stage(
        "bitget",
        tuple(part.actor for part in parts),
        {"/api/v2/mix/account/accounts": futures.accounts, "/api/v2/public/time": futures.time},
        {"/api/v2/mix": lost},
        refusals={
            "clock": _expired,
            "key": _unknown_key,
            "signature": _wrong_signature,
            "throttled": _too_many,
            "error-in-200": _failed,
        },
        amount="accountEquity",
        assets=ASSETS,
        portray=portray,
        beyond={
            "indebted": "Nothing that was borrowed lies in a classic futures account: its only debt is USDT below zero."
        },
    )


def stages() -> list[Stage]:
    """
    Return the futures accounts, with nothing asked yet.
    """
    return [_stage(Part(_actor("bitget"), UNION), Part(_actor("bitget-demo", demo=True), DEMO))]
