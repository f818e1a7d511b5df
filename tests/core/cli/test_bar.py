"""
What a terminal shows while accounts are asked: a real one, of the system's.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest
from attrs import define, field

from crowds import QUICK, Crowd, crowd
from marginbook.cli.bar import estimate, status
from marginbook.progress import Wait
from processes import UNMEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.core.conftest import Plugins

#: What terminals are told besides text.
CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")

UNTIL: Final = datetime(2027, 1, 15, 8, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("done", "asked", "passed", "waits", "timeout", "expected"),
    [
        (0, 10, 5.0, 0.0, 30.0, None),
        (5, 10, 5.0, 0.0, 30.0, 5.0),
        (1, 10, 1.0, 20.0, 30.0, 20.0),
        (1, 100, 10.0, 0.0, 30.0, 20.0),
        (1, 100, 31.0, 0.0, 30.0, 0.0),
        (10, 10, 5.0, 0.0, 30.0, 0.0),
    ],
)
def test_estimates(done: int, asked: int, passed: float, waits: float, timeout: float, expected: float | None) -> None:
    """
    The rest takes as long as what is done, at least until who waits may go on, and at most until the deadline.
    """
    assert expected == estimate(done, asked, passed, waits=waits, timeout=timeout)


def test_the_lines_below() -> None:
    """
    They say what there is to say, host by host, and nothing else.
    """
    waits = [Wait("a.example", 1, UNTIL), Wait("b.example:8443", 12, UNTIL)]

    assert [] == status(0, [], None)
    assert ["about 119 s left"] == status(0, [], 119.4)
    assert [
        "3 failed, about 2 min left",
        "1 waits for the rate limit of a.example until 08:01:02 UTC",
        "12 wait for the rate limit of b.example:8443 until 08:01:02 UTC",
    ] == status(3, waits, 130.0)


@define
class Terminal:
    """
    A command on a terminal of its own, and all that the terminal was told.
    """

    process: subprocess.Popen[bytes]
    master: int
    told: str = field(default="", init=False)

    def read(self) -> bool:
        """
        Take what comes next; False if that is nothing more.
        """
        # Linux says so when the last one has closed the other end.
        with contextlib.suppress(OSError):
            if more := os.read(self.master, 65536):
                self.told += more.decode()
                return True
        return False

    def until(self, text: str) -> None:
        """
        Wait until a text is shown.
        """
        while text not in CONTROL.sub("", self.told):
            assert self.read(), self.told

    def press(self, key: bytes) -> None:
        os.write(self.master, key)

    def end(self) -> str:
        """
        Wait for the end, and return all lines that were shown at some time.
        """
        while self.read():
            pass
        self.process.wait(timeout=60)
        return CONTROL.sub("", self.told)


@contextlib.contextmanager
def terminal(*command: str, path: Path, width: int = 100) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    environ = {**os.environ, **UNMEASURED, "PYTHONPATH": str(path), "TERM": "xterm", "COLUMNS": str(width)}
    process = subprocess.Popen(
        [sys.executable, "-m", "marginbook", *command],
        env=environ,
        # The terminal is the command's own, so that a key which is pressed there reaches it.
        preexec_fn=lambda: os.login_tty(slave),  # noqa: PLW1509  # nothing else runs between fork and exec
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.fixture
def many(plugins: Plugins) -> Iterator[Crowd]:
    """
    Twelve accounts, of which eight may be asked in twenty seconds.
    """
    plugins.add("quick", "quick", source=QUICK.format(limit=40, seconds=20))
    with crowd(12, 40, 20) as found:
        yield found


@pytest.fixture
def accounts(many: Crowd, tmp_path: Path) -> Path:
    path = tmp_path / "accounts.toml"
    lines = []
    for one in many.accounts:
        lines += [f"[accounts.{one.name}]", 'venue = "quick"', f'base_url = "{one.options["base_url"]}"']
        lines += [f'{name} = "{secret.reveal()}"' for name, secret in one.credentials.items()]
    # A venue that does not know it fails at once.
    lines += ["[accounts.stranger]", 'venue = "nowhere"']
    path.write_text("\n".join(lines))
    path.chmod(0o600)
    return path


def test_a_bar(accounts: Path, plugins: Plugins) -> None:
    """
    It counts who is done and who failed, says who waits for a rate limit and until when, and is gone in the end.
    """
    with terminal("report", "--timeout", "100", "--accounts", str(accounts), path=plugins.folder) as screen:
        screen.until("9/13")
        screen.until("4 wait for the rate limit of 127.0.0.1:")
        text = screen.end()

    assert re.search(r"Asking [━╸╺ ]+ 9/13", text)
    assert re.search(r"1 failed, about \d+ s left", text)
    assert re.search(r"4 wait for the rate limit of 127\.0\.0\.1:\d+ until \d\d:\d\d:\d\d UTC", text)
    assert "INCOMPLETE: 12 of 13 accounts" in text
    assert 1 == screen.process.returncode
    # All of it was wiped before the report.
    assert "Asking" not in screen.told.rpartition("\x1b[2K")[2]


def test_ctrl_c(accounts: Path, many: Crowd, plugins: Plugins) -> None:
    """
    The bar makes way for what was read until then, and the terminal is as it was.
    """
    with terminal("report", "--timeout", "100", "--accounts", str(accounts), path=plugins.folder) as screen:
        screen.until("9/13")
        screen.until("4 wait for the rate limit")
        screen.press(b"\x03")
        text = screen.end()

    assert 130 == screen.process.returncode
    assert "INCOMPLETE: 8 of 13 accounts" in text
    assert 4 == text.count("(quick): timeout: The report was interrupted before it had answered. Ask again.")
    assert "INTERRUPTED: somebody ended the asking before its time. This report has what was known of 9 of 13" in text
    assert text.rstrip().endswith("Interrupted: the report has 8 of 13 accounts.")
    assert "Traceback" not in text
    # Nobody waited for the limit.
    assert 8 == many.budget.requests
    # The cursor is shown again.
    assert screen.told.rfind("\x1b[?25h") > screen.told.rfind("\x1b[?25l")


def test_no_bar(accounts: Path, plugins: Plugins) -> None:
    """
    Who wants quiet has it.
    """
    with terminal("report", "--quiet", "--timeout", "15", "--accounts", str(accounts), path=plugins.folder) as screen:
        text = screen.end()

    assert "Asking" not in text
    assert "INCOMPLETE: 8 of 13 accounts" in text
