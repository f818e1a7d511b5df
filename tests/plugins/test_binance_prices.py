"""
Binance's public prices: what is read from the name of a contract, and what is not.
"""

from __future__ import annotations

from typing import Any

import pytest

from marginbook import Price, prices
from marginbook.registry import installed
from marginbook_binance import market
from script import Said, scripted

WHEN = 1763600400000


def contract(symbol: str, index: str = "2", mark: str = "3", **more: Any) -> dict[str, Any]:
    return {**market.CONTRACTS[0], "symbol": symbol, "indexPrice": index, "markPrice": mark, "time": WHEN, **more}


def usdm(*contracts: dict[str, Any], assets: tuple[dict[str, Any], ...] = ()) -> list[Price]:
    """
    What is made of USDⓈ-M's answers.
    """
    with scripted(lambda asked: Said(body=contracts if "premium" in asked.path else assets)) as heard:
        book = prices(["binance-usdm"], base_urls={"binance-usdm": heard.url})
    assert () == book.failures
    return list(book)


def coinm(*contracts: dict[str, Any]) -> list[Price]:
    """
    What is made of COIN-M's answer.
    """
    with scripted(lambda _: Said(body=contracts)) as heard:
        book = prices(["binance-coinm"], base_urls={"binance-coinm": heard.url})
    assert () == book.failures
    return list(book)


def told(found: list[Price]) -> list[tuple[str, str, str, str]]:
    return [(price.asset, price.currency, str(price.price), price.source) for price in found]


def test_index_before_mark() -> None:
    """
    A contract has two prices, of which the index comes first, in the contract's quote asset.
    """
    assert [
        ("BTC", "USDT", "2", "binance-usdm index BTCUSDT"),
        ("BTC", "USDT", "3", "binance-usdm mark BTCUSDT"),
    ] == told(usdm(contract("BTCUSDT")))


@pytest.mark.parametrize(
    ("symbol", "pair"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("USDCUSDT", ("USDC", "USDT")),
        ("ETHUSDC", ("ETH", "USDC")),
        ("ETHBTC", ("ETH", "BTC")),
        ("1INCHUSDT", ("1INCH", "USDT")),
        ("10USDT", ("10", "USDT")),
    ],
)
def test_names_that_can_be_taken_apart(symbol: str, pair: tuple[str, str]) -> None:
    """
    A name ends with the quote asset.
    """
    assert {pair} == {(price.asset, price.currency) for price in usdm(contract(symbol))}


@pytest.mark.parametrize(
    "symbol", ["1000SHIBUSDT", "1000000MOGUSDT", "1MBABYDOGEUSDC", "BNBUSD", "BTCUSD1", "BNBBUSD", "USDT", "", "BTCU"]
)
def test_names_that_cannot(symbol: str) -> None:
    """
    Contracts of many units at once are not priced as one, and what nothing says is not guessed.
    """
    assert [] == usdm(contract(symbol))


def test_what_is_delivered() -> None:
    """
    It has the index of its asset, which comes after that of the perpetual contract, and a mark price of its own day.
    """
    delivered = contract("BTCUSDT_260327", lastFundingRate="", interestRate="", nextFundingTime=0)

    assert ["binance-usdm index BTCUSDT", "binance-usdm index BTCUSDT_260327", "binance-usdm mark BTCUSDT"] == [
        price.source for price in usdm(delivered, contract("BTCUSDT"))
    ]


def test_the_venues_order_does_not_matter() -> None:
    """
    Equal answers in another order give equal prices: tether before other quote assets, then by name.
    """
    rows = [contract(symbol) for symbol in ("BTCUSDC", "ETHUSDT", "BTCUSDT_260327", "ETHBTC", "BTCUSDT")]
    found = told(usdm(*rows))

    assert found == told(usdm(*reversed(rows)))
    assert ["BTCUSDT", "ETHUSDT", "BTCUSDT_260327", "BTCUSDC", "ETHBTC"] == [
        source.rpartition(" ")[2] for *_, source in found if "index" in source
    ]


@pytest.mark.parametrize("more", [{"index": "0.00000000"}, {"time": 0}])
def test_no_price_and_no_time(more: dict[str, Any]) -> None:
    """
    Binance writes 0 where it has no price, and a price of no time is none either.
    """
    assert "binance-usdm index BTCUSDT" not in {price.source for price in usdm(contract("BTCUSDT", **more))}


def test_what_counts_as_collateral() -> None:
    """
    The index of an asset is its price; what counts of it is told beside it. It comes before any contract.
    """
    asset = {**market.ASSETS[-1], "time": WHEN}
    first, *_ = usdm(contract("BTCUSDT"), assets=({**asset, "symbol": "XYZ"}, asset))

    assert [("BTC", "USD", "91000.50000000", "binance-usdm asset index BTCUSD")] == told([first])
    assert ("86450.47500000", "95550.52500000") == (str(first.bid_rate), str(first.ask_rate))
    assert WHEN == first.at.timestamp() * 1000


def test_coins_are_in_dollars() -> None:
    """
    COIN-M's pairs are in dollars; its perpetual contracts have an underscore in their name as well.
    """
    delivered = contract("BTCUSD_260327", pair="BTCUSD", lastFundingRate="", interestRate="", nextFundingTime=0)
    found = coinm(delivered, contract("BTCUSD_PERP", pair="BTCUSD"), contract("XYZ_PERP", pair="XYZ"))

    assert [
        ("BTC", "USD", "2", "binance-coinm index BTCUSD_260327"),
        ("BTC", "USD", "2", "binance-coinm index BTCUSD_PERP"),
        ("BTC", "USD", "3", "binance-coinm mark BTCUSD_PERP"),
    ] == sorted(told(found))
    assert "binance-coinm index BTCUSD_PERP" == found[0].source


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        ("binance-usdm", ["GET /fapi/v1/premiumIndex", "GET /fapi/v1/assetIndex"]),
        ("binance-coinm", ["GET /dapi/v1/premiumIndex"]),
    ],
)
def test_what_prices_cost(name: str, operations: list[str]) -> None:
    """
    They count towards the limit of the venue's accounts, at a weight of ten.
    """
    registry = installed()
    source, venue = registry.price_sources()[name], registry.venue(name)

    assert venue.limits == source.limits
    assert {10} == {source.limits[0].cost(*operation.split()) for operation in operations}
    assert (venue.hosts, venue.explain) == (source.hosts, source.explain)
