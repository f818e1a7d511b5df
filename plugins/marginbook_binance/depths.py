"""
The accounts of the sandbox in detail: the same balances, with the positions and open orders that explain them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from marginbook import total
from marginbook_binance.cast import COINS, HEDGED, MULTI, SINGLE, UNDER

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen(kw_only=True)
class Held:
    """
    A position with its open orders.
    """

    symbol: str
    asset: str
    size: str
    pnl: str
    margin: str
    maintenance: str
    orders: str = "0.00000000"
    side: str = "BOTH"
    #: Its own wallet, where it is isolated.
    wallet: str = ""

    @property
    def initial(self) -> str:
        """
        What the position and its orders lock.
        """
        return plus(self.margin, self.orders)


def plus(*amounts: str) -> str:
    """
    Add amounts up.
    """
    return f"{total(map(Decimal, amounts)):f}"


def _asset(row: dict[str, Any], held: Iterable[Held]) -> dict[str, Any]:
    """
    Return what an account in detail says of an asset, from what its balance says, and from its positions.
    """
    own = [position for position in held if position.asset == row["asset"]]
    pnl = plus(row["crossUnPnl"], *(position.pnl for position in own if position.wallet))
    return {
        "asset": row["asset"],
        "walletBalance": row["balance"],
        "unrealizedProfit": pnl,
        "marginBalance": plus(row["balance"], pnl),
        "maintMargin": plus("0.00000000", *(position.maintenance for position in own)),
        "initialMargin": plus("0.00000000", *(position.initial for position in own)),
        "positionInitialMargin": plus("0.00000000", *(position.margin for position in own)),
        "openOrderInitialMargin": plus("0.00000000", *(position.orders for position in own)),
        "crossWalletBalance": row["crossWalletBalance"],
        "crossUnPnl": row["crossUnPnl"],
        "availableBalance": row["availableBalance"],
        "maxWithdrawAmount": row.get("maxWithdrawAmount", row.get("withdrawAvailable")),
        "updateTime": row["updateTime"],
    }


#: The total of an account, by the field of an asset that it repeats in single-asset mode.
TOTALS: Final = {
    "totalInitialMargin": "initialMargin",
    "totalMaintMargin": "maintMargin",
    "totalWalletBalance": "walletBalance",
    "totalUnrealizedProfit": "unrealizedProfit",
    "totalMarginBalance": "marginBalance",
    "totalPositionInitialMargin": "positionInitialMargin",
    "totalOpenOrderInitialMargin": "openOrderInitialMargin",
    "totalCrossWalletBalance": "crossWalletBalance",
    "totalCrossUnPnl": "crossUnPnl",
    "availableBalance": "availableBalance",
    "maxWithdrawAmount": "maxWithdrawAmount",
}


def usdm(rows: list[dict[str, Any]], *held: Held, totals: dict[str, str] | None = None) -> dict[str, Any]:
    """
    Return an account of USDⓈ-M futures in detail, with totals of USDT unless there are others.
    """
    assets = [_asset(row, held) for row in rows]
    usdt = next(asset for asset in assets if asset["asset"] == "USDT")
    positions = [
        {
            "symbol": position.symbol,
            "positionSide": position.side,
            "positionAmt": position.size,
            "unrealizedProfit": position.pnl,
            "isolatedMargin": plus(position.wallet, position.pnl) if position.wallet else "0",
            "notional": "0",
            "isolatedWallet": position.wallet or "0",
            "initialMargin": position.initial,
            "maintMargin": position.maintenance,
            "updateTime": 1763600400000,
        }
        for position in held
    ]
    own = {total: usdt[name] for total, name in TOTALS.items()}
    return {**(totals or own), "assets": assets, "positions": positions}


def coinm(rows: list[dict[str, Any]], *held: Held) -> dict[str, Any]:
    """
    Return an account of COIN-M futures in detail.
    """
    positions = [
        {
            "symbol": position.symbol,
            "positionAmt": position.size,
            "initialMargin": position.initial,
            "maintMargin": position.maintenance,
            "unrealizedProfit": position.pnl,
            "positionInitialMargin": position.margin,
            "openOrderInitialMargin": position.orders,
            "leverage": "20",
            "isolated": bool(position.wallet),
            "positionSide": position.side,
            "entryPrice": "0.0",
            "breakEvenPrice": "0.0",
            "maxQty": "50",
            "notionalValue": "0",
            "updateTime": 1763600404000,
        }
        for position in held
    ]
    rights = {"canDeposit": True, "canTrade": True, "canWithdraw": True, "feeTier": 2, "updateTime": 0}
    return {"assets": [_asset(row, held) for row in rows], "positions": positions, **rights}


SINGLE_WHOLE: Final = usdm(
    SINGLE,
    Held(
        symbol="BTCUSDT",
        asset="USDT",
        size="0.500",
        pnl="-312.00450000",
        margin="2399.49550000",
        maintenance="191.95964000",
    ),
    Held(
        symbol="ETHUSDT",
        asset="USDT",
        size="300.000",
        pnl="1250.50000000",
        margin="95000.00000000",
        maintenance="4750.00000000",
        wallet="98882.65931803",
    ),
    Held(
        symbol="BTCUSDC",
        asset="USDC",
        size="0.001",
        pnl="0.10000000",
        margin="0.00000000",
        maintenance="0.00000000",
    ),
)

#: USD at 102000 for a BTC and 0.9999 for a USDT.
MULTI_WHOLE: Final = usdm(
    MULTI,
    Held(
        symbol="BTCUSDT",
        asset="USDT",
        size="1.000",
        pnl="-1023.40000001",
        margin="1430.82050000",
        maintenance="612.32820000",
        orders="100.00000000",
    ),
    totals={
        "totalInitialMargin": "1530.66741795",
        "totalMaintMargin": "612.26696718",
        "totalWalletBalance": "152749.27507500",
        "totalUnrealizedProfit": "-1023.29766001",
        "totalMarginBalance": "151725.97741499",
        "totalPositionInitialMargin": "1430.67741795",
        "totalOpenOrderInitialMargin": "99.99000000",
        "totalCrossWalletBalance": "152749.27507500",
        "totalCrossUnPnl": "-1023.29766001",
        "availableBalance": "150195.30999704",
        "maxWithdrawAmount": "150195.30999704",
    },
)

UNDER_WHOLE: Final = usdm(
    UNDER,
    Held(
        symbol="BTCUSDT",
        asset="USDT",
        size="-0.010",
        pnl="-150.00000000",
        margin="40.00000000",
        maintenance="20.00000000",
    ),
)

HEDGED_WHOLE: Final = usdm(
    HEDGED,
    Held(
        symbol="BTCUSDT",
        asset="USDT",
        side="LONG",
        size="0.200",
        pnl="-400.25000000",
        margin="1300.00000000",
        maintenance="80.00000000",
        orders="50.00000000",
    ),
    Held(
        symbol="BTCUSDT",
        asset="USDT",
        side="SHORT",
        size="-0.100",
        pnl="250.00000000",
        margin="700.00000000",
        maintenance="40.00000000",
    ),
    Held(
        symbol="SOLUSDT",
        asset="USDT",
        side="LONG",
        size="300",
        pnl="75.50000000",
        margin="4900.00000000",
        maintenance="250.00000000",
        wallet="5000.00000000",
    ),
)

COINS_WHOLE: Final = coinm(
    COINS,
    Held(
        symbol="BTCUSD_PERP",
        asset="BTC",
        size="120",
        pnl="0.25000001",
        margin="0.70000001",
        maintenance="0.03500000",
        orders="0.05000000",
    ),
    Held(
        symbol="BTCUSD_261225",
        asset="BTC",
        size="-90",
        pnl="-0.01000000",
        margin="0.48000000",
        maintenance="0.02000000",
        wallet="0.50008031",
    ),
    Held(
        symbol="ETHUSD_PERP",
        asset="ETH",
        side="LONG",
        size="1000",
        pnl="0.000000000000000001",
        margin="25.578901234567890122",
        maintenance="1.25",
        orders="0",
    ),
    Held(
        symbol="ETHUSD_PERP",
        asset="ETH",
        side="SHORT",
        size="-800",
        pnl="-0.000000000000000002",
        margin="20.0",
        maintenance="1",
        orders="0",
    ),
)


def wallets(updated: int, asset: str, **amounts: str) -> dict[str, Any]:
    """
    Return what Portfolio Margin says of an asset, whose other amounts are zero.
    """
    nothing = dict.fromkeys(
        (
            "crossMarginAsset",
            "crossMarginBorrowed",
            "crossMarginFree",
            "crossMarginInterest",
            "crossMarginLocked",
            "umWalletBalance",
            "umUnrealizedPNL",
            "cmWalletBalance",
            "cmUnrealizedPNL",
        ),
        "0.00000000",
    )
    row = {**nothing, **amounts}
    parts = ("crossMarginFree", "crossMarginLocked", "umWalletBalance", "cmWalletBalance")
    whole = plus(*(row[part] for part in parts))
    return {"asset": asset, "totalWalletBalance": whole, **row, "updateTime": updated, "negativeBalance": "0"}


#: Portfolio margin: a loan in USDT, coins in two wallets, and an asset of which one PnL is not told.
PORTFOLIO: Final = [
    wallets(
        1763600408000,
        "USDT",
        crossMarginAsset="30500.25000000",
        crossMarginBorrowed="1000.00000000",
        crossMarginFree="30000.25000000",
        crossMarginInterest="1.25000000",
        crossMarginLocked="500.00000000",
        umWalletBalance="69500.50000000",
        umUnrealizedPNL="-820.50000000",
    ),
    wallets(
        1763600409000,
        "BTC",
        crossMarginAsset="0.50000000",
        crossMarginFree="0.50000000",
        cmWalletBalance="1.25000000",
        cmUnrealizedPNL="0.03125000",
    ),
    wallets(0, "BNB", crossMarginAsset="0.50000000", crossMarginFree="0.50000000", cmUnrealizedPNL=""),
]

#: USD at 90000 for a BTC, 1 for a USDT and 900 for a BNB; equity of which a margin account makes less.
PORTFOLIO_WHOLE: Final = {
    "uniMMR": "50.00000000",
    "accountEquity": "250000.00000000",
    "actualEquity": "258941.50000000",
    "accountInitialMargin": "12500.00000000",
    "accountMaintMargin": "5000.00000000",
    "accountStatus": "NORMAL",
    "virtualMaxWithdrawAmount": "90000.00000000",
    "totalAvailableBalance": "",
    "totalMarginOpenLoss": "",
    "updateTime": 1763600410000,
}
