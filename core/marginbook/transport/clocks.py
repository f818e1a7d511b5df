"""
A venue's clock, as far off from ours as it may be.
"""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from marginbook.errors import DeadlineError, MarginbookError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from marginbook.transport.deadline import Deadline
    from marginbook.transport.machine import Machine

#: Milliseconds. Half of what Binance allows a request to be early; the other venues allow more.
TOLERANCE: Final = 500

#: Seconds for which a measurement says whether the time of a request was right. Clocks are set in the meantime.
FRESH: Final = 60.0

#: Seconds that the venue's time may be on its way. A time that is older is none to sign with: Binance accepts five.
SLOWEST: Final = 2.0

#: Seconds until the first look at whether somebody else has measured. Each wait is twice as long, up to a second.
_LOOK: Final = 0.05
_LONGEST_LOOK: Final = 1.0


class VenueClock:
    """
    The time at a venue: the local clock's, until the venue complains; then the venue's own.

    Attributes:
        offset: Milliseconds that the venue is ahead of the local clock.

        measured_at: When that was measured, on the monotonic clock, or None.

    """

    def __init__(self, offset: int = 0, measured_at: float | None = None) -> None:
        self.offset = offset
        self.measured_at = measured_at
        # The local time then, in milliseconds: if it has not gone on as the monotonic clock has, somebody has set it.
        self._local = 0
        self._measuring = threading.Lock()
        # What came of the last question that had no answer, and when.
        self._failed: tuple[float, MarginbookError] | None = None

    def milliseconds(self, machine: Machine) -> int:
        """
        Return the venue's time in milliseconds since 1970.
        """
        return machine.milliseconds() + self.offset

    def now(self, machine: Machine) -> datetime:
        """
        Return the venue's time in UTC.
        """
        return datetime.fromtimestamp(self.milliseconds(machine) / 1000, UTC)

    def correct(self, used: int, ask: Callable[[], int], machine: Machine, deadline: Deadline | None = None) -> bool:
        """
        Find out whether the time of a request was wrong, after the venue complained.

        The venue is asked once, however many accounts complain, and not again while the answer is fresh. Where it does
        not answer, that is the answer to all who waited for it.

        Args:
            used: The offset of the request that it complained about.

            ask: Asks the venue for its time, in milliseconds since 1970.

            machine: Whose clock is off.

            deadline: Until when to wait for somebody else's answer.

        Returns:
            True if the request was signed with a time that is now known to be wrong.

        Raises:
            MarginbookError: The venue could not be asked.

        """
        came, look = machine.monotonic(), _LOOK
        # Not by waiting for the lock itself: a simulation has to know who sleeps.
        while not self._measuring.acquire(blocking=False):
            left = deadline.remaining() if deadline else math.inf
            if not left:
                msg = "The venue's time had not come when the deadline was over."
                raise DeadlineError(msg, hint="Allow more time.", transient=False)
            machine.sleep(min(look, left))
            look = min(2 * look, _LONGEST_LOOK)
        try:
            if abs(self.offset - used) <= TOLERANCE and not self._is_fresh(machine):
                if self._failed and self._failed[0] > came:
                    raise self._failed[1]
                self._try(ask, machine)
        finally:
            self._measuring.release()
        return abs(self.offset - used) > TOLERANCE

    def _try(self, ask: Callable[[], int], machine: Machine) -> None:
        try:
            self.measure(ask, machine)
        except MarginbookError as error:
            self._failed = machine.monotonic(), error
            raise

    def measure(self, ask: Callable[[], int], machine: Machine) -> None:
        """
        Ask the venue for its time, and keep the offset.

        Raises:
            UnavailableError: The answer took too long to set a clock by.

        """
        begun = machine.monotonic()
        told, local, now = ask(), machine.milliseconds(), machine.monotonic()
        if now - begun > SLOWEST:
            msg = f"The venue's time was {now - begun:.1f} seconds on its way, which is too long to set a clock by."
            raise UnavailableError(msg, hint="Try again, or look for a slow network.")
        # Against our time when the answer is here: late by the way back, and never early, which venues allow least.
        self.offset, self.measured_at, self._local = told - local, now, local

    def _is_fresh(self, machine: Machine) -> bool:
        if self.measured_at is None:
            return False
        passed = machine.monotonic() - self.measured_at
        return passed < FRESH and abs(machine.milliseconds() - self._local - 1000 * passed) <= TOLERANCE
