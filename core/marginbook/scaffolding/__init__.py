"""
Writes the package of a new venue: ``marginbook new-venue``.

It needs ``pip install 'marginbook[scaffold]'``.
"""

from marginbook.scaffolding.writing import new_venue

__all__ = ["new_venue"]
