"""
Faults of the process: plugins that misbehave, a fork, an interrupt, a full disk.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from marginbook.sandbox.faults import Fault
from matrix import PROCESS
from processes import settled, started

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

#: What the module of a plugin does that the fault is about.
PLUGINS: Final = {
    "The plugin raises an exception.": "def fetch(account, session): raise RuntimeError('canary')",
    "The plugin exits.": "def fetch(account, session): raise SystemExit(0)",
    "The plugin raises KeyboardInterrupt.": "def fetch(account, session): raise KeyboardInterrupt",
    "The plugin returns something else.": "def fetch(account, session): return []",
    "The plugin hangs.": "import time\ndef fetch(account, session): time.sleep(600)",
    "The plugin cannot be imported.": "import nothing_of_that_name",
}

MODULE: Final = """
import marginbook as mb
{fetch}
@mb.hookimpl
def marginbook_venues():
    return [mb.Venue(id="acme", title="Acme", fetch=fetch, hosts={{"production": "https://acme.example"}})]
"""

#: Makes a report of the sandbox's accounts and one of Acme's, and prints the states.
REPORT: Final = """
import json, sys
import marginbook as mb
accounts = [*mb.load_accounts(sys.argv[1]), *([mb.Account("acme", "acme")] if len(sys.argv) > 3 else [])]
report = mb.collect(accounts, timeout=int(sys.argv[2]))
failed = {failure.account: failure.kind for failure in report.failures}
print(json.dumps({name: failed.get(name, "ok") for name in report.accounts}))
"""

FORK: Final = f"""
import os, sys, threading
import marginbook as mb
accounts = mb.load_accounts(sys.argv[1])
threads = [threading.Thread(target=mb.collect, args=(accounts,)) for _ in range(4)]
for thread in threads: thread.start()
mb.collect(accounts)
# In the middle of what the others do.
child = os.fork()
if not child:
    {REPORT.replace(chr(10), chr(10) + "    ")}
    sys.stdout.flush()
    os._exit(0)
for thread in threads: thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture
def accounts(tmp_path: Path) -> Callable[[Sandbox], str]:
    """
    Writes an accounts file for a sandbox, and returns its path.
    """

    def write(sandbox: Sandbox) -> str:
        path = tmp_path / "accounts.toml"
        path.write_text(sandbox.accounts_file(), encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    return write


@pytest.mark.parametrize("fault", PLUGINS)
def test_a_plugin_that_misbehaves(fault: str, accounts: Callable[[Sandbox], str], tmp_path: Path) -> None:
    """
    Its own account fails, and nobody else's. What it says itself comes out nowhere.
    """
    (tmp_path / "acme.py").write_text(MODULE.format(fetch=PLUGINS[fault]))
    info = tmp_path / "acme-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[marginbook]\nacme = acme\n")
    # What hangs takes all of the time, which has to be enough for the others.
    seconds = "5" if PROCESS[fault] == "timeout" else "60"
    with (
        Sandbox(installed().stages()) as sandbox,
        started(*("-c", REPORT, accounts(sandbox), seconds, "acme"), environ={"PYTHONPATH": str(tmp_path)}) as process,
    ):
        out, err = process.communicate(timeout=90)
        names = [account.name for account in sandbox.accounts()]

    assert (0, "") == (process.returncode, err)
    assert dict.fromkeys(names, "ok") | {"acme": PROCESS[fault]} == json.loads(out)
    assert "canary" not in out


def test_a_fork(accounts: Callable[[Sandbox], str]) -> None:
    """
    A child of a process that was making reports makes its own. The venue allows many in a second: the child knows
    nothing of what its parent has spent.
    """
    with (
        Sandbox(installed().stages_of("binance-usdm")) as sandbox,
        started("-W", "ignore", "-c", FORK, accounts(sandbox), "60") as process,
    ):
        out, err = process.communicate(timeout=90)

    assert (0, "") == (process.returncode, err)
    assert {PROCESS["The process was forked from one that had made reports."]} == set(json.loads(out).values())


def heard(process: subprocess.Popen[str], count: int) -> list[str]:
    """
    Wait until so many accounts are done, and return what was said of them.
    """
    assert process.stderr is not None
    return [process.stderr.readline() for _ in range(count)]


def test_an_interrupt(accounts: Callable[[Sandbox], str]) -> None:
    """
    Ctrl-C ends the asking at once, although a venue stalls. What was read is printed, and says that it is not all.
    """
    with (
        Sandbox(installed().stages(), faults=[Fault("stall", "binance-hmac")]) as sandbox,
        started("-m", "marginbook", "report", "--format", "json", "--accounts", accounts(sandbox)) as process,
    ):
        others = [account.name for account in sandbox.accounts() if account.name != "binance-hmac"]
        heard(process, len(others))
        process.send_signal(signal.SIGINT)
        # The report itself would take half a minute.
        out, err = process.communicate(timeout=20)
    report = json.loads(out)

    assert PROCESS["Somebody interrupts the command."] == f"what was read until then, status {process.returncode}"
    assert [("binance-hmac", "timeout", "The report was interrupted before it had answered.")] == [
        (failure["account"], failure["kind"], failure["message"]) for failure in report["failures"]
    ]
    assert {row["account"] for row in report["balances"]} == set(others)
    assert not report["complete"]
    assert "INTERRUPTED" in report["notes"][0]["message"]
    assert f"Interrupted: the report has {len(others)} of {len(others) + 1} accounts.\n" == err


def test_an_interrupt_with_files(accounts: Callable[[Sandbox], str], tmp_path: Path) -> None:
    """
    What was read goes to the file that was asked for. It is neither saved nor compared, and nobody is asked for prices.
    """
    target, history = tmp_path / "report.json", tmp_path / "history.sqlite"
    settings = ["--output", str(target), "--save", "--history", str(history), "--alert", "equity < 0 where asset=USDT"]
    with (
        Sandbox(installed().stages(), faults=[Fault("stall", "binance-hmac")]) as sandbox,
        started(
            *("-m", "marginbook", "report", "--accounts", accounts(sandbox), "--value-in", "USD", *settings),
            measured=True,
        ) as process,
    ):
        others = len(sandbox.accounts()) - 1
        heard(process, others)
        settled(process).send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)

    assert (130, "") == (process.returncode, out)
    assert ["binance-hmac"] == [failure["account"] for failure in json.loads(target.read_text())["failures"]]
    assert not history.exists()
    assert [
        f"INCOMPLETE: {target} is written without binance-hmac.",
        f"Interrupted: the report has {others} of {others + 1} accounts.",
        "It was NOT saved, since a history of whole reports would show the rest as missing.",
        "It was NOT held against what is expected, nor against alerts.",
    ] == err.splitlines()


@pytest.mark.parametrize(("form", "first"), [("json", "{"), ("table", "I")])
def test_two_interrupts(form: str, first: str, tmp_path: Path) -> None:
    """
    A second Ctrl-C ends the command at once, although nobody reads what was read.
    """
    rows = "".join(
        f'[accounts.desk-{n}]\nvenue = "binance-usdm"\nbase_url = "{{url}}"\napi_key = "env:K"\napi_secret = "env:K"\n'
        for n in range(2000)
    )
    path = tmp_path / "accounts.toml"
    with Sandbox(installed().stages(), faults=[Fault("stall")]) as sandbox:
        url = sandbox.accounts()[0].options["base_url"]
        path.write_text(rows.replace("{url}", url))
        command = ["-m", "marginbook", "report", "--format", form, "--quiet", "--accounts", str(path)]
        reader, writer = os.pipe()
        with started(*command, environ={"K": "k" * 64}, stdout=writer) as process:
            # All threads that a command begins with.
            while sandbox.requests < 16:
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            # It has more to write than a pipe takes, and waits for somebody who reads.
            while select.select([], [writer], [], 0)[1]:
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        os.close(writer)
        with os.fdopen(reader) as stream:
            out = stream.read()

    assert PROCESS["Somebody interrupts it twice."] == f"no report, status {process.returncode}"
    assert first == out[0]
    assert "Interrupted.\n" == err


def test_an_interrupted_check(accounts: Callable[[Sandbox], str]) -> None:
    """
    Ctrl-C ends a check at once, and prints no half of it.
    """
    with (
        Sandbox(installed().stages(), faults=[Fault("stall", "binance-hmac")]) as sandbox,
        started("-m", "marginbook", "check", "--accounts", accounts(sandbox)) as process,
    ):
        while sandbox.requests < len(sandbox.accounts()):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)

    assert (130, "", "Interrupted.\n") == (process.returncode, out, err)


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_a_full_disk(form: str) -> None:
    """
    What could not be written is told in one sentence, and the status is not that of a whole report.
    """
    command = ("-m", "marginbook", "demo", "--format", form)
    with Path("/dev/full").open("w") as full, started(*command, stdout=full) as process:
        _, err = process.communicate(timeout=30)

    assert PROCESS["The disk for the output is full."] == f"the output is cut, status {process.returncode}"
    assert [
        "Error: The output could not be written: No space left on device. What was written of it is not whole."
    ] == ([line for line in err.splitlines() if not line.startswith("[")])
