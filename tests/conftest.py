"""
Every test begins with nothing known of any host, and nobody waits long before asking again.
"""

from __future__ import annotations

import signal
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from fuzzing import PROFILE
from marginbook import asking
from marginbook.hookspecs import PROJECT
from marginbook.transport import MACHINE

if TYPE_CHECKING:
    from collections.abc import Iterator

# A shell that runs the tests in the background lets them ignore Ctrl-C, and what they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Otherwise an example that takes a fifth of a second is an error, and which examples there are is chance.
settings.load_profile(PROFILE)


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Ports come again, and what stopped a host in one test would stop another's; half a second here and there adds up.
    """
    MACHINE.hosts.forget()
    monkeypatch.setattr(asking, "FIRST_DELAY", 0.001)


@pytest.fixture(scope="session", autouse=True)
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """
    Plugins are looked for once, unless a test brings some. Each report looks for them, and where so much is
    installed, that takes as long as the rest of it.
    """
    look, brought = metadata.entry_points, str(tmp_path_factory.getbasetemp())
    found: dict[tuple[str, ...], Any] = {}

    def entry_points(**wanted: Any) -> Any:
        if wanted != {"group": PROJECT} or any(path.startswith(brought) for path in sys.path):
            return look(**wanted)
        place = tuple(sys.path)
        if place not in found:
            found[place] = look(**wanted)
        return found[place]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metadata, "entry_points", entry_points)
        yield
