"""
``marginbook sandbox`` and ``marginbook demo``.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
import tomllib
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
from click.testing import CliRunner, Result

from marginbook import BalanceReport, collect
from marginbook.cli import main
from marginbook.registry import installed
from marginbook.sandbox import FAULTS, Fault
from marginbook.sandbox.faults import SYNTAX
from processes import settled, started

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.core.conftest import Plugins

#: What the sandbox plays: every venue that is installed, each with the accounts that its plugin brings.
VENUES: Final = {venue.id for venue in installed().venues()}
NAMES: Final = [actor.name for stage in installed().stages() for actor in stage.actors]
ACCOUNTS: Final = len(NAMES)


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.toml"


@pytest.fixture
def playing(file: Path) -> Iterator[subprocess.Popen[str]]:
    """
    A sandbox that somebody started in another terminal.
    """
    with started("-m", "marginbook", "sandbox", "--write-accounts", str(file), measured=True) as process:
        yield process
        process.kill()


def test_a_sandbox(file: Path, playing: subprocess.Popen[str], plugins: Plugins) -> None:
    """
    In one terminal the sandbox, in another the report, as the help says; Ctrl-C ends it.
    """
    assert playing.stdout is not None
    said = [playing.stdout.readline() for _ in range(3)]
    done = plugins.run("-m", "marginbook", "report", "--accounts", str(file), "--format", "json")
    settled(playing).send_signal(signal.SIGINT)
    rest, errors = playing.communicate(timeout=10)

    assert said[0].startswith(f"Playing {', '.join(sorted(VENUES))} at http://127.0.0.1:")
    assert [f"Ask it: marginbook report --accounts {file}\n", "Stop with Ctrl-C.\n"] == said[1:]
    assert 0 == done.returncode
    assert ACCOUNTS == len(BalanceReport.from_dict(json.loads(done.stdout)).accounts)
    assert ("", "", 0) == (rest, errors, playing.returncode)


def test_an_accounts_file(file: Path, playing: subprocess.Popen[str]) -> None:
    """
    The file is an accounts file as anybody would write it, and the report may be made by a script.
    """
    assert playing.stdout is not None
    playing.stdout.readline()
    tables = tomllib.loads(file.read_text())["accounts"]

    assert VENUES == {table["venue"] for table in tables.values()}
    assert collect(file).complete


@pytest.mark.skipif(os.name != "posix", reason="modes say nothing here")
def test_nobody_else_reads_the_accounts_file(file: Path, playing: subprocess.Popen[str]) -> None:
    """
    Secrets stand in the file, worthless as they are, and so it is made as a file of secrets should be.
    """
    assert playing.stdout is not None
    playing.stdout.readline()

    assert 0o600 == file.stat().st_mode & 0o777


def test_existing_files_are_left_alone(file: Path) -> None:
    """
    An accounts file that is there may be somebody's own.
    """
    file.write_text("mine")
    done = run("sandbox", "--write-accounts", file)

    assert (2, "mine") == (done.exit_code, file.read_text())
    assert f"Error: {file} is there already.\nChoose another name, or move it away: it may be yours.\n" == done.stderr
    assert "" == done.stdout


def test_files_that_cannot_be_written(file: Path) -> None:
    """
    The path, the system's reason, and what to do.
    """
    done = run("sandbox", "--write-accounts", file / "below" / "nothing")

    assert 2 == done.exit_code
    assert "cannot be written: No such file or directory.\nChoose another place.\n" in done.stderr


def test_taken_ports() -> None:
    """
    A port that somebody has is refused at once.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("sandbox", "--port", taken.getsockname()[1])

    assert 2 == done.exit_code
    assert "of 127.0.0.1 cannot be used.\nChoose another with --port, or 0 for any that is free.\n" in done.stderr


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_ports_are_numbers(port: str) -> None:
    """
    A port that cannot be one.
    """
    assert (2, True) == ((done := run("sandbox", "--port", port)).exit_code, "'--port'" in done.stderr)


def test_unknown_venues() -> None:
    """
    A venue that nobody plays is named, and so are those that somebody does.
    """
    done = run("sandbox", "--venue", "kraken", "--venue", "coinswitch")

    assert 2 == done.exit_code
    assert f"Error: Nobody plays kraken.\nThe sandbox can play {', '.join(sorted(VENUES))}.\n" == done.stderr


def test_one_venue(tmp_path: Path) -> None:
    """
    The venue that is named, alone, at the port that is named.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ("-m", "marginbook", "sandbox", "--venue", "coinswitch", "--port", str(port))
    with started(*command, measured=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2)]
        settled(process).send_signal(signal.SIGINT)
        process.communicate(timeout=10)

    assert [f"Playing coinswitch at http://127.0.0.1:{port}.\n", "Use --write-accounts to ask it.\n"] == said
    assert [] == list(tmp_path.iterdir())


def test_faults(tmp_path: Path) -> None:
    """
    It misbehaves as it is told: where nobody listens, at one request, at each of one account.
    """
    path = tmp_path / "sandbox.toml"
    faults = ("fexgate=refused", "coinswitch=http-520", ":3=http-418")
    told = [word for fault in faults for word in ("--fault", fault)]
    with started("-m", "marginbook", "sandbox", "--write-accounts", str(path), *told) as process:
        assert process.stdout is not None
        process.stdout.readline()
        tables = tomllib.loads(path.read_text())["accounts"]
        url = tables["coinswitch"]["base_url"]
        keys = ("", tables["coinswitch"]["api_key"], "", tables["coinswitch"]["api_key"], "")
        statuses = [
            requests.get(f"{url}/trade/api/v2/time", headers={"X-AUTH-APIKEY": key}, timeout=10).status_code
            for key in keys
        ]
        with pytest.raises(requests.ConnectionError, match="refused"):
            requests.get(tables["fexgate"]["base_url"], timeout=10)
        process.kill()

    assert [200, 520, 418, 520, 200] == statuses


def test_all_faults_are_listed() -> None:
    """
    Each fault with its sentence, one a line, and nothing is played.
    """
    done = run("sandbox", "--list-faults", "--port", "1")
    listed = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())

    assert (0, "") == (done.exit_code, done.stderr)
    assert {name: effect.about for name, effect in FAULTS.items()} == listed


def test_the_help_says_how_to_write_a_fault() -> None:
    """
    Its syntax is that of `Fault.parse`, and its examples can be read.
    """
    text = run("sandbox", "--help").stdout
    examples = re.findall(r"--fault (\S*=[a-z0-9-]+) ", text)

    assert f"--fault {SYNTAX}" in text
    assert [
        Fault("reset", "binance-hmac"),
        Fault("http-500", "binance-hmac", 2),
        Fault("cut-body", nth=3),
        Fault("stall"),
    ] == list(map(Fault.parse, examples))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("coinswitch=explode", "There is no fault 'explode'.\nThere are refused, tls, reset, "),
        (
            "kraken=reset",
            (
                "The fault reset is for the account 'kraken', which nobody plays.\n"
                f"The sandbox plays {', '.join(NAMES)}.\n"
            ),
        ),
        ("reset", "The fault 'reset' cannot be read.\nWrite [ACCOUNT][:N]=FAULT, with N counted from 1: "),
        ("fexgate:2=tls", "The fault tls is for request 2, and nobody can count what never arrives.\n"),
    ],
)
def test_refused_faults(fault: str, message: str) -> None:
    """
    A fault that makes no sense is refused with what does, and nothing is played.
    """
    done = run("sandbox", "--fault", fault)

    assert (2, "") == (done.exit_code, done.stdout)
    assert done.stderr.startswith(f"Error: {message}")


def test_faults_of_venues_that_are_not_played() -> None:
    """
    Only an account that is played can have faults.
    """
    done = run("sandbox", "--venue", "coinswitch", "--fault", "fexgate=reset")

    assert 2 == done.exit_code
    assert done.stderr.endswith("'fexgate', which nobody plays.\nThe sandbox plays coinswitch.\n")


def test_a_demo() -> None:
    """
    The main job on a fresh machine: a complete report, with no keys.
    """
    done = run("demo", "--format", "json")
    found = BalanceReport.from_dict(json.loads(done.stdout))

    assert 0 == done.exit_code
    assert found.complete
    assert VENUES == set(found.accounts.values())
    assert f"[{ACCOUNTS}/{ACCOUNTS}] " in done.stderr


def test_a_demo_of_one_venue() -> None:
    """
    Only the venues that are named are played and asked.
    """
    done = run("demo", "--venue", "coinswitch", "--venue", "fexgate", "--format", "json")

    found = BalanceReport.from_dict(json.loads(done.stdout))

    assert ["coinswitch", "fexgate"] == sorted(found.accounts.values())


def test_a_demo_in_a_file(tmp_path: Path) -> None:
    """
    The demonstration can be written to a file, and be looked at in other ways.
    """
    done = run("demo", "-o", str(tmp_path / "demo.txt"), "--by", "venue", "--zeros")
    text = (tmp_path / "demo.txt").read_text(encoding="utf-8")

    assert (0, "") == (done.exit_code, done.stdout)
    assert "\n venue " in text
    assert "Folded" not in text


def test_a_demo_from_outside(plugins: Plugins) -> None:
    """
    It is a table, and nobody waits for the deadline of its report.
    """
    before = time.monotonic()
    done = plugins.run("-m", "marginbook", "demo")

    assert (0, True) == (done.returncode, done.stdout.startswith(f"Complete: {ACCOUNTS} of {ACCOUNTS} accounts, "))
    assert time.monotonic() - before < 30


def test_a_demo_with_a_strangers_venue(plugins: Plugins) -> None:
    """
    A stranger's venue is played and asked like ours; one that cannot be asked makes the demonstration incomplete.
    """
    plugins.add(
        "acme",
        "acme",
        source="""
from marginbook import InvalidResponseError, Statement, Venue, hookimpl
from marginbook.sandbox import Actor, Stage, answer

def fetch(account, session):
    raise InvalidResponseError(session.get(account.options["base_url"] + "/acme").text)

@hookimpl
def marginbook_venues():
    return [Venue(id="acme", title="Acme", fetch=fetch)]

@hookimpl
def marginbook_stages():
    return [Stage("acme", (Actor("acme", {}),), {"/acme": lambda request: answer("played")})]
""",
    )
    done = run("demo")

    assert 1 == done.exit_code
    assert done.stdout.startswith(f"INCOMPLETE: {ACCOUNTS} of {ACCOUNTS + 1} accounts, ")
    assert 'acme (acme): invalid_response: "played"' in done.stdout
