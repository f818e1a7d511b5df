"""
The time by which a report has to be there.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadline:
    """
    A point on this machine's monotonic clock. Pickled, it stays the same number of seconds away.

    Args:
        seconds: How far it was away when it was set.

        monotonic: The clock.

    """

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._monotonic = monotonic
        self._at = monotonic() + seconds

    def remaining(self) -> float:
        """
        Return the seconds that are left, 0 if none are.
        """
        return max(0.0, self._at - self._monotonic())

    def __reduce__(self) -> tuple[object, tuple[float]]:
        return Deadline, (self.remaining(),)
