"""
What an account has in tokens, where each token is one balance for spot and perpetuals.

Source: the specification in ``specs/hyperliquid.openapi.yaml``. That what perpetuals are worth is in ``total`` follows
from Hyperliquid's own ratio for such accounts, and is what clients found that set it against live accounts; no page
says so in words. In portfolio margin, tokens are lent and borrowed, and no page says whether debts are taken off it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from marginbook import Balance
from marginbook_hyperliquid.dexs import ISOLATED, NONE, PNL, isolated, pnl
from marginbook_hyperliquid.sums import add, less

if TYPE_CHECKING:
    from collections.abc import Sequence

    from marginbook import Account
    from marginbook_clients.hyperliquid.models.spot_balance import SpotBalance
    from marginbook_hyperliquid.dexs import Dex

WALLET: Final = "total - unrealized_pnl, as total has it in it by Hyperliquid's own ratio for such accounts"
UNPROVEN: Final = (
    "Hyperliquid's own ratio for accounts with one balance for each token takes the total of a token for its equity,"
    " with the PnL of its positions in it. No page says so in words: if it is not, equity and wallet_balance lack it."
)
MAINTENANCE: Final = "sum of crossMaintenanceMarginUsed over the dexs"
DEBTS: Final = (
    "In portfolio margin, Hyperliquid does not document whether debts and PnL are in the total of {}, so wallet_balance"
    " and equity are not known."
)


def one(account: Account, token: SpotBalance, dexs: Sequence[Dex], *, lends: bool) -> Balance:
    """
    Translate one token, which is the collateral of *dexs*.

    Args:
        account: Whose it is.

        token: As the venue sent it.

        dexs: What the account has on the dexs where this token is the collateral.

        lends: Whether tokens are lent and borrowed.

    """
    row = Balance(account=account.name, venue=account.venue, asset=token.coin)
    positions = [position for dex in dexs for position in dex.positions]
    gained = pnl(positions)
    row = row.derive("unrealized_pnl", gained, PNL if positions else NONE)
    if lends:
        return row.remark(DEBTS.format(f"{token.total:f}"))
    if positions:
        row = evolve(row, equity=token.total).derive("wallet_balance", less(token.total, gained), WALLET)
    else:
        row = evolve(row, equity=token.total, wallet_balance=token.total)
    maintenance = add(dex.state.cross_maintenance_margin_used for dex in dexs)
    if isolated(positions):
        return row.remark(ISOLATED.format(f"{maintenance:f}"))
    return row.derive("maintenance_margin", maintenance, MAINTENANCE) if dexs else row
