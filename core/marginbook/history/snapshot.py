"""
What a history holds, apart from any database.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from marginbook.errors import ConfigurationError, HistoryError
from marginbook.report import BalanceReport
from marginbook.values import Balance, Recording
from marginbook.values.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def compact(document: object) -> str:
    """
    Write JSON in the one way that a hash is made of: sorted, without blanks, in ASCII.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def digest(content: bytes) -> str:
    """
    Return the SHA-256 of *content* in hexadecimal.
    """
    return hashlib.sha256(content).hexdigest()


def _by_venue(versions: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(dict(versions).items()))


def _recordings(recordings: Iterable[Recording]) -> tuple[Recording, ...]:
    return tuple(sorted(recordings, key=lambda recording: recording.account))


@frozen(kw_only=True)
class Snapshot:
    """
    A report as it was saved, with all that it was read from.
    """

    #: Its number: 1, 2, 3 and so on, without gaps.
    id: int
    #: The report as JSON, byte for byte as it was saved.
    text: str = field(repr=False)
    #: The bodies that the accounts were read from, as far as they were kept.
    recordings: tuple[Recording, ...] = field(default=(), converter=_recordings, repr=False)
    #: The version that wrote it.
    marginbook_version: str
    #: The versions of the venues' specifications, by venue, where plugins say them.
    _specifications: tuple[tuple[str, str], ...] = field(default=(), converter=_by_venue)
    #: The hash of the snapshot before it, or "" for the first.
    previous_hash: str = ""
    #: When it was saved, in UTC.
    saved_at: datetime = field(converter=moment)
    #: The report, read from *text*.
    report: BalanceReport = field(init=False, eq=False, repr=False)

    @report.default
    def _read(self) -> BalanceReport:
        try:
            return BalanceReport.from_dict(json.loads(self.text))
        except (ConfigurationError, ValueError) as error:
            msg = f"The report of snapshot {self.id} cannot be read: {str(error)[:200]}"
            raise HistoryError(
                msg, hint="A newer marginbook wrote it, or it was changed: verify the history."
            ) from None

    @property
    def complete(self) -> bool:
        """
        True if every account that was asked for could be read.
        """
        return self.report.complete

    @property
    def specifications(self) -> dict[str, str]:
        """
        The versions of the venues' specifications, by venue.
        """
        return dict(self._specifications)

    @property
    def hash(self) -> str:
        """
        The SHA-256 of all that the snapshot says, and of the hash before it, so that it stands for the whole history.
        """
        return chain_hash(
            previous_hash=self.previous_hash,
            id=self.id,
            saved_at=self.saved_at.isoformat(),
            marginbook_version=self.marginbook_version,
            specifications=self.specifications,
            report=digest(self.text.encode()),
            recordings=[_digests(recording) for recording in self.recordings],
        )


def chain_hash(**parts: object) -> str:
    """
    Return the hash of a snapshot, of its parts in JSON's own types.
    """
    return digest(compact(parts).encode())


def _digests(recording: Recording) -> dict[str, Any]:
    return {
        "account": recording.account,
        "venue": recording.venue,
        "options": recording.options,
        "remarks": recording.remarks,
        "bodies": [[request, digest(body)] for request, body in recording.documents.items()],
    }


@frozen(kw_only=True)
class Entry:
    """
    A line in the list of snapshots: what the history says of one, without reading or checking it.
    """

    #: Its number.
    id: int
    #: When the first account was asked, when the last had answered, and when it was saved, in UTC.
    started_at: datetime = field(converter=moment)
    finished_at: datetime = field(converter=moment)
    saved_at: datetime = field(converter=moment)
    #: True if every account that was asked for could be read.
    complete: bool
    #: How many accounts were asked for, and how many of them could not be read.
    accounts: int
    missing: int
    #: The version that wrote it.
    marginbook_version: str
    #: The hash that stands for the history up to here, and the one before it.
    hash: str
    previous_hash: str


@frozen(kw_only=True)
class Point:
    """
    One asset of one account in one snapshot.
    """

    #: The number of the snapshot.
    snapshot: int
    #: When the report was begun, in UTC.
    at: datetime = field(converter=moment)
    #: ``"failed"`` where the account could not be read, so that nothing is known of the asset.
    state: Literal["ok", "failed"]
    #: The row. None where the account failed, and where its venue did not list the asset.
    balance: Balance | None


@frozen
class Problem:
    """
    Something in a history that is not what was saved.
    """

    #: The number of the snapshot, or None for the history as a whole.
    snapshot: int | None
    #: What is wrong, in full sentences.
    message: str

    def __str__(self) -> str:
        return self.message if self.snapshot is None else f"Snapshot {self.snapshot}: {self.message}"
