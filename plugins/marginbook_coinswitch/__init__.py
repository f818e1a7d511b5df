"""
CoinSwitch PRO futures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_coinswitch.futures import COINSWITCH

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the futures wallet.
    """
    return [COINSWITCH]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_coinswitch.stage import stages  # noqa: PLC0415

    return stages()
