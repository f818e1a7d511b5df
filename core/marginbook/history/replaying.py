"""
A saved report, derived once more from what the venues had answered.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from marginbook.accounts import Account
from marginbook.collecting import assemble
from marginbook.errors import HistoryError, MarginbookError
from marginbook.history.snapshot import Snapshot
from marginbook.registry import installed
from marginbook.report import BalanceReport, Failure
from marginbook.texts import few

if TYPE_CHECKING:
    from marginbook.values import Recording, Statement


@frozen
class Replayed:
    """
    A report as it was saved, and as this marginbook reads the same answers.
    """

    snapshot: Snapshot
    report: BalanceReport

    @property
    def same(self) -> bool:
        """
        True if both are the same text, byte for byte.
        """
        return self.report.to_json() == self.snapshot.text

    @property
    def diff(self) -> str:
        """
        A unified diff from what was saved to what is read now, or "".
        """
        old, new = self.snapshot.text, self.report.to_json()
        names = f"snapshot {self.snapshot.id}", "read again"
        return "".join(difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), *names))


def replay_snapshot(snapshot: Snapshot) -> Replayed:
    """
    Read the bodies of a snapshot once more, with the plugins of now and without a network.

    What does not follow from bodies is the snapshot's: times, failures, and remarks on the question.

    Raises:
        HistoryError: Bodies of an account that was read were not kept.

    """
    old = snapshot.report
    recordings = {recording.account: recording for recording in snapshot.recordings}
    if lost := [name for name in old.accounts if name not in recordings and name not in old.missing]:
        whose = few(lost) if recordings else "any account"
        msg = f"Snapshot {snapshot.id} was saved without the bodies of {whose}, so it cannot be read again."
        raise HistoryError(msg, hint="Only 'marginbook report --save' and save(report, recordings) keep them.")
    outcomes: dict[str, Statement | Failure] = {failure.account: failure for failure in old.failures}
    outcomes |= {name: _read(recording) for name, recording in recordings.items()}
    report = assemble(
        [Account(name, venue) for name, venue in old.accounts.items()],
        outcomes,
        notes=[note for note in old.notes if not note.account],
        started_at=old.started_at,
        finished_at=old.finished_at,
    )
    return Replayed(snapshot, report)


def _read(recording: Recording) -> Statement | Failure:
    # As in collect: a replay is the first thing that needs requests.
    from marginbook.asking import blame, replay_documents, stand_in  # noqa: PLC0415

    try:
        venue = installed().venue(recording.venue)
    except MarginbookError as error:
        return Failure.of(recording.account, recording.venue, error)
    try:
        account = stand_in(recording.account, venue, recording.options)
        statement = replay_documents(account, venue, recording.documents)
    except MarginbookError as error:
        return Failure.of(recording.account, recording.venue, error)
    # What a plugin raises is the plugin's choice.
    except Exception as error:  # noqa: BLE001
        return Failure.of(recording.account, recording.venue, blame(venue, error))
    return evolve(statement, notes=(*statement.notes, *recording.remarks))
