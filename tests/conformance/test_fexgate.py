"""
The gateway fexgate.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance
from matrix import differs


class TestFexgate(VenueConformance):
    venue = "fexgate"
    differs = differs(venue)
