"""
What the core does with what a plugin gives, wherever it comes from.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from marginbook import replay
from script import ROW

#: Midnight before the first block of the oldest coin, in milliseconds since 1970.
FIRST_DAY = 1_230_940_800_000


@pytest.mark.parametrize(
    ("milliseconds", "expected", "notes"),
    [
        (FIRST_DAY, datetime(2009, 1, 3, tzinfo=UTC), 0),
        (FIRST_DAY - 1, None, 1),
        # Seconds, read as milliseconds.
        (1_763_600_400, None, 1),
    ],
)
def test_times_before_there_was_anything(milliseconds: int, expected: datetime | None, notes: int) -> None:
    """
    A row that changed before there was any coin has a time in other units: it is not known, and a note says so.
    """
    body = json.dumps([{**ROW, "updateTime": milliseconds}]).encode()
    (row,) = replay("binance-usdm", {"/fapi/v3/balance": body}).balances

    assert (expected, notes) == (row.updated_at, sum("in other units than are documented" in n for n in row.notes))
