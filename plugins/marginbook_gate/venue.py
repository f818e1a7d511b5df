"""
Gate's perpetual futures, from ``GET /api/v4/futures/{settle}/accounts`` and, where these are a part of a unified
account, ``GET /api/v4/unified/accounts``; or its delivery futures, from ``GET /api/v4/delivery/{settle}/accounts``.

Source: the specification in ``specs/gate.openapi.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import ApiError, Limit, Option, Statement, Venue
from marginbook.wire import Client, Unset
from marginbook_clients.gate.api.account import list_delivery_accounts, list_futures_accounts, list_unified_accounts
from marginbook_clients.gate.api.system import get_system_time
from marginbook_clients.gate.costs import RATE_LIMITS
from marginbook_clients.gate.specification import SPECIFICATION
from marginbook_gate import unified
from marginbook_gate.codes import NO_ACCOUNT, explain, label_of
from marginbook_gate.keys import CREDENTIALS, sign
from marginbook_gate.wallets import balance, is_unified

if TYPE_CHECKING:
    from collections.abc import Iterable

    import requests

    from marginbook import Account
    from marginbook_clients.gate.models.futures_account import FuturesAccount

#: The documented settlement currencies, each with a wallet of its own.
SETTLES: Final = ("usdt", "btc")

#: That of delivery futures, which have a wallet of their own.
DELIVERY_SETTLE: Final = "usdt"

CONTRACTS: Final = Option(
    "contracts",
    str,
    "Which futures to ask about: perpetual, or delivery, which have a wallet of their own.",
    default="perpetual",
    choices=("perpetual", "delivery"),
)

NO_WALLET: Final = "There is no wallet for futures that are settled in {}: nothing was ever transferred to it."


UNSURE: Final = (
    "Gate says that this user has a unified account, and not whether delivery futures are a part of it: the rows are as"
    " if they were not."
)


UNSAID: Final = (
    "Gate does not say whether this is a unified account, of which total would not be the wallet: the rows are as if it"
    " were none."
)


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for the wallets of perpetual futures, or for that of delivery futures.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    return (_delivery if account.options["contracts"] == "delivery" else _perpetual)(account, client)


def _delivery(account: Account, client: Client) -> Statement:
    wallet = list_delivery_accounts.sync(client=client, settle=DELIVERY_SETTLE)
    return Statement([balance(account, wallet)], notes=[UNSURE] if is_unified(wallet) else _doubts([wallet]))


def _doubts(wallets: Iterable[FuturesAccount]) -> list[str]:
    return [UNSAID] if all(isinstance(wallet.margin_mode, Unset) for wallet in wallets) else []


def _perpetual(account: Account, client: Client) -> Statement:
    """
    Ask for the wallet of each settlement currency, and for the unified account if one of them is a part of it.
    """
    found = {settle: _wallet(client, settle) for settle in SETTLES}
    wallets = [wallet for wallet in found.values() if not isinstance(wallet, ApiError)]
    if not wallets:
        raise next(error for error in found.values() if isinstance(error, ApiError))
    notes = [NO_WALLET.format(settle.upper()) for settle, wallet in found.items() if isinstance(wallet, ApiError)]
    if any(map(is_unified, wallets)):
        return unified.statement(account, wallets, list_unified_accounts.sync(client=client), notes)
    return Statement([balance(account, wallet) for wallet in wallets], notes=[*notes, *_doubts(wallets)])


def _wallet(client: Client, settle: str) -> FuturesAccount | ApiError:
    """
    Ask for one wallet, or return the error that says that there is none.
    """
    try:
        return list_futures_accounts.sync(client=client, settle=settle)
    except ApiError as error:
        if label_of(error) != NO_ACCOUNT:
            raise
        return error


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    return get_system_time.sync(client=client).server_time


def _limit(operation: str) -> Limit:
    requests, seconds = RATE_LIMITS[operation]
    return Limit(
        requests, seconds=seconds, per="address" if operation.endswith("/time") else "key", weights={operation: 1}
    )


_HISTORY: Final = (
    *("dnw", "pnl", "fee", "refr", "fund", "point_dnw", "point_fee", "point_refr"),
    *("bonus_dnw", "bonus_offset", "settle", "settle_fee", "cross_settle"),
)

_WHOLE: Final = "In a unified account, told of the whole of it, in USD, in its summary"

GATE: Final = Venue(
    id="gate",
    title="Gate futures",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=[_limit(operation) for operation in RATE_LIMITS],
    explain=explain,
    credentials=CREDENTIALS,
    options=(CONTRACTS,),
    hosts={"production": "https://api.gateio.ws", "test": "https://api-testnet.gateapi.io"},
    fills={
        "wallet_balance": "`total`, in a classic account",
        "unrealized_pnl": "`unrealised_pnl`, in a classic account",
        "equity": "derived: `total` + `unrealised_pnl`; in a unified account, `equity` of the currency, which has the"
        " value of options in it, and what is owed taken off",
        "position_margin": "`position_margin`, or derived: `cross_initial_margin` + `isolated_position_margin`,"
        " whichever is, with `order_margin`, what `total` has more than `available` - `bonus`",
        "order_margin": "`order_margin`, in a classic account",
        "initial_margin": "derived: position_margin + order_margin",
        "maintenance_margin": "`maintenance_margin`, in a classic account; `mm` of USDT in a unified one with"
        " single-currency margin",
        "available_balance": "`cross_available`, in the new mode of a classic account; `available_margin` of USDT in a"
        " unified one with single-currency margin",
        "max_withdraw": "derived: `available` - `bonus`, in a classic account",
        "cross_unrealized_pnl": "`cross_unrealised_pnl`, in the new mode of a classic account",
    },
    unknown={
        "wallet_balance": "In a unified account, as Gate tells no unrealized PnL by currency; and where a classic one"
        " has more available than its `total`, or by its figures a `bonus` in it.",
        "unrealized_pnl": "In a unified account: `unrealised_pnl` of the futures has not that of options in it.",
        "equity": "In a unified account, where a part of the currency may be in isolated positions, or futures of it"
        " have a wallet that says to be no part of the account.",
        "initial_margin": f"{_WHOLE}; and where the position margin is not known.",
        "position_margin": "Where neither way to tell it fits `total` and `available`. The published example has both,"
        " of which only the older one fits. In a unified account, no answer tells it by currency.",
        "order_margin": "In a unified account, `order_margin` has not that of spot and options in it.",
        "maintenance_margin": "The old mode of a classic account does not tell it; and with isolated positions, each of"
        f" which is liquidated by itself. {_WHOLE}.",
        "available_balance": "In the old mode of a classic account, `available` is what can be transferred out, and no"
        f" figure tells what can back a cross position. {_WHOLE}.",
        "max_withdraw": "Where gains, or a `bonus` that is not told, may be in `available`; and where `cross_available`"
        " is less. In a unified account, GET /unified/transferables tells it.",
        "cross_wallet_balance": "`cross_margin_balance` - `cross_unrealised_pnl` by its name, which no body that was"
        " seen confirms.",
        "cross_unrealized_pnl": "In the old mode, which does not tell cross and isolated positions apart.",
        "updated_at": "`update_time` was seen, and is not documented. What unit `refresh_time` has is not documented.",
    },
    ignores={
        "message": "a text that goes with a label",
        "user": "a number for the owner, which has our own name",
        "point": "point cards, which pay fees and are no margin",
        **dict.fromkeys(_HISTORY, "a part of what `total` is made of, since the account was opened"),
        "in_dual_mode": "whether both sides of a contract can be held",
        "enable_new_dual_mode": "likewise",
        "enable_dual_plus": "likewise",
        "position_mode": "likewise",
        "enable_tiered_mm": "how maintenance margin is computed",
        "position_initial_margin": "of unified accounts alone, where it has not the margin of options in it",
        "margin_mode_name": "what `margin_mode` says as a number",
        "cross_order_margin": "a part of `order_margin`",
        "cross_maintenance_margin": "a part of `maintenance_margin`",
        "cross_mmr": "a ratio of figures that are read themselves",
        "cross_imr": "likewise",
        "position_voucher_total": "vouchers, which are no cash",
        "update_time": "not documented",
        "update_id": "not documented",
        "user_id": "a number for the owner, which has our own name",
        "refresh_time": "of no documented unit",
        "unified.total": "deprecated by Gate",
        "accounts.borrowed": "what is owed, in USD; the rows have it by currency",
        "total_initial_margin_rate": "a ratio of figures that are read themselves",
        "total_maintenance_margin_rate": "likewise",
        "unified_account_total": "equity before what is owed is taken off",
        "unified_account_total_liab": "what is owed, in USD; the rows have it by currency",
        "leverage": "deprecated by Gate",
        "spot_order_loss": "what open spot orders would lose at once",
        "options_order_loss": "what open option orders would lose at once",
        "spot_hedge": "a setting",
        "use_funding": "a setting",
        "is_all_collateral": "a setting",
        "balances.available": "what can be spent, with what was borrowed; it is no margin",
        "freeze": "what open spot orders lock, which is no margin",
        "futures_pos_liab": "abandoned by Gate",
        "total_freeze": "deprecated by Gate",
        "total_liab": "`borrowed` and `negative_liab` together",
        "spot_in_use": "spot that offsets positions",
        "funding": "what is lent out",
        "funding_version": "a version",
        "cross_balance": "of single-currency mode alone, where Gate does not say what is in it",
        "im": "initial margin of what is cross; orders of isolated positions are not in it",
        "imr": "a ratio of figures that are read themselves",
        "mmr": "likewise",
        "margin_balance": "cross equity of USDT in single-currency mode, which `equity` tells",
        "enabled_collateral": "a setting",
        "balance_version": "a version",
    },
    private=("user", "user_id"),
)
