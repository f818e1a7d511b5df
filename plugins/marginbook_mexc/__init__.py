"""
MEXC futures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_mexc.venue import MEXC

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the futures account.
    """
    return [MEXC]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_mexc.stage import stages  # noqa: PLC0415

    return stages()
