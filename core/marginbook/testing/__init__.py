"""
A suite that holds a venue's plugin to its promises: ``pip install 'marginbook[testing]'``.

.. code-block:: python

    from marginbook.testing import VenueConformance

    class TestAcme(VenueConformance):
        venue = "acme"

It is run with ``pytest -p marginbook.testing``, or with that in pytest's ``addopts``. ``-m offline`` runs one tier.
"""

from marginbook.testing.conformance import (
    LIVE,
    VenueConformance,
    pytest_collection_modifyitems,
    pytest_configure,
)
from marginbook.testing.matrix import MATRIX, Cell

__all__ = [
    "LIVE",
    "MATRIX",
    "Cell",
    "VenueConformance",
    "pytest_collection_modifyitems",
    "pytest_configure",
]
