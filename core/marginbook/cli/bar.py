"""
What a terminal shows while accounts are asked: how many are done and failed, who waits for a rate limit and until when,
and how long it may still take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType

    from marginbook.progress import Progress, Wait
    from marginbook.transport import Machine

#: Pictures a second. More are not seen, and each takes time from the asking.
_PICTURES: Final = 4

#: Seconds from which an estimate is told in minutes.
_MINUTES: Final = 120


class Bar:
    """
    Draws, as a context manager, until the last account is done; then nothing of it is left.

    Args:
        console: Where.

        asked: How many accounts are asked.

        timeout: Seconds after which the asking ends in any case.

        machine: Whose time it is, and who waits.

    """

    def __init__(self, console: Console, asked: int, timeout: float, machine: Machine) -> None:
        self._asked = asked
        self._timeout = timeout
        self._machine = machine
        self._begun = machine.monotonic()
        # Both at once, since another thread draws.
        self._seen = (0, 0)
        self._live = Live(
            console=console,
            get_renderable=self._picture,
            refresh_per_second=_PICTURES,
            transient=True,
            # Standard output is the report's, and may be a terminal of its own.
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def see(self, progress: Progress) -> None:
        """
        Note that one more account is done.
        """
        self._seen = (progress.done, progress.failed)

    def _picture(self) -> RenderableType:
        done, failed = self._seen
        waits = self._machine.hosts.waiting(self._machine)
        passed = self._machine.monotonic() - self._begun
        longest = max([(wait.until - self._machine.now()).total_seconds() for wait in waits], default=0.0)
        left = estimate(done, self._asked, passed, waits=longest, timeout=self._timeout)
        picture: Any = Table.grid(padding=(0, 1))
        picture.add_row(Text("Asking"), ProgressBar(self._asked, done, width=40), Text(f"{done}/{self._asked}"))
        whole = Table.grid()
        whole.add_row(picture)
        for line in status(failed, waits, left):
            whole.add_row(Text(line, no_wrap=True, overflow="ellipsis"))
        return whole


def status(failed: int, waits: Iterable[Wait], left: float | None) -> list[str]:
    """
    Return the lines below the bar.

    Args:
        failed: How many accounts could not be read.

        waits: Who waits.

        left: Seconds that it may still take, or None.

    """
    parts = [f"{failed} failed"] if failed else []
    if left is not None:
        parts.append(f"about {_span(left)} left")
    return [", ".join(parts), *map(_waiting, waits)] if parts else list(map(_waiting, waits))


def _waiting(wait: Wait) -> str:
    verb = "waits" if wait.accounts == 1 else "wait"
    return f"{wait.accounts} {verb} for the rate limit of {wait.host} until {wait.until:%H:%M:%S} UTC"


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _MINUTES else f"{seconds / 60:.0f} min"


def estimate(done: int, asked: int, passed: float, *, waits: float, timeout: float) -> float | None:
    """
    Return for how many seconds accounts may still be asked, as it went so far; None before anything has gone.

    Args:
        done: Accounts that are done.

        asked: All of them.

        passed: Seconds since the beginning.

        waits: For how many seconds some of them wait in any case.

        timeout: Seconds from the beginning until the end in any case.

    """
    if not done:
        return None
    return max(0.0, min(max(waits, passed / done * (asked - done)), timeout - passed))
