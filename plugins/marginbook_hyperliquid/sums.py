"""
Sums of amounts, to the last digit.
"""

from __future__ import annotations

from decimal import Context, Decimal, Inexact
from functools import reduce
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Wide enough for any amounts that a client lets in. What would still have to be rounded raises instead.
_EXACT: Final = Context(prec=400, traps=[Inexact])


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
