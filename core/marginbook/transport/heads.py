"""
The heads of answers. Python takes one for an e-mail, and urllib3 sorts it once more, which together cost more than all
else that is done to an answer without rows.

What a server usually sends is taken apart by two regular expressions, and most of it is never asked for. All else is
left to Python: folded or overlong lines, other characters than those of ASCII, and a head of which a part has not come
yet.
"""

from __future__ import annotations

import http.client
import re
from http.client import HTTPMessage, HTTPResponse
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection

if TYPE_CHECKING:
    from io import BufferedReader

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"

#: No blanks at the end, which some would cut off, and not more lines than Python allows.
_VALUE: Final = r"(?:[\x20-\x7e]*[\x21-\x7e])?"
_find: Final = re.compile(rf"(?:{_NAME}:{_VALUE}\r\n){{0,90}}\r\n".encode()).match
_take: Final = re.compile(rf"({_NAME}): *({_VALUE})\r\n").findall


class _Late:
    """
    Headers of which single ones are looked up, and which become what they are a kind of when more is wanted of them.
    """

    #: Names and values, as they came, and the values by name in small letters, until there is more.
    _fields: list[tuple[str, str]] | None = None
    _values: dict[str, str] | None = None

    def __getattr__(self, name: str) -> Any:
        # What is missing of them is missing because it was not wanted before.
        fields = self._fields
        if fields is None:
            raise AttributeError(name)
        del self._fields, self._values
        self._fill(fields)
        return getattr(self, name)

    def _fill(self, fields: list[tuple[str, str]]) -> None:
        raise NotImplementedError

    def get(self, name: Any, default: Any = None) -> Any:
        """
        Return the value of that name.
        """
        values = self._values
        # Names in bytes, which urllib3 knows, and what is no name are left to others; so below.
        if values is None or type(name) is not str:
            return super().get(name, default)  # type: ignore[misc]
        return values.get(name.lower(), default)

    def __contains__(self, name: Any) -> bool:
        values = self._values
        if values is None or type(name) is not str:
            return super().__contains__(name)  # type: ignore[misc,no-any-return]
        return name.lower() in values


class Head(_Late, HTTPMessage):
    """
    The headers of an answer whose lines are known to be in order, so that none of their values has to be cleaned again.

    Args:
        fields: Names and values, as they came.

    """

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields
        # The first of each name, as with an e-mail.
        self._values = {name.lower(): value for name, value in reversed(fields)}

    def _fill(self, fields: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in fields:
            self.set_raw(name, value)
        # As it is said of what has no body of its own.
        self.set_payload("")

    def items(self) -> list[tuple[str, str]]:
        """
        Return names and values, as they came.
        """
        return super().items() if self._fields is None else list(self._fields)


class Headers(_Late, HTTPHeaderDict):
    """
    What urllib3 makes of them.

    Args:
        fields: Names and values, as they came, or what else urllib3 makes headers of.

        more: Likewise.

    """

    def __init__(self, fields: Any = None, **more: str) -> None:
        if type(fields) is list and not more:
            values = {name.lower(): value for name, value in fields}
            # Several of one name have one value together, which urllib3 knows.
            if len(values) == len(fields):
                self._fields, self._values = fields, values
                return
        super().__init__(fields, **more)

    def _fill(self, fields: list[tuple[str, str]]) -> None:
        super().__init__(fields)

    def __getitem__(self, name: str) -> str:
        values = self._values
        return super().__getitem__(name) if values is None or type(name) is not str else values[name.lower()]


def parse_headers(file: BufferedReader, *limits: Any, **more_limits: Any) -> HTTPMessage:
    """
    Read what `http.client.parse_headers` does, and return the same.
    """
    found = _find(file.peek())
    if not found:
        usual: HTTPMessage = http.client.parse_headers(file, *limits, **more_limits)
        return usual
    return Head(_take(file.read(found.end()).decode("ascii")))


def calling(usual: Any, **others: Any) -> Any:
    """
    Return a function of others' with the same code, which finds something else by these names: where it has no other
    place to say so. Whatever else it looks up is its own, and if it once looks up other names, it is as it was.
    """
    ours = FunctionType(
        usual.__code__, {**usual.__globals__, **others}, usual.__name__, usual.__defaults__, usual.__closure__
    )
    ours.__kwdefaults__ = usual.__kwdefaults__
    return ours


class Answer(HTTPResponse):
    """
    An answer with a head that is read as above.
    """

    begin = calling(HTTPResponse.begin, parse_headers=parse_headers)


def _except_of_ours(usual: Any) -> Any:
    return lambda message: message.items() if type(message) is Head else usual(message)


#: What urllib3 does to a head, and need not do to ours, which has neither defects nor folded lines. Older ones do less.
_CLEANING: Final = {"assert_header_parsing", "_normalize_header_values"} & HTTPConnection.getresponse.__globals__.keys()

#: Does what urllib3's does.
getresponse: Final = calling(
    HTTPConnection.getresponse,
    HTTPHeaderDict=Headers,
    **{name: _except_of_ours(HTTPConnection.getresponse.__globals__[name]) for name in _CLEANING},
)
