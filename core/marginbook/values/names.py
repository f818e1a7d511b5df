"""
Lists of names for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Names that are listed before others are only counted.
_SHOWN: Final = 5


def few(names: Sequence[str]) -> str:
    """
    Return the first names, and how many more there are.
    """
    shown, others = names[:_SHOWN], len(names[_SHOWN:])
    return f"{', '.join(shown)} and {others} more" if others else ", ".join(shown)
