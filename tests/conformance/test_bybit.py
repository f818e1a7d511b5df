"""
Bybit's unified account.
"""

from __future__ import annotations

from marginbook.testing import VenueConformance
from published import examples

WALLET = "/v5/account/wallet-balance"

#: What can leave the account whose wallet is published: of other coins, the published answer.
LEAVING = b"""{"retCode": 0, "retMsg": "OK", "retExtInfo": {}, "time": 1739858984601,
    "result": {"availableWithdrawal": "4.54549050", "availableWithdrawalMap": {"BTC": "4.54549050"}}}"""

#: The wallet of inverse contracts, in the words that are published for unified accounts, with an order that reduces.
INVERSE = b"""{"retCode": 0, "retMsg": "OK", "retExtInfo": {}, "time": 1690872862481, "result": {"list": [{
    "accountType": "CONTRACT", "totalEquity": "", "accountIMRate": "", "totalMarginBalance": "",
    "totalInitialMargin": "", "totalAvailableBalance": "", "accountMMRate": "", "totalPerpUPL": "",
    "totalWalletBalance": "", "accountLTV": "", "totalMaintenanceMargin": "", "coin": [
        {"coin": "BTC", "equity": "0.99000001", "walletBalance": "1.00000001", "unrealisedPnl": "-0.01",
         "availableToWithdraw": "0.9", "totalPositionIM": "0.05", "totalOrderIM": "-0.001", "totalPositionMM": "0.005",
         "cumRealisedPnl": "0.1", "borrowAmount": "", "availableToBorrow": "", "accruedInterest": "", "usdValue": ""},
        {"coin": "ETH", "equity": "0", "walletBalance": "0", "unrealisedPnl": "0", "availableToWithdraw": "0",
         "totalPositionIM": "0", "totalOrderIM": "0", "totalPositionMM": "0", "cumRealisedPnl": "0",
         "borrowAmount": "", "availableToBorrow": "", "accruedInterest": "", "usdValue": ""}]}]}}"""


class TestBybit(VenueConformance):
    venue = "bybit"
    bodies = {  # noqa: RUF012  # read only
        "published": examples("bybit", WALLET),
        "published, in detail": (
            {**examples("bybit", WALLET, "/v5/account/info"), "/v5/account/withdrawal": LEAVING},
            {"detail": "margin"},
        ),
        "inverse": ({WALLET: INVERSE}, {"account_type": "CONTRACT"}),
    }
