"""
BitMEX.
"""

from __future__ import annotations

from typing import ClassVar

from marginbook.testing import VenueConformance
from published import body


class TestBitmex(VenueConformance):
    venue = "bitmex"
    bodies: ClassVar = {
        "published": {
            "/api/v1/user/margin": body("bitmex", "/api/v1/user/margin"),
            "/api/v1/wallet/assets": body("bitmex", "/api/v1/wallet/assets"),
        }
    }
