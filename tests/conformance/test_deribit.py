"""
Deribit.
"""

from __future__ import annotations

from typing import ClassVar

from marginbook.testing import VenueConformance
from marginbook.testing.matrix import UNKNOWN
from published import body


class TestDeribit(VenueConformance):
    venue = "deribit"
    bodies: ClassVar = {
        "published": {
            "/api/v2/private/get_account_summaries": body("deribit", "/api/v2/private/get_account_summaries"),
        }
    }
    differs: ClassVar = {
        # Deribit documents one answer to a wrong key, a wrong signature, and a time that is too far off. When its time
        # was asked for and ours is right, it must be the key.
        "clock": ("credentials", "credentials"),
        # Equity is cash, PnL and options. Where another cash does not fit, none is told.
        "minus-zero": (UNKNOWN, UNKNOWN),
        "negative": (UNKNOWN, UNKNOWN),
    }
