"""
OKX's error codes, and what a person can do about each.

Source: OKX, "Error Code: REST API", copy of 2026-06-27. Its texts are not repeated, since they may hold the caller's
address. Most refusals of a key have the status 401, most others 200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import (
    ClockError,
    ConfigurationError,
    CredentialsError,
    InvalidResponseError,
    MarginbookError,
    PermissionDeniedError,
    PluginError,
    RateLimitedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from marginbook import ApiError

#: HTTP.
_OK: Final = 200

_LATER = "Try again later."
_SLOWER = "Ask less often."
_COPY = "Copy api_key, api_secret and passphrase again: they belong together."
_SUPPORT = "Ask OKX's support."
_ADDRESS = "Check base_url: accounts of Europe, of the US and of Australia have addresses of their own."
_REPORT = "Look for a newer marginbook, or report this: the request should not have been sent like this."
_CLOCK = "Look for a slow network, or a clock that jumps: a request is valid for 30 seconds."

CODES: Final[dict[str, tuple[Callable[..., MarginbookError], str, str]]] = {
    "1": (UnavailableError, "the operation failed", _LATER),
    "50001": (UnavailableError, "the service is not available", _LATER),
    "50004": (UnavailableError, "a time-out inside", _LATER),
    "50005": (ConfigurationError, "the operation is retired", "Look for a newer marginbook; check base_url."),
    "50007": (PermissionDeniedError, "the user is blocked", _SUPPORT),
    "50008": (CredentialsError, "it does not know the user", _COPY),
    "50009": (PermissionDeniedError, "the account is frozen", _SUPPORT),
    "50011": (RateLimitedError, "too many requests", _SLOWER),
    "50012": (PermissionDeniedError, "the account is in a state that forbids it", _SUPPORT),
    "50013": (UnavailableError, "its systems are busy", _LATER),
    "50014": (PluginError, "a parameter is missing", _REPORT),
    "50026": (UnavailableError, "an error of its own", _LATER),
    "50027": (PermissionDeniedError, "the account is restricted", _SUPPORT),
    "50029": (PermissionDeniedError, "the account is restricted", _SUPPORT),
    "50030": (PermissionDeniedError, "the account may not use the operation", _SUPPORT),
    "50035": (PermissionDeniedError, "the key has to be bound to an address", "Bind it to this machine's address."),
    "50038": (ConfigurationError, "demo trading does not have it", 'Use detail = "balance".'),
    "50040": (RateLimitedError, "too many requests", _SLOWER),
    "50046": (UnavailableError, "the operation is not available for a while", _LATER),
    "50051": (PermissionDeniedError, "the law of the country forbids it", _SUPPORT),
    "50059": (PermissionDeniedError, "it wants more of the owner first", "See OKX's website."),
    "50060": (PermissionDeniedError, "it wants to know the owner first", "See OKX's website."),
    "50067": (ConfigurationError, "the account is of another site", _ADDRESS),
    "50100": (PermissionDeniedError, "the key is frozen", _SUPPORT),
    "50101": (
        CredentialsError,
        "the key is of another environment",
        "Keys of demo trading need simulated_trading = true, and no others may have it.",
    ),
    "50102": (ClockError, "the time of the request is outside its window", _CLOCK),
    "50103": (PluginError, "the key is missing", _REPORT),
    "50104": (PluginError, "the passphrase is missing", _REPORT),
    "50105": (CredentialsError, "the passphrase is wrong", "It is the one of this key, and not a password."),
    "50106": (PluginError, "the signature is missing", _REPORT),
    "50107": (PluginError, "the time is missing", _REPORT),
    "50110": (
        PermissionDeniedError,
        "this machine's address is not in the key's list",
        "Add the address to the key, or ask from another.",
    ),
    "50111": (CredentialsError, "it does not know the key", f"{_COPY} {_ADDRESS}"),
    "50112": (ClockError, "the time of the request is none", _CLOCK),
    "50113": (CredentialsError, "the signature is not valid", _COPY),
    "50114": (CredentialsError, "it does not accept the key", _COPY),
    "50119": (CredentialsError, "the key does not exist", f"{_COPY} {_ADDRESS}"),
    "50120": (PermissionDeniedError, "the key may not do this", "Give it the permission to read."),
    "50121": (PermissionDeniedError, "it does not serve this machine's address", "Ask from another address."),
    "51000": (PluginError, "it does not accept a parameter", _REPORT),
}


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of OKX means, by its code; by its status (None) where it has none that is known.
    """
    code = getattr(error.parsed, "code", "")
    if code in CODES:
        kind, meaning, hint = CODES[code]
        return kind(f"{error.message} Code {code}: {meaning}.", hint=hint, until=error.retry_after)
    if error.status_code == _OK and code.isascii() and code.isdigit():
        hint = "See OKX's list of error codes, or look for a newer marginbook."
        return InvalidResponseError(f"{error.message} Code {code:.10} is none that marginbook knows.", hint=hint)
    return None
