"""
What ``docs/history.md`` says can be done.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from histories import Place, make_full_report
from marginbook import open_store
from marginbook.history.tables import METADATA

if TYPE_CHECKING:
    import pytest

    from marginbook.sandbox import Sandbox

PAGE = (Path(__file__).parents[3] / "docs" / "history.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found


def test_the_page(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Each command does what it is for, in the order of the page, and so does the script.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MARGINBOOK_HISTORY", str(tmp_path / "history.sqlite"))
    Path("accounts.toml").write_text(sandbox.accounts_file(), encoding="utf-8")
    commands = [shlex.split(line.removeprefix("$ ")) for block in blocks("console") for line in block.splitlines()]
    printed = {}
    for name, *words in commands:
        assert "marginbook" == name
        done = subprocess.run([sys.executable, "-m", name, *words], capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
        printed[" ".join(words)] = done.stdout

    assert "Snapshot 1: the same, byte for byte.\n" == printed["replay latest"]
    (script,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    digest, total, *points = done.stdout.splitlines()
    assert (64, 2) == (len(digest), len(points))
    assert total
    assert points[0].split(" ok ")[1] == points[1].split(" ok ")[1]


def test_the_query(place: Place) -> None:
    """
    The query of the page works in both databases.
    """
    with open_store(place.name) as store:
        store.save(make_full_report())
    (query,) = blocks("sql")

    assert [] == place.run(query)
    assert 1 == len(place.run(query.replace("s.complete", "NOT s.complete")))


def test_every_table_is_mentioned() -> None:
    """
    Whoever reads the database knows what each table is.
    """
    assert [] == [name for name in METADATA.tables if f"`{name}`" not in PAGE and name != "marginbook_history"]
