"""
Processes that tests start, listen to and stop.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Nobody counts lines. What counts them takes a lock at every call of a function: who is interrupted in that moment
#: never gives it back, who is forked then never gets it, and both wait for ever at the next call.
UNMEASURED: Final = {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}

#: How often in a row all threads have to wait, a hundredth of a second apart.
_LOOKS: Final = 10


@contextlib.contextmanager
def started(
    *arguments: str, measured: bool = False, environ: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[subprocess.Popen[str]]:
    """
    Start a Python and wait for its end; if the test fails before, or half a minute is not enough, end it.

    Args:
        arguments: What follows the name of Python.

        measured: Whether its lines are counted. Then it may be interrupted only where it is `settled`.

        environ: Variables of its environment, beside those that there are.

        settings: Of ``Popen``; unless they say otherwise, standard output and errors are pipes of text.

    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | settings
    everything = {**os.environ, **({} if measured else UNMEASURED), **(environ or {})}
    with subprocess.Popen([sys.executable, *arguments], env=everything, **pipes) as process:
        try:
            yield process
            process.wait(timeout=30)
        finally:
            process.kill()


def settled(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """
    Wait until nothing in it runs, so that it can be interrupted while its lines are counted.
    """
    quiet = 0
    while quiet < _LOOKS:
        assert process.poll() is None
        quiet = quiet + 1 if _is_waiting(process.pid) else 0
        time.sleep(0.01)
    return process


def _is_waiting(process: int) -> bool:
    # A thread that ends has no state any more.
    with contextlib.suppress(OSError):
        threads = Path(f"/proc/{process}/task").iterdir()
        return all("S" == (thread / "stat").read_text().rpartition(")")[2].split()[0] for thread in threads)
    return False
