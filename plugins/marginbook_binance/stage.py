"""
Binance futures as the sandbox plays them.

Sources: "General Info" of USDⓈ-M futures for signatures, times and limits; "Error Codes" for the answers. The order in
which Binance checks a request is not documented; here it is key, parameters, time, signature. Nor is what it says to a
recvWindow that is no number; here it is what it says to such a timestamp.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote_plus

from attrs import field, frozen

from marginbook.sandbox import Actor, Budget, Stage, answer, is_number, now
from marginbook_binance import depths, sitters
from marginbook_binance.cast import COINS, HEDGED, MULTI, SINGLE, UNDER, Part, ed25519_part, hmac_part, rsa_part
from marginbook_binance.market import ASSETS, COIN_CONTRACTS, CONTRACTS

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

#: Weight that an address may spend in a minute at one kind of futures, and at Portfolio Margin.
LIMIT: Final = 2400
PORTFOLIO_LIMIT: Final = 6000

#: Milliseconds that a request may be ahead of the venue's clock.
AHEAD: Final = 1000


@frozen
class Futures:
    """
    One kind of futures: its paths with what they cost, its accounts, and what this address has spent.
    """

    parts: Mapping[str, Part]
    budget: Budget = field(factory=lambda: Budget(LIMIT))

    def balance(self, request: Request, *, weight: int) -> Response:
        """
        Answer a balance request, or say what is wrong with it.
        """
        return self._tell(request, weight, lambda part: part.rows)

    def account(self, request: Request, *, weight: int) -> Response:
        """
        Answer a request for the account in detail, likewise.
        """
        return self._tell(request, weight, lambda part: part.whole)

    def settings(self, request: Request, *, weight: int) -> Response:
        """
        Answer a request for how the account is set up, likewise.
        """
        return self._tell(request, weight, _settings)

    def time(self, request: Request) -> Response:
        """
        Tell the time, to everybody.
        """
        return self._serve(request, 1, answer({"serverTime": now()}))

    def prices(self, request: Request, *, rows: list[dict[str, Any]]) -> Response:
        """
        Tell the prices of now, to everybody.
        """
        moment = now()
        return self._serve(request, 10, answer([{**row, "time": moment} for row in rows]))

    def retired(self, request: Request) -> Response:
        """
        Say which path has replaced a retired one. The status of this answer is not documented.
        """
        text = f"{request.method} {request.path} is retired, please use GET /fapi/v2/balance"
        return self._serve(request, 1, _error(400, -5000, text))

    def lost(self, request: Request, status: int) -> Response:
        """
        Refuse a path that there is not, or not for this method.
        """
        text = f"Path {request.path}, Method {request.method} is invalid"
        return self._serve(request, 1, _error(status, -5000, text))

    def _tell(self, request: Request, weight: int, what: Callable[[Part], Any]) -> Response:
        part = self.parts.get(request.headers.get("X-MBX-APIKEY", ""))
        return self._serve(request, weight, _refusal(request, part) or answer(what(part) if part else []))

    def _serve(self, request: Request, weight: int, response: Response) -> Response:
        spent, limit = self.budget.spend(request.remote_addr or "", weight), self.budget.limit
        if spent > limit:
            text = f"Too many requests; current limit of IP({request.remote_addr}) is {limit} requests per minute."
            response = _error(429, -1003, text)
            response.headers["Retry-After"] = str(self.budget.wait())
        # Errors have it as well.
        response.headers["X-MBX-USED-WEIGHT-1M"] = str(spent)
        return response


def _refusal(request: Request, part: Part | None) -> Response | None:
    key = request.headers.get("X-MBX-APIKEY", "")
    if not (key.isascii() and key.isalnum()):
        return _error(401, -2014, "API-key format invalid.")
    if part is None:
        text = f"Invalid API-key, IP, or permissions for action, request ip: {request.remote_addr}"
        return _error(401, -2015, text)
    given = parse_qs(request.query_string.decode("latin-1"), keep_blank_values=True)
    if any(len(values) > 1 for values in given.values()):
        return _error(400, -1101, "Duplicate values for a parameter detected.")
    signature, timestamp, window = (
        given.get(name, [default])[0]
        for name, default in (("signature", ""), ("timestamp", ""), ("recvWindow", "5000"))
    )
    readable = {"signature": signature, "timestamp": is_number(timestamp), "recvWindow": is_number(window)}
    if unreadable := [name for name, value in readable.items() if not value]:
        text = f"Mandatory parameter '{unreadable[0]}' was not sent, was empty/null, or malformed."
        return _error(400, -1102, text)
    ahead = int(timestamp) - now()
    if ahead >= AHEAD:
        return _error(400, -1021, f"Timestamp for this request was {AHEAD}ms ahead of the server's time.")
    if -ahead > int(window):
        return _error(400, -1021, "Timestamp for this request is outside of the recvWindow.")
    # What is signed is the query as it was sent, not what it means.
    query, _, last = request.query_string.rpartition(b"&signature=")
    if not part.verify(query, unquote_plus(last.decode("latin-1"))):
        return _error(400, -1022, "Signature for this request is not valid.")
    return None


def _settings(part: Part) -> dict[str, Any]:
    sides = {position["positionSide"] for position in part.whole["positions"]}
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": sides > {"LONG"},
        "updateTime": 0,
        "multiAssetsMargin": part.multi,
        "tradeGroupId": -1,
    }


def _error(status: int, code: int, text: str) -> Response:
    return answer({"code": code, "msg": text}, status)


def usdm() -> Stage:
    """
    Return USDⓈ-M futures, with nothing spent yet.
    """
    return _usdm(
        _futures(
            hmac_part("binance-hmac", SINGLE, whole=depths.SINGLE_WHOLE),
            rsa_part("binance-rsa", UNDER, whole=depths.UNDER_WHOLE),
            ed25519_part("binance-ed25519", MULTI, whole=depths.MULTI_WHOLE, multi=True),
            hmac_part("binance-margin", HEDGED, whole=depths.HEDGED_WHOLE, detail="margin"),
        )
    )


def coinm() -> Stage:
    """
    Return COIN-M futures, likewise.
    """
    return _coinm(_futures(hmac_part("binance-coins", COINS, whole=depths.COINS_WHOLE)))


def portfolio() -> Stage:
    """
    Return Portfolio Margin, likewise.
    """
    part = hmac_part("binance-portfolio", depths.PORTFOLIO, whole=depths.PORTFOLIO_WHOLE)
    return _portfolio(_futures(part, limit=PORTFOLIO_LIMIT))


def _usdm(futures: Futures) -> Stage:
    return Stage(
        "binance-usdm",
        _actors(futures),
        {
            "/fapi/v3/balance": functools.partial(futures.balance, weight=5),
            "/fapi/v2/balance": functools.partial(futures.balance, weight=10),
            "/fapi/v1/balance": futures.retired,
            "/fapi/v1/premiumIndex": functools.partial(futures.prices, rows=CONTRACTS),
            "/fapi/v1/assetIndex": functools.partial(futures.prices, rows=ASSETS),
            "/fapi/v3/account": functools.partial(futures.account, weight=5),
            "/fapi/v1/accountConfig": functools.partial(futures.settings, weight=5),
            "/fapi/v1/time": futures.time,
        },
        {"/fapi": futures.lost},
        refusals=REFUSALS,
        assets=("USDT", "USDC"),
        portray=lambda portrait: _usdm(_futures(sitters.usdm_part(portrait, ("USDT", "USDC")))),
        beyond={"indebted": sitters.NO_DEBT},
    )


def _coinm(futures: Futures) -> Stage:
    return Stage(
        "binance-coinm",
        _actors(futures),
        {
            "/dapi/v1/balance": functools.partial(futures.balance, weight=1),
            "/dapi/v1/premiumIndex": functools.partial(futures.prices, rows=COIN_CONTRACTS),
            "/dapi/v1/account": functools.partial(futures.account, weight=5),
            "/dapi/v1/time": futures.time,
        },
        {"/dapi": futures.lost},
        refusals=REFUSALS,
        assets=("BTC", "ETH"),
        portray=lambda portrait: _coinm(_futures(sitters.coinm_part(portrait, ("BTC", "ETH")))),
        beyond={
            "indebted": sitters.NO_DEBT,
            "pooled": "Each coin is the collateral of its own contracts: there is no multi-assets mode.",
        },
    )


def _portfolio(futures: Futures) -> Stage:
    return Stage(
        "binance-pm",
        _actors(futures),
        {
            "/papi/v1/balance": functools.partial(futures.balance, weight=20),
            "/papi/v1/account": functools.partial(futures.account, weight=20),
        },
        {"/papi": futures.lost},
        refusals=REFUSALS,
        assets=("USDT", "USDC"),
        portray=lambda portrait: _portfolio(_futures(sitters.portfolio_part(portrait, ("USDT", "USDC")))),
        beyond={"isolated": "There are no isolated positions in Portfolio Margin."},
    )


def _futures(*parts: Part, limit: int = LIMIT) -> Futures:
    return Futures({part.actor.credentials["api_key"]: part for part in parts}, Budget(limit))


def _actors(futures: Futures) -> tuple[Actor, ...]:
    return tuple(part.actor for part in futures.parts.values())


#: What it refuses requests with, wherever they come from.
REFUSALS: Final = {
    "clock": lambda: _error(400, -1021, "Timestamp for this request is outside of the recvWindow."),
    "key": lambda: _error(401, -2015, "Invalid API-key, IP, or permissions for action, request ip: 203.0.113.7"),
    "signature": lambda: _error(400, -1022, "Signature for this request is not valid."),
    "throttled": lambda: _error(
        429, -1003, f"Too many requests; current limit of IP(203.0.113.7) is {LIMIT} requests per minute."
    ),
}
