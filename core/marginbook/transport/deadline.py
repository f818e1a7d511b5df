"""
The time by which a report has to be there.
"""

from __future__ import annotations

import time

from attrs import frozen


@frozen
class Deadline:
    """
    A point on this machine's monotonic clock. Pickled, it stays the same number of seconds away.
    """

    _at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """
        Return the deadline that is *seconds* away.
        """
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """
        Return the seconds that are left, 0 if none are.
        """
        return max(0.0, self._at - time.monotonic())

    def __reduce__(self) -> tuple[object, tuple[float]]:
        return Deadline.after, (self.remaining(),)
