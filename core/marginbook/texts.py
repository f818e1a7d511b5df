"""
Texts for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Names that are listed before others are only counted.
_SHOWN: Final = 5


def readable(text: str) -> str:
    """
    Spell out what cannot be printed: it could command a terminal, or keep a report from being written.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def shown(value: Any) -> str:
    """
    Return the repr of a value of ours, with the fields that may be shown: ``__repr__ = shown``.

    It is as attrs would write it, for each class anew; to compile that takes a third of what it takes to make a class,
    and these are made by every process that asks for a balance.
    """
    fields = (field for field in type(value).__attrs_attrs__ if field.repr)
    parts = (f"{f.name}={(repr if f.repr is True else f.repr)(getattr(value, f.name))}" for f in fields)
    return f"{type(value).__qualname__.rpartition('>.')[2]}({', '.join(parts)})"


def few(names: Sequence[str]) -> str:
    """
    Return the first names, and how many more there are.
    """
    shown, others = names[:_SHOWN], len(names[_SHOWN:])
    return f"{', '.join(shown)} and {others} more" if others else ", ".join(shown)
