"""
Errors, and what they tell.
"""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

import marginbook
from marginbook import ApiError, IncompleteReportError, InvalidResponseError, MarginbookError
from marginbook.errors import FailureKind

#: Every error that there is.
ERRORS = [
    error
    for name in marginbook.__all__
    if isinstance(error := getattr(marginbook, name), type) and issubclass(error, MarginbookError)
]


def answered(**headers: str) -> ApiError:
    return ApiError(
        "GET /x", status_code=429, headers={k.replace("_", "-"): v for k, v in headers.items()}, content=b"canary"
    )


def test_one_root() -> None:
    """
    Whoever catches the root catches all of them, each of a kind to branch on.
    """
    assert 15 == len(ERRORS)
    assert set(get_args(FailureKind)) == {error.kind for error in ERRORS}
    assert all(error.__name__ in (marginbook.errors.__doc__ or "") for error in ERRORS)


def test_a_wrong_body_is_a_wrong_value() -> None:
    """
    Who parses and knows nothing of us may catch ValueError.
    """
    assert issubclass(InvalidResponseError, ValueError)


def test_what_happened_and_what_to_do() -> None:
    """
    An error reads as two sentences, and either can be had alone.
    """
    until = datetime(2026, 7, 1, tzinfo=UTC)
    error = MarginbookError("It broke.", hint="Mend it.", until=until)

    assert ("It broke. Mend it.", "It broke.", "Mend it.", until) == (
        str(error),
        error.message,
        error.hint,
        error.until,
    )
    assert ("It broke.", None) == (str(MarginbookError("It broke.")), MarginbookError("It broke.").until)


def test_an_answer_is_not_repeated() -> None:
    """
    An error answer names place and status. Its body, which may hold what was sent, is for the plugin to read.
    """
    assert "GET /x answered with status 429." == str(answered())
    assert b"canary" == answered().content
    assert "canary" not in repr(answered())


@pytest.mark.parametrize("seconds", ["0", "120", " 120 "])
def test_retry_after_seconds(seconds: str) -> None:
    """
    A number of seconds from when the answer came.
    """
    error = answered(Retry_After=seconds)

    assert error.received_at + timedelta(seconds=int(seconds)) == error.retry_after


def test_retry_after_a_date() -> None:
    """
    A date, in whatever zone.
    """
    assert datetime(2026, 7, 1, 12, tzinfo=UTC) == answered(Retry_After="Wed, 01 Jul 2026 14:00:00 +0200").retry_after


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "9" * 30, "9" * 5000, "Fri, 31 Dec 9999 23:59:59 -1000"])
def test_retry_after_nothing(text: str) -> None:
    """
    What cannot be read says nothing, and is no error of its own.
    """
    assert answered(Retry_After=text).retry_after is None
    assert answered().retry_after is None


@pytest.mark.parametrize(
    "error",
    [
        *(
            error("It broke.", hint="Mend it.", until=datetime(2026, 7, 1, tzinfo=UTC))
            for error in ERRORS
            if error not in {ApiError, IncompleteReportError}
        ),
        ApiError("GET /v1", status_code=503, headers={"Retry-After": "5"}, content=b"{}", parsed=None),
        IncompleteReportError("1 of 2.", failures=["desk"]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_travel(error: MarginbookError) -> None:
    """
    An error of another process says there what it said here.
    """
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301  # it is ours

    assert (type(error), str(error), vars(error)) == (type(arrived), str(arrived), vars(arrived))


@pytest.mark.parametrize(
    ("date", "hours"), [("Thu, 01 Jul 2027 15:00:00 GMT", -3), ("Thu, 01 Jul 2027 09:00:00 GMT", 3), ("soon", 0)]
)
def test_a_time_of_the_venue_by_our_clock(date: str, hours: int) -> None:
    """
    A time that the venue wrote is as far from now as it is from the answer's own Date, however wrong our clock is.
    """
    noon = datetime(2027, 7, 1, 12, tzinfo=UTC)
    error = ApiError("GET /x", status_code=418, headers={"Date": date}, content=b"", received_at=noon)
    until = datetime(2027, 7, 2, tzinfo=UTC)

    assert until + timedelta(hours=hours) == error.by_our_clock(until)


def test_retry_after_a_date_by_a_wrong_clock() -> None:
    """
    So is a date to come back at: two seconds are two seconds, where our clock is three hours late.
    """
    headers = {"Date": "Thu, 01 Jul 2027 15:00:00 GMT", "Retry-After": "Thu, 01 Jul 2027 15:00:02 GMT"}
    noon = datetime(2027, 7, 1, 12, tzinfo=UTC)
    error = ApiError("GET /x", status_code=429, headers=headers, content=b"", received_at=noon)

    assert noon + timedelta(seconds=2) == error.retry_after
