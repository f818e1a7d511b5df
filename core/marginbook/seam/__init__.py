"""
The seam: what a plugin says about its venues.
"""

from functools import partial
from typing import TYPE_CHECKING

from marginbook.late import find
from marginbook.seam.venue import DETAIL, Clock, Credential, Option, Venue

if TYPE_CHECKING:
    from marginbook.seam.sources import PriceSource
else:
    # Few reports need prices.
    __getattr__ = partial(
        find,
        __name__,
        {
            "PriceSource": "marginbook.seam.sources",
        },
    )

__all__ = ["DETAIL", "Clock", "Credential", "Option", "PriceSource", "Venue"]
