"""
Binance COIN-M futures, from ``GET /dapi/v1/balance``; with detail margin, from ``GET /dapi/v1/account``.

Source: the specification in ``specs/binance_coinm.openapi.yaml``. Each coin is the collateral of its own contracts:
there is no multi-assets mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import DETAIL, Statement, Venue, hookimpl
from marginbook.wire import Client
from marginbook_binance.codes import explain
from marginbook_binance.keys import CREDENTIALS, sign
from marginbook_binance.options import RECV_WINDOW, address_limit
from marginbook_binance.rows import FILLS, IGNORES, both, translate, unknown
from marginbook_clients.binance_coinm.costs import WEIGHTS
from marginbook_clients.binance_coinm.specification import SPECIFICATION

if TYPE_CHECKING:
    import requests

    from marginbook import Account, PriceSource
    from marginbook.sandbox import Stage


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all coins of the account.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    if account.options["detail"] == "margin":
        # See usdm.py.
        from marginbook_binance.coinm_margins import in_detail  # noqa: PLC0415

        return in_detail(account, client)
    from marginbook_clients.binance_coinm.api.account import futures_account_balance  # noqa: PLC0415

    rows = futures_account_balance.sync(client=client, recv_window=account.options["recv_window"])
    return Statement([translate(account, row, max_withdraw=row.withdraw_available) for row in rows])


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.
    """
    from marginbook_clients.binance_coinm.api.market import check_server_time  # noqa: PLC0415

    client = Client(base_url=account.options["base_url"], session=session)
    return check_server_time.sync(client=client).server_time


COINM: Final = Venue(
    id="binance-coinm",
    title="Binance COIN-M futures",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=(address_limit(WEIGHTS),),
    explain=explain,
    credentials=CREDENTIALS,
    options=(DETAIL, RECV_WINDOW),
    hosts={
        "production": "https://dapi.binance.com",
        "demo": "https://demo-dapi.binance.com",
        "test": "https://testnet.binancefuture.com",
    },
    fills=both({**FILLS, "available_balance": "`availableBalance`", "max_withdraw": "`withdrawAvailable`"}),
    unknown=unknown("GET /dapi/v1/account"),
    ignores={
        "accountAlias": "a code for the account, which has our own name",
        **IGNORES,
        "leverage": "a setting of a symbol",
        "entryPrice": "a price of a position, which is no margin",
        "breakEvenPrice": "likewise",
        "maxQty": "how many contracts the leverage allows",
        "notionalValue": "value of a position, which is no margin",
        "canTrade": "what the account may do, which is no amount",
        "canDeposit": "likewise",
        "canWithdraw": "likewise",
        "feeTier": "what trading costs",
        "account.updateTime": "reserved by Binance, to be ignored",
    },
    private=("accountAlias",),
)


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer them as a venue.
    """
    return [COINM]


@hookimpl
def marginbook_prices() -> list[PriceSource]:
    """
    Offer their prices, for everybody.
    """
    # Most reports ask for none.
    from marginbook_binance.prices import COINM_PRICES  # noqa: PLC0415

    return [COINM_PRICES]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play them.
    """
    # The server library is for the sandbox alone.
    from marginbook_binance.stage import coinm  # noqa: PLC0415

    return [coinm()]
