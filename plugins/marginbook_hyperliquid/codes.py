"""
What Hyperliquid's refusals mean: they have a status, and no code.

Source: Hyperliquid, "Info endpoint" and "Rate limits", and the clients of it that document a status.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from marginbook import ConfigurationError, MarginbookError, RateLimitedError

if TYPE_CHECKING:
    from marginbook import ApiError


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of Hyperliquid means, or leave it to its status (None).
    """
    match error.status_code:
        case HTTPStatus.UNPROCESSABLE_ENTITY:
            hint = "Check the address: it is that of the account itself, and not of a wallet that only signs for it."
            return ConfigurationError(f"{error.message} It does not understand what was asked.", hint=hint)
        case HTTPStatus.TOO_MANY_REQUESTS:
            hint = "Ask less often, or from more addresses: the limit is 1200 a minute for each."
            return RateLimitedError(error.message, hint=hint, until=error.retry_after)
    return None
