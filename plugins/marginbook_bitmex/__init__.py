"""
BitMEX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_bitmex.venue import BITMEX

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the account, in all its currencies.
    """
    return [BITMEX]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_bitmex.stage import stages  # noqa: PLC0415

    return stages()
