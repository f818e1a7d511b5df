"""
``marginbook report --save``, ``history``, ``show`` and ``replay``.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner, Result

from histories import RECORDING, Place, make_full_report, make_report, row
from marginbook import BalanceReport, load_accounts, open_store
from marginbook.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.conftest import Plugins

    from marginbook.sandbox import Sandbox

HEAD: Final = "id  finished (UTC)       state          accounts  hash"


def run(*arguments: Any, **environ: str) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), env=environ)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """
    A place for a history that is not there yet, which the environment names.
    """
    path = tmp_path / "history.sqlite"
    monkeypatch.setenv("MARGINBOOK_HISTORY", str(path))
    return Place("sqlite", str(path))


@pytest.fixture
def accounts(sandbox: Sandbox, tmp_path: Path) -> Path:
    """
    An accounts file of the sandbox.
    """
    path = tmp_path / "accounts.toml"
    path.write_text(sandbox.accounts_file())
    return path


@pytest.fixture
def saved(place: Place) -> list[str]:
    """
    The hashes of a complete report and of an incomplete one.
    """
    with open_store(place.name) as store:
        complete = store.save(make_report(row(wallet_balance="1.50")))
        return [complete.hash, store.save(make_full_report(), [RECORDING]).hash]


def test_a_report_is_saved(place: Place, accounts: Path) -> None:
    """
    It is printed as ever, what was printed is what was saved, and standard error says under which hash.
    """
    done = run("report", "--accounts", accounts, "--format", "json", "--save")
    with open_store(place.name) as store:
        found = store.load()

    assert 0 == done.exit_code
    assert (found.text, found.id) == (done.stdout, 1)
    assert f"Saved as snapshot 1, hash {found.hash}" == done.stderr.splitlines()[-1]
    assert set(found.report.accounts) == {recording.account for recording in found.recordings}
    assert set(found.report.accounts.values()) == set(found.specifications)


def test_nothing_is_saved_unasked(place: Place, accounts: Path, tmp_path: Path) -> None:
    """
    A report without --save leaves nothing behind.
    """
    before = set(tmp_path.iterdir())

    assert 0 == run("report", "--accounts", accounts, "--history", place.name, "--quiet").exit_code
    assert before == set(tmp_path.iterdir())


def test_an_incomplete_report_is_saved_as_such(place: Place, accounts: Path) -> None:
    """
    The status says what is missing, and the history says it later.
    """
    accounts.write_text(accounts.read_text() + '\n[accounts.lost]\nvenue = "kraken"\n')
    done = run("report", "--accounts", accounts, "--save", "--quiet")

    assert (1, "") == (done.exit_code, done.stderr)
    asked = len(load_accounts(accounts))
    assert f"  INCOMPLETE     {asked - 1} of {asked}  " in run("history").stdout
    with open_store(place.name) as store:
        assert (False, ("lost",)) == (store.load().complete, store.load().report.missing)


def test_a_report_that_cannot_be_saved(accounts: Path, tmp_path: Path) -> None:
    """
    It is printed all the same, and both the status and standard error say that it is lost.
    """
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "x.sqlite", accounts):
        done = run("report", "--accounts", accounts, "--format", "json", "--save", "--history", place, "--quiet")

        assert 1 == done.exit_code
        assert BalanceReport.from_dict(json.loads(done.stdout)).complete
        assert done.stderr.startswith("Error: The report was NOT saved. The history ")


def test_a_place_that_is_none(accounts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nobody is asked where the answers could not be kept.
    """
    wrong = run("report", "--accounts", accounts, "--save", "--history", "mysql://me:canary@host/books")
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    missing = run("report", "--accounts", accounts, "--save")

    assert [(2, ""), (2, "")] == [(done.exit_code, done.stdout) for done in (wrong, missing)]
    assert "Error: A history is in SQLite or PostgreSQL" in wrong.stderr
    assert "canary" not in wrong.stderr
    assert "pip install 'marginbook[history]'" in missing.stderr


def test_the_list(saved: list[str]) -> None:
    """
    Newest first; what is incomplete says so.
    """
    complete = f" 1  2026-11-20 12:00:01  complete         1 of 1  {saved[0][:12]}"
    incomplete = f" 2  2026-11-20 12:00:01  INCOMPLETE       1 of 2  {saved[1][:12]}"

    assert [HEAD, incomplete, complete] == run("history").stdout.splitlines()
    assert [HEAD, incomplete] == run("history", "--limit", 1).stdout.splitlines()


def test_the_list_as_json(saved: list[str]) -> None:
    """
    For programs: whole hashes, and times in UTC.
    """
    done = run("history", "--json", "--limit", 1)
    (entry,) = json.loads(done.stdout)
    when = entry.pop("saved_at"), entry.pop("marginbook_version")

    assert all(when)
    assert {
        "id": 2,
        "started_at": "2026-11-20T12:00:00+00:00",
        "finished_at": "2026-11-20T12:00:01+00:00",
        "complete": False,
        "accounts": 2,
        "missing": 1,
        "hash": saved[1],
        "previous_hash": saved[0],
    } == entry


def test_verify(place: Place, saved: list[str]) -> None:
    """
    What was not changed is said to be so; what was changed is named, and the status tells.
    """
    good, noted = run("history", "--verify"), run("history", "--verify", "--head", saved[0][:12])
    gone = run("history", "--verify", "--head", "0" * 64)
    place.change("UPDATE balances SET wallet_balance = '2.50' WHERE snapshot_id = 1")
    changed = run("history", "--verify")

    assert [0, 0, 1, 1] == [done.exit_code for done in (good, noted, gone, changed)]
    assert f"Snapshots 1 to 2 are what was saved. The newest has the hash {saved[1]}\n" == good.stdout == noted.stdout
    assert f"No snapshot has the hash {'0' * 64}: what was saved with it is no longer there.\n" == gone.stdout
    assert "Snapshot 1: balances, desk USDT, wallet_balance is 2.50, and the report says 1.50.\n" == changed.stdout
    assert f"Problems in {place.name}: 1\n" == changed.stderr


@pytest.mark.usefixtures("saved")
def test_verify_nothing(place: Place) -> None:
    """
    A history without snapshots is not called whole.
    """
    tables = ("accounts", "balances", "locks", "summaries", "failures", "recordings", "bodies", "snapshots")
    place.change(*(f"DELETE FROM {table}" for table in tables))
    done = run("history", "--verify")

    assert (0, "There are no snapshots.\n") == (done.exit_code, done.stdout)
    assert HEAD == run("history").stdout.rstrip()


@pytest.mark.usefixtures("saved")
def test_show() -> None:
    """
    A saved report in any form, with the status that it had.
    """
    whole, lacking, table = (
        run("show", 1, "--format", "json"),
        run("show", "latest", "--format", "json"),
        run("show", 2),
    )

    assert [0, 1, 1] == [done.exit_code for done in (whole, lacking, table)]
    assert make_report(row(wallet_balance="1.50")).to_json() == whole.stdout
    assert make_full_report().to_json() == lacking.stdout
    assert table.stdout.startswith("INCOMPLETE: 1 of 2 accounts, ")


def test_replay(place: Place, accounts: Path) -> None:
    """
    The same answers make the same report; another reading is a diff, and the status tells.
    """
    run("report", "--accounts", accounts, "--save", "--only", "coinswitch")
    same = run("replay", "latest")
    with open_store(place.name) as store:
        found = store.load()
        first = found.report.balances[0].wallet_balance
        text = found.text.replace(f'"{first}"', '"1.25"')
        store.save(BalanceReport.from_dict(json.loads(text)), found.recordings)
    other = run("replay", 2)

    assert (0, "Snapshot 1: the same, byte for byte.\n") == (same.exit_code, same.stdout)
    assert 1 == other.exit_code
    assert other.stdout.startswith("--- snapshot 2\n+++ read again\n")
    assert f'+      "wallet_balance": "{first}",' in other.stdout
    assert other.stderr.startswith("Snapshot 2 was saved by marginbook ")


@pytest.mark.usefixtures("saved")
def test_replay_without_answers() -> None:
    """
    A report that was saved without its answers says so.
    """
    done = run("replay", "1")

    assert (1, "") == (done.exit_code, done.stdout)
    assert done.stderr.startswith("Error: Snapshot 1 was saved without the bodies of any account")


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["show", "3"], "There is no snapshot 3 in "),
        (["show", "newest"], "'newest' names no snapshot."),
        (["show", "1", "--format", "xml"], "There is no output 'xml'."),
        (["show"], "Missing argument 'ID'"),
        (["replay", "7"], "There is no snapshot 7 in "),
        (["history", "--history", "/no/such/file"], "There is no history yet in /no/such/file."),
        (["history", "--head", "0" * 64], "--head belongs to --verify"),
        (["history", "--verify", "--json"], "--head belongs to --verify, and --limit and --json do not."),
        (["history", "--verify", "--head", "x"], "'x' is no hash of a snapshot."),
        (["history", "--limit", "0"], "Invalid value for '--limit'"),
    ],
)
def test_wrong_questions(arguments: list[str], expected: str) -> None:
    """
    Nothing is on standard output, and standard error says what to do.
    """
    done = run(*arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("saved")
def test_a_changed_snapshot_is_not_shown(place: Place) -> None:
    """
    That is no wrong question, but there is no right answer.
    """
    place.change("UPDATE snapshots SET report = replace(report, '1.50', '9.50')")
    done = run("show", "1")

    assert (1, "") == (done.exit_code, done.stdout)
    assert "Snapshot 1 is not what was saved" in done.stderr


def test_a_real_process(place: Place, accounts: Path, plugins: Plugins) -> None:
    """
    The same from outside, one day after the other.
    """
    for _ in range(2):
        done = plugins.run("-m", "marginbook", "report", "--accounts", str(accounts), "--save", "--quiet")
        assert (0, "") == (done.returncode, done.stderr)
    listed = plugins.run("-m", "marginbook", "history", "--history", place.name)
    again = plugins.run("-m", "marginbook", "replay", "latest~1")

    assert [" 2", " 1"] == [line[:2] for line in listed.stdout.splitlines()[1:]]
    assert "Snapshot 1: the same, byte for byte.\n" == again.stdout
