"""
Deribit.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance


class TestDeribit(VenueConformance):
    venue = "deribit"
