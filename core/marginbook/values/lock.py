"""
What is locked in one account, contract by contract.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import field, fields, frozen
from attrs.validators import instance_of, optional

from marginbook.values.fields import amount, named, text


@frozen(kw_only=True)
class Lock:
    """
    A venue's own breakdown of locked margin by symbol.

    Locks explain a balance. They are not added to it, and need not sum to it.
    """

    #: Our name of the account.
    account: str = text()
    #: The id of the venue.
    venue: str = text()
    #: The contract, as the venue spells it.
    symbol: str = named()
    #: What the amounts are counted in.
    asset: str = named()
    #: All that is locked for the symbol.
    blocked_balance: Decimal | None = amount()
    #: Locked by its open position.
    position_margin: Decimal | None = amount()
    #: Locked by its open orders. Negative where orders would reduce the position.
    order_margin: Decimal | None = amount()
    #: True for a position with a wallet of its own, which the venue liquidates by itself; None where it does not say.
    isolated: bool | None = field(default=None, validator=optional(instance_of(bool)))
    #: What the position has to have behind it.
    maintenance_margin: Decimal | None = amount()
    #: What an isolated position has behind it: its own wallet plus its unrealized PnL. None for others.
    equity: Decimal | None = amount()


#: The names of the amounts of a lock, in reading order.
LOCK_AMOUNTS: Final = tuple(a.name for a in fields(Lock) if "amount" in a.metadata)
