"""
One report over all accounts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from attrs import Attribute, field, frozen

from marginbook.errors import IncompleteReportError, PluginError
from marginbook.methods import equal, hashed, shown
from marginbook.report.totals import Total, totals
from marginbook.values import Balance
from marginbook.values.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    # Nothing evaluates the annotations.
    from marginbook.report.outcomes import Failure, Note  # noqa: TC004
    from marginbook.report.valuation import Valuation
    from marginbook.values import Lock, Margin, Price, Summary  # noqa: TC004


def _by_name(accounts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(dict(accounts).items()))


def _by_account_and_asset(balances: Iterable[Balance]) -> tuple[Balance, ...]:
    return tuple(sorted(balances, key=attrgetter("account", "asset")))


def _by_account_and_symbol(locks: Iterable[Lock]) -> tuple[Lock, ...]:
    return tuple(sorted(locks, key=attrgetter("account", "symbol", "asset")))


def _by_account(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(items, key=attrgetter("account")))


@frozen(kw_only=True)
class BalanceReport:
    """
    What every account that was asked for holds, or why it is not known.

    Everything is ordered by account, so that equal answers make equal reports, in whatever order they came.

    Raises:
        PluginError: The parts do not fit together: rows of an account that was not asked for or that failed.

    """

    #: Every account that was asked for, and its venue.
    _accounts: tuple[tuple[str, str], ...] = field(converter=_by_name)
    #: The rows of all accounts that could be read.
    balances: tuple[Balance, ...] = field(default=(), converter=_by_account_and_asset)
    #: The venues' breakdowns of locked margin.
    locks: tuple[Lock, ...] = field(default=(), converter=_by_account_and_symbol)
    #: What venues say of accounts as a whole: a check on the rows, and never added to them.
    summaries: tuple[Summary, ...] = field(default=(), converter=_by_account)
    #: The accounts that could not be read.
    failures: tuple[Failure, ...] = field(default=(), converter=_by_account)
    #: Remarks on accounts, or on the whole. Remarks on a row are the row's own.
    notes: tuple[Note, ...] = field(default=(), converter=_by_account)
    #: When the first account was asked, in UTC.
    started_at: datetime = field(converter=moment)
    #: When the last account had answered, in UTC.
    finished_at: datetime = field(converter=moment)

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed

    @balances.validator
    @locks.validator
    @summaries.validator
    @failures.validator
    def _check_asked_for(self, _: Attribute[Any], items: Iterable[Balance | Lock | Summary | Failure]) -> None:
        accounts = self.accounts
        if strangers := sorted({i.account for i in items if accounts.get(i.account) != i.venue}):
            msg = f"Nobody asked for {', '.join(strangers)}, or not at that venue."
            raise PluginError(msg)

    @failures.validator
    def _check_all_or_none(self, _: Attribute[Any], failures: tuple[Failure, ...]) -> None:
        failed = [failure.account for failure in failures]
        summarized = [summary.account for summary in self.summaries]
        present = {row.account for row in self.balances} | {row.account for row in self.locks} | set(summarized)
        if len(summarized) != len(set(summarized)) or len(failed) != len(set(failed)) or present.intersection(failed):
            msg = "An account is in the report twice, or failed and has rows."
            raise PluginError(msg)

    @property
    def accounts(self) -> dict[str, str]:
        """
        Every account that was asked for, and the id of its venue.
        """
        return dict(self._accounts)

    @property
    def complete(self) -> bool:
        """
        True if every account that was asked for could be read.
        """
        return not self.failures

    @property
    def missing(self) -> tuple[str, ...]:
        """
        The names of the accounts that could not be read.
        """
        return tuple(failure.account for failure in self.failures)

    @cached_property
    def pooled(self) -> frozenset[str]:
        """
        The accounts whose assets are one collateral together: their venue tells one equity and one margin of them all.
        """
        return frozenset(summary.account for summary in self.summaries if summary.pooled)

    @cached_property
    def _isolated(self) -> Mapping[tuple[str, str], list[Lock]]:
        # As with all that many reports are not asked for.
        from marginbook.values.margins import isolated  # noqa: PLC0415

        return isolated(self.locks)

    @cached_property
    def margins(self) -> tuple[Margin, ...]:
        """
        Each collateral that its venue liquidates by itself, by account.
        """
        from marginbook.values.margins import margins  # noqa: PLC0415

        return tuple(sorted(margins(self.balances, self.summaries, self._isolated), key=lambda m: m.account))

    @cached_property
    def _ratios(self) -> dict[tuple[str, str | None], Decimal | None]:
        from marginbook.values.margins import nearest  # noqa: PLC0415

        parts: defaultdict[tuple[str, str | None], list[Margin]] = defaultdict(list)
        for margin in self.margins:
            parts[margin.account, margin.asset].append(margin)
        return {key: nearest(found) for key, found in parts.items()}

    def margin_ratio(self, row: Balance | Summary) -> Decimal | None:
        """
        Return how near a row of the report, or a summary, is to liquidation; None where that is not known.

        A row of a `pooled` account has no ratio of its own: that of the summary decides, however high or low the row's
        is. Where isolated positions have a part of the row, each of them and the rest is liquidated by itself, and
        this is the ratio of what is nearest to it; in a `pooled` account, of these positions alone.
        """
        key = row.account, row.asset
        if not isinstance(row, Balance) and key not in self._isolated:
            return row.margin_ratio
        return self._ratios.get(key)

    def totals(self) -> dict[str, Total]:
        """
        Add up the accounts that could be read, by asset. Each total says which accounts are missing.
        """
        return dict(self._totals)

    @cached_property
    def _totals(self) -> dict[str, Total]:
        # What was audited is what is handed out.
        return totals(self.balances, self.missing)

    def valued(self, in_: str = "USD", prices: Iterable[Price] | Mapping[str, Decimal | int | str] = ()) -> Valuation:
        """
        Say what the report is worth in one currency, exactly. What has no price is listed, and no asset is assumed to
        be worth anything.

        Args:
            in_: What values are counted in.

            prices: Prices in the order of preference, as `marginbook.prices` and `marginbook.load_prices` give them; or
                a table of one's own, ``{"USDT": Decimal("1")}``, of units of *in_* as of when the report was finished.

        Raises:
            TypeError: A price is a float.

            ValueError: A price is not positive, or no number.

            ConfigurationError: Something else is among the prices, or *in_* is no name.

        """
        from marginbook.report.valuation import Valuation  # noqa: PLC0415
        from marginbook.values import TABLE, Price, exact  # noqa: PLC0415

        if isinstance(prices, Mapping):
            at = self.finished_at
            prices = [
                Price(asset=asset, currency=in_, price=exact(price), source=TABLE, at=at)
                for asset, price in prices.items()
            ]
        return Valuation.of(self, in_, prices)

    def raise_for_failures(self) -> None:
        """
        Do nothing if the report is complete.

        Raises:
            IncompleteReportError: It is not. The text names every account that is missing, and why.

        """
        if self.failures:
            reasons = "\n".join(map(str, self.failures))
            msg = f"{len(self.failures)} of {len(self.accounts)} accounts could not be read.\n{reasons}"
            raise IncompleteReportError(msg, failures=self.failures)

    def to_dict(self) -> dict[str, Any]:
        """
        Return the report in JSON's own types: decimals and times as strings, None for what is not known.
        """
        # Only who asks for it pays for its import; so below.
        from marginbook.report.documents import written  # noqa: PLC0415

        return written(self)

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> BalanceReport:
        """
        Read what `to_dict` wrote. A valuation beside it is left out: it follows from the report and its prices.

        Raises:
            ConfigurationError: It is no balance report, or of a version that this marginbook does not know.

        """
        from marginbook.report.documents import read  # noqa: PLC0415

        return read(document)

    def to_json(self, *, indent: int | None = 2) -> str:
        """
        Write the report as JSON, with a line end. Equal reports give equal text.
        """
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False) + "\n"

    def to_jsonl(self) -> str:
        """
        Write the report as JSON lines: one for the report, then one for each account, failure, note, balance and lock.
        """
        from marginbook.output import lines  # noqa: PLC0415

        return lines.write(self)

    def to_csv(self) -> str:
        """
        Write the rows as CSV. An account that could not be read has a row as well, with its state and no amounts.
        """
        from marginbook.output import sheet  # noqa: PLC0415

        return sheet.write(self)

    def to_pandas(self) -> pd.DataFrame:
        """
        Return the rows as a pandas data frame, one column a field, amounts as Decimal.

        An account that could not be read has a row as well, with its state and no amounts.

        Raises:
            ConfigurationError: pandas is not installed.

        """
        from marginbook.output import sheet  # noqa: PLC0415

        return sheet.frame(self)

    def to_arrow(self) -> pa.Table:
        """
        Return the rows as an Arrow table, amounts as decimals of 38 digits, or of 76 where a column needs them.

        All amounts of a column have as many decimals as the one with the most: the numbers are equal, while trailing
        zeros are not kept. An account that could not be read has a row as well, with its state and no amounts. The
        schema's metadata says whether the report is complete.

        Raises:
            ConfigurationError: pyarrow is not installed, or an amount has more than 76 digits.

        """
        from marginbook.output import columns  # noqa: PLC0415

        return columns.table(self)

    def to_polars(self) -> pl.DataFrame:
        """
        Return the rows as a polars data frame, amounts as its Decimal of 38 digits. See `to_arrow`.

        Raises:
            ConfigurationError: polars or pyarrow is not installed, or an amount has more than 38 digits.

        """
        from marginbook.output import columns  # noqa: PLC0415

        return columns.frame(self)

    def __str__(self) -> str:
        from marginbook.output import View, table  # noqa: PLC0415

        return table.write(View(self))
