"""
The seam: what a plugin says about its venues.
"""

from marginbook.seam.sources import PriceSource
from marginbook.seam.venue import DETAIL, Clock, Credential, Option, Venue

__all__ = ["DETAIL", "Clock", "Credential", "Option", "PriceSource", "Venue"]
