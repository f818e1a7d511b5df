"""
The seam: what a plugin says about its venues.
"""

from marginbook.venues.venue import Clock, Credential, Option, Venue

__all__ = ["Clock", "Credential", "Option", "Venue"]
