"""
The pauses that marginbook makes, and the plugin that breaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from marginbook import asking
from simulation.worlds import stumbling

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def as_shipped(forgetful: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # noqa: ARG001  # to come after it
    """
    Time is virtual here, so nobody waits: a seed gives the same run here and alone.
    """
    monkeypatch.setattr(asking, "FIRST_DELAY", 0.4)
    with stumbling():
        yield
