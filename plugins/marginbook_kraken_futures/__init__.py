"""
Kraken Futures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_kraken_futures.venue import KRAKEN

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the wallets of an account, all together or one by one.
    """
    return [KRAKEN]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_kraken_futures.stage import stages  # noqa: PLC0415

    return stages()
