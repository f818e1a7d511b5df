"""
``marginbook diff``.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from marginbook import Balance, BalanceReport, Difference, Failure, Lock, Summary, diff, open_store
from marginbook.cli import difference_table, main

if TYPE_CHECKING:
    from pathlib import Path


def balance(account: str, asset: str, **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def lock(account: str, **fields: Any) -> Lock:
    return Lock(account=account, venue="acme", symbol="X", asset="USDT", **fields)


def summary(account: str, **fields: Any) -> Summary:
    return Summary(account=account, venue="acme", currency="USD", **fields)


BEFORE: Final = BalanceReport(
    accounts=dict.fromkeys(["desk-a", "desk-b", "desk-c"], "acme"),
    balances=[
        balance("desk-a", "USDT", wallet_balance="1000.00", unrealized_pnl="50", equity="1050.00"),
        balance("desk-a", "[red]BTC", wallet_balance="1"),
        balance("desk-a", "BNB", wallet_balance="0.00", unrealized_pnl="0", equity="0"),
        balance("desk-b", "USDT", wallet_balance="9007199254740993.123456789012345678"),
        balance("desk-b", "ETH", unrealized_pnl="1"),
        balance("desk-b", "XRP", wallet_balance="1", unrealized_pnl="1", equity="1"),
        balance("desk-c", "USDT", wallet_balance="77"),
    ],
    locks=[lock("desk-a", blocked_balance="1")],
    summaries=[
        summary("desk-a", equity="100", maintenance_margin="10"),
        summary("desk-b", equity="100"),
    ],
    started_at="2026-07-01T12:00:00Z",
    finished_at="2026-07-01T12:00:01Z",
)
AFTER: Final = BalanceReport(
    accounts=dict.fromkeys(["desk-a", "desk-b", "desk-c"], "acme"),
    balances=[
        balance("desk-a", "USDT", wallet_balance="900.00", unrealized_pnl="75.5", equity="975.50"),
        balance("desk-a", "BNB", wallet_balance="0", unrealized_pnl="0", equity="0.00"),
        balance("desk-b", "USDT", wallet_balance="9007199254740993.123456789012345679"),
        balance("desk-b", "ETH", unrealized_pnl="1"),
        balance("desk-b", "SOL", wallet_balance="5"),
        balance("desk-b", "XRP", wallet_balance="1", unrealized_pnl="1", equity="2"),
    ],
    locks=[lock("desk-a", blocked_balance="1")],
    summaries=[
        summary("desk-a", equity="100", maintenance_margin="20"),
        summary("desk-b", equity="101"),
    ],
    failures=[Failure(account="desk-c", venue="acme", kind="timeout", message="It is late.")],
    started_at="2026-07-02T12:00:00Z",
    finished_at="2026-07-02T12:00:01Z",
)

WIDE: Final = """\
From 2026-07-01 12:00:00 to 2026-07-02 12:00:00 UTC
INCOMPLETE: the second report lacks desk-c.
  failed: desk-c: not compared: it could not be read for the second report. timeout: It is late.
  vanished: desk-a [red]BTC: the row is gone, which does not say zero. It had wallet_balance 1.
  unknown: desk-b ETH: neither equity nor wallet balance is known in both reports.
  new: desk-b SOL: the row is new. It has wallet_balance 5.

 account         asset                                   opening                Δ wallet   Δ unrealized PnL                                closing   row
 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
 desk-a (acme)   USDT                                    1050.00                 -100.00               25.5                                 975.50
                 [red]BTC                                     1w                                                                                     VANISHED

 desk-b (acme)   ETH                                           ?                       ?                  0                                      ?
                 SOL                                                                                                                            5w   NEW
                 USDT       9007199254740993.123456789012345678w    0.000000000000000001                  ?   9007199254740993.123456789012345679w
                 XRP                                           1                       0                  0                                      2

Rows of zero in both reports, which are not shown: 1
desk-a: the margin ratio of the account was 0.1, and is 0.2.
desk-b XRP: equity moved by 1 more than wallet_balance and unrealized_pnl together.
? not known   w the wallet balance, since equity is not known in both
"""  # noqa: E501  # a wide table

NARROW: Final = """
desk-a (acme) USDT
  opening          1050.00
  Δ wallet         -100.00
  Δ unrealized PnL 25.5
  closing          975.50

desk-a (acme) [red]BTC VANISHED
  opening          1w
  Δ wallet
  Δ unrealized PnL
  closing

"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Two reports in this folder.
    """
    (tmp_path / "before.json").write_text(BEFORE.to_json(), encoding="utf-8")
    (tmp_path / "after.json").write_text(AFTER.to_json(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments])


def lines(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


@pytest.mark.usefixtures("files")
def test_a_table() -> None:
    """
    What is missing and what is flagged stands first; no digit is cut, and a row of zeros is counted only.
    """
    done = run("before.json", "after.json")

    assert (WIDE, "", 1) == (lines(done.stdout), done.stderr, done.exit_code)


@pytest.mark.usefixtures("files")
def test_nothing_to_tell() -> None:
    """
    The status says whether something is flagged, or incomplete.
    """
    same = run("before.json", "before.json", "--account", "desk-c", "--threshold", "USDT=0")
    unknown = run("before.json", "before.json", "--account", "desk-b")
    incomplete = run("after.json", "after.json", "--account", "desk-c")

    assert [0, 1, 1] == [same.exit_code, unknown.exit_code, incomplete.exit_code]
    assert "INCOMPLETE: the first report lacks desk-c." in incomplete.stdout
    assert "desk-c (acme)" not in incomplete.stdout
    assert "unknown: desk-b ETH" in unknown.stdout


@pytest.mark.usefixtures("files")
def test_thresholds() -> None:
    """
    An asset may have an equals sign in its name, and a percentage alone is for each other asset.
    """
    done = run("before.json", "after.json", "--account", "desk-a", "--threshold", "=X=Y=5", "--threshold", "5%")

    assert "moved: desk-a USDT: wallet_balance moved by -100.00, more than 5%." in done.stdout
    assert "Neither report has a row of =X=Y, which has a threshold." in done.stdout
    assert 1 == done.exit_code


@pytest.mark.usefixtures("files")
def test_json() -> None:
    """
    Standard output is the document alone.
    """
    done = run("before.json", "after.json", "--format", "json", "--threshold", "USDT=1")

    assert diff(BEFORE, AFTER, thresholds={"USDT": "1"}) == Difference.from_dict(json.loads(done.stdout))
    assert 1 == done.exit_code


def test_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    On a terminal that is too narrow for the table, each figure has a line.
    """
    stream = io.StringIO()

    def terminal(**options: Any) -> Console:
        return Console(file=stream, force_terminal=True, color_system=None, **{"width": 60, **options})

    monkeypatch.setattr(difference_table, "Console", terminal)
    difference_table.show(diff(BEFORE, AFTER, accounts=["desk-a"]))

    text = lines(stream.getvalue())
    assert NARROW in text
    assert "─" not in text


def test_nothing_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Without a row there is no table.
    """
    difference_table.show(diff(BEFORE, AFTER, accounts=["desk-c"]))

    assert "opening" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["before.json", "none.json"], "Error: none.json cannot be read: No such file or directory.\nName a file of"),
        (["before.json", "."], ". cannot be read: Is a directory."),
        (["before.json", "text.json"], "text.json is not JSON: Expecting value: line 1 column 1 (char 0)."),
        (["before.json", "bytes.json"], "bytes.json is not UTF-8 text."),
        (["before.json", "deep.json"], "deep.json is not JSON: "),
        (["before.json", "other.json"], "other.json: This is no marginbook.balance-report of version "),
        (["before.json", "changed.json"], "changed.json: The balance report contradicts itself"),
        (
            ["before.json", "after.json", "--account", "x"],
            "There is no account 'x' in either report.\nThere are desk-a",
        ),
        (["before.json", "after.json", "--threshold", "USDT"], "USDT is no threshold for *: 'USDT' is not an amount."),
        (["before.json", "after.json", "--threshold", "5"], "An amount of 5 means something else in each asset."),
        (["before.json"], "Missing argument 'AFTER'."),
    ],
)
def test_wrong_questions(files: Path, arguments: list[str], expected: str) -> None:
    """
    Nothing is on standard output, and standard error says what to do.
    """
    for name, content in {
        "text": b"x",
        "bytes": b"\xff",
        "deep": b"[" * 100_000,
        "other": b"{}",
        "changed": BEFORE.to_json().replace('"1000.00"', '"1001.00"', 1).encode(),
    }.items():
        (files / f"{name}.json").write_bytes(content)
    done = run(*arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("reference", ["12", "latest", "latest~1"])
def test_without_a_history(reference: str) -> None:
    """
    What could be a snapshot, and is no file, is looked for in the history; without one, the error says so.
    """
    done = run(reference, "after.json", "--history", "none.sqlite")

    assert (2, "") == (done.exit_code, done.stdout)
    assert "none.sqlite" in done.stderr


@pytest.mark.usefixtures("files")
def test_snapshots(files: Path) -> None:
    """
    A snapshot is compared like a file. A file comes first, whatever it is called.
    """
    with open_store(files / "history.sqlite") as store:
        store.save(BEFORE)
        store.save(AFTER)
    (files / "2").write_text(BEFORE.to_json(), encoding="utf-8")
    place = ("--history", str(files / "history.sqlite"))

    assert WIDE == lines(run("latest~1", "latest", *place).stdout)
    assert WIDE == lines(run("2", "latest", *place).stdout)
