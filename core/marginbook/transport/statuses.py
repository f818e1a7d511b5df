"""
What an HTTP status means where the venue's plugin has no better word for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook.errors import (
    ConfigurationError,
    CredentialsError,
    InvalidResponseError,
    MarginbookError,
    PermissionDeniedError,
    RateLimitedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from marginbook.errors import ApiError

#: What is said of each status, or of all that begin with its first digit.
_STATUSES: Final[dict[int, tuple[type[MarginbookError], str]]] = {
    200: (InvalidResponseError, "The venue may have changed: look for a newer marginbook, or a newer plugin."),
    300: (
        ConfigurationError,
        "Redirects are not followed, since they would carry the key elsewhere. Check base_url.",
    ),
    400: (InvalidResponseError, "The venue may have changed: look for a newer marginbook."),
    401: (CredentialsError, "Check the key, the secret, and that they belong together."),
    403: (
        PermissionDeniedError,
        "Check the key's permissions and its list of addresses. A firewall in between answers so, too.",
    ),
    404: (ConfigurationError, "There is no such operation at this address: check base_url."),
    405: (ConfigurationError, "There is no such operation at this address: check base_url."),
    407: (ConfigurationError, "A proxy in between wants a name and a password: check HTTPS_PROXY and HTTP_PROXY."),
    408: (UnavailableError, "Try again."),
    410: (ConfigurationError, "The venue has retired the operation: look for a newer marginbook."),
    418: (RateLimitedError, "The venue has banned this address for a while. Ask less often."),
    429: (RateLimitedError, "Ask less often."),
    451: (PermissionDeniedError, "The venue does not serve the place where this machine is: ask from another."),
    501: (ConfigurationError, "There is no such operation at this address: check base_url."),
}

_OTHERWISE: Final = (UnavailableError, "Try again later.")


def explain(error: ApiError) -> MarginbookError:
    """
    Say what an error answer means, by its status alone.
    """
    status = error.status_code
    kind, hint = _STATUSES.get(status) or _STATUSES.get(status // 100 * 100, _OTHERWISE)
    return kind(error.message, hint=hint, until=error.retry_after)
