"""
Points in time: always in UTC, or an error.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from marginbook.errors import InvalidResponseError

if TYPE_CHECKING:
    from decimal import Decimal

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MILLISECOND: Final = timedelta(milliseconds=1)


def moment(when: datetime | str) -> datetime:
    """
    Return *when* in UTC. Text is read as ISO 8601.

    Raises:
        ValueError: It has no time zone, or is no date and time.

    """
    if isinstance(when, datetime) and when.tzinfo is UTC:
        return when
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    if when.tzinfo is None:
        msg = "A time without a time zone could be any of 24 hours: give it one."
        raise ValueError(msg)
    try:
        return when.astimezone(UTC)
    except OverflowError:
        msg = f"{when} is before the year 1 or after the year 9999 in UTC."
        raise ValueError(msg) from None


def moment_or_unknown(when: datetime | str | None) -> datetime | None:
    """
    Return *when* as `moment` does, or None where it is not known.
    """
    return when if when is None or (type(when) is datetime and when.tzinfo is UTC) else moment(when)


def from_milliseconds(since_epoch: Decimal | int) -> datetime | None:
    """
    Read a venue's time in milliseconds. Venues write 0 where there is none: None.

    Raises:
        InvalidResponseError: It is no time between the years 1 and 9999, or holds parts of a millisecond.

    """
    if since_epoch == 0:
        return None
    try:
        whole = since_epoch if type(since_epoch) is int else int(since_epoch)
        when = EPOCH + whole * _MILLISECOND if whole == since_epoch else None
    except (OverflowError, ValueError):
        when = None
    if when is None:
        msg = f"{since_epoch!s:.40} is not a time in milliseconds."
        raise InvalidResponseError(msg)
    return when
