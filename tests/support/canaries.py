"""
Accounts whose secrets nobody has ever seen, and what would give one of them away.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import http.client
import io
import json
import logging
import pickle
import re
import secrets
import string
import sys
import threading
import traceback
import warnings
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, quote

from attrs import define, evolve, field, fields
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug.exceptions import HTTPException

from marginbook.registry import installed
from marginbook.sandbox import Actor, Budget, Sandbox, Stage, answer
from marginbook_binance.cast import COINS, MULTI, SINGLE, UNDER, Part, Verify, verify_hmac, verify_public
from marginbook_binance.depths import PORTFOLIO, PORTFOLIO_WHOLE
from marginbook_binance.stage import Futures
from marginbook_coinswitch.stage import WALLET
from marginbook_coinswitch.stage import Futures as Wallets
from marginbook_fexgate.stage import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from werkzeug.wrappers import Request, Response

    from marginbook import BalanceReport

#: Characters of a secret that give it away.
TELLING: Final = 16

_LETTERS: Final = string.ascii_letters + string.digits


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _part(name: str, secret: str, verify: Verify, rows: list[dict[str, Any]]) -> Part:
    return Part(Actor(name, {"api_key": secrets.token_hex(32), "api_secret": secret}), verify, rows)


def _hmac(name: str, rows: list[dict[str, Any]]) -> Part:
    secret = secrets.token_urlsafe(48)
    return _part(name, secret, verify_hmac(secret), rows)


def _rsa(name: str) -> Part:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key()
    return _part(name, pem(key), verify_public(lambda s, m: public.verify(s, m, padding.PKCS1v15(), SHA256())), UNDER)


def _ed25519(name: str) -> Part:
    key = ed25519.Ed25519PrivateKey.generate()
    return _part(name, pem(key), verify_public(key.public_key().verify), MULTI)


def _gateway(actor: Actor) -> Callable[..., Response]:
    def balance(request: Request, exchange: str) -> Response:
        given = [request.headers.get(f"x-exgate-{name}") for name in ("key", "secret")]
        known = given == list(actor.credentials.values()) and exchange == actor.options["exchange"]
        return answer({"balances": ROWS}) if known else answer({"code": 16, "message": "", "details": []}, 401)

    return balance


@functools.cache
def stages() -> tuple[Stage, ...]:
    """
    Return every venue with every kind of key, made for this process, and with nothing spent yet.
    """
    usdm = [_hmac("hmac", SINGLE), _rsa("rsa"), _ed25519("ed25519")]
    coinm = [_hmac("coins", COINS)]
    pair = ed25519.Ed25519PrivateKey.generate()
    public = pair.public_key().public_bytes_raw().hex()
    switch = Actor("switch", {"api_key": public, "api_secret": pair.private_bytes_raw().hex()})
    keys = {
        "api_key": secrets.token_urlsafe(32),
        "api_secret": f"{secrets.token_urlsafe(24)}+/&=%{secrets.token_hex(16)}",
    }
    gateway = Actor("gateway", keys, {"exchange": "fbinance"})
    return (
        _futures("binance-usdm", "/fapi/v3/balance", "/fapi/v1/time", usdm),
        _futures("binance-coinm", "/dapi/v1/balance", "/dapi/v1/time", coinm),
        _portfolio(evolve(_hmac("portfolio", PORTFOLIO), whole=PORTFOLIO_WHOLE)),
        Stage(
            "coinswitch",
            (switch,),
            {
                "/trade/api/v2/futures/wallet_balance": lambda request: Wallets({public: WALLET}).wallet_balance(
                    request
                ),
                "/trade/api/v2/time": Wallets({}).time,
            },
        ),
        Stage("fexgate", (gateway,), {"/fexgate/v1/<exchange>/balance": _gateway(gateway)}),
    )


def _futures(venue: str, path: str, time: str, parts: list[Part]) -> Stage:
    known = {part.actor.credentials["api_key"]: part for part in parts}
    # A minute's weight of its own for each request.
    routes = {
        path: lambda request: Futures(known).balance(request, weight=1),
        time: lambda request: Futures(known).time(request),
    }
    return Stage(venue, tuple(part.actor for part in parts), routes)


def _portfolio(part: Part) -> Stage:
    known = {part.actor.credentials["api_key"]: part}
    routes = {
        "/papi/v1/balance": lambda request: Futures(known).balance(request, weight=1),
        "/papi/v1/account": lambda request: Futures(known).account(request, weight=1),
    }
    return Stage("binance-pm", (part.actor,), routes)


@functools.cache
def elsewhere() -> tuple[Stage, ...]:
    """
    Return all other venues, as their plugins play them, with secrets that were made for this process.
    """
    made = {stage.venue for stage in stages()}
    return tuple(_renewed(stage) for stage in installed().stages() if stage.venue not in made)


def _renewed(stage: Stage) -> Stage:
    """
    Return a stage whose accounts have other secrets, or other addresses where these are all that they have.

    What answers its paths are methods of one object, which has the accounts by what they are known by.
    """
    actors = {_known_by(actor): _fresh(actor) for actor in stage.actors}
    handles: list[Any] = [*stage.routes.values(), *stage.posts.values()]
    (house,) = {id(handle.__self__): handle.__self__ for handle in handles}.values()
    (name,) = {"parts", "accounts"} & {field.name for field in fields(type(house))}
    people = {_known_by(actors[key]): _moved(part, actors[key]) for key, part in getattr(house, name).items()}
    # The tests of a process share the accounts, and ask them more often in a minute than a venue allows.
    limits = {field.name: getattr(house, field.name) for field in fields(type(house)) if field.init}
    budgets = {name: Budget(1000 * b.limit, b.seconds) for name, b in limits.items() if isinstance(b, Budget)}
    other = evolve(house, **{name: people}, **budgets)
    routes, posts = (
        {path: getattr(other, handle.__name__) for path, handle in paths.items()}
        for paths in (stage.routes, stage.posts)
    )
    return evolve(stage, actors=tuple(actors.values()), routes=routes, posts=posts)


def _known_by(actor: Actor) -> str:
    return actor.credentials.get("api_key") or str(actor.options["address"])


def _fresh(actor: Actor) -> Actor:
    # Letters and digits, and as many as can be taken for base 64: every venue's keys can be like that.
    found = {name: "".join(secrets.choice(_LETTERS) for _ in range(64)) for name in actor.credentials}
    options = {n: f"0x{secrets.token_hex(20)}" if n == "address" else v for n, v in actor.options.items()}
    return evolve(actor, credentials=found, options=options)


def _moved(part: Any, actor: Actor) -> Any:
    if isinstance(part, tuple):
        return (actor.credentials["api_secret"], *part[1:])
    return evolve(part, actor=actor) if hasattr(part, "actor") else part


def planted(stages: Iterable[Stage]) -> dict[str, str]:
    """
    Return the secrets of all accounts of some stages, by account and name.
    """
    return {
        f"{actor.name}.{name}": secret
        for stage in stages
        for actor in stage.actors
        for name, secret in actor.credentials.items()
    }


def needles(secret: str) -> set[str]:
    """
    Return everything that gives a secret away, in lower case: it, each line and each half of it, in several spellings.
    """
    lines = _body(secret)
    parts = {secret.strip(), "".join(lines), *lines}
    if secret.startswith("-----"):
        # The key itself stands at the end of an Ed25519 key, and all over an RSA key.
        with contextlib.suppress(ValueError):
            parts.add(base64.b64decode("".join(lines)).hex()[-64:])
    spelled = {spelling for part in parts for spelling in _spellings(part)}
    halves = {half for text in spelled for half in (text[: len(text) // 2], text[len(text) // 2 :])}
    return {text.lower() for text in spelled | halves if len(text) >= TELLING}


def _body(secret: str) -> list[str]:
    return [line for line in secret.strip().splitlines() if not line.startswith("-----")]


def _spellings(text: str) -> Iterator[str]:
    encoded = text.encode()
    yield from (text, quote(text, safe=""), quote(text), json.dumps(text)[1:-1], repr(text)[1:-1], encoded.hex())
    yield base64.b64encode(encoded).decode().rstrip("=")
    yield base64.urlsafe_b64encode(encoded).decode().rstrip("=")
    with contextlib.suppress(ValueError):
        raw = bytes.fromhex(text)
        # As crash reports print a variable.
        yield from (base64.b64encode(raw).decode().rstrip("="), repr(raw)[2:-1])


def given_away(text: str, hidden: Mapping[str, str]) -> list[str]:
    """
    Return the names of the secrets that a text gives away.
    """
    text = text.lower()
    return [name for name, secret in hidden.items() if any(needle in text for needle in _needles(secret))]


_needles: Final = functools.lru_cache(4096)(needles)


#: Where signatures are sent.
_SIGNATURES: Final = (
    "ACCESS-SIGN",
    "Authent",
    "KC-API-PASSPHRASE",
    "KC-API-SIGN",
    "OK-ACCESS-SIGN",
    "SIGN",
    "Signature",
    "X-AUTH-SIGNATURE",
    "X-BAPI-SIGN",
    "api-signature",
)

#: Says whose account it is, in the words of all venues.
_PRIVATE: Final = sorted({name for plugin in installed().plugins() for v in plugin.venues for name in v.private})
_private: Final = re.compile(rf'("(?:{"|".join(_PRIVATE)})":)(?:("[^"]*")|[0-9]+)'.encode())


class Ears(Sandbox):
    """
    A sandbox that remembers the signatures that were sent to it, and that may change its answers.
    """

    def __init__(self, *args: Any, reply: Callable[[Request, Any], Any] | None = None, **kwargs: Any) -> None:
        self.signatures: set[str] = set()
        #: What says whose an account is, in the answers: a text, or a number.
        self.owner, self.number = secrets.token_hex(20), str(10**24 + secrets.randbelow(10**24))
        self._reply = reply
        super().__init__(*args, **kwargs)

    @property
    def hidden(self) -> dict[str, str]:
        """
        What may come out nowhere, by name: secrets, whose an account is, and signatures, which are good for a while.
        """
        signatures = {f"signature {number}": s for number, s in enumerate(sorted(self.signatures))}
        return planted(self._stages) | {"owner": self.owner, "owner's number": self.number} | signatures

    def _play(self, request: Request) -> Any:
        query = parse_qs(request.query_string.decode("latin-1"))
        self.signatures.update(query.get("signature", []), *map(request.headers.getlist, _SIGNATURES))
        self.signatures.update(re.findall(r"sig=(\w+)", request.headers.get("Authorization", "")))
        response, send = super()._play(request)
        response = response.get_response() if isinstance(response, HTTPException) else response
        self._name_owner(response)
        return (self._reply(request, response), send) if self._reply else (response, send)

    def _name_owner(self, response: Response) -> None:
        """
        Put what is looked for in the place of what says whose account it is: a label of OKX's, not that of a refusal.
        """
        if response.status_code != HTTPStatus.OK:
            return
        said = (f'"{self.owner}"'.encode(), self.number.encode())
        body = response.get_data()
        told = _private.sub(lambda found: found[1] + said[found[2] is None], body)
        if told != body:
            response.set_data(told)


@define
class Outlet:
    """
    All that comes out of a process besides what is returned: logs, warnings, prints, what threads and destructors say.
    """

    _text: io.StringIO = field(factory=io.StringIO, init=False)
    _closing: contextlib.ExitStack = field(factory=contextlib.ExitStack, init=False)

    def __enter__(self) -> Self:
        stack = self._closing
        for stream in (contextlib.redirect_stdout, contextlib.redirect_stderr):
            stack.enter_context(stream(self._text))
        told = stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        stack.callback(lambda: self.say(*(f"{w.message!r} {w.source!r}" for w in told)))
        handler = _Everything(self._text)
        logging.root.addHandler(handler)
        stack.callback(logging.root.removeHandler, handler)
        for place, name, value in (
            (http.client.HTTPConnection, "debuglevel", 1),
            (sys, "unraisablehook", lambda u: self.say(confession(u.exc_value))),
            (threading, "excepthook", lambda a: self.say(confession(a.exc_value))),
        ):
            stack.callback(setattr, place, name, getattr(place, name))
            setattr(place, name, value)
        # Not by the attribute: loggers remember what they are enabled for.
        stack.callback(logging.root.setLevel, logging.root.level)
        logging.root.setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def say(self, *texts: str) -> None:
        """
        Add something that came out.
        """
        self._text.write("\n".join(["", *texts]))

    @property
    def text(self) -> str:
        return self._text.getvalue()


class _Everything(logging.StreamHandler[io.StringIO]):
    """
    Writes all that a log record holds, whatever a formatter would make of it.
    """

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        return f"{super().format(record)} {record.__dict__!r} {confession(error)}"


def confession(error: BaseException | None, *, variables: bool = True) -> str:
    """
    Return all that a crash report could tell of an exception: its text, what it holds, what it was raised in the middle
    of, and the variables of every function that it came through, but for those of tests.
    """
    told: list[str] = []
    while error is not None:
        told += [str(error), repr(error), repr(error.args), repr(vars(error)), repr(getattr(error, "object", ""))]
        report = traceback.TracebackException.from_exception(error, capture_locals=variables)
        for frame in (frame for frame in report.stack if "/tests/" not in frame.filename):
            told += [f"{frame.name} in {frame.filename}", *(f"{n} = {v}" for n, v in (frame.locals or {}).items())]
        told.append(pickled(error))
        error = error.__cause__ or error.__context__
    return "\n".join(told)


def pickled(value: object) -> str:
    """
    Return what a pickle of a value holds, or all that its refusal says.
    """
    try:
        return pickle.dumps(value).decode("latin-1")
    # Whoever refuses, refuses in a way of his own.
    except Exception as error:  # noqa: BLE001
        return "\n".join(map(repr, [error, error.args, error.__cause__, error.__context__]))


def spoken(report: BalanceReport) -> str:
    """
    Return a report in all of its forms.
    """
    forms = [
        str(report),
        repr(report),
        report.to_json(),
        report.to_jsonl(),
        report.to_csv(),
        report.to_pandas().to_string(),
    ]
    return "\n".join([*forms, pickled(report), *map(pickled, report.failures), *map(repr, report.failures)])
