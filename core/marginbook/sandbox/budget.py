"""
How much may still be asked: the venues' rate limits.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

from attrs import define, field


@define(eq=False)
class Budget:
    """
    So much weight in so many seconds, counted from full periods of the clock as venues do.

    Args:
        limit: Weight that a period allows.

        seconds: Length of a period.

    """

    limit: int
    seconds: int = 60
    _period: int = field(default=0, init=False, repr=False)
    _spent: Counter[str] = field(factory=Counter, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def spend(self, who: str, weight: int = 1) -> int:
        """
        Note that *who*, an address or a key, asked for *weight*. Return what it has asked for in this period.
        """
        with self._lock:
            period = int(time.time()) // self.seconds
            if period != self._period:
                self._period, self._spent = period, Counter()
            self._spent[who] += weight
            return self._spent[who]

    def wait(self) -> int:
        """
        Return the seconds until the next period.
        """
        return self.seconds - int(time.time()) % self.seconds
