"""
Bitget's error codes, and what a person can do about each.

Sources: the texts that clients have recorded beside the codes, read in ccxt 4.5.90; 429 and the limits from "Quick
Start", a copy of 2025-03. Bitget's own table of codes could not be read. Messages of the venue are not repeated.
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
_COPY = "Copy the api_key, the api_secret and the passphrase again."
_SECRET = "The api_secret does not belong to the key: copy both again."  # noqa: S105  # a hint
_NETWORK = "Look for a slow network, or a clock that jumps: a request may be 30 seconds old."
_REPORT = "Look for a newer marginbook, or report this: the request should not have been sent like this."

#: An outage that another attempt will not end.
_closed = functools.partial(UnavailableError, transient=False)

CODES: Final[dict[str, tuple[Callable[..., MarginbookError], str, str]]] = {
    "429": (RateLimitedError, "too many requests", "Ask less often."),
    "00001": (PluginError, "it does not understand the request", _REPORT),
    "40001": (CredentialsError, "the key is missing", _COPY),
    "40002": (CredentialsError, "the secret is missing", _COPY),
    "40003": (CredentialsError, "the signature is missing", _COPY),
    "40004": (ClockError, "the time of the request is outside its window", _NETWORK),
    "40005": (ClockError, "the time of the request is not valid", _NETWORK),
    "40006": (CredentialsError, "it does not know the key", _COPY),
    "40008": (ClockError, "the time of the request is outside its window", _NETWORK),
    "40009": (CredentialsError, "the signature is not valid", _SECRET),
    "40011": (CredentialsError, "the passphrase is missing", _COPY),
    "40012": (
        CredentialsError,
        "the key or the passphrase is wrong",
        "Copy both again. A passphrase that is lost cannot be read anywhere: make a new key.",
    ),
    "40013": (PermissionDeniedError, "the state of the account is abnormal", "Ask Bitget."),
    "40014": (PermissionDeniedError, "the key may not do this", "Give the key the permission to read futures."),
    "40015": (UnavailableError, "the system is abnormal", _LATER),
    "40016": (PermissionDeniedError, "the account has no second factor", "Bind a phone or an authenticator at Bitget."),
    "40017": (PluginError, "it does not understand the request", _REPORT),
    "40018": (
        PermissionDeniedError,
        "the key may not be used from this address",
        "Add this machine's address to the key's list, or ask from one that is in it.",
    ),
    "40019": (PluginError, "it does not understand the request", _REPORT),
    "40020": (PluginError, "it does not understand the request", _REPORT),
    "40031": (PermissionDeniedError, "the account has been closed", "Remove it from the accounts."),
    "40037": (CredentialsError, "it does not know the key", _COPY),
    "40085": (
        ConfigurationError,
        "this is a unified account, which cannot be asked like a classic one",
        "marginbook reads classic accounts only: leave the account out, or switch it back at Bitget.",
    ),
    "40099": (
        ConfigurationError,
        "the key is of another environment",
        "A key that was made for demo trading needs demo = true, and every other key demo = false.",
    ),
    "40200": (_closed, "the server is being upgraded", _LATER),
    "40301": (PermissionDeniedError, "the account may not do this", "Ask Bitget for the permission."),
    "40308": (_closed, "the contract is under maintenance", _LATER),
    "40604": (UnavailableError, "the server is busy", _LATER),
    "40725": (UnavailableError, "an error inside", _LATER),
}


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of Bitget means, by its code; by its status (None) where it has none that is known.
    """
    code = getattr(error.parsed, "code", "")
    if code not in CODES:
        return None
    kind, meaning, hint = CODES[code]
    return kind(f"{error.message} Code {code}: {meaning}.", hint=hint, until=error.retry_after)
