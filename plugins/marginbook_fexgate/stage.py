"""
The gateway fexgate as the sandbox plays it: grpc-gateway's paths, statuses and JSON.

Sources: grpc-gateway, ``runtime/errors.go`` at 9648db43, for statuses and the error body; protobuf's JSON mapping.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from marginbook.sandbox import Actor, Stage, answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

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


def balance(request: Request, exchange: str) -> Response:
    """
    Answer with the account at one exchange.
    """
    given = (request.headers.get("x-exgate-key"), request.headers.get("x-exgate-secret"))
    if given != (ACTOR.credentials["api_key"], ACTOR.credentials["api_secret"]):
        return _status(401, 16, "unknown key or secret")
    if exchange != ACTOR.options["exchange"]:
        return _status(404, 5, "unknown exchange")
    return answer({"balances": ROWS})


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


def stages() -> list[Stage]:
    """
    Return the gateway, at each of its published paths.
    """
    prefixes = ("/fexgate/v1", "/api/v1", "/v1")
    routes = {f"{prefix}/<exchange>/balance": balance for prefix in prefixes}
    return [Stage("fexgate", (ACTOR,), routes, dict.fromkeys(prefixes, lost))]
