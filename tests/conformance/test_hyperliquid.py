"""
Hyperliquid.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance


class TestHyperliquid(VenueConformance):
    venue = "hyperliquid"
