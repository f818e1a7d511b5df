"""
The gateway fexgate as the sandbox plays it: grpc-gateway's paths, statuses and JSON.

Sources: grpc-gateway, ``runtime/errors.go`` at 9648db43, for statuses and the error body; protobuf's JSON mapping.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from marginbook.sandbox import Actor, Stage, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request, Response

    from marginbook.sandbox import Portrait, Wallet

ACTOR: Final = Actor(
    "fexgate",
    {"api_key": "sandbox-gateway-key", "api_secret": "sandbox-gateway-secret"},
    {"exchange": "fbinance"},
)

#: Rows as gateways print them: unset strings empty or absent, and a time that was never set as 0.
ROWS: Final[list[dict[str, Any]]] = [
    {
        "accountAlias": "SgsR",
        "asset": "USDT",
        "balance": "10000.00000000",
        "crossWalletBalance": "10000.00000000",
        "crossUnPnl": "12.34567890",
        "availableBalance": "9990.00000000",
        "maxWithdrawAmount": "9977.65432110",
        "marginAvailable": True,
        "updateTime": 1763600406000,
    },
    {
        "accountAlias": "SgsR",
        "asset": "BUSD",
        "balance": "500.00000000",
        "crossWalletBalance": "400.00000000",
        "crossUnPnl": "0.00000000",
        "availableBalance": "400.00000000",
        "maxWithdrawAmount": "",
        "marginAvailable": False,
        "updateTime": 1763600407000,
    },
    {"asset": "BNB", "balance": "0.00000000", "updateTime": 0},
]


def play(actor: Actor, rows: list[dict[str, Any]]) -> Callable[..., Response]:
    """
    Return what answers with the account at one exchange.
    """

    def balance(request: Request, exchange: str) -> Response:
        given = (request.headers.get("x-exgate-key"), request.headers.get("x-exgate-secret"))
        if given != (actor.credentials["api_key"], actor.credentials["api_secret"]):
            return _status(401, 16, "unknown key or secret")
        if exchange != actor.options["exchange"]:
            return _status(404, 5, "unknown exchange")
        return answer({"balances": rows})

    return balance


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # its status says it all
    """
    Refuse a path that there is not, or not for this method.
    """
    return (
        _status(501, 12, "Method Not Allowed")
        if status == HTTPStatus.METHOD_NOT_ALLOWED
        else _status(404, 5, "Not Found")
    )


def _status(status: int, code: int, message: str) -> Response:
    headers = {"WWW-Authenticate": message} if status == HTTPStatus.UNAUTHORIZED else {}
    return answer({"code": code, "message": message, "details": []}, status, headers)


#: It asks for no time and no signature.
REFUSALS: Final = {
    "key": lambda: _status(401, 16, "unknown key or secret"),
    "throttled": lambda: _status(429, 8, "too many requests"),
}

ASSETS: Final = ("USDT", "BUSD")


def stages() -> list[Stage]:
    """
    Return the gateway, at each of its published paths.
    """
    return [_stage(ACTOR, ROWS)]


def _stage(actor: Actor, rows: list[dict[str, Any]]) -> Stage:
    prefixes = ("/fexgate/v1", "/api/v1", "/v1")
    routes = {f"{prefix}/<exchange>/balance": play(actor, rows) for prefix in prefixes}
    return Stage(
        "fexgate",
        (actor,),
        routes,
        dict.fromkeys(prefixes, lost),
        refusals=REFUSALS,
        assets=ASSETS,
        portray=_portray,
        beyond={"indebted": "A futures wallet lends nothing."},
    )


def _portray(portrait: Portrait) -> Stage:
    name = f"fexgate-{portrait.name}"
    actor = Actor(name, {"api_key": f"{name}-key", "api_secret": f"{name}-secret"}, ACTOR.options)
    return _stage(actor, [_row(*sitter) for sitter in zip(ASSETS, portrait.wallets, strict=False)])


def _row(asset: str, wallet: Wallet) -> dict[str, Any]:
    amounts = {
        "balance": wallet.wallet_balance,
        "crossWalletBalance": wallet.cross_wallet_balance,
        "crossUnPnl": wallet.cross_unrealized_pnl,
        "availableBalance": wallet.available_balance,
        "maxWithdrawAmount": wallet.max_withdraw,
    }
    return {
        "accountAlias": "SgsR",
        "asset": asset,
        **{name: f"{amount:f}" for name, amount in amounts.items()},
        "marginAvailable": True,
        "updateTime": 1763600406000,
    }
