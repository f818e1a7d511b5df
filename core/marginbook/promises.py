"""
Holds what a plugin gives to what it promises, and says what is odd about it.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import evolve

from marginbook.errors import InvalidResponseError, PluginError
from marginbook.values import Statement, compare, derive

if TYPE_CHECKING:
    from marginbook.accounts import Account
    from marginbook.seam import Venue
    from marginbook.values import Balance, Summary

Dated = TypeVar("Dated", "Balance", "Summary")

_ACCOUNT: Final = attrgetter("account")
_VENUE: Final = attrgetter("venue")
_ASSET: Final = attrgetter("asset")
_NOTES: Final = attrgetter("notes")

#: Said of an answer without rows: it is one, and nobody should take it for an oversight.
NOTHING: Final = "The venue reports no assets."

#: The day of the first block of the oldest coin, before which nobody had anything at a venue.
EARLIEST: Final = datetime(2009, 1, 3, tzinfo=UTC)
TOO_EARLY: Final = (
    "The time at which the venue last changed this is read as {:%Y-%m-%d}, as happens to one in other units than are"
    " documented: updated_at is not known."
)


def kept(statement: object, account: Account, venue: Venue, unknown: list[str]) -> Statement:
    """
    Hold a plugin to its promises, fill in what follows from what it reported, and say what is odd about it.
    """
    if not isinstance(statement, Statement):
        msg = f"{venue.id} gave a {type(statement).__name__} in the place of a statement."
        raise PluginError(msg, hint="Update its plugin.")
    whole = [statement.summary] if statement.summary else []
    # There may be many rows: what all of them say is gathered without a step of Python's for each.
    rows = (*statement.balances, *statement.locks, *whole)
    if {*map(_ACCOUNT, rows)} - {account.name} or {*map(_VENUE, rows)} - {account.venue}:
        msg = f"{venue.id} gave rows of another account."
        raise PluginError(msg, hint="Update its plugin.")
    assets = tuple(map(_ASSET, statement.balances))
    if len(set(assets)) != len(assets):
        twice = ", ".join(asset for asset, count in Counter(assets).items() if count > 1)
        msg = f"There is more than one row of {twice}, so it is not known which one is right."
        raise InvalidResponseError(msg, hint="The venue may have changed: look for a newer plugin.")
    elsewhere = venue.unknown.get("equity", "")
    alone = statement.summary is not None and statement.summary.segregated
    balances = derive(map(_dated, statement.balances), elsewhere=elsewhere, alone=alone)
    return evolve(
        statement,
        balances=balances,
        summary=statement.summary and compare(_dated(statement.summary), balances),
        notes=[*statement.notes, *drift(unknown), *([] if statement.balances else [NOTHING])],
    )


def drift(unknown: list[str]) -> list[str]:
    """
    Say which fields of the answer nobody knows, if there are some.
    """
    if not unknown:
        return []
    names = ", ".join(sorted(unknown))
    return [f"The answer has fields that the specification does not know: {names}. Look for a newer plugin."]


def texts(statement: Statement) -> set[str]:
    """
    Return all that a statement has from the venue or its plugin and that is no figure.
    """
    whole = statement.summary
    return {
        *statement.notes,
        *((whole.currency, whole.mode or "", whole.status or "", *whole.notes) if whole else ()),
        *map(_ASSET, statement.balances),
        # Most rows have none, and most of those that have some have the same.
        *chain(*set(map(_NOTES, statement.balances))),
        *(text for row in statement.locks for text in (row.asset, row.symbol)),
    }


def _dated(row: Dated) -> Dated:
    """
    Return *row* without a time that cannot be one.
    """
    if row.updated_at is None or row.updated_at >= EARLIEST:
        return row
    return evolve(row, updated_at=None, notes=(*row.notes, TOO_EARLY.format(row.updated_at)))
