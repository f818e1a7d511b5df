"""
Deribit.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance
from marginbook.testing.matrix import UNKNOWN


class TestDeribit(VenueConformance):
    venue = "deribit"
    differs = {
        # Deribit documents one answer to a wrong key, a wrong signature, and a time that is too far off. When its time
        # was asked for and ours is right, it must be the key.
        "clock": ("credentials", "credentials"),
        # Equity is cash, PnL and options. Where another cash does not fit, none is told.
        "minus-zero": (UNKNOWN, UNKNOWN),
        "negative": (UNKNOWN, UNKNOWN),
    }
