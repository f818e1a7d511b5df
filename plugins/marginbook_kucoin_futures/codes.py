"""
KuCoin's error codes, and what a person can do about each.

Source: KuCoin, "Errors" and "Rate Limit", and the error tables of its older documents, as copied in 2022 to 2026.
Messages of the venue are not repeated, since they may carry the caller's address.
"""

from __future__ import annotations

from datetime import timedelta
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
    from datetime import datetime

    from marginbook import ApiError

_LATER = "Try again later."
_SLOWER = "Ask less often: the limit is per user, and grows with the VIP level."
_REPORT = "Look for a newer marginbook, or report this: the request should not have been sent like this."
_PLACE = "KuCoin does not serve the place where this machine is: ask from another."

CODES: Final[dict[str, tuple[Callable[..., MarginbookError], str, str]]] = {
    "200002": (RateLimitedError, "too many requests", _SLOWER),
    "400001": (PluginError, "a header is missing", f"A proxy may have removed it. {_REPORT}"),
    "400002": (
        ClockError,
        "the time of the request is more than 5 seconds off",
        "Look for a slow network, or a clock that jumps.",
    ),
    "400003": (CredentialsError, "it does not know the key", "Copy the api_key again, and check that it still exists."),
    "400004": (
        CredentialsError,
        "the passphrase is wrong",
        "It is the one that was chosen for the API key, not that of trading. It cannot be looked up: make a new key.",
    ),
    "400005": (
        CredentialsError,
        "the signature is not valid",
        "The secret does not belong to the key: copy both again.",
    ),
    "400006": (
        PermissionDeniedError,
        "this address may not use the key",
        "Add this machine's address to the key's IP list.",
    ),
    "400007": (PermissionDeniedError, "the key may not do this", "Give the key permission to read futures."),
    "400100": (PluginError, "it does not understand the request", _REPORT),
    "400303": (PermissionDeniedError, "it does not serve this place", _PLACE),
    "400500": (PermissionDeniedError, "it does not serve this place", _PLACE),
    "404000": (ConfigurationError, "there is no such operation", "Check base_url."),
    "411100": (PermissionDeniedError, "the user is frozen", "Ask KuCoin's support."),
    "415000": (PluginError, "it does not understand the request", _REPORT),
    "429000": (RateLimitedError, "too many requests", _SLOWER),
    "500000": (UnavailableError, "an error inside", _LATER),
}

_MOST_DIGITS: Final = 7


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of KuCoin means, by its code; by its status (None) where it has none that is known.
    """
    code = str(getattr(error.parsed, "code", ""))
    if code not in CODES:
        return None
    kind, meaning, hint = CODES[code]
    return kind(f"{error.message} Code {code}: {meaning}.", hint=hint, until=_until(error))


def _until(error: ApiError) -> datetime | None:
    """
    Return when the quota is new: the header counts the milliseconds until then.
    """
    written = error.headers.get("gw-ratelimit-reset", "")
    if error.headers.get("gw-ratelimit-remaining") != "0" or not _is_short_number(written):
        return error.retry_after
    return error.received_at + timedelta(milliseconds=int(written))


def _is_short_number(written: str) -> bool:
    return written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS
