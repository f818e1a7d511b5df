"""
What processes that ask from one address tell each other: what they have spent, and which hosts want nothing.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen(kw_only=True)
class Memory:
    """
    What one process knows of a host that others on its address have to know. Seconds are counted from when it is told.
    """

    #: Stands for the process.
    origin: str
    #: Which host.
    place: tuple[str, ...]
    #: What the process has spent itself: the number of a limit of the address, its period in seconds, and weights with
    #: the seconds for which each may still count.
    spent: tuple[tuple[int, float, tuple[tuple[float, int], ...]], ...]
    #: Seconds for which the host wants nothing.
    stopped: float = 0.0
    #: Until when that is, by the venue's clock.
    until: datetime | None = None

    @property
    def counts(self) -> bool:
        """
        True if there is anything in it that still counts.
        """
        return bool(self.stopped) or any(weights for _, _, weights in self.spent)

    def aged(self, seconds: float) -> Memory:
        """
        Return what is left of it so many seconds later.
        """
        spent = tuple(
            (number, period, tuple((left - seconds, weight) for left, weight in weights if left > seconds))
            for number, period, weights in self.spent
        )
        return evolve(self, spent=spent, stopped=max(0.0, self.stopped - seconds))


class Ledger:
    """
    What the processes that ask from each of our addresses have told.
    """

    def __init__(self) -> None:
        self._told: dict[tuple[str, str, tuple[str, ...]], tuple[float, float, Memory]] = {}
        self._lock = threading.Lock()

    def note(self, address: str, memories: Iterable[Memory], at: float, now: float) -> None:
        """
        Keep what a process told, unless it has told something since.

        Args:
            address: Our name of the address.

            memories: What was told.

            at: When, by a clock of the process.

            now: The monotonic time here.

        """
        with self._lock:
            for memory in memories:
                key = (address, memory.origin, memory.place)
                if key not in self._told or self._told[key][0] <= at:
                    self._told[key] = (at, now, memory)

    def known(self, address: str, now: float) -> tuple[Memory, ...]:
        """
        Return what still counts of what was told about an address.
        """
        with self._lock:
            aged = {key: (at, now, told.aged(now - when)) for key, (at, when, told) in self._told.items()}
            self._told = {key: told for key, told in aged.items() if told[2].counts}
            return tuple(memory for (whose, *_), (*_, memory) in self._told.items() if whose == address)
