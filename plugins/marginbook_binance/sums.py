"""
Sums of amounts, to the last digit.
"""

from __future__ import annotations

from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from functools import reduce
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Wide enough for any amounts that the clients let in. What would still have to be rounded raises instead.
EXACT: Final = Context(prec=400, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])


def add(amounts: Iterable[Decimal]) -> Decimal:
    """
    Add up *amounts*.
    """
    return reduce(EXACT.add, amounts, Decimal())


def less(amount: Decimal, *others: Decimal) -> Decimal:
    """
    Take *others* from *amount*.
    """
    return reduce(EXACT.subtract, others, amount)
