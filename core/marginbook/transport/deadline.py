"""
The time by which a report has to be there.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import field, frozen


@frozen
class Deadline:
    """
    A point on this machine's monotonic clock. Pickled, it stays the same number of seconds away.

    Args:
        seconds: How far it was away when it was set.

        monotonic: The clock.

    """

    seconds: float
    _monotonic: Callable[[], float] = time.monotonic
    _at: float = field(init=False)

    @_at.default
    def _set(self) -> float:
        return self._monotonic() + self.seconds

    def remaining(self) -> float:
        """
        Return the seconds that are left, 0 if none are.
        """
        return max(0.0, self._at - self._monotonic())

    def __reduce__(self) -> tuple[object, tuple[float]]:
        return Deadline, (self.remaining(),)
