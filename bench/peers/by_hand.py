"""
The least that somebody has to do who wants exact amounts: nothing is checked, and nothing has a meaning yet.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

_AMOUNTS: Final = ("balance", "crossWalletBalance", "crossUnPnl", "availableBalance", "maxWithdrawAmount")


def read(body: bytes) -> list[dict[str, Any]]:
    """
    Return the amounts of a body.
    """
    return [
        {"asset": row["asset"], **{name: Decimal(row[name]) for name in _AMOUNTS}, "updateTime": row["updateTime"]}
        for row in json.loads(body)
    ]
