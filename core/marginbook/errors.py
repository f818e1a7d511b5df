"""
What can go wrong, and what to do about it.

::

    MarginbookError
    ├── CredentialsError        the venue does not know the key, or the secret does not belong to it
    ├── PermissionDeniedError   the key is good, but may not do this, or not from here
    ├── ClockError              the request's time is outside the venue's window
    ├── RateLimitedError        too many requests; ``until`` says when to come back, if it is known
    ├── UnavailableError        the venue could not be reached, or says that it is out of order
    ├── DeadlineError           no whole answer came in time
    ├── InvalidResponseError    the answer is not what the venue's specification says
    ├── ConfigurationError      the accounts, or what was asked of them, make no sense
    ├── PluginError             a venue's plugin is missing, broken, or broke its promises
    ├── ApiError                a documented or undocumented error answer, before a plugin explains it
    ├── UnwrittenError          a file could not be written; what was there before is as it was
    ├── AuditError              a report contradicts itself or what the accounts said, and is not handed out
    ├── HistoryError            a history cannot be read or written, or was changed after it was written
    └── IncompleteReportError   raised on request by ``BalanceReport.raise_for_failures``
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from marginbook.texts import readable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FailureKind = Literal[
    "credentials",
    "permission",
    "clock",
    "rate_limited",
    "unavailable",
    "timeout",
    "invalid_response",
    "configuration",
    "plugin",
]


class MarginbookError(Exception):
    """
    The root of everything that marginbook raises on purpose.

    Attributes:
        message: What happened. Never holds a secret, a signature or a caller's address.

        hint: What to do next, as a sentence of its own, or "".

        until: When it makes sense to try again, if that is known.

        transient: True if asking again may help, so that the core does.

        suspects_clock: True if a wrong time of the request may be the cause. Then the core asks for the venue's time
            first, if the venue tells it, and asks again only if the time was wrong.

    """

    #: What a report calls it, for callers to branch on.
    kind: ClassVar[FailureKind] = "plugin"

    transient: bool = False
    suspects_clock: bool = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        until: datetime | None = None,
        transient: bool | None = None,
        suspects_clock: bool | None = None,
    ) -> None:
        message = readable(message)
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.until = until
        # Otherwise, what its class says.
        if transient is not None:
            self.transient = transient
        if suspects_clock is not None:
            self.suspects_clock = suspects_clock

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are made again from their arguments, and these have more than that.
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[MarginbookError], args: tuple[Any, ...], state: dict[str, Any]) -> MarginbookError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class CredentialsError(MarginbookError):
    """
    A secret cannot be found, or the venue does not accept it.
    """

    kind = "credentials"


class PermissionDeniedError(MarginbookError):
    """
    The venue knows the key, but does not let it do this, or not from this address.
    """

    kind = "permission"


class ClockError(MarginbookError):
    """
    The venue says that the time of the request is outside its window.
    """

    kind = "clock"
    suspects_clock = True


class RateLimitedError(MarginbookError):
    """
    The venue wants fewer requests, or has banned this address for a while.
    """

    kind = "rate_limited"
    transient = True


class UnavailableError(MarginbookError):
    """
    The venue cannot be reached, or says that it cannot answer now.
    """

    kind = "unavailable"
    transient = True


class DeadlineError(MarginbookError):
    """
    No whole answer came before the report's deadline.
    """

    kind = "timeout"
    transient = True


class InvalidResponseError(MarginbookError, ValueError):
    """
    The body of a successful answer is not what the specification says.
    """

    kind = "invalid_response"


class ConfigurationError(MarginbookError):
    """
    An account, an option, or the question itself makes no sense.
    """

    kind = "configuration"


class PluginError(MarginbookError):
    """
    A venue's plugin is missing, cannot be loaded, or did not do what it promised.
    """

    kind = "plugin"


class UnwrittenError(MarginbookError):
    """
    A file could not be written, though it was asked for well: the disk is full or fails.
    """


class AuditError(MarginbookError):
    """
    A finished report contradicts itself, or what the accounts said, which is a defect of marginbook.
    """


class HistoryError(MarginbookError):
    """
    Saved reports cannot be read or written, or are not what was saved.
    """


class ApiError(MarginbookError):
    """
    The venue answered with a status that is not a documented success.

    The one error of every generated client. Its text names status and place only: bodies may repeat what was sent.

    Attributes:
        status_code: The HTTP status.

        headers: The headers of the answer.

        content: The body as it came.

        parsed: The documented error model, or None where the body does not match it.

        received_at: When it came, by the venue's clock as far as it is known.

    """

    kind = "unavailable"

    def __init__(
        self,
        where: str,
        *,
        status_code: int,
        headers: Mapping[str, str],
        content: bytes,
        parsed: object = None,
        received_at: datetime | None = None,
    ) -> None:
        super().__init__(f"{where} answered with status {status_code}.")
        self.received_at = received_at or datetime.now(UTC)
        self.status_code = status_code
        self.headers = headers
        self.content = content
        self.parsed = parsed

    @property
    def retry_after(self) -> datetime | None:
        """
        When the venue wants to be asked again, from a Retry-After header in seconds or as a date, or None.
        """
        written = self.headers.get("Retry-After", "").strip()
        try:
            if written.isdecimal():
                return self.received_at + timedelta(seconds=int(written))
            return self.by_our_clock(parsedate_to_datetime(written).astimezone(UTC))
        except (OverflowError, ValueError):
            return None

    def by_our_clock(self, when: datetime) -> datetime:
        """
        Return a time that the venue wrote, by the clock that *received_at* is of.

        Ours may be hours off, and nobody may have noticed yet. The answer's own Date tells.
        """
        try:
            sent = parsedate_to_datetime(self.headers.get("Date", "")).astimezone(UTC)
        except (OverflowError, ValueError):
            return when
        # A Date has whole seconds, and was written a while ago: that errs late, never early.
        return when + (self.received_at - sent)


class IncompleteReportError(MarginbookError):
    """
    Something is missing from a report that had to be complete.

    Attributes:
        failures: Every account that could not be read, with the reason.

    """

    def __init__(self, message: str, *, failures: Sequence[object], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.failures = tuple(failures)
