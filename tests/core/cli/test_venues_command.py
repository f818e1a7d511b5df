"""
``marginbook venues``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner, Result

from marginbook.cli import main

if TYPE_CHECKING:
    from tests.core.conftest import Plugins

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


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(main, ["venues", *arguments], env=environ)


def test_all_venues() -> None:
    """
    Each venue with what it needs and offers, and where it comes from.
    """
    done = run()

    assert (0, "") == (done.exit_code, done.stderr)
    for word in (*OURS, "Binance USDⓈ-M futures", "api_key, api_secret", "recv_window", "base_url", "(marginbook 0."):
        assert word in done.stdout


def test_one_venue() -> None:
    """
    Everything about a venue: how to fill in an accounts file, and what its figures are.
    """
    done = run("fexgate")

    assert done.stdout.startswith("fexgate: fexgate, a gateway to futures exchanges (from ")
    for line in (
        "  api_secret  The gateway's secret, which is sent with every request.",
        "  base_url              A URL such as https://host or https://host/path. Required.",
        "  path_prefix           What stands before /v1 in the gateway's paths: /fexgate, /api, or nothing. ",
        "  max_withdraw          `maxWithdrawAmount`",
        "  maintenance_margin  No part of the answer.",
    ):
        assert line in done.stdout
    assert "Hosts:" not in done.stdout


def test_choices_and_hosts() -> None:
    """
    What an option may be, and the environments by name.
    """
    done = run("binance-usdm", "coinswitch")

    assert 'Version of the balance endpoint. One of v3, v2. Default: "v3".' in done.stdout
    assert "  demo        https://demo-fapi.binance.com" in done.stdout
    assert "coinswitch: CoinSwitch PRO futures" in done.stdout


def test_json() -> None:
    """
    The same for programs.
    """
    found: list[dict[str, Any]] = json.loads(run("--json").stdout)
    (fexgate,) = json.loads(run("--json", "fexgate").stdout)

    assert OURS == [venue["id"] for venue in found]
    assert fexgate == found[OURS.index("fexgate")]
    assert "marginbook" == fexgate["package"]
    assert {
        "name": "exchange",
        "type": "str",
        "help": "The gateway's name of the exchange, such as fbinance.",
        "default": None,
        "required": True,
        "choices": [],
    } in fexgate["options"]
    assert ["api_key", "api_secret"] == [credential["name"] for credential in fexgate["credentials"]]
    assert "`balance`" == fexgate["fields"]["wallet_balance"]
    assert "No part of the answer." == fexgate["unknown"]["maintenance_margin"]


def test_unknown_venues() -> None:
    """
    What was not found, and what there is.
    """
    done = run("kraken", "fexgate", "acme")

    assert (2, "") == (done.exit_code, done.stdout)
    assert f"Error: There is no venue acme, kraken.\nThere are {', '.join(OURS)}.\n" == done.stderr


def test_broken_plugins(plugins: Plugins) -> None:
    """
    A plugin that cannot be used is on standard error, with the reason; the others are listed.
    """
    plugins.add("acme", "acme", source="raise RuntimeError('no luck')")
    done = run("--json")

    assert 0 == done.exit_code
    assert OURS == [venue["id"] for venue in json.loads(done.stdout)]
    assert "acme (acme 1.0) cannot be used: RuntimeError: no luck. Update or uninstall acme.\n" == done.stderr


def test_strict_mode(plugins: Plugins) -> None:
    """
    In strict mode it is an error.
    """
    plugins.add("acme", "acme", source="raise RuntimeError('no luck')")
    done = run(MARGINBOOK_STRICT_PLUGINS="1")

    assert (2, "") == (done.exit_code, done.stdout)
    assert "Error: acme (acme 1.0) cannot be used: RuntimeError: no luck. Update or uninstall acme.\n" == done.stderr


def test_disabled_plugins() -> None:
    """
    What is disabled is not listed.
    """
    found = json.loads(run("--json", MARGINBOOK_DISABLE_PLUGINS="coinswitch").stdout)

    assert [venue for venue in OURS if venue != "coinswitch"] == [venue["id"] for venue in found]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("arguments", [[], ["--json"], ["binance-usdm"]])
def test_other_encodings(plugins: Plugins, encoding: str, arguments: list[str]) -> None:
    """
    A title that the output cannot spell does not cost the list.
    """
    done = plugins.run("-m", "marginbook", "venues", *arguments, PYTHONIOENCODING=encoding)

    assert (0, "") == (done.returncode, done.stderr)
    assert "binance-usdm" in done.stdout


def test_plugins(plugins: Plugins) -> None:
    """
    Each plugin with what became of it, for people and for programs. What is wrong belongs to the answer.
    """
    plugins.add("acme", "acme", source="MARGINBOOK_API = 99")
    plugins.add(
        "zeta",
        "zeta",
        source="from marginbook import Statement, Venue, hookimpl\n@hookimpl\ndef marginbook_venues():\n"
        "    return [Venue(id='zeta', title='Zeta', fetch=lambda account, session: Statement([]))]\n",
    )
    told, listed = run("--plugins"), run("--plugins", "--json")
    entries = {entry["distribution"]: entry for entry in json.loads(listed.stdout)}

    assert (0, "", 0, "") == (told.exit_code, told.stderr, listed.exit_code, listed.stderr)
    assert (
        "acme (acme 1.0)\n  status       failed\n  interface    version 99\n  entry points acme\n  problem      "
        in (told.stdout)
    )
    assert (
        "zeta (zeta 1.0)\n  status       ok\n  interface    no version said\n  venues       zeta\n  entry points zeta\n"
        in told.stdout
    )
    assert ("failed", 99, ["acme"], [], "1.0", "acme") == tuple(
        entries["acme"][key] for key in ("status", "api_version", "entry_points", "venues", "version", "module")
    )
    assert ["Update marginbook."] == [problem[-18:] for problem in entries["acme"]["problems"]]


def test_a_venue_whose_plugin_cannot_be_used(plugins: Plugins) -> None:
    """
    Who asks for it is told why it is not there, before what there is.
    """
    plugins.add("acme-plugin", "acme", source="raise RuntimeError('no luck')")

    assert (
        "Error: There is no venue acme.\nacme_plugin (acme-plugin 1.0) cannot be used: RuntimeError: no luck. Update or"
        f" uninstall acme-plugin. There are {', '.join(OURS)}.\n"
    ) == run("acme").stderr


def test_plugins_of_some_venues() -> None:
    """
    A list of plugins is not of some venues.
    """
    done = run("coinswitch", "--plugins")

    assert (2, "Error: Plugins are listed all together.\nLeave out the IDs, or --plugins.\n") == (
        done.exit_code,
        done.stderr,
    )
