"""
KuCoin Futures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_kucoin_futures.venue import KUCOIN

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the classic futures account, in all its settlement currencies.
    """
    return [KUCOIN]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_kucoin_futures.stage import stages  # noqa: PLC0415

    return stages()
