"""
KuCoin Futures.
"""

from __future__ import annotations

from typing import ClassVar

from marginbook.testing import VenueConformance
from marginbook.testing.matrix import UNKNOWN
from published import body

OVERVIEW = "/api/v1/account-overview"

#: An account that holds nothing, for the currencies of which nothing is published.
NOTHING = b"""{"code": "200000", "data": {
    "accountEquity": 0, "unrealisedPNL": 0, "marginBalance": 0, "positionMargin": 0, "orderMargin": 0,
    "frozenFunds": 0, "availableBalance": 0, "riskRatio": 0, "maxWithdrawAmount": 0, "currency": "%b"
}}"""


class TestKucoinFutures(VenueConformance):
    venue = "kucoin-futures"
    bodies: ClassVar = {
        "published": {
            "/api/v1/contracts/active": body("kucoin_futures", "/api/v1/contracts/active"),
            f"{OVERVIEW}?currency=USDT": body("kucoin_futures", OVERVIEW),
            **{f"{OVERVIEW}?currency={name}": NOTHING % name.encode() for name in ("USDC", "XBT", "ETH")},
        }
    }
    differs: ClassVar = {
        # KuCoin documents what equity is made of. Where another wallet does not fit, no wallet is told.
        "minus-zero": (UNKNOWN, UNKNOWN),
        "negative": (UNKNOWN, UNKNOWN),
    }
