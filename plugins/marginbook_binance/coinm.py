"""
Binance COIN-M futures, from ``GET /dapi/v1/balance``.

Source: the specification in ``specs/binance_coinm.openapi.yaml``. Each coin is the collateral of its own contracts:
there is no multi-assets mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import Balance, Statement, Venue, from_milliseconds
from marginbook.wire import Client
from marginbook_binance.codes import explain
from marginbook_binance.keys import CREDENTIALS, sign
from marginbook_binance.options import RECV_WINDOW
from marginbook_binance.usdm import PLACEHOLDER
from marginbook_clients.binance_coinm.api.account import futures_account_balance

if TYPE_CHECKING:
    import requests

    from marginbook import Account
    from marginbook_clients.binance_coinm.models.account_balance import AccountBalance


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all coins of the account.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    rows = futures_account_balance.sync(client=client, recv_window=account.options["recv_window"])
    return Statement([balance(account, row) for row in rows])


def balance(account: Account, row: AccountBalance) -> Balance:
    """
    Translate one row.
    """
    updated_at = from_milliseconds(row.update_time)
    return Balance(
        account=account.name,
        venue=account.venue,
        asset=row.asset,
        wallet_balance=row.balance,
        cross_wallet_balance=row.cross_wallet_balance,
        cross_unrealized_pnl=row.cross_un_pnl,
        available_balance=row.available_balance,
        max_withdraw=row.withdraw_available,
        updated_at=updated_at,
        notes=() if updated_at else (PLACEHOLDER,),
    )


COINM: Final = Venue(
    id="binance-coinm",
    title="Binance COIN-M futures",
    fetch=fetch,
    sign=sign,
    explain=explain,
    credentials=CREDENTIALS,
    options=(RECV_WINDOW,),
    hosts={
        "production": "https://dapi.binance.com",
        "demo": "https://demo-dapi.binance.com",
        "test": "https://testnet.binancefuture.com",
    },
    fills={
        "wallet_balance": "`balance`",
        "unrealized_pnl": "derived: `crossUnPnl`, where `balance` = `crossWalletBalance`",
        "equity": "derived: `balance` + `crossUnPnl`, where `balance` = `crossWalletBalance`",
        "available_balance": "`availableBalance`",
        "max_withdraw": "`withdrawAvailable`",
        "cross_wallet_balance": "`crossWalletBalance`",
        "cross_unrealized_pnl": "`crossUnPnl`",
        "updated_at": "`updateTime`, unless it is 0",
    },
    unknown={
        "unrealized_pnl": "Where there are isolated wallets: only GET /dapi/v1/account tells their PnL.",
        "equity": "Only GET /dapi/v1/account tells it for isolated positions.",
        "initial_margin": "GET /dapi/v1/account tells it.",
        "position_margin": "GET /dapi/v1/account tells it.",
        "order_margin": "GET /dapi/v1/account tells it.",
        "maintenance_margin": "GET /dapi/v1/account tells it.",
    },
    ignores={"accountAlias": "a code for the account, which has our own name"},
)
