"""
OKX's trading account, from ``GET /api/v5/account/balance`` and, in detail, ``/api/v5/account/config`` and
``/api/v5/account/max-withdrawal``.

What lies in the funding account backs no position, and is not asked for.

Source: the specification in ``specs/okx.openapi.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from marginbook import DETAIL, InvalidResponseError, Limit, Option, Statement, Venue
from marginbook.wire import UNSET, Client, Unset
from marginbook_clients.okx.api.account import get_account_balance, get_account_config, get_maximum_withdrawals
from marginbook_clients.okx.api.public import get_system_time
from marginbook_clients.okx.costs import RATE_LIMITS
from marginbook_clients.okx.specification import SPECIFICATION
from marginbook_okx.codes import explain
from marginbook_okx.keys import CREDENTIALS, sign
from marginbook_okx.rows import balance, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

    from marginbook import Account

T = TypeVar("T")

#: Digits of a time in milliseconds. The year 2286 has one more.
_LONGEST_TIME: Final = 13

_ONCE_MORE: Final = "Ask again, as it may just have changed; then look for a newer plugin."

OPTIONS: Final = (
    DETAIL,
    Option(
        "simulated_trading",
        bool,
        "Ask the demo account, which has keys of its own, at the same address.",
        default=False,
    ),
)


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all currencies, and, in detail, for the account mode and for what can leave the account.

    Raises:
        InvalidResponseError: An answer is not about one account, or lists nothing of what it is worth.

    """
    client = Client(base_url=account.options["base_url"], session=session)
    simulated: str | Unset = "1" if account.options["simulated_trading"] else UNSET
    whole = _only(get_account_balance.sync(client=client, x_simulated_trading=simulated).data, "balance")
    if whole.total_eq and not whole.details:
        msg = "GET /api/v5/account/balance: the account is worth something, and no currency is listed."
        raise InvalidResponseError(msg, hint=_ONCE_MORE)
    if account.options["detail"] == "balance":
        return Statement([balance(account, row) for row in whole.details], summary=summary(account, whole))
    # A moment later: none of their figures is set against the rows.
    settings = _only(get_account_config.sync(client=client, x_simulated_trading=simulated).data, "config")
    leaving = {row.ccy: row for row in get_maximum_withdrawals.sync(client=client, x_simulated_trading=simulated).data}
    return Statement(
        [balance(account, row, leaving) for row in whole.details], summary=summary(account, whole, settings.acct_lv)
    )


def _only(found: Sequence[T], operation: str) -> T:
    if len(found) != 1:
        msg = f"GET /api/v5/account/{operation}: expected one account, got {len(found)}."
        raise InvalidResponseError(msg)
    return found[0]


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.

    Raises:
        InvalidResponseError: It is no number.

    """
    client = Client(base_url=account.options["base_url"], session=session)
    found = [row.ts for row in get_system_time.sync(client=client).data]
    if len(found) != 1 or not (found[0].isascii() and found[0].isdecimal() and len(found[0]) <= _LONGEST_TIME):
        msg = "GET /api/v5/public/time: ts is no time."
        raise InvalidResponseError(msg)
    return int(found[0])


#: What the answers repeat, or say of other things than balances.
_IGNORES: Final = {
    "msg": "a text about code",
    "borrowFroz": "margin of what may have to be borrowed, a part of imr",
    "mgnRatio": "adjEq by mmr, which are read",
    "notionalUsd": "what positions are worth, not what they gained",
    "notionalUsdForBorrow": "a part of notionalUsd",
    "notionalUsdForSwap": "a part of notionalUsd",
    "notionalUsdForFutures": "a part of notionalUsd",
    "notionalUsdForOption": "a part of notionalUsd",
    "delta": "no figure of a balance",
    "deltaLever": "no figure of a balance",
    "deltaNeutralStatus": "what a delta neutral strategy may do",
    "disEq": "a value at the venue's price, after haircuts",
    "eqUsd": "a value at the venue's price",
    "coinUsdPrice": "the venue's price",
    "fixedBal": "frozen for two kinds of orders, a part of frozenBal",
    "availBal": "what spot and options can be paid with; availEq is what backs new positions",
    "frozenBal": "all that is in use, bots and isolated positions included, so neither margin of ours",
    "uplLiab": "a part of liab",
    "crossLiab": "a part of liab",
    "twap": "how likely a forced repayment is",
    "frpType": "what kind of forced repayment",
    "maxLoan": "what could be borrowed",
    "notionalLever": "no figure of a balance",
    "spotInUseAmt": "spot that hedges in portfolio margin; the wallet is the same",
    "clSpotInUseAmt": "what the owner wants of it",
    "maxSpotInUse": "what is possible of it",
    "maxSpotInUseAmt": "what is possible of it",
    "spotBal": "what spot costs are counted on",
    "openAvgPx": "what spot cost",
    "accAvgPx": "what spot cost",
    "spotUpl": "what spot gained in USD; it is no position",
    "spotUplRatio": "what spot gained",
    "totalPnl": "what spot gained",
    "totalPnlRatio": "what spot gained",
    "colRes": "the venue's own limit of a currency as collateral",
    "colBorrAutoConversion": "the venue's own limit of a currency as collateral",
    "collateralRestrict": "deprecated",
    "collateralEnabled": "whether the currency is collateral",
    "autoLendStatus": "whether the currency is lent to others",
    "autoLendMtAmt": "how much of it is",
    "autoLendAmt": "of lending, and not documented",
    "autoStakingStatus": "of staking, and not documented",
    "maxWdEx": "with what would have to be borrowed for it",
    "spotOffsetMaxWdEx": "with what would have to be borrowed for it",
    **dict.fromkeys(("uid", "mainUid", "label", "ip", "perm", "type", "kycLv"), "about the owner and the key"),
    **dict.fromkeys(
        (
            *("acctStpMode", "posMode", "autoLoan", "greeksType", "feeType", "level", "levelTmp", "ctIsoMode"),
            *("mgnIsoMode", "spotOffsetType", "stgyType", "roleType", "data.traderInsts", "spotRoleType"),
            *("data.spotTraderInsts", "opAuth", "liquidationGear", "enableSpotBorrow", "spotBorrowAutoRepay"),
            *("settleCcy", "data.settleCcyList"),
        ),
        "a setting that no figure follows from",
    ),
}

_WHOLE: Final = "told of the whole account, in USD, in its summary"
_MODES: Final = f"In Spot mode, multi-currency and portfolio margin, where it is {_WHOLE}"

OKX: Final = Venue(
    id="okx",
    title="OKX trading account",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=[
        Limit(
            requests,
            seconds=seconds,
            per="key" if "/account/" in operation else "address",
            weights={operation: 1},
        )
        for operation, (requests, seconds) in RATE_LIMITS.items()
    ],
    explain=explain,
    credentials=CREDENTIALS,
    options=OPTIONS,
    hosts={
        "production": "https://openapi.okx.com",
        "www": "https://www.okx.com",
        "eea": "https://eea.okx.com",
        "us": "https://us.okx.com",
    },
    fills={
        "wallet_balance": "`cashBal`; derived where there are isolated positions or interest: `cashBal` + `isoEq` -"
        " `isoUpl` - `interest`",
        "unrealized_pnl": "`upl`, which is of cross and isolated positions",
        "equity": "`eq`, with the value of options, bots and copied trades",
        "initial_margin": "`imr`, in Futures mode without isolated positions, where it is `eq` - `availEq`",
        "order_margin": "`ordFrozen`, in Futures mode",
        "maintenance_margin": "`mmr`, in Futures mode without isolated positions",
        "available_balance": "`availEq`",
        "max_withdraw": "with detail = margin, `maxWd` of GET /api/v5/account/max-withdrawal, which leaves out what"
        " would have to be borrowed",
        "cross_wallet_balance": "`cashBal`, where no interest is owed",
        "cross_unrealized_pnl": "derived: `upl` - `isoUpl`",
        "updated_at": "`uTime` of the row",
    },
    unknown={
        "wallet_balance": "Where bots or copied trades are in equity, of which OKX does not say what is cash and what"
        " is PnL; where `eq` does not add up beside isolated positions, or beside an `isoEq`, `interest` or `stgyEq`"
        " that is not told; where more is owed than a balance below zero accounts for, as it is not documented whether"
        " that is in `cashBal`; and where there are trial funds, likewise.",
        "unrealized_pnl": "In Spot mode; where the account has options, as `eq` shows; and where bots or copied trades"
        " are in equity, of which OKX does not say what is cash and what is PnL.",
        "equity": "Where more is owed than a balance below zero accounts for, unless it is clear that `eq` is without"
        " it.",
        "initial_margin": f"{_MODES}; with isolated positions; and where `imr` is not all that is in use, since OKX"
        " does not say whether a currency's `imr` is with open orders.",
        "position_margin": "OKX does not tell the margin of positions and of orders apart.",
        "order_margin": f"{_MODES}; of portfolio margin, the page says both that `ordFrozen` applies and that it does"
        " not.",
        "maintenance_margin": f"{_MODES}; with isolated positions, of which the answer tells none; and where bots or"
        " copied trades are in equity, which back no position of the account.",
        "available_balance": "In Spot mode.",
        "max_withdraw": "With detail = balance; and where it depends on how spot hedges in portfolio margin.",
        "cross_wallet_balance": "Where the wallet balance is not known, or interest is owed.",
        "cross_unrealized_pnl": "Where the unrealized PnL is not known.",
        "updated_at": "Where `uTime` is 0 or empty.",
    },
    ignores=_IGNORES,
    private=("uid", "mainUid", "label", "ip"),
)
