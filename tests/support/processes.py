"""
Processes that tests start, listen to and stop.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Nobody counts lines. What counts them takes a lock at every file that is new to it: who is interrupted in that moment
#: never gives it back, who is forked then never gets it, and both wait for ever at the next file.
UNMEASURED: Final = {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}


@contextlib.contextmanager
def started(
    *arguments: str, environ: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[subprocess.Popen[str]]:
    """
    Start a Python that may be interrupted, and wait for its end; if the test fails before, or waits half a minute in
    vain, end it.
    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | settings
    everything = {**os.environ, **UNMEASURED, **(environ or {})}
    with subprocess.Popen([sys.executable, *arguments], env=everything, **pipes) as process:
        try:
            yield process
            process.wait(timeout=30)
        finally:
            process.kill()
