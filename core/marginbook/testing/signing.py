"""
How a venue signs, and that it keeps its secrets and does nothing by itself.
"""

from __future__ import annotations

import json
import logging
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import requests
from attrs import define, field
from requests.auth import AuthBase

from marginbook.accounts import resolve
from marginbook.asking import NOWHERE, stand_in
from marginbook.errors import ApiError, CredentialsError, MarginbookError
from marginbook.report import Failure
from marginbook.sandbox import Sandbox, answer
from marginbook.seam.settings import settle
from marginbook.testing.guards import TRUSTED, Guard
from marginbook.transport import Deadline, Documents, Session

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from marginbook.accounts import Account
    from marginbook.testing.subject import Body, Subject

#: Milliseconds since 1970 when requests are signed, and how much later they are signed once more.
WHEN: Final = 1_790_000_000_000
LATER: Final = 61_001

#: Characters of a secret by which it is known again.
_TELLING: Final = 12

#: The address, the headers and the body of a request.
Seen = tuple[str | None, tuple[tuple[str, str], ...], object]

#: Seconds that nobody will need.
_LONG: Final = 3600


@define
class Hands:
    """
    A clock that a test turns, and that counts how often it was looked at.
    """

    now: int = WHEN
    looks: int = 0

    def __call__(self) -> int:
        """
        Tell the time.
        """
        self.looks += 1
        return self.now


@define
class Read(Mapping[str, str]):
    """
    Secrets, and which of them were asked for.
    """

    secrets: Mapping[str, str] = field(repr=False)
    asked: set[str] = field(factory=set)

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.secrets[name]

    def __iter__(self) -> Iterator[str]:
        self.asked.update(self.secrets)
        return iter(self.secrets)

    def __len__(self) -> int:
        return len(self.secrets)


class Ears(Documents):
    """
    Answers with recorded bodies, and keeps the requests.
    """

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        super().__init__(documents)
        self.heard: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """
        Answer a request that is signed as one without a signature.
        """
        self.heard.append(request)
        return super().send(request, *args, **kwargs)


def secrets_of(subject: Subject) -> Iterator[tuple[Account, Body | None, dict[str, str]]]:
    """
    Yield each account of the sandbox, with what it answered, if it did, and its secrets.
    """
    with Sandbox([subject.stage()]) as sandbox:
        accounts = sandbox.accounts()
    for account in accounts:
        own: list[Body | None] = [
            body for body in subject.bodies if body.name.partition(" with detail ")[0] == account.name
        ]
        for body in own or [None]:
            yield account, body, resolve(account.credentials)


def signed(subject: Subject, body: Body | None, auth: AuthBase | None) -> list[requests.PreparedRequest]:
    """
    Return what is sent to get a body, as it is signed; or any request, where there is none.
    """
    if body is None:
        request = requests.Request("GET", NOWHERE).prepare()
        return [_Late(auth)(request) if auth else request]
    ears = Ears(body.documents)
    account = settle(stand_in("replay", subject.venue, body.options), subject.venue)
    subject.venue.fetch(account, Session(ears, Deadline(_LONG), _Late(auth) if auth else None))
    return ears.heard


class _Late(AuthBase):
    """
    Signs a copy of each request, so that recorded bodies are found by what was asked.
    """

    def __init__(self, auth: AuthBase) -> None:
        self._auth = auth

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.signed = self._auth(request.copy())  # type: ignore[attr-defined]  # for `seen`
        return request


def seen(request: requests.PreparedRequest) -> Seen:
    """
    Return all of a request that a venue sees.
    """
    sent = getattr(request, "signed", request)
    return sent.url, tuple(sorted(sent.headers.items())), sent.body


def fresh(subject: Subject) -> Iterator[str]:
    """
    Yield what is wrong with how requests are signed.
    """
    sign = subject.venue.sign
    for account, body, secrets in secrets_of(subject) if sign else ():
        clock, read = Hands(), Read(secrets)
        auth = sign(read, clock)  # type: ignore[misc]  # see above
        where = f"the account {account.name}"
        if not isinstance(auth, AuthBase):
            yield f"sign returns a {type(auth).__name__} for {where}: it has to be a requests.auth.AuthBase."
            return
        if clock.looks:
            yield "sign looks at the clock itself: look at it when a request is signed, so that each has its own time."
        looked = clock.looks
        first = [seen(request) for request in signed(subject, body, auth)]
        early = clock.looks - looked
        clock.now += LATER
        second = [seen(request) for request in signed(subject, body, auth)]
        late = clock.looks - looked - early
        if late < early:
            yield f"A second request of {where} is signed without looking at the clock: sign each attempt afresh."
        if early and any(
            one == other for one, other in zip(first, second, strict=True) if _is_signed(one, body, subject)
        ):
            yield f"A request of {where} is signed alike a minute later: sign each attempt afresh, with its own time."
        if unread := sorted(secrets.keys() - read.asked):
            yield f"{', '.join(unread)}: declared in Venue.credentials, and sign does not read it."
        if subject.venue.time and not early:
            yield "Venue.time is given, and no request has the time in it: leave it out."


def _is_signed(sent: Seen, body: Body | None, subject: Subject) -> bool:
    plain = {seen(request) for request in signed(subject, body, None)}
    return sent not in plain


def quiet(subject: Subject) -> Iterator[str]:
    """
    Yield what the plugin does by itself: connections, files, the environment, the clock, sleeping.
    """
    venue = subject.venue
    calls = (venue.fetch, venue.sign, venue.explain, venue.time)
    packages = {getattr(call, "__module__", "").partition(".")[0] for call in calls if call} - TRUSTED
    # The stage may look at the clock: it is made before.
    accounts = list(secrets_of(subject))
    # What is imported on the way is not the plugin's doing.
    for _ in _everything(subject, accounts):
        pass
    with Guard(packages) as guard:
        for _ in _everything(subject, accounts):
            pass
    yield from (f"{offence}." for offence in guard.offences.values())


def _everything(subject: Subject, accounts: Iterable[tuple[Account, Body | None, dict[str, str]]]) -> Iterator[object]:
    venue = subject.venue
    for _, body, secrets in accounts:
        auth = venue.sign(secrets, Hands()) if venue.sign else None
        yield signed(subject, body, auth)
    for body in subject.bodies:
        yield subject.makes(body)
    for status in (400, 401, 403, 429, 500):
        yield venue.explain(error(status, b'{"code":1,"msg":"no"}')) if venue.explain else None


def error(status: int, content: bytes) -> ApiError:
    """
    Return an error answer that the venue's client could not read.
    """
    return ApiError("GET /", status_code=status, headers={}, content=content, parsed=None, received_at=None)


def needles(secret: str) -> set[str]:
    """
    Return what gives a secret away: it, each half of each of its lines, as they are and as they are spelled elsewhere.
    """
    lines = [line for line in secret.strip().splitlines() if not line.startswith("-----")]
    halves = [half for line in lines for half in (line[: len(line) // 2], line[len(line) // 2 :])]
    spelled = {text for half in (*lines, *halves) for text in _spellings(half)}
    return {text.lower() for text in spelled if len(text) >= _TELLING}


def _spellings(text: str) -> Iterator[str]:
    yield from (text, quote(text, safe=""), json.dumps(text)[1:-1], text.encode().hex())
    yield b64encode(text.encode()).decode().rstrip("=")


def given_away(text: str, secrets: Mapping[str, str]) -> list[str]:
    """
    Return the names of the secrets that a text gives away.
    """
    return [name for name, secret in secrets.items() if any(needle in text.lower() for needle in needles(secret))]


def secretive(subject: Subject) -> Iterator[str]:
    """
    Yield where a secret shows: in what signs, in errors and their variables, in logs, in requests that have more than a
    signature made with it, and in what a venue sends back.
    """
    yield from dict.fromkeys(_of_signer(subject))
    yield from dict.fromkeys(_of_requests(subject))
    yield from dict.fromkeys(_of_venue(subject))


def _of_signer(subject: Subject) -> Iterator[str]:
    for _, _, secrets in secrets_of(subject) if subject.venue.sign else ():
        auth = _sign(subject, secrets)
        yield from (
            f"{name} shows in the repr of what signs: write a repr." for name in given_away(repr(auth), secrets)
        )
        for name in secrets:
            for wrong in _damaged(secrets[name]):
                damaged = {**secrets, name: wrong}
                yield from _of_refusal(subject, name, damaged)


def _of_requests(subject: Subject) -> Iterator[str]:
    told = {credential.name for credential in subject.venue.credentials if credential.sent_as_is}
    for account, body, secrets in secrets_of(subject) if subject.venue.sign else ():
        sent = signed(subject, body, subject.venue.sign(secrets, Hands()))  # type: ignore[misc]  # see above
        text = " ".join(part for request in sent for part in _texts(seen(request)))
        bare = sorted(set(given_away(text, secrets)) - told)
        # One of several is the name of the key. Where there is only one, it is the key.
        if len(bare) > min(1, len(secrets) - 1):
            yield (
                f"Requests of the account {account.name} carry {' and '.join(bare)}: send a signature that is made with"
                " the secret, or, if the venue wants the secret itself, say sent_as_is=True of its Credential, so that"
                " it is kept from plain http."
            )


def _texts(sent: Seen) -> Iterator[str]:
    url, headers, body = sent
    yield url or ""
    yield from (value for _, value in headers)
    yield body.decode() if isinstance(body, bytes) else str(body or "")


def _damaged(secret: str) -> Iterator[str]:
    hide = type(secret)
    yield hide(f"\u00e9{secret}")
    yield hide(f"{secret}\nx: y")
    yield hide(secret[: len(secret) // 2 + 1])
    yield hide(f"-----BEGIN {secret}")


def _of_refusal(subject: Subject, name: str, secrets: dict[str, str]) -> Iterator[str]:
    told = _sign(subject, secrets)
    if not isinstance(told, Exception):
        return
    if not isinstance(told, CredentialsError):
        yield f"A {name} that cannot be right makes sign raise a {type(told).__name__}: raise a CredentialsError."
    for where, text in (("text", f"{told} {getattr(told, 'hint', '')}"), ("variables", _report(told))):
        yield from (
            f"{hidden} shows in the {where} of the {type(told).__name__} that sign raises."
            for hidden in given_away(text, secrets)
        )


def _sign(subject: Subject, secrets: Mapping[str, str]) -> object:
    try:
        return subject.venue.sign(secrets, Hands())  # type: ignore[misc]  # see above
    # What it raises is looked at.
    except Exception as error:  # noqa: BLE001
        return error


def _report(error: Exception) -> str:
    """
    Return what a crash report tells of the plugin's functions.
    """
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in report.stack if frame.filename != __file__]
    return "\n".join(f"{name} = {value}" for frame in frames for name, value in (frame.locals or {}).items())


class _Listening(logging.Handler):
    """
    Keeps all that is logged.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """
        Keep it.
        """
        self.texts.append(f"{record.getMessage()} {record.__dict__!r}")


def _echoing(status: int) -> Callable[..., Sandbox]:
    """
    Return a sandbox that sends back whatever it hears, as an error.
    """

    class Echo(Sandbox):
        def _play(self, request: Request) -> Any:
            _, send = super()._play(request)
            heard = " ".join([*(value for _, value in request.headers), request.url, request.get_data(as_text=True)])
            return answer({"code": -1, "msg": heard, "message": heard, "error": heard}, status), send

    return Echo


def _of_venue(subject: Subject) -> Iterator[str]:
    for account, _, secrets in secrets_of(subject):
        for status in (200, 400, 401, 429):
            ears, root = _Listening(), logging.getLogger()
            level = root.level
            root.addHandler(ears)
            root.setLevel(logging.DEBUG)
            try:
                outcome = subject.ask(subject.stage(), account=account.name, server=_echoing(status), timeout=1.0)
            finally:
                root.removeHandler(ears)
                root.setLevel(level)
            said = repr(outcome) if isinstance(outcome, Failure) else ""
            for name in given_away(said, secrets):
                yield f"{name} shows in the failure when the venue sends it back with {status}: repeat no text of it."
            for name in given_away("\n".join(ears.texts), secrets):
                yield f"{name} shows in a log."


def passes_on(subject: Subject) -> Iterator[str]:
    """
    Yield where trouble of the connection does not come out as what it is.
    """
    for body in subject.bodies[: 1 + len(subject.extra)]:
        count = len(signed(subject, body, None))
        for number in range(count):
            trouble = MarginbookError("The connection broke off.")
            account = settle(stand_in("replay", subject.venue, body.options), subject.venue)
            session = _Breaking(Documents(body.documents), number, trouble)
            try:
                subject.venue.fetch(account, session)
            # Whatever it is, it should be the same.
            except Exception as raised:  # noqa: BLE001
                if raised is trouble:
                    continue
            yield f"Trouble of request {number + 1} of {count} does not come out of fetch: let it pass."


class _Breaking(Session):
    """
    A session of which one request raises.
    """

    def __init__(self, pool: Documents, number: int, trouble: MarginbookError) -> None:
        super().__init__(pool, Deadline(_LONG))
        self._left = number
        self._trouble = trouble

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """
        Raise if it is the turn of this request.
        """
        self._left -= 1
        if self._left < 0:
            raise self._trouble
        return super().request(*args, **kwargs)
