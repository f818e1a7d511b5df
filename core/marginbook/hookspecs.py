"""
The whole contract between marginbook and a plugin.

A plugin is a module, named by an entry point in the group ``marginbook``, with functions marked `hookimpl`. Hooks
describe; the core does the asking. An entry point has the name of a venue, so that a venue is found without importing
any other plugin; a plugin with several venues has several. That of an output is called ``output.NAME``, and that of a
source of prices ``prices.ID``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.output import Output
    from marginbook.sandbox import Stage
    from marginbook.seam import PriceSource, Venue

#: Grows when hooks or descriptors change. A plugin may say ``MARGINBOOK_API = 1`` to name the one it was written for.
API_VERSION: Final = 2

#: The name of the project to pluggy, and the group of entry points.
PROJECT: Final = "marginbook"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def marginbook_venues() -> Iterable[Venue]:  # type: ignore[empty-body]  # a hook's body is its implementations
    """
    Return the venues that this plugin can read.
    """


@hookspec
def marginbook_stages() -> Iterable[Stage]:  # type: ignore[empty-body]  # likewise
    """
    Return the venues' parts in the sandbox. Import what they need here, since nobody but the sandbox asks.
    """


@hookspec
def marginbook_outputs() -> Iterable[Output]:  # type: ignore[empty-body]  # likewise
    """
    Return the forms that this plugin can write a report in.
    """


@hookspec
def marginbook_prices() -> Iterable[PriceSource]:  # type: ignore[empty-body]  # likewise
    """
    Return the sources of prices that this plugin can ask.
    """
