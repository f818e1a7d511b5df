"""
KuCoin Futures, from ``GET /api/v1/account-overview``, once for each settlement currency.

Which these are is read from the contracts, ``GET /api/v1/contracts/active``, and from the documents: a currency without
a contract may still have an account.

Source: the specification in ``specs/kucoin_futures.openapi.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import InvalidResponseError, Limit, Statement, Venue
from marginbook.wire import Client
from marginbook_clients.kucoin_futures.api.account import get_futures_account
from marginbook_clients.kucoin_futures.api.market import get_all_symbols, get_server_time
from marginbook_clients.kucoin_futures.costs import WEIGHTS
from marginbook_clients.kucoin_futures.specification import SPECIFICATION
from marginbook_kucoin_futures.codes import explain
from marginbook_kucoin_futures.keys import CREDENTIALS, sign
from marginbook_kucoin_futures.overviews import balance

if TYPE_CHECKING:
    import requests

    from marginbook import Account
    from marginbook_clients.kucoin_futures.models.account_overview import AccountOverview

#: The settlement currencies that KuCoin documents for the account.
DOCUMENTED: Final = ("USDT", "USDC", "XBT", "ETH")

#: What KuCoin answers here for a unified account is not documented, so that nothing may be less than it seems.
EMPTY: Final = (
    "The classic futures account holds nothing. If this is a unified account, its money is not in these rows: KuCoin"
    " tells of it elsewhere, where marginbook does not ask."
)

#: What each of the two pools allows, the user's and the address's.
POOL: Final = 2000


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for the settlement currencies, and for the account in each of them.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    overviews = [_overview(client, currency) for currency in _currencies(client)]
    holds = any(told.account_equity or told.margin_balance for told in overviews)
    return Statement([balance(account, told) for told in overviews], notes=[] if holds else [EMPTY])


def _currencies(client: Client) -> list[str]:
    """
    Return the documented settlement currencies, and those of all contracts.

    Raises:
        InvalidResponseError: There are no contracts, so that a currency may be missed.

    """
    traded = {contract.settle_currency for contract in get_all_symbols.sync(client=client).data}
    if not traded:
        msg = "KuCoin lists no contracts, so it is not known in which currencies there may be an account."
        raise InvalidResponseError(msg, hint="Try again later.")
    return [*DOCUMENTED, *sorted(traded.difference(DOCUMENTED))]


def _overview(client: Client, currency: str) -> AccountOverview:
    """
    Ask for the account in one currency.

    Raises:
        InvalidResponseError: The answer is about another: KuCoin has a default.

    """
    found = get_futures_account.sync(client=client, currency=currency).data
    if found.currency != currency:
        msg = f"AccountOverview.currency: expected the {currency} that was asked for."
        raise InvalidResponseError(msg)
    return found


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    return get_server_time.sync(client=client).data


def _weights(*operations: str) -> dict[str, int]:
    return {operation: WEIGHTS[operation] for operation in operations}


#: What else is told of a contract.
_CONTRACT: Final = """
    symbol rootSymbol type firstOpenDate expireDate settleDate baseCurrency quoteCurrency maxOrderQty
    maxPrice lotSize tickSize indexPriceTickSize multiplier initialMargin maintainMargin maxRiskLimit
    minRiskLimit riskStep makerFeeRate takerFeeRate takerFixFee makerFixFee settlementFee isDeleverage
    isQuanto isInverse markMethod fairMethod fundingBaseSymbol fundingQuoteSymbol fundingRateSymbol
    indexSymbol settlementSymbol status fundingFeeRate predictedFundingFeeRate fundingRateGranularity
    openInterest turnoverOf24h volumeOf24h markPrice indexPrice lastTradePrice nextFundingRateTime
    maxLeverage sourceExchanges premiumsSymbol1M premiumsSymbol8H fundingBaseSymbol1M fundingQuoteSymbol1M
    lowPrice highPrice priceChgPct priceChg k m f mmrLimit mmrLevConstant supportCross buyLimit sellLimit
"""

KUCOIN: Final = Venue(
    id="kucoin-futures",
    title="KuCoin Futures",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=[
        Limit(POOL, seconds=30, per="key", weights=_weights("GET /api/v1/account-overview")),
        Limit(POOL, seconds=30, weights=_weights("GET /api/v1/contracts/active", "GET /api/v1/timestamp")),
    ],
    explain=explain,
    credentials=CREDENTIALS,
    hosts={"production": "https://api-futures.kucoin.com"},
    fills={
        "wallet_balance": "`marginBalance`, where `accountEquity` is what KuCoin says it is: that + `unrealisedPNL`",
        "unrealized_pnl": "`unrealisedPNL`",
        "equity": "`accountEquity`",
        "initial_margin": "derived: position_margin + order_margin",
        "position_margin": "`positionMargin`, where `marginBalance` is it + `orderMargin` + `frozenFunds` +"
        " `availableBalance`, with `unrealisedPNL` taken off as documented, or without",
        "order_margin": "`orderMargin`",
        "available_balance": "`availableBalance`",
        "max_withdraw": "`maxWithdrawAmount`",
    },
    unknown={
        "wallet_balance": "Where `accountEquity` is not what KuCoin says it is, as in its own example, which has more.",
        "initial_margin": "Where the position margin is not known.",
        "position_margin": "Where it does not fit: in the published examples, `positionMargin` has the unrealized PnL"
        " of cross positions in it.",
        "maintenance_margin": "No part of the answer. `riskRatio` is that of cross positions alone.",
        "max_withdraw": "In older answers, which do not tell it.",
        "cross_wallet_balance": "KuCoin does not tell cross and isolated positions apart here.",
        "cross_unrealized_pnl": "KuCoin does not tell cross and isolated positions apart here.",
        "updated_at": "No part of the answer.",
    },
    ignores={
        "riskRatio": "maintenance margin by equity of cross positions alone, rounded",
        **dict.fromkeys(_CONTRACT.split(), "about a contract, of which only what it is settled in is read"),
    },
)
