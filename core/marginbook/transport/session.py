"""
The session that every request goes through.

It makes one attempt. Attempts are repeated above it, and above the signature, which the session's ``auth`` makes anew
each time; never in an adapter, which would send the old one again.
"""

from __future__ import annotations

import functools
import importlib.metadata
import logging
import ssl
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

import requests
from requests.hooks import default_hooks, dispatch_hook
from requests.sessions import merge_setting
from urllib3.exceptions import ReadTimeoutError

from marginbook.errors import (
    ConfigurationError,
    DeadlineError,
    InvalidResponseError,
    MarginbookError,
    UnavailableError,
)
from marginbook.hosts import is_loopback
from marginbook.transport.hosts import Charge, Host
from marginbook.transport.machine import MACHINE, Machine
from marginbook.transport.surroundings import surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests.adapters import BaseAdapter
    from requests.auth import AuthBase
    from requests.structures import CaseInsensitiveDict

    from marginbook.limits import Limit
    from marginbook.transport.deadline import Deadline
    from marginbook.transport.shared import SharedLimits

#: Seconds to wait for a connection. A venue that takes longer has other troubles.
CONNECT_TIMEOUT: Final = 5.0

#: Seconds that an answer may take if the deadline is near. Otherwise it may take a third of the report's time, so that
#: a venue that stalls can be asked again; then it may take what is left, since it may just be slow.
SHORTEST_TIMEOUT: Final = 5.0

#: Bytes of a body, after decompression. The longest balance known has 300 KB.
LARGEST_BODY: Final = 8 * 1024 * 1024

#: Characters by which something that was sent is known again: less than half of any key or signature.
RECOGNIZED: Final = 20

_CHUNK: Final = 64 * 1024

#: The parts of a request that say what is asked.
_ASKED: Final = {"params", "data", "json"}

_ASKING: Final = threading.local()


class Line:
    """
    The way to one host, for one account.

    Args:
        host: What is known of the host.

        limits: The venue's rate limits.

        key: Stands for the account's key where a limit is counted by key. Not the key itself.

        machine: Where the time comes from.

        shared: What other processes spend of the same limits.

    """

    def __init__(
        self,
        host: Host,
        limits: tuple[Limit, ...] = (),
        key: str = "",
        machine: Machine = MACHINE,
        shared: SharedLimits | None = None,
    ) -> None:
        self.host = host
        self.limits = limits
        self.key = key
        self.machine = machine
        self.shared = shared

    def charges(self, method: str, path: str) -> list[Charge]:
        """
        Return what a request costs, of each limit that it counts towards.
        """
        costs = ((number, limit, limit.cost(method, path)) for number, limit in enumerate(self.limits))
        return [Charge(limit, (n, self.key if limit.per == "key" else ""), cost) for n, limit, cost in costs if cost]


class Session(requests.Session):
    """
    One account's way out: a signature, and the pool, the limits and the deadline that all share.

    It reads the whole body, within the deadline, before it returns an answer. Proxies and CA bundles in the environment
    work as they do for everybody who uses requests; cookies and .netrc do not, since no venue is to know an account by
    them.

    Args:
        pool: Carries the requests.

        deadline: No attempt outlives it.

        auth: Signs each attempt.

        line: The host's clock and rate limits; without, there are none.

    """

    def __init__(
        self, pool: BaseAdapter, deadline: Deadline, auth: AuthBase | None = None, line: Line | None = None
    ) -> None:
        # Not by requests, which makes two pools of connections for each session, and would leave them unused here.
        vars(self).update(vars(_blank()))
        del self.headers
        self.adapters = {"https://": pool, "http://": pool}
        self.hooks = default_hooks()
        self.params, self.proxies = {}, {}
        self.auth = auth
        self._surroundings = surroundings(pool)
        self._deadline = deadline
        self._stalled = False
        self._line = line or Line(Host(""))
        self._signed: list[requests.PreparedRequest] = []
        self._told = ""
        #: The bodies by request, where somebody wants to keep them: what was refused has its status before it.
        self.kept: dict[str, bytes] | None = None
        _keep_signatures_out_of_logs()

    # Nearly nobody wants to see or to change them, and to copy them takes as long as to sign a request.
    @functools.cached_property
    def headers(self) -> Any:  # type: ignore[override]  # it can be written to, as with requests
        """
        What stands in the head of each request.
        """
        return _usual().copy()

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """
        Make one attempt, as soon as the host's rate limits allow it.

        Raises:
            DeadlineError: The deadline is over, or nothing came for too long.

            RateLimitedError: The rate limits do not allow it before the deadline.

            UnavailableError: The venue's server cannot be reached, or broke off.

            InvalidResponseError: The body is too long, or is not what its headers say.

        """
        line = self._line
        charges = line.charges(_text(method).upper(), _parts(url).path)
        line.host.enter(charges, line.machine, self._deadline, line.shared)
        sent = False
        headers: Mapping[str, str] = {}
        try:
            bounds = self._bounds(url)
            sent = True
            response = self._attempt(method, url, *args, **(kwargs | bounds | _route(url)))
            headers = response.headers
        finally:
            line.host.leave(charges, headers, line.machine, sent=sent)
        # Who reads "Retry-After: 30" has to know since when.
        response.received_at = line.host.clock.now(line.machine)  # type: ignore[attr-defined]
        if self.kept is not None:
            from marginbook.transport.documents import keys_of  # noqa: PLC0415  # few answers are kept

            unsigned = requests.Request(_text(method), _text(url), **{k: kwargs[k] for k in _ASKED & kwargs.keys()})
            key = keys_of(unsigned.prepare())[0]
            self.kept[key if response.ok else f"{response.status_code} {key}"] = response.content
        return response

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """
        Prepare a request, and sign it, as requests does, but without cookies and .netrc.
        """
        params: Any = request.params
        if self.params:
            params = merge_setting(params, self.params)  # type: ignore[no-untyped-call]
        prepared = requests.PreparedRequest()
        prepared.prepare_method(request.method)
        prepared.url = _address(request.url, params)
        if request.headers or "headers" in vars(self):
            headers = {**self.headers, **request.headers}
            prepared.prepare_headers({name: value for name, value in headers.items() if value is not None})
        else:
            prepared.headers = _usual().copy()
        prepared.prepare_body(request.data, request.files, request.json)
        prepared.prepare_hooks(request.hooks)
        prepared.prepare_auth(request.auth or self.auth)
        return prepared

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """
        Send a signed request, and remember what it carries.

        No redirect is followed, since it would carry the key elsewhere, and no cookie of the answer is kept.
        """
        self._signed.append(request)
        stream, verify, cert = (kwargs.get(name) for name in ("stream", "verify", "cert"))
        if "proxies" not in kwargs:
            kwargs |= self.merge_environment_settings(request.url, {}, stream, verify, cert)
        kwargs.pop("allow_redirects", None)
        begun = time.perf_counter()
        response = self.get_adapter(request.url or "").send(request, **kwargs)
        response.elapsed = timedelta(seconds=time.perf_counter() - begun)
        answer: requests.Response = dispatch_hook("response", request.hooks, response, **kwargs)  # type: ignore[no-untyped-call]
        if not kwargs["stream"]:
            _read(answer, self._deadline)
        return answer

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """
        Return what the environment says, which is looked up once for each address.
        """

        def look() -> dict[str, Any]:
            return dict(super(Session, self).merge_environment_settings(url, proxies, stream, verify, cert))

        # Whoever says more than we do is alone in that.
        return look() if verify is not None or cert is not None else self._surroundings.settings(url, look)

    def repeats(self, text: str) -> bool:
        """
        Say whether a text of the venue has `RECOGNIZED` characters of a key or a signature that was sent to it.
        """
        if len(text) < RECOGNIZED:
            return False
        starts = range(len(text) - RECOGNIZED + 1)
        # Whatever is that long has a whole piece of half its length in it, if the text is cut into such pieces.
        half = RECOGNIZED // 2
        found = any(text[n : n + half] in self._sent for n in range(0, len(text) - half + 1, half))
        return found and any(text[n : n + RECOGNIZED] in self._sent for n in starts)

    @property
    def _sent(self) -> str:
        """
        All that the account's requests have of their own: what was sent may be a key, and what of it is, nobody says.
        """
        if self._signed:
            self._told = "\n".join([self._told, *(text for request in self._signed for text in _own(request))])
            self._signed = []
        return self._told

    def blanked(self, body: bytes) -> bytes:
        """
        Return a body with stars in the place of each part of a key or a signature that was sent.
        """
        text = body.decode("latin-1")
        told = self._sent
        sent = {told[n : n + RECOGNIZED] for n in range(len(told) - RECOGNIZED + 1)}
        hits = [n for n in range(len(text) - RECOGNIZED + 1) if text[n : n + RECOGNIZED] in sent]
        blank = bytearray(body)
        for n in hits:
            blank[n : n + RECOGNIZED] = b"*" * RECOGNIZED
        return bytes(blank)

    def _attempt(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        _ASKING.now = True
        try:
            with super().request(method, url, *args, **kwargs) as response:
                _read(response, self._deadline)
                return response
        # A file of CA certificates that is not there is no RequestException, but an OSError, which they are as well.
        except OSError as error:
            trouble = _trouble(error, _host(url))
            self._stalled |= isinstance(trouble, DeadlineError)
        finally:
            _ASKING.now = False
        # Out here, since the exception quotes the address with its signature: it may not even be the context of ours.
        raise trouble

    def _bounds(self, url: str | bytes) -> dict[str, Any]:
        remaining = self._deadline.remaining()
        if not remaining:
            msg = f"The deadline was over before {_host(url)} could be asked."
            raise DeadlineError(msg, hint="Allow more time, or more workers.", transient=False)
        longest = remaining if self._stalled else min(remaining, max(SHORTEST_TIMEOUT, self._deadline.seconds / 3))
        return {"timeout": (min(CONNECT_TIMEOUT, remaining), longest), "stream": True}


class _Signatures(logging.Filter):
    """
    Leaves out what urllib3 logs of our requests and could hold a key: queries, where signatures stand, and the texts of
    errors, which quote headers that cannot be read.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(_ASKING, "now", False):
            record.exc_info = None
            record.args = tuple(map(_loggable, record.args)) if isinstance(record.args, tuple) else record.args
        return True


def _loggable(argument: object) -> object:
    match argument:
        case str():
            return argument.partition("?")[0]
        case BaseException():
            return type(argument).__name__
    return argument


@functools.cache
def _keep_signatures_out_of_logs() -> None:
    for name in ("urllib3.connectionpool", "urllib3.connection"):
        logging.getLogger(name).addFilter(_Signatures())


@functools.cache
def _blank() -> requests.Session:
    """
    Return a session as all are at the beginning.
    """
    session = requests.Session()
    # Not by importlib.metadata.version, which takes the whole description apart.
    described = importlib.metadata.distribution("marginbook").read_text("METADATA") or ""
    version = described.partition("\nVersion: ")[2].partition("\n")[0]
    session.headers["User-Agent"] = f"marginbook/{version}"
    return session


def _address(url: Any, params: Any) -> str | None:
    """
    Spell an address as requests does. To take one apart takes it longer than to send it, and all but the query is the
    same each time.
    """
    if type(url) is str and type(params) is dict and "?" not in url and "#" not in url:
        query = urlencode([(name, value) for name, value in params.items() if value is not None], doseq=True)
        return f"{_spelled(url)}?{query}" if query else _spelled(url)
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, params)
    return prepared.url


@functools.lru_cache
def _spelled(url: str) -> str:
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, None)
    return prepared.url or ""


@functools.cache
def _usual() -> CaseInsensitiveDict[str]:
    """
    Return the headers that a request has of nobody's wish.
    """
    prepared = requests.PreparedRequest()
    prepared.prepare_headers(_blank().headers)
    return prepared.headers


def _own(request: requests.PreparedRequest) -> list[str]:
    """
    Return what a request has that not every request has.
    """
    query = (request.url or "").partition("?")[2].split("&")
    headers = [value for name, value in request.headers.items() if name not in _usual()]
    return [*map(str, headers), *query, *map(unquote, query)]


def _route(url: str | bytes) -> dict[str, Any]:
    # What is meant for this machine is not for a proxy to see, nor for one to find: the way there is the caller's own.
    host = _parts(url).hostname or ""
    return {"proxies": {"no_proxy": host}} if is_loopback(host) else {}


def _read(response: requests.Response, deadline: Deadline) -> None:
    body = bytearray()
    for chunk in response.iter_content(None if _is_short(response.headers) else _CHUNK):
        body += chunk
        if len(body) > LARGEST_BODY:
            msg = f"The answer is longer than {LARGEST_BODY // 1024 // 1024} MiB."
            raise InvalidResponseError(msg, hint="Check that base_url leads to the venue.")
        if not deadline.remaining():
            # The network's own clock began later, and which is noticed first is chance: one sentence for both.
            raise requests.ReadTimeout
    # requests has no public way to hand over a body that was read under supervision.
    response._content = bytes(body)  # noqa: SLF001


def _is_short(headers: Mapping[str, str]) -> bool:
    """
    Say whether a body can be read at once: it is as long as its head says, which is not long.
    """
    length = headers.get("Content-Length", "")
    # Python makes no number of thousands of digits.
    if not (len(length) <= len(str(_CHUNK)) and length.isdecimal() and int(length) <= _CHUNK):
        return False
    return "Content-Encoding" not in headers and "Transfer-Encoding" not in headers


#: An untrusted certificate, or an address that makes no sense, is the same the next time.
_permanent: Final = functools.partial(UnavailableError, transient=False)
_damaged: Final = functools.partial(InvalidResponseError, transient=True)

#: What is said of each of the exceptions of requests, the first that fits.
_TROUBLES: Final[tuple[tuple[type[Exception], Callable[..., MarginbookError], str, str], ...]] = (
    (requests.ConnectTimeout, DeadlineError, "did not accept a connection in time", "Check the network."),
    (requests.Timeout, DeadlineError, "did not answer in time", "Allow more time, or try again later."),
    (
        ssl.SSLCertVerificationError,
        _permanent,
        "has no TLS certificate that this machine trusts",
        "Check the CA certificates, REQUESTS_CA_BUNDLE, and who is in between.",
    ),
    (
        requests.exceptions.SSLError,
        UnavailableError,
        "does not complete a TLS handshake",
        "Check whether base_url should begin with http:// instead, and who is in between.",
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
    (requests.exceptions.ContentDecodingError, _damaged, "sent what cannot be decompressed", "Try again."),
    (requests.RequestException, _permanent, "cannot be asked", "Check base_url, and HTTPS_PROXY if there is one."),
    (
        OSError,
        ConfigurationError,
        "cannot be asked without the CA certificates that the environment names",
        "Check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE.",
    ),
)


def _trouble(error: OSError, host: str) -> MarginbookError:
    # A stall in the middle of a body reaches us as a broken connection.
    cause = error.args[0] if error.args else None
    if isinstance(cause, ReadTimeoutError):
        error = requests.ReadTimeout()
    # What is wrong with the handshake is three exceptions below.
    certificate = getattr(getattr(cause, "reason", None), "args", ())
    if certificate and isinstance(certificate[0], ssl.SSLCertVerificationError):
        error = certificate[0]
    _, kind, what, hint = next(trouble for trouble in _TROUBLES if isinstance(error, trouble[0]))
    return kind(f"{host} {what}.", hint=hint)


def _host(url: str | bytes) -> str:
    return _parts(url).netloc.rpartition("@")[2]


def _parts(url: str | bytes) -> SplitResult:
    return urlsplit(_text(url))


def _text(written: str | bytes) -> str:
    return written if isinstance(written, str) else written.decode("ascii", "replace")
