"""
Bitget futures.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance
from marginbook.testing.matrix import EMPTY
from published import examples


class TestBitget(VenueConformance):
    venue = "bitget"
    bodies = {  # noqa: RUF012  # read only
        "published": (examples("bitget", "/api/v2/mix/account/accounts"), {"product_type": "USDT-FUTURES"}),
    }
    # Each product type is asked for by itself, and an empty list is how one says that it has no account. The rows of
    # the others stay, and a note says that there is none.
    differs = {"empty-list": (EMPTY, "ok, with other rows")}  # noqa: RUF012  # read only
