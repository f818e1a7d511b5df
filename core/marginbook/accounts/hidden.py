"""
Secrets that were looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import SupportsIndex


class Hidden(str):
    """
    A text like any other, but for its repr, which does not show it, and pickle, which refuses it.

    Crash reports print the variables of every function that an error came through, by their repr.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "<hidden>"

    def __getitem__(self, key: SupportsIndex | slice) -> Hidden:
        # Who prints long texts cuts them first.
        return Hidden(super().__getitem__(key))

    def strip(self, chars: str | None = None, /) -> Hidden:
        """
        Return the text without blanks around it, as hidden as before.
        """
        return Hidden(super().strip(chars))

    def __copy__(self) -> Hidden:
        return self

    def __deepcopy__(self, memo: object) -> Hidden:
        # Programs that look at requests, such as vcrpy, copy them first.
        return self

    def __reduce__(self) -> NoReturn:
        stay()


def stay() -> NoReturn:
    """
    Refuse to be pickled.
    """
    msg = "A secret does not travel to other processes."
    raise ConfigurationError(msg, hint="Give the account a reference such as env:NAME or file:PATH.")
