"""
Hyperliquid: perpetuals on its own dex and on those of others, of accounts that everybody can see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_hyperliquid.venue import HYPERLIQUID

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the accounts.
    """
    return [HYPERLIQUID]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_hyperliquid.stage import stages  # noqa: PLC0415

    return stages()
