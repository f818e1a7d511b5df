"""
Which cassettes there are, what each is made from, and what is in them.
"""

from __future__ import annotations

import functools
import json
import os
import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import yaml
from attrs import frozen

from marginbook import DETAIL, Account, load_accounts
from marginbook.registry import installed
from marginbook.sandbox import Actor, Stage, answer
from published import published, specification

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Request, Response

ROOT: Final = Path(__file__).resolve().parents[2]
CASSETTES: Final = ROOT / "cassettes"

#: The gateway has no address of its own.
GATEWAY: Final = "https://gateway.example"

#: What stands for every address of an account on a chain, which everybody could look the account up by.
NOBODY: Final = f"0x{0:040x}"

#: What stands for every moment at which a venue answered.
MOMENTS: Final = {"text": b'"2026-01-01T00:00:00.000Z"', "number": b"1767225600000"}

#: What tells rows, where an account is asked for more than one document.
ROWS: Final = ("/fapi/v3/account", "/papi/v1/balance")

#: What a cassette says itself, so that it can be read again: which venue was asked, and with which options.
ASKED: Final = ("venue", "options")

#: All plugins, looked up once.
INSTALLED: Final = installed()

#: The gateway's published example is what its documentation tool makes of the types.
GATEWAY_EXAMPLE: Final = {
    "balances": [
        {
            "accountAlias": "string",
            "asset": "string",
            "balance": "string",
            "crossWalletBalance": "string",
            "crossUnPnl": "string",
            "availableBalance": "string",
            "maxWithdrawAmount": "string",
            "marginAvailable": True,
            "updateTime": 0,
        }
    ]
}


@frozen
class Recording:
    """
    A cassette to record: its kind, which is its folder, and the account that is asked.
    """

    kind: str
    account: Account

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.account.name}"


@functools.cache
def recordings() -> list[Recording]:
    """
    Return every cassette that ``nox -s record`` makes.
    """
    if live := os.environ.get("MARGINBOOK_LIVE"):
        # An account's own name may tell more than its owner wants to publish.
        accounts = enumerate(load_accounts(live), start=1)
        return [Recording("live", Account(f"{a.venue}-{n}", a.venue, a.credentials, a.options)) for n, a in accounts]
    return [
        *(Recording("published", account) for account in _accounts(published_stages())),
        *(Recording("sandbox", account) for account in _in_detail(_accounts(INSTALLED.stages()))),
    ]


def _in_detail(accounts: list[Account]) -> list[Account]:
    """
    Add each account once more as it is asked for margins, where the venue tells them.
    """
    offered = {venue.id for venue in INSTALLED.venues() if DETAIL in venue.options}
    return [
        *accounts,
        *(
            Account(f"{a.name}-margin", a.venue, a.credentials, {**a.options, "detail": "margin"})
            for a in accounts
            if a.venue in offered and "detail" not in a.options
        ),
    ]


#: Accounts that are asked for published examples. KuCoin's example is of one currency of those that are asked for, and
#: Hyperliquid's are of several accounts: they are not the answers of any account together. Nor would Gate's be of its
#: perpetual futures, which have two wallets.
PUBLISHED: Final[dict[str, dict[str, dict[str, str | int | bool]]]] = {
    "binance-usdm": {
        "binance-usdm-v3": {},
        "binance-usdm-v2": {"api_version": "v2"},
        "binance-usdm-margin": {"detail": "margin"},
    },
    "binance-coinm": {"binance-coinm": {}, "binance-coinm-margin": {"detail": "margin"}},
    "binance-pm": {"binance-pm": {}},
    "coinswitch": {"coinswitch": {}, "coinswitch-margin": {"detail": "margin"}},
    "fexgate": {"fexgate": {}},
    "bitget": {"bitget": {"product_type": "USDT-FUTURES"}},
    "bitmex": {"bitmex": {}},
    "bybit": {"bybit": {"detail": "balance"}, "bybit-margin": {"detail": "margin"}},
    "deribit": {"deribit": {}},
    "gate": {"gate-delivery": {"contracts": "delivery"}},
    "kraken-futures": {"kraken-futures": {}},
    "mexc": {"mexc": {}},
    "okx": {"okx": {"detail": "balance"}, "okx-margin": {"detail": "margin"}},
}


def published_stages() -> list[Stage]:
    """
    Return stages that answer everybody with the venue's published examples.
    """
    actors = {stage.venue: stage.actors[0] for stage in INSTALLED.stages()}
    return [
        Stage(
            venue,
            tuple(
                Actor(name, actors[venue].credentials, {**actors[venue].options, **options})
                for name, options in accounts.items()
            ),
            {path: _always(body) for path, body in _routes(venue).items()},
        )
        for venue, accounts in PUBLISHED.items()
    ]


def _routes(venue: str) -> dict[str, Any]:
    if venue == "fexgate":
        return {"/fexgate/v1/<exchange>/balance": GATEWAY_EXAMPLE}
    examples = _examples(venue.replace("-", "_"))
    return {re.sub(r"\{(\w+)\}", r"<\1>", path): body for path, body in examples.items()}


@functools.cache
def _examples(client: str) -> dict[str, Any]:
    return {path: published(client, path) for path in specification(client)["paths"]}


def _always(body: Any) -> Any:
    def handle(request: Request, **_: str) -> Response:
        assert request.method == "GET"
        return answer(body)

    return handle


def _accounts(stages: Iterable[Stage]) -> list[Account]:
    return [
        Account(actor.name, stage.venue, actor.credentials, {"base_url": _host(stage.venue), **actor.options})
        for stage in stages
        for actor in stage.actors
    ]


def _host(venue: str) -> str:
    return INSTALLED.venue(venue).hosts.get("production", GATEWAY)


@frozen
class Cassette:
    """
    A recorded exchange, read without the help of what recorded it.
    """

    name: str
    kind: str
    venue: str
    #: Where its rows are.
    path: str
    options: dict[str, str]
    #: Every body, by path; by path, query and what was posted, where a path was asked for more than once. What was
    #: refused, and is an answer as well, has its status before it.
    documents: dict[str, bytes]

    @property
    def content(self) -> bytes:
        return self.documents[self.path]

    @property
    def body(self) -> Any:
        return json.loads(self.content, parse_float=str)

    @property
    def reading(self) -> str:
        """
        The venue, and how much it was asked.
        """
        return f"{self.venue}-margin" if self.options.get("detail") == "margin" else self.venue


@functools.cache
def cassettes() -> list[Cassette]:
    """
    Return everything in cassettes/, by name.
    """
    return [_cassette(path) for path in sorted(CASSETTES.glob("*/*.yaml"))]


def _cassette(path: Path) -> Cassette:
    interactions = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["interactions"]
    first = interactions[0]["response"]
    assert all(
        first[name] == interaction["response"][name] for name in ("kind", *ASKED) for interaction in interactions
    )
    asked = {_asked(interaction["request"]) for interaction in interactions}
    paths = [urlsplit(request).path.partition(" ")[0] for request in asked]
    documents = {
        _key(interaction, paths): _bytes(interaction["response"]["body"]["string"]) for interaction in interactions
    }
    return Cassette(
        name=f"{path.parent.name}/{path.stem}",
        kind=first["kind"],
        venue=first["venue"],
        path=next(iter([path for path in ROWS if path in documents] or documents)),
        options=first["options"],
        documents=documents,
    )


def _key(interaction: dict[str, Any], paths: list[str]) -> str:
    path = urlsplit(interaction["request"]["uri"]).path
    key = path if paths.count(path) == 1 else _asked(interaction["request"])
    status = interaction["response"]["status"]["code"]
    return key if status == HTTPStatus.OK else f"{status} {key}"


def _asked(request: dict[str, Any]) -> str:
    whole = urlsplit(request["uri"])._replace(scheme="", netloc="").geturl()
    return f"{whole} {request['body']}" if request["body"] else whole


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def scrubbing(kind: str, account: Account) -> dict[str, Any]:
    """
    Return what vcrpy has to know to keep as little of a request and of an answer as a replay needs.
    """
    return {
        "match_on": ["method", "scheme", "host", "port", "path", "query", "raw_body"],
        "filter_query_parameters": ["timestamp", "signature"],
        "before_record_request": lambda request: _scrub_request(request, account.venue),
        "before_record_response": lambda response: _scrub_response(response, kind, account),
        "decode_compressed_response": True,
    }


def _scrub_request(request: Any, venue: str) -> Any:
    parts = urlsplit(request.uri)
    if parts.hostname == "127.0.0.1":
        request.uri = _host(venue) + request.uri.partition(parts.netloc)[2]
    request.headers = {"Accept": "*/*"}
    if request.body:
        request.body = _hidden(request.body.decode())
    return request


def _hidden(text: str) -> str:
    return re.sub(r"0x[0-9a-fA-F]{40}", NOBODY, text)


def _scrub_response(response: dict[str, Any], kind: str, account: Account) -> dict[str, Any]:
    # What is replayed has said it already.
    kept: dict[str, Any] = {"kind": kind, "venue": account.venue, "options": _options(account)}
    kept |= {name: response[name] for name in kept if name in response}
    return {
        **kept,
        "status": response["status"],
        "headers": {"Content-Type": ["application/json"]},
        "body": {"string": _scrub_body(response["body"]["string"], kept["kind"], kept["venue"])},
    }


def _options(account: Account) -> dict[str, Any]:
    """
    Return what decides what is asked: all but where.
    """
    return {
        name: _hidden(value) if isinstance(value, str) else value
        for name, value in account.options.items()
        if name != "base_url"
    }


def _scrub_body(body: bytes, kind: str, venue: str) -> bytes:
    names = b"|".join(re.escape(name).encode() for name in private(venue))
    if names:
        body = re.sub(rb'("(?:%b)"\s*:\s*)"(?:[^"\\]|\\.)+"' % names, rb'\1"redacted"', body)
        body = re.sub(rb'("(?:%b)"\s*:\s*)[0-9]+' % names, rb"\g<1>0", body)
    if kind == "published":
        return body
    body = re.sub(rb'("serverTime"\s*:\s*)"[^"]*"', rb"\g<1>%b" % MOMENTS["text"], body)
    return re.sub(rb'("(?:time|requestTime)"\s*:\s*)[0-9]{13}\b', rb"\g<1>%b" % MOMENTS["number"], body)


def private(venue: str) -> tuple[str, ...]:
    """
    Return the names of fields that tell whose an account is, numbers of its owner included.
    """
    return (*INSTALLED.venue(venue).private, *(("id",) if venue == "deribit" else ()))
