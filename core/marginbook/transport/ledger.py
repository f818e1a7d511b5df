"""
What was told to this process by others.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.transport.memories import Memory


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
