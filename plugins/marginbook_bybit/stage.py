"""
Bybit's unified account as the sandbox plays it.

Sources: API v5, "Integration Guidance" for signatures and times, "Rate Limit Rules", "Error Codes" for the answers,
copy of 2026-07-24. The order in which Bybit checks a request is not documented; here it is key, time, signature, limit.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from marginbook.sandbox import Actor, Budget, Stage, answer, is_number, is_same, now

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from marginbook.sandbox import Portrait, Wallet

#: Requests that a key may make in a second with each operation, and an address in five seconds with all.
LIMIT: Final = 50
ADDRESS_LIMIT: Final = 600

#: Milliseconds that a request may be ahead of the venue's clock.
AHEAD: Final = 1000

#: Coins that may be asked for at once.
AT_ONCE: Final = 20


NO_KEY: Final = (10003, "API key is invalid.")
NO_SIGNATURE: Final = (10004, "error sign! please check your signature generation algorithm.")
NO_TIME: Final = (10002, "invalid request, please check your server timestamp or recv_window param.")
TOO_MANY: Final = (10006, "Too many visits. Exceeded the API Rate Limit.")
BROKEN: Final = (10016, "Server error.")

ASSETS: Final = ("USDT", "USDC")


def _coin(coin: str, wallet: str, equity: str, **figures: Any) -> dict[str, Any]:
    return {
        "availableToBorrow": "",
        "bonus": "0",
        "accruedInterest": "0",
        "availableToWithdraw": "",
        "totalOrderIM": "0",
        "equity": equity,
        "totalPositionMM": "0",
        "usdValue": "0",
        "spotHedgingQty": "0",
        "unrealisedPnl": "0",
        "collateralSwitch": True,
        "borrowAmount": "0",
        "totalPositionIM": "0",
        "walletBalance": wallet,
        "cumRealisedPnl": "0",
        "locked": "0",
        "marginCollateral": True,
        "coin": coin,
        "spotBorrow": "0",
        **figures,
    }


#: A loss, a bonus, a loan, and options, which only equity knows of.
CROSS: Final[dict[str, Any]] = {
    "totalEquity": "137089.22345677",
    "accountIMRate": "0.0582",
    "accountIMRateByMp": "0.0582",
    "totalMarginBalance": "136976.72345677",
    "totalInitialMargin": "7620.75",
    "totalInitialMarginByMp": "7620.75",
    "accountType": "UNIFIED",
    "totalAvailableBalance": "123355.97345677",
    "accountMMRate": "0.0177",
    "accountMMRateByMp": "0.0177",
    "totalPerpUPL": "-1023.40000001",
    "totalWalletBalance": "183000.12345678",
    "accountLTV": "0",
    "totalMaintenanceMargin": "2312.75",
    "totalMaintenanceMarginByMp": "2312.75",
    "coin": [
        _coin(
            "USDT",
            "25000.12345678",
            "23976.72345677",
            unrealisedPnl="-1023.40000001",
            totalPositionIM="3000.5",
            totalOrderIM="120.25",
            totalPositionMM="512.75",
            bonus="100",
            usdValue="23976.72345677",
        ),
        _coin("BTC", "1.75000000", "1.25000000", borrowAmount="0.5", spotBorrow="0.50000000", usdValue="112500"),
        _coin("USDC", "500.00", "612.50", usdValue="612.5"),
    ],
}

#: Account-wide figures do not apply, and figures have more digits than others can hold.
ISOLATED: Final[dict[str, Any]] = {
    "totalEquity": "9007199254740992.93000001",
    "accountIMRate": "",
    "accountIMRateByMp": "",
    "totalMarginBalance": "",
    "totalInitialMargin": "",
    "totalInitialMarginByMp": "",
    "accountType": "UNIFIED",
    "totalAvailableBalance": "",
    "accountMMRate": "",
    "accountMMRateByMp": "",
    "totalPerpUPL": "-0.07",
    "totalWalletBalance": "9007199254740993.00000001",
    "accountLTV": "",
    "totalMaintenanceMargin": "",
    "totalMaintenanceMarginByMp": "",
    "coin": [
        _coin(
            "USDC",
            "9007199254740993.00000001",
            "9007199254740992.93000001",
            unrealisedPnl="-0.07",
            totalPositionIM="11.5640358",
            totalOrderIM="0.5",
            totalPositionMM="0.4702608",
        ),
        _coin("ETH", "0.000000000000000001", "0.000000000000000001"),
    ],
}


@frozen
class Part:
    """
    An account: who may ask for it, and what it is.
    """

    actor: Actor
    whole: dict[str, Any]
    mode: str
    leaving: Mapping[str, str]

    @property
    def key(self) -> str:
        """
        Its API key.
        """
        return self.actor.credentials["api_key"]

    def signature(self, text: str) -> str:
        """
        Return the signature of a text with its secret.
        """
        return hmac.new(self.actor.credentials["api_secret"].encode(), text.encode(), hashlib.sha256).hexdigest()


@frozen
class Unified:
    """
    The accounts by key, and how often each was asked for.
    """

    parts: Mapping[str, Part]
    budget: Budget = field(factory=lambda: Budget(LIMIT, seconds=1))
    address_budget: Budget = field(factory=lambda: Budget(ADDRESS_LIMIT, seconds=5))

    def wallet_balance(self, request: Request) -> Response:
        """
        Answer with the wallet of the key.
        """
        return self._tell(request, _wallet)

    def info(self, request: Request) -> Response:
        """
        Answer with the settings of the account.
        """
        return self._tell(request, _info)

    def withdrawal(self, request: Request) -> Response:
        """
        Answer with what can leave the account of the coins that are named.
        """
        return self._tell(request, _withdrawal)

    def time(self, request: Request) -> Response:
        """
        Tell the time, to everybody.
        """
        moment = now()
        found = {"timeSecond": str(moment // 1000), "timeNano": str(moment * 1_000_000)}
        return self._shut_out(request) or granted(found)

    def lost(self, request: Request, status: int) -> Response:
        """
        Refuse a path that there is not, or not for this method. The body of this answer is not documented.
        """
        return self._shut_out(request) or refused(10017, "Route not found.", status)

    def _tell(self, request: Request, what: Callable[[Part, Request], Response]) -> Response:
        if shut_out := self._shut_out(request):
            return shut_out
        part = self.parts.get(request.headers.get("X-BAPI-API-KEY", ""))
        if part is None:
            return refused(*NO_KEY)
        if refusal := _refusal(part, request):
            return refusal
        spent = self.budget.spend(f"{part.key} {request.path}")
        if spent > self.budget.limit:
            return throttled()
        response = what(part, request)
        response.headers["X-Bapi-Limit"] = str(self.budget.limit)
        response.headers["X-Bapi-Limit-Status"] = str(self.budget.limit - spent)
        response.headers["X-Bapi-Limit-Reset-Timestamp"] = str(now())
        return response

    def _shut_out(self, request: Request) -> Response | None:
        if self.address_budget.spend(request.remote_addr or "") > self.address_budget.limit:
            return answer("access too frequent", 403)
        return None


def _refusal(part: Part, request: Request) -> Response | None:
    stamp, window = (request.headers.get(f"X-BAPI-{name}", "") for name in ("TIMESTAMP", "RECV-WINDOW"))
    if not (is_number(stamp) and is_number(window) and -int(window) <= int(stamp) - now() < AHEAD):
        return refused(*NO_TIME)
    # What is signed is the query as it was sent, not what it means.
    text = f"{stamp}{part.key}{window}{request.query_string.decode('latin-1')}"
    if not is_same(part.signature(text), request.headers.get("X-BAPI-SIGN", "")):
        return refused(*NO_SIGNATURE)
    return None


def _wallet(part: Part, request: Request) -> Response:
    kind = part.whole["accountType"]
    if request.args.get("accountType") != kind:
        return refused(10001, f"accountType only support {kind}.")
    return granted({"list": [part.whole]})


def _info(part: Part, _: Request) -> Response:
    return granted(
        {
            "marginMode": part.mode,
            "updatedTime": "1697078946000",
            "unifiedMarginStatus": 6,
            "dcpStatus": "OFF",
            "timeWindow": 0,
            "smpGroup": 0,
            "isMasterTrader": False,
            "spotHedgingStatus": "OFF",
        }
    )


def _withdrawal(part: Part, request: Request) -> Response:
    coins = request.args.get("coinName", "").split(",")
    if not part.leaving.keys() >= set(coins) or len(coins) > AT_ONCE:
        return refused(10001, "params error: coinName")
    found = {coin: part.leaving[coin] for coin in coins}
    return granted({"availableWithdrawal": found[coins[0]], "availableWithdrawalMap": found})


def granted(result: dict[str, Any]) -> Response:
    """
    Return a success, in the venue's envelope.
    """
    return answer({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now()})


def refused(code: int, text: str, status: int = 200) -> Response:
    """
    Return a refusal, in the venue's envelope.
    """
    return answer({"retCode": code, "retMsg": text, "result": {}, "retExtInfo": {}, "time": now()}, status)


def throttled() -> Response:
    """
    Refuse a key that asks too often, and say when it may ask again.
    """
    response = refused(*TOO_MANY)
    response.headers["X-Bapi-Limit"] = str(LIMIT)
    response.headers["X-Bapi-Limit-Status"] = "0"
    response.headers["X-Bapi-Limit-Reset-Timestamp"] = str(now() + 1000)
    return response


def _part(name: str, whole: dict[str, Any], mode: str, leaving: Mapping[str, str]) -> Part:
    secret = hashlib.sha256(f"marginbook sandbox {name}".encode()).hexdigest()
    actor = Actor(name, {"api_key": secret[:18], "api_secret": secret[-36:]}, {"detail": "margin"})
    return Part(actor, whole, mode, leaving)


def drawn(name: str) -> Part:
    """
    Return one of the accounts that hold something awkward.
    """
    whole, mode, leaving = {
        "bybit": (CROSS, "REGULAR_MARGIN", {"USDT": "20779.62345677", "BTC": "0.75000000", "USDC": "500.00"}),
        "bybit-isolated": (
            ISOLATED,
            "ISOLATED_MARGIN",
            {"USDC": "9007199254740980.86596421", "ETH": "0.000000000000000001"},
        ),
    }[name]
    return _part(name, whole, mode, leaving)


def stages() -> list[Stage]:
    """
    Return the unified account, with nothing asked yet.
    """
    return [staged(drawn("bybit"), drawn("bybit-isolated"))]


def staged(*parts: Part, unified: Unified | None = None) -> Stage:
    """
    Put accounts on a stage.
    """
    unified = unified or Unified({part.key: part for part in parts})
    return Stage(
        "bybit",
        tuple(part.actor for part in parts),
        {
            "/v5/account/wallet-balance": unified.wallet_balance,
            "/v5/account/info": unified.info,
            "/v5/account/withdrawal": unified.withdrawal,
            "/v5/market/time": unified.time,
        },
        {"/v5": unified.lost},
        refusals={
            "clock": lambda: refused(*NO_TIME),
            "key": lambda: refused(*NO_KEY),
            "signature": lambda: refused(*NO_SIGNATURE),
            "throttled": throttled,
            "error-in-200": lambda: refused(*BROKEN),
        },
        assets=ASSETS,
        portray=portray,
        beyond={
            "isolated": "the margin mode is that of the whole account, so that no isolated position stands beside a"
            " cross one; nor is PnL available in isolated margin",
        },
    )


def portray(portrait: Portrait) -> Stage:
    """
    Play an account in cross margin that holds what a portrait says. A unit of each of its coins is worth a dollar.
    """
    rows = [_drawn(coin, wallet) for coin, wallet in zip(ASSETS, portrait.wallets, strict=False)]
    leaving = {coin: f"{wallet.max_withdraw:f}" for coin, wallet in zip(ASSETS, portrait.wallets, strict=False)}
    return staged(_part(f"bybit-{portrait.name}", _whole(portrait.wallets, rows), "REGULAR_MARGIN", leaving))


def _drawn(coin: str, wallet: Wallet) -> dict[str, Any]:
    # What a loss takes beyond the wallet is borrowed for it, and is in no wallet.
    lost = max(-wallet.equity, Decimal())
    return _coin(
        coin,
        f"{wallet.wallet_balance + wallet.borrowed:f}",
        f"{wallet.equity:f}",
        unrealisedPnl=f"{wallet.unrealized_pnl:f}",
        totalPositionIM=f"{wallet.position_margin:f}",
        totalOrderIM=f"{wallet.order_margin:f}",
        totalPositionMM=f"{wallet.maintenance_margin:f}",
        borrowAmount=f"{wallet.borrowed + lost:f}",
        spotBorrow=f"{wallet.borrowed:f}",
        usdValue=f"{wallet.equity:f}",
    )


def _whole(wallets: tuple[Wallet, ...], rows: list[dict[str, Any]]) -> dict[str, Any]:
    margin, maintained = sum(w.initial_margin for w in wallets), sum(w.maintenance_margin for w in wallets)
    pnl, equity = sum(w.unrealized_pnl for w in wallets), sum(w.equity for w in wallets)
    return {
        "totalEquity": f"{equity:f}",
        "accountIMRate": "0",
        "accountIMRateByMp": "0",
        "totalMarginBalance": f"{equity:f}",
        "totalInitialMargin": f"{margin:f}",
        "totalInitialMarginByMp": f"{margin:f}",
        "accountType": "UNIFIED",
        # What is available is so to the account as a whole. What lacks for equity is the haircut.
        "totalAvailableBalance": f"{wallets[0].available_balance:f}",
        "accountMMRate": "0",
        "accountMMRateByMp": "0",
        "totalPerpUPL": f"{pnl:f}",
        "totalWalletBalance": f"{sum(w.wallet_balance + w.borrowed for w in wallets):f}",
        "accountLTV": "0",
        "totalMaintenanceMargin": f"{maintained:f}",
        "totalMaintenanceMarginByMp": f"{maintained:f}",
        "coin": rows,
    }
