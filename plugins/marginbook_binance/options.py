"""
The settings that both kinds of futures offer, and the limit that both have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import Limit, Option

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Milliseconds. Binance documents the largest for its spot API only; more than that helps nobody.
_LARGEST_WINDOW: Final = 60_000


def _check_window(milliseconds: int) -> str:
    return "" if 1 <= milliseconds <= _LARGEST_WINDOW else f"it is not between 1 and {_LARGEST_WINDOW} milliseconds"


RECV_WINDOW: Final = Option(
    "recv_window",
    int,
    f"Milliseconds after its time that a request is accepted, up to {_LARGEST_WINDOW}.",
    default=5000,
    check=_check_window,
)


def address_limit(weights: Mapping[str, int], *, weight: int = 2400) -> Limit:
    """
    Return the limit of an address. Source: "General Info" and "Exchange Information" of USDⓈ-M and COIN-M futures.

    Args:
        weights: What each operation costs.

        weight: What may be spent in a minute.

    """
    return Limit(weight, seconds=60, weights=weights, header="X-MBX-USED-WEIGHT-1M")
