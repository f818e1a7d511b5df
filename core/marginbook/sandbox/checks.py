"""
What the venues of the sandbox check of a request, each in its own words: its time and its signature.
"""

from __future__ import annotations

import hmac
import re
import time
from typing import Final

#: As many digits as a time in nanoseconds has.
_digits: Final = re.compile(r"[0-9]{1,19}").fullmatch


def now() -> int:
    """
    Return the venue's time, in milliseconds since 1970.
    """
    return time.time_ns() // 1_000_000


def is_number(written: str) -> bool:
    """
    Return whether *written* is a whole number of digits alone, as a time or a window in a header has to be.
    """
    return _digits(written) is not None


def is_same(expected: str, given: str) -> bool:
    """
    Return whether a signature is the right one, whatever was given, in a time that does not tell how much of it is.
    """
    return hmac.compare_digest(expected.encode(), given.encode())
