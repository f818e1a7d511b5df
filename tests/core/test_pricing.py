"""
Asking for prices, and reading those that a user says.
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

from machines import Hands
from marginbook import (
    Account,
    ConfigurationError,
    Limit,
    Price,
    PriceSource,
    UnavailableError,
    collect,
    load_prices,
    prices,
)
from marginbook.registry import installed
from script import Said, answering, in_turn, scripted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import requests

    from marginbook import ApiError, MarginbookError
    from marginbook.sandbox import Sandbox

NOON: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)


def one(source: str = "acme", asset: str = "BTC") -> Price:
    return Price(asset=asset, currency="USD", price="2", source=source, at=NOON)


def source(name: str = "acme", fetch: Any = None, **more: Any) -> PriceSource:
    return PriceSource(
        **{
            "id": name,
            "title": name,
            "fetch": fetch or (lambda *_: [one(name)]),
            "hosts": {"x": "https://acme.example"},
            **more,
        }
    )


def broken(*_: object) -> Iterable[Price]:
    msg = "It is gone."
    raise UnavailableError(msg, transient=False)


def test_sources_in_the_order_that_is_named() -> None:
    """
    The first source's prices come first, whoever answers first.
    """
    answered = threading.Event()

    def quick(*_: object) -> Iterable[Price]:
        answered.set()
        return [one()]

    def slow(*_: object) -> Iterable[Price]:
        answered.wait(10)
        return [one("zeta")]

    book = prices([source("zeta", slow), source("acme", quick)])

    assert ("zeta", "acme") == book.sources
    assert ["zeta", "acme"] == [price.source for price in book]
    assert ((), ()) == (book.failures, book.notes)


def test_all_that_are_installed(sandbox: Sandbox) -> None:
    """
    Who names none asks all, by id; each can have an address of its own.
    """
    book = prices(base_urls={"binance-coinm": sandbox.url, "binance-usdm": f"{sandbox.url}/"})

    assert ("binance-coinm", "binance-usdm") == book.sources
    assert {"BTC", "ETH", "BNB", "USDT", "USDC", "FDUSD"} == {price.asset for price in book}


def test_nobody_to_ask() -> None:
    """
    No sources have no prices, and nobody is asked.
    """
    assert () == prices([]).prices


@pytest.mark.parametrize(
    ("fetch", "kind", "message"),
    [
        (broken, "unavailable", "It is gone."),
        (lambda *_: 1 / 0, "plugin", "zeta failed with ZeroDivisionError at test_pricing.py:"),
        (lambda *_: ["2"], "plugin", "zeta gave a str in the place of a price."),
        (lambda *_: None, "plugin", "zeta failed with TypeError"),
    ],
)
def test_a_source_that_fails(fetch: Any, kind: str, message: str) -> None:
    """
    It costs the others nothing, and the book says which one and why.
    """
    book = prices([source("zeta", fetch), source("acme")])
    (failure,) = book.failures

    assert ["acme"] == [price.source for price in book]
    assert ("zeta", kind) == (failure.venue, failure.kind)
    assert failure.message.startswith(message)
    assert f"No prices of zeta: {kind}: " in book.remarks()[0].message


def test_a_source_that_cannot_be_described() -> None:
    """
    A name that no venue could have is that source's trouble alone.
    """
    book = prices([source("Zeta!"), source("acme")])

    assert [("Zeta!", "plugin")] == [(failure.venue, failure.kind) for failure in book.failures]
    assert ["acme"] == [price.source for price in book]


def test_an_address_that_is_none() -> None:
    """
    So is an address that leads nowhere.
    """
    book = prices([source("acme")], base_urls={"acme": "nowhere"})

    assert ["configuration"] == [failure.kind for failure in book.failures]


def asking(base_url: str, session: requests.Session) -> Iterable[Price]:
    """
    Ask, and raise what an error answer says.
    """
    from marginbook.wire import Client, api_error  # noqa: F401

    response = session.get(f"{base_url}/prices")
    if not response.ok:
        raise api_error(response, lambda _: None)
    return [one()]


def explain(error: ApiError) -> MarginbookError | None:
    return UnavailableError("Closed.", transient=False) if error.status_code == 555 else None


def test_asked_again_where_it_may_help() -> None:
    """
    A source is asked again like an account, with the delays of the machine.
    """
    hands = Hands()
    with scripted(in_turn(Said(503, {}), Said(200, {}))) as heard:
        book = prices([source(fetch=asking)], base_urls={"acme": heard.url}, machine=hands.machine())

    assert [one()] == list(book)
    assert 2 == len(heard.asked)
    assert 1 == len(hands.slept)


def test_what_an_error_means() -> None:
    """
    The source says what its own errors mean.
    """
    with answering(555, {}) as heard:
        book = prices([source(fetch=asking, explain=explain)], base_urls={"acme": heard.url})

    assert ["Closed."] == [failure.message for failure in book.failures]


def test_limits_are_shared_with_the_venue() -> None:
    """
    What is spent for prices is not there for accounts of the venue of the same id and address, and the other way round.
    """
    hands = Hands()
    machine = hands.machine()
    described = installed().price_sources()["binance-usdm"]
    # Two requests of weight 10 for prices, and one of 5 for the account.
    tight = evolve(
        described, limits=[Limit(24, weights={"GET /fapi/v1/premiumIndex": 10, "GET /fapi/v1/assetIndex": 10})]
    )
    with answering(200, []) as heard:
        prices([tight], base_urls={"binance-usdm": heard.url}, machine=machine)
        secrets = {"api_key": "k" * 64, "api_secret": "s" * 64}
        options = {"base_url": heard.url, "weight_limit": 24}
        report = collect([Account("desk", "binance-usdm", secrets, options)], machine=machine, timeout=59)
        later = collect([Account("desk", "binance-usdm", secrets, options)], machine=machine, timeout=61)

    assert ["rate_limited"] == [failure.kind for failure in report.failures]
    assert later.complete


def test_unknown_fields_are_noted() -> None:
    """
    A field that the specification does not know is told, as that of an account is.
    """
    row = {
        **dict.fromkeys(("markPrice", "indexPrice", "estimatedSettlePrice", "lastFundingRate", "interestRate"), "2"),
        "symbol": "BTCUSD_PERP",
        "pair": "BTCUSD",
        "nextFundingTime": 0,
        "time": 1763600400000,
        "novelty": 1,
    }
    with answering(200, [row]) as heard:
        book = prices(["binance-coinm"], base_urls={"binance-coinm": heard.url})

    assert book.notes[0].startswith("binance-coinm: The answer has fields that the specification does not know: ")
    assert "PremiumIndex.novelty" in book.notes[0]


@pytest.mark.parametrize(
    ("sources", "base_urls", "expected"),
    [
        (
            ["kraken"],
            {},
            "There is no source of prices 'kraken' among those to ask.\nThere are binance-coinm, binance-usdm.",
        ),
        ([], {"acme": "https://x.example"}, "There is no source of prices 'acme' among those to ask.\nThere are none."),
    ],
)
def test_no_such_source(sources: list[str], base_urls: dict[str, str], expected: str) -> None:
    """
    A source that is not there is a wrong question, and so is an address that is for none.
    """
    with pytest.raises(ConfigurationError) as caught:
        prices(sources, base_urls=base_urls)

    assert expected == str(caught.value).replace(". There", ".\nThere")


def test_no_time() -> None:
    """
    Prices in no time cannot be had.
    """
    with pytest.raises(ConfigurationError, match="Prices in 0 seconds"):
        prices([], timeout=0)


def write(folder: Path, text: str) -> Path:
    path = folder / "prices.toml"
    path.write_text(text)
    return path


def test_a_table(tmp_path: Path) -> None:
    """
    Prices stand in the file's order, with all their digits, and are as old as the file says.
    """
    text = 'time = 2026-11-20T16:00:00+01:00\n[prices.USD]\nUSDT = "0.99980"\nINR = 1\n[prices.USDT]\nBTC = "91000"\n'
    found = load_prices(write(tmp_path, text))

    assert [("USDT", "USD", "0.99980"), ("INR", "USD", "1"), ("BTC", "USDT", "91000")] == [
        (price.asset, price.currency, str(price.price)) for price in found
    ]
    assert {("table", datetime(2026, 11, 20, 15, tzinfo=UTC))} == {(price.source, price.at) for price in found}


def test_a_table_without_a_time(tmp_path: Path) -> None:
    """
    Without a time, prices are as old as the file.
    """
    path = write(tmp_path, '[prices.USD]\nUSDT = "1"\n')
    os.utime(path, (1_763_600_400, 1_763_600_400))

    assert [datetime(2025, 11, 20, 1, tzinfo=UTC)] == [price.at for price in load_prices(path)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ": it has no prices."),
        ("prices = 3", ": it has no prices."),
        ("[prices]", ": it has no prices."),
        ("[prices.USD]", ": prices.USD has no prices."),
        ("[prices]\nUSDT = '1'", ": prices.USDT has no prices."),
        ("[prices.USD]\nUSDT = 1.0", ": prices.USD.USDT: it is of type float: write it in quotes"),
        ("[prices.USD]\nUSDT = true", ": prices.USD.USDT: it is of type bool"),
        ("[prices.USD]\nUSDT = 'one'", ": prices.USD.USDT: it is no price of an asset: a positive decimal"),
        ("[prices.USD]\nUSDT = '0'", ": prices.USD.USDT: it is no price"),
        ("[prices.USD]\n\"\" = '1'", ": prices.USD.: it is no price of an asset"),
        ("[rates.USD]\nUSDT = '1'\n[prices.USD]\nUSDT = '1'", ": there is no place for 'rates'."),
        ("time = 2026-11-20T16:00:00\n[prices.USD]\nUSDT = '1'", ": time is no date and time with a time zone."),
        ("time = 'noon'\n[prices.USD]\nUSDT = '1'", ": time is no date and time with a time zone."),
        ("[prices.USD", " is not TOML: "),
    ],
)
def test_a_table_that_cannot_be_read(text: str, expected: str, tmp_path: Path) -> None:
    """
    The error says where, and how to write it.
    """
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        load_prices(path)

    assert caught.value.message.startswith(f"{path}{expected}")
    assert '[prices.USD]\nUSDT = "0.9998"' in caught.value.hint


def test_no_such_table(tmp_path: Path) -> None:
    """
    A file that is not there is called what it should have been.
    """
    with pytest.raises(ConfigurationError, match=r"The file of prices .* cannot be read: No such file"):
        load_prices(tmp_path / "prices.toml")


def test_a_table_and_the_sandbox(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    A user's own price comes before that of a source, in a chain as well.
    """
    book = prices(["binance-usdm"], base_urls={"binance-usdm": sandbox.url})
    own = load_prices(write(tmp_path, '[prices.USD]\nUSDT = "1"\n'))
    report = collect([a for a in sandbox.accounts() if a.name == "binance-hmac"])
    used = {price.asset: price for price in report.valued(prices=book.preferring(own)).prices}

    assert (Decimal(1), "table") == (used["USDT"].price, used["USDT"].source)
    assert ("905.12000000", "binance-usdm index BNBUSDT, table") == (str(used["BNB"].price), used["BNB"].source)
