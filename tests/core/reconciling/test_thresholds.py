"""
How much a figure may move.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from marginbook import ConfigurationError, Threshold
from marginbook.reconciling import thresholds_of


def test_amounts_and_percentages() -> None:
    """
    An amount is in units of the asset; a percentage is of the opening figure, exactly, whatever its sign.
    """
    found = thresholds_of({"USDT": "100.50", "BTC": Decimal("0.1"), "ETH": 2, "*": "1.5%"})

    assert Decimal("100.50") == found["USDT"].limit(None)
    assert Decimal("0.1") == found["BTC"].limit(Decimal(7))
    assert Decimal(2) == found["ETH"].limit(Decimal(7))
    assert Decimal("3.015") == found["*"].limit(Decimal(-201))
    assert Decimal("135135135135135135135135135135.000000000000000000000015") == found["*"].limit(
        Decimal("9009009009009009009009009009000.000000000000000000001")
    )


def test_a_part_of_what_is_not_known() -> None:
    """
    Without an opening figure nobody knows what a percentage allows.
    """
    assert None is Threshold(Decimal(1), percent=True).limit(None)


def test_long_percentages() -> None:
    """
    28 digits are not too many: with any amount, the limit is exact.
    """
    percentage = "1." + "1" * 26
    (threshold,) = thresholds_of({"USDT": f"{percentage}%"}).values()
    largest = Decimal("9" * 141)

    assert Fraction(percentage) * int(largest) / 100 == Fraction(threshold.limit(largest) or 0)


def test_text() -> None:
    """
    A threshold is written as it was given.
    """
    assert ["0.10", "5%"] == [str(threshold) for threshold in thresholds_of({"a": "0.10", "b": "5%"}).values()]


def test_thresholds_stay() -> None:
    """
    What is a threshold already is taken as it is.
    """
    threshold = Threshold(Decimal(1))

    assert threshold is thresholds_of({"USDT": threshold})["USDT"]


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ({"USDT": "much"}, "much is no threshold for USDT: 'much' is not an amount."),
        ({"USDT": "-1"}, "-1 is no threshold for USDT: -1 is negative."),
        ({"USDT": "%"}, "% is no threshold for USDT: '' is not an amount."),
        ({"USDT": "5%%"}, "5%% is no threshold for USDT: '5%' is not an amount."),
        ({"USDT": "1" * 29 + "%"}, "has more than 28 digits"),
        ({"*": "5"}, "An amount of 5 means something else in each asset. Write USDT=100 for an amount"),
    ],
)
def test_what_is_none(thresholds: dict[str, Any], expected: str) -> None:
    """
    The error says what is wrong with which threshold.
    """
    with pytest.raises(ConfigurationError) as caught:
        thresholds_of(thresholds)

    assert expected in str(caught.value)


def test_floats_are_refused() -> None:
    """
    A float has lost digits already.
    """
    with pytest.raises(TypeError):
        thresholds_of({"USDT": 0.1})  # type: ignore[dict-item]  # on purpose
