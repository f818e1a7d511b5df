"""
How hard the property tests look.

All tests try the same examples each time, so that nobody's change fails for what somebody else's code does. With the
environment variable MARGINBOOK_FUZZ=N those in tests/properties try N times as many, and other ones each time::

    MARGINBOOK_FUZZ=50 pytest tests/properties
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

_FACTOR: Final = os.environ.get("MARGINBOOK_FUZZ", "")

PROFILE: Final = "marginbook"

settings.register_profile(
    PROFILE,
    derandomize=not _FACTOR,
    database=None,
    # Machines that are busy are no news.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    print_blob=True,
)


def examples(count: int) -> settings:
    """
    Return the settings of a test that tries *count* examples, times MARGINBOOK_FUZZ.
    """
    return settings(settings.get_profile(PROFILE), max_examples=count * int(_FACTOR or 1))
