"""
Kraken Futures as the sandbox plays it.

Sources: Kraken, "Futures REST" for keys, signatures and nonces, "Get wallets" for bodies and errors, "Derivatives Rate
Limits" for the budget, and the pages on single- and multi-collateral contracts for how the figures hang together.
Which status an error has is not documented; here it is 200, and the body says that it is an error.

How far behind a nonce may be is not documented ("for a brief period of time"). Here each key has been used in the
moment in which the stage was made, by a program whose clock was right, and a nonce that is seconds behind is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from marginbook.sandbox import Actor, Budget, Portrait, Stage, Wallet, answer, is_number, is_same, now

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

#: What an address may spend in so many seconds, and what the wallets cost.
LIMIT: Final = 500
SECONDS: Final = 10
COST: Final = 2

#: Milliseconds that a nonce may be behind the largest that came before.
TOLERANCE: Final = 5000


#: Marks a text that is to be written as a number, so that it keeps its digits.
_BARE: Final = "\ue000"

ZERO: Final = Decimal()


def number(amount: Decimal | str) -> str:
    """
    Return what is written as a JSON number of the same digits.
    """
    return f"{_BARE}{Decimal(amount):f}"


def margin_wallet(currency: str, wallet: Wallet) -> dict[str, Any]:
    """
    Render a single-collateral wallet, whose portfolio value is balance and PnL.
    """
    return {
        "auxiliary": {
            "usd": number("0"),
            "pv": number(wallet.equity),
            "pnl": number(wallet.unrealized_pnl),
            "af": number(wallet.available_balance),
            "funding": number("0"),
        },
        "marginRequirements": {
            "im": number(wallet.initial_margin),
            "mm": number(wallet.maintenance_margin),
            "lt": number(wallet.maintenance_margin / 2),
            "tt": number(wallet.maintenance_margin / 4),
        },
        "triggerEstimates": {"im": number("0"), "mm": number("0"), "lt": number("0"), "tt": number("0")},
        "balances": {currency: f"{wallet.wallet_balance:f}"},
        "currency": currency,
        "type": "marginAccount",
    }


def flex_wallet(*wallets: tuple[str, Wallet]) -> dict[str, Any]:
    """
    Render the multi-collateral wallet of currencies that are worth a dollar each, and have no haircut.

    As much PnL is usable as margin as what is available needs: margin equity is that and initial margin.
    """
    whole = {
        name: sum((getattr(wallet, name) for _, wallet in wallets), ZERO)
        for name in (
            "wallet_balance",
            "unrealized_pnl",
            "equity",
            "initial_margin",
            "position_margin",
            "maintenance_margin",
        )
    }
    equity = (wallets[0][1].available_balance if wallets else ZERO) + whole["initial_margin"]
    return {
        "currencies": {
            name: {
                "quantity": number(wallet.wallet_balance),
                "value": number(wallet.wallet_balance),
                "collateral": number(wallet.wallet_balance),
                "available": number(wallet.max_withdraw),
            }
            for name, wallet in wallets
        },
        "initialMargin": number(whole["position_margin"]),
        "initialMarginWithOrders": number(whole["initial_margin"]),
        "maintenanceMargin": number(whole["maintenance_margin"]),
        "balanceValue": number(whole["wallet_balance"]),
        "portfolioValue": number(whole["equity"]),
        "collateralValue": number(whole["wallet_balance"]),
        "pnl": number(whole["unrealized_pnl"]),
        "unrealizedFunding": number("0"),
        "totalUnrealized": number(whole["unrealized_pnl"]),
        "totalUnrealizedAsMargin": number(equity - whole["wallet_balance"]),
        "availableMargin": number(equity - whole["initial_margin"]),
        "marginEquity": number(equity),
        "type": "multiCollateralMarginAccount",
    }


def cash_wallet(**balances: str) -> dict[str, Any]:
    """
    Render the cash wallet.
    """
    return {"balances": balances, "type": "cashAccount"}


NOTHING: Final = Wallet(wallet_balance="0.0", available_balance="0.0", max_withdraw="0.0")

#: Coins in several wallets, two of them with one currency, and a loss that is larger than a wallet.
COINS: Final[dict[str, Any]] = {
    "fi_ethusd": margin_wallet(
        "eth",
        Wallet(
            wallet_balance="3.25",
            unrealized_pnl="-3.75000000000001",
            position_margin="0.5",
            maintenance_margin="0.25",
            available_balance="-1.00000000000001",
            max_withdraw="0",
        ),
    ),
    "fi_xbtusd": margin_wallet(
        "xbt",
        Wallet(
            wallet_balance="1.41317567",
            unrealized_pnl="0.12421347",
            position_margin="0.4",
            order_margin="0.128",
            maintenance_margin="0.2376",
            available_balance="1.00938914",
            max_withdraw="0.88",
        ),
    ),
    "fv_xrpxbt": margin_wallet("xbt", NOTHING),
    "cash": cash_wallet(xbt="0.50000000", xrp="2.20188538338", usdt="0.0"),
    "flex": flex_wallet(),
}

#: Collateral of several kinds for positions with a loss, and a debt in dollars that the others back.
FLEX: Final[dict[str, Any]] = {
    "fi_xrpusd": margin_wallet(
        "xrp",
        Wallet(
            wallet_balance="11.00000001",
            unrealized_pnl="0.5",
            position_margin="2",
            maintenance_margin="1",
            available_balance="9.50000001",
            max_withdraw="9",
        ),
    ),
    "cash": cash_wallet(eur="12.5", xbt="0.0"),
    "flex": {
        "currencies": {
            "XBT": {
                "quantity": number("0.1185308247"),
                "value": number("10786.31"),
                "collateral": number("10570.5838"),
                "available": number("0.1185308247"),
            },
            "USD": {
                "quantity": number("-250.75"),
                "value": number("-250.75"),
                "collateral": number("-250.75"),
                "available": number("0"),
            },
            "USDT": {
                "quantity": number("5000.0000000001"),
                "value": number("4998.72"),
                "collateral": number("4948.7328"),
                "available": number("4000.25"),
            },
        },
        "initialMargin": number("1200.5"),
        "initialMarginWithOrders": number("1300.75"),
        "maintenanceMargin": number("600.25"),
        "balanceValue": number("15534.28"),
        "portfolioValue": number("15414.08"),
        "collateralValue": number("15268.57"),
        "pnl": number("-120.20"),
        "unrealizedFunding": number("0.35"),
        "totalUnrealized": number("-119.85"),
        "totalUnrealizedAsMargin": number("-119.85"),
        "availableMargin": number("13847.97"),
        "marginEquity": number("15148.72"),
        "type": "multiCollateralMarginAccount",
    },
}


@define(eq=False)
class Nonces:
    """
    What was used lately.
    """

    least: int = field(factory=lambda: now() - TOLERANCE)
    _lately: deque[tuple[str, int]] = field(factory=lambda: deque(maxlen=1000), init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def trouble(self, key: str, nonce: str) -> str:
        """
        Say what is wrong with a nonce, or "". There need not be any.
        """
        if not nonce:
            return ""
        if not is_number(nonce):
            return "invalidArgument"
        with self._lock:
            if (key, int(nonce)) in self._lately:
                return "nonceDuplicate"
            self._lately.append((key, int(nonce)))
        return "nonceBelowThreshold" if int(nonce) < self.least else ""


@frozen
class Exchange:
    """
    The accounts by key, with their secrets, and what came of them and of their address.
    """

    accounts: Mapping[str, tuple[str, dict[str, Any]]]
    budget: Budget = field(factory=lambda: Budget(LIMIT, SECONDS))
    nonces: Nonces = field(factory=Nonces)

    def wallets(self, request: Request) -> Response:
        """
        Answer with the wallets of the key, or say what is wrong with the request.
        """
        if self.budget.spend(request.remote_addr or "", COST) > self.budget.limit:
            return throttled()
        key = request.headers.get("APIKey", "")
        if key not in self.accounts or not self._is_signed(request, self.accounts[key][0]):
            return unauthenticated()
        if trouble := self.nonces.trouble(key, request.headers.get("Nonce", "")):
            return error(trouble)
        return written({"result": "success", "accounts": self.accounts[key][1], "serverTime": _written_now()})

    def status(self, request: Request) -> Response:
        """
        Tell the state of one contract, to everybody, and the time.
        """
        kinds = request.args.getlist("contractType")
        contract = {
            "tradeable": "PI_XBTUSD",
            "experiencingDislocation": False,
            "priceDislocationDirection": None,
            "experiencingExtremeVolatility": False,
            "extremeVolatilityInitialMarginMultiplier": 1,
        }
        rows = [contract] if not kinds or {"futures_inverse", "all"}.intersection(kinds) else []
        return answer({"result": "success", "instrumentStatus": rows, "serverTime": _written_now()})

    def _is_signed(self, request: Request, secret: str) -> bool:
        # Not by the signer's own function: a mistake in it would sign and check alike.
        path, _, query = request.environ["RAW_URI"].partition("?")
        nonce = request.headers.get("Nonce", "")
        inner = hashlib.new("sha256", (query + nonce + path[path.index("/api/") :]).encode("latin-1"))
        outer = hmac.digest(base64.b64decode(secret), inner.digest(), "sha512")
        return is_same(base64.b64encode(outer).decode(), request.headers.get("Authent", ""))


def written(body: Any) -> Response:
    """
    Return a JSON answer in which marked texts are numbers.
    """
    response = answer(body)
    response.set_data(re.sub(f'"{_BARE}([^"]*)"', r"\1", response.get_data(as_text=True)))
    return response


def error(word: str) -> Response:
    """
    Return an error as Kraken says it.
    """
    return answer({"result": "error", "error": word, "serverTime": _written_now()})


def unauthenticated() -> Response:
    """
    Refuse a key or a signature.
    """
    return error("authenticationError")


def throttled() -> Response:
    """
    Say that the address has spent what it may.
    """
    return error("apiLimitExceeded")


def stale() -> Response:
    """
    Refuse a nonce that is lower than those before it.
    """
    return error("nonceBelowThreshold")


def broken() -> Response:
    """
    Say with status 200 that something went wrong.
    """
    return error("Server Error")


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # its status says it all
    """
    Refuse a path that there is not, or not for this method.
    """
    response = error("notFound")
    response.status_code = status
    return response


def _written_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _secret(name: str) -> str:
    return base64.b64encode(hashlib.sha512(f"marginbook sandbox {name}".encode()).digest()).decode()


def _key(name: str) -> str:
    return base64.b64encode(hashlib.sha256(f"marginbook sandbox key {name}".encode()).digest()[:42]).decode()


def stage(accounts: dict[str, dict[str, Any]]) -> Stage:
    """
    Return the venue with these accounts, by name, and nothing spent yet.
    """
    exchange = Exchange({_key(name): (_secret(name), wallets) for name, wallets in accounts.items()})
    return Stage(
        "kraken-futures",
        tuple(Actor(name, {"api_key": _key(name), "api_secret": _secret(name)}) for name in accounts),
        {
            "/derivatives/api/v3/accounts": exchange.wallets,
            "/derivatives/api/v3/instruments/status": exchange.status,
        },
        {"/derivatives/api": lost},
        refusals={
            "clock": stale,
            "key": unauthenticated,
            "signature": unauthenticated,
            "throttled": throttled,
            "error-in-200": broken,
        },
        amount="pv",
        assets=("USD", "USDT"),
        portray=portray,
        beyond={"indebted": "Nothing is lent to futures accounts."},
    )


def portray(portrait: Portrait) -> Stage:
    """
    Play one account. What needs isolated positions or shared collateral is in the multi-collateral wallet, where Kraken
    has these; all else is in a single-collateral wallet of dollars, for its figures tell more.
    """
    (wallet, *others), names = portrait.wallets, ("USD", "USDT")
    if others or portrait.shared or wallet.isolated_margin:
        wallets = {"flex": flex_wallet(*zip(names, portrait.wallets, strict=False))}
    else:
        wallets = {"fv_xbtusd": margin_wallet("usd", wallet), "flex": flex_wallet()}
    return stage({f"kraken-futures-{portrait.name}": {**wallets, "cash": cash_wallet()}})


def stages() -> list[Stage]:
    """
    Return the venue, with nothing asked yet.
    """
    return [stage({"kraken-futures": COINS, "kraken-flex": FLEX})]
