"""
Binance USDⓈ-M futures, from ``GET /fapi/v3/balance`` or its older twin ``/fapi/v2/balance``.

Sources: the specification in ``specs/binance_usdm.openapi.yaml``, and Binance's FAQ "How to Check Futures Wallet
Balance".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import Balance, Option, Statement, Venue, from_milliseconds
from marginbook.wire import Client
from marginbook_binance.codes import explain
from marginbook_binance.keys import CREDENTIALS, sign
from marginbook_binance.options import RECV_WINDOW
from marginbook_clients.binance_usdm.api.account import futures_account_balance_v2, futures_account_balance_v3

if TYPE_CHECKING:
    import requests

    from marginbook import Account
    from marginbook_clients.binance_usdm.models.account_balance import AccountBalance

VERSIONS: Final = {"v3": futures_account_balance_v3, "v2": futures_account_balance_v2}

PLACEHOLDER: Final = "Binance gives no time of the last change (updateTime is 0), as for assets that were never held."


def _check_version(version: str) -> str:
    if version == "v1":
        return "Binance retired GET /fapi/v1/balance on 2023-07-15, so it has to be v3 or v2"
    return ""


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all assets of the account.
    """
    operation = VERSIONS[account.options["api_version"]]
    client = Client(base_url=account.options["base_url"], session=session)
    rows = operation.sync(client=client, recv_window=account.options["recv_window"])
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
        max_withdraw=row.max_withdraw_amount,
        updated_at=updated_at,
        notes=() if updated_at else (PLACEHOLDER,),
    )


USDM: Final = Venue(
    id="binance-usdm",
    title="Binance USDⓈ-M futures",
    fetch=fetch,
    sign=sign,
    explain=explain,
    credentials=CREDENTIALS,
    options=(
        Option(
            "api_version",
            str,
            "Version of the balance endpoint.",
            default="v3",
            choices=tuple(VERSIONS),
            check=_check_version,
        ),
        RECV_WINDOW,
    ),
    hosts={
        "production": "https://fapi.binance.com",
        "demo": "https://demo-fapi.binance.com",
        "test": "https://testnet.binancefuture.com",
    },
    fills={
        "wallet_balance": "`balance`",
        "unrealized_pnl": "derived: `crossUnPnl`, where `balance` = `crossWalletBalance`",
        "equity": "derived: `balance` + `crossUnPnl`, where `balance` = `crossWalletBalance`",
        "available_balance": "`availableBalance`; in multi-assets mode, collateral that all assets share",
        "max_withdraw": "`maxWithdrawAmount`",
        "cross_wallet_balance": "`crossWalletBalance`",
        "cross_unrealized_pnl": "`crossUnPnl`",
        "updated_at": "`updateTime`, unless it is 0",
    },
    unknown={
        "unrealized_pnl": "Where there are isolated wallets: only GET /fapi/v3/account tells their PnL.",
        "equity": "Only GET /fapi/v3/account tells it for isolated positions.",
        "initial_margin": "GET /fapi/v3/account tells it. It follows from the balance in single-asset mode alone, and"
        " the answer does not tell the mode.",
        "position_margin": "GET /fapi/v3/account tells it.",
        "order_margin": "GET /fapi/v3/account tells it.",
        "maintenance_margin": "GET /fapi/v3/account tells it.",
    },
    ignores={
        "accountAlias": "a code for the account, which has our own name",
        "marginAvailable": "whether the asset could be collateral in multi-assets mode, which does not tell the mode",
    },
)
