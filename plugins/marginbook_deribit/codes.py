"""
Deribit's error codes, and what a person can do about each.

Source: Deribit, "Error Codes", the list of RPC error codes. Which status comes with a code is not documented, so that
the code decides. Messages of the venue are not repeated, since they may carry what was sent.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from marginbook import (
    ConfigurationError,
    CredentialsError,
    MarginbookError,
    PermissionDeniedError,
    PluginError,
    RateLimitedError,
    UnavailableError,
)
from marginbook_clients.deribit.models.error_response import ErrorResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from marginbook import ApiError

_LATER = "Try again later."
_LESS = "Ask less often: the credits of an account come back each second."
_KEY = "Copy api_key and api_secret again, from the same environment as base_url: keys of the testnet are others."
_SCOPE = "Give the key the scope account:read."
_REPORT = "Look for a newer marginbook, or report this: the request should not have been sent like this."

#: What the time of a request may be the reason of: Deribit documents no code for it alone.
_unsigned = functools.partial(CredentialsError, suspects_clock=True)

#: An outage that another attempt will not end.
_closed = functools.partial(UnavailableError, transient=False)

CODES: Final[dict[int, tuple[Callable[..., MarginbookError], str, str]]] = {
    10000: (_unsigned, "it wants a valid signature", _KEY),
    10028: (RateLimitedError, "too many requests", _LESS),
    10040: (UnavailableError, "it cannot answer right now", _LATER),
    10041: (UnavailableError, "settlement is in progress", "Try again in some seconds."),
    10047: (UnavailableError, "too many requests are waiting", _LATER),
    10048: (ConfigurationError, "the operation is not on this server", "Check base_url."),
    10066: (RateLimitedError, "too many requests at once from this address", _LESS),
    11042: (PermissionDeniedError, "the key may not do this", _SCOPE),
    11051: (_closed, "it is under maintenance", _LATER),
    11056: (UnavailableError, "it answers no requests without a key for now", _LATER),
    11094: (UnavailableError, "an error of its own", _LATER),
    11098: (PermissionDeniedError, "the account is locked", "Ask Deribit why."),
    12003: (_closed, "too many requests were refused", "Wait some minutes, then check the key."),
    12005: (PermissionDeniedError, "it does not serve the country of this address", "Ask from another place."),
    13004: (_unsigned, "the key or its signature is not valid", _KEY),
    13007: (_unsigned, "it does not know the user", _KEY),
    13009: (_unsigned, "the key or its signature is not valid", _KEY),
    13021: (PermissionDeniedError, "the key may not do this", _SCOPE),
    13025: (_closed, "the operation is switched off for now", _LATER),
    13028: (UnavailableError, "it is temporarily unavailable", _LATER),
    13031: (PermissionDeniedError, "the account has to be verified first", "Verify it at Deribit."),
    13403: (PermissionDeniedError, "the key may not do this", _SCOPE),
    13503: (_closed, "the operation is not available for now", _LATER),
    13888: (UnavailableError, "a time-out inside", _LATER),
    -32601: (ConfigurationError, "there is no such operation", "Check base_url."),
}

#: What was sent is not what Deribit wants: our mistake, not the user's.
_MALFORMED: Final = {11029, 11043, 11049, 11050, 13010, 13016, 13018, -32000, -32600, -32602, -32700}


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of Deribit means, by its code; by its status (None) where it has none that is known.
    """
    code = error.parsed.error.code if isinstance(error.parsed, ErrorResponse) else None
    if code in CODES:
        kind, meaning, hint = CODES[code]
    elif code in _MALFORMED:
        kind, meaning, hint = PluginError, "it does not understand the request", _REPORT
    else:
        return None
    return kind(f"{error.message} Code {code}: {meaning}.", hint=hint, until=error.retry_after)
