"""
What one asset costs in another.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import Attribute, field, frozen
from attrs.converters import optional

from marginbook.values.fields import named, text
from marginbook.values.money import exact
from marginbook.values.times import moment


@frozen(kw_only=True)
class Price:
    """
    What a unit of one asset costs, counted in another.

    Raises:
        TypeError: An amount is a float.

        ValueError: A price is not positive, or a time has no zone.

    """

    #: What is priced.
    asset: str = named()
    #: What the price is counted in, such as ``"USD"``.
    currency: str = named()
    #: Units of *currency* for one unit of *asset*.
    price: Decimal = field(converter=exact)
    #: Who says so, and what kind of price it is, such as ``"binance-coinm index BTCUSD"``.
    source: str = text()
    #: As of when, in UTC.
    at: datetime = field(converter=moment)
    #: What the source counts for a unit of the asset as collateral, after its haircut, where it says so: of a unit that
    #: is owned, and of one that is owed.
    bid_rate: Decimal | None = field(default=None, converter=optional(exact))
    ask_rate: Decimal | None = field(default=None, converter=optional(exact))

    @price.validator
    def _check_price(self, _: Attribute[Any], price: Decimal) -> None:
        if price <= 0:
            msg = f"{self.asset} costs {price!s:.40} {self.currency}, which is no price."
            raise ValueError(msg)
