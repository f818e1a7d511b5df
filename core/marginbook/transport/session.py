"""
The session that every request goes through.

This is the one place where an attempt is made, so it is where attempts will be repeated: above the signature, which is
made anew by the session's ``auth`` each time, and never in an adapter, which would send the old one again.
"""

from __future__ import annotations

import functools
import importlib.metadata
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError

from marginbook.errors import (
    ConfigurationError,
    DeadlineError,
    InvalidResponseError,
    MarginbookError,
    UnavailableError,
)
from marginbook.hosts import is_loopback

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter
    from requests.auth import AuthBase

    from marginbook.transport.deadline import Deadline

#: Seconds to wait for a connection. A venue that takes longer has other troubles.
CONNECT_TIMEOUT: Final = 10.0

#: Bytes of a body, after decompression. The longest balance known has 300 KB.
LARGEST_BODY: Final = 8 * 1024 * 1024

_CHUNK: Final = 64 * 1024


def adapter(max_workers: int) -> HTTPAdapter:
    """
    Return the pool of connections that all accounts share: one for each worker and host.
    """
    # Hosts beyond this number still work; their connections are opened anew.
    return HTTPAdapter(pool_connections=64, pool_maxsize=max_workers, max_retries=0)


class Session(requests.Session):
    """
    One account's way out: a signature, and the pool, the time-outs and the deadline that all share.

    It reads the whole body, within the deadline, before it returns an answer. Proxies and CA bundles in the environment
    work as they do for everybody who uses requests.

    Args:
        pool: Carries the requests.

        deadline: No attempt outlives it.

        auth: Signs each attempt.

    """

    def __init__(self, pool: BaseAdapter, deadline: Deadline, auth: AuthBase | None = None) -> None:
        super().__init__()
        self.mount("https://", pool)
        self.mount("http://", pool)
        self.headers["User-Agent"] = _user_agent()
        self.auth = auth
        self._deadline = deadline

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """
        Make one attempt.

        Raises:
            DeadlineError: The deadline is over, or nothing came for too long.

            UnavailableError: The venue's server cannot be reached, or broke off.

            InvalidResponseError: The body is too long, or is not what its headers say.

        """
        try:
            with super().request(method, url, *args, **(kwargs | self._limits(url) | _route(url))) as response:
                _read(response, self._deadline)
                return response
        # A file of CA certificates that is not there is no RequestException, but an OSError, which they are as well.
        except OSError as error:
            trouble = _trouble(error, _host(url))
        # Out here, since the exception quotes the address with its signature: it may not even be the context of ours.
        raise trouble

    def _limits(self, url: str | bytes) -> dict[str, Any]:
        remaining = self._deadline.remaining()
        if not remaining:
            msg = f"The deadline was over before {_host(url)} could be asked."
            raise DeadlineError(msg, hint="Allow more time, or more workers.")
        # A redirect would carry the key elsewhere.
        return {"timeout": (min(CONNECT_TIMEOUT, remaining), remaining), "stream": True, "allow_redirects": False}


@functools.cache
def _user_agent() -> str:
    # Looking the version up costs more than a request does.
    return f"marginbook/{importlib.metadata.version('marginbook')}"


def _route(url: str | bytes) -> dict[str, Any]:
    # What is meant for this machine is not for a proxy to see, nor for one to find: the way there is the caller's own.
    host = _parts(url).hostname or ""
    return {"proxies": {"no_proxy": host}} if is_loopback(host) else {}


def _read(response: requests.Response, deadline: Deadline) -> None:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > LARGEST_BODY:
            msg = f"The answer is longer than {LARGEST_BODY // 1024 // 1024} MiB."
            raise InvalidResponseError(msg, hint="Check that base_url leads to the venue.")
        if not deadline.remaining():
            msg = "The answer had not all come when the deadline was over."
            raise DeadlineError(msg, hint="Allow more time.")
    # requests has no public way to hand over a body that was read under supervision.
    response._content = bytes(body)  # noqa: SLF001


#: What is said of each of the exceptions of requests, the first that fits.
_TROUBLES: Final[tuple[tuple[type[Exception], type[MarginbookError], str, str], ...]] = (
    (requests.ConnectTimeout, DeadlineError, "did not accept a connection in time", "Check the network."),
    (requests.Timeout, DeadlineError, "did not answer in time", "Allow more time, or try again later."),
    (
        requests.exceptions.SSLError,
        UnavailableError,
        "has no TLS certificate that this machine trusts",
        "Check the CA certificates, REQUESTS_CA_BUNDLE, and who is in between.",
    ),
    (
        requests.exceptions.ProxyError,
        UnavailableError,
        "cannot be reached through the proxy",
        "Check HTTPS_PROXY and NO_PROXY.",
    ),
    (
        requests.ConnectionError,
        UnavailableError,
        "cannot be reached, or broke off",
        "Check the network and base_url, and try again.",
    ),
    (requests.exceptions.ChunkedEncodingError, UnavailableError, "broke off in the middle of its answer", "Try again."),
    (requests.exceptions.ContentDecodingError, InvalidResponseError, "sent what cannot be decompressed", "Try again."),
    (requests.RequestException, UnavailableError, "cannot be asked", "Check base_url."),
    (
        OSError,
        ConfigurationError,
        "cannot be asked without the CA certificates that the environment names",
        "Check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE.",
    ),
)


def _trouble(error: OSError, host: str) -> MarginbookError:
    # A stall in the middle of a body reaches us as a broken connection.
    if error.args and isinstance(error.args[0], ReadTimeoutError):
        error = requests.ReadTimeout()
    _, kind, what, hint = next(trouble for trouble in _TROUBLES if isinstance(error, trouble[0]))
    return kind(f"{host} {what}.", hint=hint)


def _host(url: str | bytes) -> str:
    return _parts(url).netloc.rpartition("@")[2]


def _parts(url: str | bytes) -> SplitResult:
    return urlsplit(url if isinstance(url, str) else url.decode("ascii", "replace"))
