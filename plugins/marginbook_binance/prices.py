"""
The public prices of Binance futures: index prices, mark prices, and what counts of an asset as collateral.

Source: the specifications in ``specs/``. What is called USD is Binance's own index of an asset in dollars. The name of
a contract is its assets in one word: it is taken apart only where that is certain, and others are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from marginbook import Price, PriceSource, from_milliseconds
from marginbook.wire import Client
from marginbook_binance.codes import explain
from marginbook_binance.coinm import COINM
from marginbook_binance.usdm import USDM
from marginbook_clients.binance_coinm.api.market import index_price_and_mark_price
from marginbook_clients.binance_usdm.api.market import asset_index, mark_price

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from decimal import Decimal

    import requests

    from marginbook import Venue
    from marginbook_clients.binance_usdm.models.asset_index import AssetIndex

#: What USDⓈ-M contracts are quoted in, in the order of preference where several would lead to the same currency. BUSD
#: is left out, of which there are no contracts any more: BNBUSD would be one of BN.
QUOTES: Final = ("USDT", "USDC", "BTC")

USD: Final = "USD"

#: Contracts of a thousand or a million units at once, such as 1000SHIBUSDT: the asset's own price is not theirs.
_MULTIPLE: Final = re.compile(r"1(0{3,}|M)")


class Row(Protocol):
    """
    What the rows of both kinds have in common.
    """

    symbol: str
    mark_price: Decimal
    index_price: Decimal
    time: int


def usdm(base_url: str, session: requests.Session) -> list[Price]:
    """
    Ask for the dollar index of collateral, and for the prices of all contracts.
    """
    client = Client(base_url=base_url, session=session)
    rows = [(row, _pair(row.symbol.partition("_")[0])) for row in mark_price.sync(client=client)]
    assets = _sorted(map(_asset, asset_index.sync(client=client)))
    return [*assets, *_contracts(USDM.id, rows)]


def coinm(base_url: str, session: requests.Session) -> list[Price]:
    """
    Ask for the prices of all contracts.
    """
    client = Client(base_url=base_url, session=session)
    return _contracts(COINM.id, ((r, _split(r.pair, USD)) for r in index_price_and_mark_price.sync(client=client)))


def _contracts(source: str, rows: Iterable[tuple[Row, tuple[str, str] | None]]) -> list[Price]:
    """
    Return all index prices, then all mark prices. What is delivered has the same index, and a mark price of its day.
    """
    known = sorted(((row, pair) for row, pair in rows if pair), key=lambda known: _preference(known[0], known[1]))
    index = [_price(pair, row.index_price, f"{source} index {row.symbol}", row.time) for row, pair in known]
    mark = [
        _price(pair, row.mark_price, f"{source} mark {row.symbol}", row.time)
        for row, pair in known
        if not _is_delivered(row.symbol)
    ]
    return [price for price in (*index, *mark) if price]


def _preference(row: Row, pair: tuple[str, str]) -> tuple[int, bool, str]:
    return [*QUOTES, USD].index(pair[1]), _is_delivered(row.symbol), row.symbol


def _is_delivered(symbol: str) -> bool:
    return "_" in symbol and not symbol.endswith("_PERP")


def _pair(name: str) -> tuple[str, str] | None:
    """
    Take the name of a contract apart: ``("BTC", "USDT")``, or None where it is not certain.
    """
    return next((pair for quote in QUOTES if (pair := _split(name, quote))), None)


def _split(name: str, quote: str) -> tuple[str, str] | None:
    asset = name.removesuffix(quote)
    return None if asset in {name, ""} or _MULTIPLE.match(asset) else (asset, quote)


def _asset(row: AssetIndex) -> Price | None:
    pair, source = _split(row.symbol, USD), f"{USDM.id} asset index {row.symbol}"
    return pair and _price(pair, row.index, source, row.time, bid_rate=row.bid_rate, ask_rate=row.ask_rate)


def _sorted(prices: Iterable[Price | None]) -> Iterator[Price]:
    return iter(sorted(filter(None, prices), key=lambda price: price.asset))


def _price(
    pair: tuple[str, str],
    price: Decimal,
    source: str,
    time: int,
    bid_rate: Decimal | None = None,
    ask_rate: Decimal | None = None,
) -> Price | None:
    """
    Return a price, or None where Binance has none: then it writes 0.
    """
    at = from_milliseconds(time)
    if price <= 0 or at is None:
        return None
    asset, currency = pair
    return Price(
        asset=asset, currency=currency, price=price, source=source, at=at, bid_rate=bid_rate, ask_rate=ask_rate
    )


def _source(venue: Venue, what: str, fetch: Callable[[str, requests.Session], list[Price]]) -> PriceSource:
    return PriceSource(
        id=venue.id,
        title=f"{venue.title}: {what}",
        fetch=fetch,
        hosts=venue.hosts,
        limits=venue.limits,
        explain=explain,
    )


USDM_PRICES: Final = _source(USDM, "index and mark prices, and the dollar index of collateral", usdm)
COINM_PRICES: Final = _source(COINM, "index and mark prices in dollars", coinm)
