"""
What changed, one row at a time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from attrs import field, frozen

from marginbook.values import LOCK_AMOUNTS, Lock, Summary, plain, total
from marginbook.values.fields import amount, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    known = {name: getattr(lock, name) for name in LOCK_AMOUNTS if getattr(lock, name) is not None}
    amounts = ", ".join(f"{name} {plain(found)}" for name, found in known.items()) or "of no known amount"
    return f"{'isolated, ' * bool(lock.isolated)}{amounts}"
