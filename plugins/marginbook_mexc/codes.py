"""
MEXC's error codes, and what a person can do about each.

Source: MEXC, "Error code" of the futures API, two copies read 2026-11: an older one, which says what 513 is, and a
newer one. MEXC answers with status 200 in any case. Messages of the venue are not repeated.
"""

from __future__ import annotations

import functools
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
_COPY = "Copy the api_key and the api_secret again."
_SECRET = "The api_secret does not belong to the key: copy both again."  # noqa: S105  # a hint
_READ = "Give the key the permission to read the futures account, and trading information."
_REPORT = "Look for a newer marginbook, or report this: the request should not have been sent like this."

#: An outage that another attempt will not end.
_closed = functools.partial(UnavailableError, transient=False)

CODES: Final[dict[int, tuple[Callable[..., MarginbookError], str, str]]] = {
    401: (CredentialsError, "it does not accept the key", _COPY),
    402: (
        CredentialsError,
        "the key has expired",
        "Make a new key. One that is bound to no address is good for 90 days.",
    ),
    406: (
        PermissionDeniedError,
        "the key may not be used from this address",
        "Add this machine's address to the key's list, or ask from one that is in it.",
    ),
    429: (RateLimitedError, "too many requests", "Ask less often."),
    500: (UnavailableError, "an error inside", _LATER),
    501: (UnavailableError, "the system is busy", _LATER),
    506: (PluginError, "it does not know where the request comes from", _REPORT),
    510: (RateLimitedError, "too many requests", "Ask less often."),
    511: (PermissionDeniedError, "the key may not use this operation", _READ),
    513: (
        ClockError,
        "the time of the request is outside its window",
        "Allow a wider recv_window; look for a slow network, or a clock that jumps.",
    ),
    600: (PluginError, "it does not understand the request", _REPORT),
    601: (PluginError, "it does not understand the request", _REPORT),
    602: (CredentialsError, "the signature is not valid", _SECRET),
    603: (UnavailableError, "it takes the request for a repeated one", _LATER),
    604: (_closed, "the operation is under maintenance", _LATER),
    701: (PermissionDeniedError, "the key may not read the account", _READ),
    702: (PermissionDeniedError, "the key may not do this", _READ),
    703: (PermissionDeniedError, "the key may not read trading information", _READ),
    704: (PermissionDeniedError, "the key may not do this", _READ),
    801: (_closed, "the system is under maintenance", _LATER),
    1000: (ConfigurationError, "there is no futures account", "Open it at MEXC, or leave the account out."),
    9999: (UnavailableError, "an error that it does not explain", _LATER),
}


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of MEXC means, by its code; by its status (None) where it has none that is known.
    """
    code = getattr(error.parsed, "code", None)
    if code not in CODES:
        return None
    kind, meaning, hint = CODES[code]
    return kind(f"{error.message} Code {code}: {meaning}.", hint=hint, until=error.retry_after)
