"""
What becomes of an account, fault by fault: the table that marginbook.testing has, with what differs at our venues.
Tests hold it true, and ``docs/failures.md`` prints it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from marginbook.testing import MATRIX as EVERYWHERE
from marginbook.testing import Cell
from marginbook.testing.matrix import AS_SENT, EMPTY, NEVER, NOTED, OK, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AS_SENT", "BUT", "EMPTY", "MATRIX", "NEVER", "NOTED", "OK", "PROCESS", "UNKNOWN", "Cell", "differs"]

#: Where a venue's answer is another: in each request, and in one.
BUT: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    # CoinSwitch answers alike to an unknown key, a wrong signature, and a time that is too far off. The gateway knows
    # neither times nor signatures, so that the answer is one that means nothing.
    "clock": {
        "coinswitch": ("credentials", "credentials"),
        "fexgate": ("invalid_response", "invalid_response"),
    },
    "signature": {"fexgate": ("invalid_response", "invalid_response")},
    # The gateway writes what was never set as "", or not at all.
    "empty-string": {"fexgate": (UNKNOWN, UNKNOWN)},
    "missing": {"fexgate": (UNKNOWN, UNKNOWN)},
    "number": {"fexgate": ("invalid_response", "invalid_response")},
    # What the account is worth is a second answer, to which no assets are a contradiction.
    "empty-list": {"binance-pm": ("invalid_response", "invalid_response")},
    # The other mode has a negative balance that the wallets do not show, so that what is cash is not known.
    "mode-switch": {"binance-pm": (NEVER, UNKNOWN)},
}

MATRIX: Final[Mapping[str, Cell]] = {name: evolve(cell, but=BUT.get(name, {})) for name, cell in EVERYWHERE.items()}


def differs(venue: str) -> dict[str, tuple[str, str]]:
    """
    Return what differs at one venue, by fault.
    """
    return {fault: venues[venue] for fault, venues in BUT.items() if venue in venues}


#: Faults of the process itself, and what becomes of the account, or of the command, that they hit.
PROCESS: Final[Mapping[str, str]] = {
    "The plugin raises an exception.": "plugin",
    "The plugin exits.": "plugin",
    "The plugin raises KeyboardInterrupt.": "plugin",
    "The plugin returns something else.": "plugin",
    "The plugin hangs.": "timeout",
    "The plugin cannot be imported.": "plugin",
    "The process was forked from one that had made reports.": OK,
    "Somebody interrupts the command.": "what was read until then, status 130",
    "Somebody interrupts it twice.": "no report, status 130",
    "The disk for the output is full.": "the output is cut, status 1",
}
