"""
What one asset costs in another.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from marginbook import InvalidResponseError, Price


def price(**changes: Any) -> Price:
    given = {
        "asset": "BTC",
        "currency": "USD",
        "price": "97000.10",
        "source": "table",
        "at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Price(**{**given, **changes})


def test_digits_stay() -> None:
    """
    A price has the digits that were written.
    """
    assert "97000.10" == str(price().price)


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_nothing_is_free(amount: str) -> None:
    """
    A price of zero would make holdings vanish, so it is none.
    """
    with pytest.raises(ValueError, match=f"^BTC costs {amount} USD, which is no price.$"):
        price(price=amount)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"price": 97000.1}, TypeError),
        ({"bid_rate": 0.9}, TypeError),
        ({"price": "NaN"}, ValueError),
        ({"at": "2026-01-01T00:00:00"}, ValueError),
        ({"asset": ""}, InvalidResponseError),
        ({"source": "\n"}, InvalidResponseError),
    ],
)
def test_what_is_no_price(changes: dict[str, Any], error: type[Exception]) -> None:
    """
    Floats, numbers that are none, times without a zone and names that cannot be printed are refused.
    """
    with pytest.raises(error):
        price(**changes)
