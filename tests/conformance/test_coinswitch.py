"""
CoinSwitch PRO futures.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance
from matrix import differs


class TestCoinSwitch(VenueConformance):
    venue = "coinswitch"
    differs = differs(venue)
