"""
Deribit as the sandbox plays it.

Sources: Deribit, "Authentication", signature credentials; "Rate Limits"; "Error Codes". Which code and status a wrong
signature or time gets is not documented. Here it is 13009, which is documented for bad signatures, and 400, which has
been seen. That the credits come back within seconds is not played.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen
from werkzeug.wrappers import Response

from marginbook.sandbox import Actor, Budget, Stage, answer, now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Request

    from marginbook.sandbox import Portrait, Wallet

#: Requests that the credits of a key are enough for, of 50,000 at 500 each.
LIMIT: Final = 100

#: Milliseconds that a signature is good for.
VALID: Final = 60_000

_parts: Final = re.compile(r"deri-hmac-sha256 id=([^,]+),ts=([0-9]{1,19}),sig=([0-9a-f]{64}),nonce=([^,]+)").fullmatch

#: Amounts are written as JSON's numbers, with the digits that they have.
_quoted_number: Final = re.compile(r'"(-?[0-9]+(?:\.[0-9]+)?)"')

#: A currency in which nothing is held.
NOTHING: Final[dict[str, Any]] = {
    **dict.fromkeys(
        (
            *("balance", "equity", "margin_balance", "available_funds", "available_withdrawal_funds"),
            *("initial_margin", "maintenance_margin", "projected_initial_margin", "projected_maintenance_margin"),
            *("session_rpl", "session_upl", "futures_session_rpl", "futures_session_upl"),
            *("options_session_rpl", "options_session_upl", "total_pl", "futures_pl", "options_pl", "options_value"),
            *("options_delta", "options_gamma", "options_vega", "options_theta", "delta_total"),
            *("projected_delta_total", "spot_reserve", "additional_reserve", "fee_balance", "locked_balance"),
        ),
        "0",
    ),
    "cross_collateral_enabled": False,
    "portfolio_margining_enabled": False,
    "margin_model": "segregated_sm",
}

#: Options that were sold, futures that realized a loss today, and a currency of which more is owed than there is.
SEGREGATED: Final = [
    {
        **NOTHING,
        "currency": "BTC",
        "balance": "302.60065765",
        "futures_session_rpl": "-0.03258105",
        "session_rpl": "-0.03258105",
        "futures_session_upl": "0.05921555",
        "options_session_upl": "-0.0065",
        "session_upl": "0.05271555",
        "futures_pl": "-0.32434225",
        "options_pl": "-0.0065",
        "total_pl": "-0.33084225",
        "options_value": "-0.0086",
        "options_delta": "-1.01962",
        "equity": "302.61869215",
        "margin_balance": "302.62729215",
        "initial_margin": "1.24669592",
        "maintenance_margin": "0.8857841",
        "available_funds": "301.38059623",
        "available_withdrawal_funds": "301.32138068",
    },
    {
        **NOTHING,
        "currency": "ETH",
        "balance": "100",
        "futures_session_rpl": "-0.25",
        "session_rpl": "-0.25",
        "futures_session_upl": "-120.000001",
        "session_upl": "-120.000001",
        "futures_pl": "-300.5",
        "total_pl": "-300.5",
        "equity": "-20.250001",
        "margin_balance": "-20.250001",
        "initial_margin": "40.5",
        "maintenance_margin": "20.25",
    },
    {**NOTHING, "currency": "USDC"},
]

#: One collateral: little in each currency, and none in one of them.
SHARED: Final = [
    {
        **NOTHING,
        "cross_collateral_enabled": True,
        "portfolio_margining_enabled": True,
        "margin_model": "cross_pm",
        "total_equity_usd": "25.710502678",
        "total_margin_balance_usd": "25.510502678",
        "total_initial_margin_usd": "0.806292412",
        "total_maintenance_margin_usd": "0.2671726792",
        "total_delta_total_usd": "0",
        **figures,
    }
    for figures in (
        {
            "currency": "BTC",
            "balance": "0.00002288",
            "equity": "0.00002288",
            "margin_balance": "0.00031393",
            "available_funds": "0.00030401",
            "available_withdrawal_funds": "0.00002288",
            "initial_margin": "0.00000992",
            "maintenance_margin": "0.00000329",
        },
        {
            "currency": "SOL",
            "margin_balance": "0.29259528",
            "available_funds": "0.28334743",
            "initial_margin": "0.00924785",
            "maintenance_margin": "0.00306436",
        },
        {
            "currency": "USDT",
            "balance": "23.118690",
            "futures_session_upl": "0.500000",
            "session_upl": "0.500000",
            "futures_pl": "0.750000",
            "total_pl": "0.750000",
            "equity": "23.618690",
            "margin_balance": "25.513053",
            "available_funds": "24.706680",
            "available_withdrawal_funds": "23.118645",
            "initial_margin": "0.806373",
            "maintenance_margin": "0.267199",
        },
    )
]


@frozen
class Part:
    """
    An account: who may ask for it, and its currencies.
    """

    actor: Actor
    rows: list[dict[str, Any]]


@define(eq=False)
class Nonces:
    """
    The words that were sent in the time that a signature is good for, and the time before that.
    """

    _period: int = field(default=0, init=False)
    _new: set[str] = field(factory=set, init=False)
    _old: set[str] = field(factory=set, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def spend(self, nonce: str) -> bool:
        """
        Note that *nonce* was sent; return whether it was for the first time.
        """
        with self._lock:
            period = now() // VALID
            if period != self._period:
                self._period, self._old, self._new = period, self._new, set()
            known = nonce in self._new | self._old
            self._new.add(nonce)
            return not known


@frozen
class Deribit:
    """
    The accounts by key, what was asked for, and the words that cannot be used again.
    """

    parts: Mapping[str, Part]
    budget: Budget = field(factory=lambda: Budget(LIMIT, seconds=1))
    nonces: Nonces = field(factory=Nonces)

    def summaries(self, request: Request) -> Response:
        """
        Answer with all currencies of the account, or say what is wrong with the request.
        """
        found = _parts(request.headers.get("Authorization", ""))
        if found is None:
            return _error(10000, "authorization_required")
        key, sent, signature, nonce = found.groups()
        if key not in self.parts:
            return UNKNOWN_KEY()
        secret = self.parts[key].actor.credentials["api_secret"].encode()
        # Not by the signer's own function: a mistake in it would sign and check alike.
        asked = f"{request.method.upper()}\n{request.environ['RAW_URI']}\n{request.get_data(as_text=True)}\n"
        expected = hmac.new(secret, f"{sent}\n{nonce}\n{asked}".encode(), hashlib.sha256).hexdigest()
        if signature != expected or abs(now() - int(sent)) > VALID or not self.nonces.spend(f"{key} {nonce}"):
            return WRONG_SIGNATURE()
        if self.budget.spend(key) > self.budget.limit:
            return THROTTLED()
        return _account(self.parts[key], extended=request.args.get("extended") == "true")

    def time(self, request: Request) -> Response:  # noqa: ARG002  # the only operation for everybody
        """
        Tell the time.
        """
        return answer({"jsonrpc": "2.0", "result": now(), "testnet": True})


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # whatever it was
    """
    Refuse a path that there is not, or not for this method.
    """
    return _error(-32601, "Method not found", status)


def _account(part: Part, *, extended: bool) -> Response:
    name = part.actor.name
    owner = {
        "id": 10,
        "email": f"{name}@venue.example",
        "system_name": name,
        "username": name,
        "type": "main",
        "creation_timestamp": 1687352432143,
        "referrer_id": None,
        "login_enabled": False,
        "security_keys_enabled": False,
        "mmp_enabled": False,
        "interuser_transfers_enabled": False,
        "self_trading_reject_mode": "cancel_maker",
        "self_trading_extended_to_subaccounts": False,
        "block_rfq_self_match_prevention": True,
    }
    told = json.dumps({**(owner if extended else {}), "summaries": part.rows}, separators=(",", ":"))
    result = _quoted_number.sub(r"\1", told)
    text = f'{{"jsonrpc":"2.0","result":{result},"testnet":true}}'
    return Response(text, content_type="application/json")


def _error(code: int, text: str, status: int = HTTPStatus.BAD_REQUEST) -> Response:
    came = time.time_ns() // 1000
    times = {"usIn": came, "usOut": came + 500, "usDiff": 500}
    return answer({"jsonrpc": "2.0", "error": {"code": code, "message": text}, "testnet": True, **times}, status)


UNKNOWN_KEY: Final = functools.partial(_error, 13004, "invalid_credentials")
WRONG_SIGNATURE: Final = functools.partial(_error, 13009, "unauthorized")
THROTTLED: Final = functools.partial(_error, 10028, "too_many_requests")

#: What Deribit answers to what may be wrong with a request.
REFUSALS: Final = {
    "key": UNKNOWN_KEY,
    "signature": WRONG_SIGNATURE,
    "clock": WRONG_SIGNATURE,
    "throttled": THROTTLED,
    "error-in-200": functools.partial(_error, 10040, "retry", HTTPStatus.OK),
}

#: The portraits that are no account of Deribit's.
BEYOND: Final = {
    "isolated": "Deribit has no isolated positions: what is to be apart is in a subaccount.",
    "indebted": "Deribit tells of nothing that is borrowed.",
    "exact": "Amounts are JSON numbers of eight decimals at most.",
}

#: Two dollars, so that the account's totals in USD are their sums.
ASSETS: Final = ("USDC", "USDT")


def _part(name: str, rows: list[dict[str, Any]]) -> Part:
    secret = hashlib.sha256(f"marginbook sandbox {name}".encode()).hexdigest()
    return Part(Actor(name, {"api_key": f"key-of-{name}", "api_secret": secret}), rows)


def portray(portrait: Portrait) -> Stage:
    """
    Play Deribit with one account that holds what a portrait says.
    """
    rows = [_row(currency, wallet) for currency, wallet in zip(ASSETS, portrait.wallets, strict=False)]
    if portrait.shared:
        rows = [{**row, **_whole(portrait.wallets)} for row in rows]
    return _stage(_part(f"deribit-{portrait.name}", rows))


def _row(currency: str, wallet: Wallet) -> dict[str, Any]:
    pnl = str(wallet.unrealized_pnl)
    return {
        **NOTHING,
        "currency": currency,
        "balance": str(wallet.wallet_balance),
        **dict.fromkeys(("session_upl", "futures_session_upl", "total_pl", "futures_pl"), pnl),
        **dict.fromkeys(("equity", "margin_balance"), str(wallet.equity)),
        **dict.fromkeys(("initial_margin", "projected_initial_margin"), str(wallet.initial_margin)),
        **dict.fromkeys(("maintenance_margin", "projected_maintenance_margin"), str(wallet.maintenance_margin)),
        "available_funds": str(wallet.available_balance),
        "available_withdrawal_funds": str(wallet.max_withdraw),
    }


def _whole(wallets: Iterable[Wallet]) -> dict[str, Any]:
    """
    Return what each row has of an account whose currencies, each worth a dollar, are one collateral.
    """
    wallets = tuple(wallets)
    equity, initial, maintenance = (
        str(sum((getattr(wallet, name) for wallet in wallets), Decimal()))
        for name in ("equity", "initial_margin", "maintenance_margin")
    )
    return {
        "cross_collateral_enabled": True,
        "margin_model": "cross_sm",
        **dict.fromkeys(("margin_balance", "total_margin_balance_usd", "total_equity_usd"), equity),
        **dict.fromkeys(("initial_margin", "projected_initial_margin", "total_initial_margin_usd"), initial),
        **dict.fromkeys(
            ("maintenance_margin", "projected_maintenance_margin", "total_maintenance_margin_usd"), maintenance
        ),
        "total_delta_total_usd": "0",
    }


def _stage(*parts: Part) -> Stage:
    venue = Deribit({part.actor.credentials["api_key"]: part for part in parts})
    return Stage(
        "deribit",
        tuple(part.actor for part in parts),
        {"/api/v2/private/get_account_summaries": venue.summaries, "/api/v2/public/get_time": venue.time},
        {"/api/v2/private": lost},
        refusals=REFUSALS,
        amount="balance",
        assets=ASSETS,
        portray=portray,
        beyond=BEYOND,
    )


def stages() -> list[Stage]:
    """
    Return Deribit with both kinds of collateral, with nothing asked yet.
    """
    return [_stage(_part("deribit", SEGREGATED), _part("deribit-cross", SHARED))]
