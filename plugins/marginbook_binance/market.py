"""
The prices that the sandbox plays: those of the assets that its accounts hold.
"""

from __future__ import annotations

from typing import Any, Final


def _asset(symbol: str, index: str, bid_rate: str, ask_rate: str, buffer: str) -> dict[str, Any]:
    rates = {"bidBuffer": buffer, "askBuffer": buffer, "bidRate": bid_rate, "askRate": ask_rate}
    exchange = {"autoExchangeBidBuffer": "0.00000000", "autoExchangeAskBuffer": "0.00000000"}
    return {
        "symbol": symbol,
        "index": index,
        **rates,
        **exchange,
        "autoExchangeBidRate": index,
        "autoExchangeAskRate": index,
    }


def _contract(symbol: str, index: str, mark: str, **more: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "markPrice": mark,
        "indexPrice": index,
        "estimatedSettlePrice": index,
        "lastFundingRate": "0.00010000",
        "interestRate": "0.00010000",
        "nextFundingTime": 1763625600000,
        **more,
    }


#: What is delivered has no funding.
_DELIVERED: Final = {"nextFundingTime": 0, "lastFundingRate": "", "interestRate": ""}

#: What collateral is worth in dollars, and what counts of it. BNB has none: its price leads through USDT.
ASSETS: Final = [
    _asset("USDTUSD", "0.99980000", "0.99980000", "0.99980000", "0.00000000"),
    _asset("USDCUSD", "0.99990000", "0.99990000", "0.99990000", "0.00000000"),
    _asset("FDUSDUSD", "0.99850000", "0.99850000", "0.99850000", "0.00000000"),
    _asset("BTCUSD", "91000.50000000", "86450.47500000", "95550.52500000", "0.05000000"),
]

#: Contracts: in two quote assets, of a thousand units at once, and one that is delivered.
CONTRACTS: Final = [
    _contract("BTCUSDT", "91018.70000000", "91010.12345678"),
    _contract("BTCUSDC", "91009.60000000", "91005.00000000"),
    _contract("ETHUSDT", "3010.25000000", "3009.90000000"),
    _contract("BNBUSDT", "905.12000000", "905.00000000"),
    _contract("1000SHIBUSDT", "0.00890000", "0.00889000"),
    _contract("BTCUSDT_260327", "91018.70000000", "92300.00000000", **_DELIVERED),
]

#: Contracts of coins, in dollars.
COIN_CONTRACTS: Final = [
    _contract("BTCUSD_PERP", "91001.25000000", "90999.90000000", pair="BTCUSD"),
    _contract("BTCUSD_260327", "91001.25000000", "92290.00000000", pair="BTCUSD", **_DELIVERED),
    _contract("ETHUSD_PERP", "3009.75000000", "3009.50000000", pair="ETHUSD"),
]
