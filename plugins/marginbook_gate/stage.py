"""
Gate's futures as the sandbox plays them.

Sources: Gate API v4, "APIv4 signed request requirements", "Error Handling" and "Frequency limit rule", as copied in
2025. The order in which Gate checks a request is not documented; here it is key, time, signature, limit. Nor is the
status of each label; here it is 401 for what identifies the caller, as for all "authentication" there, and 400 for an
account that there is not.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from marginbook.sandbox import Actor, Budget, Portrait, Stage, Wallet, answer, is_number, is_same, now

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

#: Requests for the futures accounts, and for the unified one, that a user may make in ten seconds.
LIMIT: Final = 200
UNIFIED_LIMIT: Final = 150
PERIOD: Final = 10

#: Seconds that a request may be off the venue's clock, in either direction.
DRIFT: Final = 60


_HISTORY: Final = {
    "dnw": "0",
    "pnl": "0",
    "fee": "0",
    "refr": "0",
    "fund": "0",
    "point_dnw": "0",
    "point_fee": "0",
    "point_refr": "0",
    "bonus_dnw": "0",
    "bonus_offset": "0",
    "cross_settle": "0",
}

_SETTINGS: Final = {
    "user": 1667,
    "point": "0",
    "position_initial_margin": "0",
    "in_dual_mode": False,
    "enable_new_dual_mode": True,
    "enable_dual_plus": False,
    "enable_tiered_mm": True,
    "position_mode": "single",
    "position_voucher_total": "0",
}


def _futures(currency: str, history: Mapping[str, str] | None = None, **told: Any) -> dict[str, Any]:
    return {
        **_SETTINGS,
        "currency": currency,
        "position_margin": "0",
        "order_margin": "0",
        "unrealised_pnl": "0",
        "bonus": "0",
        "enable_credit": False,
        "margin_mode": 0,
        "enable_evolved_classic": True,
        **told,
        "history": {**_HISTORY, **(history or {})},
    }


#: A new classic account: an isolated and a cross position, an order, and a bonus.
USDT: Final = _futures(
    "USDT",
    {"dnw": "1000", "pnl": "-9.39257", "fee": "-1.2116409725", "fund": "0.8214787682", "bonus_dnw": "25"},
    total="990.2172677957",
    unrealised_pnl="-72.462424",
    order_margin="0.97185",
    available="941.719253460797",
    bonus="25",
    maintenance_margin="8.1514389255",
    cross_order_margin="0",
    cross_initial_margin="37.611588911187",
    cross_maintenance_margin="1.8",
    cross_unrealised_pnl="-80.000000000001",
    cross_available="861.719253460796",
    cross_margin_balance="875.302692371983",
    cross_mmr="486.279273",
    cross_imr="23.272154",
    isolated_position_margin="34.914575423716",
)

#: An account in the old mode, with more digits than a float has.
BTC: Final = _futures(
    "BTC",
    {"dnw": "90071992.54740993"},
    total="90071992.547409930000000001",
    unrealised_pnl="0.000000000000000001",
    position_margin="0.000000009007199254",
    available="90071992.547409920992800747",
    enable_evolved_classic=False,
)


def _currency(equity: str, **told: str) -> dict[str, Any]:
    names = (
        *("available", "freeze", "borrowed", "negative_liab", "futures_pos_liab", "total_freeze", "total_liab"),
        *("spot_in_use", "funding", "cross_balance", "iso_balance", "im", "mm", "imr", "mmr"),
        *("margin_balance", "available_margin"),
    )
    return {**dict.fromkeys(names, "0"), "equity": equity, **told, "enabled_collateral": True}


def _whole(mode: str, balances: Mapping[str, Any], **told: str) -> dict[str, Any]:
    names = (
        *("total", "borrowed", "total_initial_margin", "total_margin_balance", "total_maintenance_margin"),
        *("total_initial_margin_rate", "total_maintenance_margin_rate", "total_available_margin"),
        *("unified_account_total", "unified_account_total_liab", "unified_account_total_equity"),
        *("leverage", "spot_order_loss", "options_order_loss"),
    )
    settings = {"spot_hedge": False, "use_funding": False, "is_all_collateral": True}
    return {
        "mode": mode,
        "user_id": 1668,
        "refresh_time": 1763600408,
        "locked": False,
        "balances": dict(balances),
        **dict.fromkeys(names, "0"),
        **told,
        **settings,
    }


#: Delivery futures: an isolated position that has lost more than its margin.
DELIVERY: Final = _futures(
    "USDT",
    {"dnw": "32", "settle": "0.5", "settle_fee": "-0.0001"},
    total="32.4999",
    unrealised_pnl="-40.123456789",
    order_margin="1.25",
    available="0.2499",
    position_margin="31",
    enable_evolved_classic=False,
)

#: A unified account with a debt in one currency, and an isolated position in another.
POOL: Final = _whole(
    "multi_currency",
    {
        "USDT": _currency("812.40000000062", available="700.10000000062", iso_balance="112.3"),
        "ETH": _currency("-0.075393666654", borrowed="0.075393666654", total_liab="0.075393666654"),
        "BTC": _currency("1.500000000000000001", available="1.500000000000000001"),
    },
    total="91012.40000000062",
    borrowed="230.94621713",
    total_initial_margin="1025.0524665088",
    total_margin_balance="86482.495944473949",
    total_maintenance_margin="205.01049330176",
    total_initial_margin_rate="84.369",
    total_maintenance_margin_rate="421.845",
    total_available_margin="85457.443477965149",
    unified_account_total="91012.40000000062",
    unified_account_total_liab="230.94621713",
    unified_account_total_equity="90781.45378287062",
)

#: What its futures account tells: nothing in the total, and the credit of the whole account in what is available.
POOLED: Final = _futures(
    "USDT",
    total="0.000000002075",
    unrealised_pnl="3.25",
    available="85457.443477965149",
    margin_mode=1,
    maintenance_margin="205.01049330176",
    position_initial_margin="1025.0524665088",
)


@frozen
class Part:
    """
    An account: its secret, its futures by settlement currency, the unified account that they are a part of, and its
    delivery futures.
    """

    actor: Actor
    futures: Mapping[str, dict[str, Any]]
    whole: dict[str, Any] = field(factory=dict)
    delivery: Mapping[str, dict[str, Any]] = field(factory=dict)

    @property
    def key(self) -> str:
        """
        Its API key.
        """
        return self.actor.credentials["api_key"]


@frozen
class Gate:
    """
    The accounts by key, and how often each was asked for.
    """

    parts: Mapping[str, Part]
    budget: Budget = field(factory=lambda: Budget(LIMIT, PERIOD))
    delivery_budget: Budget = field(factory=lambda: Budget(LIMIT, PERIOD))
    unified_budget: Budget = field(factory=lambda: Budget(UNIFIED_LIMIT, PERIOD))

    def futures(self, request: Request, settle: str) -> Response:
        """
        Answer with the perpetual futures of one settlement currency.
        """
        return self._refusal(request, self.budget) or _wallet(self._part(request).futures, settle)

    def delivery(self, request: Request, settle: str) -> Response:
        """
        Answer with the delivery futures of one settlement currency.
        """
        return self._refusal(request, self.delivery_budget) or _wallet(self._part(request).delivery, settle)

    def unified(self, request: Request) -> Response:
        """
        Answer with the unified account.
        """
        if refusal := self._refusal(request, self.unified_budget):
            return refusal
        whole = self._part(request).whole
        return answer(whole) if whole else _error(403, "FORBIDDEN", "the account is no unified account")

    def time(self, request: Request) -> Response:  # noqa: ARG002  # for everybody
        """
        Tell the time.
        """
        return answer({"server_time": now()})

    def _part(self, request: Request) -> Part:
        return self.parts[request.headers["KEY"]]

    def _refusal(self, request: Request, budget: Budget) -> Response | None:
        key, seconds = request.headers.get("KEY", ""), request.headers.get("Timestamp", "")
        if not (key and seconds and request.headers.get("SIGN")):
            return _error(401, "MISSING_REQUIRED_HEADER", "missing required header")
        if key not in self.parts:
            return unknown_key()
        if not is_number(seconds) or abs(int(seconds) - time.time()) > DRIFT:
            return expired()
        if not self._is_signed(request, seconds):
            return unsigned()
        return throttled(budget) if budget.spend(key) > budget.limit else None

    def _is_signed(self, request: Request, seconds: str) -> bool:
        # Not by the signer's own function: a mistake in it would sign and check alike.
        path, _, query = request.environ["RAW_URI"].partition("?")
        body = hashlib.sha512(request.get_data()).hexdigest()
        text = f"{request.method}\n{path}\n{query}\n{body}\n{seconds}"
        secret = self._part(request).actor.credentials["api_secret"]
        expected = hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()
        return is_same(expected, request.headers["SIGN"])


def _wallet(futures: Mapping[str, dict[str, Any]], settle: str) -> Response:
    if settle not in futures:
        return _error(400, "USER_NOT_FOUND", "please transfer funds first to create futures account")
    return answer(futures[settle])


def unknown_key() -> Response:
    """
    Refuse a key that there is not.
    """
    return _error(401, "INVALID_KEY", "Invalid key provided")


def unsigned() -> Response:
    """
    Refuse a signature.
    """
    return _error(401, "INVALID_SIGNATURE", "Signature mismatch")


def expired() -> Response:
    """
    Refuse the time of a request.
    """
    return _error(401, "REQUEST_EXPIRED", "gap between request Timestamp and server time exceeds 60")


def throttled(budget: Budget | None = None) -> Response:
    """
    Refuse one request too many, and say when the next is welcome.
    """
    budget = budget or Budget(LIMIT, PERIOD)
    refusal = _error(429, "TOO_MANY_REQUESTS", "Request Rate limit Exceeded")
    refusal.headers["X-Gate-RateLimit-Requests-Remain"] = "0"
    refusal.headers["X-Gate-RateLimit-Limit"] = str(budget.limit)
    refusal.headers["X-Gate-RateLimit-Reset-Timestamp"] = str(int(time.time()) + budget.wait())
    return refusal


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # its status says it all
    """
    Refuse a path that there is not, or not for this method.
    """
    label = "NOT_FOUND" if status == HTTPStatus.NOT_FOUND else "METHOD_NOT_ALLOWED"
    return _error(status, label, HTTPStatus(status).phrase)


def _error(status: int, label: str, text: str) -> Response:
    return answer({"label": label, "message": text}, status)


def _actor(name: str, **options: str) -> Actor:
    def digits(what: str) -> str:
        return hashlib.sha256(f"marginbook sandbox {name} {what}".encode()).hexdigest()

    return Actor(name, {"api_key": digits("key")[:32], "api_secret": digits("secret")}, options)


#: What the second asset of a portrait costs in USD, to tell the account as a whole.
ASSETS: Final = ("USDT", "BTC")
_PRICES: Final = {"USDT": 1, "BTC": 60_000}


def portray(portrait: Portrait) -> Stage:
    """
    Play an account that holds what *portrait* says: a unified one where assets are shared or borrowed.
    """
    wallets = dict(zip(ASSETS, portrait.wallets, strict=False))
    actor = _actor(f"gate-{portrait.name}")
    if portrait.shared or any(wallet.borrowed for wallet in wallets.values()):
        return _stage(Part(actor, {"usdt": POOLED}, _portrayed_pool(wallets)))
    return _stage(Part(actor, {asset.lower(): _portrayed(asset, wallet) for asset, wallet in wallets.items()}))


def _portrayed(asset: str, wallet: Wallet) -> dict[str, Any]:
    """
    Return the wallet of a new classic account: what is available can be transferred out, and has no gains in it.
    """
    cross = wallet.cross_wallet_balance + wallet.cross_unrealized_pnl
    return _futures(
        asset,
        {"dnw": _digits(wallet.wallet_balance)},
        total=_digits(wallet.wallet_balance),
        unrealised_pnl=_digits(wallet.unrealized_pnl),
        order_margin=_digits(wallet.order_margin),
        available=_digits(wallet.max_withdraw),
        maintenance_margin=_digits(wallet.maintenance_margin),
        cross_order_margin=_digits(wallet.order_margin),
        cross_initial_margin=_digits(wallet.position_margin - wallet.isolated_margin),
        cross_maintenance_margin=_digits(wallet.maintenance_margin),
        cross_unrealised_pnl=_digits(wallet.cross_unrealized_pnl),
        cross_available=_digits(wallet.available_balance),
        cross_margin_balance=_digits(cross),
        isolated_position_margin=_digits(wallet.isolated_margin),
    )


def _portrayed_pool(wallets: Mapping[str, Wallet]) -> dict[str, Any]:
    """
    Return a unified account: what is available of a currency is its own and what was borrowed.
    """

    def total(amounts: Mapping[str, Decimal]) -> str:
        return _digits(sum((amount * _PRICES[asset] for asset, amount in amounts.items()), start=Decimal()))

    equity = total({asset: wallet.equity for asset, wallet in wallets.items()})
    margin = total({asset: wallet.initial_margin for asset, wallet in wallets.items()})
    owed = total({asset: wallet.borrowed for asset, wallet in wallets.items()})
    return _whole(
        "multi_currency",
        {
            asset: _currency(
                _digits(wallet.equity),
                available=_digits(wallet.wallet_balance + wallet.borrowed),
                borrowed=_digits(wallet.borrowed),
                total_liab=_digits(wallet.borrowed),
            )
            for asset, wallet in wallets.items()
        },
        borrowed=owed,
        total_initial_margin=margin,
        total_margin_balance=equity,
        total_maintenance_margin=total({asset: wallet.maintenance_margin for asset, wallet in wallets.items()}),
        total_available_margin=total(
            {asset: wallet.equity - wallet.initial_margin for asset, wallet in wallets.items()}
        ),
        unified_account_total_liab=owed,
        unified_account_total_equity=equity,
    )


def _digits(amount: Decimal) -> str:
    return format(amount, "f")


def _stage(*parts: Part) -> Stage:
    gate = Gate({part.key: part for part in parts})
    return Stage(
        "gate",
        tuple(part.actor for part in parts),
        {
            "/api/v4/futures/<settle>/accounts": gate.futures,
            "/api/v4/delivery/<settle>/accounts": gate.delivery,
            "/api/v4/unified/accounts": gate.unified,
            "/api/v4/spot/time": gate.time,
        },
        {"/api/v4": lost},
        # Gate says no error with status 200.
        refusals={"clock": expired, "key": unknown_key, "signature": unsigned, "throttled": throttled},
        amount="unrealised_pnl",
        assets=ASSETS,
        portray=portray,
    )


def stages() -> list[Stage]:
    """
    Return a classic and a unified account, and delivery futures, with nothing asked yet.
    """
    classic = Part(_actor("gate"), {"usdt": USDT, "btc": BTC})
    delivery = Part(_actor("gate-delivery", contracts="delivery"), {}, delivery={"usdt": DELIVERY})
    return [_stage(classic, Part(_actor("gate-unified"), {"usdt": POOLED}, POOL), delivery)]
