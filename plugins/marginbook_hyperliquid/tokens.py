"""
What an account has in tokens, where each token is one balance for spot and perpetuals.

Source: the specification in ``specs/hyperliquid.openapi.yaml``. Whether ``total`` has the PnL of positions in it, no
page says in words: Hyperliquid's own ratio for such accounts reads like that, and clients take it either way. The PnL
is told by other answers, of a later moment, so that a difference would not be exact either. So with positions, neither
cash nor equity is told. In portfolio margin, tokens are lent and borrowed, and no page says whether debts are taken off
``total``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from marginbook import Balance, total
from marginbook_hyperliquid.dexs import ISOLATED, NONE, PNL, isolated, pnl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from marginbook import Account
    from marginbook_clients.hyperliquid.models.spot_balance import SpotBalance
    from marginbook_hyperliquid.dexs import Dex

UNPROVEN: Final = (
    "Hyperliquid does not document whether the unrealized PnL of positions is in the total of {}, so wallet_balance and"
    " equity are not known."
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
    row = row.derive("unrealized_pnl", pnl(positions), PNL if positions else NONE)
    if lends:
        return row.remark(DEBTS.format(f"{token.total:f}"))
    # Without positions there is no PnL that could be in it.
    if positions:
        row = row.remark(UNPROVEN.format(f"{token.total:f}"))
    else:
        row = evolve(row, equity=token.total, wallet_balance=token.total)
    maintenance = total(dex.state.cross_maintenance_margin_used for dex in dexs)
    if isolated(positions):
        return row.remark(ISOLATED.format(f"{maintenance:f}"))
    return row.derive("maintenance_margin", maintenance, MAINTENANCE) if dexs else row
