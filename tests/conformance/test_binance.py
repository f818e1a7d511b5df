"""
Binance futures, and Portfolio Margin.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance


class TestUsdm(VenueConformance):
    venue = "binance-usdm"


class TestCoinm(VenueConformance):
    venue = "binance-coinm"


class TestPortfolioMargin(VenueConformance):
    venue = "binance-pm"
