"""
What a report says beside the figures.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, get_args

from attrs import field, frozen
from attrs.validators import in_

from marginbook.errors import FailureKind, MarginbookError
from marginbook.texts import readable
from marginbook.values.times import moment_or_unknown

#: What to do next, where an error does not say it itself.
_HINTS: Final = {
    "invalid_response": "The venue may have changed: look for a newer version of its plugin.",
    "plugin": "Update the plugin, or tell its authors.",
}


@frozen(kw_only=True)
class Failure:
    """
    An account that could not be read, and why: no row of it is in the report.
    """

    #: Our name of the account.
    account: str
    #: The id of the venue.
    venue: str
    #: For callers to branch on.
    kind: FailureKind = field(validator=in_(get_args(FailureKind)))
    #: What happened.
    message: str = field(converter=readable)
    #: What to do next.
    hint: str = field(default="", converter=readable)
    #: When it makes sense to try again, in UTC, if that is known.
    until: datetime | None = field(default=None, converter=moment_or_unknown)

    @classmethod
    def of(cls, account: str, venue: str, error: MarginbookError) -> Failure:
        """
        Return the failure that *error* means for an account.
        """
        hint = error.hint or _HINTS.get(error.kind, "")
        return cls(account=account, venue=venue, kind=error.kind, message=error.message, hint=hint, until=error.until)

    def __str__(self) -> str:
        until = f" Not before {self.until:%Y-%m-%d %H:%M:%S} UTC." if self.until else ""
        return f"{self.account} ({self.venue}): {self.kind}: {self.message} {self.hint}".rstrip() + until


@frozen(kw_only=True)
class Note:
    """
    A remark on an account, or on the whole report where *account* is empty.
    """

    #: Our name of the account, or "".
    account: str
    #: The remark, in full sentences.
    message: str = field(converter=readable)
