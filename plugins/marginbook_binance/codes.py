"""
Binance's error codes, and what a person can do about each.

Source: Binance, "Error Codes" of COIN-M futures, crawled 2026-06-30, and the public issues of its clients; statuses
from "General Info". Messages of the venue are not repeated, since they may carry the caller's address.
"""

from __future__ import annotations

import functools
import re
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
    from_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from marginbook import ApiError

_BANNED: Final = r"banned until (\d{13})(?!\d)"

_RATE_LIMIT = "Ask less often, or from more addresses: the limit is per address, not per key."
_LATER = "Try again later."
_SECRET = "The secret does not belong to the key: copy both again."  # noqa: S105  # a hint
_REPORT = "Look for a newer marginbook, or report this: the request should not have been sent like this."

#: An outage that another attempt will not end.
_closed = functools.partial(UnavailableError, transient=False)

CODES: Final[dict[int, tuple[Callable[..., MarginbookError], str, str]]] = {
    -1000: (UnavailableError, "an unknown error of its own", _LATER),
    -1001: (UnavailableError, "it is disconnected inside", _LATER),
    -1002: (CredentialsError, "the key may not do this", "Enable reading and futures for the key."),
    -1003: (RateLimitedError, "too many requests from this address", _RATE_LIMIT),
    -1006: (UnavailableError, "an unexpected answer inside", _LATER),
    -1007: (UnavailableError, "a time-out inside", _LATER),
    -1008: (UnavailableError, "it throttles to protect itself", _LATER),
    -1015: (RateLimitedError, "too many orders", _RATE_LIMIT),
    -1016: (_closed, "the service is shutting down", _LATER),
    -1020: (ConfigurationError, "the operation is not supported", "Check base_url."),
    -1021: (
        ClockError,
        "the time of the request is outside its window",
        "Allow a wider recv_window; look for a slow network, or a clock that jumps.",
    ),
    -1022: (CredentialsError, "the signature is not valid", _SECRET),
    -1099: (CredentialsError, "not found, or not authorized", "Check the key."),
    -2014: (CredentialsError, "this is not the form of an API key", "Copy the api_key again."),
    -2015: (
        CredentialsError,
        "it refuses the key, its address or its permissions",
        (
            "Four usual causes: this machine's address is not in the key's IP list; the key has no futures permission,"
            " or is older than the futures account; the key is of another environment (production, demo, test); the"
            " account is, or is not, a Portfolio Margin account, which only the venue binance-pm can ask."
        ),
    ),
    -2017: (CredentialsError, "the API keys of the account are locked", "Unlock them at Binance."),
    -4056: (CredentialsError, "the key is of the wrong type", "Make a new key."),
    -4057: (CredentialsError, "the public key at Binance is not valid", "Make a new key."),
    -4109: (
        PermissionDeniedError,
        "the futures account is inactive",
        "Transfer any asset to the futures wallet to activate it.",
    ),
    -5000: (
        ConfigurationError,
        "the operation is retired or does not exist",
        "Use another api_version; check base_url.",
    ),
}

#: What was sent is not what Binance wants: our mistake, not the user's.
_MALFORMED: Final = range(-1130, -1099)


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of Binance means, by its code; by its status (None) where it has none that is known.
    """
    code = getattr(error.parsed, "code", None)
    if code in CODES:
        kind, meaning, hint = CODES[code]
    elif code in _MALFORMED:
        kind, meaning, hint = PluginError, "it does not understand the request", _REPORT
    elif error.status_code == 403:  # noqa: PLR2004  # HTTP
        hint = "Wait some minutes, and ask less often."
        return PermissionDeniedError(f"{error.message[:-1]}: its web firewall blocks this address.", hint=hint)
    else:
        return None
    return kind(f"{error.message} Code {code}: {meaning}.", hint=hint, until=_until(error))


def _until(error: ApiError) -> datetime | None:
    match = re.search(_BANNED, error.content.decode("utf-8", "replace"))
    until = from_milliseconds(int(match[1])) if match else None
    return error.by_our_clock(until) if until else error.retry_after
