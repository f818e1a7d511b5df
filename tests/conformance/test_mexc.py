"""
MEXC futures.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance
from published import examples


class TestMexc(VenueConformance):
    venue = "mexc"
    bodies = {"published": examples("mexc", "/api/v1/private/account/assets")}  # noqa: RUF012  # read only
