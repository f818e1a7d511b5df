"""
Which price of an asset is used, of those that are known.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from marginbook.values.money import product
from marginbook.values.price import Price

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The source of a price that the user says.
TABLE: Final = "table"


def convert(prices: Iterable[Price], currency: str) -> dict[str, Price]:
    """
    Return the price of each asset in *currency*, by asset in alphabetical order.

    The user's own come first, then those that are in *currency* anyway, then those by way of a third asset, of which
    the price in *currency* has to be known itself. Among equals it is the order of *prices* that decides: first that of
    the first link, then that of the second. There are never more than two links, and no price is inverted, since it
    would have to be rounded.

    Args:
        prices: What is known, in the order of preference.

        currency: What the prices shall be counted in.

    """
    # Sorting keeps the order of equals.
    ordered = sorted(prices, key=lambda price: price.source != TABLE)
    known: dict[str, Price] = {}
    links: defaultdict[str, list[Price]] = defaultdict(list)
    for price in ordered:
        if price.asset == currency:
            # What a currency costs in itself is nobody's to say, and a way back to it is no price.
            continue
        if price.currency == currency:
            known.setdefault(price.asset, price)
        else:
            links[price.asset].append(price)
    direct = dict(known)
    for asset in links.keys() - direct.keys():
        composed = (_compose(first, direct.get(first.currency)) for first in links[asset])
        if found := next(filter(None, composed), None):
            known[asset] = found
    return dict(sorted(known.items()))


def _compose(first: Price, second: Price | None) -> Price | None:
    """
    Return what *first* is in the currency of *second*, or None where that has no price, or more digits than any.
    """
    if second is None:
        return None
    try:
        return Price(
            asset=first.asset,
            currency=second.currency,
            price=product(first.price, second.price),
            source=f"{first.source}, {second.source}",
            at=min(first.at, second.at),
        )
    except ValueError:
        return None
