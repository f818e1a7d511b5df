"""
Gate futures.
"""

from __future__ import annotations

import json

from marginbook.testing import VenueConformance
from marginbook.testing.matrix import OK
from published import examples

POOL = "/api/v4/unified/accounts"
WALLET, DELIVERY, PUBLISHED = examples(
    "gate", "/api/v4/futures/{settle}/accounts", "/api/v4/delivery/{settle}/accounts", POOL
).values()

#: No wallet of bitcoin was ever opened.
NO_BITCOIN = {"400 /api/v4/futures/btc/accounts": b'{"label": "USER_NOT_FOUND", "message": "transfer funds first"}'}

#: A wallet that is a part of a unified account, and such an account in single-currency mode: what is cross is of USDT.
PART = json.dumps({**json.loads(WALLET), "margin_mode": 3}).encode()
UNIFIED = json.loads(PUBLISHED)
CROSS = {"iso_balance": "0", "mm": "0.5", "available_margin": "14.1", "margin_balance": "16.1"}
SINGLE = json.dumps(
    {
        **UNIFIED,
        "mode": "single_currency",
        "balances": {name: {**told, **CROSS} for name, told in UNIFIED["balances"].items()},
    }
).encode()


class TestGate(VenueConformance):
    venue = "gate"
    bodies = {  # noqa: RUF012  # read only
        "published": {"/api/v4/futures/usdt/accounts": WALLET, **NO_BITCOIN},
        "published, delivery": (
            {"/api/v4/delivery/usdt/accounts": DELIVERY},
            {"contracts": "delivery"},
        ),
        "published, unified": {
            "/api/v4/futures/usdt/accounts": PART,
            **NO_BITCOIN,
            POOL: PUBLISHED,
        },
        "single currency": {"/api/v4/futures/usdt/accounts": PART, **NO_BITCOIN, POOL: SINGLE},
    }
    # No answer has a list that could be empty.
    differs = {"empty-list": (OK, OK)}  # noqa: RUF012  # read only
