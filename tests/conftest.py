"""
Every test begins with nothing known of any host, and nobody waits long before asking again.
"""

from __future__ import annotations

import pytest

from marginbook import asking
from marginbook.transport import MACHINE


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Ports come again, and what stopped a host in one test would stop another's; half a second here and there adds up.
    """
    MACHINE.hosts.forget()
    monkeypatch.setattr(asking, "FIRST_DELAY", 0.001)
