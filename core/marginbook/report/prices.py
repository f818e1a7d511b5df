"""
Prices, and which sources could not be asked for theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from marginbook.report.outcomes import Failure, Note
from marginbook.values import Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def _tuple(items: Iterable[object]) -> tuple[object, ...]:
    return tuple(items)


@frozen(kw_only=True)
class PriceBook:
    """
    The prices of several sources. It is iterated like a sequence of prices, in the order of preference.
    """

    #: The ids of the sources that were asked, in the order of preference.
    sources: tuple[str, ...] = field(default=(), converter=_tuple)
    #: What they said.
    prices: tuple[Price, ...] = field(default=(), converter=_tuple, repr=False)
    #: The sources that could not be asked, by id: their *venue*.
    failures: tuple[Failure, ...] = field(default=(), converter=_tuple)
    #: What is odd about an answer.
    notes: tuple[str, ...] = field(default=(), converter=_tuple)

    def __iter__(self) -> Iterator[Price]:
        return iter(self.prices)

    def preferring(self, prices: Iterable[Price]) -> PriceBook:
        """
        Return the same book with other prices before its own.
        """
        return evolve(self, prices=(*prices, *self.prices))

    def remarks(self) -> tuple[Note, ...]:
        """
        Say which sources failed, and what is odd about the others.
        """
        failed = (f"No prices of {f.venue}: {f.kind}: {f.message} {f.hint}".rstrip() for f in self.failures)
        return tuple(Note(account="", message=message) for message in (*failed, *self.notes))
