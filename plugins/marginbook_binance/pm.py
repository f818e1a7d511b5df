"""
Binance Portfolio Margin, from ``GET /papi/v1/balance`` and ``GET /papi/v1/account``.

An account has three wallets: margin, USDⓈ-M futures and COIN-M futures. All of them are collateral of everything, so
margins and what is available are told of the account as a whole, in USD, and not by asset. There are no isolated
positions.

Source: the specification in ``specs/binance_pm.openapi.yaml``. What follows from it:

- ``totalWalletBalance`` has in it what was borrowed. That is not the account's own: a wallet balance is transfers,
  realized PnL and funding less fees, and a loan is none of these. So the wallet balance is what remains when the loan
  and the interest on it are repaid, and equity is, as at every venue, wallet balance plus unrealized PnL.
- The documentation says so of ``totalWalletBalance``, and its example contradicts it. A row that contradicts it as well
  has a note; one that would fit only if loans were taken off already has no wallet balance, rather than a wrong one.
- ``""`` is how the venue writes that it does not tell an amount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import (
    Balance,
    InvalidResponseError,
    Statement,
    Venue,
    figure,
    from_milliseconds,
    hookimpl,
    less,
    product,
    total,
)
from marginbook.wire import Client, Unset
from marginbook_binance.codes import explain
from marginbook_binance.keys import CREDENTIALS, sign
from marginbook_binance.options import RECV_WINDOW, address_limit
from marginbook_binance.rows import ONCE_MORE, PLACEHOLDER
from marginbook_clients.binance_pm.costs import WEIGHTS
from marginbook_clients.binance_pm.specification import SPECIFICATION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    import requests

    from marginbook import Account, Summary
    from marginbook.sandbox import Stage
    from marginbook_clients.binance_pm.models.account_balance import AccountBalance
    from marginbook_clients.binance_pm.models.account_information import AccountInformation

WALLET: Final = "totalWalletBalance - crossMarginBorrowed - crossMarginInterest"
PNL: Final = "umUnrealizedPNL + cmUnrealizedPNL"

UNCLEAR: Final = (
    "totalWalletBalance is what the wallets hold less what is borrowed and owed, though Binance documents it with that."
    " It is not known whether it has to be taken off, so wallet_balance and equity are not known."
)
OWED: Final = (
    "Binance reports a negativeBalance of {:f}, which is not what umWalletBalance and cmWalletBalance are below zero."
    " It does not document whether it is in any of them, so wallet_balance and equity are not known."
)
UNTOLD: Final = "Binance tells only a part of the unrealized PnL, {}, so unrealized_pnl and equity are not known."

#: How far, in hundredths, the margin ratio may be from what equity and maintenance margin make it.
_NOTABLE: Final = 1


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all assets of the account, and for the account as a whole.

    Raises:
        InvalidResponseError: The account is worth something, and no asset is listed.

    """
    # See usdm.py.
    from marginbook_clients.binance_pm.api.account import account_balance, account_information  # noqa: PLC0415

    client = Client(base_url=account.options["base_url"], session=session)
    window = account.options["recv_window"]
    rows = account_balance.sync(client=client, recv_window=window)
    # A moment later, at other prices: nothing of it is set against the rows.
    whole = account_information.sync(client=client, recv_window=window)
    if whole.actual_equity and not rows:
        msg = "GET /papi/v1/balance: the account is worth something, and no asset is listed."
        raise InvalidResponseError(msg, hint=ONCE_MORE)
    return Statement([balance(account, row) for row in rows], summary=summary(account, whole))


def balance(account: Account, row: AccountBalance) -> Balance:
    """
    Translate one row.

    Raises:
        InvalidResponseError: An amount is neither a number nor empty.

    """
    updated_at = from_milliseconds(row.update_time)
    told = Balance(
        account=account.name,
        venue=account.venue,
        asset=row.asset,
        updated_at=updated_at,
        notes=[*([] if updated_at else [PLACEHOLDER]), *_remarks(row)],
    )
    (_, futures), (_, coins) = _pnls(row)
    if futures is not None and coins is not None:
        told = told.derive("unrealized_pnl", total((futures, coins)), PNL)
    if _is_unclear(row) or _owes_more(row):
        return told
    return told.derive("wallet_balance", _own(row, row.total_wallet_balance), WALLET)


def _pnls(row: AccountBalance) -> list[tuple[str, Decimal | None]]:
    return [
        ("umUnrealizedPNL", figure("umUnrealizedPNL", row.um_unrealized_pnl)),
        ("cmUnrealizedPNL", figure("cmUnrealizedPNL", row.cm_unrealized_pnl)),
    ]


def _parts(row: AccountBalance) -> Decimal:
    return total((row.cross_margin_free, row.cross_margin_locked, row.um_wallet_balance, row.cm_wallet_balance))


def _own(row: AccountBalance, amount: Decimal) -> Decimal:
    """
    Return what remains of an amount when loans are repaid.
    """
    return less(amount, row.cross_margin_borrowed, row.cross_margin_interest)


def _is_unclear(row: AccountBalance) -> bool:
    """
    True if the total fits its parts only when loans have been taken off it already.
    """
    parts = _parts(row)
    return row.total_wallet_balance != parts and row.total_wallet_balance == _own(row, parts)


def _owes_more(row: AccountBalance) -> bool:
    """
    True if futures wallets owe what their balances do not show.
    """
    if isinstance(row.negative_balance, Unset) or not row.negative_balance:
        return False
    below = total(amount for amount in (row.um_wallet_balance, row.cm_wallet_balance) if amount < 0)
    return row.negative_balance.copy_abs() != below.copy_abs()


def _remarks(row: AccountBalance) -> Iterator[str]:
    difference = less(row.total_wallet_balance, _parts(row))
    if _is_unclear(row):
        yield UNCLEAR
    elif difference:
        yield (
            f"The venue's figures do not add up: totalWalletBalance is {difference:f} more than its parts,"
            " crossMarginFree + crossMarginLocked + umWalletBalance + cmWalletBalance."
        )
    pnls = _pnls(row)
    if any(amount is None for _, amount in pnls):
        yield UNTOLD.format(
            " and ".join(f"{name} {'empty' if pnl is None else format(pnl, 'f')}" for name, pnl in pnls)
        )
    if not isinstance(row.negative_balance, Unset) and _owes_more(row):
        yield OWED.format(row.negative_balance)


def summary(account: Account, whole: AccountInformation) -> Summary:
    """
    Translate the account as a whole.

    Raises:
        InvalidResponseError: An amount is neither a number nor empty.

    """
    from marginbook import Summary  # noqa: PLC0415  # likewise

    return Summary(
        account=account.name,
        venue=account.venue,
        currency="USD",
        mode="portfolio",
        status=whole.account_status,
        equity=whole.actual_equity,
        adjusted_equity=whole.account_equity,
        initial_margin=whole.account_initial_margin,
        maintenance_margin=whole.account_maint_margin,
        available_balance=figure("totalAvailableBalance", whole.total_available_balance),
        max_withdraw=whole.virtual_max_withdraw_amount,
        updated_at=from_milliseconds(whole.update_time),
        notes=_doubts(whole),
    )


def _doubts(whole: AccountInformation) -> list[str]:
    """
    Hold the venue's own ratio against the figures that it is made of. Without maintenance margin it means nothing.
    """
    off = less(product(whole.uni_mmr, whole.account_maint_margin), whole.account_equity)
    if not whole.account_maint_margin or abs(off) * 100 <= abs(whole.account_equity) * _NOTABLE:
        return []
    figures = f"accountEquity {whole.account_equity:f} by accountMaintMargin {whole.account_maint_margin:f}"
    return [f"The venue's figures do not add up: uniMMR is {whole.uni_mmr:f}, and {figures} is another ratio."]


_WHOLE: Final = "Told of the whole account, in USD, in its summary: all assets are collateral of all positions."

PM: Final = Venue(
    id="binance-pm",
    title="Binance Portfolio Margin",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    # Binance documents no operation that tells the time.
    time=None,
    limits=(address_limit(WEIGHTS, weight=6000),),
    explain=explain,
    credentials=CREDENTIALS,
    options=(RECV_WINDOW,),
    hosts={"production": "https://papi.binance.com"},
    fills={
        "wallet_balance": "derived: `totalWalletBalance` - `crossMarginBorrowed` - `crossMarginInterest`",
        "unrealized_pnl": "derived: `umUnrealizedPNL` + `cmUnrealizedPNL`",
        "equity": "derived: `wallet_balance` + `unrealized_pnl`",
        "updated_at": "`updateTime`, unless it is 0",
    },
    unknown={
        "wallet_balance": "Where the total fits its parts only if loans were taken off it already, and where"
        " `negativeBalance` is not what the futures wallets are below zero.",
        "unrealized_pnl": "Where Binance leaves one of the two empty.",
        "equity": "Where one of the two is not known.",
        "initial_margin": _WHOLE,
        "position_margin": _WHOLE,
        "order_margin": _WHOLE,
        "maintenance_margin": _WHOLE,
        "available_balance": _WHOLE,
        "max_withdraw": _WHOLE,
        "cross_wallet_balance": "There are no isolated wallets, so it would be the wallet balance.",
        "cross_unrealized_pnl": "There are no isolated positions, so it would be the unrealized PnL.",
    },
    ignores={
        "crossMarginAsset": "documented as free and locked, published as those less loans; both are read themselves",
        "totalMarginOpenLoss": "what open margin orders would lose at once, in USD",
    },
)


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer it as a venue.
    """
    return [PM]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_binance.stage import portfolio  # noqa: PLC0415

    return [portfolio()]
