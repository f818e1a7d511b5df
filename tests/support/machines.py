"""
Machines of the tests' own: one whose time passes only while it sleeps, and chance is what the test says; and one that
does real work, and waits for nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen
from requests.adapters import BaseAdapter

from marginbook.transport import Machine, adapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

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


@define
class Haste:
    """
    What is waited for less long than usual: sleep takes no time, and some answers have to come soon.

    A report has all the time that it may need on a busy machine, and a venue that stalls is found out all the same.
    """

    skipped: float = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds

    def machine(self, seconds: Mapping[str, tuple[int, float]], **changes: Any) -> Machine:
        """
        Return the machine.

        Args:
            seconds: By an account's key, or "" for all: of how many requests the answer may take how many seconds.

            changes: What else is not as usual.

        """
        return Machine(
            monotonic=self.monotonic,
            sleep=self.sleep,
            pool=lambda count: Hurried(adapter(count), dict(seconds)),
            **changes,
        )


@frozen(eq=False)
class Hurried(BaseAdapter):
    """
    Gives up some answers early.
    """

    pool: BaseAdapter
    left: dict[str, tuple[int, float]]

    def send(self, request: requests.PreparedRequest, *args: Any, **settings: Any) -> requests.Response:
        for key, (count, seconds) in self.left.items():
            if count and (not key or key in request.headers.values()):
                self.left[key] = (count - 1, seconds)
                settings["timeout"] = (settings["timeout"][0], min(seconds, settings["timeout"][1]))
        return self.pool.send(request, *args, **settings)

    def close(self) -> None:
        self.pool.close()
