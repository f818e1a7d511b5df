"""
Faults of the body: answers with status 200 that say something wrong, or cannot be read.

Each is made from the text of the stage's own answer, and leaves all the rest of it as it is. An amount is what the
stage names so; otherwise a string that looks like a decimal number, and that is neither a time nor a code by its name,
or where there is none, such a number with a fraction. What has none stays whole where one was to be changed.
"""

from __future__ import annotations

import functools
import json
import re
import zlib
from typing import TYPE_CHECKING, Any, Final

from marginbook.sandbox.effects import Edited, Sent, Spelled
from marginbook.sandbox.sending import huge
from marginbook.sandbox.statuses import error, page, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

#: A string, and what follows it if it is the name of an amount. It takes strings whole, and so never begins inside one.
_STRING: Final = re.compile(
    r'"(?P<key>(?:[^"\\]|\\.)*)"'
    r'(?:\s*:\s*(?P<value>(?P<quote>"?)(?P<sign>-?)(?P<digits>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?P=quote)))?'
)

_is_none: Final = re.compile(r"time|epoch|_at$|code$|^jsonrpc$", re.IGNORECASE).search

#: Bytes of blanks in a bomb.
_BLANKS: Final = 100_000_000

Amount = re.Match[str]


def _amounts(text: str, name: str) -> list[Amount]:
    found = [amount for amount in _STRING.finditer(text) if amount["value"]]
    if name:
        return [amount for amount in found if amount["key"] == name]
    likely = [amount for amount in found if not _is_none(amount["key"])]
    return [amount for amount in likely if amount["quote"]] or [amount for amount in likely if "." in amount["digits"]]


def has_amount(text: str, name: str = "") -> bool:
    """
    Say whether there is an amount that a fault could change.
    """
    return bool(_amounts(text, name))


def _first(text: str, name: str) -> Amount | None:
    return next(iter(_amounts(text, name)), None)


def _other(amount: Amount) -> str:
    return f"{amount['quote']}{amount['sign']}1{amount['digits']}{amount['quote']}"


def _edited(about: str, edit: Callable[[str], str]) -> Edited:
    def change(response: Response) -> None:
        response.set_data(edit(response.get_data(as_text=True)))

    return Edited(about, change)


def _pair(about: str, write: Callable[[Amount], str]) -> Spelled:
    """
    Return what writes the first amount, with its key, in another way.
    """

    def edit(text: str, name: str) -> str:
        amount = _first(text, name)
        return text if amount is None else text[: amount.start()] + write(amount) + text[amount.end() :]

    return Spelled(about, edit)


def _value(about: str, write: Callable[[Amount], str]) -> Spelled:
    """
    Return what puts something else in the place of the first amount.
    """
    return _pair(about, lambda amount: amount[0].removesuffix(amount["value"]) + write(amount))


def _fixed(about: str, value: str) -> Spelled:
    return _value(about, lambda _: value)


def every_amount(text: str, name: str = "") -> str:
    """
    Put a 1 before the digits of every amount.
    """
    for amount in reversed(_amounts(text, name)):
        text = text[: amount.start("value")] + _other(amount) + text[amount.end("value") :]
    return text


def _without(text: str, name: str) -> str:
    amount = _first(text, name)
    if amount is None:
        return text
    before, after = text[: amount.start()].rstrip(), text[amount.end() :].lstrip()
    # One comma goes with it: the one behind, or the one before if it was the last.
    return before + after[1:].lstrip() if after.startswith(",") else before.removesuffix(",") + after


def _new_word(text: str) -> str:
    return re.sub(r'("exchange"\s*:\s*)"[^"\\]*"', r'\1"NEVER_HEARD_OF"', text, count=1)


def _no_rows(text: str) -> str:
    # A bracket inside a string comes with its string.
    brackets = (found for found in re.finditer(r'"(?:[^"\\]|\\.)*"|\[(?!\s*\])', text) if found[0] == "[")
    first = next(brackets, None)
    if first is None:
        return text
    _, end = json.JSONDecoder().raw_decode(text, first.start())
    return f"{text[: first.start()]}[]{text[end:]}"


def _half(response: Response) -> None:
    body = response.get_data()
    response.set_data(body[: len(body) // 2])


def _mark(response: Response) -> None:
    response.set_data(b"\xef\xbb\xbf" + response.get_data())


def _replace(response: Response, other: Response) -> None:
    response.content_type = other.content_type
    response.set_data(other.get_data())


def _page(response: Response) -> None:
    _replace(response, page(200, "Scheduled maintenance", "We will be back soon."))


def _error(response: Response) -> None:
    _replace(response, error(200, "An unknown error occurred while processing the request.", -1000))


def _garbage(response: Response) -> None:
    response.headers["Content-Encoding"] = "gzip"
    response.set_data(b"This is no gzip.")


def _bomb(response: Response) -> None:
    response.headers["Content-Encoding"] = "gzip"
    packed, packer = _packed_blanks()
    packer = packer.copy()
    response.set_data(packed + packer.compress(response.get_data()) + packer.flush())


@functools.cache
def _packed_blanks() -> tuple[bytes, Any]:
    """
    Return a beginning of gzip, and what can go on with it.
    """
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    piece = b" " * 1_000_000
    return b"".join(packer.compress(piece) for _ in range(_BLANKS // len(piece))), packer


BODY: Final = {
    "empty": _edited("The body is empty.", lambda _: ""),
    "cut-json": Edited("The body ends in its middle, as if that were the whole of it.", _half),
    "html": Edited("A page in HTML, with status 200.", _page),
    "bom": Edited("A byte order mark stands before the JSON.", _mark),
    "bad-gzip": Edited("The body is said to be gzip, and is not.", _garbage),
    "gzip-bomb": Edited("The body is gzip: 100 MB of blanks, then the JSON.", _bomb),
    "huge": Sent("The JSON is followed by blanks, 50 MB in all.", huge),
    "duplicate-key": _pair(
        "The first amount is there twice, and not the same.",
        lambda amount: f'{amount[0]},"{amount["key"]}":{_other(amount)}',
    ),
    "nan": _fixed("The first amount is a bare NaN.", "NaN"),
    "1e400": _fixed("The first amount is a bare 1e400.", "1e400"),
    "minus-zero": _fixed('The first amount is "-0".', '"-0"'),
    "null": _fixed("The first amount is null.", "null"),
    "empty-string": _fixed("The first amount is an empty string.", '""'),
    "wrong-type": _value("The first amount is in a list.", lambda amount: f"[{amount['value']}]"),
    "number": _value(
        "The first amount is a JSON number, not a string.", lambda amount: amount["sign"] + amount["digits"]
    ),
    "negative": _fixed('The first amount is "-1".', '"-1"'),
    "renamed": _pair(
        "The first amount's key has an X at its end.",
        lambda amount: amount[0].replace(f'"{amount["key"]}"', f'"{amount["key"]}X"', 1),
    ),
    "missing": Spelled("The first amount is left out.", _without),
    "new-field": _pair(
        'The first amount is followed by a field that nobody knows: "newField".',
        lambda amount: f'{amount[0]},"newField":"1"',
    ),
    "new-enum": _edited('The first field "exchange", if there is one, has a word that nobody knows.', _new_word),
    "empty-list": _edited("The outermost list is empty.", _no_rows),
    "error-in-200": refused("error-in-200", Edited("An error in the place of the answer, with status 200.", _error)),
}

#: What follows on an answer that broke off, so that a mixture of two answers would show.
CHANGED: Final = Spelled("Every amount has a 1 before its digits.", every_amount)
