"""
Kraken Futures, from ``GET /derivatives/api/v3/accounts``.

Source: the specification in ``specs/kraken_futures.openapi.yaml``; Kraken, "Derivatives Rate Limits".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from marginbook import ConfigurationError, InvalidResponseError, Limit, Option, Statement, Venue
from marginbook.wire import Client, Unset
from marginbook_clients.kraken_futures.api.account import get_accounts
from marginbook_clients.kraken_futures.api.market import get_instrument_status_list
from marginbook_clients.kraken_futures.costs import WEIGHTS
from marginbook_clients.kraken_futures.specification import SPECIFICATION
from marginbook_kraken_futures.codes import explain
from marginbook_kraken_futures.keys import CREDENTIALS, sign
from marginbook_kraken_futures.wallets import (
    FLEX,
    OPAQUE,
    balance,
    has_positions,
    holdings,
    locks,
    missing,
    names,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import requests

    from marginbook import Account
    from marginbook_clients.kraken_futures.models.accounts import Accounts

#: The option that asks for every wallet.
ALL: Final = "all"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: The fewest contracts: nobody looks at them.
_FEWEST: Final = "futures_inverse"


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all wallets at once.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    return statement(account, get_accounts.sync(client=client).accounts)


def statement(account: Account, accounts: Accounts) -> Statement:
    """
    Translate the wallets, or the one that the account asks for.

    Raises:
        ConfigurationError: There is no such wallet.

        InvalidResponseError: A wallet is of an unknown kind, or contradicts itself.

    """
    wallet = account.options["wallet"]
    _check(wallet, names(accounts))
    held = [h for h in holdings(accounts) if wallet in {ALL, h.wallet}]
    flex = accounts.flex if wallet in {ALL, FLEX} and not isinstance(accounts.flex, Unset) else None
    opaque = flex is not None and has_positions(flex)
    assets = dict.fromkeys(h.asset for h in held)
    return Statement(
        [balance(account, asset, [h for h in held if h.asset == asset], opaque=opaque) for asset in assets],
        locks(account, held),
        [*([OPAQUE] if opaque else []), *(missing(accounts) if wallet == ALL else [])],
        summary(account, flex, [h for h in held if h.wallet != FLEX]) if flex else None,
    )


def _check(wallet: str, known: Iterable[str]) -> None:
    if wallet not in {ALL, *known}:
        msg = f"There is no wallet {wallet!r:.32}."
        raise ConfigurationError(msg, hint=f"The account has {', '.join(sorted(known))}; {ALL} asks for each of them.")


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time, which stands in every answer.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    return milliseconds(get_instrument_status_list.sync(client=client, contract_type=_FEWEST).server_time)


def milliseconds(written: str) -> int:
    """
    Return a time of the venue in milliseconds since 1970.

    Raises:
        InvalidResponseError: It is no time, or has no time zone.

    """
    try:
        return (datetime.fromisoformat(written) - _EPOCH) // timedelta(milliseconds=1)
    except (TypeError, ValueError):
        msg = "serverTime is not a time in ISO 8601."
    raise InvalidResponseError(msg)


_WHOLE: Final = "Of the multi-collateral wallet, it is told as a whole and in USD: in the account's summary."
_APART: Final = f"Where several wallets hold the asset, since each is liquidated by itself. {_WHOLE}"

KRAKEN: Final = Venue(
    id="kraken-futures",
    title="Kraken Futures",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=[Limit(500, seconds=10, weights=WEIGHTS)],
    explain=explain,
    credentials=CREDENTIALS,
    options=(
        Option(
            "wallet",
            str,
            "Which wallet to tell of: all, cash, flex (multi-collateral), or one such as fi_xbtusd.",
            default=ALL,
        ),
    ),
    hosts={
        "production": "https://futures.kraken.com",
        "demo": "https://demo-futures.kraken.com",
    },
    fills={
        "wallet_balance": "`balances` of the cash wallet and of single-collateral wallets, `quantity` of the"
        " multi-collateral wallet; derived where several hold the asset: their sum. `xbt` and `XBT` are one asset",
        "unrealized_pnl": "`pnl` of a single-collateral wallet; derived where several hold the asset: their sum; and"
        " where none has open positions",
        "equity": "`pv` of a single-collateral wallet; derived otherwise, and where `pv` has unsettled `funding` in it",
        "initial_margin": "`im` of a single-collateral wallet: that of positions and orders, by the WebSocket feed;"
        " derived where several hold the asset: their sum",
        "maintenance_margin": "`mm` of a single-collateral wallet. In the published example the liquidation threshold"
        " `lt` is higher, but the Equity Protection Process begins where equity falls below the maintenance margin",
        "available_balance": "`af` of a single-collateral wallet",
    },
    unknown={
        "unrealized_pnl": "While the multi-collateral wallet has open positions: their PnL is told in USD and as a"
        " whole, and not by the currency that they are settled in. Ask for the other wallets alone. Risk of options"
        " (`totalMarketRisk`, `totalPremium`, `netPortfolioDelta`, `futuresMaintenanceMargin`) counts as a position,"
        " and so does what is unrealized (`unrealizedFunding`, `totalUnrealized`).",
        "equity": "It needs the unrealized PnL.",
        "initial_margin": f"Of the cash wallet nothing is told. {_WHOLE}",
        "position_margin": _WHOLE,
        "order_margin": "No part of the answer.",
        "maintenance_margin": _APART,
        "available_balance": f"{_APART} `available` of its currencies is documented as margin available for trading,"
        " and described elsewhere as what can be withdrawn or transferred.",
        "max_withdraw": "No part of the answer, unless `available` of a currency of the multi-collateral wallet is it.",
        "cross_wallet_balance": "Kraken does not tell cross and isolated positions apart here.",
        "cross_unrealized_pnl": "Kraken does not tell cross and isolated positions apart here.",
        "updated_at": "No part of the answer: `serverTime` is when it was made.",
    },
    ignores={
        "cash.type": "the kind of the wallet, which its place says",
        "flex.type": "likewise",
        "collateral": "what a currency is worth in USD after the haircut; the summary has it with what is unrealized,"
        " as `adjusted_equity`",
        "collateralValue": "likewise",
        "available": "it is not certain whether it is available for trading or for a withdrawal",
        "totalUnrealizedAsMargin": "`totalUnrealized` after haircut and fees, which `adjusted_equity` has in it",
        "totalCrossAssetNettedMarketRisk": "how the margin of a portfolio with options is made up",
        "totalAbsoluteOptionPositionDeltaNotional": "likewise",
        "isBuyOnly": "likewise",
        "totalScenarioPnls": "likewise",
        "upnlInterestRate": "a rate of interest",
        "auxiliary.usd": "not documented",
        "auxiliary.funding": "not documented; equity is without it where `pv` has it in it",
        "marginRequirements.lt": "a threshold of the liquidation, without a figure of a balance",
        "marginRequirements.tt": "likewise",
        "triggerEstimates.im": "a price",
        "triggerEstimates.mm": "a price",
        "triggerEstimates.lt": "a price",
        "triggerEstimates.tt": "a price",
        "serverTime": "when the answer was made",
        "instrumentStatus": "contracts, which are asked for the time beside them",
        "tradeable": "likewise",
        "experiencingDislocation": "likewise",
        "priceDislocationDirection": "likewise",
        "experiencingExtremeVolatility": "likewise",
        "extremeVolatilityInitialMarginMultiplier": "likewise",
    },
)
