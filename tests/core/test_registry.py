"""
Finding plugins: real packages in a folder, found as installed ones are.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import EntryPoint
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

import pytest

import marginbook
from books import BOOK
from marginbook import ConfigurationError, PluginError, View
from marginbook.registry import Registry, installed

if TYPE_CHECKING:
    from tests.core.conftest import Plugins

HEAD: Final = """
from marginbook import Statement, Venue, hookimpl

def fetch(account, session):
    return Statement([])

def venue(id):
    return Venue(id=id, title="of " + __name__, fetch=fetch)
"""

OURS: Final = [
    "binance-coinm",
    "binance-pm",
    "binance-usdm",
    "bitget",
    "bitmex",
    "bybit",
    "coinswitch",
    "deribit",
    "fexgate",
    "gate",
    "hyperliquid",
    "kraken-futures",
    "kucoin-futures",
    "mexc",
    "okx",
]

#: Asks for one venue of everything that is installed, and prints what was imported for it.
ASK: Final = """
import json, sys
from marginbook.registry import installed
registry = installed()
answer = {arguments}
print(json.dumps(sorted(name for name in sys.modules if name.startswith(("acme", "zeta", "marginbook_")))))
"""


def offering(*venues: str) -> str:
    return f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    return [venue(id) for id in {venues!r}]\n"


def problems(registry: Registry) -> dict[str, tuple[str, ...]]:
    return {plugin.source.module: plugin.problems for plugin in registry.plugins() if plugin.problems}


def imported(plugins: Plugins, arguments: str) -> list[str]:
    done = plugins.run("-c", ASK.replace("{arguments}", arguments))
    assert "" == done.stderr
    return [name for name in json.loads(done.stdout) if "." not in name and name != "marginbook_clients"]


def refusal(registry: Registry, venue: str) -> PluginError:
    with pytest.raises(PluginError) as caught:
        registry.venue(venue)
    return caught.value


def test_ours_are_plugins_like_others(plugins: Plugins) -> None:
    """
    What comes with marginbook is found in the same way as a stranger's, and all of it works.
    """
    plugins.add("acme-plugin", "acme", source=offering("acme"))

    assert ["acme", *OURS] == [venue.id for venue in marginbook.venues()]
    assert {} == problems(installed({}))
    assert {"acme_plugin": True, "marginbook_binance.usdm": False} == {
        plugin.source.module: plugin.source.foreign
        for plugin in installed({}).plugins()
        if plugin.source.module in {"acme_plugin", "marginbook_binance.usdm"}
    }


@pytest.mark.parametrize("place", ["where it is", ""])
def test_a_plugin_that_is_installed_later(plugins: Plugins, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A process that runs for months finds it with its next report, in the folder that it works in as well.
    """
    monkeypatch.chdir(plugins.folder)
    monkeypatch.setattr(sys, "path", [place and str(plugins.folder), *sys.path[1:]])
    before = {plugin.source.module for plugin in installed({}).plugins()}
    module = plugins.add("acme-plugin", "acme", source=offering("acme"))
    # Clocks of file systems are coarse.
    later = plugins.folder.stat().st_mtime_ns + 1_000_000_000
    os.utime(plugins.folder, ns=(later, later))

    assert {module} == {plugin.source.module for plugin in installed({}).plugins()} - before


def test_a_plugin_that_is_no_module(plugins: Plugins) -> None:
    """
    An entry point may lead to any object that has hooks: also to one that has no hash.
    """
    hook = "class Plugin(dict):\n    @hookimpl\n    def marginbook_venues(self):\n        return [venue('acme')]\n"
    module = plugins.add("acme", source=f"{HEAD}\n{hook}\nplugin = Plugin()\n")
    registry = Registry([EntryPoint("acme", f"{module}:plugin", "marginbook")])

    assert "acme" == registry.venue("acme").id
    assert {} == problems(registry)


def test_a_venue_that_nobody_names_is_not_imported(plugins: Plugins) -> None:
    """
    A venue is looked for under the entry point of its name, and no other plugin is touched.
    """
    plugins.add("acme", "acme", source=offering("acme"))
    plugins.add("zeta", "zeta", source="raise RuntimeError")

    assert ["acme"] == imported(plugins, "registry.venue('acme')")
    assert ["marginbook_coinswitch"] == imported(plugins, "registry.venue('coinswitch')")
    assert [] == imported(plugins, "registry.rivals('acme')")
    assert [] == imported(plugins, "__import__('marginbook').load_accounts")


def test_a_plugin_is_imported_once(plugins: Plugins) -> None:
    """
    A plugin of two venues is one plugin, with two names.
    """
    plugins.add("acme", "acme-b", "acme-a", source=offering("acme-b", "acme-a"))
    registry = plugins.registry()

    assert ["acme-a", "acme-b"] == [venue.id for venue in registry.venues()]
    assert [("acme-a", "acme-b")] == [plugin.names for plugin in registry.plugins()]
    assert registry.venue("acme-a") is registry.venues()[0]
    assert registry.venue("acme-b") is registry.venues()[1]


def test_a_venue_under_another_name(plugins: Plugins) -> None:
    """
    A plugin whose entry point has not the name of its venue costs time, and is found.
    """
    plugins.add("zeta", "zeta", source=offering("zeta"))
    plugins.add("acme", "some-plugin", source=offering("acme"))

    assert "of acme" == plugins.registry().venue("acme").title


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("raise RuntimeError('no luck')", "RuntimeError: no luck. Update or uninstall acme-plugin."),
        ("raise RuntimeError", "RuntimeError. Update or uninstall acme-plugin."),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'. Update or uninstall"),
        ("import sys; sys.exit('bye')", "SystemExit: bye. Update or uninstall acme-plugin."),
        ("def f(:", "SyntaxError: "),
        (
            f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    raise ValueError('no luck')",
            "ValueError: no luck. Update or uninstall acme-plugin.",
        ),
        (
            f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    raise SystemExit(0)",
            "SystemExit: 0. Update or uninstall acme-plugin.",
        ),
        (
            f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    yield venue('acme')\n    raise ValueError('halfway')",
            "ValueError: halfway. Update or uninstall acme-plugin.",
        ),
        (
            f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    return venue('acme')",
            "TypeError: 'Venue' object is not iterable. Update or uninstall acme-plugin.",
        ),
        (
            f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    return [venue('Acme Inc.')]",
            "'Acme Inc.' cannot be the id of a venue. Use lower-case letters, digits and hyphens.",
        ),
        (f"{HEAD}\n@hookimpl\ndef marginbook_venue():\n    return []", "unknown hook 'marginbook_venue'"),
        (
            f"{HEAD}\n@hookimpl\ndef marginbook_venue():\n    return []",
            "The hooks are marginbook_outputs, marginbook_prices, marginbook_stages, marginbook_venues, and",
        ),
        (f"{HEAD}\n@hookimpl\ndef marginbook_venues(config):\n    return []", "Argument(s) {'config'} are declared"),
        (
            f"MARGINBOOK_API = 3\n{offering('acme')}",
            "it was written for version 3 of the plugin interface, and this is version 2. Update marginbook.",
        ),
        (f"MARGINBOOK_API = 'one'\n{offering('acme')}", "TypeError: '>' not supported between"),
    ],
)
def test_a_broken_plugin(plugins: Plugins, source: str, expected: str) -> None:
    """
    What is wrong with a plugin is said with its name and what to do, and the others stay.
    """
    plugins.add("acme-plugin", "acme", source=source, version="2.1")
    plugins.add("zeta", "zeta", source=offering("zeta"))
    registry = plugins.registry()
    error = refusal(registry, "acme")

    assert error.message.startswith("acme_plugin (acme-plugin 2.1) cannot be used: ")
    assert expected in error.message
    assert {"acme_plugin": (error.message,)} == problems(registry)
    assert {"acme_plugin": "failed", "zeta": "ok"} == {p.source.module: p.status for p in registry.plugins()}
    assert ["zeta"] == [venue.id for venue in registry.venues()]
    assert "of zeta" == registry.venue("zeta").title


@pytest.mark.parametrize(
    "source",
    [
        HEAD,
        f"{HEAD}\ndef marginbook_venues():\n    return [venue('acme')]",
        f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    [venue('acme')]",
        f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    return []",
        f"{HEAD}\n@hookimpl\ndef marginbook_stages():\n    return []",
    ],
    ids=["nothing", "unmarked", "returns nothing", "returns none of them", "stages alone"],
)
def test_a_plugin_that_offers_nothing(plugins: Plugins, source: str) -> None:
    """
    An entry point has the name of a venue, so who offers none has forgotten something, and is told what.
    """
    plugins.add("acme-plugin", "acme", source=source)
    plugins.add("zeta", "zeta", source=offering("zeta"))
    registry = plugins.registry()
    expected = (
        "acme_plugin (acme-plugin 1.0) has the entry point 'acme', and offers no venue: let its module have a function"
        " marginbook_venues that is marked with hookimpl and returns a list of them."
    )

    assert expected == refusal(registry, "acme").message
    assert {"acme_plugin": (expected,)} == problems(registry)
    assert {"acme_plugin": "failed", "zeta": "ok"} == {p.source.module: p.status for p in registry.plugins()}


def test_a_plugin_that_plays_anothers_venue(plugins: Plugins) -> None:
    """
    It names the venue as well, and offers none of its own: nothing is wrong with it.
    """
    plugins.add("acme", "acme", source=offering("acme"))
    plugins.add("zeta", "acme", source=f"{HEAD}\n@hookimpl\ndef marginbook_stages():\n    return []")
    registry = plugins.registry()

    assert {} == problems(registry)


def test_an_older_plugin(plugins: Plugins) -> None:
    """
    A plugin may say for which version of the interface it was made, and today's is the first.
    """
    plugins.add("acme", "acme", source=f"MARGINBOOK_API = {marginbook.API_VERSION}\n{offering('acme')}")

    assert "of acme" == plugins.registry().venue("acme").title


def test_what_is_no_venue(plugins: Plugins) -> None:
    """
    A plugin that offers something else beside a venue keeps the venue, and is reported.
    """
    source = f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    return [{{'id': 'acme-2'}}, venue('acme')]"
    plugins.add("acme", "acme", source=source)
    registry = plugins.registry()

    assert ["acme"] == [venue.id for venue in registry.venues()]
    assert {"acme": ("acme (acme 1.0) offers a dict as a venue. Update it.",)} == problems(registry)


def test_a_missing_module(plugins: Plugins) -> None:
    """
    An entry point that leads nowhere, as after half an uninstallation, is a broken plugin.
    """
    plugins.add("acme", "acme", source="")
    (plugins.folder / "acme.py").unlink()

    assert "ModuleNotFoundError: No module named 'acme'" in refusal(plugins.registry(), "acme").message


def test_ours_keep_their_venues(plugins: Plugins) -> None:
    """
    A stranger cannot take the venue of a plugin that comes with marginbook, and both are named.
    """
    plugins.add("acme", "coinswitch", "acme", source=offering("coinswitch", "acme"))
    registry = installed({})
    assert "CoinSwitch PRO futures" == registry.venue("coinswitch").title
    ((found,),) = problems(registry).values()

    assert ["acme", *OURS] == [venue.id for venue in registry.venues()]
    assert found.startswith("The venue 'coinswitch' is provided twice: by marginbook_coinswitch (marginbook ")
    assert found.endswith(", which keeps it, and by acme (acme 1.0). Uninstall one of them.")
    assert "marginbook_coinswitch (marginbook " in registry.rivals("coinswitch")
    assert registry.rivals("coinswitch").endswith(" and by acme (acme 1.0); the first was used. Uninstall the other.")


@pytest.mark.parametrize("order", list(permutations(["acme", "zeta", "yota"])))
def test_strangers_with_one_venue(plugins: Plugins, order: tuple[str, ...]) -> None:
    """
    Among strangers, the first in the alphabet has it, whoever was installed or asked first; the others are named.
    """
    for name in order:
        plugins.add(name, "disputed", f"{name}-own", source=offering("disputed", f"{name}-own"))
    registry = plugins.registry()
    for name in order:
        assert f"of {name}" == registry.venue(f"{name}-own").title

    assert "of acme" == registry.venue("disputed").title
    assert ["of acme"] == [venue.title for venue in registry.venues() if venue.id == "disputed"]
    twice = "The venue 'disputed' is provided twice: by acme (acme 1.0), which keeps it, and by"
    assert {name: (f"{twice} {name} ({name} 1.0). Uninstall one of them.",) for name in ("yota", "zeta")} == problems(
        registry
    )
    assert problems(registry) == problems(registry)


def test_a_venue_belongs_to_whom_it_is_named_after(plugins: Plugins) -> None:
    """
    Who names a venue in an entry point has it before who does not, or the answer would depend on what was imported.
    """
    plugins.add("acme", "acme", source=offering("acme", "disputed"))
    plugins.add("zeta", "disputed", source=offering("disputed"))
    registry = plugins.registry()

    assert "of zeta" == registry.venue("disputed").title
    assert "of acme" == registry.venue("acme").title
    assert "of zeta" == registry.venue("disputed").title
    assert ["acme"] == list(problems(registry))


def test_a_broken_rival_is_no_rival(plugins: Plugins) -> None:
    """
    Where the first in the alphabet cannot be loaded, the second has the venue.
    """
    plugins.add("acme", "disputed", source="raise RuntimeError")
    plugins.add("zeta", "disputed", source=offering("disputed"))

    assert "of zeta" == plugins.registry().venue("disputed").title


def test_one_venue_has_no_rivals(plugins: Plugins) -> None:
    """
    Rivals are those who name a venue, less those who are disabled.
    """
    plugins.add("acme", "disputed", source="")
    plugins.add("zeta", "disputed", source="")

    assert "" == plugins.registry().rivals("acme")
    assert "" == plugins.registry(disabled=["zeta"]).rivals("disputed")
    assert (
        "The venue 'disputed' is provided by acme (acme 1.0) and by zeta (zeta 1.0); the first was used. Uninstall the"
        " other." == plugins.registry().rivals("disputed")
    )


@pytest.mark.parametrize(
    ("disabled", "expected"),
    [
        ("", ["acme", "acme-2", *OURS, "zeta"]),
        ("acme", [*OURS, "zeta"]),
        ("acme-plugin", [*OURS, "zeta"]),
        (" acme-plugin ,zeta,,", OURS),
        ("*", OURS),
        ("coinswitch", ["acme", "acme-2", *(venue for venue in OURS if venue != "coinswitch"), "zeta"]),
        ("marginbook", ["acme", "acme-2", "zeta"]),
        ("marginbook,*", []),
        ("nobody", ["acme", "acme-2", *OURS, "zeta"]),
    ],
)
def test_disabling(plugins: Plugins, disabled: str, expected: list[str]) -> None:
    """
    A plugin is left alone by the name of a venue, of its distribution, or with all strangers: it is not even imported.
    """
    plugins.add("acme-plugin", "acme", "acme-2", source=offering("acme", "acme-2"))
    plugins.add("zeta", "zeta", source=offering("zeta"))
    registry = installed({"MARGINBOOK_DISABLE_PLUGINS": disabled})

    assert expected == [venue.id for venue in registry.venues()]
    assert ("acme" in expected) is ("acme_plugin" in sys.modules)
    assert ("ok" if "acme" in expected else "disabled") == next(
        plugin.status for plugin in registry.plugins() if plugin.source.module == "acme_plugin"
    )


def test_a_disabled_venue_is_unknown(plugins: Plugins) -> None:
    """
    Who asks for it is told what there is.
    """
    plugins.add("acme", "acme", source=offering("acme"))
    with pytest.raises(ConfigurationError, match=r"There is no venue 'acme'\. There are none\. "):
        plugins.registry(disabled=["acme"]).venue("acme")


@pytest.mark.parametrize("strict", ["1", "yes"])
def test_strict_mode(plugins: Plugins, strict: str) -> None:
    """
    In strict mode the first problem is an error; a plugin that nobody asked for is none.
    """
    plugins.add("acme", "acme", source="raise RuntimeError('no luck')")
    registry = installed({"MARGINBOOK_STRICT_PLUGINS": strict})

    assert "CoinSwitch PRO futures" == registry.venue("coinswitch").title
    with pytest.raises(PluginError, match="no luck"):
        registry.venues()
    with pytest.raises(PluginError, match="no luck"):
        installed({"MARGINBOOK_STRICT_PLUGINS": strict}).venue("acme")


def test_strict_mode_remembers(plugins: Plugins) -> None:
    """
    An error that was raised and caught is raised again for who asks for the venue again.
    """
    plugins.add("acme", "acme", source=f"{HEAD}\n@hookimpl\ndef marginbook_venues():\n    return [venue('acme'), 5]")
    registry = plugins.registry(strict=True)

    assert str(refusal(registry, "acme")) == str(refusal(registry, "acme"))


@pytest.mark.parametrize("strict", ["", "0"])
def test_lenient_mode(plugins: Plugins, strict: str) -> None:
    """
    Otherwise a problem is kept, and the rest goes on.
    """
    plugins.add("acme", "acme", source="raise RuntimeError('no luck')")

    assert OURS == [venue.id for venue in installed({"MARGINBOOK_STRICT_PLUGINS": strict}).venues()]


def test_strict_mode_refuses_rivals(plugins: Plugins) -> None:
    """
    Two plugins with one venue are a problem, which strict mode does not decide.
    """
    plugins.add("acme", "disputed", source=offering("disputed"))
    plugins.add("zeta", "disputed", source=offering("disputed"))

    with pytest.raises(PluginError, match="is provided twice"):
        plugins.registry(strict=True).venues()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("binance-usd", "There is no venue 'binance-usd'. Did you mean binance-usdm? 'marginbook venues' lists them"),
        ("coinswich", "There is no venue 'coinswich'. Did you mean coinswitch?"),
        ("kraken", "There is no venue 'kraken'. Did you mean kraken-futures?"),
        ("coinbase", f"There is no venue 'coinbase'. There are {', '.join(OURS)}."),
        ("", "There is no venue ''. There are "),
        ("secret" * 50, "There is no venue 'secretsecretsecretsecretsecretsecretsec. There are "),
    ],
)
def test_unknown_venues(asked: str, expected: str) -> None:
    """
    What was asked for, and the nearest that there is.
    """
    with pytest.raises(ConfigurationError) as caught:
        installed({}).venue(asked)

    assert expected in str(caught.value)
    assert "and plugins that failed." in caught.value.hint


def test_a_plugin_without_metadata(plugins: Plugins) -> None:
    """
    An entry point that belongs to no distribution is called after its module.
    """
    plugins.add("acme", "acme", source="raise RuntimeError")
    registry = Registry([EntryPoint("acme", "acme", "marginbook")])

    assert refusal(registry, "acme").message.endswith(" cannot be used: RuntimeError. Update or uninstall acme.")


def test_stages(plugins: Plugins) -> None:
    """
    The sandbox's parts are those of every plugin that loads; one that stumbles has none, and is reported.
    """
    hook = "\n@hookimpl\ndef marginbook_stages():\n"
    plugins.add("acme", "acme", source=f"{offering('acme')}{hook}    return ['a part']")
    plugins.add("yota", "yota", source=f"{offering('yota')}{hook}    raise ValueError('no luck')")
    plugins.add("zeta", "zeta", source="raise RuntimeError")
    registry = plugins.registry()
    parts: Any = registry.stages()

    assert ("a part",) == parts
    assert ("yota (yota 1.0) cannot be used: ValueError: no luck. Update or uninstall yota.",) == (
        problems(registry)["yota"]
    )


OUTPUT: Final = """
from marginbook import ConfigurationError, Output, hookimpl

def write(view):
    return "text"

def output(name, **parts):
    return Output(**{"name": name, "title": "of " + __name__, "write": write, **parts})

@hookimpl
def marginbook_outputs():
    return """

FORMS: Final = ["table", "json", "jsonl", "csv", "parquet", "excel", "beancount", "prometheus", "expect", "html"]


def test_outputs(plugins: Plugins) -> None:
    """
    The forms of every plugin that loads are found, ours first.
    """
    plugins.add("acme", "output.acme", source=f"{OUTPUT}[output('acme')]")
    found = installed({})

    assert [*FORMS, "acme"] == list(found.outputs())
    assert ("of acme", "text") == (found.output("acme").title, found.output("acme").write(View(BOOK)))
    assert {} == problems(found)


def test_an_output_that_nobody_names_is_not_imported(plugins: Plugins) -> None:
    """
    A form is looked for under the entry point of its name; the end of a file's name among the plugins with forms.
    """
    plugins.add("acme", "output.acme", source=f"{OUTPUT}[output('acme', suffixes=['.acme'])]")
    plugins.add("zeta", "zeta", source="raise RuntimeError")

    assert ["acme"] == imported(plugins, "registry.output('acme')")
    assert [] == imported(plugins, "registry.output('json')")
    assert ["acme"] == imported(plugins, "registry.output_for('report.acme')")


def test_an_output_under_another_name(plugins: Plugins) -> None:
    """
    A plugin whose entry point has not the name of its form costs time, and is found by the form's name.
    """
    plugins.add("acme", "something", source=f"{OUTPUT}[output('acme')]")

    assert "of acme" == plugins.registry().output("acme").title


SPELL: Final = "Use lower-case letters, digits and hyphens."


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "raise RuntimeError('no luck')",
            "acme (acme 1.0) cannot be used: RuntimeError: no luck. Update or uninstall acme.",
        ),
        (
            f"{OUTPUT}1 / 0",
            "acme (acme 1.0) cannot be used: ZeroDivisionError: division by zero. Update or uninstall acme.",
        ),
        (
            f"{OUTPUT}[output('A b')]",
            f"acme (acme 1.0) cannot be used: 'A b' cannot be the name of an output. {SPELL}",
        ),
        (f"{OUTPUT}['acme']", "acme (acme 1.0) offers a str as an output. Update it."),
    ],
)
def test_broken_outputs(plugins: Plugins, source: str, expected: str) -> None:
    """
    A plugin that cannot offer its form is named once to who asks for it, and costs nobody else's.
    """
    plugins.add("acme", "output.acme", source=source)
    plugins.add("zeta", "output.zeta", source=f"{OUTPUT}[output('zeta')]")
    registry = plugins.registry()
    with pytest.raises(PluginError) as caught:
        registry.output("acme")

    assert expected == str(caught.value)
    assert ["zeta"] == list(registry.outputs())
    assert {"acme": (expected,)} == problems(registry)


def test_unknown_outputs(plugins: Plugins) -> None:
    """
    What was asked for, and what there is.
    """
    plugins.add("acme", "output.acme", source=f"{OUTPUT}[output('acme', suffixes=['.a', '.tar.a'])]")
    with pytest.raises(ConfigurationError, match=r"There is no output 'xml'. There are acme\."):
        plugins.registry().output("xml")
    with pytest.raises(ConfigurationError, match=r"The name of x.b does not tell .* one of \.a, \.tar\.a\."):
        plugins.registry().output_for("x.b")


LEAVE: Final = "Uninstall one of them."


def test_two_plugins_with_one_output(plugins: Plugins) -> None:
    """
    The first keeps it, and the other is told, with both names; a plugin may have two entry points for its forms.
    """
    plugins.add("acme", "output.one", "output.two", source=f"{OUTPUT}[output('one'), output('two')]")
    plugins.add("zeta", "output.two", source=f"{OUTPUT}[output('two'), output('three')]")
    registry = plugins.registry()

    assert ["one", "two", "three"] == list(registry.outputs())
    assert "of acme" == registry.output("two").title
    assert {
        "zeta": (
            f"The output 'two' is provided twice: by acme (acme 1.0), which keeps it, and by zeta (zeta 1.0). {LEAVE}",
        )
    } == problems(registry)
    with pytest.raises(PluginError, match="is provided twice"):
        plugins.registry(strict=True).outputs()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("1 / 0", "The output 'acme' of acme (acme 1.0) failed: ZeroDivisionError: division by zero."),
        ("raise SystemExit", "The output 'acme' of acme (acme 1.0) failed: SystemExit."),
        (
            "return 5",
            "The output 'acme' of acme (acme 1.0) failed: TypeError: it made a int, which is neither text nor bytes.",
        ),
    ],
)
def test_outputs_that_stumble(plugins: Plugins, body: str, expected: str) -> None:
    """
    What a form raises is told as its plugin's, with its name and no traceback.
    """
    plugins.add("acme", "output.acme", source=OUTPUT.replace('return "text"', body) + "[output('acme')]")
    with pytest.raises(PluginError) as caught:
        plugins.registry().output("acme").write(View(BOOK))

    assert (expected, "Update or uninstall acme.") == (caught.value.message, caught.value.hint)


def test_what_outputs_say_themselves(plugins: Plugins) -> None:
    """
    An error of ours passes as it is, and so does what happens to standard output; the rest is the plugin's.
    """
    source = f"""
def refuse(*_):
    raise ConfigurationError("It needs acme.")

def full(*_):
    raise OSError(28, "full")

def fail(*_):
    raise ValueError("no luck")
{OUTPUT}[
    output("a", write=refuse, show=refuse, check=refuse), output("b", show=full), output("c", show=fail, check=fail),
    output("d"),
]
"""
    plugins.add("acme", "output.a", source=source)
    outputs: Any = plugins.registry().outputs()
    a, b, c, d = outputs.values()

    assert [None, None] == [d.show, d.check]
    for call in (lambda: a.write(View(BOOK)), lambda: a.show(View(BOOK)), a.check):
        with pytest.raises(ConfigurationError, match="It needs acme"):
            call()
    with pytest.raises(OSError, match="full"):
        b.show(View(BOOK))
    for call in (lambda: c.show(View(BOOK)), c.check):
        with pytest.raises(PluginError, match=r"The output 'c' of acme .* failed: ValueError: no luck"):
            call()


def test_disabled_outputs(plugins: Plugins) -> None:
    """
    A form can be disabled by the name of its entry point, as a venue can.
    """
    plugins.add("acme", "output.acme", source=f"{OUTPUT}[output('acme')]")

    assert FORMS == list(installed({"MARGINBOOK_DISABLE_PLUGINS": "output.acme"}).outputs())


PRICES: Final = """
from marginbook import PriceSource, hookimpl

def source(name):
    return PriceSource(id=name, title="of " + name, fetch=lambda base_url, session: [], hosts={"x": "https://x.example"})

@hookimpl
def marginbook_prices():
    return """


WHO: Final = "by acme (acme 1.0), which keeps it, and by other (other 1.0). Uninstall one of them"


def test_sources_of_prices(plugins: Plugins) -> None:
    """
    They are found by the names of entry points; what is none, or there already, is told and left out.
    """
    plugins.add("acme", "prices.acme", source=f"{PRICES}[source('acme'), 'gold']")
    plugins.add("other", "prices.other", source=f"{PRICES}[source('acme'), source('other')]")
    plugins.add("third", "third", source=f"{PRICES}[source('third')]")
    found = plugins.registry()

    assert ["acme", "other"] == list(found.price_sources())
    assert {
        "acme": ("acme (acme 1.0) offers a str as a source of prices. Update it.",),
        "other": (f"The source of prices 'acme' is provided twice: {WHO}.",),
    } == problems(found)
