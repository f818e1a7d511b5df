"""
Where ccxt and marginbook read an account otherwise, and why: one account in our own words, in each venue's answer.

ccxt tells what is free, used and in total, as binary floats. Nearest to them are our available balance, initial margin
and equity.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import ccxt  # type: ignore[import-not-found]  # lives in an environment of its own
import pytest
from attrs import frozen

from marginbook import Statement
from marginbook.registry import installed
from marginbook.sandbox import PORTRAITS
from marginbook.testing.subject import Subject

#: ccxt's words and ours.
WORDS: Final = {"free": "available_balance", "used": "initial_margin", "total": "equity"}

PORTRAIT: Final = {portrait.name: portrait for portrait in PORTRAITS}

#: What our word means and ccxt's may not, by what ccxt takes in its place.
WALLET: Final = "The wallet balance stands there, without unrealized PnL."
REST: Final = "Total less free, which is no margin where the total has no unrealized PnL in it."
FLOAT: Final = "A binary float, which has sixteen digits."


@frozen
class Read:
    """
    How ccxt reads a venue.
    """

    #: Makes its client.
    client: Callable[[], Any]
    #: Reads the venue's bodies, by path without a query.
    parse: Callable[[Any, Mapping[str, Any]], Any]
    detail: str | None = None


def binance(path: str, kind: str | None, *, portfolio: bool = False) -> Callable[[Any, Mapping[str, Any]], Any]:
    return lambda client, bodies: client.parse_balance_custom(bodies[path], kind, None, portfolio)


READ: Final = {
    "binance-usdm": Read(ccxt.binance, binance("/fapi/v3/balance", "linear"), "balance"),
    "binance-usdm margin": Read(ccxt.binance, binance("/fapi/v3/account", "linear"), "margin"),
    "binance-coinm": Read(ccxt.binance, binance("/dapi/v1/balance", "inverse"), "balance"),
    "binance-coinm margin": Read(ccxt.binance, binance("/dapi/v1/account", "inverse"), "margin"),
    "binance-pm": Read(ccxt.binance, binance("/papi/v1/balance", None, portfolio=True)),
}

#: Of each venue and portrait: ccxt's word, ccxt's figure, ours, and why they are not one. What agrees is left out.
TABLE: Final[dict[tuple[str, str], list[tuple[str, str, str, str]]]] = {
    ("binance-usdm", "canonical"): [
        ("used", "70.0", "None", REST),
        ("total", "1000.0", "1050", WALLET),
    ],
    ("binance-usdm margin", "canonical"): [],
    ("binance-usdm margin", "underwater"): [],
    ("binance-usdm margin", "isolated"): [],
    ("binance-usdm margin", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("binance-coinm", "canonical"): [
        ("used", "70.0", "None", REST),
        ("total", "1000.0", "1050", WALLET),
    ],
    ("binance-coinm margin", "canonical"): [],
    ("binance-pm", "canonical"): [],
    ("binance-pm", "indebted"): [
        ("total", "1250.0", "1000.00000000", "What is borrowed is in it, as if it were the account's own."),
    ],
}


def compared(name: str, portrait: str) -> list[tuple[str, str, str]]:
    """
    Return where the two disagree: ccxt's word, its figure, and ours.
    """
    read = READ[name]
    venue = name.partition(" ")[0]
    registry = installed()
    (stage,) = (stage for stage in registry.stages_of(venue) if stage.venue == venue)
    assert stage.portray is not None
    subject = Subject(registry.venue(venue), lambda: stage)
    statement = subject.ask(stage.portray(PORTRAIT[portrait]), detail=read.detail)
    assert isinstance(statement, Statement), statement
    assert statement.recording is not None
    bodies = {path.partition("?")[0]: json.loads(body) for path, body in statement.recording.documents.items()}
    client = read.client()
    # It would ask the real venue for them.
    client.set_markets([])
    theirs, row = read.parse(client, bodies), statement.balances[0]
    found = []
    for word, ours in WORDS.items():
        told, figure = theirs[word].get(row.asset), getattr(row, ours)
        if (told is None) is not (figure is None) or (told is not None and Decimal(str(told)) != figure):
            found.append((word, str(told), str(figure)))
    return found


@pytest.mark.parametrize(("name", "portrait"), TABLE)
def test_every_disagreement_is_explained(name: str, portrait: str) -> None:
    """
    The table has each figure that ccxt reads otherwise, with the reason, and no other.
    """
    assert [row[:3] for row in TABLE[name, portrait]] == compared(name, portrait)
    assert all(why.endswith(".") for *_, why in TABLE[name, portrait])


def test_every_reading_is_compared() -> None:
    """
    Each venue is looked at in the canonical portrait at least.
    """
    assert [] == [name for name in READ if (name, "canonical") not in TABLE]
