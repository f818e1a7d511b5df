"""
A report that has little time for each fault.
"""

from __future__ import annotations

import pytest

from marginbook.transport import session


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An answer that stalls is given up after a third of the report's time, however short that is.
    """
    monkeypatch.setattr(session, "SHORTEST_TIMEOUT", 0.1)
