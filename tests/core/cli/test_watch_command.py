"""
``marginbook watch``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import define, field
from click.testing import CliRunner, Result

from marginbook.cli import main
from processes import started
from script import ROW, Said, in_turn, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from marginbook.sandbox import Sandbox

#: One account, whose wallet grows and loses an asset, and which cannot be read at last.
STORY: Final = (
    Said(body=[ROW, {**ROW, "asset": "BNB"}]),
    Said(body=[{**ROW, "balance": "2.00", "crossWalletBalance": "2.00"}, {**ROW, "asset": "BTC"}]),
    Said(status=401, body={"code": -2015, "msg": "no"}),
)


def run(*arguments: Any, **environ: str) -> Result:
    return CliRunner().invoke(main, ["watch", *map(str, arguments)], env=environ)


def account(path: Path, url: str, *lines: str) -> Path:
    file = path / "accounts.toml"
    secrets = 'api_key = "key"\napi_secret = "secret"\n'
    file.write_text(f'[accounts.desk]\nvenue = "binance-usdm"\nbase_url = "{url}"\n{secrets}' + "\n".join(lines))
    return file


def start(file: Path, *arguments: str, **settings: Any) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    return started("-m", "marginbook", "watch", "--accounts", str(file), *arguments, **settings)


def row(text: str, asset: str) -> list[str]:
    """
    The words behind the name of an asset, in its row.
    """
    found = (line.split() for line in text.splitlines() if f" {asset} " in line)
    return next(words[words.index(asset) + 1 :] for words in found)


def test_changes_since_the_start(tmp_path: Path) -> None:
    """
    On a pipe, each report follows the last: with changes, new rows and vanished ones, and at last with stale ones.
    """
    with scripted(in_turn(*STORY)) as venue:
        done = run("--accounts", account(tmp_path, venue.url), "--every", 1, "--count", 3)
    first, second, third = re.split("\n\n(?=Complete|INCOMPLETE)", done.stdout)

    assert (1, "", 3) == (done.exit_code, done.stderr, len(venue.asked))
    assert ["1.50", "0", "0*", "1.50*", "0", "1.50", "1.50"] == row(first, "USDT")
    assert ["2.00", "+0.50", "0*", "2.00*", "+0.50", "1.50", "1.50"] == row(second, "USDT")
    assert ["1.50", "0", "0*", "1.50*", "0", "1.50", "1.50", "new"] == row(second, "BTC")[:8]
    assert ["(1.50)", "(0*)", "(1.50*)", "(1.50)", "(1.50)", "VANISHED,"] == row(second, "BNB")[:6]
    assert third.startswith("INCOMPLETE: 0 of 1 accounts, ")
    assert ["(2.00)", "(0*)", "(2.00*)", "(1.50)", "(1.50)", "STALE,"] == row(third, "USDT")[:6]
    assert "VANISHED," == row(third, "BNB")[5]
    assert "total" not in third


def test_a_complete_last_report(tmp_path: Path) -> None:
    """
    The status is that of the last report, whatever the ones before it lacked.
    """
    with scripted(in_turn(STORY[2], STORY[0])) as venue:
        done = run("--accounts", account(tmp_path, venue.url), "--every", 1, "--count", 2)

    assert (0, "INCOMPLETE", True) == (
        done.exit_code,
        done.stdout[:10],
        "\n\nComplete: 1 of 1 accounts, " in done.stdout,
    )


def test_rate_limits(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    An interval that would spend too much of a limit is longer, and that is said with each report.
    """
    file = tmp_path / "accounts.toml"
    file.write_text(sandbox.accounts_file())
    done = run("--accounts", file, "--every", 1, "--count", 1, "--detail", "balance")
    some = run("--accounts", file, "--every", 1, "--count", 1, "--only", "fexgate")

    assert (0, 0) == (done.exit_code, some.exit_code)
    assert (
        ", every 6 s\nA report is made every 6 seconds, not every 1: that would spend more than half of the rate limit"
        in (done.stdout)
    )
    assert " of coinswitch, " in done.stdout
    assert ", every 1 s\n\n" in some.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "nobody"], "There is no account 'nobody' in the accounts file."),
        (["--every", "0.5"], "'--every'"),
        (["--count", "0"], "'--count'"),
        (["--timeout", "86401"], "A report in 86401.0 seconds with 16 workers cannot be made."),
    ],
)
def test_wrong_questions(tmp_path: Path, arguments: list[str], message: str) -> None:
    """
    A question that makes no sense is refused, and nobody is asked.
    """
    with scripted(in_turn(*STORY)) as venue:
        done = run("--accounts", account(tmp_path, venue.url), *arguments)

    assert (2, "", True) == (done.exit_code, done.stdout, message in done.stderr)
    assert [] == venue.asked


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_end_from_outside(tmp_path: Path, number: signal.Signals) -> None:
    """
    Ctrl-C ends it, and so does SIGTERM, with the status that shells give to it.
    """
    with (
        scripted(in_turn(*STORY)) as venue,
        start(account(tmp_path, venue.url)) as process,
    ):
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)

    assert (130, "Interrupted.\n") == (process.returncode, errors)
    assert first.startswith("Complete: 1 of 1 accounts, ")


@define
class Terminal:
    """
    A pseudo terminal with a process in it.
    """

    process: subprocess.Popen[str]
    _ours: int
    seen: str = field(default="", init=False)

    def read_until(self, pattern: str) -> str:
        """
        Read until something was drawn, and return what was on the alternate screen then, without colours.
        """
        while True:
            # Each drawing begins at the upper left, and is whole when the next one begins.
            for drawing in self.seen.split("\x1b[H")[1:-1]:
                if re.search(pattern, drawing):
                    return drawing
            if not (more := self._more()):
                return ""
            self.seen += more

    def end(self) -> str:
        """
        Read to the end, and return what is on the screen that was there before.
        """
        while more := self._more():
            self.seen += more
        os.close(self._ours)
        self.process.wait(timeout=10)
        return self.seen.rpartition("\x1b[?1049l")[2]

    def _more(self) -> str:
        try:
            read = os.read(self._ours, 65536)
        # Nobody has the other side any more.
        except OSError:
            return ""
        return re.sub(r"\x1b\[[0-9;]*m", "", read.decode(errors="replace"))


@contextlib.contextmanager
def watching(
    file: Path, *arguments: str, columns: int = 200, lines: int = 40, term: str = "xterm"
) -> Iterator[Terminal]:
    """
    Watch in a terminal of this size.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    # Nobody interrupts what ends by itself.
    with start(file, *arguments, measured="--count" in arguments, environ={"TERM": term}, **streams) as process:
        os.close(theirs)
        yield Terminal(process, ours)


def test_a_terminal(tmp_path: Path) -> None:
    """
    On a terminal, reports take each other's place on a screen of their own, and the last stays when that is left.
    """
    with scripted(in_turn(*STORY[:2])) as venue, watching(account(tmp_path, venue.url), "--every", "1") as terminal:
        terminal.read_until("every 1 s")
        drawn = terminal.read_until(r"\+0\.50")
        terminal.process.send_signal(signal.SIGINT)
        left = terminal.end()

    assert 130 == terminal.process.returncode
    assert "\x1b[?1049h" in terminal.seen.partition("Asking 1 accounts.")[0]
    assert drawn.startswith("Complete: 1 of 1 accounts, ")
    assert left.lstrip("\x1b[?25h\r\n").startswith("Complete: 1 of 1 accounts, ")
    assert "+0.50" in left
    assert left.endswith("Interrupted.\r\n")


def test_a_terminal_to_the_end(tmp_path: Path) -> None:
    """
    After --count reports, the status is that of the last one, and what is stale says so.
    """
    with (
        scripted(in_turn(*STORY[1:])) as venue,
        watching(account(tmp_path, venue.url), "--every", "1", "--count", "2") as terminal,
    ):
        left = terminal.end()

    assert 1 == terminal.process.returncode
    assert "INCOMPLETE: 0 of 1 accounts, " in left
    assert re.search(r"STALE, read [1-9]\d* s ago", left)


def test_a_small_terminal(tmp_path: Path) -> None:
    """
    What does not fit is counted, and ages grow while nothing else happens.
    """
    with (
        scripted(in_turn(*STORY)) as venue,
        watching(account(tmp_path, venue.url), "--every", "60", columns=70, lines=8) as terminal,
    ):
        terminal.read_until("more lines do not fit")
        drawn = terminal.read_until("[2-9] s ago")
        terminal.process.send_signal(signal.SIGTERM)
        left = terminal.end()

    assert 8 == len(drawn.rstrip("\r\n").split("\n"))
    assert (130, 1) == (terminal.process.returncode, len(venue.asked))
    assert "more lines do not fit" not in left


def test_a_terminal_that_cannot_draw(tmp_path: Path) -> None:
    """
    Where nothing can be drawn in its place, each report is printed after the last.
    """
    with (
        scripted(in_turn(*STORY[:2])) as venue,
        watching(account(tmp_path, venue.url), "--every", "1", "--count", "2", term="dumb") as terminal,
    ):
        terminal.end()

    assert (0, 2) == (terminal.process.returncode, terminal.seen.count("Complete: 1 of 1 accounts, "))
    assert "\x1b" not in terminal.seen


def test_interrupted_before_the_first_report(tmp_path: Path) -> None:
    """
    A terminal is left as it was, even if there is nothing to show yet.
    """
    hang = threading.Event()

    def say(_: object) -> Said:
        hang.wait(10)
        return STORY[0]

    with scripted(say) as venue, watching(account(tmp_path, venue.url)) as terminal:
        terminal.read_until("Asking 1 accounts")
        terminal.process.send_signal(signal.SIGINT)
        left = terminal.end()
        hang.set()

    assert 130 == terminal.process.returncode
    assert "Asking 1 accounts.\r\nInterrupted.\r\n" == left.replace("\x1b[?25h", "")
