"""
``marginbook check``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import asdict
from click.testing import CliRunner, Result

from marginbook import load_accounts
from marginbook.checking import check
from marginbook.cli import main
from marginbook.registry import installed
from marginbook.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.conftest import Plugins

CANARY: Final = "canary-1f0e9d"


def run(*arguments: Any) -> Result:
    """
    Run it, and see that it shows no secret.
    """
    done = CliRunner().invoke(main, ["check", *map(str, arguments)])
    secrets = [s for stage in installed().stages() for actor in stage.actors for s in actor.credentials.values()]
    assert not [secret for secret in [CANARY, *secrets] if secret in done.output]
    assert "Traceback" not in done.output
    return done


@pytest.fixture
def file(sandbox: Sandbox, tmp_path: Path) -> Path:
    """
    An accounts file of the sandbox.
    """
    return written(sandbox, tmp_path)


def written(sandbox: Sandbox, folder: Path, *more: str) -> Path:
    path = folder / "accounts.toml"
    path.touch(mode=0o600)
    path.write_text("\n".join([sandbox.accounts_file(), *more]))
    return path


def test_nothing_is_wrong(file: Path, sandbox: Sandbox) -> None:
    """
    A line a part under each account, in the order of the file; and the status says that nothing is wrong.
    """
    done = run("--accounts", file)
    names = [f"{account.name} ({account.venue})" for account in sandbox.accounts()]

    assert (0, "") == (done.exit_code, done.stderr)
    assert names == [line for line in done.stdout.splitlines() if not line.startswith("  ")]
    assert (
        f"""
binance-hmac (binance-usdm)
  ok     settings    Binance USDⓈ-M futures at {sandbox.url}
  ok     api_key     written out in the accounts
  ok     api_secret  written out in the accounts
  ok     clock       This machine's clock agrees with the venue's within a second.
  ok     balance     The venue tells the balance of USDT, USDC, BNB.
binance-rsa (binance-usdm)
"""
        in done.stdout
    )


def test_something_is_wrong(tmp_path: Path) -> None:
    """
    What is wrong stands beside what is not, with what to do, and in the status.
    """
    with Sandbox(installed().stages(), faults=[Fault("key", "binance-rsa")]) as sandbox:
        path = written(sandbox, tmp_path, f'[accounts.lost]\nvenue = "kraken"\ntoken = "{CANARY}"\n')
        path.chmod(0o640)
        done = run("--accounts", path)
    lines = done.stdout.splitlines()

    assert (1, "") == (done.exit_code, done.stderr)
    assert [
        "accounts file",
        f"  wrong  files       {path} is open to others than its owner (mode 640). Run `chmod 600 {path}`.",
    ] == lines[:2]
    assert "lost (kraken)" == lines[-2]
    assert lines[-1].startswith("  wrong  account     configuration: There is no venue 'kraken'.")
    assert ["files", "balance", "account"] == [line.split()[1] for line in lines if line.startswith("  wrong")]


def test_notes_are_nothing_wrong(file: Path) -> None:
    """
    What a person should know costs nothing.
    """
    done = run("--accounts", file, "coinswitch")

    assert 0 == done.exit_code
    assert "  note   answer      CoinSwitch's wallet tells neither" in done.stdout


def test_long_names_of_parts(plugins: Plugins, tmp_path: Path) -> None:
    """
    Columns are as wide as the longest part.
    """
    plugins.add(
        "acme",
        "acme",
        source="""
from marginbook import Credential, Statement, Venue, hookimpl

@hookimpl
def marginbook_venues():
    return [Venue(id="acme", title="Acme", fetch=lambda account, session: Statement([]),
                  hosts={"x": "https://acme.example"}, credentials=[Credential("a_long_passphrase", "It.")])]
""",
    )
    path = tmp_path / "accounts.toml"
    path.touch(mode=0o600)
    path.write_text(f'[accounts.a]\nvenue = "acme"\na_long_passphrase = "{CANARY}"\n')

    assert [
        "a (acme)",
        "  ok     settings           Acme at https://acme.example",
        "  ok     a_long_passphrase  written out in the accounts",
        "  note   clock              Not compared: the venue tells no time, or needs none.",
        "  ok     balance            The venue tells the balance of no assets.",
        "  note   answer             The venue reports no assets.",
    ] == run("--accounts", path).stdout.splitlines()


def test_json(tmp_path: Path) -> None:
    """
    The same findings for programs, and the same status.
    """
    with Sandbox(installed().stages(), faults=[Fault("http-403", "fexgate")]) as sandbox:
        path = written(sandbox, tmp_path)
        whole, one = run("--accounts", path, "--json"), run("--accounts", path, "--json", "coinswitch")
        expected = [asdict(finding) for finding in check(load_accounts(path))]

    assert (1, 0) == (whole.exit_code, one.exit_code)
    assert expected == json.loads(whole.stdout)
    assert {"coinswitch"} == {finding["account"] for finding in json.loads(one.stdout)}
    assert ["account", "venue", "part", "state", "message"] == list(expected[0])


def test_some_accounts(file: Path, sandbox: Sandbox) -> None:
    """
    Those that are named, in the order of the file, and nobody else is asked.
    """
    done = run("--accounts", file, "fexgate", "coinswitch")

    assert 0 == done.exit_code
    assert ["coinswitch (coinswitch)", "fexgate (fexgate)"] == [
        line for line in done.stdout.splitlines() if not line.startswith("  ")
    ]
    assert 3 == sandbox.requests


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nobody"], "Error: There is no account 'nobody' in the accounts file.\nThere are binance-coins, "),
        (["--timeout", "0"], "Usage: "),
        (["--timeout", "1e10"], "Error: A check in 10000000000.0 seconds with 16 workers cannot be made.\nGive it"),
        (["--timeout", "nan"], "Error: A check in nan seconds"),
        (["--max-workers", "0"], "Usage: "),
    ],
)
def test_wrong_questions(file: Path, sandbox: Sandbox, arguments: list[str], expected: str) -> None:
    """
    The question is what is wrong, nothing is printed but that, and nobody is asked.
    """
    done = run("--accounts", file, *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert done.stderr.startswith(expected)
    assert 0 == sandbox.requests


def test_accounts_files_that_cannot_be_read(tmp_path: Path) -> None:
    """
    No file, and one that is none.
    """
    path = tmp_path / "accounts.toml"
    done = run("--accounts", path)

    assert (2, "") == (done.exit_code, done.stdout)
    assert done.stderr.startswith(f"Error: The accounts file {path} cannot be read: No such file")
    path.write_text("[accounts.a]\n")
    done = run("--accounts", path)
    assert (2, "") == (done.exit_code, done.stdout)
    assert "accounts.a: It names no venue." in done.stderr


def test_help() -> None:
    """
    What it looks at, and what its status means.
    """
    text = " ".join(run("--help").stdout.split())

    for words in (
        "[ACCOUNT]...",
        "never what it is",
        "0 nothing is wrong 1 something is wrong 2 the question was",
        "MARGINBOOK_ACCOUNTS",
        "--json",
    ):
        assert words in text


def test_from_outside(file: Path, plugins: Plugins) -> None:
    """
    As a person runs it: the file from the environment, and nothing on standard error.
    """
    done = plugins.run("-m", "marginbook", "check", MARGINBOOK_ACCOUNTS=str(file))
    one = plugins.run("-m", "marginbook", "check", "fexgate", "--json", MARGINBOOK_ACCOUNTS=str(file))

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.count("  ok     balance ") == len(load_accounts(file))
    assert ["settings", "api_key", "api_secret", "clock", "balance"] == [
        finding["part"] for finding in json.loads(one.stdout)
    ]


def test_other_encodings(sandbox: Sandbox, tmp_path: Path, plugins: Plugins) -> None:
    """
    JSON is UTF-8 everywhere; in lines, a name that the output cannot spell is spelled out.
    """
    name = "desk \U0001f600"
    path = written(sandbox, tmp_path, f'[accounts."{name}"]\nvenue = "kraken"\n')
    settings = {"MARGINBOOK_ACCOUNTS": str(path), "PYTHONIOENCODING": "cp1252"}
    document = plugins.run("-m", "marginbook", "check", name, "--json", **settings)
    lines = plugins.run("-m", "marginbook", "check", name, **settings)

    assert (1, name) == (document.returncode, json.loads(document.stdout)[0]["account"])
    assert (1, "desk \\U0001f600 (kraken)") == (lines.returncode, lines.stdout.splitlines()[0])
