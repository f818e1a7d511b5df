"""
Kraken's error words, and what a person can do about each.

Source: Kraken, "Get wallets" of the Futures API, copy of 2026-05-27, which lists them. They come as the word alone, in
a body that says ``"result": "error"``; no status is documented for it. The venue's texts are not repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import (
    ClockError,
    ConfigurationError,
    CredentialsError,
    MarginbookError,
    PermissionDeniedError,
    PluginError,
    RateLimitedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from marginbook import ApiError

_LATER = "Try again later."
_REPORT = "Look for a newer marginbook, or report this: the request should not have been sent like this."
_NONCE = "A nonce is the time of a request, and has to grow: give each program that uses the account a key of its own."

CODES: Final[dict[str, tuple[Callable[..., MarginbookError], str, str]]] = {
    "accountInactive": (
        PermissionDeniedError,
        "the futures account is inactive",
        "Activate it at Kraken, and transfer something to it.",
    ),
    "apiLimitExceeded": (
        RateLimitedError,
        "too many requests from this address",
        "Ask less often, or from more addresses: 500 may be spent in 10 seconds, and the wallets cost 2.",
    ),
    "authenticationError": (
        CredentialsError,
        "it does not accept the key or its signature",
        (
            "Four usual causes: the secret does not belong to the key; it is a key of Kraken's spot exchange, not of"
            " Kraken Futures; it is of another environment (production, demo); this machine's address is not in its"
            " list, or it may not read the account."
        ),
    ),
    "invalidArgument": (PluginError, "it does not understand the request", _REPORT),
    "Json Parse Error": (PluginError, "it does not understand the request", _REPORT),
    "marketUnavailable": (UnavailableError, "the market is not available", _LATER),
    "nonceBelowThreshold": (ClockError, "the nonce is lower than those before it", _NONCE),
    "nonceDuplicate": (ClockError, "the nonce was used before", _NONCE),
    "notFound": (ConfigurationError, "there is no such thing", "Check base_url."),
    "requiredArgumentMissing": (PluginError, "it misses a part of the request", _REPORT),
    "Server Error": (UnavailableError, "an error of its own", _LATER),
    "Unavailable": (UnavailableError, "the operation is not available", _LATER),
    "unknownError": (UnavailableError, "an unknown error of its own", _LATER),
}


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of Kraken means, by its word; by its status (None) where it has none that is known.
    """
    word = getattr(error.parsed, "error", None)
    if word not in CODES:
        return None
    kind, meaning, hint = CODES[word]
    return kind(f"{error.message} {word}: {meaning}.", hint=hint, until=error.retry_after)
