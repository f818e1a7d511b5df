"""
The newest report, made again and again in the background, and how far it can be trusted.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Self

from attrs import evolve, frozen

from marginbook.errors import MarginbookError
from marginbook.report import BalanceReport, Note
from marginbook.transport import Machine
from marginbook.watching import PATIENCE, age, spelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

#: How the sentence begins that says so, in whatever form a report is written.
STALE: Final = "STALE: this report was made"


@frozen(kw_only=True)
class Newest:
    """
    The newest report, if there is one, and why there is no newer one.
    """

    #: Seconds from one report to the next.
    every: float
    #: Whose time it is.
    machine: Machine
    #: None before the first.
    report: BalanceReport | None = None
    #: When it was begun, by the machine's monotonic clock.
    begun: float = 0.0
    #: Why the last attempt made no report, or "".
    trouble: str = ""

    @property
    def age(self) -> float:
        """
        Seconds since its first account was asked; 0 before the first report.
        """
        return age(self.report, self.begun, self.machine) if self.report else 0.0

    @property
    def stale(self) -> str:
        """
        Why the report cannot be taken for the present, in a sentence, or "".
        """
        if not self.report:
            return ""
        old = f"{STALE} {spelled(self.age)} ago, one is due every {self.every:g} s"
        if self.trouble:
            return f"{old}, and the last attempt failed: {self.trouble}"
        return f"{old}." if self.age > PATIENCE * self.every else ""

    @property
    def problems(self) -> list[str]:
        """
        Why nobody should rely on it, one sentence each; none if it is complete and fresh.
        """
        if not self.report:
            return [self.trouble or "There is no report yet."]
        return [*filter(None, [self.stale]), *map(str, self.report.failures)]

    def told(self) -> BalanceReport | None:
        """
        Return the report, with a note on top if it is stale, so that it is said in whatever form it is written.
        """
        if not self.report or not (stale := self.stale):
            return self.report
        return evolve(self.report, notes=(Note(account="", message=stale), *self.report.notes))


class Keeper:
    """
    Makes one report after the other while it is open, as a context manager, in one thread of its own.

    Args:
        make: Makes one. What it raises is said until another succeeds, and the last report is kept.

        every: Seconds from one beginning to the next. A report that takes longer is followed by the next at once.

        machine: Whose time it is.

        say: Told of each attempt, in that thread.

    """

    def __init__(
        self, make: Callable[[], BalanceReport], every: float, machine: Machine, say: Callable[[Newest], object]
    ) -> None:
        #: What a reader gets. It is replaced as a whole.
        self.newest = Newest(every=every, machine=machine)
        self._make = make
        self._say = say
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="marginbook-keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        # Nobody waits for a report that nobody will read: its threads end with the process.
        self._stopping.set()

    def _keep(self) -> None:
        machine, every = self.newest.machine, self.newest.every
        while True:
            begun = machine.monotonic()
            self.newest = self._attempt(begun)
            self._say(self.newest)
            if self._stopping.wait(max(0.0, begun + every - machine.monotonic())):
                return

    def _attempt(self, begun: float) -> Newest:
        try:
            return evolve(self.newest, report=self._make(), begun=begun, trouble="")
        except MarginbookError as error:
            return evolve(self.newest, trouble=str(error))
        # A defect of ours; who reads the report has to hear that it is the last one. Its text may hold anything.
        except Exception as error:  # noqa: BLE001
            return evolve(self.newest, trouble=f"{type(error).__name__}. Start it again, and report this.")
