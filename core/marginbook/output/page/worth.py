"""
What is held, and where: values in one currency, and pictures of them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from marginbook.output.page.markup import UNKNOWN, count, join, label, money, names, tag
from marginbook.output.page.pictures import Item, Line, chart
from marginbook.output.page.sections import paragraph, section, without
from marginbook.values import plain, total
from marginbook.values.money import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from marginbook.output.output import View
    from marginbook.report import BalanceReport, Valuation, ValueTotal
    from marginbook.values import Balance

    Holdings = dict[str, dict[str, list[Balance]]]

#: The figures that have values. The report, which knows them as well, is above this room.
VALUED: Final = ("wallet_balance", "unrealized_pnl", "equity")

#: Pictures of a kind. What is beyond is in a table.
_DRAWN: Final = 25

#: Digits that fit into a card at their full size.
_ROOM: Final = 16

#: The figures that are drawn, and how.
_FIGURES: Final = {"equity": "equity", "wallet_balance": "wallet"}


def value(view: View) -> Markup:
    """
    Return what everything is worth together, and what is not in the sums.
    """
    if view.valuation is None:
        return Markup()
    whole, currency = view.valuation.total(), view.valuation.currency
    cards = tag("div", *(_card(whole, figure, currency) for figure in VALUED), class_="cards")
    return section("value", f"Value in {currency}", without(view.report), cards)


def _card(whole: ValueTotal, figure: str, currency: str) -> Markup:
    amount: Decimal | None = getattr(whole, figure)
    digits, shown = _texts(amount)
    lacks = lacking(whole, [figure])
    style = f"big{' loss' if amount is not None and amount < 0 else ''}{' long' if len(shown) > _ROOM else ''}"
    return tag(
        "div",
        tag("h3", label(figure)),
        paragraph(shown, " ", tag("small", currency), class_=style, title=f"{digits} {currency}"),
        paragraph("exactly ", digits, class_="remark")
        if shown.replace(",", "") != digits and amount is not None
        else "",
        paragraph(tag("strong", "Without "), lacks, class_="lacks") if lacks else "",
        class_="card",
    )


def _texts(amount: Decimal | None) -> tuple[str, str]:
    """
    Return the digits of a value, and what is shown for a quick look.
    """
    return ("not known", UNKNOWN) if amount is None else (plain(amount), money(amount))


def lacking(whole: ValueTotal, figures: Iterable[str], *, failed: bool = True) -> Markup:
    """
    Name what sums of values do not hold, by reason; whole accounts only if *failed* is true.
    """
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for exclusion in whole.excluded:
        if exclusion.figure in figures and (exclusion.asset or failed):
            found[exclusion.reason][f"{exclusion.account} {exclusion.asset}".rstrip()] = None
    return join((join([names(list(which)), f" ({reason})"]) for reason, which in found.items()), "; ")


def exposure(view: View) -> Markup:
    """
    Return pictures of where everything is: in one currency, or venue by venue for each asset.
    """
    if not view.report.balances:
        return Markup()
    parts = _by_amount(view.report) if view.valuation is None else _by_value(view.valuation)
    return section("exposure", "Exposure", without(view.report), *parts)


def _by_value(valuation: Valuation) -> Iterator[Markup]:
    yield paragraph(
        f"Values in {valuation.currency}, to two places; the table of values has all digits. Bars begin at zero.",
        class_="remark",
    )
    venues = tag("div", tag("h3", "By venue"), *_values(valuation.by_venue().values(), failed=True))
    # Each asset lacks the same accounts, which the section's first line names.
    assets = tag("div", tag("h3", "By asset"), *_values(valuation.by_asset().values(), failed=False))
    yield tag("div", venues, assets, class_="pair")


def _values(totals: Iterable[ValueTotal], *, failed: bool) -> Iterator[Markup]:
    ordered = sorted(totals, key=_size, reverse=True)
    drawn = [whole for whole in ordered if _size(whole)]
    yield chart([_valued(whole, failed=failed) for whole in drawn[:_DRAWN]])
    if len(drawn) > _DRAWN:
        yield paragraph(f"{len(drawn) - _DRAWN:,} smaller ones are in the table of values alone.", class_="remark")
    rest = [whole for whole in ordered if not _size(whole)]
    yield from _undrawn("Worth nothing: ", [whole for whole in rest if whole.equity is not None])
    yield from _undrawn("Not known: ", [whole for whole in rest if whole.equity is None])


def _undrawn(title: str, totals: list[ValueTotal]) -> Iterator[Markup]:
    if totals:
        which = names([whole.name for whole in totals])
        yield paragraph(tag("strong", title), which, ".", class_="remark")


def _size(whole: ValueTotal) -> Decimal:
    return max(amount.copy_abs() for figure in _FIGURES if (amount := getattr(whole, figure) or ZERO) is not None)


def _valued(whole: ValueTotal, *, failed: bool) -> Item:
    lines = []
    for figure, style in _FIGURES.items():
        amount = getattr(whole, figure)
        digits, shown = _texts(amount)
        lines.append(Line(label=label(figure), amount=amount, text=shown, exact=digits, style=_style(style, amount)))
    lacks = lacking(whole, _FIGURES, failed=failed)
    return Item(title=whole.name, lines=lines, remark=join(["without ", lacks]) if lacks else "")


def _style(style: str, amount: Decimal | None) -> str:
    return style if amount is None or amount >= 0 else f"{style} loss"


def _by_amount(report: BalanceReport) -> Iterator[Markup]:
    yield paragraph(
        "Amounts of different assets cannot be compared without prices, so the bars compare the venues of one asset."
        " Bars begin at zero. A report with values compares everything.",
        class_="remark",
    )
    holdings = _holdings(report.balances)
    shown = dict(list(holdings.items())[:_DRAWN])
    yield tag("div", *(_asset(asset, venues) for asset, venues in shown.items()), class_="pair")
    if len(holdings) > _DRAWN:
        yield paragraph(f"{count(len(holdings) - _DRAWN, 'more asset')} in the table of totals alone.", class_="remark")


def _holdings(balances: Iterable[Balance]) -> Holdings:
    """
    Group the rows by asset and venue, without the assets of which there is nothing anywhere.
    """
    found: defaultdict[str, defaultdict[str, list[Balance]]] = defaultdict(lambda: defaultdict(list))
    for balance in sorted(balances, key=lambda b: (b.asset, b.venue)):
        found[balance.asset][balance.venue].append(balance)
    return {
        asset: dict(venues)
        for asset, venues in found.items()
        if any(getattr(b, figure) != 0 for rows in venues.values() for b in rows for figure in _FIGURES)
    }


def _asset(asset: str, venues: dict[str, list[Balance]]) -> Markup:
    return tag("div", tag("h3", tag("bdi", asset)), chart([_summed(venue, rows) for venue, rows in venues.items()]))


def _summed(venue: str, rows: list[Balance]) -> Item:
    lines = []
    for figure, style in _FIGURES.items():
        amount = total(getattr(row, figure) for row in rows)
        known: dict[str, Any] = {"text": UNKNOWN, "exact": "not known"}
        if amount is not None:
            known = dict.fromkeys(known, plain(amount))
        lines.append(Line(label=label(figure), amount=amount, style=_style(style, amount), **known))
    return Item(title=venue, lines=lines)
