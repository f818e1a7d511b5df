"""
How far accounts are from liquidation.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from marginbook.output.page.markup import UNKNOWN, join, names, short, tag
from marginbook.output.page.pictures import DANGER, WATCH, Item, Line, gauges
from marginbook.output.page.sections import paragraph, section, without
from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marginbook.report import BalanceReport
    from marginbook.values import Margin

#: Bars that are drawn, from the highest ratio on. The others are in the tables.
_DRAWN: Final = 40


def ratios(report: BalanceReport) -> Markup:
    """
    Return the margin ratios as bars, the highest first, and say which are not known.
    """
    if not report.balances and not report.summaries:
        return Markup()
    margins = [margin for margin in report.margins if not margin.idle]
    lost = [margin for margin in margins if margin.lost]
    known = sorted((m for m in margins if m.margin_ratio is not None), key=_highest_first)
    unknown = [_title(margin) for margin in margins if margin.margin_ratio is None and not margin.lost]
    parts = [_LEGEND, *_lost(lost), *_known(known), *_unknown(unknown)]
    return section("ratios", "Margin ratios", without(report), *parts)


_LEGEND: Final = paragraph(
    "Maintenance margin by equity. At 1, the right end of a bar, the venue liquidates. An isolated position is"
    " liquidated by itself, and cross is what is left of an asset without these."
    f" Orange from {WATCH}, red from {DANGER}.",
    class_="remark",
)

#: What a colour says, for who cannot see it.
_WORDS: Final = {"danger": "close to liquidation", "watch": "to be watched", "safe": ""}


def _title(margin: Margin) -> str:
    return f"{margin.account}, {margin.name} ({margin.venue})"


def _highest_first(margin: Margin) -> tuple[Decimal, str]:
    return (margin.margin_ratio or Decimal()).copy_negate(), _title(margin)


def _lost(lost: list[Margin]) -> Iterator[Markup]:
    if lost:
        which = names([_title(margin) for margin in lost])
        yield paragraph(tag("strong", "No equity left: "), which, ". There is no ratio below zero.", class_="warning")


def _known(known: list[Margin]) -> Iterator[Markup]:
    yield gauges(map(_gauge, known[:_DRAWN]))
    if len(known) > _DRAWN:
        yield paragraph(f"{len(known) - _DRAWN:,} lower ones are in the tables alone.", class_="remark")


def _gauge(margin: Margin) -> Item:
    ratio = margin.margin_ratio or Decimal()
    style = "danger" if ratio >= Decimal(DANGER) else "watch" if ratio >= Decimal(WATCH) else "safe"
    line = Line(label=_WORDS[style], amount=ratio, text=short(ratio), exact=plain(ratio), style=style)
    return Item(title=_title(margin), lines=[line])


def _unknown(unknown: list[str]) -> Iterator[Markup]:
    if unknown:
        yield paragraph(
            join([tag("strong", f"Not known ({UNKNOWN}): "), names(unknown, most=20), "."]),
            " The venue did not tell the maintenance margin or the equity there. An account with the option"
            ' detail = "margin" is asked for more, where its venue offers it.',
            class_="remark",
        )
