"""
Reads a page as a browser would: its tables, its texts, and what it would load.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from attrs import define, field

_VOID: Final = {"meta", "br", "input", "link"}


@define
class Read(HTMLParser):
    """
    A page: what stands in its elements, by id, and its tables, by id, row by row.
    """

    #: Each element that was opened, in order, with its attributes.
    elements: list[tuple[str, dict[str, str]]] = field(factory=list)
    #: The text of each element with an id, in order.
    texts: dict[str, str] = field(factory=dict)
    #: The text of each element of a kind, in order.
    by_tag: dict[str, list[str]] = field(factory=dict)
    #: The cells of each table, its heading first.
    tables: dict[str, list[list[str]]] = field(factory=dict)
    _open: list[tuple[str, str, list[str]]] = field(factory=list)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        if tag == "tr":
            self._table().append([])
        if tag not in _VOID:
            self._open.append((tag, given.get("id", ""), []))
        if given.get("id"):
            self.texts[given["id"]] = ""
            self.tables.setdefault(given["id"], []) if tag == "table" else None

    def handle_data(self, data: str) -> None:
        for _, _, text in self._open:
            text.append(data)

    def handle_endtag(self, tag: str) -> None:
        opened, name, text = self._open.pop()
        assert tag == opened, f"<{opened}> is closed by </{tag}>"
        said = "".join(text)
        self.by_tag.setdefault(tag, []).append(said)
        if name:
            self.texts[name] = said
        if tag in {"td", "th"}:
            self._table()[-1].append(said)

    def _table(self) -> list[list[str]]:
        (name,) = (name for tag, name, _ in self._open if tag == "table")
        return self.tables[name]

    def rows(self, name: str) -> list[dict[str, str]]:
        """
        Return the rows of a table, by heading.
        """
        heading, *rows = self.tables[f"{name}-table"]
        return [dict(zip(heading, row, strict=True)) for row in rows]


def read(page: str) -> Read:
    """
    Read a page, and insist that all that is opened is closed.
    """
    found = Read()
    found.feed(page)
    found.close()
    assert not found._open
    return found
