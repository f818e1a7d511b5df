"""
KuCoin Futures.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance
from marginbook.testing.matrix import UNKNOWN


class TestKucoinFutures(VenueConformance):
    venue = "kucoin-futures"
    differs = {
        # KuCoin documents what equity is made of. Where another wallet does not fit, no wallet is told.
        "minus-zero": (UNKNOWN, UNKNOWN),
        "negative": (UNKNOWN, UNKNOWN),
    }
