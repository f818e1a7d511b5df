"""
Bitget futures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_bitget.venue import BITGET

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the futures accounts.
    """
    return [BITGET]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play them.
    """
    # The server library is for the sandbox alone.
    from marginbook_bitget.stage import stages  # noqa: PLC0415

    return stages()
