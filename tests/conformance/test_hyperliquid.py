"""
Hyperliquid.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance
from marginbook.testing.matrix import OK


class TestHyperliquid(VenueConformance):
    venue = "hyperliquid"
    differs = {
        # The first list is that of tokens, which are in no row of this account. With an empty list of dexs, or of
        # positions that are worth something, it is not read.
        "empty-list": ("invalid_response", OK),
    }
