"""
Names of a package that are imported when somebody asks for one, so that nobody waits for what he does not need.
"""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def find(package: str, places: Mapping[str, str], name: str) -> Any:
    """
    Do what the ``__getattr__`` of a package has to.

    Args:
        package: Its name.

        places: The module of each name that is imported late.

        name: What somebody asks for.

    Raises:
        AttributeError: It is none of these.

    """
    if name not in places:
        msg = f"module {package!r} has no attribute {name!r}"
        raise AttributeError(msg)
    with lasting():
        found = getattr(import_module(places[name]), name)
    # The next one finds it there.
    setattr(sys.modules[package], name, found)
    return found


@contextmanager
def lasting() -> Iterator[None]:
    """
    Let what is made meanwhile count as old to Python's garbage collector, which modules will be in any case.

    Otherwise it looks through them several times while they are imported, for a fourteenth of the time that a first
    balance takes. It still looks through them when it looks through everything.
    """
    # Somebody has switched it off, or is importing already: it is theirs to switch on.
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        # Who has frozen anything himself wants it to stay so.
        if not gc.get_freeze_count():
            # Both together move all there is to the oldest generation, and look at nothing.
            gc.freeze()
            gc.unfreeze()
        gc.enable()
