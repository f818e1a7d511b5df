"""
Points in time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbook import InvalidResponseError, from_milliseconds
from marginbook.values.times import EPOCH, moment


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00+05:30", datetime(2026, 7, 1, 6, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=-8))), datetime(2026, 7, 1, 20, tzinfo=UTC)),
    ],
)
def test_moments_are_in_utc(written: Any, expected: datetime) -> None:
    """
    A point in time is the same in every zone, and is kept in one.
    """
    assert expected == moment(written)
    assert UTC == moment(written).tzinfo


@pytest.mark.parametrize("written", ["2026-07-01T12:00:00", datetime(2026, 7, 1)])  # noqa: DTZ001  # that is the point
def test_a_moment_has_a_zone(written: Any) -> None:
    """
    A time without a zone is not guessed to be in any.
    """
    with pytest.raises(ValueError, match="could be any of 24 hours"):
        moment(written)


@pytest.mark.parametrize("written", ["", "soon", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-01:00"])
def test_garbage_is_no_moment(written: str) -> None:
    """
    What is no date, or no date that can be told in UTC, is refused.
    """
    with pytest.raises(ValueError):  # noqa: PT011  # Python's own words
        moment(written)


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (1617939110373, datetime(2021, 4, 9, 3, 31, 50, 373000, tzinfo=UTC)),
        (Decimal(1617939110373), datetime(2021, 4, 9, 3, 31, 50, 373000, tzinfo=UTC)),
        (Decimal("1617939110373.000"), datetime(2021, 4, 9, 3, 31, 50, 373000, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)),
    ],
)
def test_milliseconds(milliseconds: Any, expected: datetime) -> None:
    """
    A venue's time is read to the millisecond.
    """
    assert expected == from_milliseconds(milliseconds)


@pytest.mark.parametrize("never", [0, Decimal(0), Decimal("0E+3"), Decimal("-0.0")])
def test_no_time(never: Any) -> None:
    """
    Venues write 0 where there is no time.
    """
    assert from_milliseconds(never) is None


@pytest.mark.parametrize(
    "written", ["0.5", "-0.001", "1617939110373.5", "1E+20", "-1E+20", "1E+99", "NaN", "Infinity", "253402300800000"]
)
def test_garbage_is_no_time(written: str) -> None:
    """
    Parts of a millisecond, and times beyond the calendar, are a misunderstanding, and are not rounded into a date.
    """
    with pytest.raises(InvalidResponseError, match="is not a time in milliseconds"):
        from_milliseconds(Decimal(written))


@given(st.datetimes(timezones=st.just(UTC)))
def test_milliseconds_there_and_back(when: datetime) -> None:
    """
    Every time of the calendar survives being sent in milliseconds.
    """
    when = when.replace(microsecond=when.microsecond // 1000 * 1000)
    milliseconds = (when - EPOCH) // timedelta(milliseconds=1)

    assert (None if when == EPOCH else when) == from_milliseconds(milliseconds)
