"""
How much a figure may move before somebody is told.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import Attribute, field, frozen

from marginbook.errors import ConfigurationError
from marginbook.values import exact, plain, product

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Stands for each asset that has no threshold of its own.
EVERY: Final = "*"

#: Digits of a percentage. More would not fit into an exact product with every amount that there can be.
_DIGITS: Final = 28

_HINT: Final = "Write USDT=100 for an amount, BTC=1% for a part of the opening figure, or 5% for each other asset."


@frozen
class Threshold:
    """
    A move may be as large as this, and no larger.

    Args:
        amount: In units of the asset, or a percentage.

        percent: True if it is a percentage of the opening figure.

    Raises:
        ValueError: It is negative, or a percentage of more than 28 digits.

    """

    amount: Decimal = field(converter=exact)
    percent: bool = False

    @amount.validator
    def _check_amount(self, _: Attribute[Any], amount: Decimal) -> None:
        if amount < 0:
            msg = f"{plain(amount)} is negative."
            raise ValueError(msg)

    def __attrs_post_init__(self) -> None:
        if self.percent and len(plain(self.amount)) > _DIGITS:
            msg = f"{plain(self.amount)} has more than {_DIGITS} digits."
            raise ValueError(msg)

    def limit(self, opening: Decimal | None) -> Decimal | None:
        """
        Return the largest move that is allowed, in units of the asset, or None where *opening* has to be known.
        """
        if not self.percent:
            return self.amount
        return None if opening is None else product(opening.copy_abs(), product(self.amount, Decimal("0.01")))

    def __str__(self) -> str:
        return f"{plain(self.amount)}{'%' * self.percent}"


def thresholds_of(thresholds: Mapping[str, Threshold | Decimal | int | str]) -> dict[str, Threshold]:
    """
    Read the thresholds of assets: amounts, or texts such as ``"100"`` and ``"5%"``. `EVERY` stands for all others.

    Raises:
        ConfigurationError: One of them is none, or an amount is meant for assets of every kind.

        TypeError: One of them is a float.

    """
    found = {asset: _threshold(asset, written) for asset, written in thresholds.items()}
    if EVERY in found and not found[EVERY].percent:
        msg = f"An amount of {found[EVERY]} means something else in each asset."
        raise ConfigurationError(msg, hint=_HINT)
    return found


def _threshold(asset: str, written: Threshold | Decimal | int | str) -> Threshold:
    if isinstance(written, Threshold):
        return written
    percent = isinstance(written, str) and written.endswith("%")
    try:
        return Threshold(written.removesuffix("%") if isinstance(written, str) else written, percent)
    except ValueError as error:
        msg = f"{written!s:.40} is no threshold for {asset}: {error}"
        raise ConfigurationError(msg, hint=_HINT) from None
