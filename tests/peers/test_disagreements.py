"""
Where ccxt and marginbook read an account otherwise, and why: accounts in our own words, in each venue's answer.

ccxt tells what is free, used and in total, as binary floats. Nearest to them are our available balance, initial margin
and equity.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import ccxt  # type: ignore[import-not-found]  # lives in an environment of its own
import pytest
from attrs import frozen

from disagreements import TABLE
from marginbook import Statement, venues
from marginbook.registry import installed
from marginbook.sandbox import PORTRAITS, Portrait
from marginbook.testing.subject import Subject

#: ccxt's words and ours.
WORDS: Final = {"free": "available_balance", "used": "initial_margin", "total": "equity"}

#: What nobody compares, and why.
LEFT_OUT: Final = {
    "bitmex": "ccxt 4.5.90 has no BitMEX.",
    "coinswitch": "ccxt has no CoinSwitch.",
    "fexgate": "ccxt has no fexgate.",
}

#: Under whose name ccxt asks Hyperliquid; each portrait has an address of its own.
USER: Final = "0x"

Bodies = Mapping[str, bytes]
Parse = Callable[[Any, Bodies], Any]


@frozen
class Read:
    """
    How ccxt reads a venue.
    """

    #: Makes its client.
    client: Callable[..., Any]
    #: Reads the venue's bodies.
    parse: Parse
    detail: str | None = None
    #: The portraits that this is no way to read.
    beyond: tuple[str, ...] = ()


def body(bodies: Bodies, path: str) -> Any:
    """
    Return what the venue answered there, whatever the query was.
    """
    return next(json.loads(text) for name, text in bodies.items() if name.partition("?")[0] == path)


def binance(path: str, kind: str | None, *, portfolio: bool = False) -> Parse:
    return lambda client, bodies: client.parse_balance_custom(body(bodies, path), kind, None, portfolio)


def fetched(**parameters: object) -> Parse:
    """
    Return how ccxt's own ``fetch_balance`` reads the bodies: in the place of the venue, they answer it.
    """

    def parse(client: Any, bodies: Bodies) -> Any:
        client.fetch = lambda url, _method, _headers, sent: answer(bodies, url, sent)
        return client.fetch_balance(parameters)

    return parse


def answer(bodies: Bodies, url: str, sent: str | None) -> Any:
    """
    Return what a request gets: the body of what marginbook asked in the same place, with the same parameters.

    What marginbook had no need to ask is answered with nothing.
    """
    address = urlsplit(url)
    wanted = dict(parse_qsl(address.query)) | (json.loads(sent) if sent else {})
    # What was refused has a name that begins with its status.
    answers = [(name, text) for name, text in bodies.items() if name.startswith("/")]
    for name, text in answers:
        place, _, posted = name.partition(" ")
        path, _, query = place.partition("?")
        asked = dict(parse_qsl(query)) | (json.loads(posted) | {"user": USER} if posted else {})
        # ccxt leaves out what is empty.
        if path == address.path and wanted == wanted | {key: value for key, value in asked.items() if value}:
            return json.loads(text)
    return {}


def kraken_wallet(client: Any, bodies: Bodies) -> Any:
    """
    Return how it reads the margin wallet of one contract, which one has to name.
    """
    wallets = body(bodies, "/derivatives/api/v3/accounts")["accounts"]
    return client.parse_balance(next(iter(wallets.values())))


READ: Final = {
    "binance-usdm": Read(ccxt.binance, binance("/fapi/v3/balance", "linear"), "balance"),
    "binance-usdm margin": Read(ccxt.binance, binance("/fapi/v3/account", "linear"), "margin"),
    "binance-coinm": Read(ccxt.binance, binance("/dapi/v1/balance", "inverse"), "balance"),
    "binance-coinm margin": Read(ccxt.binance, binance("/dapi/v1/account", "inverse"), "margin"),
    "binance-pm": Read(ccxt.binance, binance("/papi/v1/balance", None, portfolio=True)),
    "bitget": Read(
        ccxt.bitget,
        lambda client, bodies: client.parse_balance(
            [row for text in bodies.values() for row in json.loads(text)["data"]]
        ),
    ),
    "bybit": Read(ccxt.bybit, lambda client, bodies: client.parse_balance(body(bodies, "/v5/account/wallet-balance"))),
    "deribit": Read(
        ccxt.deribit,
        lambda client, bodies: client.parse_balance(body(bodies, "/api/v2/private/get_account_summaries")["result"]),
    ),
    "gate": Read(ccxt.gate, fetched(type="swap", settle="usdt"), beyond=("indebted", "pooled")),
    "gate unified": Read(
        ccxt.gate,
        fetched(type="spot", unifiedAccount=True),
        beyond=("canonical", "underwater", "isolated", "reducing", "exact"),
    ),
    "hyperliquid": Read(ccxt.hyperliquid, fetched(user=USER)),
    "kraken-futures": Read(ccxt.krakenfutures, fetched()),
    "kraken-futures wallet": Read(ccxt.krakenfutures, kraken_wallet, beyond=("isolated", "pooled")),
    "kucoin-futures": Read(ccxt.kucoinfutures, fetched()),
    "mexc": Read(ccxt.mexc, fetched(type="swap")),
    "okx": Read(ccxt.okx, fetched()),
}


def looked_at(name: str) -> list[str]:
    """
    Return the portraits that a venue can be looked at in, read like that.
    """
    (stage,) = (stage for stage in installed().stages_of(venue(name)) if stage.venue == venue(name))
    return [portrait.name for portrait in PORTRAITS if portrait.name not in {*stage.beyond, *READ[name].beyond}]


def venue(name: str) -> str:
    return name.partition(" ")[0]


def ask(name: str, portrait: Portrait) -> Statement:
    """
    Return what marginbook reads, with what was answered.
    """
    registry = installed()
    (stage,) = (stage for stage in registry.stages_of(venue(name)) if stage.venue == venue(name))
    assert stage.portray is not None
    subject = Subject(registry.venue(venue(name)), lambda: stage)
    statement = subject.ask(stage.portray(portrait), detail=READ[name].detail)
    assert isinstance(statement, Statement), statement
    return statement


def connect(name: str) -> Any:
    """
    Return ccxt's client. It would ask the real venue for its markets.
    """
    client = READ[name].client({"apiKey": "key", "secret": "c2VjcmV0", "password": "word"})
    client.set_markets([])
    client.currencies = {"USDT": {"id": "USDT", "code": "USDT"}}
    client.load_markets = dict
    return client


def compared(name: str, portrait: Portrait) -> list[tuple[str, str, str]]:
    """
    Return where the two disagree: ccxt's word, its figure, and ours.
    """
    statement = ask(name, portrait)
    assert statement.recording is not None
    theirs = READ[name].parse(connect(name), statement.recording.documents)
    return [
        (word if row is statement.balances[0] else f"{word} of {row.asset}", str(told), str(figure))
        for row in statement.balances[: len(portrait.wallets)]
        for word, ours in WORDS.items()
        if differs(told := theirs[word].get(row.asset), figure := getattr(row, ours))
    ]


def differs(told: float | None, figure: Decimal | None) -> bool:
    return (told is None) is not (figure is None) or (told is not None and Decimal(str(told)) != figure)


@pytest.mark.parametrize("name", READ)
def test_every_disagreement_is_explained(name: str) -> None:
    """
    The table has each figure that ccxt reads otherwise, with the reason, and no other.
    """
    found = {portrait.name: compared(name, portrait) for portrait in PORTRAITS if portrait.name in looked_at(name)}
    told = {portrait: [row[:3] for row in rows] for (reading, portrait), rows in TABLE.items() if reading == name}

    assert told == {portrait: rows for portrait, rows in found.items() if rows}


def test_every_reason_is_a_sentence() -> None:
    """
    Nothing in the table stands there without a reason, and nothing that nobody compares.
    """
    rows = [row for rows in TABLE.values() for row in rows]

    assert [] == [row for row in rows if not row[3].endswith(".")]
    assert set() == {name for name, _ in TABLE} - READ.keys()


def test_every_venue_is_compared() -> None:
    """
    Each venue is held against ccxt, or ccxt has none.
    """
    assert {found.id for found in venues()} == {*map(venue, READ), *LEFT_OUT}
    assert [] == [name for name in LEFT_OUT if hasattr(ccxt, name)]
