"""
What came to the sandbox, and what was answered.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Mapping


@define(eq=False)
class Tally:
    """
    Counts requests by account, and answers by status, from many threads.
    """

    _came: Counter[str] = field(factory=Counter, init=False)
    _answered: Counter[int] = field(factory=Counter, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def came(self, account: str) -> Mapping[str, int]:
        """
        Note a request of *account*, or of nobody if that is "". Return how many it has made, and under "" how many
        came in all.
        """
        counted = {"", account}
        with self._lock:
            self._came.update(counted)
            return {name: self._came[name] for name in counted}

    def answered(self, status: int) -> None:
        """
        Note that an answer with this status is being sent.
        """
        with self._lock:
            self._answered[status] += 1

    @property
    def requests(self) -> int:
        """
        How many requests came in all.
        """
        with self._lock:
            return self._came[""]

    @property
    def statuses(self) -> Counter[int]:
        """
        How often each status was sent.
        """
        with self._lock:
            return self._answered.copy()
