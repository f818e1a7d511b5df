"""
What a venue allows: so much weight in so many seconds.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from marginbook.methods import equal, shown

if TYPE_CHECKING:
    from collections.abc import Mapping


def _pairs(weights: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(dict(weights).items())


@frozen
class Limit:
    """
    A rate limit, as a venue documents it.

    Args:
        weight: What may be spent in a period.

        seconds: Length of a period.

        per: Whose spending is counted: that of an ``"address"``, or that of a ``"key"``.

        weights: What each operation costs: ``{"GET /v1/balance": 5}``, with the paths of the specification. Others cost
            nothing. Where it is empty, every request costs 1.

        header: The header of an answer in which the venue says what the address has spent, if it does.

    """

    weight: int
    seconds: float = field(default=60, kw_only=True)
    per: Literal["address", "key"] = field(default="address", kw_only=True)
    _weights: tuple[tuple[str, int], ...] = field(default=(), converter=_pairs, kw_only=True)
    header: str = field(default="", kw_only=True)

    __repr__ = shown
    __eq__ = equal

    def __hash__(self) -> int:
        # It is looked up for each account, which `hashed` would take ten times as long for.
        return hash((self.weight, self.seconds, self.per))

    @property
    def dearest(self) -> int:
        """
        What the dearest operation costs.
        """
        return max((weight for _, weight in self._weights), default=1)

    def cost(self, method: str, path: str) -> int:
        """
        Return the weight of a request. What stands before the path of the specification belongs to the base URL.
        """
        if not self._weights:
            return 1
        return _cost(self._weights, f"{method} {path}")


# All accounts of a venue ask the same few questions.
@functools.lru_cache(maxsize=1024)
def _cost(weights: tuple[tuple[str, int], ...], request: str) -> int:
    return next((weight for operation, weight in weights if _is(operation, request)), 0)


def _is(operation: str, request: str) -> bool:
    """
    Say whether a request is one of an operation. Most paths are always the same, and need no pattern to be known by.
    """
    method, _, path = operation.partition(" ")
    if "{" in path:
        return _pattern(operation).fullmatch(request) is not None
    return request.startswith(f"{method} ") and request.endswith(path)


@functools.cache
def _pattern(operation: str) -> re.Pattern[str]:
    method, _, path = operation.partition(" ")
    segments = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path))
    return re.compile(f"{method} .*{segments}")
