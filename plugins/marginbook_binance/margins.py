"""
The richer rows of both kinds of futures, with margins and isolated positions, and the positions themselves.

Source: the specifications in ``specs/``. Neither kind names the asset that is the margin of a position: it is read from
the symbol, and what cannot be told from it is left out and said.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol

from attrs import frozen

from marginbook import Balance, Lock, Statement, from_milliseconds, less, total
from marginbook_binance.rows import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from marginbook import Account, Summary

#: The side of a position where a symbol has but one.
BOTH: Final = "BOTH"


class Row(Protocol):
    """
    What the rows of both have in common.
    """

    asset: str
    wallet_balance: Decimal
    unrealized_profit: Decimal
    margin_balance: Decimal
    initial_margin: Decimal
    position_initial_margin: Decimal
    open_order_initial_margin: Decimal
    maint_margin: Decimal
    available_balance: Decimal
    max_withdraw_amount: Decimal
    cross_wallet_balance: Decimal
    cross_un_pnl: Decimal


@frozen
class Position:
    """
    A position with its open orders.
    """

    symbol: str
    side: str
    #: What is its margin; None where the symbol does not tell.
    asset: str | None
    unrealized_pnl: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    #: Whether it has a wallet of its own.
    isolated: bool
    #: What is in that wallet, and that with the unrealized PnL; None where it is not told, and for other positions.
    wallet: Decimal | None = None
    equity: Decimal | None = None
    position_margin: Decimal | None = None
    order_margin: Decimal | None = None

    @property
    def is_there(self) -> bool:
        """
        False for a symbol that is listed, but locks nothing.
        """
        told = (
            self.unrealized_pnl,
            self.initial_margin,
            self.maintenance_margin,
            self.position_margin,
            self.order_margin,
        )
        return self.isolated or any(told)

    @property
    def name(self) -> str:
        """
        The symbol, with the side where there are two.
        """
        return self.symbol if self.side == BOTH else f"{self.symbol} {self.side}"


def statement(
    account: Account, balances: Iterable[Balance], positions: Iterable[Position], summary: Summary | None = None
) -> Statement:
    """
    Put the answer together: rows that were held against the positions, and the positions of which the margin is known.
    """
    there = [position for position in positions if position.is_there]
    homeless = sorted(position.name for position in there if position.asset is None)
    if homeless:
        # Any of the assets may be theirs, so nothing can be said of its sum.
        note = f"The answer does not tell in which asset these are held, so they are in no lock: {', '.join(homeless)}."
        return Statement(balances, locks(account, there), [note], summary)
    return Statement([_check(balance, there) for balance in balances], locks(account, there), summary=summary)


def translate(account: Account, row: Row, *, updated: int) -> Balance:
    """
    Say in our words what a row of an account says.

    Args:
        account: Whose row it is.

        row: As the venue sent it.

        updated: When it last changed, in milliseconds since 1970, or 0.

    """
    updated_at = from_milliseconds(updated)
    return Balance(
        account=account.name,
        venue=account.venue,
        asset=row.asset,
        wallet_balance=row.wallet_balance,
        unrealized_pnl=row.unrealized_profit,
        equity=row.margin_balance,
        initial_margin=row.initial_margin,
        position_margin=row.position_initial_margin,
        order_margin=row.open_order_initial_margin,
        maintenance_margin=row.maint_margin,
        available_balance=row.available_balance,
        max_withdraw=row.max_withdraw_amount,
        cross_wallet_balance=row.cross_wallet_balance,
        cross_unrealized_pnl=row.cross_un_pnl,
        updated_at=updated_at,
        notes=() if updated_at else (PLACEHOLDER,),
    )


def locks(account: Account, positions: Iterable[Position]) -> list[Lock]:
    """
    Return what each position locks, where it is known of what.
    """
    return [
        Lock(
            account=account.name,
            venue=account.venue,
            symbol=position.name,
            asset=position.asset,
            blocked_balance=position.initial_margin,
            position_margin=position.position_margin,
            order_margin=position.order_margin,
            isolated=position.isolated,
            maintenance_margin=position.maintenance_margin,
            equity=position.equity,
        )
        for position in positions
        if position.asset is not None
    ]


def _check(balance: Balance, positions: Sequence[Position]) -> Balance:
    """
    Note where the unrealized PnL of an asset is not that of its positions, and where the equity of an isolated one is
    not that of its wallet. Which is wrong nobody here can know.
    """
    own = [position for position in positions if position.asset == balance.asset]
    amounts = [position.unrealized_pnl for position in own]
    if difference := _difference(balance.unrealized_pnl or Decimal(), *amounts):
        balance = balance.remark(
            f"The venue's figures do not add up: unrealized_pnl is {difference:f} more than the {total(amounts):f} of"
            " the positions."
        )
    for position in own:
        if position.wallet is None or position.equity is None:
            continue
        if difference := _difference(position.equity, position.wallet, position.unrealized_pnl):
            balance = balance.remark(
                f"The venue's figures do not add up: the margin of {position.name} is {difference:f} more than its"
                " wallet and unrealized PnL."
            )
    return balance


def _difference(whole: Decimal, *parts: Decimal) -> Decimal:
    """
    Return how much more a whole is than its parts, or zero where that may be rounding.
    """
    difference = less(whole, *parts)
    return difference if difference.copy_abs() > _rounding([whole, *parts]) else Decimal()


def _rounding(amounts: Sequence[Decimal]) -> Decimal:
    """
    Return how far a sum may be off: half a unit of the last place for each of the amounts.
    """
    last = min(int(amount.as_tuple().exponent) for amount in amounts)
    return Decimal(len(amounts)).scaleb(last) / 2
