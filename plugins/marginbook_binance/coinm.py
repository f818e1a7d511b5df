"""
Binance COIN-M futures, from ``GET /dapi/v1/balance``.

Source: the specification in ``specs/binance_coinm.openapi.yaml``. Each coin is the collateral of its own contracts:
there is no multi-assets mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import Statement, Venue
from marginbook.wire import Client
from marginbook_binance.codes import explain
from marginbook_binance.keys import CREDENTIALS, sign
from marginbook_binance.options import RECV_WINDOW, address_limit
from marginbook_binance.rows import FILLS, translate, unknown
from marginbook_clients.binance_coinm.api.account import futures_account_balance
from marginbook_clients.binance_coinm.api.market import check_server_time
from marginbook_clients.binance_coinm.costs import WEIGHTS
from marginbook_clients.binance_coinm.specification import SPECIFICATION

if TYPE_CHECKING:
    import requests

    from marginbook import Account


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all coins of the account.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    rows = futures_account_balance.sync(client=client, recv_window=account.options["recv_window"])
    return Statement([translate(account, row, max_withdraw=row.withdraw_available) for row in rows])


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.
    """
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
    options=(RECV_WINDOW,),
    hosts={
        "production": "https://dapi.binance.com",
        "demo": "https://demo-dapi.binance.com",
        "test": "https://testnet.binancefuture.com",
    },
    fills={**FILLS, "available_balance": "`availableBalance`", "max_withdraw": "`withdrawAvailable`"},
    unknown=unknown("GET /dapi/v1/account"),
    ignores={"accountAlias": "a code for the account, which has our own name"},
)
