"""
The gateway fexgate.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance


class TestFexgate(VenueConformance):
    venue = "fexgate"
