"""
Clients from specifications, as they are written for marginbook's own venues and for strangers'.

It needs ``pip install 'marginbook[scaffold]'``, whose generator is pinned: another version writes something else.
"""

from marginbook.generating.driver import PINS, GenerationError, client, load, require_pins

__all__ = ["PINS", "GenerationError", "client", "load", "require_pins"]
