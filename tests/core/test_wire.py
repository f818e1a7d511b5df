"""
What the generated clients share: exact JSON, checked fields, one call.
"""

from __future__ import annotations

import copy
import datetime as dt
import enum
import json
import pickle
import threading
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from marginbook import wire
from marginbook.errors import ApiError, ConfigurationError, InvalidResponseError
from marginbook.wire import UNSET, Client, Fields, Unset, api_error, check, decode, encode, known, noticing

#: An amount as venues spell it: plain digits, of which none may be lost.
plain_amounts = st.from_regex(r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?", fullmatch=True)


class Colour(enum.Enum):
    RED = "red"


class Echo(BaseAdapter):
    """
    Answers every request with the same status and body, and keeps it.
    """

    def __init__(self, status: int = 200, body: bytes = b"{}", headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.requests: list[requests.PreparedRequest] = []
        self._answer = status, body, headers or {}

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.requests.append(request)
        response = requests.Response()
        response.status_code, body, headers = self._answer
        response.headers.update(headers)
        response.raw = BytesIO(body)
        response.request = request
        response.url = request.url or ""
        return response

    def close(self) -> None:
        pass


def call(echo: Echo, **changes: Any) -> Any:
    """
    Make a call that is as short as one can be, but for the changes.
    """
    arguments: dict[str, Any] = {"segments": {}, "params": {}, "headers": {}, "body": UNSET, "secured": False}
    arguments |= {"parse": lambda response: decode(response.content), "path": "/orders"} | changes
    with requests.Session() as session:
        session.auth = ("key", "secret")
        session.mount("https://", echo)
        return Client(base_url="https://venue.example/api", session=session).call("GET", **arguments)


@given(plain_amounts)
def test_no_digit_is_lost(digits: str) -> None:
    """
    An amount, whether a string or a number in JSON, is the Decimal of its digits, and can be spelled with them again.
    """
    from_text = check(decode(f'"{digits}"'.encode()), Decimal, "amount")
    from_number = check(decode(digits.encode()), Decimal, "amount")

    assert digits == format(from_text, "f")
    assert Decimal(digits) == from_number
    assert digits.count(".") == 0 or digits == format(from_number, "f")


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(-(10**39), 10**39),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_everything_else_is_what_json_says(value: object) -> None:
    """
    Whatever is no fraction is read as by everybody.
    """
    assert value == decode(json.dumps(value).encode())


_tricky = st.text(':"\\a ', max_size=3)


@given(st.lists(st.tuples(_tricky, _tricky), max_size=4), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_a_key_that_comes_twice_is_found(fields: list[tuple[str, str]], encoding: str) -> None:
    """
    Whatever stands in keys and texts beside it.
    """
    body = "".join(["[{", ", ".join(f"{json.dumps(key)} : {json.dumps(text)}" for key, text in fields), "}]"])
    if len(dict(fields)) == len(fields):
        assert [dict(fields)] == decode(body.encode(encoding))
        return
    with pytest.raises(InvalidResponseError, match="twice in one object"):
        decode(body.encode(encoding))


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"1.10", Decimal("1.10")),
        (b"1e3", Decimal("1E+3")),
        (b"-0.00", Decimal("-0.00")),
        (b"1.7976931348623157e99", Decimal("1.7976931348623157E+99")),
        (b"9" * 40, 10**40 - 1),
        (b"-" + b"9" * 40, 1 - 10**40),
        (b"\xef\xbb\xbf[]", []),
    ],
)
def test_numbers_are_exact(body: bytes, value: object) -> None:
    """
    A number with a fraction or an exponent is a Decimal of the very digits; a whole one is an int.
    """
    assert (type(value), str(value)) == (type(decode(body)), str(decode(body)))


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"NaN", "The body: NaN is not a number that can be read exactly."),
        (b'[{"a": 0, "b": [1, Infinity]}]', "The body[0].b[1]: Infinity is not a number that can be read exactly."),
        (b'{"a": {"b": -Infinity}}', "The body.a.b: -Infinity is not a number that can be read exactly."),
        (b'{"a": 1e400, "b": NaN}', "The body.a: 1e400 is not a number that can be read exactly."),
        (b"[" + b"9" * 41 + b"]", f"The body[0]: {'9' * 40} is not a number that can be read exactly."),
        (b"[0." + b"9" * 41 + b"]", f"The body[0]: 0.{'9' * 38} is not a number that can be read exactly."),
        (b'{"%s": NaN}' % (b"k" * 64), f"The body.{'k' * 31}: NaN is not a number that can be read exactly."),
        (b'[{"a": 1, "b": 2, "a": 1}]', "The body has 'a' twice in one object."),
        (b'{"%s": 1, "%s": 2}' % (b"k" * 64, b"k" * 64), "The body has a str of length 64 twice in one object."),
        (b'[{"a:b": ":", "c": {"\\":": 1, "d": ":", "d": 2}}]', "The body has 'd' twice in one object."),
        ('{"a": 1, "a": 2}'.encode("utf-16"), "The body has 'a' twice in one object."),
        # A letter of two bytes that are a quote and a colon, in the place of the key that is lost.
        ('{"a": "\u2222\u3a22", "a": 2}'.encode("utf-16"), "The body has 'a' twice in one object."),
        (b"", "The body is not JSON (JSONDecodeError)."),
        (b"<html>secret</html>", "The body is not JSON (JSONDecodeError)."),
        (b"\xff\xfe\xff", "The body is not JSON (UnicodeDecodeError)."),
        (b"[" * 100_000, "The body is not JSON (RecursionError)."),
    ],
)
def test_what_cannot_be_read_exactly(body: bytes, complaint: str) -> None:
    """
    What is no JSON, or not one that can be read in one way only, is refused, and the error holds nothing of the body.
    """
    with pytest.raises(InvalidResponseError) as caught:
        decode(body)

    assert complaint == str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("value", "kind"), [("", str), (0, int), (False, bool), ([], list), ({}, dict), (None, object)]
)
def test_the_right_type(value: object, kind: type) -> None:
    """
    A value of the type that is asked for is handed back; anything is anything.
    """
    assert value is check(value, kind, "field")


@pytest.mark.parametrize("value", [Decimal(7), 7, "7", "7.0", "70e-1"])
def test_decimals_in_any_spelling(value: object) -> None:
    """
    A Decimal may come as a number or as a string.
    """
    assert Decimal(7) == check(value, Decimal, "amount")


@pytest.mark.parametrize(
    ("value", "kind", "complaint"),
    [
        (True, int, "Row.field: expected int, got True."),
        (True, Decimal, "Row.field: expected Decimal, got True."),
        (1, bool, "Row.field: expected bool, got 1."),
        (1, str, "Row.field: expected str, got 1."),
        (Decimal("1.0"), int, "Row.field: expected int, got Decimal('1.0')."),
        (1.5, Decimal, "Row.field: expected Decimal, got 1.5."),
        (None, str, "Row.field: expected str, got None."),
        ("NaN", Decimal, "Row.field: expected Decimal, got 'NaN'."),
        ("1\n", Decimal, "Row.field: expected Decimal, got '1\\n'."),
        ("", Decimal, "Row.field: expected Decimal, got ''."),
        ("s" * 64, Decimal, "Row.field: expected Decimal, got a str of length 64."),
        ({"secret": "s"}, list, "Row.field: expected list, got a dict of length 1."),
        (["secret"], dict, "Row.field: expected dict, got a list of length 1."),
    ],
)
def test_the_wrong_type(value: object, kind: type, complaint: str) -> None:
    """
    Another type is an error that names the field, but shows nothing that is long enough to be a secret.
    """
    with pytest.raises(InvalidResponseError) as caught:
        check(value, kind, "Row", "field")

    assert complaint == str(caught.value)


def test_fields_are_handed_out_once() -> None:
    """
    What was taken is gone, what was not is the rest, and the body itself is left alone.
    """
    body = {"a": "1.50", "b": 2, "c": None}
    fields = Fields(body, "Row")

    assert Decimal("1.50") == fields.take("a", Decimal)
    assert 2 == fields.take_optional("b", int)
    assert fields.take_optional("d", int) is UNSET
    assert {"c": None} == fields.rest
    assert {"a": "1.50", "b": 2, "c": None} == body


def test_unknown_fields_are_noticed() -> None:
    """
    What nobody asked for is kept, and told to who listens, each name once, in the order in which it came.
    """
    with noticing() as unknown:
        for body in ({"a": 1, "zeta": 2, "alpha": 3}, {"a": 1, "alpha": 4}):
            fields = Fields(body, "Row")
            fields.take("a", int)
            rest = fields.others()
        Fields({"a": 1}, "Other").others()

    assert {"alpha": 4} == rest
    assert ["Row.zeta", "Row.alpha", "Other.a"] == list(unknown)


def test_known_fields_are_not_noticed() -> None:
    """
    An answer as specified is no news.
    """
    with noticing() as unknown:
        fields = Fields({"a": 1}, "Row")
        fields.take("a", int)

        assert {} == fields.others()
    assert {} == unknown


def test_nobody_has_to_listen() -> None:
    """
    Without a listener, unknown fields are kept all the same; who listened before hears nothing any more.
    """
    with noticing() as unknown:
        pass

    assert {"a": 1} == Fields({"a": 1}, "Row").others()
    assert {} == unknown


def test_listeners_do_not_hear_each_other() -> None:
    """
    The inner one hears what is inside, and each thread its own.
    """
    with noticing() as outer:
        with noticing() as inner:
            Fields({"a": 1}, "Row").others()
        thread = threading.Thread(target=lambda: Fields({"b": 1}, "Row").others())
        thread.start()
        thread.join()
        Fields({"c": 1}, "Row").others()

    assert (["Row.a"], ["Row.c"]) == (list(inner), list(outer))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a" * 31, f"Row.{'a' * 31}"),
        ("a" * 32, "Row: a str of length 32"),
        ("_a9", "Row._a9"),
        ("9a", "Row: '9a'"),
        ("a b", "Row: 'a b'"),
        ("", "Row: ''"),
        ("a\n", "Row: 'a\\n'"),
    ],
)
def test_names_that_are_no_names(name: str, shown: str) -> None:
    """
    What could be a secret that was sent back is not repeated, and what is no name is quoted.
    """
    with noticing() as unknown:
        Fields({name: 1}, "Row").others()

    assert [shown] == list(unknown)


def test_many_unknown_fields() -> None:
    """
    An answer that is nothing but unknown fields tells twenty of them.
    """
    with noticing() as unknown:
        Fields({f"a{n}": n for n in range(30)}, "Row").others()

    assert [f"Row.a{n}" for n in range(20)] == list(unknown)


@pytest.mark.parametrize(
    ("body", "transient"),
    [
        (b"<html>", True),
        (b'{"a": 1', True),
        (b"\xff", True),
        (b"[" * 100_000, True),
        (b"[NaN]", False),
        (b'{"a":1,"a":2}', False),
    ],
)
def test_what_may_be_another_the_next_time(body: bytes, *, transient: bool) -> None:
    """
    What is no JSON was damaged on its way; JSON that makes no sense will make none the next time. A call says the same.
    """
    with pytest.raises(InvalidResponseError) as caught:
        decode(body)
    with pytest.raises(InvalidResponseError) as called:
        call(Echo(body=body))

    assert (transient, transient) == (caught.value.transient, called.value.transient)


@pytest.mark.parametrize("kind", [str, Decimal, object])
def test_a_missing_field(kind: type) -> None:
    """
    A required field that is missing is named.
    """
    with pytest.raises(InvalidResponseError, match=r"^Row\.field: missing\.$"):
        Fields({}, "Row").take("field", kind)


@pytest.mark.parametrize("take", [Fields.take, Fields.take_optional])
def test_null_is_not_absent(take: Any) -> None:
    """
    A null is an error even where the field may be absent.
    """
    with pytest.raises(InvalidResponseError, match=r"^Row\.field: expected Decimal, got None\.$"):
        take(Fields({"field": None}, "Row"), "field", Decimal)


def test_fields_of_what_is_no_object() -> None:
    """
    Only an object has fields.
    """
    with pytest.raises(InvalidResponseError, match=r"^Row: expected dict, got a list of length 0\.$"):
        Fields([], "Row")


def test_unset_is_one() -> None:
    """
    There is one UNSET, which is false, and stays itself in copies and pickles.
    """
    assert not UNSET
    assert "UNSET" == repr(UNSET)
    assert isinstance(UNSET, Unset)
    assert UNSET is copy.deepcopy([UNSET])[0] is copy.copy(UNSET) is pickle.loads(pickle.dumps(UNSET))  # noqa: S301 - our own


def test_parameters_are_spelled_as_json_spells_them() -> None:
    """
    Each parameter has one spelling, and one that is unset has none.
    """
    assert {
        "text": "a b",
        "number": "5000",
        "amount": "0.00000001",
        "yes": "true",
        "no": "false",
        "colour": "red",
        "day": "2026-01-15",
        "moment": "2026-01-15T00:00:00+00:00",
        "list": ["1", "true"],
    } == encode(
        {
            "text": "a b",
            "number": 5000,
            "amount": Decimal("1E-8"),
            "yes": True,
            "no": False,
            "colour": Colour.RED,
            "day": dt.date(2026, 1, 15),
            "moment": dt.datetime(2026, 1, 15, tzinfo=dt.UTC),
            "list": [1, True],
            "nothing": UNSET,
        }
    )


@pytest.mark.parametrize("value", [1.5, None, {}, b"x"])
def test_what_has_no_spelling(value: object) -> None:
    """
    A float, of all things, is not sent.
    """
    with pytest.raises(TypeError, match=f"cannot send a {type(value).__name__}"):
        encode({"a": value})


def test_a_call_in_full() -> None:
    """
    A call sends what it was given, and tells all about the answer.
    """
    echo = Echo(201, b'{"price": 1.10}', {"X-Used": "5"})
    answer = call(
        echo,
        path="/{exchange}/orders/{number}",
        segments={"exchange": "a/b ?#%..", "number": 7},
        params={"symbol": "A&B", "limit": UNSET},
        headers={"X-Extra": True},
    )
    (request,) = echo.requests

    assert "https://venue.example/api/a%2Fb%20%3F%23%25../orders/7?symbol=A%26B" == request.url
    assert ("GET", "true", None) == (request.method, request.headers["X-Extra"], request.body)
    assert (201, "5", b'{"price": 1.10}') == (answer.status_code, answer.headers["X-Used"], answer.content)
    assert {"price": Decimal("1.10")} == answer.parsed


def test_a_body_is_json() -> None:
    """
    What is sent as a body is sent as JSON.
    """

    class Order:
        def to_dict(self) -> dict[str, str]:
            return {"price": "1.0"}

    echo = Echo()
    call(echo, body=Order())

    assert {"price": "1.0"} == json.loads(echo.requests[0].body or b"")


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_no_way_up(value: str) -> None:
    """
    A segment that would lead to another path is refused before anything is sent.
    """
    echo = Echo()
    with pytest.raises(ConfigurationError, match=f"^exchange cannot be '{value}': it is a part of an address.$"):
        call(echo, path="/{exchange}/orders", segments={"exchange": value})

    assert [] == echo.requests


@pytest.mark.parametrize("secured", [True, False])
def test_only_secured_calls_are_signed(*, secured: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """
    The session's auth is for secured calls, and a call that is not takes no password from elsewhere.
    """
    (tmp_path / "netrc").write_text("machine venue.example login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    echo = Echo()
    call(echo, secured=secured)

    assert ("Basic a2V5OnNlY3JldA==" if secured else None) == echo.requests[0].headers.get("Authorization")


def test_redirects_are_not_followed() -> None:
    """
    A redirect is an answer like any other: what was signed for one address is not sent to another.
    """
    echo = Echo(302, b"", {"Location": "https://elsewhere.example/"})
    answer = call(echo, secured=True, parse=lambda response: response.status_code)

    assert 302 == answer.parsed
    assert 1 == len(echo.requests)


def test_an_invalid_answer_names_the_call() -> None:
    """
    A body that is not as specified is an error that tells which call it answered, by the path of the specification.
    """
    with pytest.raises(InvalidResponseError) as caught:
        call(
            Echo(body=b"[1]"),
            path="/{exchange}/orders",
            segments={"exchange": "secret"},
            parse=lambda response: check(decode(response.content), dict, "the body"),
        )

    assert "GET /{exchange}/orders: the body: expected dict, got a list of length 1." == str(caught.value)


def fail(response: requests.Response) -> object:
    raise api_error(response, lambda answer: check(decode(answer.content), dict, "the body"))


@pytest.mark.parametrize(
    ("body", "parsed"), [(b'{"code": -2015}', {"code": -2015}), (b"<html>secret</html>", None), (b"[]", None)]
)
def test_an_error_keeps_the_answer(body: bytes, parsed: object) -> None:
    """
    An error has all of the answer, its body parsed if it can be, and tells only its status and its path.
    """
    with pytest.raises(ApiError) as caught:
        call(Echo(418, body, {"Retry-After": "7"}), params={"signature": "secret"}, parse=fail)
    error = caught.value

    assert "GET /api/orders answered with status 418." == str(error)
    assert (418, "7", body, parsed) == (error.status_code, error.headers["Retry-After"], error.content, error.parsed)
    assert error.__context__ is None


def test_public_names() -> None:
    """
    Every public name exists.
    """
    assert [] == [name for name in wire.__all__ if not hasattr(wire, name)]


@pytest.mark.parametrize("value", [Decimal(0), "", False, 0, []])
def test_what_is_known(value: Any) -> None:
    """
    A field that is missing is None; what is there is itself, however empty.
    """
    assert (None, True) == (known(UNSET), known(value) is value)
