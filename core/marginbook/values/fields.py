"""
What fields of our values have in common.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attrs import Attribute, field

from marginbook.errors import InvalidResponseError
from marginbook.texts import readable
from marginbook.values.money import exact_or_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_text(_: object, attribute: Attribute[Any], value: object) -> None:
    """
    Refuse what is no text of printable characters: a report sorts by it, and prints it on terminals.
    """
    if not isinstance(value, str) or not is_readable(value):
        msg = f"{attribute.name} is {value!r:.24}, which is no text of printable characters."
        raise InvalidResponseError(msg, hint="The venue may have changed: look for a newer plugin.")


# Rows repeat the same few names.
@lru_cache(maxsize=1024)
def is_readable(value: object) -> bool:
    """
    Say whether something that can be hashed is a text of printable characters.
    """
    return isinstance(value, str) and value.isprintable() and bool(value.strip())


@lru_cache(maxsize=1024)
def is_name(value: object) -> bool:
    """
    Say whether it is such a text without blanks at its ends.
    """
    return is_readable(value) and value == str(value).strip()


def check_name(instance: object, attribute: Attribute[Any], value: object) -> None:
    """
    Refuse what is no text, or has blanks at its ends: nobody sees them, and ``" USDT"`` is never added to ``"USDT"``.
    """
    check_text(instance, attribute, value)
    if value != str(value).strip():
        msg = f"{attribute.name} is {value!r:.24}, which has blanks at its ends."
        raise InvalidResponseError(msg, hint="The venue may have changed: look for a newer plugin.")


def text() -> Any:
    """
    Return a field for a name of ours.
    """
    return field(validator=check_text)


def named() -> Any:
    """
    Return a field for what a venue calls something.
    """
    return field(validator=check_name)


def amount(*, checked: bool = True) -> Any:
    """
    Return a field for an amount, which may not be known; not *checked* if its class looks at all of them together.
    """
    return field(default=None, converter=exact_or_unknown if checked else None, metadata={"amount": True})


def texts(notes: Iterable[str]) -> tuple[str, ...]:
    """
    Return remarks as a tuple, with what cannot be printed spelled out.
    """
    if notes == ():
        return ()
    found = tuple(notes)
    if isinstance(notes, str) or not all(isinstance(note, str) for note in found):
        msg = "Notes are a sequence of texts."
        raise TypeError(msg)
    return _spelled_out(found)


# Rows repeat the same few remarks, too, and what they share, nobody has to look after twice.
@lru_cache(maxsize=256)
def _spelled_out(notes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(readable, notes))
