"""
Amounts of money: exact decimals, or an error.
"""

from __future__ import annotations

import functools
import re
from decimal import (
    Clamped,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import TYPE_CHECKING, Any, Final, overload

from marginbook.errors import InvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.wire import Unset

ZERO: Final = Decimal()

#: Wide enough to add any amounts that `exact` lets in, and to multiply those of any venue. What would still have to be
#: rounded raises instead.
EXACT: Final = Context(prec=400, traps=[Clamped, DivisionByZero, FloatOperation, Inexact, InvalidOperation, Overflow])

#: A ratio has to be rounded somewhere.
_ROUNDED: Final = Context(prec=28)

#: Passes what is plain already in one step: finite digits of which none is cut off, and no exponent that has to be
#: written out. For all else it raises, or is not asked.
_PLAIN: Final = Context(prec=141, Emin=0, Emax=140, clamp=1, traps=[Clamped, Inexact, InvalidOperation, Overflow])
_check_plain: Final = _PLAIN.plus

#: The power of ten beyond which, and below which, nothing is an amount.
_FARTHEST: Final = 140

#: Adds amounts exactly, and raises where their sum is none.
SUMMING: Final = Context(prec=EXACT.prec, Emax=_FARTHEST, traps=[Inexact, InvalidOperation, Overflow])


def exact(amount: Decimal | int | str) -> Decimal:
    """
    Return *amount* as a Decimal of the very digits that were written, trailing zeros included.

    Raises:
        TypeError: It is a float, which has lost digits already, or no number at all.

        ValueError: It is not finite, or no plain number.

    """
    # What comes from a client nearly always is plain, and this is done to every figure of every row.
    if type(amount) is Decimal and amount.is_finite():
        try:
            _PLAIN.plus(amount)
        except ArithmeticError:
            pass
        else:
            return amount
    if isinstance(amount, str):
        if not _digits().fullmatch(amount):
            msg = f"{amount!r:.24} is not an amount."
            raise ValueError(msg)
        amount = Decimal(amount)
    elif isinstance(amount, int) and not isinstance(amount, bool):
        amount = Decimal(amount)
    elif not isinstance(amount, Decimal):
        msg = f"An amount is a Decimal, made from the digits that the venue sent, and not a {type(amount).__name__}."
        raise TypeError(msg)
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_FARTHEST or amount.adjusted() > _FARTHEST:
        msg = f"{amount!s:.24} is not an amount."
        raise ValueError(msg)
    # 1E+3 is written as 1000 everywhere, so it has to be that here as well, to survive being written and read.
    return amount if exponent <= 0 else EXACT.quantize(amount, Decimal(1))


def are_exact(amounts: Iterable[Any]) -> bool:
    """
    Say whether all amounts are what `exact` returns, or not known, in less time than it takes for each.
    """
    try:
        for amount in amounts:
            if amount is not None:
                # Raises for what is not plain.
                _check_plain(amount)
                if not amount.is_finite():
                    return False
    # Nor do all things have these.
    except (ArithmeticError, AttributeError, TypeError):
        return False
    return True


# Compiled for the first amount that is a text: most clients have made decimals of theirs.
@functools.cache
def _digits() -> re.Pattern[str]:
    """
    Return what the digits of an amount are: no NaN, no Infinity, no underscores, no blanks.
    """
    return re.compile(r"[+-]?[0-9]{1,150}(\.[0-9]{1,150})?([eE][+-]?[0-9]{1,2})?")


def exact_or_unknown(amount: Decimal | int | str | None) -> Decimal | None:
    """
    Return *amount* as `exact` does, or None where it is not known.
    """
    return None if amount is None else exact(amount)


def figure(name: str, digits: str | Unset | None) -> Decimal | None:
    """
    Read an amount that a venue writes as a text, and may leave out, null or empty: None, which is not zero.

    Args:
        name: What the venue calls it.

        digits: What it wrote.

    Raises:
        InvalidResponseError: It is neither an amount nor empty.

    """
    # A zero that has been read already is falsy, and is no text that is empty.
    if not digits and not isinstance(digits, Decimal | int):
        return None
    try:
        return exact(digits)
    except ValueError as error:
        msg = f"{name}: {error}"
    raise InvalidResponseError(msg)


def plain(amount: Decimal) -> str:
    """
    Write *amount* with all its digits and without an exponent.
    """
    return f"{amount:f}"


def plus(amount: Decimal, other: Decimal) -> Decimal:
    """
    Add two amounts exactly.
    """
    return EXACT.add(amount, other)


@overload
def total(amounts: Iterable[Decimal]) -> Decimal: ...


@overload
def total(amounts: Iterable[Decimal | None]) -> Decimal | None: ...


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """
    Add up *amounts* of one asset exactly, or return None where one of them is not known.
    """
    with localcontext(EXACT):
        return added(tuple(amounts))


def added(column: tuple[Decimal | None, ...]) -> Decimal | None:
    """
    Add up amounts as `total` does, for a caller who has many such sums and has made `EXACT` the context of all.
    """
    try:
        return sum(column, ZERO)  # type: ignore[type-var]  # see below
    except TypeError:
        # None cannot be added to anything; nor can a stranger.
        if any(amount is None for amount in column):
            return None
        raise


@overload
def less(amount: Decimal, *others: Decimal) -> Decimal: ...


@overload
def less(amount: Decimal | None, *others: Decimal | None) -> Decimal | None: ...


def less(amount: Decimal | None, *others: Decimal | None) -> Decimal | None:
    """
    Take *others* from *amount* exactly, or return None where one of them is not known.
    """
    for other in others:
        if amount is None or other is None:
            return None
        amount = EXACT.subtract(amount, other)
    return amount


def product(amount: Decimal, price: Decimal) -> Decimal:
    """
    Multiply *amount* by *price*, exactly.
    """
    return EXACT.multiply(amount, price)


def ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """
    Divide *part* by *whole*, to 28 digits, or return None where either is not known or *whole* is not positive.
    """
    if part is None or whole is None or whole <= 0:
        return None
    return _ROUNDED.divide(part, whole)
