"""
Which cassettes there are, what each is made from, and what is in them.
"""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import yaml
from attrs import frozen

from marginbook import DETAIL, Account, load_accounts
from marginbook.registry import installed
from marginbook.sandbox import Actor, Stage, answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

ROOT: Final = Path(__file__).resolve().parents[2]
CASSETTES: Final = ROOT / "cassettes"

#: The venues' own addresses, for recordings that were made elsewhere.
HOSTS: Final = {
    "binance-usdm": "https://fapi.binance.com",
    "binance-coinm": "https://dapi.binance.com",
    "binance-pm": "https://papi.binance.com",
    "coinswitch": "https://coinswitch.co",
    "fexgate": "https://gateway.example",
}

#: How the paths of each venue begin.
PREFIXES: Final = {
    "binance-usdm": "/fapi/",
    "binance-coinm": "/dapi/",
    "binance-pm": "/papi/",
    "coinswitch": "/trade/",
    "fexgate": "/fexgate/",
}

#: What tells rows, where an account is asked for more than one document.
ROWS: Final = ("/fapi/v3/account", "/papi/v1/balance")

#: What is asked in detail beside the rows.
POSITIONS: Final = "/trade/api/v2/futures/positions"

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
        *(Recording("sandbox", account) for account in _in_detail(_accounts(installed().stages()))),
    ]


def _in_detail(accounts: list[Account]) -> list[Account]:
    """
    Add each account once more as it is asked for margins, where the venue tells them.
    """
    offered = {venue.id for venue in installed().venues() if DETAIL in venue.options}
    return [
        *accounts,
        *(
            Account(f"{a.name}-margin", a.venue, a.credentials, {**a.options, "detail": "margin"})
            for a in accounts
            if a.venue in offered and "detail" not in a.options
        ),
    ]


def published_stages() -> list[Stage]:
    """
    Return stages that answer everybody with the venue's published examples.
    """
    actors = {stage.venue: stage.actors[0] for stage in installed().stages()}
    routes: dict[str, dict[str, Any]] = {
        "binance-usdm": _examples("binance_usdm.openapi.yaml"),
        "binance-coinm": _examples("binance_coinm.openapi.yaml"),
        "binance-pm": _examples("binance_pm.openapi.yaml"),
        "coinswitch": _examples("coinswitch.openapi.yaml"),
        "fexgate": {"/fexgate/v1/<exchange>/balance": GATEWAY_EXAMPLE},
    }
    names: dict[str, list[tuple[str, dict[str, str | int | bool]]]] = {
        "binance-usdm": [
            ("binance-usdm-v3", {}),
            ("binance-usdm-v2", {"api_version": "v2"}),
            ("binance-usdm-margin", {"detail": "margin"}),
        ],
        "binance-coinm": [("binance-coinm", {}), ("binance-coinm-margin", {"detail": "margin"})],
        "coinswitch": [("coinswitch", {}), ("coinswitch-margin", {"detail": "margin"})],
    }
    return [
        Stage(
            venue,
            tuple(
                Actor(name, actors[venue].credentials, {**actors[venue].options, **options})
                for name, options in names.get(venue, [(venue, {})])
            ),
            {path: _always(body) for path, body in examples.items()},
        )
        for venue, examples in routes.items()
    ]


@functools.cache
def _examples(spec: str) -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "specs" / spec).read_text(encoding="utf-8"))
    return {
        path: item["get"]["responses"]["200"]["content"]["application/json"]["example"]
        for path, item in document["paths"].items()
    }


def _always(body: Any) -> Any:
    def handle(request: Request, **_: str) -> Response:
        assert request.method == "GET"
        return answer(body)

    return handle


def _accounts(stages: list[Stage] | tuple[Stage, ...]) -> list[Account]:
    return [
        Account(actor.name, stage.venue, actor.credentials, {"base_url": HOSTS[stage.venue], **actor.options})
        for stage in stages
        for actor in stage.actors
    ]


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
    #: Every body, by path.
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
        return f"{self.venue}-margin" if "detail" in self.options else self.venue


@functools.cache
def cassettes() -> list[Cassette]:
    """
    Return everything in cassettes/, by name.
    """
    return [_cassette(path) for path in sorted(CASSETTES.glob("*/*.yaml"))]


def _cassette(path: Path) -> Cassette:
    interactions = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    documents = {
        urlsplit(interaction["request"]["uri"]).path: _bytes(interaction["response"]["body"]["string"])
        for interaction in interactions
    }
    (kind,) = {interaction["response"]["kind"] for interaction in interactions}
    main = next(iter([path for path in ROWS if path in documents] or documents))
    return Cassette(
        name=f"{path.parent.name}/{path.stem}",
        kind=kind,
        venue=next(venue for venue, prefix in PREFIXES.items() if main.startswith(prefix)),
        path=main,
        options={**_options(main), **({"detail": "margin"} if POSITIONS in documents else {})},
        documents=documents,
    )


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _options(path: str) -> dict[str, str]:
    match path.split("/"):
        case ["", "fapi" | "dapi", _, "account"]:
            return {"detail": "margin"}
        case ["", "fapi", version, "balance"]:
            return {"api_version": version}
        case ["", "fexgate", "v1", exchange, "balance"]:
            return {"exchange": exchange}
    return {}


def scrubbing(kind: str) -> dict[str, Any]:
    """
    Return what vcrpy has to know to keep as little of a request and of an answer as a replay needs.
    """
    return {
        "match_on": ["method", "scheme", "host", "port", "path", "query"],
        "filter_query_parameters": ["timestamp", "signature"],
        "before_record_request": _scrub_request,
        "before_record_response": lambda response: _scrub_response(response, kind),
        "decode_compressed_response": True,
    }


def _scrub_request(request: Any) -> Any:
    parts = urlsplit(request.uri)
    if parts.hostname == "127.0.0.1":
        venue = next(venue for venue, prefix in PREFIXES.items() if parts.path.startswith(prefix))
        request.uri = HOSTS[venue] + request.uri.partition(parts.netloc)[2]
    request.headers = {"Accept": "*/*"}
    return request


def _scrub_response(response: dict[str, Any], kind: str) -> dict[str, Any]:
    body = response["body"]["string"]
    return {
        "kind": response.get("kind", kind),
        "status": response["status"],
        "headers": {"Content-Type": ["application/json"]},
        "body": {"string": re.sub(rb'("accountAlias"\s*:\s*)"[^"]*"', rb'\1"redacted"', body)},
    }
