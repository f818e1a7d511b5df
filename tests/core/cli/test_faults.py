"""
What happens around a command: full disks, readers that go away, and signals.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from marginbook import BalanceReport
from marginbook.limits import Limit
from marginbook.registry import installed
from marginbook.sandbox import Fault, Sandbox
from marginbook.transport import SHARED_LIMITS
from marginbook.transport.shared import SharedLimits
from processes import settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.core.conftest import Plugins

#: Runs the command as it is run by hand: an interrupt gets through, even where the tests themselves ignore it.
MARGINBOOK: Final = (
    sys.executable,
    "-c",
    """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("marginbook", run_name="__main__", alter_sys=True)
""",
)

FULL: Final = "Error: The output could not be written: No space left on device. What was written of it is not whole.\n"

#: All that prints something.
COMMANDS: Final = (
    ("report",),
    ("report", "--format", "json"),
    ("report", "--format", "jsonl"),
    ("report", "--format", "csv"),
    ("check",),
    ("check", "--json"),
    ("venues",),
    ("venues", "--json"),
    ("venues", "fexgate"),
    ("sandbox", "--list-faults"),
    ("--help",),
    ("report", "--help"),
    ("--version",),
)


@pytest.fixture
def file(sandbox: Sandbox, tmp_path: Path) -> Path:
    """
    An accounts file of the sandbox.
    """
    path = tmp_path / "accounts.toml"
    path.touch(mode=0o600)
    path.write_text(sandbox.accounts_file())
    return path


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """
    Starts the command in a folder of its own, and ends what a test has left running.
    """
    started: list[subprocess.Popen[str]] = []
    folder = tmp_path / "work"
    folder.mkdir()

    def start(*command: str, program: tuple[str, ...] = MARGINBOOK, **settings: Any) -> subprocess.Popen[str]:
        environ = {"MARGINBOOK_ACCOUNTS": str(tmp_path / "accounts.toml"), "TMPDIR": str(folder)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | settings
        environ |= pipes.pop("env", {})
        # Without a buffer, nothing could be left in it.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        process = subprocess.Popen([*program, *command], env={**inherited, **environ}, cwd=folder, text=True, **pipes)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in filter(None, [process.stdout, process.stderr]):
            pipe.close()


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """
    Wait for the end, and see that nothing of Python's own was told.
    """
    output, errors = process.communicate(timeout=30)
    for words in ("Traceback", "Exception ignored", "BrokenPipeError", "OSError"):
        assert words not in (errors or "")
    return process.returncode, output or "", errors or ""


def untold(errors: str) -> str:
    """
    What stands on standard error beside the progress.
    """
    return "".join(line for line in errors.splitlines(keepends=True) if not line.startswith("["))


def stalled(sandbox: Sandbox) -> None:
    """
    Wait until all have asked.
    """
    until = time.monotonic() + 30
    while sandbox.requests < len(sandbox.accounts()):
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def stalling(tmp_path: Path) -> Iterator[Sandbox]:
    """
    Venues that do not answer, and their accounts file.
    """
    with Sandbox(installed().stages(), faults=[Fault("stall")]) as opened:
        path = tmp_path / "accounts.toml"
        path.touch(mode=0o600)
        path.write_text(opened.accounts_file())
        yield opened


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_full_disk(begin: Callable[..., subprocess.Popen[str]], command: tuple[str, ...]) -> None:
    """
    What could not be written is told in one sentence, and in the status.
    """
    with Path("/dev/full").open("w") as full:
        status, _, errors = finish(begin(*command, stdout=full))

    assert (1, FULL) == (status, untold(errors))


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("errors", ["2>/dev/full", "2>&-"])
def test_what_is_missing_cannot_be_told(
    begin: Callable[..., subprocess.Popen[str]], tmp_path: Path, errors: str
) -> None:
    """
    A file is written whole, and the status tells the rest, where standard error is full or closed.
    """
    with (tmp_path / "accounts.toml").open("a") as accounts:
        accounts.write('\n[accounts.lost]\nvenue = "kraken"\n')
    program = ("sh", "-c", f'exec "$0" "$@" {errors}', *MARGINBOOK)
    status, _, _ = finish(begin("report", "-o", str(tmp_path / "report.json"), program=program))

    assert 1 == status
    assert ("lost",) == BalanceReport.from_dict(json.loads((tmp_path / "report.json").read_bytes())).missing


def test_a_full_disk_and_a_plugin_that_prints(begin: Callable[..., subprocess.Popen[str]], plugins: Plugins) -> None:
    """
    What a plugin prints, where the command itself has nothing to print, is output as well.
    """
    plugins.add("acme", "acme", source="print('Hello.')")
    paths = os.pathsep.join(filter(None, [str(plugins.folder), os.environ.get("PYTHONPATH")]))
    with Path("/dev/full").open("w") as full:
        status, _, errors = finish(begin("venues", "kraken", stdout=full, env={"PYTHONPATH": paths}))

    assert (1, FULL) == (status, errors)


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_reader_that_is_gone(begin: Callable[..., subprocess.Popen[str]], command: tuple[str, ...]) -> None:
    """
    Who closes the pipe has read enough: nothing is told, but the status is not that of a whole output.
    """
    reader, writer = os.pipe()
    os.close(reader)
    process = begin(*command, stdout=writer)
    os.close(writer)
    status, _, errors = finish(process)

    assert (1, "") == (status, untold(errors))


@pytest.mark.usefixtures("file")
def test_the_first_line_alone(begin: Callable[..., subprocess.Popen[str]]) -> None:
    """
    The head of a report is its first line, and nothing else is told.
    """
    command = '"$0" "$@" --quiet | head -1'
    status, output, errors = finish(begin("report", program=("sh", "-c", command, *MARGINBOOK)))

    assert (0, "", 1) == (status, errors, output.count("\n"))
    count = sum(len(stage.actors) for stage in installed().stages())
    assert output.startswith(f"Complete: {count} of {count} accounts, ")


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("command", [("report",), ("check",), ("--help",)], ids=" ".join)
def test_no_standard_output(
    sandbox: Sandbox, begin: Callable[..., subprocess.Popen[str]], command: tuple[str, ...]
) -> None:
    """
    Where nobody would see an answer, no question is asked.
    """
    status, output, errors = finish(begin(*command, program=("sh", "-c", 'exec "$0" "$@" >&-', *MARGINBOOK)))

    assert (2, "") == (status, output)
    assert (
        "Error: Standard output is closed, so nobody would see an answer.\nRedirect it to a file, or to /dev/null.\n"
    ) == errors
    assert 0 == sandbox.requests


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("errors", ["2>/dev/full", "2>&-"])
def test_progress_that_cannot_be_told(begin: Callable[..., subprocess.Popen[str]], errors: str) -> None:
    """
    A log that is full, or closed, does not cost the report that the progress is about.
    """
    program = ("sh", "-c", f'exec "$0" "$@" {errors}', *MARGINBOOK)
    status, output, _ = finish(begin("report", "--format", "json", program=program))

    assert 0 == status
    assert BalanceReport.from_dict(json.loads(output)).complete


@pytest.mark.usefixtures("file")
def test_progress_that_nobody_reads(begin: Callable[..., subprocess.Popen[str]]) -> None:
    """
    Nor does a reader of the log who has gone.
    """
    reader, writer = os.pipe()
    os.close(reader)
    process = begin("report", "--format", "json", stderr=writer)
    os.close(writer)
    status, output, _ = finish(process)

    assert 0 == status
    assert BalanceReport.from_dict(json.loads(output)).complete


@pytest.mark.parametrize("command", [("report",), ("report", "--format", "json"), ("report", "--quiet")], ids=" ".join)
def test_an_interrupted_report(
    stalling: Sandbox, begin: Callable[..., subprocess.Popen[str]], command: tuple[str, ...]
) -> None:
    """
    Ctrl-C ends the command long before its time is over, and what is printed says that it was, and who is missing.
    """
    process = begin(*command, "--timeout", "600")
    stalled(stalling)
    settled(process).send_signal(signal.SIGINT)
    status, output, errors = finish(process)
    names = [account.name for account in stalling.accounts()]

    assert (130, f"Interrupted: the report has 0 of {len(names)} accounts.\n") == (status, errors)
    assert "INTERRUPTED: somebody ended the asking before its time." in output
    assert len(names) == output.count("The report was interrupted before it had answered.")


@pytest.mark.parametrize("command", [("check",), ("check", "--json")], ids=" ".join)
def test_an_interrupted_check(
    stalling: Sandbox, begin: Callable[..., subprocess.Popen[str]], command: tuple[str, ...]
) -> None:
    """
    Ctrl-C ends a check in one word, and nothing is printed that might be one.
    """
    process = begin(*command, "--timeout", "600")
    stalled(stalling)
    settled(process).send_signal(signal.SIGINT)

    assert (130, "", "Interrupted.\n") == finish(process)


@pytest.mark.parametrize("command", ["report", "check"])
def test_an_interrupt_while_a_secret_is_looked_up(
    begin: Callable[..., subprocess.Popen[str]], tmp_path: Path, command: str
) -> None:
    """
    Somebody who has to touch a key, and does not want to, gets out as well.
    """
    begun = tmp_path / "begun"
    script = tmp_path / "secret.sh"
    script.write_text(f"#!/bin/sh\ntouch {begun}\nwhile [ -e {begun} ]; do sleep 0.05; done\n")
    script.chmod(0o700)
    path = tmp_path / "accounts.toml"
    path.touch(mode=0o600)
    path.write_text(f'[accounts.a]\nvenue = "binance-usdm"\napi_key = "cmd:{script}"\napi_secret = "env:NONE"\n')
    process = begin(command, "--timeout", "600")
    until = time.monotonic() + 30
    while not begun.exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    settled(process).send_signal(signal.SIGINT)
    # The script is in nobody's way, and would otherwise keep the pipe open.
    status = process.wait(30)
    begun.unlink()

    status_again, output, errors = finish(process)

    assert (130, 130) == (status, status_again)
    if command == "check":
        assert ("", "Interrupted.\n") == (output, errors)
    else:
        assert "The report was interrupted before it had answered." in output
        assert "Interrupted: the report has 0 of 1 accounts.\n" == errors


@pytest.mark.parametrize("command", ["report", "check"])
def test_a_command_that_is_ended(
    stalling: Sandbox, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path, command: str
) -> None:
    """
    A command that is told to end leaves nothing behind: no output, no file, no lock on what it shares with others.
    """
    path = tmp_path / "limits"
    process = begin(command, "--timeout", "600", env={SHARED_LIMITS: str(path)})
    stalled(stalling)
    process.terminate()

    assert (-signal.SIGTERM, "", "") == finish(process)
    assert [] == list((tmp_path / "work").iterdir())
    assert 0 == SharedLimits(str(path)).spend("another", Limit(1), 1, time.time_ns() // 1_000_000)
