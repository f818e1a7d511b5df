"""
What an account has on one dex, and on all dexs with the same collateral.

Source: the specification in ``specs/hyperliquid.openapi.yaml``, and what published and recorded answers add up to:

- ``accountValue`` is equity, so that cash is what remains without the unrealized PnL of the positions.
- ``marginUsed`` of an isolated position is what it is worth, its PnL included. What it locks is that without the PnL.
- ``totalMarginUsed`` has no margin of orders in it. What orders lock is not told.
- ``crossMaintenanceMarginUsed`` has no isolated positions in it, of which nothing tells the maintenance margin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from marginbook import Balance, InvalidResponseError, less, total
from marginbook_clients.hyperliquid.models.clearinghouse_state import ClearinghouseState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from marginbook import Account
    from marginbook_clients.hyperliquid.models.position import Position

#: Hyperliquid's own dex has no name.
OWN: Final = ""

PNL: Final = "sum of unrealizedPnl of all open positions"
CROSS_PNL: Final = "sum of unrealizedPnl of the cross positions"
NONE: Final = "there are no open positions"
WALLET: Final = "accountValue - unrealized_pnl"
CROSS_WALLET: Final = "accountValue of cross margin - cross_unrealized_pnl"
LOCKED: Final = "totalMarginUsed - unrealizedPnl of isolated positions, which is a part of what they are worth"

APART: Final = (
    "What is on the dexs {} is added up here. On each of them, it is the collateral of its own positions only."
)
ISOLATED: Final = (
    "Margin is isolated. Hyperliquid tells the maintenance margin of cross positions only, {}, so maintenance_margin is"
    " not known."
)


@frozen
class Dex:
    """
    A dex: its name, and what the account has on it.
    """

    name: str
    state: ClearinghouseState

    @property
    def title(self) -> str:
        """
        What it is called in a note.
        """
        return self.name or "of Hyperliquid itself"

    @property
    def positions(self) -> list[Position]:
        """
        The open positions.
        """
        return [held.position for held in self.state.asset_positions]

    @property
    def has_value(self) -> bool:
        """
        True if there are positions, or something that backs some.
        """
        return bool(self.positions or self.state.margin_summary.account_value)

    @property
    def is_used(self) -> bool:
        """
        False where there is nothing.
        """
        return bool(self.has_value or self.state.withdrawable)

    @property
    def is_isolated(self) -> bool:
        """
        Whether a part of what it is worth backs isolated positions or orders.
        """
        return bool(
            isolated(self.positions)
            or self.state.margin_summary.account_value != self.state.cross_margin_summary.account_value
        )


def whole(state: ClearinghouseState) -> ClearinghouseState:
    """
    Return *state*, if its positions can be all of them: what has a value and is not listed would pass for cash.

    Raises:
        InvalidResponseError: There are none, and they have a value, or a maintenance margin.

    """
    told = (state.margin_summary.total_ntl_pos, state.cross_maintenance_margin_used)
    if any(told) and not state.asset_positions:
        msg = "marginSummary.totalNtlPos: the value of positions of which none is listed."
        raise InvalidResponseError(msg, hint="Ask again, as it may just have changed; then look for a newer plugin.")
    return state


def isolated(positions: Iterable[Position]) -> list[Position]:
    """
    Return those of *positions* that have a margin of their own.

    Raises:
        InvalidResponseError: One is neither cross nor isolated.

    """
    found = []
    for position in positions:
        if position.leverage.type_ not in {"cross", "isolated"}:
            msg = f"A position is margined in a way that is not known: {position.leverage.type_!r:.24}."
            raise InvalidResponseError(msg, hint="Look for a newer plugin.")
        if position.leverage.type_ == "isolated":
            found.append(position)
    return found


def pnl(positions: Iterable[Position]) -> Decimal:
    """
    Return the unrealized PnL of *positions*.
    """
    return total(position.unrealized_pnl for position in positions)


def one(row: Balance, dex: Dex) -> Balance:
    """
    Fill *row* with what an account has on one dex.
    """
    state, positions = dex.state, dex.positions
    gained, apart = pnl(positions), pnl(isolated(positions))
    cross = less(gained, apart)
    equity, backing = state.margin_summary.account_value, state.cross_margin_summary.account_value
    row = evolve(row, equity=equity, max_withdraw=state.withdrawable)
    row = row.derive("unrealized_pnl", gained, PNL if positions else NONE)
    row = row.derive("wallet_balance", less(equity, gained), WALLET)
    row = row.derive("cross_unrealized_pnl", cross, CROSS_PNL if positions else NONE)
    row = row.derive("cross_wallet_balance", less(backing, cross), CROSS_WALLET)
    used, maintenance = state.margin_summary.total_margin_used, state.cross_maintenance_margin_used
    if not dex.is_isolated:
        return evolve(row, position_margin=used, maintenance_margin=maintenance)
    return row.derive("position_margin", less(used, apart), LOCKED).remark(ISOLATED.format(f"{maintenance:f}"))


#: What can be added up over dexs.
_SUMS: Final = (
    "wallet_balance",
    "unrealized_pnl",
    "equity",
    "position_margin",
    "max_withdraw",
    "cross_wallet_balance",
    "cross_unrealized_pnl",
)


def together(account: Account, asset: str, dexs: Sequence[Dex]) -> Balance:
    """
    Return the row of *asset*, which is the collateral of all of *dexs*.
    """
    row = Balance(account=account.name, venue=account.venue, asset=asset)
    rows = [one(row, dex) for dex in dexs]
    if len(rows) == 1:
        return rows[0]
    names = ", ".join(dex.title for dex in dexs)
    for name in _SUMS:
        row = row.derive(name, total(getattr(part, name) for part in rows), f"sum over the dexs {names}")
    return row.remark(APART.format(names))
