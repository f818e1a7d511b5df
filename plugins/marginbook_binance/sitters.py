"""
The accounts of Binance futures that look like a portrait.

Source: the specifications in ``specs/``. Amounts are texts there, of any number of digits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from marginbook import less, total
from marginbook_binance.cast import Part, hmac_part, row
from marginbook_binance.depths import Held, coinm, plus, usdm, wallets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.sandbox import Portrait, Wallet

#: When the rows were last changed, in milliseconds since 1970.
WHEN: Final = 1763600400000

NO_DEBT: Final = "A futures wallet lends nothing: what is borrowed lies in the margin wallet."


def usdm_part(portrait: Portrait, assets: Iterable[str]) -> Part:
    """
    Return the account at USDⓈ-M futures. A USDT and a USDC are worth one USD in it.
    """
    sitters = list(zip(assets, portrait.wallets, strict=False))
    rows = [_row(asset, wallet, "maxWithdrawAmount") for asset, wallet in sitters]
    held = [held for asset, wallet in sitters for held in _held(asset, wallet, f"BTC{asset}", f"ETH{asset}")]
    totals = _totals(portrait) if portrait.shared else None
    return hmac_part(
        f"binance-usdm-{portrait.name}", rows, whole=usdm(rows, *held, totals=totals), multi=portrait.shared
    )


def coinm_part(portrait: Portrait, assets: Iterable[str]) -> Part:
    """
    Return the account at COIN-M futures.
    """
    sitters = list(zip(assets, portrait.wallets, strict=False))
    rows = [_row(asset, wallet, "withdrawAvailable") for asset, wallet in sitters]
    symbols = ("USD_PERP", "USD_261225")
    held = [held for asset, wallet in sitters for held in _held(asset, wallet, *(f"{asset}{end}" for end in symbols))]
    return hmac_part(f"binance-coinm-{portrait.name}", rows, whole=coinm(rows, *held))


def portfolio_part(portrait: Portrait, assets: Iterable[str]) -> Part:
    """
    Return the account at Portfolio Margin. Each of its assets is worth one USD.
    """
    sitters = zip(assets, portrait.wallets, strict=False)
    rows = [_three(asset, wallet) for asset, wallet in sitters]
    equity = total(wallet.equity for wallet in portrait.wallets)
    maintenance = total(wallet.maintenance_margin for wallet in portrait.wallets)
    whole = {
        "uniMMR": f"{equity / maintenance if maintenance else Decimal(999):.8f}",
        "accountEquity": f"{equity:f}",
        "actualEquity": f"{equity:f}",
        "accountInitialMargin": f"{total(wallet.initial_margin for wallet in portrait.wallets):f}",
        "accountMaintMargin": f"{maintenance:f}",
        "accountStatus": "NORMAL",
        "virtualMaxWithdrawAmount": f"{portrait.wallets[0].max_withdraw:f}",
        "totalAvailableBalance": "",
        "totalMarginOpenLoss": "",
        "updateTime": WHEN,
    }
    return hmac_part(f"binance-pm-{portrait.name}", rows, whole=whole)


def _row(asset: str, wallet: Wallet, max_withdraw: str) -> dict[str, Any]:
    return row(
        WHEN,
        asset,
        balance=f"{wallet.wallet_balance:f}",
        crossWalletBalance=f"{wallet.cross_wallet_balance:f}",
        crossUnPnl=f"{wallet.cross_unrealized_pnl:f}",
        availableBalance=f"{wallet.available_balance:f}",
        **{max_withdraw: f"{wallet.max_withdraw:f}"},
    )


def _held(asset: str, wallet: Wallet, symbol: str, isolated: str) -> list[Held]:
    """
    Return the positions of an asset: a cross one, which has the margin and the orders of all, and an isolated one.
    """
    cross = Held(
        symbol=symbol,
        asset=asset,
        size="0.500",
        pnl=f"{wallet.cross_unrealized_pnl:f}",
        margin=f"{less(wallet.position_margin, wallet.isolated_margin):f}",
        maintenance=f"{wallet.maintenance_margin:f}",
        orders=f"{wallet.order_margin:f}",
    )
    if not wallet.isolated_margin:
        return [cross]
    margin = f"{wallet.isolated_margin:f}"
    pnl = f"{wallet.isolated_pnl:f}"
    return [
        cross,
        Held(symbol=isolated, asset=asset, size="1.000", pnl=pnl, margin=margin, maintenance="0", wallet=margin),
    ]


def _totals(portrait: Portrait) -> dict[str, str]:
    sums = {
        "totalInitialMargin": "initial_margin",
        "totalMaintMargin": "maintenance_margin",
        "totalWalletBalance": "wallet_balance",
        "totalUnrealizedProfit": "unrealized_pnl",
        "totalMarginBalance": "equity",
        "totalPositionInitialMargin": "position_margin",
        "totalOpenOrderInitialMargin": "order_margin",
        "totalCrossWalletBalance": "cross_wallet_balance",
        "totalCrossUnPnl": "cross_unrealized_pnl",
        "maxWithdrawAmount": "max_withdraw",
    }
    totals = {
        total: plus(*(f"{getattr(wallet, name):f}" for wallet in portrait.wallets)) for total, name in sums.items()
    }
    return {**totals, "availableBalance": f"{portrait.wallets[0].available_balance:f}"}


def _three(asset: str, wallet: Wallet) -> dict[str, Any]:
    """
    Return a row of which the loan lies in the margin wallet, and the rest in that of USDⓈ-M futures.
    """
    return wallets(
        WHEN,
        asset,
        crossMarginAsset=f"{wallet.borrowed:f}",
        crossMarginBorrowed=f"{wallet.borrowed:f}",
        crossMarginFree=f"{wallet.borrowed:f}",
        umWalletBalance=f"{wallet.wallet_balance:f}",
        umUnrealizedPNL=f"{wallet.unrealized_pnl:f}",
    )
