"""
A machine of the tests' own: its time passes only while it sleeps, and chance is what the test says.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import define, field

from marginbook.transport import Machine

#: Milliseconds since 1970 when a test's time begins: 2027-01-15 08:00:00 UTC.
BEGINNING: Final = 1_800_000_000_000


@define
class Hands:
    """
    What a test turns: seconds that have passed, how far the local clock is off, and what chance says.
    """

    passed: float = 0.0
    #: Milliseconds that the local clock is ahead.
    off: int = 0
    chance: float = 0.5
    slept: list[float] = field(factory=list)

    def milliseconds(self) -> int:
        return BEGINNING + self.off + round(self.passed * 1000)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds

    def random(self) -> float:
        return self.chance

    def machine(self, **changes: Any) -> Machine:
        return Machine(
            **{
                "milliseconds": self.milliseconds,
                "monotonic": self.monotonic,
                "sleep": self.sleep,
                "random": self.random,
                **changes,
            }
        )
