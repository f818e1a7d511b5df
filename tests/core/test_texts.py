"""
Texts for people.
"""

from __future__ import annotations

import pytest

from marginbook.texts import few, readable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("caf\u00e9 \u20ac \u6f22", "caf\u00e9 \u20ac \u6f22"),
        ("two\nlines", "two\nlines"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\tb\r\nc", "a\\tb\\r\nc"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("lone \ud800", "lone \\ud800"),
        ('it\'s "so" \\ \x00', 'it\'s "so" \\ \\x00'),
    ],
)
def test_what_cannot_be_printed_is_spelled_out(text: str, expected: str) -> None:
    """
    All the rest stays as it is, line breaks too.
    """
    assert expected == readable(text)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, ""), (1, "a"), (5, "a, b, c, d, e"), (6, "a, b, c, d, e and 1 more"), (7, "a, b, c, d, e and 2 more")],
)
def test_of_many_names_the_first_are_shown(count: int, expected: str) -> None:
    """
    Five names are a line; the others are counted.
    """
    assert expected == few("abcdefg"[:count])
    assert expected == few(list("abcdefg"[:count]))
