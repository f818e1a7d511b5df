"""
What changed, one row at a time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, Literal

from attrs import field, frozen

from marginbook.values import Lock, Summary, plain, total
from marginbook.values.fields import amount, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.reconciling.thresholds import Threshold
    from marginbook.values import Balance

#: The figures that explain a move, and the one that they explain.
FIGURES: Final = ("wallet_balance", "unrealized_pnl", "equity")

#: Whether an account could be read: ``"absent"`` where it was not asked for.
State = Literal["ok", "failed", "absent"]


@frozen(kw_only=True)
class Flag:
    """
    Something that a person should look at.
    """

    #: ``"failed"``, ``"account"``, ``"new"``, ``"vanished"``, ``"moved"``, ``"unexplained"``, ``"unknown"``, ``"lock"``
    #: or ``"summary"``.
    kind: str
    #: Our name of the account.
    account: str
    #: The asset, or "" where it is about the whole account.
    asset: str = ""
    #: What it is, in one sentence.
    message: str

    def __str__(self) -> str:
        return f"{self.account}{f' {self.asset}' if self.asset else ''}: {self.message}"


@frozen(kw_only=True)
class AccountChange:
    """
    An account that cannot be compared, since one of the reports does not tell what it holds.
    """

    #: Our name of the account.
    account: str
    #: The id of the venue. An account that moved to another one is gone there, and new here.
    venue: str
    before: State
    after: State
    #: Why it could not be read, or "".
    reason: str = ""

    def flag(self) -> Flag:
        """
        Say what became of it.
        """
        if "failed" in {self.before, self.after}:
            sides = [name for name, state in (("first", self.before), ("second", self.after)) if state == "failed"]
            message = f"not compared: it could not be read for the {' and the '.join(sides)} report. {self.reason}"
            return Flag(kind="failed", account=self.account, message=message)
        which = "first" if self.after == "absent" else "second"
        message = f"not compared: only the {which} report has it at {self.venue}."
        return Flag(kind="account", account=self.account, message=message)


@frozen(kw_only=True)
class Change:
    """
    What became of one asset in one account.

    Amounts are in units of *asset*. None means that the change is not known, which is not the same as no change.
    """

    #: Our name of the account.
    account: str = text()
    #: The id of the venue.
    venue: str = text()
    #: What the amounts are counted in.
    asset: str = text()
    #: ``"held"`` where both reports have the row; ``"new"`` or ``"vanished"`` where one has. A row that vanished is not
    #: one of zero.
    state: Literal["held", "new", "vanished"] = "held"
    #: What opening and closing are: ``"equity"``, ``"wallet_balance"`` where equity is not known, or None.
    figure: str | None = None
    opening: Decimal | None = amount()
    #: How much the wallet balance changed.
    wallet_change: Decimal | None = amount()
    #: How much the unrealized PnL changed.
    unrealized_pnl_change: Decimal | None = amount()
    closing: Decimal | None = amount()
    #: How much more equity moved than wallet and unrealized PnL together: zero by definition, unless a venue says
    #: otherwise. None where one of the figures is not known.
    unexplained: Decimal | None = amount()
    #: The figures that the first report, and the second, does not know.
    unknown_before: tuple[str, ...] = field(default=(), converter=texts)
    unknown_after: tuple[str, ...] = field(default=(), converter=texts)

    @property
    def move(self) -> Decimal | None:
        """
        Closing less opening.
        """
        return less(self.closing, self.opening)

    @property
    def notes(self) -> tuple[str, ...]:
        """
        Remarks that a reader of the row needs.
        """
        return tuple(_notes(self))


@frozen(kw_only=True)
class LockChange:
    """
    A lock that is not what it was. None where one of the reports does not have it.
    """

    #: Our name of the account.
    account: str
    #: The id of the venue.
    venue: str
    #: The contract.
    symbol: str
    #: What the amounts are counted in.
    asset: str
    before: Lock | None
    after: Lock | None

    def flag(self) -> Flag:
        """
        Say what was locked, and what is.
        """
        message = f"the lock of {self.symbol} was {_locked(self.before)}, and is {_locked(self.after)}."
        return Flag(kind="lock", account=self.account, asset=self.asset, message=message)


@frozen(kw_only=True)
class SummaryChange:
    """
    A summary of an account that is not what it was. None where one of the reports does not have it.
    """

    #: Our name of the account.
    account: str
    #: The id of the venue.
    venue: str
    before: Summary | None
    after: Summary | None

    @property
    def margin_ratios(self) -> tuple[Decimal | None, Decimal | None]:
        """
        The margin ratio before and after, where it is known.
        """
        before, after = (s.margin_ratio if s else None for s in (self.before, self.after))
        return before, after

    def flags(self) -> Iterable[Flag]:
        """
        Say what is more than a ratio that moved with the market, as it always does.
        """
        if self.before is None or self.after is None:
            side = "first" if self.after is None else "second"
            yield self._flag(f"only the {side} report has a summary of the account.")
            return
        for name in ("mode", "status", "currency", "asset"):
            before, after = getattr(self.before, name), getattr(self.after, name)
            if before != after:
                yield self._flag(f"the {name} was {before or 'not known'}, and is {after or 'not known'}.")
        if self.margin_ratios.count(None) == 1:
            side = "after" if self.margin_ratios[1] is None else "before"
            yield self._flag(f"the margin ratio is not known {side}.")

    def _flag(self, message: str) -> Flag:
        return Flag(kind="summary", account=self.account, message=message)


def less(amount: Decimal | None, subtrahend: Decimal | None) -> Decimal | None:
    """
    Subtract exactly, or return None where one of the two is not known.
    """
    return None if subtrahend is None else total((amount, subtrahend.copy_negate()))


def _notes(change: Change) -> Iterable[str]:
    for name in FIGURES:
        sides = {"before": name in change.unknown_before, "after": name in change.unknown_after}
        unknown = [side for side, is_unknown in sides.items() if is_unknown]
        if unknown:
            yield f"{name} is not known {' and '.join(unknown)}."
    if change.figure == "wallet_balance":
        yield "Opening and closing are the wallet balance alone."
    if change.unexplained:
        yield f"equity moved by {plain(change.unexplained)} more than wallet_balance and unrealized_pnl together."


def _locked(lock: Lock | None) -> str:
    if lock is None:
        return "not there"
    names = ("blocked_balance", "position_margin", "order_margin")
    known = {name: getattr(lock, name) for name in names if getattr(lock, name) is not None}
    return ", ".join(f"{name} {plain(found)}" for name, found in known.items()) or "of no known amount"


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
    """
    earlier, later = Counter(before), Counter(after)
    gone, come = _by_key(earlier - later), _by_key(later - earlier)
    return [
        LockChange(account=key[0], venue=key[1], symbol=key[2], asset=key[3], before=first, after=second)
        for key in sorted({*gone, *come})
        for first, second in zip_longest(gone[key], come[key])
    ]


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
