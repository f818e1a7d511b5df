"""
What one account holds, in the words of the field.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from attrs import Attribute, field, fields, frozen
from attrs.validators import instance_of

from marginbook.methods import equal, hashed, shown
from marginbook.values.fields import amount, check_name, check_text, is_name, is_readable, texts
from marginbook.values.money import are_exact, exact, exact_or_unknown, ratio
from marginbook.values.times import moment_or_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    # Many reports have none of these, and nothing evaluates the annotations.
    from marginbook.values.lock import Lock  # noqa: TC004
    from marginbook.values.recording import Recording  # noqa: TC004
    from marginbook.values.summary import Summary  # noqa: TC004


def _pairs(mapping: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(dict(mapping).items())) if mapping else ()


# Many rows say the same, and each tuple of its own would be one more thing that the collector of garbage looks at.
@lru_cache(maxsize=256)
def _merged(known: tuple[tuple[str, str], ...], more: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return _pairs((*known, *more))


# Without slots: to fill and to copy as many fields takes a third of the time, and there may be many rows.
@frozen(kw_only=True, slots=False)
class Balance:
    """
    One asset in one account.

    Amounts are in units of *asset*. None means that the figure is not known, which is not the same as zero.

    Raises:
        TypeError: An amount is a float.

        ValueError: An amount is no finite number, *derived* names a figure that is not known, or a name is no
            printable text.

    """

    #: Our name of the account.
    account: str
    #: The id of the venue.
    venue: str
    #: What the amounts are counted in, as the venue spells it.
    asset: str
    #: Cash: transfers, realized PnL and funding, less fees. Without unrealized PnL, with isolated wallets.
    wallet_balance: Decimal | None = amount(checked=False)
    #: What all open positions, cross and isolated, would gain or lose at the mark price.
    unrealized_pnl: Decimal | None = amount(checked=False)
    #: Wallet balance plus unrealized PnL; also called margin balance.
    equity: Decimal | None = amount(checked=False)
    #: Locked to open and to hold: position margin plus order margin.
    initial_margin: Decimal | None = amount(checked=False)
    #: Locked by open positions.
    position_margin: Decimal | None = amount(checked=False)
    #: Locked by open orders. Negative where orders would reduce a position.
    order_margin: Decimal | None = amount(checked=False)
    #: Where equity falls below this, the venue liquidates.
    maintenance_margin: Decimal | None = amount(checked=False)
    #: Can back a new position. May exceed the wallet where assets share collateral.
    available_balance: Decimal | None = amount(checked=False)
    #: Can leave the account now. Neither more nor less than the available balance by any rule.
    max_withdraw: Decimal | None = amount(checked=False)
    #: The part of the wallet that backs cross positions.
    cross_wallet_balance: Decimal | None = amount(checked=False)
    #: Unrealized PnL of cross positions alone.
    cross_unrealized_pnl: Decimal | None = amount(checked=False)
    #: When the venue last changed the row, in UTC. Not the time of the report.
    updated_at: datetime | None = field(default=None, converter=moment_or_unknown)
    #: The figures that the venue did not report itself, and what they were derived from.
    _derived: tuple[tuple[str, str], ...] = field(default=(), converter=_pairs)
    #: Remarks that a reader of the figures needs, one sentence or two each.
    notes: tuple[str, ...] = field(default=(), converter=texts)

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed

    def __attrs_post_init__(self) -> None:
        # There may be many rows, and that all is well with one, as with most, is seen sooner than what each of its
        # fields has to be.
        if not _is_well(vars(self)):
            self._check()
        if self._derived and (unknown := [n for n, _ in self._derived if n not in AMOUNTS or getattr(self, n) is None]):
            msg = f"{', '.join(unknown)}: said to be derived, but not known."
            raise ValueError(msg)

    def _check(self) -> None:
        """
        Look at each field by itself, and say what is wrong with it, or write it as it has to be.
        """
        known, every = vars(self), fields(Balance)
        for attribute in (every.account, every.venue):
            check_text(self, attribute, known[attribute.name])
        check_name(self, every.asset, self.asset)
        known |= {name: exact_or_unknown(known[name]) for name in AMOUNTS}

    @property
    def basis(self) -> dict[str, str]:
        """
        Say of each figure that is known where it comes from: ``"reported"``, or ``"derived: "`` and the identity used.
        """
        derived = dict(self._derived)
        return {
            name: f"derived: {derived[name]}" if name in derived else "reported"
            for name in AMOUNTS
            if getattr(self, name) is not None
        }

    @property
    def margin_ratio(self) -> Decimal | None:
        """
        Maintenance margin by equity, to 28 digits; liquidation is at 1.

        None where one of them is not known, and where equity is not positive, since the ratio says nothing there.
        """
        return ratio(self.maintenance_margin, self.equity)

    def derive(self, name: str, figure: Decimal, identity: str) -> Balance:
        """
        Return the same balance with the figure *name* filled in, marked as derived by *identity*.
        """
        return self.completed({**vars(self), name: exact(figure)}, ((name, identity),))

    def completed(
        self, row: dict[str, Any], identities: tuple[tuple[str, str], ...] = (), notes: Iterable[str] = ()
    ) -> Balance:
        """
        Return the balance that *row*, which becomes its own, makes of this one: several figures, `exact` ones, are
        filled in.

        Args:
            row: All fields by name.

            identities: The figures that are derived, and what each of them was derived by.

            notes: More of them.

        """
        # This is done to every row, and evolve would check again what has just been checked.
        if identities:
            row["_derived"] = _merged(self._derived, identities)
        if notes:
            row["notes"] = (*self.notes, *texts(notes))
        whole = object.__new__(Balance)
        object.__setattr__(whole, "__dict__", row)
        return whole

    def remark(self, note: str) -> Balance:
        """
        Return the same balance with one more note.
        """
        return self.completed(vars(self).copy(), notes=(note,))


#: The names of the amounts of a balance, in reading order.
AMOUNTS: Final = tuple(a.name for a in fields(Balance) if "amount" in a.metadata)
_amounts: Final = itemgetter(*AMOUNTS)


def _is_well(row: Mapping[str, Any]) -> bool:
    """
    Say whether the names and amounts of a row are as they have to be.
    """
    try:
        known = is_name(row["asset"]) and is_readable(row["account"]) and is_readable(row["venue"])
    # What cannot be looked up is no name.
    except TypeError:
        return False
    return known and are_exact(_amounts(row))


#: Those of them that are valued, where somebody asks what a report is worth.
VALUED: Final = ("wallet_balance", "unrealized_pnl", "equity")


def _balances(rows: Iterable[Balance]) -> tuple[Balance, ...]:
    return tuple(rows)


def _locks(rows: Iterable[Lock]) -> tuple[Lock, ...]:
    return tuple(rows)


def _check(kind: type, attribute: Attribute[Any], rows: tuple[object, ...]) -> None:
    if strangers := [found for found in set(map(type, rows)) if not issubclass(found, kind)]:
        msg = f"{attribute.name} are {kind.__name__} objects, and not a {strangers[0].__name__}."
        raise TypeError(msg)


@frozen
class Statement:
    """
    What a venue says about one account at one time: all of its rows.

    Args:
        balances: One row an asset.

        locks: The venue's breakdown of locked margin, if it has one.

        notes: Remarks on the account as a whole.

        summary: What the venue says of the account as a whole, if it does.

    Raises:
        TypeError: A row is no Balance or no Lock, or the summary is none.

    """

    balances: tuple[Balance, ...] = field(converter=_balances)
    locks: tuple[Lock, ...] = field(default=(), converter=_locks)
    notes: tuple[str, ...] = field(default=(), converter=texts)
    summary: Summary | None = field(default=None)
    #: The bodies that it was read from, where they are kept. Not the plugin's business.
    recording: Recording | None = field(default=None, eq=False, repr=False, kw_only=True)

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed

    @balances.validator
    def _check_balances(self, attribute: Attribute[Any], rows: tuple[object, ...]) -> None:
        _check(Balance, attribute, rows)

    @locks.validator
    def _check_locks(self, attribute: Attribute[Any], rows: tuple[object, ...]) -> None:
        if rows:
            from marginbook.values.lock import Lock  # noqa: PLC0415  # see above

            _check(Lock, attribute, rows)

    @summary.validator
    def _check_summary(self, attribute: Attribute[Any], summary: Any) -> None:
        if summary is not None:
            from marginbook.values.summary import Summary  # noqa: PLC0415  # see above

            instance_of(Summary)(self, attribute, summary)
