"""
What a venue answered, kept to be read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Options = Mapping[str, str | int | bool]


def _by_name(pairs: Options | Iterable[tuple[str, str | int | bool]]) -> tuple[tuple[str, str | int | bool], ...]:
    return tuple(sorted(dict(pairs).items()))


def _as_asked(documents: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> tuple[tuple[str, bytes], ...]:
    return tuple(dict(documents).items())


@frozen(kw_only=True)
class Recording:
    """
    The bodies that one account's statement was read from, without what is private in them.
    """

    #: Our name of the account.
    account: str
    #: The id of the venue.
    venue: str
    #: The options that decide what is asked and how it is read, where they are not the venue's defaults.
    _options: tuple[tuple[str, str | int | bool], ...] = field(default=(), converter=_by_name)
    #: The bodies, in the order in which they came.
    _documents: tuple[tuple[str, bytes], ...] = field(default=(), converter=_as_asked, repr=False)
    #: What was said of the account that does not follow from the bodies.
    remarks: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, str | int | bool]:
        """
        The options, by name.
        """
        return dict(self._options)

    @property
    def documents(self) -> dict[str, bytes]:
        """
        The bodies, by path and query as they were before they were signed. What was posted follows after a blank.
        """
        return dict(self._documents)
