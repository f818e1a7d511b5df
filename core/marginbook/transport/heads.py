"""
The heads of answers. Python takes one for an e-mail, which costs more than all else that is done to an answer without
rows.

What a server usually sends is taken apart by two regular expressions. All else is left to Python: folded or overlong
lines, other characters than those of ASCII, and a head of which a part has not come yet.
"""

from __future__ import annotations

import http.client
import re
from http.client import HTTPMessage, HTTPResponse
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from io import BufferedReader

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"

#: No blanks at the end, which some would cut off, and not more lines than Python allows.
_VALUE: Final = r"(?:[\x20-\x7e]*[\x21-\x7e])?"
_find: Final = re.compile(rf"(?:{_NAME}:{_VALUE}\r\n){{0,90}}\r\n".encode()).match
_take: Final = re.compile(rf"({_NAME}): *({_VALUE})\r\n").findall


class Head(HTTPMessage):
    """
    The headers of an answer whose lines are known to be in order, so that none of their values has to be cleaned again.

    Args:
        fields: Names and values, as they came.

    """

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._first: dict[str, str] = {}
        for name, value in fields:
            self.set_raw(name, value)
            self._first.setdefault(name.lower(), value)
        # As it is said of what has no body of its own.
        self.set_payload("")

    def get(self, name: str, failobj: Any = None) -> Any:
        """
        Return the first value of that name.
        """
        return self._first.get(name.lower(), failobj)

    def items(self) -> list[tuple[str, str]]:
        """
        Return names and values, as they came.
        """
        return list(self.raw_items())


def parse_headers(file: BufferedReader, *limits: Any, **more_limits: Any) -> HTTPMessage:
    """
    Read what `http.client.parse_headers` does, and return the same.
    """
    found = _find(file.peek())
    if not found:
        usual: HTTPMessage = http.client.parse_headers(file, *limits, **more_limits)
        return usual
    return Head(_take(file.read(found.end()).decode("ascii")))


def _begin() -> FunctionType:
    """
    Return Python's own code, which has no other place for a parser than the name that it calls. Whatever else it looks
    up is Python's, and should it once call another parser, that one will read the head.
    """
    usual: Any = HTTPResponse.begin
    names = {**usual.__globals__, "parse_headers": parse_headers}
    ours = FunctionType(usual.__code__, names, usual.__name__, usual.__defaults__, usual.__closure__)
    ours.__kwdefaults__ = usual.__kwdefaults__
    return ours


class Answer(HTTPResponse):
    """
    An answer with a head that is read as above.
    """

    begin = _begin()
