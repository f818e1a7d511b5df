"""
What the responder says: bodies and headers of the size and shape that Binance's USDⓈ-M futures send.

Source: "Futures Account Balance V3", "Account Information V3" and "Exchange Information" of USDⓈ-M futures.
"""

from __future__ import annotations

import json
from typing import Any, Final

#: The wallet of the first row: whoever asks for a balance has to come to it, digit by digit.
WALLET: Final = "122607.35137903"

#: What people hold. Further rows have assets that nobody knows.
ASSETS: Final = (
    *("USDT", "USDC", "BTC", "ETH", "BNB", "FDUSD", "XRP", "SOL", "ADA", "DOGE"),
    *("TRX", "DOT", "LTC", "AVAX", "LINK", "UNI", "ATOM", "ETC", "FIL", "NEAR"),
)

#: The venue has about as many contracts.
CONTRACTS: Final = 600

#: Milliseconds since 1970 when something last happened.
_THEN: Final = 1_795_000_000_000

HEADERS: Final = """\
Content-Type: application/json
Connection: {connection}
Date: Thu, 26 Nov 2026 12:00:00 GMT
Server: Tengine
Vary: Accept-Encoding
x-mbx-used-weight-1m: 5
x-response-time: 4ms
Access-Control-Allow-Origin: *
Access-Control-Allow-Methods: GET, HEAD, OPTIONS
Cache-Control: no-cache, no-store, must-revalidate
Pragma: no-cache
Expires: 0
Strict-Transport-Security: max-age=31536000; includeSubdomains
X-Frame-Options: SAMEORIGIN
X-Xss-Protection: 1; mode=block
X-Content-Type-Options: nosniff
Content-Security-Policy: default-src 'self'
X-Cache: Miss from cloudfront
"""


def balance(rows: int) -> bytes:
    """
    Return what an account holds, in so many assets.
    """
    return _compact(
        [
            {
                "accountAlias": "SgsRoCuXqCAu",
                "asset": _asset(number),
                "balance": _wallet(number),
                "crossWalletBalance": _wallet(number),
                "crossUnPnl": f"{number % 7 - 3}.{number:08}",
                "availableBalance": _wallet(number),
                "maxWithdrawAmount": _wallet(number),
                "marginAvailable": True,
                "updateTime": _THEN + number,
            }
            for number in range(rows)
        ]
    )


def account(rows: int) -> bytes:
    """
    Return the same account with its margins, for whoever asks for these.
    """
    nothing = "0.00000000"
    totals = {
        f"total{word}": nothing
        for word in (
            *("InitialMargin", "MaintMargin", "WalletBalance", "UnrealizedProfit", "MarginBalance"),
            *("PositionInitialMargin", "OpenOrderInitialMargin", "CrossWalletBalance", "CrossUnPnl"),
        )
    }
    margins = dict.fromkeys(
        ("unrealizedProfit", "maintMargin", "initialMargin", "positionInitialMargin", "openOrderInitialMargin"), nothing
    )
    assets = [
        {
            "asset": _asset(number),
            "walletBalance": _wallet(number),
            "marginBalance": _wallet(number),
            **margins,
            "crossWalletBalance": _wallet(number),
            "crossUnPnl": nothing,
            "availableBalance": _wallet(number),
            "maxWithdrawAmount": _wallet(number),
            "updateTime": _THEN + number,
        }
        for number in range(rows)
    ]
    return _compact(
        {**totals, "availableBalance": nothing, "maxWithdrawAmount": nothing, "assets": assets, "positions": []}
    )


def contracts() -> bytes:
    """
    Return what is traded, as whoever loads the markets wants to know.
    """
    return _compact(
        {
            "timezone": "UTC",
            "serverTime": _THEN,
            "futuresType": "U_MARGINED",
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
                {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
            ],
            "exchangeFilters": [],
            "assets": [{"asset": asset, "marginAvailable": True, "autoAssetExchange": "-10000"} for asset in ASSETS],
            "symbols": [_contract(number) for number in range(CONTRACTS)],
        }
    )


def _contract(number: int) -> dict[str, Any]:
    base = f"COIN{number}"
    return {
        "symbol": f"{base}USDT",
        "pair": f"{base}USDT",
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000,
        "onboardDate": 1_569_398_400_000,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10_000,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "39.86", "maxPrice": "306177", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "10000", "stepSize": "0.001"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "2000", "stepSize": "0.001"},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10},
            {"filterType": "MIN_NOTIONAL", "notional": "20"},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": "1.0500",
                "multiplierDown": "0.9500",
                "multiplierDecimal": "4",
            },
            {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def _asset(number: int) -> str:
    return ASSETS[number] if number < len(ASSETS) else f"ASSET{number}"


def _wallet(number: int) -> str:
    return f"{int(WALLET.partition('.')[0]) - number}.{WALLET.partition('.')[2]}"


def _compact(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
