"""
The command as a whole.
"""

from __future__ import annotations

import io
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from marginbook.cli import main

if TYPE_CHECKING:
    from tests.core.conftest import Plugins


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], ["report", "venues", "sandbox", "demo", "Try it without any account: marginbook demo"]),
        (
            ["report"],
            [
                '[accounts.desk-a]\n      venue = "binance-usdm"\n      api_key = "env:DESK_A_KEY"',
                "file:PATH",
                "cmd:COMMAND",
                "keyring:SERVICE/NAME",
                "0  every account could be read, what is to be valued has a price, and all is as expected",
                "1  something is missing from the report",
                "2  the question was wrong",
                "MARGINBOOK_ACCOUNTS",
                "default: accounts.toml",
                "[default: what the name of --output says, or table]",
                "default: 30",
                "'marginbook venues'",
            ],
        ),
        (
            ["watch"],
            [
                "--every FLOAT RANGE",
                "default: 5",
                "half of each venue's rate limits",
                "--count INTEGER",
                "in brackets and with their age",
                "130 Ctrl-C",
            ],
        ),
        (
            ["serve"],
            [
                "--port INTEGER",
                "required",
                "default: 127.0.0.1",
                "default: 60",
                "/healthz 200 if the newest report is complete and fresh; else 503, and why",
                "'Authorization: Bearer TOKEN'",
                "MARGINBOOK_SERVE_TOKEN",
                "No request asks a venue",
                "0 it was stopped, by Ctrl-C or SIGTERM",
            ],
        ),
        (["venues"], ["[ID]...", "--json", "With an ID", "standard error"]),
        (
            ["sandbox"],
            ["marginbook sandbox --write-accounts sandbox.toml", "marginbook report --accounts sandbox.toml", "Ctrl-C"],
        ),
        (["demo"], ["no key", "no accounts file", "no network"]),
    ],
)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(command: list[str], words: list[str], flag: str) -> None:
    """
    What a stranger needs to know stands in the help.
    """
    done = CliRunner().invoke(main, [*command, flag])
    text = " ".join(done.stdout.split())

    assert (0, "") == (done.exit_code, done.stderr)
    for word in words:
        assert " ".join(word.split()) in text
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_no_command() -> None:
    """
    Who says nothing is shown what can be said.
    """
    done = CliRunner().invoke(main)

    assert "Usage: " in done.output
    assert "demo" in done.output


def test_a_mistyped_command() -> None:
    """
    A command that there is not is a wrong question.
    """
    done = CliRunner().invoke(main, ["reprot"])

    assert (2, "") == (done.exit_code, done.stdout)
    assert "reprot" in done.stderr


def test_a_stand_in_for_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whoever runs the command inside another program may catch what it prints in whatever can be written to.
    """
    monkeypatch.setattr(sys, "stdout", stream := io.StringIO())
    main(["venues", "--json"], standalone_mode=False)

    assert "coinswitch" in stream.getvalue()


def test_versions(plugins: Plugins) -> None:
    """
    The version is that of the distribution.
    """
    done = plugins.run("-m", "marginbook", "--version")

    assert (0, "") == (done.returncode, done.stderr)
    assert version("marginbook") in done.stdout
