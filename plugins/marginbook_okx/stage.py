"""
OKX's trading account as the sandbox plays it.

Sources: OKX, "REST Authentication", "Rate Limits" and "Error Code", copy of 2026-06-27; the help page "Multi-currency
margin mode: cross margin trading" for what equity is made of. The order in which OKX checks a request is not
documented; here it is key, passphrase, environment, time, signature, limit.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from marginbook.sandbox import Actor, Budget, Stage, answer, is_same, now

if TYPE_CHECKING:
    from decimal import Decimal

    from werkzeug.wrappers import Request, Response

    from marginbook.sandbox import Portrait, Wallet

#: Requests that may be made in two seconds: of an account with each operation, and for the time from an address.
LIMITS: Final = {"balance": 10, "config": 5, "max-withdrawal": 20, "time": 10}

#: Seconds that a request may be off the venue's clock.
DRIFT: Final = 30

NO_KEY: Final = ("50111", "Invalid OK-ACCESS-KEY.", 401)
NO_PASSPHRASE: Final = ("50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.', 401)
OTHER_WORLD: Final = ("50101", "APIKey does not match current environment.", 401)
NO_TIME: Final = ("50112", "Invalid OK-ACCESS-TIMESTAMP.", 401)
EXPIRED: Final = ("50102", "Timestamp request expired.", 401)
NO_SIGNATURE: Final = ("50113", "Invalid signature.", 401)
TOO_MANY: Final = ("50011", "Too Many Requests", 429)
FAILED: Final = ("1", "Operation failed.", 200)
LOST: Final = ("50005", "API endpoint is inactive or unavailable.")

ASSETS: Final = ("USDT", "USDC")

#: When everything last changed.
UPDATED: Final = "1795694400500"

#: Account modes.
FUTURES: Final = "2"
MULTI: Final = "3"


def _row(ccy: str, cash: str, equity: str, **figures: str) -> dict[str, Any]:
    return {
        "autoLendStatus": "off",
        "autoLendMtAmt": "0",
        "availBal": cash,
        "availEq": equity,
        "borrowFroz": "",
        "cashBal": cash,
        "ccy": ccy,
        "crossLiab": "",
        "colRes": "0",
        "collateralEnabled": False,
        "collateralRestrict": False,
        "colBorrAutoConversion": "0",
        "disEq": "",
        "eq": equity,
        "eqUsd": equity,
        "smtSyncEq": "0",
        "spotCopyTradingEq": "0",
        "fixedBal": "0",
        "frozenBal": "0",
        "frpType": "0",
        "imr": "",
        "interest": "",
        "isoEq": "0",
        "isoLiab": "",
        "isoUpl": "0",
        "liab": "",
        "maxLoan": "",
        "mgnRatio": "",
        "mmr": "",
        "notionalLever": "",
        "ordFrozen": "0",
        "rewardBal": "0",
        "spotInUseAmt": "",
        "clSpotInUseAmt": "",
        "maxSpotInUse": "",
        "spotIsoBal": "0",
        "stgyEq": "0",
        "twap": "0",
        "uTime": UPDATED,
        "upl": "0",
        "uplLiab": "",
        "spotBal": "",
        "openAvgPx": "",
        "accAvgPx": "",
        "spotUpl": "",
        "spotUplRatio": "",
        "totalPnl": "",
        "totalPnlRatio": "",
        **figures,
    }


def _whole(equity: str, rows: list[dict[str, Any]], **figures: str) -> dict[str, Any]:
    return {
        "adjEq": "",
        "availEq": "",
        "borrowFroz": "",
        "delta": "",
        "deltaLever": "",
        "deltaNeutralStatus": "",
        "details": rows,
        "imr": "",
        "isoEq": "0",
        "mgnRatio": "",
        "mmr": "",
        "notionalUsd": "",
        "notionalUsdForBorrow": "",
        "notionalUsdForFutures": "",
        "notionalUsdForOption": "",
        "notionalUsdForSwap": "",
        "ordFroz": "",
        "totalEq": equity,
        "uTime": UPDATED,
        "upl": "",
        **figures,
    }


#: Futures mode: an isolated position beside a cross one, and a currency with eighteen decimals.
SINGLE: Final = _whole(
    "17260.750000000000090000",
    [
        _row(
            "USDT",
            "8000.25",
            "8260.75",
            availEq="7930.25",
            frozenBal="330.5",
            imr="120",
            mmr="10",
            ordFrozen="20",
            isoEq="210.5",
            isoUpl="-15.25",
            upl="34.75",
        ),
        _row("BTC", "0.100000000000000001", "0.100000000000000001", imr="0", mmr="0"),
    ],
    isoEq="210.5",
)

#: Multi-currency margin: a debt with interest, a trading bot, options, and more digits than others can hold.
SHARED: Final = _whole(
    "9007199254926393.385",
    [
        _row(
            "USDT",
            "-250.5",
            "-350.625",
            availEq="0",
            crossLiab="350.625",
            interest="0.125",
            liab="350.625",
            upl="-100",
            uplLiab="100",
        ),
        _row("BTC", "1.50000000", "1.75000000", availEq="1.50000000", frozenBal="0.25", interest="0", stgyEq="0.25"),
        _row("ETH", "10", "10.5", availEq="10", interest="0"),
        _row("USDC", "9007199254740993.01", "9007199254740993.01", interest="0"),
    ],
    adjEq="9007199254700000.5",
    availEq="9007199254699879.5",
    borrowFroz="0",
    imr="121",
    mgnRatio="700",
    mmr="12.5",
    notionalUsd="1210",
    ordFroz="21",
    upl="-100",
)


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

    @property
    def simulated(self) -> str:
        """
        What its requests say of demo trading.
        """
        return "1" if self.actor.options.get("simulated_trading") else ""

    def signature(self, text: str) -> str:
        """
        Return the signature of a text with its secret.
        """
        digest = hmac.new(self.actor.credentials["api_secret"].encode(), text.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


@frozen
class Trading:
    """
    The accounts by key, and how often each operation was asked for.
    """

    parts: Mapping[str, Part]
    budgets: Mapping[str, Budget] = field(
        factory=lambda: {name: Budget(limit, seconds=2) for name, limit in LIMITS.items()}
    )

    def balance(self, request: Request) -> Response:
        """
        Answer with the balance of the account.
        """
        return self._tell(request, "balance", lambda part: [part.whole])

    def config(self, request: Request) -> Response:
        """
        Answer with the settings of the account.
        """
        return self._tell(request, "config", lambda part: [_settings(part)])

    def max_withdrawal(self, request: Request) -> Response:
        """
        Answer with what can leave the account.
        """
        return self._tell(request, "max-withdrawal", lambda part: [_leaving(*row) for row in part.leaving.items()])

    def time(self, request: Request) -> Response:
        """
        Tell the time, to everybody.
        """
        return self._throttled(request.remote_addr or "", "time") or granted([{"ts": str(now())}])

    def _tell(self, request: Request, operation: str, what: Callable[[Part], list[Any]]) -> Response:
        part = self.parts.get(request.headers.get("OK-ACCESS-KEY", ""))
        if part is None:
            return refused(*NO_KEY)
        return _refusal(part, request) or self._throttled(part.key, operation) or granted(what(part))

    def _throttled(self, who: str, operation: str) -> Response | None:
        budget = self.budgets[operation]
        return refused(*TOO_MANY) if budget.spend(who) > budget.limit else None


def _refusal(part: Part, request: Request) -> Response | None:
    sent = request.headers
    if sent.get("OK-ACCESS-PASSPHRASE") != part.actor.credentials["passphrase"]:
        return refused(*NO_PASSPHRASE)
    if sent.get("x-simulated-trading", "") != part.simulated:
        return refused(*OTHER_WORLD)
    stamp = sent.get("OK-ACCESS-TIMESTAMP", "")
    when = _read(stamp)
    if when is None or abs(when - now() / 1000) > DRIFT:
        return refused(*(NO_TIME if when is None else EXPIRED))
    # What is signed is the path and query as they were sent, not what they mean.
    signed = f"{stamp}{request.method}{request.environ['RAW_URI']}"
    if not is_same(part.signature(signed), sent.get("OK-ACCESS-SIGN", "")):
        return refused(*NO_SIGNATURE)
    return None


def _read(stamp: str) -> float | None:
    try:
        return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _settings(part: Part) -> dict[str, Any]:
    return {
        "acctLv": part.mode,
        "acctStpMode": "cancel_maker",
        "autoLoan": part.mode == MULTI,
        "ctIsoMode": "automatic",
        "enableSpotBorrow": False,
        "greeksType": "PA",
        "feeType": "0",
        "ip": "",
        "type": "0",
        "kycLv": "3",
        "label": "sandbox",
        "level": "Lv1",
        "levelTmp": "",
        "liquidationGear": "-1",
        "mainUid": "44705892343619584",
        "mgnIsoMode": "automatic",
        "opAuth": "1",
        "perm": "read_only",
        "posMode": "net_mode",
        "roleType": "0",
        "spotBorrowAutoRepay": False,
        "spotOffsetType": "",
        "spotRoleType": "0",
        "spotTraderInsts": [],
        "stgyType": "0",
        "traderInsts": [],
        "uid": "44705892343619584",
        "settleCcy": "USDC",
        "settleCcyList": ["USD", "USDC", "USDG"],
    }


def _leaving(ccy: str, digits: str) -> dict[str, str]:
    return {"ccy": ccy, "maxWd": digits, "maxWdEx": digits, "spotOffsetMaxWd": "", "spotOffsetMaxWdEx": ""}


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # its status says it all
    """
    Refuse a path that there is not, or not for this method. The body of this answer is not documented.
    """
    return refused(*LOST, status)


def granted(data: list[Any]) -> Response:
    """
    Return a success, in the venue's envelope.
    """
    return answer({"code": "0", "data": data, "msg": ""})


def refused(code: str, text: str, status: int) -> Response:
    """
    Return a refusal, in the venue's envelope.
    """
    return answer({"code": code, "data": [], "msg": text}, status)


def _part(name: str, whole: dict[str, Any], mode: str, leaving: Mapping[str, str], **options: bool) -> Part:
    secret = hashlib.sha256(f"marginbook sandbox {name}".encode()).hexdigest()
    secrets = {"api_key": secret[:32], "api_secret": secret[-32:].upper(), "passphrase": f"{name} passphrase"}
    return Part(Actor(name, secrets, {"detail": "margin", **options}), whole, mode, leaving)


def drawn(name: str) -> Part:
    """
    Return one of the accounts that hold something awkward.
    """
    if name == "okx":
        return _part(name, SINGLE, FUTURES, {"USDT": "7900.25", "BTC": "0.100000000000000001"})
    leaving = {"USDT": "0", "BTC": "1.50000000", "ETH": "10", "USDC": "9007199254699879.5"}
    return _part(name, SHARED, MULTI, leaving, simulated_trading=True)


def stages() -> list[Stage]:
    """
    Return the trading account, with nothing asked yet.
    """
    return [staged(drawn("okx"), drawn("okx-multi"))]


def staged(*parts: Part, trading: Trading | None = None) -> Stage:
    """
    Put accounts on a stage.
    """
    trading = trading or Trading({part.key: part for part in parts})
    return Stage(
        "okx",
        tuple(part.actor for part in parts),
        {
            "/api/v5/account/balance": trading.balance,
            "/api/v5/account/config": trading.config,
            "/api/v5/account/max-withdrawal": trading.max_withdrawal,
            "/api/v5/public/time": trading.time,
        },
        {"/api/v5": lost},
        refusals={
            "clock": lambda: refused(*EXPIRED),
            "key": lambda: refused(*NO_KEY),
            "signature": lambda: refused(*NO_SIGNATURE),
            "throttled": lambda: refused(*TOO_MANY),
            "error-in-200": lambda: refused(*FAILED),
        },
        # Of its many amounts, one that no other figure is made of in an account like the first.
        amount="availEq",
        assets=ASSETS,
        portray=portray,
        beyond={
            "indebted": "what is owed is a balance below zero, so that no borrowed money lies beside one's own in the"
            " same currency",
        },
    )


def portray(portrait: Portrait) -> Stage:
    """
    Play an account that holds what a portrait says: in Futures mode, or where assets are one collateral in
    multi-currency margin. A unit of each currency is worth a dollar.
    """
    pairs = list(zip(ASSETS, portrait.wallets, strict=False))
    leaving = {ccy: f"{wallet.max_withdraw:f}" for ccy, wallet in pairs}
    name = f"okx-{portrait.name}"
    if portrait.shared:
        return staged(_part(name, _shared(portrait.wallets, pairs), MULTI, leaving))
    rows = [_drawn(ccy, wallet, imr=wallet.initial_margin - wallet.isolated_margin) for ccy, wallet in pairs]
    isolated = sum(wallet.isolated_margin + wallet.isolated_pnl for wallet in portrait.wallets)
    whole = _whole(f"{sum(wallet.equity for wallet in portrait.wallets):f}", rows, isoEq=f"{isolated:f}")
    return staged(_part(name, whole, FUTURES, leaving))


def _drawn(ccy: str, wallet: Wallet, *, imr: Decimal) -> dict[str, Any]:
    isolated = wallet.isolated_margin + wallet.isolated_pnl
    return _row(
        ccy,
        f"{wallet.cross_wallet_balance:f}",
        f"{wallet.equity:f}",
        availEq=f"{wallet.available_balance:f}",
        frozenBal=f"{imr + isolated:f}",
        imr=f"{imr:f}",
        mmr=f"{wallet.maintenance_margin:f}",
        ordFrozen=f"{wallet.order_margin:f}",
        isoEq=f"{isolated:f}",
        isoUpl=f"{wallet.isolated_pnl:f}",
        upl=f"{wallet.unrealized_pnl:f}",
    )


def _shared(wallets: tuple[Wallet, ...], pairs: list[tuple[str, Wallet]]) -> dict[str, Any]:
    rows = [
        {**_drawn(ccy, wallet, imr=wallet.initial_margin), "imr": "", "mmr": "", "liab": "0", "interest": "0"}
        for ccy, wallet in pairs
    ]
    margin, free = sum(wallet.initial_margin for wallet in wallets), wallets[0].available_balance
    return _whole(
        f"{sum(wallet.equity for wallet in wallets):f}",
        rows,
        # What is available is so to the account as a whole. What lacks for equity is the haircut.
        adjEq=f"{free + margin:f}",
        availEq=f"{free:f}",
        imr=f"{margin:f}",
        mmr=f"{sum(wallet.maintenance_margin for wallet in wallets):f}",
        ordFroz=f"{sum(wallet.order_margin for wallet in wallets):f}",
        upl=f"{sum(wallet.unrealized_pnl for wallet in wallets):f}",
    )
