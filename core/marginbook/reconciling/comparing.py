"""
Finds what changed, one row at a time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import zip_longest
from typing import TYPE_CHECKING

from attrs import evolve

from marginbook.reconciling.changes import FIGURES, Change, Flag, LockChange, SummaryChange, less
from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from marginbook.reconciling.thresholds import Threshold
    from marginbook.values import Balance, Lock, Summary


def new(row: Balance) -> Change:
    """
    Tell of a row that only the second report has.
    """
    figure = _figure(row, row)
    return Change(
        account=row.account,
        venue=row.venue,
        asset=row.asset,
        state="new",
        figure=figure,
        closing=_amount(row, figure),
        unknown_after=_unknown(row),
    )


def vanished(row: Balance) -> Change:
    """
    Tell of a row that only the first report has.
    """
    figure = _figure(row, row)
    return Change(
        account=row.account,
        venue=row.venue,
        asset=row.asset,
        state="vanished",
        figure=figure,
        opening=_amount(row, figure),
        unknown_before=_unknown(row),
    )


def held(before: Balance, after: Balance) -> Change:
    """
    Say what became of a row that both reports have.
    """
    figure = _figure(before, after)
    wallet, pnl, equity = (less(getattr(after, name), getattr(before, name)) for name in FIGURES)
    return Change(
        account=after.account,
        venue=after.venue,
        asset=after.asset,
        figure=figure,
        opening=_amount(before, figure),
        wallet_change=wallet,
        unrealized_pnl_change=pnl,
        closing=_amount(after, figure),
        unexplained=less(less(equity, wallet), pnl),
        unknown_before=_unknown(before),
        unknown_after=_unknown(after),
    )


def _figure(before: Balance, after: Balance) -> str | None:
    for name in ("equity", "wallet_balance"):
        if getattr(before, name) is not None and getattr(after, name) is not None:
            return name
    return None


def _amount(row: Balance, figure: str | None) -> Decimal | None:
    found: Decimal | None = getattr(row, figure) if figure else None
    return found


def _unknown(row: Balance) -> tuple[str, ...]:
    return tuple(name for name in FIGURES if getattr(row, name) is None)


def flags_of(change: Change, threshold: Threshold | None) -> Iterable[Flag]:
    """
    Say what is remarkable about a row. Without a threshold, no move is.
    """
    return [
        Flag(kind=kind, account=change.account, asset=change.asset, message=message)
        for kind, message in _remarkable(change, threshold)
    ]


def _remarkable(change: Change, threshold: Threshold | None) -> Iterable[tuple[str, str]]:
    if change.state == "new":
        yield "new", f"the row is new. It has {_told(change.figure, change.closing)}."
    elif change.state == "vanished":
        yield "vanished", f"the row is gone, which does not say zero. It had {_told(change.figure, change.opening)}."
    else:
        if change.figure is None:
            yield "unknown", "neither equity nor wallet balance is known in both reports."
        for name in sorted({*change.unknown_before} ^ {*change.unknown_after}):
            yield "unknown", f"{name} is not known {'before' if name in change.unknown_before else 'after'}."
        if threshold:
            yield from _excesses(change, threshold)


def _told(figure: str | None, known: Decimal | None) -> str:
    return "no known equity or wallet balance" if known is None else f"{figure} {plain(known)}"


def _excesses(change: Change, threshold: Threshold) -> Iterable[tuple[str, str]]:
    limit = threshold.limit(change.opening)
    moves = {
        "wallet_balance": change.wallet_change,
        "unrealized_pnl": change.unrealized_pnl_change,
        "equity": change.move if change.figure == "equity" else None,
    }
    for name, move in moves.items():
        if limit is not None and move is not None and move.copy_abs() > limit:
            yield "moved", f"{name} moved by {plain(move)}, more than {threshold}."
    if limit is not None and change.unexplained is not None and change.unexplained.copy_abs() > limit:
        yield "unexplained", change.notes[-1]


def compare_locks(before: Iterable[Lock], after: Iterable[Lock]) -> list[LockChange]:
    """
    Return the locks that are not the same, by account, symbol and asset.

    What has to be behind a position, and what is, moves with the market all the time, and is no change of a lock.
    """
    earlier, later = Counter(before), Counter(after)
    gone, come = _by_key(earlier - later), _by_key(later - earlier)
    return [
        LockChange(account=key[0], venue=key[1], symbol=key[2], asset=key[3], before=first, after=second)
        for key in sorted({*gone, *come})
        for first, second in zip_longest(gone[key], come[key])
        if _locked(first) != _locked(second)
    ]


def _locked(lock: Lock | None) -> Lock | None:
    return lock and evolve(lock, maintenance_margin=None, equity=None)


def _by_key(locks: Counter[Lock]) -> defaultdict[tuple[str, ...], list[Lock]]:
    found: defaultdict[tuple[str, ...], list[Lock]] = defaultdict(list)
    # A venue may have several locks of one symbol, as in hedge mode.
    for lock in locks.elements():
        found[lock.account, lock.venue, lock.symbol, lock.asset].append(lock)
    return found


def compare_summaries(before: Iterable[Summary], after: Iterable[Summary]) -> list[SummaryChange]:
    """
    Return the summaries that are not the same, by account.
    """
    earlier, later = ({(s.account, s.venue): s for s in summaries} for summaries in (before, after))
    return [
        SummaryChange(account=key[0], venue=key[1], before=earlier.get(key), after=later.get(key))
        for key in sorted({*earlier, *later})
        if earlier.get(key) != later.get(key)
    ]
