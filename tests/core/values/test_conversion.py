"""
Which price of an asset is used, of those that are known.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from marginbook import Price
from marginbook.values import convert

NOON: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)


def price(asset: str, currency: str, amount: str = "2", source: str = "acme", **more: Any) -> Price:
    return Price(**{"asset": asset, "currency": currency, "price": amount, "source": source, "at": NOON, **more})


def used(*prices: Price, currency: str = "USD") -> dict[str, str]:
    return {asset: found.source for asset, found in convert(prices, currency).items()}


def test_the_first_of_several() -> None:
    """
    Of two prices of the same kind, the one that comes first is used.
    """
    first, second = price("BTC", "USD", source="first"), price("BTC", "USD", source="second")

    assert {"BTC": "first"} == used(first, second)
    assert {"BTC": "second"} == used(second, first)


def test_the_users_own_comes_first() -> None:
    """
    A price of the user's table is used wherever it stands.
    """
    assert {"BTC": "table"} == used(price("BTC", "USD"), price("BTC", "USD", source="table"))


def test_direct_before_composed() -> None:
    """
    A price in the currency is used before one by way of another asset, even one that the user's table begins.
    """
    chain = [price("BTC", "USDT", source="table"), price("USDT", "USD", source="table")]

    assert {"BTC": "direct", "USDT": "table"} == used(*chain, price("BTC", "USD", source="direct"))


def test_a_chain_of_two() -> None:
    """
    A composed price is the exact product, names both sources, and is as old as the older one.
    """
    old = NOON - timedelta(hours=1)
    first = price("BTC", "USDT", "91018.70000000", "one", bid_rate="9", ask_rate="9")
    found = convert([first, price("USDT", "USD", "0.99980000", "two", at=old)], "USD")["BTC"]

    assert "91000.4962600000000000" == str(found.price)
    assert ("BTC", "USD", "one, two", old) == (found.asset, found.currency, found.source, found.at)
    assert (None, None) == (found.bid_rate, found.ask_rate)


def test_no_chain_of_three() -> None:
    """
    What is two assets away from the currency has no price, since each link makes it less certain.
    """
    links = [price("A", "B"), price("B", "C"), price("C", "USD")]

    assert ["B", "C"] == list(convert(links, "USD"))


def test_nothing_is_inverted() -> None:
    """
    A price of the currency in an asset says nothing of the asset: to invert it, it would have to be rounded.
    """
    assert {} == convert([price("USD", "INR", "83")], "USD")


def test_a_currency_costs_itself_nothing_else() -> None:
    """
    Whoever says that a dollar costs two dollars is not heard, nor does a way lead through it.
    """
    assert {} == convert([price("USD", "USD"), price("USD", "USDT")], "USD")


def test_ties_of_chains() -> None:
    """
    Of two chains, the one with the better first link is used; a first link that leads nowhere is none.
    """
    seconds = [price("USDC", "USD", source="c"), price("USDT", "USD", source="t"), price("USDT", "USD", source="u")]
    tether, coin = price("BTC", "USDT", source="1"), price("BTC", "USDC", source="2")

    assert "1, t" == used(tether, coin, *seconds)["BTC"]
    assert "2, c" == used(coin, tether, *seconds)["BTC"]
    assert "2, c" == used(price("BTC", "XYZ"), coin, *seconds)["BTC"]


def test_too_many_digits() -> None:
    """
    A product of more digits than any amount is no price, and nobody else's trouble.
    """
    tiny = price("BTC", "USDT", "1E-99"), price("USDT", "USD", "1E-99")

    assert ["USDT"] == list(convert(tiny, "USD"))


ASSETS: Final = st.sampled_from(["A", "B", "C", "USD"])
PRICES: Final = st.lists(
    st.builds(
        price,
        ASSETS,
        ASSETS,
        st.decimals(Decimal("1E-20"), Decimal("1E+20"), allow_nan=False).map(lambda d: f"{d:f}"),
        st.sampled_from(["table", "acme", "zeta"]),
    )
)


@given(PRICES)
def test_every_price_follows_from_some(prices: list[Price]) -> None:
    """
    Whatever is known, a converted price is one of those that are, or the exact product of two that meet; and whoever
    has a price in the currency has one.
    """
    found = convert(prices, "USD")
    direct = [p for p in prices if p.currency == "USD" and p.asset != "USD"]

    assert {p.asset for p in direct} <= found.keys()
    for asset, one in found.items():
        own = {Fraction(p.price) for p in direct if p.asset == asset}
        products = {
            Fraction(first.price) * Fraction(second.price)
            for first in prices
            for second in direct
            if (first.asset, first.currency) == (asset, second.asset)
        }
        assert Fraction(one.price) in (own or products)
