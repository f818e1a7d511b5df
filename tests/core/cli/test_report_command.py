"""
``marginbook report``.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner, Result

from marginbook import BalanceReport, ConfigurationError
from marginbook.cli import main
from marginbook.cli.report import choose
from marginbook.registry import installed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.conftest import Plugins

    from marginbook.sandbox import Sandbox

CANARY: Final = "canary-1f0e9d"

#: Accounts that the sandbox plays, of all installed venues.
ACCOUNTS: Final = sum(len(stage.actors) for stage in installed().stages())


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
    assert done.stdout.startswith(f"Complete: {ACCOUNTS} of {ACCOUNTS} accounts, ")
    assert "9007199254740993.00000001" in done.stdout
    numbers = [f"[{number}/{ACCOUNTS}]" for number in range(1, ACCOUNTS + 1)]
    assert numbers == [line.partition(" ")[0] for line in done.stderr.splitlines()]
    assert all(line.endswith(": ok") for line in done.stderr.splitlines())


def test_an_incomplete_report(partial: Path) -> None:
    """
    What is missing is on top of the report and in the status, and the rest is there.
    """
    done = run("--accounts", partial)

    assert 1 == done.exit_code
    assert done.stdout.startswith(f"INCOMPLETE: {ACCOUNTS} of {ACCOUNTS + 1} accounts, ")
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
        (["--only", "nobody"], "Error: There is no account 'nobody' in the accounts file.\nThere are binance-coins, "),
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
    assert f"[{ACCOUNTS + 1}/{ACCOUNTS + 1}] " in incomplete.stderr
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


PRINTING: Final = """
from marginbook import Output, hookimpl

def fail(view):
    raise ValueError("no luck")

@hookimpl
def marginbook_outputs():
    return [
        Output(name="acme", title="Of Acme.", write=lambda view: f"{view.by} {view.zeros}", suffixes=[".acme", ".ac"]),
        Output(name="broken", title="Broken.", write=fail),
    ]
"""


@pytest.mark.parametrize("name", ["report.json", "report.xlsx", "report.parquet", "report.prom", "report.beancount"])
def test_a_file(file: Path, tmp_path: Path, name: str) -> None:
    """
    With --output, the report is in the file and standard output is empty; the end of its name tells the form.
    """
    target = tmp_path / name
    done = run("--accounts", file, "-o", target, "--quiet")

    assert (0, "", "") == (done.exit_code, done.stdout, done.stderr)
    assert target.stat().st_size > 1000


def test_a_file_and_a_form(file: Path, tmp_path: Path) -> None:
    """
    The form that is named counts more than the name of the file.
    """
    target = tmp_path / "report.csv"
    done = run("--accounts", file, "--output", target, "--format", "json", "--quiet")

    assert 0 == done.exit_code
    assert BalanceReport.from_dict(json.loads(target.read_bytes())).complete


def test_an_incomplete_file(partial: Path, tmp_path: Path) -> None:
    """
    What is missing is told on standard error and in the status, since nobody sees the file.
    """
    target = tmp_path / "report.json"
    done = run("--accounts", partial, "--output", target, "--quiet")

    assert (1, "", f"INCOMPLETE: {target} is written without lost.\n") == (done.exit_code, done.stdout, done.stderr)
    assert ["lost"] == [failure["account"] for failure in json.loads(target.read_bytes())["failures"]]


def test_a_full_disk(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The file that was there stays as it was, and the status says that the report is not in it.
    """
    target = tmp_path / "report.json"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    # A real limit would be one for what measures coverage as well; tests/core/test_files.py has the real one.
    monkeypatch.setattr(os, "fsync", full)
    done = run("--accounts", file, "-o", target, "--quiet")

    assert (1, "", "old") == (done.exit_code, done.stdout, target.read_text())
    assert (
        f"Error: {target} could not be written: No space left on device.\nWhat was there before is as it was.\n"
    ) == done.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "is a folder.\nName a file in a folder that is there"),
        ("no/such/report.json", "cannot be written: its folder is not there.\n"),
        ("report", "The name of report does not tell in which form to write it.\nName the form with --format"),
    ],
)
def test_files_that_cannot_be(sandbox: Sandbox, file: Path, tmp_path: Path, name: str, expected: str) -> None:
    """
    Where nothing could be written, nobody is asked.
    """
    done = run("--accounts", file, "--output", tmp_path / name)

    assert (2, "", 0) == (done.exit_code, done.stdout, sandbox.requests)
    assert expected in done.stderr


@pytest.mark.parametrize(("form", "extra"), [("excel", "excel"), ("parquet", "arrow")])
def test_a_missing_package(
    sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch, form: str, extra: str
) -> None:
    """
    An extra that is not installed is named before anybody is asked.
    """
    monkeypatch.setitem(sys.modules, {"excel": "xlsxwriter", "parquet": "pyarrow"}[form], None)
    done = run("--accounts", file, "--format", form)

    assert (2, "", 0) == (done.exit_code, done.stdout, sandbox.requests)
    assert f"\npip install 'marginbook[{extra}]'\n" in done.stderr


def test_no_bytes_on_a_terminal(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What is no text is not printed on a terminal, but to a pipe it is.
    """
    piped = run("--accounts", file, "--format", "parquet", "--quiet")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    with pytest.raises(ConfigurationError) as caught:
        choose(installed({}), "excel", None)

    assert (0, b"PAR1") == (piped.exit_code, piped.stdout_bytes[:4])
    assert (
        "The form 'excel' is no text, and a terminal cannot show it. Write it to a file: --output report.xlsx"
    ) == str(caught.value)
    assert ["json", "excel"] == [
        choose(installed({}), "json", None).name,
        choose(installed({}), "excel", file.parent / "x").name,
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_views(file: Path) -> None:
    """
    The table can be by venue or asset; rows of nothing are folded, and shown on request.
    """
    texts = {by: run("--accounts", file, "--by", by).stdout for by in ("account", "venue", "asset")}
    zeros = run("--accounts", file, "--zeros").stdout

    assert list(texts) == [
        next(words[0] for line in text.splitlines() if line.startswith(" ") and (words := line.split()))
        for text in texts.values()
    ]
    assert re.search("Folded, since each figure that is known of them is zero: [1-9][0-9]* rows.", texts["account"])
    assert "Folded" not in zeros


def test_forms_are_listed(plugins: Plugins) -> None:
    """
    Each form with the ends of its files, a stranger's as well; plugins that cannot be used are told beside.
    """
    plugins.add("acme", "output.acme", source=PRINTING)
    plugins.add("zeta", "output.zeta", source="raise RuntimeError")
    done = run("--list-formats", "--accounts", "/no/such/file")

    assert (0, "zeta (zeta 1.0) cannot be used: RuntimeError. Update or uninstall zeta.\n") == (
        done.exit_code,
        done.stderr,
    )
    assert "table       .txt               A table for people.\n" in done.stdout
    assert "acme        .acme, .ac         Of Acme.\n" in done.stdout
    assert [*installed({}).outputs()] == [line.partition(" ")[0] for line in done.stdout.splitlines()]


def test_forms_of_others(file: Path, plugins: Plugins) -> None:
    """
    A stranger's form is printed as it is, and one that stumbles is told as its plugin's.
    """
    plugins.add("acme", "output.acme", source=PRINTING)
    printed = run("--accounts", file, "--format", "acme", "--quiet", "--by", "asset")
    broken = run("--accounts", file, "--format", "broken", "--quiet")

    assert (0, "asset False") == (printed.exit_code, printed.stdout)
    assert (2, "") == (broken.exit_code, broken.stdout)
    assert (
        "Error: The output 'broken' of acme (acme 1.0) failed: ValueError: no luck.\nUpdate or uninstall acme.\n"
    ) == broken.stderr
