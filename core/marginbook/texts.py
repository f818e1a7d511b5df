"""
Texts for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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


def few(names: Sequence[str]) -> str:
    """
    Return the first names, and how many more there are.
    """
    shown, others = names[:_SHOWN], len(names[_SHOWN:])
    return f"{', '.join(shown)} and {others} more" if others else ", ".join(shown)
