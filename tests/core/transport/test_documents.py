"""
Recorded bodies in the place of a venue.
"""

from __future__ import annotations

import pytest

from marginbook import ConfigurationError
from marginbook.transport import Deadline, Documents, Session


def session(documents: dict[str, bytes]) -> Session:
    return Session(Documents(documents), Deadline(5))


def test_bodies_by_path() -> None:
    """
    Each path has its body, whatever the host and the query.
    """
    asked = session({"/a": b"[1]", "/b/c": b""})

    assert (200, b"[1]") == ((response := asked.get("https://venue.invalid/a?x=1")).status_code, response.content)
    assert "https://venue.invalid/a?x=1" == response.url
    assert b"" == asked.get("http://other.invalid:80/b/c").content
    asked.close()


def test_what_was_refused() -> None:
    """
    A status before the path is that of the answer.
    """
    asked = session({"/a": b"[1]", "400 /b?x=1": b"no"})

    assert (400, b"no") == ((response := asked.get("https://venue.invalid/b?x=1")).status_code, response.content)
    assert 200 == asked.get("https://venue.invalid/a").status_code
    asked.close()


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ({"/a": b"", "/b": b""}, "/c was asked for, and there is no body of it. There are bodies of /a, /b."),
        ({}, "/c was asked for, and there is no body of it. There are bodies of nothing."),
    ],
)
def test_missing_bodies(documents: dict[str, bytes], expected: str) -> None:
    """
    The path that was asked for, and those that there are.
    """
    with pytest.raises(ConfigurationError) as caught:
        session(documents).get("https://venue.invalid/c?signature=canary")

    assert expected == str(caught.value)
