"""
What ``--save`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbook.cli.telling import tell
from marginbook.errors import MarginbookError
from marginbook.history import open_store

if TYPE_CHECKING:
    from marginbook.history import Snapshot
    from marginbook.report import BalanceReport
    from marginbook.values import Recording


class Saving:
    """
    A history that a report is meant for, and what the venues answered so far.

    The place is looked at before any venue is asked: one that makes no sense costs no report.
    """

    def __init__(self, place: str | None) -> None:
        self._store = open_store(place)
        self._recordings: list[Recording] = []
        self._snapshot: Snapshot | None = None
        self._trouble: MarginbookError | None = None

    def record(self, recording: Recording) -> None:
        """
        Keep what a venue answered.
        """
        self._recordings.append(recording)

    def save(self, report: BalanceReport) -> bool:
        """
        Append the report, and say whether that was possible: a report that took so long to make is printed anyway.
        """
        try:
            with self._store as store:
                self._snapshot = store.save(report, self._recordings)
        except MarginbookError as error:
            self._trouble = error
        return self._trouble is None

    def tell(self, *, quiet: bool) -> None:
        """
        Say on standard error what became of it.
        """
        if self._trouble:
            tell(f"Error: The report was NOT saved. {self._trouble}")
        elif self._snapshot and not quiet:
            tell(f"Saved as snapshot {self._snapshot.id}, hash {self._snapshot.hash}")
