"""
A report that has little time for each fault.
"""

from __future__ import annotations

import pytest

from marginbook.transport import session


@pytest.fixture(autouse=True)
def hasty(unchanged: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001  # to be used everywhere here
    """
    An answer that stalls is given up after a third of the report's time, however short that is.
    """
    monkeypatch.setattr(session, "SHORTEST_TIMEOUT", 0.1)
