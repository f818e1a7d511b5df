"""
The page on reconciliation says what the program does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from marginbook import Expectation, load_expected
from marginbook.registry import installed
from marginbook.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = (Path(__file__).resolve().parents[1] / "docs" / "reconciliation.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """
    A folder with an accounts file, whose venues answer.

    They are three that tell a wallet balance of each row: at others, there are accounts that a difference has to flag.
    """
    monkeypatch.chdir(tmp_path)
    venues = {"binance-usdm", "coinswitch", "fexgate"}
    with Sandbox([stage for stage in installed().stages() if stage.venue in venues]) as sandbox:
        Path("accounts.toml").write_text(sandbox.accounts_file(), encoding="utf-8")
        yield tmp_path


def shell(lines: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["/bin/sh", "-ec", lines], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )


@pytest.mark.usefixtures("folder")
def test_commands_and_snippets(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Each command and each snippet runs, one after another, and ends as the page says.
    """
    changed, expected, near = map(shell, blocks("sh"))

    assert (0, "From ") == (changed.returncode, changed.stdout[:5])
    assert 0 == expected.returncode
    assert re.fullmatch(r"Reconciled: ([0-9]+) of \1 figures agree\.", expected.stderr.splitlines()[-1])
    assert (1, "Alerts: ") == (near.returncode, near.stderr.splitlines()[-1][:8])

    names: dict[str, Any] = {}
    for snippet in blocks("python"):
        exec(compile(snippet, "reconciliation.md", "exec"), names)  # noqa: S102  # it is ours
    printed = capsys.readouterr().out

    assert "fexgate BUSD 500.00000000 0E-8 None 500.00000000\n" in printed
    assert "unknown fexgate BUSD None margin_ratio is not known.\n" in printed


def test_files(tmp_path: Path) -> None:
    """
    Both files of expected balances can be read, and say what the page says of them.
    """
    (toml,), (csv,) = blocks("toml"), blocks("csv")
    (tmp_path / "expected.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "expected.csv").write_text(csv, encoding="utf-8")
    first = Expectation(
        account="desk-a",
        asset="USDT",
        figures={"wallet_balance": "100250.50", "max_withdraw": "99000"},
        tolerance="0.5",
    )

    assert first == load_expected(tmp_path / "expected.toml").rows[0]
    assert load_expected(tmp_path / "expected.toml") == load_expected(tmp_path / "expected.csv")
