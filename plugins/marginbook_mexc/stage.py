"""
MEXC futures as the sandbox plays them.

Sources: "Integration Guide" and "Error code" of MEXC's futures API, copies read 2026-11. MEXC answers with status 200
in any case, and writes amounts as JSON numbers. The order in which it checks a request is not documented; here it is
key, time, signature, limit. Nor is what it says to a path that there is not.

Amounts are in the proportions of "Words Explanations in Futures": equity is the wallet balance and unrealized PnL
together, and ``availableBalance`` is the wallet balance less the margin of positions and orders. Whether equity has
debts in it is not documented; here it has.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen
from werkzeug.wrappers import Response

from marginbook.sandbox import Actor, Budget, Stage, is_number, is_same, now

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from marginbook.sandbox import Portrait, Wallet

#: Requests for one operation in two seconds.
LIMIT: Final = 20

#: Seconds that a request may be off the venue's clock, in either direction: by default, and at most.
WINDOW: Final = 10
WIDEST_WINDOW: Final = 60

#: What the wallets of a portrait are counted in.
ASSETS: Final = ("USDT", "USDC")

_quoted: Final = re.compile(r'"(-?[0-9]+(?:\.[0-9]+)?)"')


def _row(currency: str, **amounts: str) -> dict[str, str]:
    return {"currency": currency, **amounts}


#: More digits than a binary number has, a loss, and currencies that were never held.
ASSETS_OF_MANY: Final = [
    _row(
        "USDT",
        positionMargin="6950.00000001",
        availableBalance="9007199254734043.01",
        cashBalance="9007199254733968.26",
        frozenBalance="0",
        equity="9007199254740918.26000001",
        unrealized="-74.75",
        bonus="0",
        availableCash="9007199254733968.260000001",
        availableOpen="9007199254733968.26",
        debtAmount="0",
        contributeMarginAmount="0",
        vcoinId="128f589271cb4951b03e71e6323eb7be",
    ),
    _row(
        "MX",
        positionMargin="0",
        availableBalance="0.99647149597724856",
        cashBalance="0.99647149",
        frozenBalance="0",
        equity="0.99647149",
        unrealized="0",
        bonus="0",
        availableCash="0.99647149597724856",
        availableOpen="0.99647149597724856",
        debtAmount="0",
        contributeMarginAmount="0",
        vcoinId="8c1e92655f9a4064808ce03ec1a48d38",
    ),
    _row(
        "BTC",
        positionMargin="0",
        availableBalance="0",
        cashBalance="0",
        frozenBalance="0",
        equity="0",
        unrealized="0",
        bonus="0",
        availableCash="0",
        availableOpen="0",
        debtAmount="0",
        contributeMarginAmount="0",
        vcoinId="febc9973be4d4d53bb374476239eb219",
    ),
]

#: A shared collateral with a debt, a trial bonus, two amounts that can leave, and a row as older answers have it.
ASSETS_OF_THE_DEBTOR: Final = [
    _row(
        "USDT",
        positionMargin="400",
        availableBalance="0",
        cashBalance="0",
        frozenBalance="12.5",
        equity="-194.81",
        unrealized="-250.25",
        bonus="0",
        availableCash="0",
        availableOpen="1500.5",
        debtAmount="194.81",
        contributeMarginAmount="-194.81",
        vcoinId="128f589271cb4951b03e71e6323eb7be",
    ),
    _row(
        "ETH",
        positionMargin="0",
        availableBalance="2",
        cashBalance="1.5",
        frozenBalance="0",
        equity="2",
        unrealized="0",
        bonus="0",
        availableCash="0.75",
        availableOpen="0.75",
        debtAmount="0",
        contributeMarginAmount="1800.25",
        vcoinId="93c38b0169214f8689763ce9a63a73ff",
    ),
    _row(
        "USDC",
        positionMargin="0",
        availableBalance="100",
        cashBalance="50",
        frozenBalance="0",
        equity="100",
        unrealized="0",
        bonus="50",
        bonusExpireTime="1795000000000",
        availableCash="50",
        availableOpen="100",
        debtAmount="0",
        contributeMarginAmount="0",
        vcoinId="34309140878b4ae99f195ac091d49bab",
    ),
    _row(
        "BSV",
        positionMargin="0",
        availableBalance="0.03176562",
        cashBalance="0.03176562",
        frozenBalance="0",
        equity="0.03176562",
        unrealized="0",
        bonus="0",
    ),
]


@frozen
class Part:
    """
    An account: its keys, and its rows.
    """

    actor: Actor
    rows: list[dict[str, str]]


@frozen
class Futures:
    """
    The accounts by key, and how often this address asked for each operation.
    """

    parts: Mapping[str, Part]
    budget: Budget = field(factory=lambda: Budget(LIMIT, seconds=2))

    def assets(self, request: Request) -> Response:
        """
        Answer with the currencies of the account, or say what is wrong with the request.
        """
        part = self.parts.get(request.headers.get("ApiKey", ""))
        if part is None:
            return _unauthorized()
        return _refusal(request, part.actor) or self._serve(request, part.rows)

    def time(self, request: Request) -> Response:
        """
        Tell the time, to everybody.
        """
        return self._serve(request, now())

    def _serve(self, request: Request, data: Any) -> Response:
        if self.budget.spend(f"{request.remote_addr} {request.path}") > self.budget.limit:
            return _too_frequent()
        return _say({"success": True, "code": 0, "data": data})


def _refusal(request: Request, actor: Actor) -> Response | None:
    timestamp, window = request.headers.get("Request-Time", ""), request.headers.get("Recv-Window", str(WINDOW))
    if not (is_number(timestamp) and is_number(window)):
        return _error(600, "Parameter error")
    if abs(int(timestamp) - now()) > 1000 * min(int(window), WIDEST_WINDOW):
        return _untimely()
    # Not by the signer's own function: a mistake in it would sign and check alike.
    query = "&".join(sorted(request.query_string.decode("latin-1").split("&")))
    signed = f"{actor.credentials['api_key']}{timestamp}{query}".encode()
    expected = hmac.digest(actor.credentials["api_secret"].encode(), signed, hashlib.sha256).hex()
    if not is_same(expected, request.headers.get("Signature", "")):
        return _wrong_signature()
    return None


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # its status says it all
    """
    Refuse a path that there is not, or not for this method.
    """
    return _say({"success": False, "code": status, "message": "Not Found"}, status)


def _say(body: Any, status: int = 200) -> Response:
    """
    Write a body with its amounts as JSON numbers of the very digits.
    """
    text = json.dumps(body, separators=(",", ":"))
    return Response(_quoted.sub(r"\1", text), status, content_type="application/json")


def _error(code: int, text: str) -> Response:
    return _say({"success": False, "code": code, "message": text})


_unauthorized: Final = functools.partial(_error, 401, "Not logged in or login has expired")
_untimely: Final = functools.partial(_error, 513, "Invalid request, please try again later")
_wrong_signature: Final = functools.partial(_error, 602, "Confirming signature failed")
_too_frequent: Final = functools.partial(_error, 510, "Requests are too frequent, please try again later")
_failed: Final = functools.partial(_error, 500, "Internal error. Please try again.")


def _actor(name: str) -> Actor:
    secret = hashlib.sha256(f"marginbook sandbox {name}".encode()).hexdigest()
    return Actor(name, {"api_key": f"mx0{secret[:16]}", "api_secret": secret[32:]})


def portray(portrait: Portrait) -> Stage:
    """
    Return the venue with one account, which holds what a portrait says, and what is borrowed in equity and debt alike.
    """
    rows = [
        _portrayed(currency, wallet, shared=portrait.shared)
        for currency, wallet in zip(ASSETS, portrait.wallets, strict=False)
    ]
    return _stage(Part(_actor(f"mexc-{portrait.name}"), rows))


def _portrayed(currency: str, wallet: Wallet, *, shared: bool) -> dict[str, str]:
    amounts = {
        "positionMargin": wallet.position_margin,
        "availableBalance": wallet.wallet_balance - wallet.initial_margin,
        "cashBalance": wallet.max_withdraw,
        "frozenBalance": wallet.order_margin,
        "equity": wallet.equity + wallet.borrowed,
        "unrealized": wallet.unrealized_pnl,
        "bonus": 0,
        "availableCash": wallet.max_withdraw,
        "availableOpen": wallet.available_balance,
        "debtAmount": wallet.borrowed,
        "contributeMarginAmount": wallet.equity if shared else 0,
    }
    return _row(currency, **{name: f"{amount:f}" for name, amount in amounts.items()}, vcoinId=f"vcoin-{currency}")


def _stage(*parts: Part) -> Stage:
    futures = Futures({part.actor.credentials["api_key"]: part for part in parts})
    return Stage(
        "mexc",
        tuple(part.actor for part in parts),
        {"/api/v1/private/account/assets": futures.assets, "/api/v1/contract/ping": futures.time},
        {"/api/v1/private": lost, "/api/v1/contract": lost},
        refusals={
            "clock": _untimely,
            "key": _unauthorized,
            "signature": _wrong_signature,
            "throttled": _too_frequent,
            "error-in-200": _failed,
        },
        assets=ASSETS,
        portray=portray,
    )


def stages() -> list[Stage]:
    """
    Return the futures account, with nothing asked yet.
    """
    return [_stage(Part(_actor("mexc"), ASSETS_OF_MANY), Part(_actor("mexc-debtor"), ASSETS_OF_THE_DEBTOR))]
