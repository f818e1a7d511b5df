"""
Heads of answers are read as Python reads them.
"""

from __future__ import annotations

import http.client
import inspect
import socket
from io import BufferedReader, BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marginbook.transport import heads

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
