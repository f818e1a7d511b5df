"""
Kraken Futures.
"""

from __future__ import annotations

import json
from typing import ClassVar

from marginbook.testing import VenueConformance
from published import published

ACCOUNTS = "/derivatives/api/v3/accounts"


def whole() -> bytes:
    """
    Return the published answer, with nothing but its own currency in the margin wallet: contracts that expired in 2018
    stand there like assets, whose names nobody could list, and a zero of another currency. Tests of the plugin read it
    as it is.
    """
    example = published("kraken_futures", ACCOUNTS)
    wallet = example["accounts"]["fi_xbtusd"]
    own = {**wallet, "balances": {"xbt": wallet["balances"]["xbt"]}}
    return json.dumps({**example, "accounts": {**example["accounts"], "fi_xbtusd": own}}).encode()


class TestKrakenFutures(VenueConformance):
    venue = "kraken-futures"
    bodies: ClassVar = {"published": {ACCOUNTS: whole()}}
