"""
MEXC futures, from ``GET /api/v1/private/account/assets``.

Sources: the specification in ``specs/mexc.openapi.yaml``; MEXC, "Words Explanations in Futures", read 2026-11: equity
is the wallet balance and unrealized PnL together, and what is available is the wallet balance less margins.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from marginbook import Balance, Limit, Option, Statement, Venue, less
from marginbook.wire import Client, Unset, known
from marginbook_clients.mexc.api.account import get_account_assets
from marginbook_clients.mexc.api.system import get_server_time
from marginbook_clients.mexc.costs import RATE_LIMITS
from marginbook_clients.mexc.specification import SPECIFICATION
from marginbook_mexc.codes import explain
from marginbook_mexc.keys import CREDENTIALS, sign

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from marginbook import Account
    from marginbook_clients.mexc.models.asset import Asset

WALLET: Final = "equity - unrealized"

POOLED: Final = (
    "The account shares collateral between currencies, and this one contributes to it: what is available may be backed"
    " by others."
)
UNTOLD: Final = (
    "The answer has no availableOpen, so available_balance is not known: availableBalance is another figure."
)

NO_DEBT: Final = (
    "The answer has no debtAmount, so it is not known whether there is a debt, nor whether the equity that MEXC gives,"
    " {:f}, is before or after it: equity and wallet_balance are not known."
)
NO_BONUS: Final = (
    "The answer has no bonus, so it is not known whether there is one, which would be no cash: wallet_balance is not"
    " known, and equity may have a bonus in it."
)

OFF: Final = (
    "The venue's figures do not add up: equity - unrealized is {:f} more than availableBalance + positionMargin +"
    " frozenBalance, which MEXC says that the wallet balance is: wallet_balance and equity may be wrong."
)

#: Seconds that a request may be off MEXC's clock: the default, and the most.
_WINDOW: Final = 10
_WIDEST_WINDOW: Final = 60

#: MEXC cuts some of its figures to eight decimals, and not others.
_CUT: Final = Decimal("1E-8")


def _check_window(seconds: int) -> str:
    return "" if 1 <= seconds <= _WIDEST_WINDOW else f"it is not between 1 and {_WIDEST_WINDOW} seconds"


RECV_WINDOW: Final = Option(
    "recv_window",
    int,
    f"Seconds that the time of a request may be off, up to {_WIDEST_WINDOW}.",
    default=_WINDOW,
    check=_check_window,
)


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all currencies.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    answer = get_account_assets.sync(client=client, recv_window=account.options["recv_window"])
    return Statement([balance(account, row) for row in answer.data])


def balance(account: Account, row: Asset) -> Balance:
    """
    Translate one currency.

    Equity and wallet are not known where there is a debt, and the wallet is not where there is a trial bonus: MEXC does
    not say whether its equity has them in it. Nor are they where the answer does not say whether there is one.
    """
    debt, bonus = known(row.debt_amount), known(row.bonus)
    told = Balance(
        account=account.name,
        venue=account.venue,
        asset=row.currency,
        unrealized_pnl=row.unrealized,
        equity=row.equity if debt == 0 else None,
        position_margin=row.position_margin,
        order_margin=row.frozen_balance,
        available_balance=known(row.available_open),
        max_withdraw=_withdrawable(row),
        notes=[*_doubts(row, debt, bonus), *_remarks(row)],
    )
    if debt == 0 and bonus == 0:
        return told.derive("wallet_balance", less(row.equity, row.unrealized), WALLET)
    return told


def _gap(row: Asset) -> Decimal:
    """
    Return what the wallet is more by equity than by its parts, or 0 where that is what was cut off.

    A wallet that does not cover the margins has nothing available, and not less.
    """
    gap = less(row.equity, row.unrealized, row.available_balance, row.position_margin, row.frozen_balance)
    covered = gap > 0 or row.available_balance != 0
    return gap if abs(gap) >= _CUT and covered else Decimal()


def _withdrawable(row: Asset) -> Decimal | None:
    """
    Return what can be withdrawn, or None where MEXC says that another amount can be transferred.
    """
    if isinstance(row.available_cash, Unset):
        return row.cash_balance
    off = less(row.available_cash, row.cash_balance)
    return row.cash_balance if abs(off) < _CUT else None


def _doubts(row: Asset, debt: Decimal | None, bonus: Decimal | None) -> Iterator[str]:
    """
    Say why it is not certain what equity is made of.
    """
    if debt is None:
        yield NO_DEBT.format(row.equity)
    elif debt:
        yield (
            f"There is a debt of {debt:f}, and MEXC does not say whether it has been taken off the equity that it"
            f" gives, {row.equity:f}: equity and wallet_balance are not known."
        )
    if bonus is None:
        yield NO_BONUS
    elif bonus:
        yield (
            f"There is a trial bonus of {bonus:f}, which is no cash. MEXC does not say whether equity has it in it, so"
            " wallet_balance is not known, and equity may have the bonus in it."
        )
    if debt == 0 and bonus == 0 and (gap := _gap(row)):
        yield OFF.format(gap)


def _remarks(row: Asset) -> Iterator[str]:
    if isinstance(row.available_open, Unset):
        yield UNTOLD
    if known(row.contribute_margin_amount):
        yield POOLED
    if not isinstance(row.available_cash, Unset) and _withdrawable(row) is None:
        yield (
            f"MEXC gives two amounts for what can leave the account, cashBalance {row.cash_balance:f} and availableCash"
            f" {row.available_cash:f}, so max_withdraw is not known."
        )


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    return get_server_time.sync(client=client).data


MEXC: Final = Venue(
    id="mexc",
    title="MEXC futures",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    # Whether MEXC counts by key or by address is not documented: by address is the stricter one. That of the assets
    # stands first, for the option weight_limit.
    limits=[
        Limit(requests, seconds=seconds, weights={operation: 1})
        for operation, (requests, seconds) in reversed(RATE_LIMITS.items())
    ],
    explain=explain,
    credentials=CREDENTIALS,
    options=(RECV_WINDOW,),
    hosts={"production": "https://api.mexc.com", "contract": "https://contract.mexc.com"},
    fills={
        "wallet_balance": "derived: `equity` - `unrealized`. In the example, `equity` is cut to eight decimals, so what"
        " stands behind the eighth need not be cash. A note says where `availableBalance` + `positionMargin` +"
        " `frozenBalance` contradicts it",
        "unrealized_pnl": "`unrealized`",
        "equity": "`equity`",
        "initial_margin": "derived: `positionMargin` + `frozenBalance`",
        "position_margin": "`positionMargin`",
        "order_margin": "`frozenBalance`, which is what open orders freeze",
        "available_balance": "`availableOpen`, documented as the usable amount",
        "max_withdraw": "`cashBalance`, if `availableCash`, to eight decimals, is no other amount",
    },
    unknown={
        "wallet_balance": "Where there is a debt or a trial bonus: whether `equity` has it in it is not documented. In"
        " older answers without `debtAmount` or `bonus`, which do not say whether there is one.",
        "equity": "Where there is a debt, and in older answers without `debtAmount`.",
        "maintenance_margin": "No part of the answer.",
        "available_balance": "In older answers without `availableOpen`: `availableBalance` is the wallet balance less"
        " margins, without the unrealized PnL that may back a new position.",
        "max_withdraw": "Where `cashBalance` and `availableCash` are two amounts.",
        "cross_wallet_balance": "No part of the answer.",
        "cross_unrealized_pnl": "No part of the answer.",
        "updated_at": "No part of the answer.",
    },
    ignores={
        "success": "true, or the answer is an error",
        "code": "0, or the answer is an error",
        "bonusExpireTime": "no figure of a balance",
        "vcoinId": "MEXC's code for the currency",
    },
)
