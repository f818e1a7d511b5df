"""
One report after the other, and what has changed since the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, Self

from attrs import evolve, field, frozen

from marginbook.report import BalanceReport
from marginbook.values import Balance
from marginbook.values.money import total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    from marginbook.transport import Machine

#: How many intervals old a report is when it is no longer taken for the present.
PATIENCE: Final = 3


def age(report: BalanceReport, begun: float, machine: Machine) -> float:
    """
    Return the seconds since the first account of a report was asked.

    Of the two clocks, the one that says more is believed: the one may be set, the other stands still while the machine
    sleeps.

    Args:
        report: Which.

        begun: When it was begun, by the machine's monotonic clock.

        machine: Whose time it is.

    """
    return max(machine.monotonic() - begun, (machine.now() - report.started_at).total_seconds(), 0.0)


def spelled(seconds: float) -> str:
    """
    Write an age for people, in whole units, never rounded up.
    """
    if seconds < 120:  # noqa: PLR2004  # up to two minutes, seconds tell more
        return f"{int(seconds)} s"
    if seconds < 7200:  # noqa: PLR2004  # likewise for two hours
        return f"{int(seconds // 60)} min"
    return f"{int(seconds // 3600)} h"


def paced(
    make: Callable[[], BalanceReport], every: float, machine: Machine, count: int | None = None
) -> Iterator[tuple[BalanceReport, float]]:
    """
    Make one report after the other, and yield each with the monotonic time at which it was begun.

    Args:
        make: Makes one.

        every: Seconds from one beginning to the next. A report that takes longer is followed by the next at once.

        machine: Whose time it is.

        count: How many; None for no end.

    """
    made = 0
    while True:
        begun = machine.monotonic()
        yield make(), begun
        made += 1
        if made == count:
            return
        machine.sleep(max(0.0, begun + every - machine.monotonic()))


@frozen
class _Reading:
    """
    A row, when it was read, and in which report: the first is 1.
    """

    balance: Balance
    at: datetime
    number: int


@frozen(kw_only=True)
class Row:
    """
    One asset in one account, as it was last read, and as it was first read.
    """

    #: What was last read. It is the present only where *mark* is "" or "new".
    balance: Balance
    #: When that was.
    read_at: datetime
    #: What was first read.
    first: Balance
    #: When that was.
    first_at: datetime
    #: ``"new"``: the account was read before, and did not have it. ``"vanished"``: the account was read, and has it no
    #: more. ``"stale"``: the account could not be read. Else "".
    mark: Literal["", "new", "vanished", "stale"]

    @property
    def current(self) -> bool:
        """
        True if the newest report has it.
        """
        return self.mark in {"", "new"}

    def change(self, name: str) -> Decimal | None:
        """
        Return by how much a figure has changed since the first reading; None where it is or was not known.

        A row that is not current has no change, since nobody knows what it is now.
        """
        before: Decimal | None = getattr(self.first, name)
        after: Decimal | None = getattr(self.balance, name)
        if before is None or not self.current:
            return None
        return total([after, before.copy_negate()])


@frozen
class Watched:
    """
    What is known of each row after some reports. Each report makes a new one.
    """

    #: The newest report, or None before the first.
    report: BalanceReport | None = None
    #: When the first report was begun.
    since: datetime | None = None
    _number: int = 0
    _first: Mapping[tuple[str, str], _Reading] = field(factory=dict, repr=False)
    _last: Mapping[tuple[str, str], _Reading] = field(factory=dict, repr=False)
    #: The first and the last report in which each account could be read.
    _read: Mapping[str, tuple[int, int]] = field(factory=dict, repr=False)

    def after(self, report: BalanceReport) -> Self:
        """
        Return what is known once *report* has been read as well.
        """
        number, missing = self._number + 1, set(report.missing)
        readings = {(b.account, b.asset): _Reading(b, report.started_at, number) for b in report.balances}
        read = {name: (self._read.get(name, (number,))[0], number) for name in report.accounts if name not in missing}
        return evolve(
            self,
            report=report,
            since=self.since or report.started_at,
            number=number,
            first={**readings, **self._first},
            last={**self._last, **readings},
            read={**self._read, **read},
        )

    @property
    def rows(self) -> tuple[Row, ...]:
        """
        All rows that were ever read, by account and asset.
        """
        return tuple(self._row(key) for key in sorted(self._last))

    def change(self, asset: str, name: str) -> Decimal | None:
        """
        Return by how much the total of a figure has changed since the start, in units of *asset*.

        None where that is not known of each of its rows: because one is new, has vanished, or could not be read.
        """
        rows = [row for row in self.rows if row.balance.asset == asset]
        return total(row.change(name) if row.mark == "" and row.first_at == self.since else None for row in rows)

    def _row(self, key: tuple[str, str]) -> Row:
        first, last = self._first[key], self._last[key]
        return Row(
            balance=last.balance,
            read_at=last.at,
            first=first.balance,
            first_at=first.at,
            mark=self._mark(first, last),
        )

    def _mark(self, first: _Reading, last: _Reading) -> Literal["", "new", "vanished", "stale"]:
        first_read, last_read = self._read[last.balance.account]
        if last.number < last_read:
            return "vanished"
        if last_read < self._number:
            return "stale"
        return "new" if first.number > first_read else ""
