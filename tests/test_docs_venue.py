"""
The guide for authors, followed from its first line to its last.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from environments import Fresh

GUIDE: Final = (Path(__file__).parents[1] / "docs" / "write-a-venue.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fresh, Path, str]:
    """
    What the guide makes: an environment, the package, and what its tests said before anything was filled in.
    """
    folder = tmp_path_factory.mktemp("guide")
    (document,) = blocks("yaml")
    (folder / "nimbus.yaml").write_text(document, encoding="utf-8")
    fresh = Fresh.at(folder / "env")
    command = next(line for block in blocks("sh") for line in block.splitlines() if "new-venue" in line)
    status, _, err = fresh.run(*command.split(), cwd=folder)
    assert (0, "") == (status, err)
    package = folder / "marginbook-nimbus"
    fresh.install(package)
    said = fresh.run("pytest", "-q", "-p", "no:cacheprovider", "-m", "offline", cwd=package)[1]
    for source in blocks("python"):
        (path,) = re.findall(r"^# file: src/(.*)$", source, re.MULTILINE)
        assert (package / "src" / path).exists()
        (package / "src" / path).write_text(source, encoding="utf-8")
    fresh.install(package)
    return fresh, package, said


def test_the_tests_say_what_to_do(followed: tuple[Fresh, Path, str]) -> None:
    """
    Before anything is filled in, the figures and the fields are named.
    """
    _, _, said = followed

    assert "wallet_balance: neither in Venue.fills, with its source, nor in Venue.unknown, with the reason." in said
    assert "The field data.upl (/v2/wallets?type=futures data[0].upl of nimbus) makes no difference" in said
    assert re.search(r"\b2 failed", said), said


def test_the_suite_passes(followed: tuple[Fresh, Path, str]) -> None:
    """
    With what the guide fills in, everything passes.
    """
    fresh, package, _ = followed
    status, out, _ = fresh.run("pytest", "-q", "-p", "no:cacheprovider", cwd=package)

    assert 0 == status, out


def test_the_command_writes_the_client_anew(followed: tuple[Fresh, Path, str]) -> None:
    """
    The guide's command leaves the client as it is while the specification is.
    """
    fresh, package, _ = followed
    (command,) = re.findall(r"`python -m (marginbook\.scaffolding\.client [^`]*)`", GUIDE)
    before = {path: path.read_bytes() for path in package.glob("src/*/client/**/*.py")}
    status, _, err = fresh.run(*command.split(), cwd=package)

    assert (0, "") == (status, err)
    assert before == {path: path.read_bytes() for path in package.glob("src/*/client/**/*.py")}


def test_the_venue_is_listed_and_played(followed: tuple[Fresh, Path, str]) -> None:
    """
    It is a venue like others.
    """
    fresh, _, _ = followed
    listed = fresh.run("marginbook", "venues", "nimbus")[1]
    shown = fresh.run("marginbook", "demo", "--format", "csv")[1]
    (_, row) = (line for line in shown.splitlines() if line.startswith("nimbus,"))

    assert "nimbus: Nimbus futures (from marginbook_nimbus (marginbook-nimbus 0.1.0))" in listed
    assert row.startswith("nimbus,nimbus,ok,USDT,2500.125,-312.50,2187.625,394.75,400.00,-5.25,80.00,1792.875,")
