"""
Rate limits, kept before the venue has to.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Into how many parts a period is divided where one process tells another what it has spent.
_PARTS: Final = 50


class Gate:
    """
    What an address, or a key, has spent of a limit.

    Venues count in periods of their own, which begin we do not know when. A request is counted somewhere between its
    sending and its answer; so its weight is held from the one until a whole period after the other, and no period of
    the venue can hold more than the limit.

    Attributes:
        seconds: Length of a period.

    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._flying = 0
        self._held: deque[tuple[float, int]] = deque()
        self._held_weight = 0
        # What others on the address have spent by the venue's count, and until when it may count: the largest first.
        self._others: deque[tuple[float, int]] = deque()

    def spent(self, now: float) -> int:
        """
        Return the weight that may count in the venue's present period.
        """
        self._free(now)
        return self._flying + self._held_weight + (self._others[0][1] if self._others else 0)

    def _free(self, now: float) -> None:
        while self._held and self._held[0][0] <= now:
            self._held_weight -= self._held.popleft()[1]
        while self._others and self._others[0][0] <= now:
            self._others.popleft()

    def wait(self, weight: int, limit: int, now: float) -> float:
        """
        Return the seconds until *weight* more is within *limit*; 0 if it is now.
        """
        excess = self.spent(now) + weight - limit
        if excess <= 0:
            return 0
        for until, freed in sorted(self._freed()):
            excess -= freed
            if excess <= 0:
                return until - now
        # What is on its way is held for a period after its answer, whenever that comes.
        return self.seconds

    def _freed(self) -> Iterable[tuple[float, int]]:
        yield from self._held
        weights = [*(weight for _, weight in self._others), 0]
        yield from ((until, weight - left) for (until, weight), left in zip(self._others, weights[1:], strict=True))

    def begin(self, weight: int) -> None:
        """
        Spend *weight* on a request that is about to be sent.
        """
        self._flying += weight

    def end(self, weight: int, now: float, used: int | None) -> None:
        """
        Note that the request was answered, or never will be.

        Args:
            weight: Of the request.

            now: The monotonic time.

            used: What the venue says that the address has spent in its period, if it says.

        """
        self._free(now)
        self._flying -= weight
        self._held.append((now + self.seconds, weight))
        self._held_weight += weight
        # Ours that it does not count yet, or any more, hides as much of the others': never less than nothing.
        others = 0 if used is None else used - self._flying - self._held_weight
        if others > 0:
            while self._others and self._others[-1][1] <= others:
                self._others.pop()
            self._others.append((now + self.seconds, others))

    def told(self, now: float) -> tuple[tuple[float, int], ...]:
        """
        Return what was spent here: for how many seconds it may still count, rounded up, and the weight.
        """
        self._free(now)
        spent: defaultdict[int, int] = defaultdict(int)
        for until, weight in (*self._held, (now + self.seconds, self._flying)):
            spent[math.ceil((until - now) / self.seconds * _PARTS)] += weight
        return tuple((part * self.seconds / _PARTS, weight) for part, weight in spent.items() if weight)

    def learn(self, spent: Iterable[tuple[float, int]], now: float) -> None:
        """
        Note what all others on the address have spent, as they tell it.
        """
        left = 0
        known = list(self._others)
        for seconds, weight in sorted(spent, reverse=True):
            left += weight
            known.append((now + seconds, left))
        # What the venue says and what the others say is one spending, of which the larger figure counts.
        self._others.clear()
        for until, weight in sorted(known, reverse=True):
            if not self._others or weight > self._others[0][1]:
                self._others.appendleft((until, weight))
