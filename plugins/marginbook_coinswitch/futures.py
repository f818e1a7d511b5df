"""
CoinSwitch PRO futures, from ``GET /trade/api/v2/futures/wallet_balance``.

Source: the specification in ``specs/coinswitch.openapi.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import Balance, CredentialsError, Limit, Lock, Statement, Venue
from marginbook.wire import Client
from marginbook_clients.coinswitch.api.account import get_wallet_balance
from marginbook_clients.coinswitch.api.system import get_server_time
from marginbook_clients.coinswitch.costs import RATE_LIMITS
from marginbook_clients.coinswitch.specification import SPECIFICATION
from marginbook_coinswitch.keys import CREDENTIALS, sign

if TYPE_CHECKING:
    import requests

    from marginbook import Account, ApiError, MarginbookError
    from marginbook_clients.coinswitch.models.base_asset_balance import BaseAssetBalance
    from marginbook_clients.coinswitch.models.symbol_margin import SymbolMargin

NO_PNL: Final = (
    "CoinSwitch's wallet tells neither unrealized PnL nor withdrawable amounts, so unrealized_pnl, equity and"
    " max_withdraw are not known; nor does it say that wallet_balance is without unrealized PnL."
)


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all settlement assets, and for what each symbol locks.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    data = get_wallet_balance.sync(client=client).data
    return Statement(
        [balance(account, row) for row in data.base_asset_balances],
        [lock(account, row) for row in data.asset],
        [NO_PNL],
    )


def balance(account: Account, row: BaseAssetBalance) -> Balance:
    """
    Translate one settlement asset.
    """
    return Balance(
        account=account.name,
        venue=account.venue,
        asset=row.base_asset,
        wallet_balance=row.balances.total_balance,
        available_balance=row.balances.total_available_balance,
        initial_margin=row.balances.total_blocked_balance,
        position_margin=row.balances.total_position_margin,
        order_margin=row.balances.total_open_order_margin,
    )


def lock(account: Account, row: SymbolMargin) -> Lock:
    """
    Translate what one symbol locks.
    """
    return Lock(
        account=account.name,
        venue=account.venue,
        symbol=row.symbol,
        asset=row.base_asset,
        blocked_balance=row.blocked_balance,
        position_margin=row.position_margin,
        order_margin=row.open_order_margin,
    )


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of CoinSwitch means. Its errors have a text and no code, so the status has to do.
    """
    if error.status_code != 401:  # noqa: PLR2004  # HTTP
        return None
    # It answers alike to an unknown key, a wrong signature, and a time that is more than 60 seconds off.
    return CredentialsError(
        error.message,
        hint="CoinSwitch does not accept the key or its signature. Each account has one pair of keys: check whether a"
        " newer pair has revoked this one.",
        suspects_clock=True,
    )


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    return get_server_time.sync(client=client).server_time


COINSWITCH: Final = Venue(
    id="coinswitch",
    title="CoinSwitch PRO futures",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=[
        Limit(requests, seconds=seconds, per="key", weights={operation: 1})
        for operation, (requests, seconds) in RATE_LIMITS.items()
    ],
    explain=explain,
    credentials=CREDENTIALS,
    hosts={"production": "https://coinswitch.co"},
    fills={
        "wallet_balance": "`total_balance`",
        "initial_margin": "`total_blocked_balance`",
        "position_margin": "`total_position_margin`",
        "order_margin": "`total_open_order_margin`; negative where orders would reduce a position",
        "available_balance": "`total_available_balance`",
    },
    unknown={
        "unrealized_pnl": "No part of the answer. GET /trade/api/v2/futures/positions has what it follows from.",
        "equity": "It needs the unrealized PnL.",
        "maintenance_margin": "No part of the answer. GET /trade/api/v2/futures/positions has it by position.",
        "max_withdraw": "No part of the answer.",
        "cross_wallet_balance": "CoinSwitch does not tell cross and isolated wallets apart.",
        "cross_unrealized_pnl": "CoinSwitch does not tell cross and isolated positions apart.",
        "updated_at": "No part of the answer.",
    },
    ignores={"exchange": "CoinSwitch's code for where the contract trades; the symbol names the contract"},
)
