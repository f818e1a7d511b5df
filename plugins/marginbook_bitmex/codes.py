"""
BitMEX's errors, and what a person can do about each.

Source: the venue's Swagger file for the statuses and the shape, and records of clients for the texts, which are all
that tells an expired request from a wrong key. They are looked into, and not repeated.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from marginbook import ClockError, CredentialsError, MarginbookError, PermissionDeniedError, RateLimitedError
from marginbook.wire import Unset

if TYPE_CHECKING:
    from datetime import datetime

    from marginbook import ApiError

_says_expired: Final = re.compile(r"expire[ds]\b").search
_says_when: Final = re.compile(r"retry in (\d{1,5}) seconds").search


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of BitMEX means; leave to the HTTP status what that says as well.
    """
    match error.status_code:
        case 401 if _says_expired(_text(error)):
            return ClockError(
                f"{error.message} The request had expired when it came.",
                hint="Look for a slow network, or a clock that jumps.",
            )
        case 401:
            return CredentialsError(
                f"{error.message} It does not accept the key or its signature.",
                hint="The secret does not belong to the key, or the key is of the other environment (production, test):"
                " copy both again.",
            )
        case 403:
            return PermissionDeniedError(
                error.message,
                hint="This machine's address is not in the key's list, the key is disabled, or the address is banned"
                " for an hour or more because too much was asked.",
            )
        case 429:
            return RateLimitedError(
                error.message,
                hint="Ask less often: a key may make 120 requests in a minute, and whoever has none 30.",
                until=_until(error),
            )
    return None


def _text(error: ApiError) -> str:
    """
    Return the venue's sentence, or "".
    """
    detail = getattr(error.parsed, "error", None)
    message = getattr(detail, "message", "")
    return "" if isinstance(message, Unset) else message


def _until(error: ApiError) -> datetime | None:
    told = _says_when(_text(error))
    return error.retry_after or (error.received_at + timedelta(seconds=int(told[1])) if told else None)
