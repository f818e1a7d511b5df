"""
The seam: what a plugin says about its venues.
"""

from marginbook.venues.sources import PriceSource
from marginbook.venues.venue import DETAIL, Clock, Credential, Option, Venue

__all__ = ["DETAIL", "Clock", "Credential", "Option", "PriceSource", "Venue"]
