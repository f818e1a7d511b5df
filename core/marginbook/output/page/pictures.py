"""
Bars, drawn as inline SVG. The figure stands beside each, so that nobody has to measure one.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from attrs import frozen
from markupsafe import Markup

from marginbook.output.page.markup import tag
from marginbook.values.money import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable

#: From these ratios on a bar is drawn as one to watch, and as one in danger. At 1 the venue liquidates.
WATCH: Final = "0.5"
DANGER: Final = "0.8"

#: The whole width of a picture, and the least of it that can be seen, in percent.
_ALL: Final = Fraction(100)
_VISIBLE: Final = Fraction(1, 2)


@frozen(kw_only=True)
class Line:
    """
    A figure with a bar.
    """

    #: What the figure is called.
    label: str
    #: None where it is not known: there is a question mark, and no bar.
    amount: Decimal | None
    #: The figure as it is to be read.
    text: str
    #: The figure with all its digits, or "not known".
    exact: str
    #: How the bar is drawn: a class of the page's styles.
    style: str


@frozen(kw_only=True)
class Item:
    """
    What bars belong to, and what a reader has to know of it.
    """

    title: str
    lines: list[Line]
    remark: str = ""


@frozen
class Scale:
    """
    What the left and the right end of a picture stand for, and where else it has a mark.
    """

    low: Fraction
    high: Fraction
    marks: tuple[Fraction, ...] = ()

    def place(self, amount: Fraction) -> Fraction:
        """
        Return how far to the right an amount is, in percent. What is beyond an end is at that end.
        """
        return 100 * (min(max(amount, self.low), self.high) - self.low) / (self.high - self.low)

    def span(self, amount: Fraction) -> tuple[Fraction, Fraction]:
        """
        Return where the bar from zero to *amount* starts and ends. Only that of zero cannot be seen.
        """
        start, end = sorted((self.place(amount), self.place(Fraction(0))))
        if not amount or end - start >= _VISIBLE:
            return start, end
        # At the right end there is room to the left alone.
        return (start, start + _VISIBLE) if start + _VISIBLE <= _ALL else (end - _VISIBLE, end)


#: From nothing to liquidation.
_RATIOS: Final = Scale(Fraction(0), Fraction(1), (Fraction(WATCH), Fraction(DANGER)))


def chart(items: list[Item]) -> Markup:
    """
    Return a list of bars on one scale, which holds zero.
    """
    amounts = [ZERO, *(line.amount for item in items for line in item.lines if line.amount is not None)]
    scale = Scale(Fraction(min(amounts)), Fraction(max(amounts)))
    return tag("ul", *(_item(item, scale) for item in items), class_="bars")


def gauges(items: Iterable[Item]) -> Markup:
    """
    Return a list of bars from 0 to 1. What is beyond 1 fills the bar; the text says how far.
    """
    return tag("ul", *(_item(item, _RATIOS) for item in items), class_="bars")


def _item(item: Item, scale: Scale) -> Markup:
    remark = tag("p", item.remark, class_="remark") if item.remark else ""
    return tag(
        "li", tag("p", tag("bdi", item.title), class_="name"), *(_line(x, item, scale) for x in item.lines), remark
    )


def _line(line: Line, item: Item, scale: Scale) -> Markup:
    figure = tag("span", line.text, class_="figure", title=line.exact)
    return tag("div", tag("span", line.label, class_="label"), figure, _bar(line, item, scale), class_="line")


def _bar(line: Line, item: Item, scale: Scale) -> Markup:
    parts = [tag("title", f"{item.title}, {line.label}: {line.exact}"), _rect("track", Fraction(0), _ALL)]
    if line.amount is not None and scale.high > scale.low:
        parts.append(_rect(line.style, *scale.span(Fraction(line.amount))))
        parts.append(_mark(scale.place(Fraction(0))) if scale.low else Markup())
    parts += map(_mark, map(scale.place, scale.marks))
    return tag("svg", *parts, role="img", width="100%", height="10")


def _rect(style: str, start: Fraction, end: Fraction) -> Markup:
    return tag("rect", class_=style, x=_percent(start), width=_percent(end - start), height="100%")


def _mark(place: Fraction) -> Markup:
    return tag("rect", class_="mark", x=_percent(place), width="1", height="100%")


def _percent(share: Fraction) -> str:
    return f"{float(share):.2f}%"
