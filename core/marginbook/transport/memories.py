"""
What processes that ask from one address tell each other: what they have spent, and which hosts want nothing.
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve, frozen


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
