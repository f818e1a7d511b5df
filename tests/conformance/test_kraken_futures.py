"""
Kraken Futures.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance


class TestKrakenFutures(VenueConformance):
    venue = "kraken-futures"
