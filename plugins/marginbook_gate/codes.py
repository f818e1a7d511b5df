"""
Gate's error labels, and what a person can do about each.

Source: Gate API v4, "Error Handling" and "label list", as copied in 2025. ``TOO_MANY_REQUESTS``, ``INTERNAL``,
``SERVER_ERROR`` and ``TOO_BUSY`` are in its older lists. Messages of the venue are not repeated.
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
    from_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from marginbook import ApiError

#: The label of a settlement currency in which the user never had an account.
NO_ACCOUNT: Final = "USER_NOT_FOUND"

_KEY = "Copy the api_key again, and check that it is an APIv4 key of this environment (production, test)."
_LATER = "Try again later."
_SLOWER = "Ask less often: the limit is per user, whatever the number of keys."
_REPORT = "Look for a newer marginbook, or report this: the request should not have been sent like this."

CODES: Final[dict[str, tuple[Callable[..., MarginbookError], str, str]]] = {
    "INVALID_CREDENTIALS": (CredentialsError, "the credentials are not valid", _KEY),
    "INVALID_KEY": (CredentialsError, "it does not know the key", _KEY),
    "INVALID_SIGNATURE": (
        CredentialsError,
        "the signature is not valid",
        "The secret does not belong to the key: copy both again.",
    ),
    "IP_FORBIDDEN": (
        PermissionDeniedError,
        "this address may not use the key",
        "Add this machine's address to the key's IP whitelist.",
    ),
    "FORBIDDEN": (
        PermissionDeniedError,
        "the key may not do this",
        "Give the key permission to read perpetual futures, and the unified account if the account is one.",
    ),
    "READ_ONLY": (PermissionDeniedError, "the key may only read", _REPORT),
    "ACCOUNT_LOCKED": (PermissionDeniedError, "the account is locked", "Ask Gate's support."),
    "SUB_ACCOUNT_LOCKED": (PermissionDeniedError, "the sub-account is locked", "Unlock it from the main account."),
    "REQUEST_EXPIRED": (
        ClockError,
        "the time of the request is more than 60 seconds off",
        "Look for a slow network, or a clock that jumps.",
    ),
    NO_ACCOUNT: (
        PermissionDeniedError,
        "the user has no futures account",
        "Transfer any amount to the futures account, which opens it.",
    ),
    "TOO_MANY_REQUESTS": (RateLimitedError, "too many requests", _SLOWER),
    "TOO_FAST": (RateLimitedError, "too many requests", _SLOWER),
    "INTERNAL": (UnavailableError, "an error inside", _LATER),
    "SERVER_ERROR": (UnavailableError, "an error inside", _LATER),
    "TOO_BUSY": (UnavailableError, "it is too busy", _LATER),
    "NOT_FOUND": (ConfigurationError, "there is no such operation", "Check base_url."),
    "METHOD_NOT_ALLOWED": (ConfigurationError, "there is no such operation", "Check base_url."),
    "MISSING_REQUIRED_HEADER": (PluginError, "a header is missing", f"A proxy may have removed it. {_REPORT}"),
    "MISSING_REQUIRED_PARAM": (PluginError, "it does not understand the request", _REPORT),
    "INVALID_PARAM_VALUE": (PluginError, "it does not understand the request", _REPORT),
    "INVALID_ARGUMENT": (PluginError, "it does not understand the request", _REPORT),
    "INVALID_PROTOCOL": (PluginError, "it does not understand the request", _REPORT),
    "BAD_REQUEST": (PluginError, "it does not understand the request", _REPORT),
}

#: Gate writes this time in seconds, and in milliseconds in other places: from here on it is milliseconds.
_MILLISECONDS: Final = 100_000_000_000


def label_of(error: ApiError) -> str:
    """
    Return the label of an error answer, or "".
    """
    return str(getattr(error.parsed, "label", ""))


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of Gate means, by its label; by its status (None) where it has none that is known.
    """
    label = label_of(error)
    if label not in CODES:
        return RateLimitedError(error.message, hint=_SLOWER, until=_until(error)) if _is_throttled(error) else None
    kind, meaning, hint = CODES[label]
    until = _until(error) if kind is RateLimitedError else error.retry_after
    return kind(f"{error.message} {label}: {meaning}.", hint=hint, until=until)


def _is_throttled(error: ApiError) -> bool:
    return error.status_code == 429  # noqa: PLR2004  # HTTP


def _until(error: ApiError) -> datetime | None:
    """
    Return when the limit begins anew, by the venue's own header, or by the usual one.
    """
    written = error.headers.get("X-Gate-RateLimit-Reset-Timestamp", "")
    if not (written.isascii() and written.isdigit() and len(written) <= len(str(_MILLISECONDS)) + 1):
        return error.retry_after
    number = int(written)
    reset = from_milliseconds(number if number >= _MILLISECONDS else number * 1000)
    return error.by_our_clock(reset) if reset else error.retry_after
