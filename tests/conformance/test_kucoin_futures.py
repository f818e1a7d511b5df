"""
KucoinFutures.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance


class TestKucoinFutures(VenueConformance):
    venue = "kucoin-futures"
