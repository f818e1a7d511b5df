"""
The exchange gateway fexgate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook import hookimpl
from marginbook_fexgate.gateway import FEXGATE

if TYPE_CHECKING:
    from marginbook import Venue
    from marginbook.sandbox import Stage


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer the gateway, which has many exchanges behind it.
    """
    return [FEXGATE]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play it.
    """
    # The server library is for the sandbox alone.
    from marginbook_fexgate.stage import stages  # noqa: PLC0415

    return stages()
