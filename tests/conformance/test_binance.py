"""
Binance futures, and Portfolio Margin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from marginbook.testing import VenueConformance

if TYPE_CHECKING:
    from collections.abc import Mapping


class TestUsdm(VenueConformance):
    venue = "binance-usdm"
    # Where all amounts are as large, an isolated position's margin fits its wallet, so that its equity is known.
    differs: ClassVar[Mapping[str, tuple[str, str]]] = {"mode-switch": ("", "ok, with more")}


class TestCoinm(VenueConformance):
    venue = "binance-coinm"


class TestPortfolioMargin(VenueConformance):
    venue = "binance-pm"
