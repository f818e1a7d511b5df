"""
The ten venues, held against what the scaffold writes: the same modules, which do the same for each other.
"""

from __future__ import annotations

import ast
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from marginbook import Venue
from marginbook.registry import installed
from marginbook.scaffolding import new_venue
from marginbook.testing import VenueConformance
from words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]

TEN: Final = sorted(WORDS)

#: What a venue has no use for, and why.
WITHOUT: Final = {"hyperliquid": {"keys": "An account is public: there is no key."}}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A package as the scaffold writes it.
    """
    row = {"type": "object", "properties": {"coin": {"type": "string"}}}
    answer = {"description": "ok", "content": {"application/json": {"schema": {"type": "array", "items": row}}}}
    spec = {
        "openapi": "3.0.3",
        "info": {"title": "Acme", "version": "1"},
        "paths": {"/rows": {"get": {"operationId": "getRows", "responses": {"200": answer}}}},
    }
    folder = tmp_path_factory.mktemp("scaffold")
    path = folder / "acme.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    return new_venue("acme", path, folder)


def package(name: str) -> Path:
    return ROOT / "plugins" / f"marginbook_{name.replace('-', '_')}"


def modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py")}


def defined(path: Path) -> set[str]:
    """
    The names that a module defines for others.
    """
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return found


def lent(folder: Path) -> Iterator[tuple[str, str]]:
    """
    What the modules of a package take from each other: a module, and a name in it.
    """
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{folder.name}."):
                module = (node.module or "").removeprefix(f"{folder.name}.")
                yield from ((module, alias.name) for alias in node.names if "." not in module)


@pytest.mark.parametrize("name", TEN)
def test_the_modules_of_a_venue(name: str, written: Path) -> None:
    """
    Each venue has every module of the scaffold, and says what it has no use for.
    """
    scaffold = written / "src/marginbook_acme"
    lacking = modules(scaffold) - modules(package(name))

    assert {"__init__", "codes", "keys", "stage", "venue"} == modules(scaffold)
    assert WITHOUT.get(name, {}).keys() == lacking
    assert (scaffold / "py.typed").exists()
    assert (package(name) / "py.typed").exists()


@pytest.mark.parametrize("name", TEN)
def test_what_modules_do_for_each_other(name: str, written: Path) -> None:
    """
    What the scaffold's modules take from each other is in the venue's module of the same name.
    """
    roles = set(lent(written / "src/marginbook_acme"))
    missing = {
        (module, word)
        for module, word in roles - {("venue", "VENUE")}
        if module not in WITHOUT.get(name, {}) and word not in defined(package(name) / f"{module}.py")
    }

    assert {("codes", "explain"), ("keys", "CREDENTIALS"), ("keys", "sign"), ("stage", "stages")} < roles
    assert set() == missing
    assert {"marginbook_venues", "marginbook_stages"} <= defined(package(name) / "__init__.py")


@pytest.mark.parametrize("name", TEN)
def test_where_a_venue_is_described(name: str) -> None:
    """
    The description is a constant of ``venue``, and its parts are those of the other modules.
    """
    word = f"marginbook_{name.replace('-', '_')}"
    venue = installed().venue(name)
    described = [value for value in vars(import_module(f"{word}.venue")).values() if isinstance(value, Venue)]

    assert [venue] == described
    assert venue.explain is import_module(f"{word}.codes").explain
    assert venue.fetch.__module__ == f"{word}.venue"
    if "keys" in WITHOUT.get(name, {}):
        assert (None, ()) == (venue.sign, venue.credentials)
    else:
        keys = import_module(f"{word}.keys")
        assert (keys.sign, keys.CREDENTIALS) == (venue.sign, venue.credentials)


@pytest.mark.parametrize("name", TEN)
def test_what_goes_with_a_venue(name: str, written: Path) -> None:
    """
    What the scaffold puts around a package is there: a specification, a client made from it, and the suite.
    """
    word = name.replace("-", "_")

    assert (written / "specs/acme.openapi.yaml").exists()
    assert (ROOT / f"specs/{word}.openapi.yaml").exists()
    assert (written / "src/marginbook_acme/client/specification.py").exists()
    assert (ROOT / f"generated/marginbook_clients/{word}/specification.py").exists()
    assert (written / "tests/test_conformance.py").exists()
    assert name in _suite(word)


def _suite(word: str) -> set[str]:
    """
    The venues that a file of the tests holds to the suite.
    """
    found = set()
    for node in ast.parse((ROOT / f"tests/conformance/test_{word}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and VenueConformance.__name__ in map(ast.unparse, node.bases):
            found |= {
                line.value.value
                for line in node.body
                if isinstance(line, ast.Assign)
                and ast.unparse(line.targets[0]) == "venue"
                and isinstance(line.value, ast.Constant)
            }
    return {str(venue) for venue in found}
