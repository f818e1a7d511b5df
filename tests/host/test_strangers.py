"""
Strangers' packages, really installed: the good ones work, and what is wrong with the others is theirs alone.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import pytest

from environments import Fresh, project

FROZEN: Final = Path(__file__).parents[1] / "frozen" / "marginbook_frozen.py"

GOOD: Final = """
from marginbook import Statement, Venue, hookimpl

{said}
def fetch(account, session):
    return Statement([])

@hookimpl
def {hook}():
    return [Venue(id={id!r}, title="Of a stranger", fetch=fetch, hosts={{"production": "https://acme.example"}})]
"""


def good(venue: str, *, hook: str = "marginbook_venues", said: str = "") -> str:
    return GOOD.format(id=venue, hook=hook, said=said)


#: What is installed, and what becomes of it.
PACKAGES: Final = {
    "stranger-good": (good("good"), "good"),
    "stranger-twin": (good("good"), "good"),
    "stranger-broken": ("import no_such_module", "broken"),
    "stranger-hooked": (good("hooked", hook="marginbook_venue"), "hooked"),
    "stranger-late": (good("late", said="MARGINBOOK_API = 99"), "late"),
    "stranger-old": (good("old", said="MARGINBOOK_API = 1"), "old"),
}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """
    An environment with all of them, and the frozen plugin.
    """
    folder = tmp_path_factory.mktemp("strangers")
    environment = Fresh.at(folder / "env")
    frozen = project(folder, "marginbook-frozen", FROZEN.read_text(encoding="utf-8"), "frozen")
    others = [project(folder, name, source, entry) for name, (source, entry) in PACKAGES.items()]
    environment.install(frozen, *others)
    return environment


def listed(fresh: Fresh) -> dict[str, Any]:
    status, out, err = fresh.run("marginbook", "venues", "--plugins", "--json")
    assert (0, "") == (status, err)
    return {plugin["distribution"]: plugin for plugin in json.loads(out)}


def test_each_plugin_is_listed_with_what_became_of_it(fresh: Fresh) -> None:
    """
    Distribution, version, version of the interface, status and error: of all that are installed.
    """
    found = listed(fresh)
    told = {name: (found[name]["status"], found[name]["api_version"], found[name]["venues"]) for name in PACKAGES}

    assert {
        "stranger-good": ("ok", None, ["good"]),
        "stranger-twin": ("failed", None, []),
        "stranger-broken": ("failed", None, []),
        "stranger-hooked": ("failed", None, []),
        "stranger-late": ("failed", 99, []),
        "stranger-old": ("ok", 1, ["old"]),
    } == told
    assert {"1.0"} == {found[name]["version"] for name in PACKAGES}
    assert {"ok"} == {plugin["status"] for name, plugin in found.items() if not name.startswith("stranger")}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "stranger-twin",
            "The venue 'good' is provided twice: by stranger_good (stranger-good 1.0), which keeps it, and",
        ),
        (
            "stranger-broken",
            "stranger_broken (stranger-broken 1.0) cannot be used: ModuleNotFoundError: No module named",
        ),
        ("stranger-hooked", "unknown hook 'marginbook_venue'"),
        ("stranger-late", "it was written for version 99 of the plugin interface, and this is version 2. Update marg"),
    ],
)
def test_what_is_wrong_is_named(name: str, expected: str, fresh: Fresh) -> None:
    """
    Both names where two are in each other's way, the reason, and what to do.
    """
    (problem,) = listed(fresh)[name]["problems"]

    assert expected in problem


def test_for_people(fresh: Fresh) -> None:
    """
    The same without JSON: a paragraph each.
    """
    status, out, _ = fresh.run("marginbook", "venues", "--plugins")

    assert 0 == status
    assert (
        "stranger_late (stranger-late 1.0)\n"
        "  status       failed\n"
        "  interface    version 99\n"
        "  entry points late\n"
        "  problem      stranger_late (stranger-late 1.0) cannot be used: it was written for version 99 of the plugin"
        " interface, and this is version 2. Update marginbook.\n"
    ) in out
    assert "  interface    no version said\n  venues       good\n" in out


def test_ids_and_plugins_are_two_questions(fresh: Fresh) -> None:
    """
    A list of plugins is not of some venues.
    """
    assert (2, "", "Error: Plugins are listed all together.\nLeave out the IDs, or --plugins.\n") == (
        fresh.run("marginbook", "venues", "good", "--plugins")
    )


def test_one_plugins_trouble_is_nobody_elses(fresh: Fresh, tmp_path: Path) -> None:
    """
    A report of good accounts is complete, and of the bad ones each has the reason.
    """
    names = ["good", "old", "broken", "late"]
    (tmp_path / "accounts.toml").write_text(
        "".join(f'[accounts.{name}]\nvenue = "{name}"\n' for name in names), encoding="utf-8"
    )
    status, out, _ = fresh.run("marginbook", "report", "--format", "json", cwd=tmp_path)
    report = json.loads(out)

    assert 1 == status
    assert {"broken": "plugin", "late": "plugin"} == {f["account"]: f["kind"] for f in report["failures"]}


def test_a_frozen_plugin_loads_for_ever(fresh: Fresh) -> None:
    """
    What was written for today's interface is played and asked with every later marginbook.
    """
    status, out, err = fresh.run("marginbook", "demo", "--format", "csv")
    (row,) = (line for line in out.splitlines() if line.startswith("frozen,"))

    assert "frozen,frozen,ok,USDT,1000.00,50.00,1050.00,,,,,930.00,,,,2025-11-20T01:00:08+00:00,equity," == row, err
    assert 0 == status
    assert ("ok", 2) == tuple(listed(fresh)["marginbook-frozen"][key] for key in ("status", "api_version"))


def test_the_frozen_plugin_is_frozen() -> None:
    """
    Whoever edits it to make it load has broken the plugins of strangers.
    """
    content = FROZEN.read_bytes().replace(b"\r\n", b"\n")

    assert "9fa7261f31660936" == hashlib.sha256(content).hexdigest()[:16]


#: Looks for one of many venues, and prints which plugins were imported before and after.
COUNT: Final = """
import sys
import marginbook as mb
from marginbook.registry import installed
registry = installed()
print(*sorted(name for name in sys.modules if name.startswith("many")))
registry.venue("many-7")
print(*sorted(name for name in sys.modules if name.startswith("many")))
"""


def many(fresh: Fresh, count: int) -> None:
    for number in range(count):
        name = f"many_{number}"
        (fresh.packages / f"{name}.py").write_text(good(f"many-{number}"), encoding="utf-8")
        info = fresh.packages / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: many-{number}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[marginbook]\nmany-{number} = {name}\n", encoding="utf-8")


def test_fifty_plugins_cost_nothing_until_they_are_named(tmp_path: Path) -> None:
    """
    None of them is imported before an account names it, and then it alone.
    """
    fresh = Fresh.at(tmp_path / "env")
    many(fresh, 50)
    (fresh.packages / "counting.py").write_text(COUNT, encoding="utf-8")
    status, out, err = fresh.run("counting")

    assert (0, "") == (status, err)
    assert ["", "many_7", ""] == out.split("\n")
