"""
The unrealized PnL of an asset, from its open positions.

Sources: the specification in ``specs/coinswitch.openapi.yaml``. The published example contradicts itself: its
``unrealised_pnl`` has the wrong sign, so that the PnL is computed from the prices. A position does not name the asset
that it is settled in, but locks margin, and the wallet says by symbol in which asset.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from marginbook import less, product, total

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from marginbook import Balance, Lock
    from marginbook_clients.coinswitch.models.position import Position

IDENTITY: Final = (
    "sum of (mark_price - avg_entry_price) x position_size of its open positions, with the opposite sign for SHORT"
)
NONE: Final = "there are no open positions"
EQUITY: Final = "wallet_balance + unrealized_pnl, if total_balance is without unrealized PnL, which is not documented"

_SIDES: Final = {"LONG": Decimal(1), "SHORT": Decimal(-1)}


def with_pnl(
    balances: Iterable[Balance], locks: Iterable[Lock], positions: Iterable[Position]
) -> tuple[list[Balance], list[str]]:
    """
    Return the balances with the unrealized PnL that follows from the positions, and what is to be said of these.

    The PnL of an asset stays unknown where a position of it, or one of no known asset, cannot be counted.
    """
    balances, locks, positions = tuple(balances), tuple(locks), tuple(positions)
    settled = _settled(locks, {balance.asset for balance in balances})
    lost = [position for position in positions if position.symbol not in settled]
    filled = []
    for balance in balances:
        own = [position for position in positions if settled.get(position.symbol) == balance.asset]
        filled.append(_fill(balance, own, [lock for lock in locks if lock.asset == balance.asset], lost))
    return filled, [note for position in positions if (note := _inversion(position))]


def _settled(locks: Iterable[Lock], assets: Collection[str]) -> dict[str, str]:
    """
    Return the asset of each symbol that locks margin in one asset of the wallet alone.
    """
    found: dict[str, set[str]] = {}
    for lock in locks:
        found.setdefault(lock.symbol, set()).add(lock.asset)
    return {symbol: min(own) for symbol, own in found.items() if len(own) == 1 and own.issubset(assets)}


def _fill(balance: Balance, own: Sequence[Position], locks: Iterable[Lock], lost: Sequence[Position]) -> Balance:
    told = {position.symbol for position in (*own, *lost)}
    untold = [lock.symbol for lock in locks if lock.position_margin and lock.symbol not in told]
    doubts = [
        *(f"of a position in {position.symbol} nothing says what it is settled in" for position in lost),
        *(f"{symbol} locks margin for a position that is not told" for symbol in untold),
        *(doubt for position in own if (doubt := _doubt(position, balance.asset))),
    ]
    if not own and balance.position_margin and not doubts:
        doubts = ["margin is locked for positions, and none is told"]
    if doubts:
        return balance.remark(f"unrealized_pnl and equity are not known: {'; '.join(doubts)}.")
    pnl = total(map(_pnl, own))
    filled = balance.derive("unrealized_pnl", pnl, IDENTITY if own else NONE)
    if balance.wallet_balance is None:
        return filled
    return filled.derive("equity", total((balance.wallet_balance, pnl)), EQUITY)


def _doubt(position: Position, asset: str) -> str:
    """
    Say why a position's PnL in *asset* is not certain, or "".
    """
    if not position.symbol.endswith(asset):
        return f"{position.symbol} may be priced in another asset than {asset}"
    if position.position_side not in _SIDES or position.status != "OPEN" or position.position_size < 0:
        return f"the position in {position.symbol} is neither LONG nor SHORT, not OPEN, or of a size below zero"
    return ""


def _pnl(position: Position) -> Decimal:
    return _at(position.mark_price, position)


def _at(price: Decimal, position: Position) -> Decimal:
    gain = product(less(price, position.avg_entry_price), position.position_size)
    return product(gain, _SIDES[position.position_side])


def _inversion(position: Position) -> str:
    """
    Say so where the venue's own PnL is a loss and both its prices say gain, or the other way round; otherwise "".
    """
    if position.position_side not in _SIDES:
        return ""
    own, marked = position.unrealised_pnl, _pnl(position)
    if not all(own * by < 0 for by in (marked, _at(position.last_price, position))):
        return ""
    return (
        f"CoinSwitch gives the position in {position.symbol} an unrealised_pnl of {own:f}, and {marked:f} follows from"
        " its mark price, entry price and size. The latter is used."
    )
