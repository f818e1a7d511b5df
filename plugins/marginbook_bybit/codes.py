"""
Bybit's error codes, and what a person can do about each.

Source: Bybit, API v5, "Error Codes" and "Rate Limit Rules", copy of 2026-07-24. Its texts are not repeated, since they
may hold what was sent. Most refusals have the status 200.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from marginbook import (
    ClockError,
    ConfigurationError,
    CredentialsError,
    InvalidResponseError,
    MarginbookError,
    PermissionDeniedError,
    RateLimitedError,
    UnavailableError,
    from_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from marginbook import ApiError

#: When the answer says that the key may ask again.
RESET: Final = "X-Bapi-Limit-Reset-Timestamp"

#: HTTP.
_OK: Final = 200
_FORBIDDEN: Final = 403

#: How long an address is shut out that asked too often.
_BAN: Final = timedelta(minutes=10)

_LATER = "Try again later."
_SECRET = "The secret does not belong to the key: copy both again."  # noqa: S105  # a hint
_SLOWER = "Ask less often."
_WINDOW = "Allow a wider recv_window; look for a slow network, or a clock that jumps."
_EXPIRED = "Make a new key: those that are bound to no address expire."
_TYPE = "Use another account_type, and the address of the region that the account is of."

CODES: Final[dict[int, tuple[Callable[..., MarginbookError], str, str]]] = {
    -2015: (CredentialsError, "the key has expired", _EXPIRED),
    -1: (ClockError, "the time of the request is outside its window", _WINDOW),
    429: (UnavailableError, "it is under a high load", _LATER),
    10000: (UnavailableError, "a time-out inside", _LATER),
    10001: (ConfigurationError, "it does not accept a parameter of the request", f"{_TYPE} Check recv_window."),
    10002: (ClockError, "the time of the request is outside its window", _WINDOW),
    10003: (
        CredentialsError,
        "it does not know the key",
        "Check base_url as well: keys of production, demo trading and testnet are different ones.",
    ),
    10004: (CredentialsError, "the signature is not valid", _SECRET),
    10005: (PermissionDeniedError, "the key may not do this", "Let the key read the account and its wallet."),
    10006: (RateLimitedError, "too many requests with this key", _SLOWER),
    10007: (CredentialsError, "it does not know who asks", _SECRET),
    10008: (PermissionDeniedError, "the account is banned, or of another mode", "Ask Bybit's support."),
    10009: (PermissionDeniedError, "it does not serve this region", "Use the address of the account's region."),
    10010: (
        PermissionDeniedError,
        "this machine's address is not in the key's list",
        "Add the address to the key, or ask from another.",
    ),
    10014: (UnavailableError, "it takes the request for a repetition", _LATER),
    10016: (UnavailableError, "an error of its own", _LATER),
    10017: (ConfigurationError, "the operation does not exist", "Check base_url."),
    10018: (RateLimitedError, "too many requests from this address", _SLOWER),
    10024: (PermissionDeniedError, "its compliance rules forbid it", "Ask Bybit's support."),
    10027: (PermissionDeniedError, "the account is banned", "Ask Bybit's support."),
    10028: (
        ConfigurationError,
        "the account is no unified account",
        "Upgrade the account at Bybit: classic accounts are not served any more.",
    ),
    33004: (CredentialsError, "the key has expired", _EXPIRED),
    100028: (ConfigurationError, "the operation is not for unified accounts", 'Use account_type = "UNIFIED".'),
}


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer of Bybit means, by its code; by its status (None) where it has none that is known.
    """
    code = getattr(error.parsed, "ret_code", None)
    if code in CODES:
        kind, meaning, hint = CODES[code]
        return kind(f"{error.message} Code {code}: {meaning}.", hint=hint, until=_until(error, kind))
    if error.status_code == _FORBIDDEN:
        return _forbidden(error)
    if code and error.status_code == _OK:
        hint = "See Bybit's list of error codes, or look for a newer marginbook."
        return InvalidResponseError(f"{error.message} Code {code} is none that marginbook knows.", hint=hint)
    return None


def _until(error: ApiError, kind: Callable[..., MarginbookError]) -> datetime | None:
    written = error.headers.get(RESET, "")
    if kind is not RateLimitedError or not (written.isascii() and written.isdecimal()):
        return error.retry_after
    try:
        until = from_milliseconds(int(written))
    except ValueError:
        return None
    return until and error.by_our_clock(until)


def _forbidden(error: ApiError) -> MarginbookError:
    """
    Tell the two reasons of this status apart by its text, which is documented for one of them.
    """
    if b"too frequent" in error.content:
        until = error.received_at + _BAN
        return RateLimitedError(
            f"{error.message[:-1]}: too many requests from this address.", hint=_SLOWER, until=until
        )
    hint = "Bybit refuses addresses in the US and in mainland China, and those that ask too often for ten minutes."
    return PermissionDeniedError(f"{error.message[:-1]}: it does not serve this address.", hint=hint)
