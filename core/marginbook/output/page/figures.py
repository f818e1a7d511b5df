"""
The tables of the page: every figure of the report, with all its digits.
"""

from __future__ import annotations

from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from marginbook.output.page import tables
from marginbook.output.page.markup import label
from marginbook.output.page.tables import Row, Table
from marginbook.output.page.worth import lacking
from marginbook.values import AMOUNTS, LOCK_AMOUNTS, SUMMARY_AMOUNTS, VALUED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from marginbook.output.output import View
    from marginbook.output.page.tables import Cell, Kind
    from marginbook.report import BalanceReport, Total, Valuation, Value, ValueTotal
    from marginbook.values import Balance, Lock, Price, Summary

_TIMES: Final[dict[str, Kind]] = {"updated (UTC)": "time", "age when asked": "number"}


def footnotes(report: BalanceReport) -> dict[str, int]:
    """
    Number the remarks on rows and on summaries, each text once.
    """
    texts = chain(*(row.notes for row in report.balances), *(row.notes for row in report.summaries))
    return {text: number for number, text in enumerate(dict.fromkeys(texts), start=1)}


def known(names: Iterable[str], rows: Sequence[object]) -> tuple[str, ...]:
    """
    Return the figures that at least one row tells.
    """
    return tuple(name for name in names if any(getattr(row, name) is not None for row in rows))


def unknown(names: Iterable[str], rows: Sequence[object]) -> str:
    """
    Say which figures have no column, since no row tells them.
    """
    told = known(names, rows)
    missing = [label(name) for name in names if name not in told]
    return f"Not known of any row: {', '.join(missing)}." if missing and rows else ""


def _numbers(names: Iterable[str]) -> dict[str, Kind]:
    return {label(name): "number" for name in names}


def _texts(*headings: str) -> dict[str, Kind]:
    return dict.fromkeys(headings, "text")


def rows(view: View) -> Table:
    """
    Return one row a balance, and one for each account that has none.
    """
    told = known(AMOUNTS, view.report.balances)
    currency = f" in {view.valuation.currency}" if view.valuation else ""
    headings: dict[str, Kind] = {
        **_texts("account", "venue", "asset"),
        **_numbers(told),
        "margin ratio": "number",
        **({f"{label(name)}{currency}": "number" for name in VALUED} if currency else {}),
        **_TIMES,
        **_texts("notes"),
    }
    found = [*_balances(view, told), *_absent(view, len(headings))]
    found.sort(key=attrgetter("order"))
    caption = f"All accounts, a row for each asset. {unknown(AMOUNTS, view.report.balances)}".rstrip()
    return Table("rows", caption, headings, found, sortable=True, sorted_by=view.by)


def _balances(view: View, told: Sequence[str]) -> Iterator[Row]:
    report = view.report
    numbers = footnotes(report)
    values = view.valuation.values if view.valuation else [None] * len(report.balances)
    for balance, value in zip(report.balances, values, strict=True):
        cells = [
            *_titles(balance.account, balance.venue, balance.asset),
            *_amounts(balance, told),
            tables.ratio(report.margin_ratio(balance)),
            *(_worth(value) if value else []),
            *tables.moments(balance.updated_at, report.finished_at),
            tables.marks(balance.notes, numbers),
        ]
        yield Row(cells, order=getattr(balance, view.by), zero=_holds_nothing(balance))


def _holds_nothing(balance: Balance) -> bool:
    """
    Say whether a row is nothing but zeros, and what is held is known to be zero.
    """
    amounts = [getattr(balance, name) for name in AMOUNTS]
    return all(getattr(balance, name) is not None for name in VALUED) and not any(amounts)


def _absent(view: View, width: int) -> Iterator[Row]:
    """
    Yield a row for each account without a balance, so that who looks for its name finds it.
    """
    failed = {failure.account: failure.kind for failure in view.report.failures}
    filled = {balance.account for balance in view.report.balances}
    for account, venue in view.report.accounts.items():
        if account in filled:
            continue
        # An account without assets holds nothing, but nobody counted it to any digit.
        said = f"failed: {failed[account]}" if account in failed else "no assets"
        blank = tables.unknown() if account in failed else tables.words("")
        state = "failed" if account in failed else None
        cells = [*_titles(account, venue, said), *[blank] * (width - 4), tables.words("")]
        yield Row(cells, order={"account": account, "venue": venue, "asset": said}[view.by], state=state)


def _titles(first: str, *others: str) -> list[Cell]:
    return [tables.name(first), *map(tables.words, others)]


def _amounts(row: Balance | Summary | Total, names: Iterable[str]) -> list[Cell]:
    basis: dict[str, str] = getattr(row, "basis", {})
    return [tables.amount(getattr(row, name), basis.get(name, "reported")) for name in names]


def _worth(value: Value | ValueTotal) -> list[Cell]:
    return [tables.amount(getattr(value, name)) for name in VALUED]


def totals(report: BalanceReport) -> Table:
    """
    Return what all accounts hold of each asset.
    """
    found = list(report.totals().values())
    told = known(AMOUNTS, found)
    headings = {"asset": "text", "accounts": "number", **_numbers(told)}
    caption = "Sums of each asset over all accounts. A sum is not known where one of its terms is not."
    lines = [Row([tables.name(t.asset), _counted(t), *_amounts(t, told)]) for t in found]
    return Table("totals", f"{caption} {unknown(AMOUNTS, found)}".rstrip(), headings, lines)


def _counted(total: Total) -> Cell:
    missing = f" + {len(total.missing):,} missing" if total.missing else ""
    return tables.number(f"{len(total.accounts):,}{missing}")


def summaries(report: BalanceReport) -> Table:
    """
    Return what venues say of accounts as a whole.
    """
    numbers, found = footnotes(report), report.summaries
    told = known(SUMMARY_AMOUNTS, found)
    headings = {
        **_texts("account", "venue", "of", "counted in", "mode", "state"),
        **_numbers(told),
        "margin ratio": "number",
        **_TIMES,
        **_texts("notes"),
    }
    caption = "What each venue says of an account as a whole. It repeats the rows, and is not added to them."
    lines = [_summary(summary, told, numbers, report) for summary in found]
    return Table("summaries", f"{caption} {unknown(SUMMARY_AMOUNTS, found)}".rstrip(), headings, lines)


def _summary(summary: Summary, told: Iterable[str], numbers: dict[str, int], report: BalanceReport) -> Row:
    cells = [
        *_titles(summary.account, summary.venue, summary.asset or "all assets", summary.currency),
        tables.optional(summary.mode),
        tables.optional(summary.status),
        *_amounts(summary, told),
        tables.ratio(report.margin_ratio(summary)),
        *tables.moments(summary.updated_at, report.finished_at),
        tables.marks(summary.notes, numbers),
    ]
    return Row(cells)


def locks(report: BalanceReport) -> Table:
    """
    Return the venues' breakdowns of locked margin.
    """
    told = known(LOCK_AMOUNTS, report.locks)
    headings = {**_texts("account", "venue", "symbol", "asset", "wallet"), **_numbers(told)}
    caption = "What is locked, by symbol. It explains a balance, and is not added to it."
    lines = [_lock(lock, told) for lock in report.locks]
    return Table("locks", f"{caption} {unknown(LOCK_AMOUNTS, report.locks)}".rstrip(), headings, lines)


def _lock(lock: Lock, told: Iterable[str]) -> Row:
    wallet = {None: tables.unknown(), False: tables.words("cross"), True: tables.words("isolated")}
    # Only an isolated position has equity of its own.
    amounts = [
        tables.words("") if name == "equity" and lock.isolated is False else tables.amount(getattr(lock, name))
        for name in told
    ]
    return Row([*_titles(lock.account, lock.venue, lock.symbol, lock.asset), wallet[lock.isolated], *amounts])


def values(valuation: Valuation) -> Table:
    """
    Return all sums of values, with what is not in them.
    """
    headings = {**_texts("sum of", "name"), **_numbers(VALUED), **_texts("without all or part of")}
    parts = {"account": valuation.by_account(), "venue": valuation.by_venue(), "asset": valuation.by_asset()}
    lines = [_sum("all", valuation.total())]
    lines += [_sum(kind, whole) for kind, sums in parts.items() for whole in sums.values()]
    caption = f"Values in {valuation.currency}, with all digits: amount times price."
    return Table("values", caption, headings, lines)


def _sum(kind: str, whole: ValueTotal) -> Row:
    lacks = lacking(whole, VALUED)
    return Row([*_titles(kind, whole.name or "everything"), *_worth(whole), tables.sentence(lacks)])


def prices(valuation: Valuation, report: BalanceReport) -> Table:
    """
    Return the prices that values were made with, and the assets that have none.
    """
    headings: dict[str, Kind] = {
        "asset": "text",
        "price": "number",
        "bid rate": "number",
        "ask rate": "number",
        "source": "text",
        "as of (UTC)": "time",
        "age when asked": "number",
    }
    blank = [tables.amount(None)] * 3
    lines = [_price(price, report) for price in valuation.prices]
    lines += [Row([tables.name(asset), *blank, tables.words("no price"), *blank[:2]]) for asset in valuation.unpriced]
    caption = (
        f"Prices in {valuation.currency}. Rates are what a venue counts of a unit as collateral; values ignore them."
    )
    return Table("prices", caption, headings, lines)


def _price(price: Price, report: BalanceReport) -> Row:
    return Row(
        [
            tables.name(price.asset),
            *(tables.amount(figure) for figure in (price.price, price.bid_rate, price.ask_rate)),
            tables.words(price.source),
            *tables.moments(price.at, report.finished_at),
        ]
    )
