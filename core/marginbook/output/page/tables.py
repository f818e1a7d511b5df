"""
Tables of exact figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from attrs import field, frozen
from markupsafe import Markup

from marginbook.output.page.markup import DERIVED, UNKNOWN, age, join, short, stamp, tag
from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

#: Characters that a line of paper holds, at the size that tables are printed in.
_PAPER: Final = 160

#: Between columns.
_GAP: Final = 3

#: And a line in a cell of several.
_LINE: Final = 30

Kind = Literal["text", "number", "time"]


@frozen
class Cell:
    """
    A cell, and how many characters wide it is.
    """

    markup: Markup
    width: int = 1


@frozen
class Row:
    """
    A row of cells. *order* is what it is sorted by, *zero* says that it holds nothing, and *state* is how it is drawn.
    """

    cells: list[Cell]
    order: str = field(default="", kw_only=True)
    zero: bool = field(default=False, kw_only=True)
    state: str | None = field(default=None, kw_only=True)

    def markup(self) -> Markup:
        """
        Return the element.
        """
        # The line ends in the row, since browsers are slow to reorder 10,000 rows with texts between them.
        cells = join(cell.markup for cell in self.cells)
        return tag("tr", cells, "\n", class_=self.state, data_zero="" if self.zero else None)


@frozen
class Table:
    """
    A table in a frame of its own, which is all that scrolls sideways.

    Args:
        name: Its id, without "-table".

        caption: What it shows.

        headings: What stands above each column, and how its cells are to be compared.

        rows: In reading order.

        sortable: True where a reader may want another order.

        sorted_by: The column that the rows are in the order of, where it is sortable.

    """

    name: str
    caption: str
    headings: dict[str, Kind]
    rows: list[Row]
    sortable: bool = field(default=False, kw_only=True)
    sorted_by: str = field(default="", kw_only=True)

    @property
    def wide(self) -> bool:
        """
        Say whether it is too wide for paper, where it is printed as a block of labelled figures a row.
        """
        widths = (max([len(heading), *cells]) for heading, *cells in self._widths())
        return sum(width + _GAP for width in widths) > _PAPER

    def _widths(self) -> Iterable[tuple[str, *tuple[int, ...]]]:
        for number, heading in enumerate(self.headings):
            yield (heading, *(row.cells[number].width for row in self.rows))

    def labels(self) -> str:
        """
        Return the styles that label its figures on paper. They hold the page's own words only.
        """
        if not self.wide:
            return ""
        return "".join(
            f'#{self.name}-table tr>:nth-child({number})::before{{content:"{_word(heading)}"}}\n'
            for number, heading in enumerate(self.headings, start=1)
        )

    def markup(self) -> Markup:
        """
        Return the element.
        """
        caption = f"{self.name}-caption"
        head = tag("thead", tag("tr", *(self._heading(*heading) for heading in self.headings.items())))
        body = tag("tbody", *(row.markup() for row in self.rows))
        table = tag(
            "table",
            tag("caption", self.caption, id=caption),
            head,
            body,
            id=f"{self.name}-table",
            class_="wide" if self.wide else None,
            data_sortable="" if self.sortable else None,
        )
        return tag("div", table, class_="scroll", role="region", aria_labelledby=caption, tabindex="0")

    def _heading(self, heading: str, kind: Kind) -> Markup:
        order = "ascending" if heading == self.sorted_by else None
        return tag("th", heading, scope="col", data_kind=kind, aria_sort=order)


def _word(heading: str) -> str:
    """
    Return a heading as CSS can quote it: a currency is somebody else's word.
    """
    return "".join(c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):x} " for c in heading)


def name(text: str) -> Cell:
    """
    Return the cell that a row is called by.
    """
    return Cell(tag("th", text, scope="row"), len(text))


def words(text: str) -> Cell:
    """
    Return a cell of text.
    """
    return Cell(tag("td", text, class_="t"), len(text))


def number(text: str) -> Cell:
    """
    Return a cell of a text about a number.
    """
    return Cell(tag("td", text), len(text))


def sentence(text: str) -> Cell:
    """
    Return a cell of text that may take several lines.
    """
    return Cell(tag("td", text, class_="t long"), min(len(text), _LINE))


def optional(text: str | None) -> Cell:
    """
    Return a cell of a text that may not be known.
    """
    return unknown(class_="t u") if text is None else words(text)


def unknown(class_: str = "u") -> Cell:
    """
    Return the cell of what is not known.
    """
    return Cell(tag("td", UNKNOWN, class_=class_))


_UNKNOWN: Final = unknown()


def amount(figure: Decimal | None, basis: str = "reported") -> Cell:
    """
    Return the cell of an amount with all its digits, marked where it is derived.
    """
    if figure is None:
        return _UNKNOWN
    digits = plain(figure)
    mark = "" if basis == "reported" else tag("abbr", DERIVED, title=basis)
    return Cell(tag("td", digits, mark), len(digits) + 1)


def ratio(figure: Decimal | None) -> Cell:
    """
    Return the cell of a ratio: its first digits to be read, all of them to be compared.
    """
    if figure is None:
        return _UNKNOWN
    return Cell(tag("td", short(figure), title=plain(figure), data_key=plain(figure)), len(short(figure)))


def moments(when: datetime | None, asked_at: datetime) -> list[Cell]:
    """
    Return the cells of a time, and of how long that was before *asked_at*.
    """
    if when is None:
        return [_UNKNOWN, _UNKNOWN]
    passed = asked_at - when
    old = age(passed)
    text = stamp(when)
    key = str(round(passed.total_seconds() * 1000))
    return [Cell(tag("td", text), len(text)), Cell(tag("td", old, data_key=key), len(old))]


def marks(notes: Iterable[str], numbers: dict[str, int]) -> Cell:
    """
    Return the cell of references to footnotes.
    """
    found = [numbers[note] for note in notes]
    links = (tag("a", str(n), href=f"#note-{n}", aria_label=f"note {n}") for n in found)
    return Cell(tag("td", join(links, " "), class_="t"), 3 * len(found))
