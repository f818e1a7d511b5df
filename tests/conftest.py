"""
Every test begins with nothing known of any host, and nobody waits long before asking again.
"""

from __future__ import annotations

import signal

import pytest
from hypothesis import settings

from fuzzing import PROFILE
from marginbook import asking
from marginbook.transport import MACHINE

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
