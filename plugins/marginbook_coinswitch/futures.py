"""
CoinSwitch PRO futures, from ``GET /trade/api/v2/futures/wallet_balance`` and, in detail, ``/futures/positions``.

Source: the specification in ``specs/coinswitch.openapi.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import DETAIL, Balance, ConfigurationError, CredentialsError, Limit, Lock, Statement, Venue
from marginbook.wire import Client
from marginbook_clients.coinswitch.api.account import get_positions, get_wallet_balance
from marginbook_clients.coinswitch.api.system import get_server_time
from marginbook_clients.coinswitch.costs import RATE_LIMITS
from marginbook_clients.coinswitch.specification import SPECIFICATION
from marginbook_coinswitch.keys import CREDENTIALS, sign
from marginbook_coinswitch.positions import with_pnl

if TYPE_CHECKING:
    import requests

    from marginbook import Account, ApiError, MarginbookError
    from marginbook_clients.coinswitch.models.base_asset_balance import BaseAssetBalance
    from marginbook_clients.coinswitch.models.symbol_margin import SymbolMargin

NO_PNL: Final = (
    "CoinSwitch's wallet tells neither unrealized PnL nor withdrawable amounts, so unrealized_pnl, equity and"
    " max_withdraw are not known; nor does it say that wallet_balance is without unrealized PnL."
)

UNPROVEN: Final = (
    "CoinSwitch does not say that wallet_balance is without unrealized PnL: if it is not, equity counts it twice. It"
    " tells no withdrawable amounts, so max_withdraw is not known."
)

#: Where CoinSwitch trades all futures.
EXCHANGE: Final = "EXCHANGE_2"


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all settlement assets, for what each symbol locks, and, in detail, for the open positions.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    data = get_wallet_balance.sync(client=client).data
    balances = [balance(account, row) for row in data.base_asset_balances]
    locks = [lock(account, row) for row in data.asset]
    if account.options["detail"] == "balance":
        return Statement(balances, locks, [NO_PNL])
    # A position that is opened or closed between the two requests is in one of the answers only, which is noted.
    positions = get_positions.sync(client=client, exchange=EXCHANGE).data
    balances, notes = with_pnl(balances, locks, positions)
    return Statement(balances, locks, [UNPROVEN, *notes])


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
    if error.status_code == 422 and "positions" in error.message:  # noqa: PLR2004  # HTTP
        hint = 'CoinSwitch may tell positions by symbol only, as its documents say: use detail = "balance".'
        return ConfigurationError(error.message, hint=hint)
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
    options=(DETAIL,),
    hosts={"production": "https://coinswitch.co"},
    fills={
        "wallet_balance": "`total_balance`",
        "unrealized_pnl": "derived: with detail = margin, the sum of (`mark_price` - `avg_entry_price`) x"
        " `position_size`, with the opposite sign for SHORT. A note says where `unrealised_pnl` contradicts it and"
        " `last_price`, as in the published example",
        "equity": "derived: with detail = margin, `total_balance` + unrealized_pnl",
        "initial_margin": "`total_blocked_balance`",
        "position_margin": "`total_position_margin`",
        "order_margin": "`total_open_order_margin`; negative where orders would reduce a position",
        "available_balance": "`total_available_balance`",
    },
    unknown={
        "unrealized_pnl": "With detail = balance; and where the positions do not fit the wallet, or it is not certain"
        " what one is counted in.",
        "equity": "It needs the unrealized PnL.",
        "maintenance_margin": "The published `maint_margin` of a position is more than the position is worth.",
        "max_withdraw": "No part of the answer.",
        "cross_wallet_balance": "CoinSwitch does not tell cross and isolated wallets apart.",
        "cross_unrealized_pnl": "CoinSwitch does not tell cross and isolated positions apart.",
        "updated_at": "No part of the answer.",
    },
    ignores={
        "exchange": "CoinSwitch's code for where the contract trades; the symbol names the contract",
        "position_id": "a code for the position",
        "leverage": "no figure of a balance",
        "position_value": "what the position was worth when it was entered",
        "positions.data.position_margin": "the wallet tells it by symbol",
        "maint_margin": "published as one and a half times the value of the position: wrong by a factor of 100, in the"
        " documents at least",
        "liquidation_price": "no figure of a balance",
        "client_txn_id": "a code for an order",
        "margin_type": "CoinSwitch tells no cross wallet that it would matter to",
        "created_at": "the time of a position, not of the row",
        "updated_at": "the time of a position, not of the row",
    },
    private=("position_id", "client_txn_id"),
)
