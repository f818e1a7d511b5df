"""
What a plugin tells about a source of prices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen

from marginbook.errors import ApiError, MarginbookError
from marginbook.limits import Limit

if TYPE_CHECKING:
    import requests

    from marginbook.values import Price

    FetchPrices = Callable[[str, requests.Session], Iterable[Price]]


def _pairs(mapping: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(dict(mapping).items())


def _limits(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    return tuple(limits)


@frozen(kw_only=True)
class PriceSource:
    """
    Public prices that can be asked without a key.

    Args:
        id: Its name. Where it is that of a venue, both count towards the same rate limits. An entry point ``prices.ID``
            leads to the plugin.

        title: Its name for people.

        fetch: Asks for all its prices: ``fetch(base_url, session) -> Iterable[Price]``, in the order of preference. The
            same answers in another order give the same. See `Venue` for what it may do.

        hosts: Its environments by name. The first is the default.

        limits: Its rate limits, as those of a `Venue`.

        explain: Turns an error answer into the error that tells a person what to do, as that of a `Venue`.

    """

    id: str
    title: str
    fetch: FetchPrices = field(repr=False)
    _hosts: tuple[tuple[str, str], ...] = field(converter=_pairs)
    limits: tuple[Limit, ...] = field(default=(), converter=_limits, repr=False)
    explain: Callable[[ApiError], MarginbookError | None] | None = field(default=None, repr=False)

    @property
    def hosts(self) -> dict[str, str]:
        """
        The base URLs of its environments, by name.
        """
        return dict(self._hosts)
