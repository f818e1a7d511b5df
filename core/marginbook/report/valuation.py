"""
What the figures of a report are worth in one currency.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from marginbook.errors import ConfigurationError
from marginbook.report.documents import document
from marginbook.report.outcomes import Note
from marginbook.report.prices import PriceBook
from marginbook.values import VALUED, Balance, Price, convert, plain, product, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from marginbook.report.report import BalanceReport


#: The source of the price of the currency itself, which is 1.
ITSELF: Final = "the currency itself"

#: The part by which a venue's own sum may differ from ours without a note. It has other prices, of another
#: moment: those of stablecoins and of thin markets differ by less than that on ordinary days.
_PART: Final = Decimal("0.01")


@frozen(kw_only=True)
class Value:
    """
    What one row is worth, exactly: amount times price. None where the amount or the price is not known.
    """

    #: Our name of the account.
    account: str
    #: The id of the venue.
    venue: str
    #: What was valued.
    asset: str
    #: What one unit is worth, or None where nobody says.
    price: Price | None
    wallet_balance: Decimal | None
    unrealized_pnl: Decimal | None
    equity: Decimal | None
    #: The figures of the row that are not known, whatever their price.
    unknown: tuple[str, ...] = ()

    def reason(self, figure: str) -> str:
        """
        Say why a figure has no value: ``"not known"`` or ``"no price"``.
        """
        return "not known" if figure in self.unknown else "no price"


@frozen(kw_only=True)
class Exclusion:
    """
    Something that a total of values does not hold, and why.
    """

    #: Our name of the account.
    account: str
    #: The asset, or "" for a whole account that could not be read.
    asset: str
    #: The figure that is excluded: one of `VALUED`.
    figure: str
    #: ``"no price"``, ``"not known"``, or ``"failed"`` for a whole account.
    reason: str


@frozen(kw_only=True)
class ValueTotal:
    """
    What several rows are worth together, without what `excluded` names.

    An amount is None where nothing could be valued. It is the sum of the others where something could not, so it is
    the whole only if nothing is excluded.
    """

    #: What the rows have in common: the name of an account, a venue or an asset, or "" for all.
    name: str
    wallet_balance: Decimal | None
    unrealized_pnl: Decimal | None
    equity: Decimal | None
    #: What is missing from the sums.
    excluded: tuple[Exclusion, ...]

    def whole(self, figure: str) -> bool:
        """
        Say whether nothing is missing from the sum of *figure*.
        """
        return not any(exclusion.figure == figure for exclusion in self.excluded)


def _values(values: Iterable[Value]) -> tuple[Value, ...]:
    return tuple(values)


@frozen(kw_only=True)
class Valuation:
    """
    A report in one currency. Values are apart from the report's own figures, which stay what they are.
    """

    #: What values are counted in.
    currency: str
    #: One for each balance of the report, in its order.
    values: tuple[Value, ...] = field(converter=_values)
    #: The venues of the accounts that could not be read, by name.
    _failed: tuple[tuple[str, str], ...] = field(default=())
    #: The ids of the sources that were asked for prices.
    sources: tuple[str, ...] = field(default=())
    #: Which sources failed, and where a venue's own sum differs from ours. The *account* of a note may be "".
    notes: tuple[Note, ...] = field(default=())

    @classmethod
    def of(cls, report: BalanceReport, currency: str, prices: Iterable[Price]) -> Valuation:
        """
        Value *report* with *prices*; `marginbook.values.convert` says which one is used.

        Raises:
            ConfigurationError: Something else is among them, or *currency* is no name.

        """
        check_currency(currency)
        book = prices if isinstance(prices, PriceBook) else PriceBook(prices=prices)
        if strangers := [price for price in book if not isinstance(price, Price)]:
            msg = f"A {type(strangers[0]).__name__} is no price."
            raise ConfigurationError(msg, hint="Pass marginbook.Price objects, or a table of decimals by asset.")
        own = Price(asset=currency, currency=currency, price=Decimal(1), source=ITSELF, at=report.finished_at)
        known = {**convert(book, currency), currency: own}
        values = [_value(balance, known.get(balance.asset)) for balance in report.balances]
        return cls(
            currency=currency,
            values=values,
            failed=tuple((failure.account, failure.venue) for failure in report.failures),
            sources=book.sources,
            notes=(*book.remarks(), *_differences(report, currency, values)),
        )

    @property
    def complete(self) -> bool:
        """
        True if every account could be read, and nothing was left out for want of a price.
        """
        return all(exclusion.reason == "not known" for exclusion in self.total().excluded)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """
        The assets without a price, in alphabetical order.
        """
        return tuple(sorted({value.asset for value in self.values if value.price is None}))

    @property
    def prices(self) -> tuple[Price, ...]:
        """
        The prices that were used, by asset.
        """
        used = {value.price for value in self.values if value.price}
        return tuple(sorted(used, key=lambda price: price.asset))

    def total(self) -> ValueTotal:
        """
        Add up everything.
        """
        return _total("", self.values, self._failed)

    def by_account(self) -> dict[str, ValueTotal]:
        """
        Add up by account, those that could not be read included.
        """
        return self._by(lambda value: value.account, lambda failed: failed[0])

    def by_venue(self) -> dict[str, ValueTotal]:
        """
        Add up by venue.
        """
        return self._by(lambda value: value.venue, lambda failed: failed[1])

    def by_asset(self) -> dict[str, ValueTotal]:
        """
        Add up by asset. Every total says which accounts could not be read, since they may hold it as well.
        """
        return self._by(lambda value: value.asset, None)

    def to_dict(self) -> dict[str, Any]:
        """
        Return the values in JSON's own types: decimals and times as strings, None for what is not known.
        """
        return {
            "currency": self.currency,
            "complete": self.complete,
            "sources": list(self.sources),
            "unpriced": list(self.unpriced),
            "notes": [document(note) for note in self.notes],
            "prices": [document(price) for price in self.prices],
            "total": document(self.total()),
            "by_account": _documents(self.by_account()),
            "by_venue": _documents(self.by_venue()),
            "by_asset": _documents(self.by_asset()),
            "values": [document(value) for value in self.values],
        }

    def _by(
        self, key: Callable[[Value], str], failed_key: Callable[[tuple[str, str]], str] | None
    ) -> dict[str, ValueTotal]:
        values: defaultdict[str, list[Value]] = defaultdict(list)
        for value in self.values:
            values[key(value)].append(value)
        failed: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for account in self._failed:
            for name in [failed_key(account)] if failed_key else values:
                failed[name].append(account)
        return {name: _total(name, values[name], failed[name]) for name in sorted({*values, *failed})}


def check_currency(currency: str) -> None:
    """
    Refuse what nothing can be counted in.

    Raises:
        ConfigurationError: It is no text of printable characters.

    """
    if not currency.strip() or not currency.isprintable():
        msg = f"{currency!r:.24} is no currency."
        raise ConfigurationError(msg, hint="Name what values are to be counted in, such as USD.")


def _documents(totals: dict[str, ValueTotal]) -> dict[str, Any]:
    return {name: document(total) for name, total in totals.items()}


def _differences(report: BalanceReport, currency: str, values: Iterable[Value]) -> list[Note]:
    """
    Compare the equity that venues add up themselves with that of their rows.
    """
    values = tuple(values)
    notes = []
    for summary in report.summaries:
        worth = _total("", [value for value in values if value.account == summary.account], ())
        if (summary.currency, summary.asset) != (currency, None) or summary.equity is None or worth.equity is None:
            continue
        difference = total([worth.equity, summary.equity.copy_negate()]) or Decimal()
        if worth.whole("equity") and difference.copy_abs() > product(summary.equity.copy_abs(), _PART):
            message = (
                f"The venue adds its rows up to an equity of {plain(summary.equity)} {currency}; at these prices they"
                f" are worth {plain(worth.equity)}. Its prices are others, or are after a haircut."
            )
            notes.append(Note(account=summary.account, message=message))
    return notes


def _value(balance: Balance, price: Price | None) -> Value:
    amounts: dict[str, Any] = {name: _worth(getattr(balance, name), price) for name in VALUED}
    unknown = tuple(name for name in VALUED if getattr(balance, name) is None)
    return Value(
        account=balance.account, venue=balance.venue, asset=balance.asset, price=price, unknown=unknown, **amounts
    )


def _worth(amount: Decimal | None, price: Price | None) -> Decimal | None:
    if not amount:
        # Nothing is worth nothing at any price; what is not known stays so.
        return amount
    return None if price is None else product(amount, price.price)


def _total(name: str, values: Iterable[Value], failed: Iterable[tuple[str, str]]) -> ValueTotal:
    values = tuple(values)
    sums: dict[str, Any] = {}
    excluded = [Exclusion(account=a, asset="", figure=f, reason="failed") for a, _ in failed for f in VALUED]
    for figure in VALUED:
        known = [amount for value in values if (amount := getattr(value, figure)) is not None]
        sums[figure] = total(known) if known else None
        excluded += [
            Exclusion(account=v.account, asset=v.asset, figure=figure, reason=v.reason(figure))
            for v in values
            if getattr(v, figure) is None
        ]
    return ValueTotal(name=name, excluded=tuple(excluded), **sums)
