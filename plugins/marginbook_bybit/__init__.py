"""
Bybit: the unified account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_bybit.venue import BYBIT

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the unified account.
    """
    return [BYBIT]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_bybit.stage import stages  # noqa: PLC0415

    return stages()
