"""
KuCoin Futures as the sandbox plays them.

Sources: KuCoin, "Authentication", "Errors" and "Rate Limit", as copied in 2022 to 2026. The order in which KuCoin
checks a request is not documented; here it is headers, time, key, passphrase, signature, quota. Nor is the status of
each code; here it is 401 for what identifies the caller, as for all "unauthorized" there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen
from werkzeug.wrappers import Response

from marginbook.sandbox import Actor, Budget, Portrait, Stage, Wallet, answer, is_number, is_same, now

if TYPE_CHECKING:
    from decimal import Decimal

    from werkzeug.wrappers import Request

#: What a user may spend in a period, and what an address may.
QUOTA: Final = 2000
PERIOD: Final = 30

#: What each operation costs.
OVERVIEW: Final = 5
CONTRACTS: Final = 3
TIME: Final = 2

#: Milliseconds that a request may be off the venue's clock, in either direction.
DRIFT: Final = 5000


#: The currencies that an account can be in, with what each is the settlement of.
ASSETS: Final = ("USDT", "XBT")
CURRENCIES: Final = {"USDT": "XBTUSDTM", "USDC": "XBTUSDCM", "XBT": "XBTUSDM", "ETH": "ETHUSDM", "DOT": "DOTUSDM"}


def _overview(wallet: str = "0", pnl: str = "0", **told: str) -> dict[str, str]:
    """
    Return an account in one currency, with the digits of its amounts.
    """
    return {
        "accountEquity": "0",
        "unrealisedPNL": pnl,
        "marginBalance": wallet,
        "positionMargin": "0",
        "orderMargin": "0",
        "frozenFunds": "0",
        "availableBalance": "0",
        "riskRatio": "0",
        "maxWithdrawAmount": "0",
        **told,
    }


#: Isolated positions and a transfer in USDT; a cross position with its gain in its margin in XBT; in ETH, equity that
#: is not what it is documented as; in DOT, an amount with an exponent; nothing in USDC.
ACCOUNT: Final[dict[str, dict[str, str]]] = {
    "USDT": _overview(
        "81.072921258",
        "0.2007",
        accountEquity="81.273621258",
        positionMargin="36.80984008",
        orderMargin="18.1188",
        frozenFunds="1.5",
        availableBalance="24.644281178",
        maxWithdrawAmount="24.644281178",
    ),
    "XBT": _overview(
        "4.75645128",
        "0.22549",
        accountEquity="4.98194128",
        positionMargin="0.2412237499",
        availableBalance="4.9662075301",
        riskRatio="0.0031583",
        maxWithdrawAmount="4.7407175301",
    ),
    "ETH": _overview(
        "60.580534388",
        "16.26175",
        accountEquity="76.593630228",
        positionMargin="44.8364570708",
        availableBalance="41.5171731572",
        riskRatio="0.02",
        maxWithdrawAmount="25.2554231572",
    ),
    "DOT": _overview("5E-05", accountEquity="5E-05", availableBalance="5E-05", maxWithdrawAmount="5E-05"),
}


@frozen
class Part:
    """
    An account, and what it holds by currency.
    """

    actor: Actor
    holds: Mapping[str, Mapping[str, str]]

    @property
    def key(self) -> str:
        """
        Its API key.
        """
        return self.actor.credentials["api_key"]


@frozen
class Futures:
    """
    The accounts by key, and what users and addresses have spent.
    """

    parts: Mapping[str, Part]
    budget: Budget = field(factory=lambda: Budget(QUOTA, PERIOD))
    public: Budget = field(factory=lambda: Budget(QUOTA, PERIOD))

    def overview(self, request: Request) -> Response:
        """
        Answer with the account in one currency, by default that in XBT.
        """
        if refusal := self._refusal(request):
            return refusal
        currency = request.args.get("currency", "XBT")
        if currency not in CURRENCIES:
            return _error(400, "400100", "Invalid currency.")
        return _told(currency, self._part(request).holds.get(currency, _overview()))

    def contracts(self, request: Request) -> Response:
        """
        Answer with the contracts, to everybody.
        """
        rows = [{"symbol": symbol, "settleCurrency": currency} for currency, symbol in CURRENCIES.items()]
        return self._serve(request, CONTRACTS, rows)

    def time(self, request: Request) -> Response:
        """
        Tell the time, to everybody.
        """
        return self._serve(request, TIME, now())

    def _serve(self, request: Request, weight: int, data: Any) -> Response:
        if self.public.spend(request.remote_addr or "", weight) > self.public.limit:
            return throttled(self.public)
        return answer({"code": "200000", "data": data})

    def _part(self, request: Request) -> Part:
        return self.parts[request.headers["KC-API-KEY"]]

    def _refusal(self, request: Request) -> Response | None:
        sent = request.headers
        if not all(sent.get(f"KC-API-{name}") for name in ("KEY", "SIGN", "TIMESTAMP", "PASSPHRASE")):
            return _error(401, "400001", "Please check the header of your request.")
        moment = sent["KC-API-TIMESTAMP"]
        if not is_number(moment) or abs(int(moment) - now()) > DRIFT:
            return expired()
        if sent["KC-API-KEY"] not in self.parts:
            return unknown_key()
        secrets = self._part(request).actor.credentials
        if not _is_same(sent["KC-API-PASSPHRASE"], secrets, secrets["passphrase"]):
            return _error(401, "400004", "Invalid KC-API-PASSPHRASE")
        # Not by the signer's own function: a mistake in it would sign and check alike.
        text = "".join([moment, request.method, request.environ["RAW_URI"], request.get_data(as_text=True)])
        if not _is_same(sent["KC-API-SIGN"], secrets, text):
            return unsigned()
        return throttled(self.budget) if self.budget.spend(sent["KC-API-KEY"], OVERVIEW) > self.budget.limit else None


def _is_same(signature: str, secrets: Mapping[str, str], text: str) -> bool:
    expected = base64.b64encode(hmac.digest(secrets["api_secret"].encode(), text.encode(), hashlib.sha256))
    return is_same(expected.decode(), signature)


def unknown_key() -> Response:
    """
    Refuse a key that there is not.
    """
    return _error(401, "400003", "KC-API-KEY not exists")


def unsigned() -> Response:
    """
    Refuse a signature.
    """
    return _error(401, "400005", "Invalid KC-API-SIGN")


def expired() -> Response:
    """
    Refuse the time of a request.
    """
    return _error(400, "400002", "Invalid KC-API-TIMESTAMP")


def failed() -> Response:
    """
    Say with status 200 that something went wrong inside.
    """
    return _error(200, "500000", "Internal Server Error")


def throttled(budget: Budget | None = None) -> Response:
    """
    Refuse one request too many, and say in how many milliseconds the next is welcome.
    """
    budget = budget or Budget(QUOTA, PERIOD)
    refusal = _error(429, "429000", "Too many requests")
    refusal.headers["gw-ratelimit-limit"] = str(budget.limit)
    refusal.headers["gw-ratelimit-remaining"] = "0"
    refusal.headers["gw-ratelimit-reset"] = str(budget.wait() * 1000)
    return refusal


def lost(request: Request, status: int) -> Response:  # noqa: ARG001  # its status says it all
    """
    Refuse a path that there is not, or not for this method.
    """
    return _error(status, "404000", HTTPStatus(status).phrase)


def _told(currency: str, row: Mapping[str, str]) -> Response:
    """
    Answer with amounts as JSON numbers, in the very digits that they have.
    """
    amounts = ",".join(f'"{name}":{digits}' for name, digits in row.items())
    text = f'{{"code":"200000","data":{{{amounts},"currency":{json.dumps(currency)}}}}}'
    return Response(text, content_type="application/json")


def _error(status: int, code: str, text: str) -> Response:
    return answer({"code": code, "msg": text}, status)


def portray(portrait: Portrait) -> Stage:
    """
    Play an account that holds what *portrait* says.
    """
    holds = {asset: _portrayed(wallet) for asset, wallet in zip(ASSETS, portrait.wallets, strict=False)}
    return _stage(Part(_actor(f"kucoin-futures-{portrait.name}"), holds))


def _portrayed(wallet: Wallet) -> dict[str, str]:
    """
    Return an account as KuCoin documents it: equity is the margin balance with the PnL, and margins have none in them.
    """
    return _overview(
        _digits(wallet.wallet_balance),
        _digits(wallet.unrealized_pnl),
        accountEquity=_digits(wallet.equity),
        positionMargin=_digits(wallet.position_margin),
        orderMargin=_digits(wallet.order_margin),
        availableBalance=_digits(wallet.available_balance),
        maxWithdrawAmount=_digits(wallet.max_withdraw),
    )


def _digits(amount: Decimal) -> str:
    return format(amount, "f")


def _actor(name: str) -> Actor:
    def digits(what: str) -> str:
        return hashlib.sha256(f"marginbook sandbox {name} {what}".encode()).hexdigest()

    secrets = {"api_key": digits("key")[:24], "api_secret": digits("secret")[:36], "passphrase": digits("phrase")[:12]}
    return Actor(name, secrets)


def _stage(part: Part) -> Stage:
    futures = Futures({part.key: part})
    return Stage(
        "kucoin-futures",
        (part.actor,),
        {
            "/api/v1/account-overview": futures.overview,
            "/api/v1/contracts/active": futures.contracts,
            "/api/v1/timestamp": futures.time,
        },
        {"/api/v1/contracts": lost},
        refusals={
            "clock": expired,
            "key": unknown_key,
            "signature": unsigned,
            "throttled": throttled,
            "error-in-200": failed,
        },
        amount="marginBalance",
        assets=ASSETS,
        portray=portray,
        beyond={
            "indebted": "Nothing is lent in the classic futures account.",
            "pooled": "Each settlement currency is the collateral of its own contracts alone.",
        },
    )


def stages() -> list[Stage]:
    """
    Return an account with several currencies, with nothing asked yet.
    """
    return [_stage(Part(_actor("kucoin-futures"), ACCOUNT))]
