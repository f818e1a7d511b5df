"""
What becomes of an account, fault by fault: the one table, which tests hold true and ``docs/failures.md`` prints.
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

#: Read, without rows, which the table says.
EMPTY: Final = "ok, no assets"

#: Read, and a note names the field.
NOTED: Final = "ok, with a note"

#: Cannot happen.
NEVER: Final = ""


@frozen
class Cell:
    """
    What becomes of an account that a fault hits: in each of its requests, or once. Anything else is a kind of failure.
    """

    each: str
    once: str
    #: Where a venue's answer is another.
    but: Mapping[str, tuple[str, str]] = field(factory=dict, kw_only=True)

    def at(self, venue: str) -> tuple[str, str]:
        """
        Return both at one venue.
        """
        return self.but.get(venue, (self.each, self.once))


def _same(state: str, **but: str) -> Cell:
    return Cell(state, state, but={venue.replace("_", "-"): (other, other) for venue, other in but.items()})


_PASSING: Final = Cell("unavailable", OK)
_SLOW: Final = Cell("timeout", OK)
_DAMAGED: Final = Cell("invalid_response", OK)
_WRONG: Final = _same("invalid_response")

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
    # Who asks on makes it worse: until when is a period of the limit at least.
    "http-418": _same("rate_limited"),
    "http-418-retry-after": _same("rate_limited"),
    "http-429": _same("rate_limited"),
    "http-429-retry-after": Cell("rate_limited", OK),
    "http-429-retry-date": Cell("rate_limited", OK),
    "http-429-banned": _same("rate_limited"),
    "http-451": _same("permission"),
    "http-500": _PASSING,
    "http-502": _PASSING,
    "http-503-unknown": _PASSING,
    "http-503-unavailable": _PASSING,
    "http-503-throttled": _PASSING,
    "http-503-internal": _PASSING,
    "http-520": _PASSING,
    # Binance's own codes, which mean nothing elsewhere.
    "clock": Cell("clock", OK, but=dict.fromkeys(("coinswitch", "fexgate"), ("invalid_response", "invalid_response"))),
    "key": _same("credentials"),
    "signature": _same("credentials", coinswitch="invalid_response", fexgate="invalid_response"),
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
    "minus-zero": _same(AS_SENT),
    "null": _WRONG,
    # The gateway writes what was never set as "", or not at all.
    "empty-string": _same("invalid_response", fexgate=UNKNOWN),
    "wrong-type": _WRONG,
    "number": _same(OK, fexgate="invalid_response"),
    "negative": _same(AS_SENT),
    "renamed": _WRONG,
    "missing": _same("invalid_response", fexgate=UNKNOWN),
    "new-field": _same(NOTED),
    "new-enum": _same(OK),
    "empty-list": _same(EMPTY),
    "error-in-200": _WRONG,
    # The answer that breaks off is of one mode, and the next one of another: never something in between.
    "mode-switch": Cell(NEVER, AS_SENT),
}

#: Faults of the process itself, and what becomes of the account, or of the command, that they hit.
PROCESS: Final[Mapping[str, str]] = {
    "The plugin raises an exception.": "plugin",
    "The plugin exits.": "plugin",
    "The plugin raises KeyboardInterrupt.": "plugin",
    "The plugin returns something else.": "plugin",
    "The plugin hangs.": "timeout",
    "The plugin cannot be imported.": "plugin",
    "The process was forked from one that had made reports.": OK,
    "Somebody interrupts the command.": "no report, status 130",
    "The disk for the output is full.": "the output is cut, status 1",
}
