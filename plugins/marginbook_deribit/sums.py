"""
Sums of amounts, to the last digit, and how far rounded ones may be off.
"""

from __future__ import annotations

from decimal import Context, Decimal, Inexact
from functools import reduce
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Wide enough for any amounts that a client lets in. What would still have to be rounded raises instead.
_EXACT: Final = Context(prec=400, traps=[Inexact])

#: Decimals that every currency of Deribit has at least. A JSON number does not tell those that are 0.
_FEWEST: Final = 6


def add(amounts: Iterable[Decimal]) -> Decimal:
    """
    Add up *amounts*.
    """
    return reduce(_EXACT.add, amounts, Decimal())


def less(amount: Decimal, *others: Decimal) -> Decimal:
    """
    Take *others* from *amount*.
    """
    return reduce(_EXACT.subtract, others, amount)


def unit(amounts: Iterable[Decimal]) -> Decimal:
    """
    Return a unit of the last place that any of *amounts* has.
    """
    return Decimal(1).scaleb(min(-_FEWEST, *(int(amount.as_tuple().exponent) for amount in amounts)))
