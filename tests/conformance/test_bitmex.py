"""
BitMEX.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance


class TestBitmex(VenueConformance):
    venue = "bitmex"
