"""
What becomes of an account, fault by fault, at every venue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

#: Read, and every figure is what it is without the fault.
OK: Final = "ok"

#: Read, with the very figure that the venue wrote.
AS_SENT: Final = "ok, as sent"

#: Read, with the figure not known.
UNKNOWN: Final = "ok, not known"

#: Read, without rows, which a note says.
EMPTY: Final = "ok, no assets"

#: Read, and a note names the field.
NOTED: Final = "ok, with a note"

#: Not read, of whatever kind the failure is.
FAILED: Final = "failed"

#: Cannot happen.
NEVER: Final = ""


@frozen
class Cell:
    """
    What becomes of an account that a fault hits: in each of its requests, or once. Anything else is a kind of failure.
    """

    each: str
    once: str
    #: What is as right, depending on what the venue documents.
    also: tuple[str, ...] = field(default=(), kw_only=True)
    #: Where a venue's answer is another.
    but: Mapping[str, tuple[str, str]] = field(factory=dict, kw_only=True)

    def at(self, venue: str) -> tuple[str, str]:
        """
        Return both at one venue.
        """
        return self.but.get(venue, (self.each, self.once))


def _same(state: str, *also: str) -> Cell:
    return Cell(state, state, also=also)


_PASSING: Final = Cell("unavailable", OK)
_SLOW: Final = Cell("timeout", OK)
_DAMAGED: Final = Cell("invalid_response", OK)
_WRONG: Final = _same("invalid_response")
#: Until when is a period of the limit at least, which may be over before the report has to be done.
_STOPPED: Final = Cell("rate_limited", "rate_limited", also=(OK,))
#: A field that need not be there, or has a way to say that it is not told, is not known. It is never zero.
_UNTOLD: Final = _same("invalid_response", UNKNOWN)
#: What a figure is made of may have to be a size, which is never negative.
_ODD: Final = _same(AS_SENT, "invalid_response")

MATRIX: Final[Mapping[str, Cell]] = {
    # Nobody can count what never arrives: these hit every request.
    "refused": Cell("unavailable", NEVER),
    "tls": Cell("unavailable", NEVER),
    "reset": _PASSING,
    "reset-in-body": _PASSING,
    "cut-body": _PASSING,
    "stall": _SLOW,
    "stall-in-body": _SLOW,
    "drip-headers": _SLOW,
    "drip-body": _SLOW,
    "http-301": _same("configuration"),
    "http-401": _same("credentials"),
    "http-403": _same("permission"),
    "http-404": _same("configuration"),
    "http-408": _PASSING,
    # Who asks on makes it worse.
    "http-418": _STOPPED,
    "http-418-retry-after": _same("rate_limited"),
    "http-429": _STOPPED,
    "http-429-retry-after": Cell("rate_limited", OK),
    "http-429-retry-date": Cell("rate_limited", OK),
    "http-429-banned": _STOPPED,
    "http-451": _same("permission"),
    "http-500": _PASSING,
    "http-502": _PASSING,
    "http-503-unknown": _PASSING,
    "http-503-unavailable": _PASSING,
    "http-503-throttled": _PASSING,
    "http-503-internal": _PASSING,
    "http-520": _PASSING,
    # In the venue's own words.
    "clock": Cell("clock", OK),
    "key": _same("credentials"),
    "signature": _same("credentials"),
    "throttled": _STOPPED,
    "empty": _DAMAGED,
    "cut-json": _DAMAGED,
    "html": _DAMAGED,
    "bom": _same(OK),
    "bad-gzip": _DAMAGED,
    "gzip-bomb": _WRONG,
    "huge": _WRONG,
    "duplicate-key": _WRONG,
    "nan": _WRONG,
    "1e400": _WRONG,
    "minus-zero": _ODD,
    "null": _UNTOLD,
    "empty-string": _UNTOLD,
    "wrong-type": _WRONG,
    "number": _same(OK, "invalid_response"),
    "negative": _ODD,
    "renamed": _UNTOLD,
    "missing": _UNTOLD,
    "new-field": _same(NOTED),
    "new-enum": _same(OK),
    "empty-list": _same(EMPTY, "invalid_response"),
    "error-in-200": _WRONG,
    # The answer that breaks off is of one mode, and the next one of another: never something in between.
    "mode-switch": Cell(NEVER, AS_SENT, also=(UNKNOWN,)),
}

#: What is said in the venue's own words. To one that has none for it, the fault is an error that it cannot know.
OWN: Final = ("clock", "key", "signature", "throttled", "error-in-200")

#: Faults that no plugin sees, since the core's session raises before it: the same at every venue.
UNSEEN: Final = (
    *("refused", "tls", "reset", "reset-in-body", "cut-body"),
    *("stall", "stall-in-body", "drip-headers", "drip-body"),
    *("bad-gzip", "gzip-bomb", "huge"),
)


def expected(fault: str, *, own: bool) -> Cell:
    """
    Return what becomes of an account at a venue that has, or has not, words of its own for a fault.
    """
    if fault == "error-in-200" and own:
        return Cell(FAILED, FAILED, also=(OK,))
    if fault in {"clock", "signature"} and not own:
        return Cell(FAILED, FAILED)
    return MATRIX[fault]
