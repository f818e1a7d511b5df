"""
Requests are prepared as requests itself does it, in less time; but for what would tell venues who asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from requests.auth import AuthBase

from marginbook.transport import Deadline, Documents, Session, adapter

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://venue.invalid/v1/balance"


class Sign(AuthBase):
    """
    Signs an address, as a venue wants it.
    """

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-SIGNED"] = f"{request.url} {request.body!r}"
        return request


def session() -> Session:
    return Session(Documents({}), Deadline(1), Sign())


def prepared(**asked: Any) -> list[tuple[Any, ...]]:
    """
    Return what is sent of a request: as we prepare it, and as requests does.
    """
    ours, theirs = session(), requests.Session()
    # Those of another session: to look at our own would make them this session's.
    theirs.headers, theirs.auth, theirs.trust_env = session().headers, Sign(), False
    sent = [way.prepare_request(requests.Request(**asked)) for way in (ours, theirs)]
    return [(r.method, r.url, dict(r.headers.lower_items()), r.body) for r in sent]


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_values = _texts | st.integers() | st.booleans() | st.none() | st.lists(_texts | st.integers(), max_size=3)


@given(
    st.sampled_from(
        [URL, f"{URL}/", "https://venue.invalid", "HTTP://Venue.Invalid:8443/a b/%7Ec", f"{URL}?x=1", f"{URL}#x"]
    ),
    st.dictionaries(_texts, _values, max_size=4),
)
@example("https://b\u00fcrse.invalid/\u00e4", {"\u00e4": "\u00f6 &=+~"})
def test_addresses_are_spelled_as_requests_does(url: str, params: dict[str, Any]) -> None:
    """
    What is signed is what is sent, so an address has to be spelled in its last form, whatever is asked for.
    """
    ours, theirs = prepared(method="get", url=url, params=params)

    assert theirs == ours


@pytest.mark.parametrize(
    "asked",
    [
        {"params": [("a", "1"), ("a", "2")]},
        {"params": "a=1&b=2"},
        {"params": b"a=1"},
        {"json": {"user": "0x1"}},
        {"data": {"a": "b c"}},
        {"data": b"raw"},
        {"headers": {"user-agent": "x", "Accept": None, "X-Own": "y"}},
        {"files": {}},
    ],
)
def test_everything_else_is_prepared_as_requests_does(asked: dict[str, Any]) -> None:
    """
    A plugin gets what users of requests expect.
    """
    ours, theirs = prepared(method="post", url=URL, **asked)

    assert theirs == ours


def test_parameters_of_a_session() -> None:
    """
    What a plugin sets for all requests of its session is sent with each, and with no other account's.
    """
    own, other = session(), session()
    own.params = {"recvWindow": "5000"}
    own.headers["X-Own"] = "1"
    own.proxies["https"] = "http://proxy.invalid"
    own.hooks["response"].append(print)
    asked = requests.Request("GET", URL, params={"a": "1"})

    assert f"{URL}?recvWindow=5000&a=1" == own.prepare_request(asked).url
    assert f"{URL}?a=1" == other.prepare_request(asked).url
    assert "X-Own" not in other.headers
    assert ({}, {"response": []}) == (other.proxies, other.hooks)


def test_who_signs() -> None:
    """
    A request's own signature comes before its session's.
    """
    signed = session().prepare_request(requests.Request("GET", URL, auth=("user", "password")))

    assert "Basic dXNlcjpwYXNzd29yZA==" == signed.headers["Authorization"]
    assert "X-SIGNED" not in signed.headers


def test_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A password that somebody keeps for the venue's name is for another program.
    """
    netrc = tmp_path / "netrc"
    netrc.write_text("machine venue.invalid login canary password canary\n", "utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    asked = requests.Request("GET", URL)

    assert "Authorization" in requests.Session().prepare_request(asked).headers
    assert "Authorization" not in Session(adapter(1), Deadline(1)).prepare_request(asked).headers


def test_headers_that_somebody_changes() -> None:
    """
    They are the session's own, as with requests: with what was added, without what was taken away, and nobody else's.
    """
    ours, other = session(), session()
    ours.headers["X-Own"] = "y"
    ours.headers.pop("Accept-Encoding")
    (first, second) = (way.prepare_request(requests.Request("GET", URL)).headers for way in (ours, other))

    assert "y" == first["x-own"]
    assert "Accept-Encoding" not in first
    assert "X-Own" not in second
    assert "Accept-Encoding" in second
