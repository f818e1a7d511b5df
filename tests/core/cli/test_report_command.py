"""
``marginbook report``.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner, Result

from marginbook import BalanceReport
from marginbook.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.conftest import Plugins

    from marginbook.sandbox import Sandbox

CANARY: Final = "canary-1f0e9d"


def run(*arguments: Any, **environ: str) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)], env=environ)


@pytest.fixture
def file(sandbox: Sandbox, tmp_path: Path) -> Path:
    """
    An accounts file of the sandbox.
    """
    path = tmp_path / "accounts.toml"
    path.write_text(sandbox.accounts_file())
    return path


@pytest.fixture
def partial(file: Path) -> Path:
    """
    The same with an account that nobody can read.
    """
    with file.open("a") as stream:
        stream.write(f'\n[accounts.lost]\nvenue = "kraken"\ntoken = "{CANARY}"\n')
    return file


def test_a_complete_report(file: Path) -> None:
    """
    The report is on standard output, the progress on standard error, and the status says that nothing is missing.
    """
    done = run("--accounts", file)

    assert 0 == done.exit_code
    assert done.stdout.startswith("Complete: 8 of 8 accounts, ")
    assert "9007199254740993.00000001" in done.stdout
    assert [f"[{number}/8]" for number in range(1, 9)] == [line.partition(" ")[0] for line in done.stderr.splitlines()]
    assert all(line.endswith(": ok") for line in done.stderr.splitlines())


def test_an_incomplete_report(partial: Path) -> None:
    """
    What is missing is on top of the report and in the status, and the rest is there.
    """
    done = run("--accounts", partial)

    assert 1 == done.exit_code
    assert done.stdout.startswith("INCOMPLETE: 8 of 9 accounts, ")
    assert "lost (kraken): configuration: There is no venue 'kraken'." in done.stdout
    assert "Totals WITHOUT lost" in done.stdout
    assert "lost: failed: configuration" in done.stderr
    assert CANARY not in done.output


def test_json(partial: Path) -> None:
    """
    Standard output is the document alone, which can be read again.
    """
    done = run("--accounts", partial, "--format", "json")
    found = BalanceReport.from_dict(json.loads(done.stdout))

    assert 1 == done.exit_code
    assert ("lost",) == found.missing
    assert found.to_json() == done.stdout


def test_lines(file: Path) -> None:
    """
    A JSON document a line.
    """
    done = run("--accounts", file, "--format", "jsonl")

    types = [json.loads(line)["type"] for line in done.stdout.splitlines()]

    assert ["report", *["account"] * 8] == types[:9]
    assert {"report", "account", "note", "total", "balance", "lock", "summary"} == set(types)


def test_csv(partial: Path) -> None:
    """
    A header and a row a balance, the lost account included.
    """
    done = run("--accounts", partial, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))

    assert ["configuration"] == [row["state"] for row in rows if row["account"] == "lost"]
    assert "345.678901234567890123" in {row["wallet_balance"] for row in rows}


def test_silence(file: Path) -> None:
    """
    On request, standard error stays empty.
    """
    assert (0, "") == ((done := run("--accounts", file, "--quiet")).exit_code, done.stderr)


def test_a_bar_on_a_terminal(file: Path) -> None:
    """
    On a terminal the progress is a bar that goes away, and no line of the report.
    """
    done = run("--accounts", file, "--format", "json", FORCE_COLOR="1", TERM="xterm")

    assert "Asking" in done.stderr or "100%" in done.stderr
    assert json.loads(done.stdout)["complete"]


def test_some_accounts(partial: Path) -> None:
    """
    Those that are named, and no others.
    """
    done = run("--accounts", partial, "--only", "coinswitch", "--only", "fexgate", "--format", "json")

    assert 0 == done.exit_code
    assert ["coinswitch", "fexgate"] == list(json.loads(done.stdout)["accounts"])


def test_the_environment_names_the_file(file: Path) -> None:
    """
    A file that is asked every day need not be named every day; who names one is obeyed.
    """
    assert 0 == run("--quiet", MARGINBOOK_ACCOUNTS=str(file)).exit_code
    assert 0 == run("--quiet", "--accounts", file, MARGINBOOK_ACCOUNTS="/no/such/file").exit_code


def test_accounts_here(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without a word, it is accounts.toml in this folder.
    """
    monkeypatch.chdir(file.parent)

    assert 0 == run("--quiet").exit_code


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["--accounts", "/no/such/file"],
            "cannot be read: No such file or directory.\nWrite it like this:\n\n[accounts.desk-a]\n",
        ),
        (["--only", "nobody"], "Error: There is no account 'nobody' in the accounts file.\nThere are binance-hmac, "),
        (["--timeout", "0"], "Invalid value for '--timeout'"),
        (["--timeout", "inf"], "Error: A report in inf seconds with 16 workers cannot be made.\nGive it some time"),
        (["--timeout", "soon"], "'soon' is not a valid float"),
        (["--max-workers", "0"], "Invalid value for '--max-workers'"),
        (["--format", "xml"], "There is no output 'xml'.\nThere are table, json, jsonl, csv"),
        (["--colour"], "No such option"),
        (["more"], "unexpected extra argument"),
    ],
)
def test_wrong_questions(file: Path, arguments: list[str], expected: str) -> None:
    """
    Nothing is on standard output, and standard error says what to do.
    """
    done = run("--accounts", file, *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_a_real_process(partial: Path, plugins: Plugins) -> None:
    """
    The same from outside: status, standard output and standard error.
    """
    incomplete = plugins.run("-m", "marginbook", "report", "--accounts", str(partial), "--format", "json")
    complete = plugins.run("-m", "marginbook", "report", "--accounts", str(partial), "--only", "fexgate", "--quiet")
    wrong = plugins.run("-m", "marginbook", "report", "--accounts", "/no/such/file")

    assert [1, 0, 2] == [incomplete.returncode, complete.returncode, wrong.returncode]
    assert ["lost"] == [failure["account"] for failure in json.loads(incomplete.stdout)["failures"]]
    assert "[9/9] " in incomplete.stderr
    assert "" == complete.stderr
    assert ("", True) == (wrong.stdout, wrong.stderr.startswith("Error: The accounts file /no/such/file cannot be"))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_files_in_other_encodings(tmp_path: Path, plugins: Plugins, encoding: str, form: str) -> None:
    """
    A name that the output cannot spell does not cost the report that took so long to make.
    """
    plugins.add(
        "acme",
        "acme",
        source="""
from marginbook import Balance, Statement, Venue, hookimpl

def fetch(account, session):
    return Statement([Balance(account=account.name, venue="acme", asset="USD₮", wallet_balance="1.10")])

@hookimpl
def marginbook_venues():
    return [Venue(id="acme", title="Acme™ USDⓈ", fetch=fetch, hosts={"x": "https://acme.example"})]
""",
    )
    path = tmp_path / "accounts.toml"
    path.write_text('[accounts.a]\nvenue = "acme"\n')
    done = plugins.run(
        *("-m", "marginbook", "report", "--accounts", str(path), "--format", form), PYTHONIOENCODING=encoding
    )

    assert (0, "[1/1] a: ok\n") == (done.returncode, done.stderr)
    assert "1.10" in done.stdout
    assert "json" != form or "USD₮" == json.loads(done.stdout)["balances"][0]["asset"]
