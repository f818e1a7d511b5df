"""
What a venue may say of itself on its stage: what it refuses with, what is posted to it, and what its amounts are.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
import requests

from marginbook.sandbox import Actor, Fault, Sandbox, Stage, answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request, Response

ADDRESS = "0x00000000000000000000000000000000000000Ab"


def posted(request: Request) -> Response:
    return answer({"heard": request.get_json(silent=True)})


def stage(actor: Actor, **words: Any) -> Stage:
    """
    A venue with one account, that answers everything.
    """
    routes: Mapping[str, Any] = {"/v1/balance": lambda _: answer({"code": "0", "cash": 1.5, "free": 2.5})}
    return Stage("acme", (actor,), {**routes, "/v1/<user>/state": lambda _, user: answer(user)}, **words)


def asked(played: Stage, fault: str, method: str, path: str, **request: Any) -> requests.Response:
    with Sandbox([played], faults=[Fault.parse(fault)] if fault else []) as sandbox:
        return requests.request(method, f"{sandbox.url}{path}", timeout=10, **request)


@pytest.mark.parametrize("name", ["clock", "key", "signature", "throttled", "error-in-200"])
def test_a_venue_refuses_in_its_own_words(name: str) -> None:
    """
    A fault that has an answer of the venue's own gives it, to the account that it hits.
    """
    own = stage(Actor("one", {"key": "key-of-one"}), refusals={name: lambda: answer({"own": name}, 418)})
    response = asked(own, f"one={name}", "GET", "/v1/balance", headers={"Key": "key-of-one"})

    assert (418, {"own": name}) == (response.status_code, response.json())


def test_others_refuse_in_words_that_many_understand() -> None:
    """
    Where the venue has none, and where it is not known who asks, the answer is Binance's.
    """
    plain = stage(Actor("one", {"key": "key-of-one"}))
    response = asked(plain, "one=throttled", "GET", "/v1/balance", headers={"Key": "key-of-one"})
    unknown = asked(stage(Actor("one", {}), refusals={"clock": lambda: answer({})}), "=clock", "GET", "/v1/balance")

    assert (429, -1003) == (response.status_code, response.json()["code"])
    assert (400, -1021) == (unknown.status_code, unknown.json()["code"])


@pytest.mark.parametrize(
    ("method", "path", "request_"),
    [
        ("POST", "/info", {"json": {"type": "state", "users": [{"user": ADDRESS.lower()}, 1]}}),
        ("GET", f"/v1/{ADDRESS}/state", {}),
        ("GET", f"/v1/balance?user={ADDRESS}", {}),
        ("GET", "/v1/balance", {"headers": {"Authorization": f"hmac id={ADDRESS}, ts=1"}}),
        ("GET", "/v1/balance", {"auth": (ADDRESS, "secret")}),
    ],
    ids=["body", "path", "query", "part of a header", "basic"],
)
def test_an_account_is_known_by_what_is_in_its_request(method: str, path: str, request_: dict[str, Any]) -> None:
    """
    A venue may write who asks wherever it likes, in capitals or not: the fault of the account hits.
    """
    own = stage(Actor("one", {}, {"user": ADDRESS, "mode": "info"}), posts={"/info": posted})

    assert 500 == asked(own, "one=http-500", method, path, **request_).status_code


@pytest.mark.parametrize(
    "request_",
    [
        {"data": b"{no json: info"},
        {"json": {"user": "info"}},
        {"headers": {"Authorization": "Basic !"}},
        {"headers": {"Authorization": f"Basic {base64.b64encode(bytes([255])).decode()}"}},
    ],
)
def test_a_word_is_nobody(request_: dict[str, Any]) -> None:
    """
    What cannot be read says nothing, nor does an option that is a mere word.
    """
    own = stage(Actor("one", {}, {"user": ADDRESS, "mode": "info"}), posts={"/info": posted})

    assert 200 == asked(own, "one=http-500", "POST", "/info", **request_).status_code


def test_what_is_posted_is_answered() -> None:
    """
    A POST route answers what is posted, and nothing else.
    """
    own = stage(Actor("one", {}), posts={"/info": posted})

    assert {"heard": {"a": 1}} == asked(own, "", "POST", "/info", json={"a": 1}).json()
    assert 405 == asked(own, "", "GET", "/info").status_code


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("", '{"code":"0","cash":null,"free":2.5}'), ("free", '{"code":"0","cash":1.5,"free":null}')],
)
def test_the_amount_that_faults_change(amount: str, expected: str) -> None:
    """
    Where amounts are numbers, the first with a fraction is changed, or the one that the stage names; never a code.
    """
    own = stage(Actor("one", {"key": "key-of-one"}), amount=amount)

    assert expected == asked(own, "one=null", "GET", "/v1/balance", headers={"Key": "key-of-one"}).text
