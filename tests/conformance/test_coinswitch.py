"""
CoinSwitch PRO futures.
"""

from __future__ import annotations

from types import MappingProxyType

from marginbook.testing import VenueConformance


class TestCoinSwitch(VenueConformance):
    venue = "coinswitch"
    # It answers alike to an unknown key, a wrong signature, and a time that is too far off.
    differs = MappingProxyType({"clock": ("credentials", "credentials")})
