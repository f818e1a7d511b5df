"""
Heads of answers are read as Python reads them.
"""

from __future__ import annotations

import copy
import http.client
import inspect
import pickle
import socket
from io import BufferedReader, BytesIO
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection

from marginbook.transport import heads
from marginbook.transport.pools import _Connection

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = b"[]\r\nNot: a header\r\n\r\n"

USUAL = b"Content-Type: application/json\r\nX-Empty:\r\nVary:  Origin\r\nvary: Accept\r\n"


def told(parse: Callable[[Any], http.client.HTTPMessage], head: bytes) -> tuple[Any, ...]:
    """
    Return all that is said of a head, and what was left to be read.
    """
    file = BufferedReader(BytesIO(head + BODY))
    message = parse(file)
    names = [name.swapcase() for name, _ in message.items()]
    return (
        message.items(),
        [(message.get(name), message[name], message.get_all(name)) for name in names],
        message.get("X-Missing", "none"),
        message.get_payload(),
        message.is_multipart(),
        message.get_content_type(),
        list(message.raw_items()),
        file.read(),
    )


_names = st.sampled_from(["Vary", "vary"]) | st.text("abXY-_1", min_size=1, max_size=4)
_texts = st.text(st.characters(max_codepoint=0x7E), max_size=6)
_values = _texts | st.sampled_from(["", " ", "\t", "a b ", "\xe4", "5, 6"])
_lines = st.builds("{}:{}{}".format, _names, st.sampled_from(["", " ", "  "]), _values)


@given(st.lists(_lines | st.text("a: \t\r\n\x00", max_size=5), max_size=5), st.sampled_from(["\r\n", "\r\n", "\n"]))
@example([], "\r\n")
@example(["a: b", " folded"], "\r\n")
@example(["no colon"], "\r\n")
def test_heads_are_read_as_python_does(lines: list[str], end: str) -> None:
    """
    Whatever a server sends, usual or not, what is known of it is the same, and so is where its body begins.
    """
    head = "".join(f"{line}{end}" for line in [*lines, ""]).encode("latin-1")

    assert told(http.client.parse_headers, head) == told(heads.parse_headers, head)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (USUAL + b"\r\n", heads.Head),
        (b"\r\n", heads.Head),
        (b"A: b\r\n" * 90 + b"\r\n", heads.Head),
        (b"A: b\r\n" * 91 + b"\r\n", http.client.HTTPMessage),
        (b"A: \xe4\r\n\r\n", http.client.HTTPMessage),
        (b"A: b\n\n", http.client.HTTPMessage),
        (b"A: %s\r\n\r\n" % (b"b" * 9000), http.client.HTTPMessage),
    ],
)
def test_what_is_left_to_python(head: bytes, kind: type) -> None:
    """
    Heads as servers usually send them are taken apart here, and all others by Python.
    """
    assert kind is type(heads.parse_headers(BufferedReader(BytesIO(head + BODY))))


@pytest.mark.parametrize("lines", [99, 100, 101])
def test_heads_without_end(lines: int) -> None:
    """
    There is no more room for headers than Python gives them.
    """
    head = b"A: b\r\n" * lines + b"\r\n"
    found: list[int | str] = []
    for parse in (http.client.parse_headers, heads.parse_headers):
        try:
            found.append(len(parse(BufferedReader(BytesIO(head)))))
        except http.client.HTTPException as error:
            found.append(str(error))

    assert found[0] == found[1]


@pytest.mark.parametrize("cut", range(0, len(USUAL) + 2, 5))
def test_heads_that_come_in_parts(cut: int) -> None:
    """
    What has not come yet is waited for.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + USUAL)[:cut])
        answer = heads.Answer(ours)
        theirs.sendall((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + USUAL)[cut:] + b"\r\n[]")
        answer.begin()

        assert (200, "OK", 2) == (answer.status, answer.reason, answer.length)
        assert "Content-Length Content-Type X-Empty Vary vary" == " ".join(name for name, _ in answer.getheaders())
        assert b"[]" == answer.read()


def seen(headers: Any) -> tuple[Any, ...]:
    """
    Return all that is to be seen of headers.
    """
    names = [*headers, "B", "x-missing"]
    return (
        headers.items(),
        list(headers.itermerged()),
        len(headers),
        dict(headers),
        [(headers.get(name.swapcase()), headers.get(name, "none"), headers.getlist(name)) for name in names],
        [(name in headers, name.swapcase() in headers) for name in names],
        (None in headers, 5 in headers),
    )


#: What may be done to them, and what comes of it.
CHANGES: Final[dict[str, Callable[[Any], Any]]] = {
    "nothing": lambda _: None,
    "one more": lambda headers: headers.add("A", "more"),
    "another": lambda headers: headers.update({"a": "other"}),
    "some more": lambda headers: headers.extend([("a", "more"), ("C", "d")]),
    "a default": lambda headers: headers.setdefault("a", "none"),
    "one less": lambda headers: headers.pop("a", "none"),
    "none of the name": lambda headers: headers.discard("A"),
    "a copy": lambda headers: seen(headers.copy()),
    "a deep copy": lambda headers: seen(copy.deepcopy(headers)),
    "a pickle": lambda headers: seen(pickle.loads(pickle.dumps(headers))),  # noqa: S301  # our own
    "what is equal": lambda headers: (headers == HTTPHeaderDict(headers), headers == {"a": "b"}, headers != {"a": "b"}),
    "in bytes": lambda headers: headers.get(b"a"),
}


@given(fields=st.lists(st.tuples(st.sampled_from(["A", "a", "B", "C-D", "e"]), _texts), max_size=4))
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("looked", [False, True])
def test_headers_are_what_urllib3_has(
    change: Callable[[Any], Any], fields: list[tuple[str, str]], *, looked: bool
) -> None:
    """
    Whoever gets to see the headers of an answer finds what urllib3 would have made of them, and may change them.
    """
    ours, theirs = heads.Headers(list(fields)), HTTPHeaderDict(list(fields))
    if looked:
        assert seen(ours) == seen(theirs)

    assert change(ours) == change(theirs)
    assert seen(ours) == seen(theirs)
    assert isinstance(ours, HTTPHeaderDict)


@pytest.mark.parametrize(
    "made", [(), ({"A": "b"},), (HTTPHeaderDict(A="b"),), ([("A", "b")],), ([("A", "b"), ("a", "c")],)]
)
def test_headers_are_made_as_urllib3_makes_them(made: tuple[Any, ...]) -> None:
    """
    Of nothing, of a mapping, of others, of pairs, and of names.
    """
    assert seen(heads.Headers(*made)) == seen(HTTPHeaderDict(*made))
    assert seen(heads.Headers(*made, E="f")) == seen(HTTPHeaderDict(*made, E="f"))


def test_what_nobody_asks_for_is_not_made() -> None:
    """
    Of a usual answer, neither Python's e-mail nor urllib3's headers are made until somebody wants more than a value.
    """
    head = heads.Head([("Content-Length", "2"), ("Vary", "Origin")])
    headers = heads.Headers(head.items())
    for found in (head, headers):
        assert ("2", None, "none") == (found.get("content-length"), found.get("x"), found.get("x", "none"))
        assert "Vary" in found
        assert {"_fields", "_values"} == vars(found).keys()

    assert ["Content-Length", "Vary"] == head.keys() == list(headers)
    assert [("Content-Length", "2"), ("Vary", "Origin")] == head.items() == list(headers.items())
    assert "_headers" in vars(head)
    assert "_container" in vars(headers)


def test_attributes_that_nobody_has() -> None:
    """
    A name that is none is none, before and after there is more.
    """
    headers = heads.Headers([("A", "b")])
    for _ in range(2):
        with pytest.raises(AttributeError, match="nonsense"):
            headers.nonsense  # noqa: B018


def answered(kind: type[HTTPConnection], sent: bytes) -> Any:
    """
    Return what a connection makes of an answer, which it has read as a whole.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = kind("localhost")
        connection.sock = ours
        connection.request("GET", "/")
        theirs.sendall(sent)
        answer = connection.getresponse()
        assert b"[]" == answer.data
        return answer


@pytest.mark.parametrize(
    "head", [b"A: b\r\nC: d\r\n\r\n", b"A: b\r\na: c\r\n\r\n", b"A: b\r\n folded\r\nC: \xe4\r\n\r\n", b"\r\n"]
)
def test_answers_are_what_urllib3_has(head: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """
    An answer on one of our connections is the same as on one of urllib3's, with a usual head and with any other.
    """
    sent = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + head + b"[]"
    found = [
        (seen(answer.headers), answer.status, answer.reason, answer.version)
        for answer in (answered(_Connection, sent), answered(HTTPConnection, sent))
    ]

    assert found[0] == found[1]
    assert [] == caplog.records


def test_heads_that_are_no_heads(caplog: pytest.LogCaptureFixture) -> None:
    """
    Of a head that is not in order, urllib3 complains as ever.
    """
    for kind in (_Connection, HTTPConnection):
        answered(kind, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno colon\r\nA: b\r\n\r\n[]")

    ours_said, theirs_said = (record.getMessage() for record in caplog.records)
    assert theirs_said == ours_said
    assert "Failed to parse headers" in ours_said


@pytest.mark.parametrize(
    ("ours", "usual", "names"),
    [
        (heads.Answer.begin, http.client.HTTPResponse.begin, {"parse_headers"}),
        (heads.getresponse, HTTPConnection.getresponse, {"HTTPHeaderDict", "assert_header_parsing"}),
    ],
)
def test_code_of_others(ours: Any, usual: Any, names: set[str]) -> None:
    """
    It is theirs, and still calls what it is given another of: otherwise all would be as slow as theirs.
    """
    assert usual.__code__ is ours.__code__
    assert names <= set(usual.__code__.co_names)
    assert all(ours.__globals__[name] is not usual.__globals__[name] for name in names)
    assert {n: v for n, v in ours.__globals__.items() if v is not usual.__globals__.get(n)}.keys() <= {
        *names,
        "_normalize_header_values",
    }


def test_python_may_tell_more() -> None:
    """
    What Python's code wants to know of the head, ours does, too, whichever Python it is.
    """
    assert inspect.signature(http.client.HTTPResponse.begin) == inspect.signature(heads.Answer.begin)
    assert heads.Answer.begin.__kwdefaults__ == http.client.HTTPResponse.begin.__kwdefaults__


def test_answers_that_say_go_on_first() -> None:
    """
    What comes before the answer is no part of it.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 204 No Content\r\nC: d\r\n\r\n")
        answer = heads.Answer(ours)
        answer.begin()

        assert (204, [("C", "d")], 0) == (answer.status, answer.getheaders(), answer.length)
