"""
How far accounts are from liquidation.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import frozen
from markupsafe import Markup

from marginbook.output.page.markup import UNKNOWN, join, names, short, tag
from marginbook.output.page.pictures import DANGER, WATCH, Item, Line, gauges
from marginbook.output.page.sections import paragraph, section, without
from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marginbook.report import BalanceReport
    from marginbook.values import Balance, Summary

#: Bars that are drawn, from the highest ratio on. The others are in the tables.
_DRAWN: Final = 40


@frozen(kw_only=True)
class _Margin:
    """
    The margin of a row or of a whole account.
    """

    title: str
    maintenance: Decimal | None
    equity: Decimal | None
    ratio: Decimal | None

    @property
    def idle(self) -> bool:
        """
        True if there is nothing to liquidate.
        """
        return self.maintenance == 0 and self.equity == 0

    @property
    def lost(self) -> bool:
        """
        True if there is no ratio because nothing is left to liquidate.
        """
        return self.maintenance is not None and self.equity is not None and self.ratio is None


def ratios(report: BalanceReport) -> Markup:
    """
    Return the margin ratios as bars, the highest first, and say which are not known.
    """
    if not report.balances and not report.summaries:
        return Markup()
    margins = [margin for margin in _margins(report) if not margin.idle]
    lost = [margin for margin in margins if margin.lost]
    known = sorted((m for m in margins if m.ratio is not None), key=_highest_first)
    unknown = [margin.title for margin in margins if margin.ratio is None and not margin.lost]
    parts = [_LEGEND, *_lost(lost), *_known(known), *_unknown(unknown)]
    return section("ratios", "Margin ratios", without(report), *parts)


_LEGEND: Final = paragraph(
    "Maintenance margin by equity. At 1, the right end of a bar, the venue liquidates."
    f" Orange from {WATCH}, red from {DANGER}.",
    class_="remark",
)

#: What a colour says, for who cannot see it.
_WORDS: Final = {"danger": "close to liquidation", "watch": "to be watched", "safe": ""}


def _margins(report: BalanceReport) -> Iterator[_Margin]:
    """
    Yield each collateral once: the whole account where its assets are one, else each of its rows.
    """
    for summary in report.summaries:
        if summary.asset is None:
            equity = summary.equity if summary.adjusted_equity is None else summary.adjusted_equity
            yield _margin(f"{summary.account}, whole account ({summary.venue})", summary, equity)
    for balance in report.balances:
        if balance.account not in report.pooled:
            yield _margin(f"{balance.account}, {balance.asset} ({balance.venue})", balance, balance.equity)


def _margin(title: str, figures: Balance | Summary, equity: Decimal | None) -> _Margin:
    return _Margin(title=title, maintenance=figures.maintenance_margin, equity=equity, ratio=figures.margin_ratio)


def _highest_first(margin: _Margin) -> tuple[Decimal, str]:
    return (margin.ratio or Decimal()).copy_negate(), margin.title


def _lost(lost: list[_Margin]) -> Iterator[Markup]:
    if lost:
        which = names([margin.title for margin in lost])
        yield paragraph(tag("strong", "No equity left: "), which, ". There is no ratio below zero.", class_="warning")


def _known(known: list[_Margin]) -> Iterator[Markup]:
    yield gauges(map(_gauge, known[:_DRAWN]))
    if len(known) > _DRAWN:
        yield paragraph(f"{len(known) - _DRAWN:,} lower ones are in the tables alone.", class_="remark")


def _gauge(margin: _Margin) -> Item:
    ratio = margin.ratio or Decimal()
    style = "danger" if ratio >= Decimal(DANGER) else "watch" if ratio >= Decimal(WATCH) else "safe"
    line = Line(label=_WORDS[style], amount=ratio, text=short(ratio), exact=plain(ratio), style=style)
    return Item(title=margin.title, lines=[line])


def _unknown(unknown: list[str]) -> Iterator[Markup]:
    if unknown:
        yield paragraph(
            join([tag("strong", f"Not known ({UNKNOWN}): "), names(unknown, most=20), "."]),
            " The venue did not tell the maintenance margin or the equity there. An account with the option"
            ' detail = "margin" is asked for more, where its venue offers it.',
            class_="remark",
        )
