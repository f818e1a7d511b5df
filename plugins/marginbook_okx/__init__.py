"""
OKX: the trading account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_okx.venue import OKX

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the trading account.
    """
    return [OKX]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_okx.stage import stages  # noqa: PLC0415

    return stages()
