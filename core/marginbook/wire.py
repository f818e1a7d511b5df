"""
What every generated client shares: how to call, how to read JSON exactly, and what is checked.

A client needs nothing but a ``requests.Session``. Signing is the session's ``auth``; time-outs, retries, rate limits
and proxies are the session's own business.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote

import requests
from attrs import frozen

from marginbook.errors import ApiError, ConfigurationError, InvalidResponseError
from marginbook.methods import equal, hashed, shown

__all__ = [
    "UNSET",
    "ApiError",
    "Client",
    "Fields",
    "InvalidResponseError",
    "Response",
    "Unset",
    "amount",
    "api_error",
    "check",
    "decode",
    "encode",
    "equal",
    "known",
    "noticing",
    "plain_text",
    "shown",
    "succeeded",
]

T = TypeVar("T")

#: Wide enough for every amount that a venue can mean, narrow enough that arithmetic on it stays exact.
_is_exact: Final = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?").fullmatch

_LONGEST_INTEGER: Final = 40

#: Each text of JSON, and the colon after it if it is a key.
_find_texts: Final = re.compile(rb'"(?:[^"\\]|\\.)*"(\s*:)?').findall

#: As long as the longest name of a field, shorter than any key or signature.
_LONGEST_SHOWN: Final = 31

#: Unknown fields that are told of one answer.
_MOST_UNKNOWN: Final = 20

_unknown: ContextVar[dict[str, None] | None] = ContextVar("marginbook_unknown_fields", default=None)


@contextlib.contextmanager
def noticing() -> Iterator[dict[str, None]]:
    """
    Collect the names of fields that came in answers and that no specification knows, as they come.
    """
    found: dict[str, None] = {}
    token = _unknown.set(found)
    try:
        yield found
    finally:
        _unknown.reset(token)


class Unset:
    """
    The type of a parameter or field that was not given.
    """

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        # There is one only, also after a copy or a pickle, so that models stay equal.
        return "UNSET"


UNSET: Final = Unset()


def known(value: T | Unset) -> T | None:
    """
    Return the value of an optional field, or None where it is missing.
    """
    return None if isinstance(value, Unset) else value


@frozen
class Response(Generic[T]):
    """
    A documented success.
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    parsed: T

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed


def decode(content: bytes) -> Any:
    """
    Parse JSON without loss: a number with a fraction or an exponent becomes a Decimal.

    Raises:
        InvalidResponseError: It is not JSON, holds NaN, Infinity or a number beyond any amount, or has a key twice.

    """
    unreadable: list[str] = []
    keys = 0

    def counted(fields: dict[str, Any]) -> dict[str, Any]:
        nonlocal keys
        keys += len(fields)
        return fields

    def number(digits: str) -> Decimal | Unset:
        if _is_exact(digits):
            return Decimal(digits)
        unreadable.append(digits)
        return UNSET

    def integer(digits: str) -> int | Unset:
        if len(digits) <= _LONGEST_INTEGER or len(digits.removeprefix("-")) <= _LONGEST_INTEGER:
            return int(digits)
        unreadable.append(digits)
        return UNSET

    try:
        found = json.loads(content, parse_float=number, parse_int=integer, parse_constant=number, object_hook=counted)
        _check_keys(content, keys)
        place = _place_of_unset(found) if unreadable else ""
    except InvalidResponseError:
        raise
    except (ValueError, RecursionError) as error:
        problem = f"The body is not JSON ({type(error).__name__})."
    else:
        if not unreadable:
            return found
        problem = f"The body{place}: {unreadable[0]:.40} is not a number that can be read exactly."
        raise InvalidResponseError(problem)
    # Out here, since an error of json holds the whole body: it may not even be the context of ours. What is no JSON was
    # damaged on its way, or is not from the venue at all: the next answer may be.
    raise InvalidResponseError(problem, transient=True)


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier() and len(text) <= _LONGEST_SHOWN


def _place_of_unset(value: Any) -> str | None:
    """
    Find the first value that could not be read.
    """
    if value is UNSET:
        return ""
    steps: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        steps = [(f".{name:.{_LONGEST_SHOWN}}", child) for name, child in value.items()]
    elif isinstance(value, list):
        steps = [(f"[{number}]", child) for number, child in enumerate(value)]
    places = (None if (place := _place_of_unset(child)) is None else step + place for step, child in steps)
    return next(filter(None, places), None)


def _check_keys(content: bytes, found: int) -> None:
    """
    Look for a key that comes twice in one object, of which the body has more than were found, since Python keeps one.
    """
    # Each key has a colon, and so may texts.
    if found == content.count(b":"):
        return
    # Only UTF-16 and UTF-32 have these bytes, and quotes and colons in the middle of letters.
    if b"\0" in content or found != sum(map(bool, _find_texts(content))):
        json.loads(content, object_pairs_hook=_check_names)


def _check_names(pairs: list[tuple[str, Any]]) -> None:
    names = Counter(name for name, _ in pairs)
    if twice := [name for name, count in names.items() if count > 1]:
        msg = f"The body has {_show(twice[0])} twice in one object."
        raise InvalidResponseError(msg)


def _show(value: object) -> str:
    """
    Spell a value of the body for an error, unless it is long enough to be a secret that was sent back.
    """
    if isinstance(value, (list, dict)) or (isinstance(value, str) and len(value) > _LONGEST_SHOWN):
        return f"a {type(value).__name__} of length {len(value)}"
    return repr(value)


def encode(values: Mapping[str, object]) -> dict[str, Any]:
    """
    Spell query parameters and headers, without those that are unset.
    """
    return {name: _spell(value) for name, value in values.items() if not isinstance(value, Unset)}


def _spell(value: object) -> str | list[str]:
    match value:
        case Enum():
            return _spell(value.value)
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case dt.date():
            return value.isoformat()
        case list():
            return [str(_spell(item)) for item in value]
    msg = f"cannot send a {type(value).__name__}"
    raise TypeError(msg)


def _segment(name: str, value: object) -> str:
    """
    Spell a value as one segment of a path, whatever it holds.
    """
    spelled = str(_spell(value))
    # Quoting does not help against these, and whoever sends them, requests first of all, takes them for steps.
    if spelled in {"", ".", ".."}:
        msg = f"{name} cannot be {spelled!r}: it is a part of an address."
        raise ConfigurationError(msg)
    return quote(spelled, safe="")


def check(value: Any, kind: type, *where: str) -> Any:
    """
    Return *value* if its JSON type is *kind*. A Decimal may come as a number or as a string of digits.

    Raises:
        InvalidResponseError: It is of another type; the text names the field.

    """
    if type(value) is kind:
        return value
    # JSON holds none.
    if value is UNSET:
        msg = f"{'.'.join(where)}: missing."
        raise InvalidResponseError(msg)
    if kind is object:
        return value
    if kind is Decimal and type(value) is int:
        return Decimal(value)
    if kind is Decimal and type(value) is str and (found := amount(value)) is not None:
        return found
    msg = f"{'.'.join(where)}: expected {kind.__name__}, got {_show(value)}."
    raise InvalidResponseError(msg)


# Most amounts of most accounts are zeros, and most others are what they were in the report before.
@lru_cache(maxsize=4096)
def amount(digits: str) -> Decimal | None:
    """
    Read an amount, or return None where it is none.
    """
    return Decimal(digits) if _is_exact(digits) else None


class Fields:
    """
    Hands out the checked fields of a JSON object; ``rest`` holds those not asked for.
    """

    def __init__(self, source: object, owner: str) -> None:
        self.rest: dict[str, Any] = source.copy() if type(source) is dict else check(source, dict, owner)
        self._owner = owner

    def take(self, name: str, kind: type) -> Any:
        """
        Take a required field.
        """
        value = self.rest.pop(name, UNSET)
        return value if type(value) is kind else check(value, kind, self._owner, name)

    def take_optional(self, name: str, kind: type) -> Any:
        """
        Take an optional field, UNSET where it is absent.
        """
        return self.take(name, kind) if name in self.rest else UNSET

    def others(self) -> dict[str, Any]:
        """
        Return what was not asked for, and let it be noticed.
        """
        if self.rest and (found := _unknown.get()) is not None:
            for name in self.rest:
                if len(found) < _MOST_UNKNOWN:
                    found[f"{self._owner}.{name}" if _is_name(name) else f"{self._owner}: {_show(name)}"] = None
        return self.rest


def api_error(response: requests.Response, parse: Callable[[requests.Response], object]) -> ApiError:
    """
    Turn an answer that is not a documented success into the one typed error, with its body parsed where it can be.
    """
    try:
        parsed = parse(response)
    except InvalidResponseError:
        parsed = None
    request = response.request
    return ApiError(
        f"{request.method} {request.path_url.partition('?')[0]}",
        status_code=response.status_code,
        headers=response.headers,
        content=response.content,
        parsed=parsed,
        received_at=getattr(response, "received_at", None),
    )


def plain_text(response: requests.Response) -> str:
    """
    Return the body of an answer that is no JSON, whatever it holds.
    """
    return response.content.decode(errors="replace")


def succeeded(
    response: requests.Response,
    name: str,
    value: str | int | bool,  # noqa: FBT001  # it is what stands in the body
    parse_error: Callable[[requests.Response], object],
) -> dict[str, Any]:
    """
    Return the body of an answer whose field *name* has to be *value*: many venues answer with status 200 in any case.

    Raises:
        ApiError: It is another value, so the answer is an error.

        InvalidResponseError: There is no such field, or it is of another type.

    """
    body: dict[str, Any] = check(decode(response.content), dict, "the body")
    if Fields(body, "the body").take(name, type(value)) != value:
        error = api_error(response, parse_error)
        error.message = f"{error.message[:-1]}, and says that it failed."
        raise error
    return body


def unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """
    Leave a request as it is: the ``auth`` of an operation that needs none.
    """
    return request


@frozen(kw_only=True)
class Client:
    """
    The target of a call.

    Attributes:
        base_url: What stands before every path, without a slash at its end.

        session: Owned by the caller. Its ``auth`` signs the operations that the specification marks as secured, and
            no other.

    """

    base_url: str
    session: requests.Session

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed

    def call(
        self,
        method: str,
        path: str,
        *,
        segments: Mapping[str, object],
        params: Mapping[str, object],
        headers: Mapping[str, object],
        body: Any,
        secured: bool,
        parse: Callable[[requests.Response], T],
    ) -> Response[T]:
        """
        Send one request through the caller's session and parse the answer.

        Raises:
            ApiError: The status is not a documented success.

            InvalidResponseError: It is, but the body is not what the specification says.

            ConfigurationError: A segment would lead to another path.

        """
        response = self.session.request(
            method,
            self.base_url + path.format_map({name: _segment(name, value) for name, value in segments.items()}),
            params=encode(params),
            headers=encode(headers),
            json=None if isinstance(body, Unset) else body.to_dict(),
            auth=None if secured else unsigned,
            allow_redirects=False,
        )
        try:
            parsed = parse(response)
        except InvalidResponseError as error:
            msg = f"{method} {path}: {error.message}"
            raise InvalidResponseError(msg, transient=error.transient) from None
        return Response(response.status_code, response.headers, response.content, parsed)
