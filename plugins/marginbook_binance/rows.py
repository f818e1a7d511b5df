"""
A row of a balance, which is nearly the same for both kinds of futures.

Source: Binance's FAQ "How to Check Futures Wallet Balance", and the specifications in ``specs/``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from marginbook import Balance, from_milliseconds

if TYPE_CHECKING:
    from decimal import Decimal

    from marginbook import Account

#: What to do about an answer that lists nothing of what there is.
ONCE_MORE: Final = "Ask again, as it may just have changed; then look for a newer plugin."

PLACEHOLDER: Final = "Binance gives no time of the last change (updateTime is 0), as for assets that were never held."


class Row(Protocol):
    """
    What the rows of both have in common.
    """

    asset: str
    balance: Decimal
    cross_wallet_balance: Decimal
    cross_un_pnl: Decimal
    available_balance: Decimal
    update_time: int


def translate(account: Account, row: Row, *, max_withdraw: Decimal) -> Balance:
    """
    Say in our words what a row of an account says.

    Args:
        account: Whose row it is.

        row: As the venue sent it.

        max_withdraw: What can be transferred out, for which each kind has a name of its own.

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
        max_withdraw=max_withdraw,
        updated_at=updated_at,
        notes=() if updated_at else (PLACEHOLDER,),
    )


#: Where these figures come from, for both kinds.
FILLS: Final = {
    "wallet_balance": "`balance`",
    "unrealized_pnl": "derived: `crossUnPnl`, where `balance` = `crossWalletBalance`",
    "equity": "derived: `balance` + `crossUnPnl`, where `balance` = `crossWalletBalance`",
    "cross_wallet_balance": "`crossWalletBalance`",
    "cross_unrealized_pnl": "`crossUnPnl`",
    "updated_at": "`updateTime`, unless it is 0",
}


def unknown(operation: str) -> dict[str, str]:
    """
    Say why the other figures are not known at detail balance, and that *operation* would tell them.
    """
    told = f"{operation} tells it: ask with detail margin."
    return {
        "unrealized_pnl": f"Where there are isolated wallets: only {operation} tells their PnL.",
        "equity": f"Only {operation} tells it for isolated positions: ask with detail margin.",
        "initial_margin": told,
        "position_margin": told,
        "order_margin": told,
        "maintenance_margin": told,
    }


#: Where the figures come from with detail margin, for both kinds.
MARGINS: Final = {
    "wallet_balance": "`walletBalance`",
    "unrealized_pnl": "`unrealizedProfit`",
    "equity": "`marginBalance`",
    "initial_margin": "`initialMargin`",
    "position_margin": "`positionInitialMargin`",
    "order_margin": "`openOrderInitialMargin`",
    "maintenance_margin": "`maintMargin`",
    "available_balance": "`availableBalance`",
    "max_withdraw": "`maxWithdrawAmount`",
    "cross_wallet_balance": "`crossWalletBalance`",
    "cross_unrealized_pnl": "`crossUnPnl`",
    "updated_at": "`updateTime`, unless it is 0",
}

#: Fields of a position that the report has no use for, for both kinds.
IGNORES: Final = {
    "positionAmt": "size of a position, which is no margin",
    "positions.updateTime": "when a position last changed; the row of its asset has a time",
}


def both(plain: dict[str, str]) -> dict[str, str]:
    """
    Say where each figure comes from at either detail, from what there is at detail balance.
    """
    return {
        name: source
        if plain.get(name) == source
        else f"{plain[name]}; with detail margin, {source}"
        if name in plain
        else f"{source}, with detail margin"
        for name, source in MARGINS.items()
    }
