"""
OKX's trading account.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance
from published import examples

BALANCE = "/api/v5/account/balance"


class TestOkx(VenueConformance):
    venue = "okx"
    bodies = {  # noqa: RUF012  # read only
        "published": examples("okx", BALANCE),
        "published, in detail": (
            examples("okx", BALANCE, "/api/v5/account/config", "/api/v5/account/max-withdrawal"),
            {"detail": "margin"},
        ),
    }
