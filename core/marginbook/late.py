"""
Names of a package that are imported when somebody asks for one, so that nobody waits for what he does not need.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    found = getattr(import_module(places[name]), name)
    # The next one finds it there.
    setattr(sys.modules[package], name, found)
    return found
