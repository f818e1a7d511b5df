"""
Binance futures: USDⓈ-M and COIN-M, and Portfolio Margin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_binance.coinm import COINM
from marginbook_binance.pm import PM
from marginbook_binance.usdm import USDM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook import PriceSource, Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer both kinds of futures, and accounts that hold both, as venues of their own: they have separate wallets.
    """
    return [USDM, COINM, PM]


@hookimpl
def marginbook_prices() -> Iterable[PriceSource]:
    """
    Offer the prices of both, for everybody.
    """
    # Most reports ask for none.
    from marginbook_binance.prices import SOURCES  # noqa: PLC0415

    return SOURCES


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play them all.
    """
    # The server library is for the sandbox alone.
    from marginbook_binance.stage import stages  # noqa: PLC0415

    return stages()
