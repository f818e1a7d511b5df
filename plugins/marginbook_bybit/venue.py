"""
Bybit's unified account, from ``GET /v5/account/wallet-balance`` and, in detail, ``/v5/account/info`` and
``/v5/account/withdrawal``.

Source: the specification in ``specs/bybit.openapi.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import DETAIL, InvalidResponseError, Limit, Option, Statement, Venue, figure
from marginbook.wire import Client
from marginbook_bybit.codes import explain
from marginbook_bybit.keys import CREDENTIALS, sign
from marginbook_bybit.rows import CONTRACT, balance, summary, told_mode
from marginbook_clients.bybit.api.account import get_account_info, get_transferable_amount, get_wallet_balance
from marginbook_clients.bybit.api.market import get_server_time
from marginbook_clients.bybit.costs import RATE_LIMITS
from marginbook_clients.bybit.specification import SPECIFICATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

    from marginbook import Account
    from marginbook_clients.bybit.models.account_info import AccountInfo
    from marginbook_clients.bybit.models.unified_account import UnifiedAccount

UNIFIED: Final = "UNIFIED"

UNKNOWN_GENERATION: Final = (
    "Bybit's wallet does not say whether the account is a unified account 1.0, which has its inverse contracts in"
    " another wallet that is not in these rows. Ask with detail margin to know."
)
FIRST_GENERATION: Final = (
    "This is a unified account 1.0: its inverse contracts have a wallet of their own, which is not in these rows. Add"
    ' an account with account_type = "CONTRACT".'
)

#: What ``unifiedMarginStatus`` says of unified accounts 1.0.
_FIRST_GENERATION: Final = {3, 4}

#: Coins that may be asked for at once.
_AT_ONCE: Final = 20

#: Digits of a time in nanoseconds. The year 2286 has one more.
_LONGEST_TIME: Final = 19

#: Milliseconds. More than that helps nobody.
_LARGEST_WINDOW: Final = 60_000


def _check_window(milliseconds: int) -> str:
    return "" if 1 <= milliseconds <= _LARGEST_WINDOW else f"it is not between 1 and {_LARGEST_WINDOW} milliseconds"


OPTIONS: Final = (
    DETAIL,
    Option(
        "account_type",
        str,
        "Which wallet: UNIFIED, or CONTRACT for the inverse contracts of a unified account 1.0.",
        default=UNIFIED,
        choices=(UNIFIED, CONTRACT),
    ),
    Option(
        "recv_window",
        int,
        f"Milliseconds after its time that a request is accepted, up to {_LARGEST_WINDOW}.",
        default=5000,
        check=_check_window,
    ),
)


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all coins, and, in detail, for the margin mode and for what can leave the account.

    Raises:
        InvalidResponseError: The answer is not about one account, or lists nothing of what it is worth.

    """
    client = Client(base_url=account.options["base_url"], session=session)
    window = account.options["recv_window"]
    kind = account.options["account_type"]
    found = get_wallet_balance.sync(client=client, account_type=kind, x_bapi_recv_window=window).result.list_
    if len(found) != 1:
        msg = f"GET /v5/account/wallet-balance: expected one account, got {len(found)}."
        raise InvalidResponseError(msg)
    (whole,) = found
    if figure("totalEquity", whole.total_equity) and not whole.coin:
        msg = "GET /v5/account/wallet-balance: the account is worth something, and no coin is listed."
        raise InvalidResponseError(msg, hint="Ask again, as it may just have changed; then look for a newer plugin.")
    if whole.account_type == CONTRACT:
        return Statement([balance(account, row, kind=CONTRACT) for row in whole.coin])
    if account.options["detail"] == "balance":
        return _statement(account, whole, notes=[UNKNOWN_GENERATION])
    # A moment later, at other prices: none of their figures is set against the rows.
    info = get_account_info.sync(client=client, x_bapi_recv_window=window).result
    leaving: dict[str, str] = {}
    for coins in _portions([row.coin for row in whole.coin]):
        answer = get_transferable_amount.sync(client=client, coin_name=",".join(coins), x_bapi_recv_window=window)
        leaving |= answer.result.available_withdrawal_map.additional_properties
    notes = [FIRST_GENERATION] if info.unified_margin_status in _FIRST_GENERATION else []
    return _statement(account, whole, info=info, leaving=leaving, notes=notes)


def _portions(coins: Sequence[str]) -> list[Sequence[str]]:
    return [coins[first : first + _AT_ONCE] for first in range(0, len(coins), _AT_ONCE)]


def _statement(
    account: Account,
    whole: UnifiedAccount,
    *,
    info: AccountInfo | None = None,
    leaving: dict[str, str] | None = None,
    notes: list[str],
) -> Statement:
    mode = info.margin_mode if info else told_mode(whole)
    rows = [balance(account, row, kind=whole.account_type, mode=mode, leaving=leaving) for row in whole.coin]
    return Statement(rows, notes=notes, summary=summary(account, whole, mode))


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.

    Raises:
        InvalidResponseError: It is no number.

    """
    client = Client(base_url=account.options["base_url"], session=session)
    nanoseconds = get_server_time.sync(client=client).result.time_nano
    if not (nanoseconds.isascii() and nanoseconds.isdecimal() and len(nanoseconds) <= _LONGEST_TIME):
        msg = "GET /v5/market/time: timeNano is no number."
        raise InvalidResponseError(msg)
    return int(nanoseconds) // 1_000_000


#: What the answer repeats, deprecates, or says of other things than balances.
_IGNORES: Final = {
    "retMsg": "a text about retCode",
    "time": "when the venue answered, not when the row changed",
    "accountType": "the type of wallet that was asked for",
    "accountIMRate": "follows from figures that are read",
    "accountMMRate": "follows from figures that are read; a note has it where one of these is missing",
    "totalMarginBalance": "equity before haircuts, without options in cross margin; equity is read itself",
    "accountIMRateByMp": "the same as accountIMRate",
    "accountMMRateByMp": "the same as accountMMRate",
    "totalInitialMarginByMp": "the same as totalInitialMargin",
    "totalMaintenanceMarginByMp": "the same as totalMaintenanceMargin",
    "accountLTV": "deprecated",
    "usdValue": "a value at the venue's price",
    "spotHedgingQty": "a part of the wallet that hedges in portfolio margin; the wallet is the same",
    "accruedInterest": "interest that was not charged yet, which Bybit does not take off its equity",
    "cumRealisedPnl": "all that was ever realized; it is in the wallet",
    "marginCollateral": "whether the venue takes the coin as collateral",
    "collateralSwitch": "whether the owner lets the coin be collateral",
    "colRes": "the venue's own limit of a coin as collateral",
    "free": "deprecated",
    "availableToWithdraw": "deprecated for unified accounts; wallets of inverse contracts tell max_withdraw by it",
    "availableToBorrow": "deprecated",
    "unifiedMarginStatus": "the generation of the account; a note says so if it has another wallet",
    "updatedTime": "when the settings changed, not the row",
    "dcpStatus": "deprecated",
    "timeWindow": "deprecated",
    "smpGroup": "deprecated",
    "isMasterTrader": "no figure of a balance",
    "spotHedgingStatus": "a setting of portfolio margin",
    "availableWithdrawal": "one of the amounts of availableWithdrawalMap again",
    "timeSecond": "a part of timeNano",
}

_WHOLE: Final = "In cross and portfolio margin it is told of the whole account, in USD, in its summary"

BYBIT: Final = Venue(
    id="bybit",
    title="Bybit unified account",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=[
        Limit(600, seconds=5),
        *(
            Limit(requests, seconds=seconds, per="key", weights={operation: 1})
            for operation, (requests, seconds) in RATE_LIMITS.items()
            if "/account/" in operation
        ),
    ],
    explain=explain,
    credentials=CREDENTIALS,
    options=OPTIONS,
    hosts={
        "production": "https://api.bybit.com",
        "demo": "https://api-demo.bybit.com",
        "testnet": "https://api-testnet.bybit.com",
        "eu": "https://api.bybit.eu",
        "ae": "https://api.bybit.ae",
        "ge": "https://api.bybitgeorgia.ge",
        "id": "https://api.bybit.id",
        "jp": "https://api.manepa.jp",
        "kz": "https://api.bybit.kz",
        "nl": "https://api.bybit.nl",
        "tr": "https://api.bybit.tr",
    },
    fills={
        "wallet_balance": "`walletBalance`; derived where something was borrowed: `walletBalance` - `spotBorrow`",
        "unrealized_pnl": "`unrealisedPnl`, of perpetuals and futures, cross or isolated: the margin mode is that of"
        " the whole account",
        "equity": "`equity`, with the value of options",
        "initial_margin": "derived: `totalPositionIM` + `totalOrderIM`",
        "position_margin": "`totalPositionIM`, with the fee of a liquidation, which Bybit locks as well",
        "order_margin": "`totalOrderIM`",
        "maintenance_margin": "`totalPositionMM`",
        "available_balance": "derived: in isolated margin, `walletBalance` - `totalPositionIM` - `totalOrderIM` -"
        " `locked` - `bonus`",
        "max_withdraw": "with detail = margin, `availableWithdrawalMap` of GET /v5/account/withdrawal; in wallets of"
        " inverse contracts, `availableToWithdraw`",
    },
    unknown={
        "wallet_balance": "Where something is owed, or may be, and the answer has no `spotBorrow`, as before 2025; and"
        " where equity is less than it should be by just what derivatives owe.",
        "unrealized_pnl": "Where the account has options, as `equity` shows, or may have: their PnL is in no figure.",
        "initial_margin": "In portfolio margin, which locks nothing by coin.",
        "position_margin": "In portfolio margin, which locks nothing by coin.",
        "order_margin": "In portfolio margin, which locks nothing by coin.",
        "maintenance_margin": "In portfolio margin; where the coin is owed, or may be, since that of loans is told of"
        " the whole account only; and in isolated margin, as well as in wallets of inverse contracts, each of which may"
        " be isolated by itself.",
        "available_balance": f"{_WHOLE}; the formula for isolated margin leaves loans out.",
        "max_withdraw": "With detail = balance: `availableToWithdraw` is deprecated for unified accounts, and published"
        " as 0.",
        "cross_wallet_balance": "The margin mode is that of the whole account: all of it is cross, or none.",
        "cross_unrealized_pnl": "The margin mode is that of the whole account: all of it is cross, or none.",
        "updated_at": "No part of the answer.",
    },
    ignores=_IGNORES,
)
