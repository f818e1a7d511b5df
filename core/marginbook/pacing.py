"""
How often a report may be made again without spending what the venues allow.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen

from marginbook.errors import MarginbookError
from marginbook.seam.settings import settle
from marginbook.seam.venue import WEIGHT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from marginbook.accounts import Account
    from marginbook.limits import Limit
    from marginbook.registry import Registry
    from marginbook.seam import Venue

#: How many times what one request of each account costs has to fit into a limit. The rest is for a second request of an
#: account, and for who else asks from here, such as a program that trades.
_ROOM: Final = 2

#: Steps a second that an interval is rounded up to.
_STEPS: Final = 10


@frozen
class Pace:
    """
    How often reports are made.
    """

    #: Seconds from the beginning of one report to that of the next.
    every: float
    #: Why that is more than was asked for, or "".
    note: str = ""


def pace(accounts: Iterable[Account], registry: Registry, every: float) -> Pace:
    """
    Return how often the accounts may be asked, if somebody wants it *every* so many seconds.

    Each account is taken to cost what the dearest operation of its venue costs, and half of each limit is left. What is
    spent in fact is counted when it is sent, as ever: this keeps reports from waiting for each other.
    """
    shortest, venue = max(_intervals(accounts, registry), default=(0.0, ""))
    if shortest <= every:
        return Pace(every)
    note = (
        f"A report is made every {shortest:g} seconds, not every {every:g}: that would spend more than half of the rate"
        f" limit of {venue}, and the rest is left to whoever else asks from here."
    )
    return Pace(shortest, note)


def _intervals(accounts: Iterable[Account], registry: Registry) -> Iterator[tuple[float, str]]:
    """
    Yield the shortest interval that each limit allows, in seconds, and its venue.
    """
    allowed: defaultdict[tuple[object, ...], list[tuple[Limit, int]]] = defaultdict(list)
    for account in accounts:
        for place, limit, weight in _limits(account, registry):
            allowed[account.venue, *place].append((limit, weight))
    for (venue, *_), spent in allowed.items():
        limit, weight = min(spent, key=lambda pair: pair[1])
        seconds = limit.seconds * limit.dearest * len(spent) * _ROOM / weight
        yield math.ceil(seconds * _STEPS) / _STEPS, str(venue)


def _limits(account: Account, registry: Registry) -> Iterator[tuple[tuple[object, ...], Limit, int]]:
    try:
        venue = registry.venue(account.venue)
        settled = settle(account, venue)
    # It is not asked at all, and each report says why.
    except MarginbookError:
        return
    address = urlsplit(settled.options["base_url"]).netloc
    for number, limit in enumerate(venue.limits):
        whose = tuple(account.credentials.items()) if limit.per == "key" else ()
        yield (address, number, whose), limit, _weight(limit, settled, venue)


def _weight(limit: Limit, settled: Account, venue: Venue) -> int:
    return int(settled.options[WEIGHT_LIMIT]) if limit is venue.address_limit else limit.weight
