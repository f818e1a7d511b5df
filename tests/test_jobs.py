"""
The pages for each job say what works: their commands and snippets are run, in order, against a sandbox.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from marginbook.output import metrics
from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from processes import started

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS: Final = Path(__file__).resolve().parents[1] / "docs" / "jobs"

#: Where the pages have it.
HOME: Final = "/srv/marginbook"


#: Venues that tell a wallet balance of each row that the sandbox plays. Another row would be flagged each night.
TOLD: Final = {"binance-coinm", "binance-usdm", "coinswitch", "fexgate"}


def blocks(page: str, language: str) -> list[str]:
    """
    Return what a page has in blocks of a language.
    """
    text = (JOBS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(page: str, language: str) -> list[str]:
    """
    Return the lines of a page that are commands.
    """
    return [line for block in blocks(page, language) for line in block.splitlines()]


def run(command: str) -> subprocess.CompletedProcess[str]:
    """
    Run a command in a shell that finds marginbook, with the folder of the test for that of the page.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["/bin/bash", "-c", command.replace(HOME, str(Path.cwd()))],
        env={**os.environ, "PATH": path, "MARGINBOOK_HISTORY": str(Path("history.sqlite").absolute())},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """
    A folder with the accounts of a sandbox.
    """
    monkeypatch.chdir(tmp_path)
    with Sandbox(installed().stages()) as played:
        path = Path("accounts.toml")
        path.write_text(played.accounts_file(), encoding="utf-8")
        path.chmod(0o600)
        Path(".venv/bin").mkdir(parents=True)
        Path(".venv/bin/marginbook").symlink_to(Path(sys.executable).parent / "marginbook")
        yield played


def test_the_night_by_hand(desk: Sandbox) -> None:
    """
    The report is written, saved and listed, and what is checked is well.
    """
    results = [run(command) for command in commands("nightly.md", "shell")]
    count = len(desk.accounts())

    assert [0, 0, 0] == [done.returncode for done in results], results
    assert "complete" in results[-1].stdout
    assert f"Complete: {count} of {count} accounts" in Path("book.html").read_text(encoding="utf-8")


def test_the_night_of_cron() -> None:
    """
    Two nights: nothing is printed, so that no mail is sent, as long as nothing has changed and each wallet is told.
    """
    (lines,) = blocks("nightly.md", "cron")
    night, comparison = (
        line.split(maxsplit=5)[5].replace("\\%", "%") for line in lines.splitlines() if line[0].isdigit()
    )
    with Sandbox([stage for stage in installed().stages() if stage.venue in TOLD]) as told:
        Path("accounts.toml").write_text(told.accounts_file(), encoding="utf-8")
        results = [run(command) for command in (night, night, comparison)]

    assert [(0, "", "")] * 3 == [(done.returncode, done.stdout, done.stderr) for done in results]


def test_the_night_of_systemd() -> None:
    """
    What the unit starts does its work, and the timer starts it.
    """
    service, timer = blocks("nightly.md", "ini")
    (command,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)

    assert 0 == run(command).returncode
    assert {"marginbook.service", "marginbook.timer"} == set(re.findall(r"system/(\S+)", service + timer))
    assert "WantedBy=timers.target" in timer


def test_the_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Each cell runs after those before it, and the last names what the total does not hold.
    """
    cells: dict[str, Any] = {}
    for source in blocks("notebook.md", "python"):
        exec(compile(source, "notebook.md", "exec"), cells)  # noqa: S102  # it is ours
    lines = capsys.readouterr().out.splitlines()

    assert cells["report"].complete
    assert "binance-hmac USDC equity no price" in lines


def test_the_file_for_prometheus() -> None:
    """
    Each command writes the file of metrics.
    """
    (by_hand, *_), (by_cron,) = commands("monitoring.md", "shell"), commands("monitoring.md", "cron")
    for command in (by_hand, by_cron.split(maxsplit=5)[5]):
        Path("marginbook.prom").unlink(missing_ok=True)

        assert 0 == run(command).returncode
        assert "\nmarginbook_report_complete 1\n" in Path("marginbook.prom").read_text(encoding="utf-8")


def test_the_page_for_prometheus(desk: Sandbox) -> None:
    """
    It is served at the port that Prometheus is told to ask, until it is stopped.
    """
    serve = commands("monitoring.md", "shell")[1]
    scrape = yaml.safe_load(blocks("monitoring.md", "yaml")[0])
    port = scrape["scrape_configs"][0]["static_configs"][0]["targets"][0].partition(":")[2]
    with started("-m", *serve.replace(f"--port {port}", "--port 0").split()) as serving:
        assert serving.stdout
        line = serving.stdout.readline()
        serving.send_signal(signal.SIGTERM)

    assert f"--port {port}" in serve
    assert line.startswith(
        f"Serving the newest report of {len(desk.accounts())} accounts, one every 60 s: http://127.0.0.1:"
    )
    assert 0 == serving.returncode


def test_the_rules_for_prometheus() -> None:
    """
    They are about metrics that there are.
    """
    rules = yaml.safe_load(blocks("monitoring.md", "yaml")[1])["groups"][0]["rules"]
    named = {name for rule in rules for name in re.findall(r"marginbook_\w+", rule["expr"])}

    assert named
    assert set() == named - metrics.METRICS.keys()


def test_the_alerts() -> None:
    """
    The sandbox has accounts without equity, which cannot be told, so the status is 1.
    """
    done = run(commands("monitoring.md", "shell")[-1])

    assert 1 == done.returncode
    assert "unknown: margin_ratio > 0.8: binance-rsa (binance-usdm) USDT: equity is -50.00000000" in done.stderr
    assert "raised: available_balance < 1000 where asset=USDT: binance-rsa" in done.stderr


def test_the_audit() -> None:
    """
    What was saved is read again alike, nobody changed it, and it agrees with the books.
    """
    (expected,) = blocks("audit.md", "toml")
    Path("expected.toml").write_text(expected, encoding="utf-8")
    results = [run(command) for command in commands("audit.md", "shell")]

    assert [0] * 4 == [done.returncode for done in results], results
    assert "Snapshot 1: the same, byte for byte.\n" == results[1].stdout
    assert "Snapshots 1 to 1 are what was saved." in results[2].stdout
    assert "Reconciled: 2 of 2 figures agree." == results[3].stderr.splitlines()[-1]
    assert 2 == len(tomllib.loads(expected)["balances"])


def test_every_command_is_run() -> None:
    """
    No page has a block in a language that nothing above looks at.
    """
    languages = {
        page.name: sorted(set(re.findall(r"^```(\w+)$", page.read_text(encoding="utf-8"), re.MULTILINE)))
        for page in JOBS.glob("*.md")
    }

    assert {
        "audit.md": ["shell", "toml"],
        "monitoring.md": ["cron", "shell", "yaml"],
        "nightly.md": ["cron", "ini", "shell"],
        "notebook.md": ["python"],
    } == languages
