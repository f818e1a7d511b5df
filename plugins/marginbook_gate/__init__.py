"""
Gate futures, in a classic account and in a unified one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_gate.venue import GATE

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the futures of all settlement currencies.
    """
    return [GATE]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play them.
    """
    # The server library is for the sandbox alone.
    from marginbook_gate.stage import stages  # noqa: PLC0415

    return stages()
