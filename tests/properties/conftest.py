"""
A venue that says what a test wants it to say.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from marginbook import MarginbookError, Statement

SOURCE: Final = """
from marginbook import Venue, hookimpl

OUTCOMES = {}

def fetch(account, session):
    outcome = OUTCOMES[account.name]
    if isinstance(outcome, Exception):
        raise outcome
    return outcome

@hookimpl
def marginbook_venues():
    return [Venue(id="stated", title="Stated", fetch=fetch, hosts={"x": "https://stated.example"})]
"""


@frozen
class Stated:
    """
    The venue, installed.
    """

    module: Any
    venue: str = "stated"

    def says(self, outcomes: Mapping[str, Statement | MarginbookError]) -> None:
        """
        Let it say this of each account from now on.
        """
        self.module.OUTCOMES = outcomes


@pytest.fixture(scope="session")
def _site(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("site")
    metadata = folder / "stated-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stated\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[marginbook]\nstated = stated\n")
    (folder / "stated.py").write_text(SOURCE)
    return str(folder)


@pytest.fixture
def stated(_site: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stated]:
    """
    The venue, for as long as a test takes.
    """
    monkeypatch.syspath_prepend(_site)
    importlib.invalidate_caches()
    yield Stated(importlib.import_module("stated"))
    del sys.modules["stated"]
