"""
Where ccxt reads an account otherwise than marginbook, and why. ``tests/peers`` holds it against both.
"""

from __future__ import annotations

from typing import Final

#: The release that was looked at.
CCXT: Final = "4.5.90"

BORROWED: Final = "What is borrowed is in it, as if it were the account's own."
CASH: Final = "Cash that is not in use, without unrealized PnL and without what other assets back."
CASH_LESS: Final = "The wallet less the margins of this asset; Bybit does not tell what is available of one asset."
CASH_ORDERS: Final = "That cash and the margin of orders; position margin and unrealized PnL are in no figure."
DEBT: Final = "The debt is not looked at; MEXC does not say whether it has been taken off equity."
FLEX: Final = "It reads the multi-collateral wallet unless told otherwise, and this account has another."
FLEX_CASH: Final = (
    "Cash of the multi-collateral wallet, whose PnL and margins Kraken tells for all currencies together alone."
)
FLOAT: Final = "A binary float, which has sixteen digits."
ISOLATED: Final = "Margin of positions, with the unrealized PnL of isolated ones in it."
LEAVES: Final = "What may leave the account."
LEFT: Final = "Equity less the margin of positions; Hyperliquid does not tell what is available."
LIST: Final = "It passes over the other assets that back the account."
LOSS: Final = "Total less free, which is no margin where there is a loss."
MAINTENANCE: Final = "The maintenance margin."
ORDERS: Final = "The margin of orders alone."
POSITIONS: Final = "The margin of positions; Hyperliquid does not tell that of orders."
REST: Final = "Total less free, with PnL or other assets in one of the two; no margin follows from this answer."
SPOT: Final = "Of the balance as if it were spot; Gate does not tell margin and what is available by currency."
SPOT_PNL: Final = "Of the balance as if it were spot, without unrealized PnL."
UNIFIED: Final = "Of the wallet for perpetuals; Hyperliquid does not say what is in an account with portfolio margin."
UNTOLD: Final = "The wallet balance; this answer does not tell the unrealized PnL of isolated positions."
WALLET: Final = "The wallet balance, without unrealized PnL."
WHOLE: Final = "A figure of the whole account, which stands in each of its currencies."

#: Of each reading and portrait: ccxt's word, ccxt's figure, ours, and why they are not one. What agrees is left out.
TABLE: Final[dict[tuple[str, str], list[tuple[str, str, str, str]]]] = {
    ("binance-usdm", "canonical"): [
        ("used", "70.0", "None", REST),
        ("total", "1000.0", "1050", WALLET),
    ],
    ("binance-usdm", "underwater"): [
        ("used", "1000.0", "None", REST),
        ("total", "1000.0", "-250.5", WALLET),
    ],
    ("binance-usdm", "isolated"): [
        ("used", "280.0", "None", REST),
        ("total", "1000.0", "None", UNTOLD),
    ],
    ("binance-usdm", "reducing"): [
        ("used", "94.5", "None", REST),
    ],
    ("binance-usdm", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("used", "1e-18", "None", REST),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", WALLET),
    ],
    ("binance-usdm", "pooled"): [
        ("used", "-1880.0", "None", REST),
        ("total", "1000.0", "1050", WALLET),
        ("used of USDC", "-880.0", "None", REST),
    ],
    ("binance-usdm margin", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("binance-coinm", "canonical"): [
        ("used", "70.0", "None", REST),
        ("total", "1000.0", "1050", WALLET),
    ],
    ("binance-coinm", "underwater"): [
        ("used", "1000.0", "None", REST),
        ("total", "1000.0", "-250.5", WALLET),
    ],
    ("binance-coinm", "isolated"): [
        ("used", "280.0", "None", REST),
        ("total", "1000.0", "None", UNTOLD),
    ],
    ("binance-coinm", "reducing"): [
        ("used", "94.5", "None", REST),
    ],
    ("binance-coinm", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("used", "1e-18", "None", REST),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", WALLET),
    ],
    ("binance-coinm margin", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("binance-pm", "indebted"): [
        ("total", "1250.0", "1000.00000000", BORROWED),
    ],
    ("binance-pm", "exact"): [
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("bitget", "canonical"): [
        ("free", "880.0", "930", LEAVES),
        ("used", "170.0", "None", REST),
    ],
    ("bitget", "underwater"): [
        ("used", "-250.5", "None", REST),
    ],
    ("bitget", "isolated"): [
        ("free", "700.0", "720", LEAVES),
        ("used", "350.0", "None", REST),
    ],
    ("bitget", "reducing"): [
        ("free", "900.0", "905.5", LEAVES),
        ("used", "100.0", "None", REST),
    ],
    ("bitget", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("used", "0.0", "None", REST),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("bitget", "pooled"): [
        ("free", "880.0", "2880", LEAVES),
        ("used", "170.0", "None", REST),
        ("total of BTC", "None", "2000", LIST),
    ],
    ("bybit", "canonical"): [
        ("free", "880.0", "None", CASH_LESS),
        ("total", "1000.0", "1050", WALLET),
    ],
    ("bybit", "underwater"): [
        ("free", "600.0", "None", CASH_LESS),
        ("total", "1000.0", "-250.5", WALLET),
    ],
    ("bybit", "reducing"): [
        ("free", "905.5", "None", CASH_LESS),
    ],
    ("bybit", "indebted"): [
        ("free", "1250.0", "None", CASH_LESS),
        ("total", "1250.0", "1000", BORROWED),
    ],
    ("bybit", "exact"): [
        ("free", "1234567890.1234567", "None", CASH_LESS),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", WALLET),
    ],
    ("bybit", "pooled"): [
        ("free", "880.0", "None", CASH_LESS),
        ("total", "1000.0", "1050", WALLET),
        ("free of USDC", "2000.0", "None", CASH_LESS),
    ],
    ("deribit", "canonical"): [
        ("used", "10.0", "120", MAINTENANCE),
    ],
    ("deribit", "underwater"): [
        ("used", "200.0", "400", MAINTENANCE),
    ],
    ("deribit", "reducing"): [
        ("used", "10.0", "94.5", MAINTENANCE),
    ],
    ("deribit", "pooled"): [
        ("free", "2880.0", "None", WHOLE),
        ("used", "10.0", "None", WHOLE),
        ("free of USDT", "2880.0", "None", WHOLE),
        ("used of USDT", "10.0", "None", WHOLE),
    ],
    ("gate", "canonical"): [
        ("free", "880.0", "930", LEAVES),
        ("total", "1000.0", "1050", WALLET),
    ],
    ("gate", "underwater"): [
        ("used", "1000.0", "None", REST),
        ("total", "1000.0", "-250.5", WALLET),
    ],
    ("gate", "isolated"): [
        ("free", "700.0", "720", LEAVES),
        ("total", "1000.0", "1050", WALLET),
    ],
    ("gate", "reducing"): [
        ("free", "900.0", "905.5", LEAVES),
        ("used", "100.0", "None", REST),
    ],
    ("gate", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("used", "1e-18", "None", REST),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", WALLET),
    ],
    ("gate unified", "indebted"): [
        ("free", "1250.0", "None", SPOT),
        ("used", "0.0", "None", SPOT),
        ("total", "1250.0", "1000", BORROWED),
    ],
    ("gate unified", "pooled"): [
        ("free", "1000.0", "None", SPOT),
        ("used", "0.0", "None", SPOT),
        ("total", "1000.0", "1050", SPOT_PNL),
        ("free of BTC", "2000.0", "None", SPOT),
        ("used of BTC", "0.0", "None", SPOT),
    ],
    ("hyperliquid", "canonical"): [
        ("free", "950.0", "None", LEFT),
        ("used", "100.0", "None", POSITIONS),
    ],
    ("hyperliquid", "underwater"): [
        ("free", "-650.5", "None", LEFT),
        ("used", "400.0", "None", POSITIONS),
    ],
    ("hyperliquid", "isolated"): [
        ("free", "720.0", "None", LEFT),
        ("used", "330.0", "None", ISOLATED),
    ],
    ("hyperliquid", "reducing"): [
        ("free", "900.0", "None", LEFT),
        ("used", "100.0", "None", POSITIONS),
    ],
    ("hyperliquid", "exact"): [
        ("free", "1234567890.1234567", "None", LEFT),
        ("used", "0.0", "None", POSITIONS),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("hyperliquid", "pooled"): [
        ("free", "950.0", "None", LEFT),
        ("used", "100.0", "None", POSITIONS),
        ("total", "1050.0", "None", UNIFIED),
    ],
    ("kraken-futures", "canonical"): [
        ("free", "None", "930", FLEX),
        ("used", "None", "120", FLEX),
        ("total", "None", "1050", FLEX),
    ],
    ("kraken-futures", "underwater"): [
        ("free", "None", "0", FLEX),
        ("used", "None", "400", FLEX),
        ("total", "None", "-250.5", FLEX),
    ],
    ("kraken-futures", "isolated"): [
        ("free", "700.0", "None", FLEX_CASH),
        ("used", "300.0", "None", FLEX_CASH),
        ("total", "1000.0", "None", FLEX_CASH),
    ],
    ("kraken-futures", "reducing"): [
        ("free", "None", "905.5", FLEX),
        ("used", "None", "94.5", FLEX),
        ("total", "None", "1000", FLEX),
    ],
    ("kraken-futures", "exact"): [
        ("free", "None", "1234567890.123456789012345677", FLEX),
        ("used", "None", "0", FLEX),
        ("total", "None", "1234567890.123456789012345677", FLEX),
    ],
    ("kraken-futures", "pooled"): [
        ("free", "880.0", "None", FLEX_CASH),
        ("used", "120.0", "None", FLEX_CASH),
        ("total", "1000.0", "None", FLEX_CASH),
        ("free of USDT", "2000.0", "None", FLEX_CASH),
        ("used of USDT", "0.0", "None", FLEX_CASH),
        ("total of USDT", "2000.0", "None", FLEX_CASH),
    ],
    ("kraken-futures wallet", "underwater"): [
        ("used", "-250.5", "400", LOSS),
    ],
    ("kraken-futures wallet", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("kucoin-futures", "underwater"): [
        ("used", "-250.5", "None", REST),
    ],
    ("kucoin-futures", "isolated"): [
        ("used", "330.0", "None", REST),
    ],
    ("kucoin-futures", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("mexc", "canonical"): [
        ("free", "880.0", "930", CASH),
        ("used", "20.0", "120", ORDERS),
        ("total", "900.0", "1050", CASH_ORDERS),
    ],
    ("mexc", "underwater"): [
        ("free", "600.0", "0", CASH),
        ("used", "0.0", "400", ORDERS),
        ("total", "600.0", "-250.5", CASH_ORDERS),
    ],
    ("mexc", "isolated"): [
        ("free", "700.0", "720", CASH),
        ("used", "0.0", "300", ORDERS),
        ("total", "700.0", "1050", CASH_ORDERS),
    ],
    ("mexc", "reducing"): [
        ("used", "-5.5", "94.5", ORDERS),
        ("total", "900.0", "1000", CASH_ORDERS),
    ],
    ("mexc", "indebted"): [
        ("total", "1000.0", "None", DEBT),
    ],
    ("mexc", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("mexc", "pooled"): [
        ("free", "880.0", "2880", CASH),
        ("used", "20.0", "120", ORDERS),
        ("total", "900.0", "1050", CASH_ORDERS),
        ("free of USDC", "2000.0", "2880", CASH),
    ],
    ("okx", "underwater"): [
        ("used", "-250.5", "None", REST),
    ],
    ("okx", "isolated"): [
        ("used", "330.0", "None", REST),
    ],
    ("okx", "exact"): [
        ("free", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
        ("total", "1234567890.1234567", "1234567890.123456789012345677", FLOAT),
    ],
    ("okx", "pooled"): [
        ("used", "-1830.0", "None", REST),
        ("used of USDC", "-880.0", "None", REST),
    ],
}
