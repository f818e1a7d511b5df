"""
``marginbook report``, held against expected balances and conditions.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from marginbook.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.conftest import Plugins

    from marginbook.sandbox import Sandbox


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["report", "--quiet", *map(str, arguments)])


@pytest.fixture
def file(sandbox: Sandbox, tmp_path: Path) -> Path:
    """
    An accounts file of the sandbox.
    """
    path = tmp_path / "accounts.toml"
    path.write_text(sandbox.accounts_file())
    return path


@pytest.fixture
def expected(file: Path) -> Path:
    """
    The balances of all its accounts.
    """
    path = file.parent / "expected.toml"
    path.write_bytes(run("--accounts", file, "--format", "expect").stdout_bytes)
    return path


def test_as_expected(file: Path, expected: Path) -> None:
    """
    The report stands on standard output as ever; the last line of standard error says how many figures agree.
    """
    done = run("--accounts", file, "--expect", expected, "--format", "json")
    count = expected.read_text().count("wallet_balance = ")

    assert (0, f"Reconciled: {count} of {count} figures agree.\n") == (done.exit_code, done.stderr)
    assert json.loads(done.stdout)["complete"]


def test_not_as_expected(file: Path, expected: Path) -> None:
    """
    Each mismatch has a line, the last one counts, and the report is printed all the same.
    """
    text = expected.read_text()
    count = text.count("wallet_balance = ")
    first = text.partition('wallet_balance = "')[2].partition('"')[0]
    expected.write_text(text.replace(f'"{first}"', '"7"', 1))
    done = run("--accounts", file, "--expect", expected)

    assert 1 == done.exit_code
    assert f": expected 7, found {first}: off by " in done.stderr
    assert f"NOT reconciled: {count - 1} of {count} figures agree, mismatches: 1." == done.stderr.splitlines()[-1]
    assert done.stdout.startswith("Complete: ")


def test_an_account_that_failed(file: Path, expected: Path) -> None:
    """
    It is no agreement, even where only what is listed counts.
    """
    with file.open("a") as stream:
        stream.write('\n[accounts.lost]\nvenue = "kraken"\n')
    done = run("--accounts", file, "--expect", expected)
    listed = run("--accounts", file, "--expect", expected, "--expect-listed")

    assert [1, 1] == [done.exit_code, listed.exit_code]
    assert "lost: The account could not be read. configuration: There is no venue 'kraken'." in done.stderr
    assert listed.stderr.startswith("Reconciled: ")
    assert "lost (kraken): configuration" in listed.stdout


def test_only_what_is_listed(file: Path, expected: Path) -> None:
    """
    A row that the file does not have is a mismatch, unless the file lists only some.
    """
    head, first, *_ = expected.read_text().split("[[balances]]")
    expected.write_text(f"{head}[[balances]]{first}")
    everything = run("--accounts", file, "--expect", expected)
    listed = run("--accounts", file, "--expect", expected, "--expect-listed")

    assert [1, 0] == [everything.exit_code, listed.exit_code]
    assert "The row is not expected. It has " in everything.stderr
    assert "Reconciled: 1 of 1 figures agree.\n" == listed.stderr


def test_alerts(file: Path) -> None:
    """
    What is raised or unknown has a line, what is clear is counted.
    """
    done = run(
        "--accounts",
        file,
        "--only",
        "fexgate",
        "--alert",
        "wallet_balance > 499 where asset=BUSD",
        "--alert",
        "margin_ratio > 0.8 where asset=BUSD",
        "--alert",
        "wallet_balance > 500 where asset=BUSD",
    )

    assert 1 == done.exit_code
    assert [
        "raised: wallet_balance > 499 where asset=BUSD: fexgate (fexgate) BUSD: wallet_balance is 500.00000000.",
        "unknown: margin_ratio > 0.8 where asset=BUSD: fexgate (fexgate) BUSD: margin_ratio is not known.",
        "Alerts: 1 raised, 1 unknown, 1 clear.",
    ] == done.stderr.splitlines()
    assert done.stdout.startswith("Complete: ")


def test_nothing_raised(file: Path) -> None:
    """
    All clear, and the status says so.
    """
    done = run("--accounts", file, "--only", "fexgate", "--alert", "wallet_balance < 0")

    assert (0, "Alerts: 0 raised, 0 unknown, 3 clear.\n") == (done.exit_code, done.stderr)


def test_both(file: Path, expected: Path) -> None:
    """
    A mismatch does not hide an alert, nor an alert a mismatch.
    """
    expected.write_text('[[balances]]\naccount = "fexgate"\nasset = "EUR"\nequity = 1\n')
    done = run("--accounts", file, "--only", "fexgate", "--expect", expected, "--alert", "equity != 0")

    assert 1 == done.exit_code
    assert "NOT reconciled: 0 of 1 figures agree, mismatches: " in done.stderr
    assert "Alerts: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--alert", "equity"], "Error: 'equity' is no condition: it is no comparison of a figure with a number.\n"),
        (["--expect", "/no/such/file"], "The file of expected balances /no/such/file cannot be read: No such file"),
        (["--expect-listed"], "--expect-listed says how to compare, but not with what.\nAdd --expect FILE."),
    ],
)
def test_wrong_questions(file: Path, arguments: list[str], expected: str) -> None:
    """
    They are refused before anything is asked.
    """
    done = run("--accounts", file, *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert expected in done.stderr


def test_who_asks_for_nothing_pays_for_nothing(file: Path, plugins: Plugins) -> None:
    """
    A plain report, and marginbook itself, do not import what compares.
    """
    script = (
        "import sys, marginbook\n"
        "from click.testing import CliRunner\n"
        "from marginbook.cli import main\n"
        f"assert 0 == CliRunner().invoke(main, ['report', '--quiet', '--accounts', {str(file)!r}]).exit_code\n"
        "print([name for name in sys.modules if name.startswith('marginbook.reconciling')])\n"
        "marginbook.diff\n"
        "print('marginbook.reconciling' in sys.modules)\n"
    )
    done = plugins.run("-c", script)

    assert ("[]\nTrue\n", "") == (done.stdout, done.stderr)
