"""
Answers that are errors: whatever stands in one, it is explained, or left to its status, and it is not repeated.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from damage import Members, Raw, cut, strange, write
from fuzzing import examples
from marginbook import Account, ApiError, MarginbookError, venues
from strategies import EPOCH

if TYPE_CHECKING:
    from marginbook import Venue

VENUES: Final = {venue.id: venue for venue in venues()}

#: As long as the shortest key or signature.
LONG: Final = 24


class Answer(BaseAdapter):
    """
    Gives every request the same answer.
    """

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        super().__init__()
        self._status = status
        self._headers = headers
        self._content = content

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = self._status
        response.headers = CaseInsensitiveDict(self._headers)
        response.request = request
        response.url = request.url or ""
        response.raw = BytesIO(self._content)
        return response

    def close(self) -> None:
        """
        Nothing is open.
        """


def refuse(venue: Venue, status: int, headers: dict[str, str], content: bytes) -> ApiError:
    """
    Return the error that an answer becomes in the venue's client.
    """
    options = {option.name: option.default for option in venue.all_options}
    with requests.Session() as session:
        session.mount("http://", Answer(status, headers, content))
        if "exchange" in options:
            options["exchange"] = "x"
        account = Account("a", venue.id, options={**options, "base_url": "http://127.0.0.1"})
        with pytest.raises(ApiError) as caught:
            venue.fetch(account, session)
    return caught.value


#: Codes that mean something at some venue, and some that do not.
_codes: Final = (
    st.integers(-1130, -1000)
    | st.sampled_from([-2014, -2015, -2017, -4056, -4109, -5000, 0, 10**30])
    | st.integers(0, 20)
    | st.integers(-(10**39), 10**39)
).map(lambda code: Raw(str(code)))

#: Days that may be in the next minute, long ago, or after the last year that there is.
_banned: Final = (st.integers(0, 253402300799999) | st.integers(0, 10**20)).map(
    lambda when: f"Way too many requests; IP(203.0.113.9) banned until {when}. Please use the websocket."
)

_messages: Final = st.one_of(
    st.sampled_from(["Invalid Access", "Signature for this request is not valid.", "canary" * 8]),
    _banned,
    st.text(max_size=60),
)


def _shapes(code: Any, message: Any) -> list[Any]:
    """
    Errors of each venue, and of all at once.
    """
    return [
        Members([("code", code), ("msg", message)]),
        Members([("message", message)]),
        Members([("code", code), ("message", message), ("details", [])]),
        Members([("code", code), ("msg", message), ("message", message), ("data", message)]),
    ]


_whole: Final = (
    st.builds(_shapes, _codes | strange, _messages | strange)
    .flatmap(st.sampled_from)
    .map(lambda body: write(body).encode(errors="surrogatepass"))
)

_bodies: Final = st.one_of(
    _whole,
    _whole,
    _whole.flatmap(cut),
    _whole.map(lambda body: b"<html>" + body + b"</html>"),
    st.binary(max_size=60),
)


_retry: Final = st.one_of(
    st.sampled_from(["", "0", "60", "-1", "1e3", "1.5", "9" * 30, "9" * 5000, "\u0663\u0663", "\xb2", "soon", "NaN"]),
    st.sampled_from(["Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 21 Oct 0000 07:28:00 GMT", "31 Feb 2026 00:00:00 +9999"]),
    st.from_regex(
        r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9]{1,3}:[0-9]{2}:[0-9]{2} ([+-][0-9]{1,9}|GMT)"
    ),
    st.datetimes().map(lambda when: f"{when:%a, %d %b %Y %H:%M:%S} GMT"),
    st.text(st.characters(codec="latin-1"), max_size=30),
)

_headers: Final = st.dictionaries(
    st.sampled_from(["Retry-After", "retry-after", "X-MBX-USED-WEIGHT-1M", "Content-Type", "WWW-Authenticate"]), _retry
)

_statuses: Final = st.sampled_from([300, 400, 401, 403, 404, 418, 422, 429, 451, 500, 503]) | st.integers(201, 999)


def repeated(text: str, content: bytes) -> list[str]:
    """
    Return the parts of a body that a text repeats and that are long enough to be a secret.
    """
    bodies = [content.decode(codec, "replace") for codec in ("utf-8", "latin-1")]
    runs = (text[start : start + LONG] for start in range(len(text) - LONG + 1))
    return [run for run in runs if any(run in body for body in bodies)]


@pytest.mark.parametrize("name", [name for name, venue in VENUES.items() if venue.explain])
@examples(250)
@given(status=_statuses, headers=_headers, content=_bodies)
def test_refusals(name: str, status: int, headers: dict[str, str], content: bytes) -> None:
    """
    A venue's plugin makes an error of our own of it, or nothing. What may be a secret is not in its text.
    """
    venue = VENUES[name]
    error = refuse(venue, status, headers, content)
    assert venue.explain
    explained = venue.explain(error)

    assert explained is None or isinstance(explained, MarginbookError)
    for told in filter(None, [error, explained]):
        assert [] == repeated(f"{told} {told.hint} {told!r}", content)
        assert told.until is None or told.until.tzinfo
    assert explained is None or explained.hint


@pytest.mark.parametrize("name", ["binance-usdm", "binance-coinm"])
@examples(100)
@given(until=st.integers(10**12, 10**13 - 1))
def test_bans(name: str, until: int) -> None:
    """
    A ban ends when Binance says so, to the millisecond. Times of Binance have 13 digits until the year 2286.
    """
    venue = VENUES[name]
    text = f"Way too many requests; IP(203.0.113.9) banned until {until}. Please use the websocket."
    content = write(Members([("code", Raw("-1003")), ("msg", text)])).encode()
    assert venue.explain
    explained = venue.explain(refuse(venue, 418, {}, content))

    assert explained
    assert "rate_limited" == explained.kind
    assert EPOCH + timedelta(milliseconds=until) == explained.until


@examples(500)
@given(retry=_retry)
def test_when_to_come_back(retry: str) -> None:
    """
    A venue says when to come back in words that can be read, or it is not known.
    """
    error = ApiError("GET /x", status_code=429, headers={"Retry-After": retry}, content=b"")

    assert error.retry_after is None or UTC == error.retry_after.tzinfo


@examples(100)
@given(seconds=st.integers(0, 10**6))
def test_seconds_to_wait(seconds: int) -> None:
    """
    Seconds are counted from now.
    """
    before = datetime.now(UTC)
    error = ApiError("GET /x", status_code=429, headers={"Retry-After": str(seconds)}, content=b"")

    assert error.retry_after
    assert 0 <= (error.retry_after - before).total_seconds() - seconds < 60
