"""
Binance COIN-M futures with margins and isolated positions, from ``GET /dapi/v1/account``.

Source: the specification in ``specs/binance_coinm.openapi.yaml``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import evolve

from marginbook import Statement, less
from marginbook_binance import margins
from marginbook_clients.binance_coinm.api.account import account_information

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from marginbook import Account
    from marginbook.wire import Client
    from marginbook_clients.binance_coinm.models.asset_margin import AssetMargin
    from marginbook_clients.binance_coinm.models.position import Position

_is_of_coin: Final = re.compile(r"(?P<coin>.+)USD_(PERP|[0-9]{6})").fullmatch


def in_detail(account: Account, client: Client) -> Statement:
    """
    Ask for margins and positions.
    """
    answer = account_information.sync(client=client, recv_window=account.options["recv_window"])
    coins = [row.asset for row in answer.assets]
    positions = [_position(position, coins) for position in answer.positions]
    return margins.statement(
        account,
        [margins.translate(account, row, updated=row.update_time or 0) for row in answer.assets],
        [_with_equity(position, positions, answer.assets) for position in positions],
    )


def _with_equity(
    position: margins.Position, positions: Iterable[margins.Position], rows: Iterable[AssetMargin]
) -> margins.Position:
    """
    Tell what an isolated position has behind it, where it is the only one of its coin: all that is not cross. The
    answer has no isolated wallets.
    """
    alike = [other for other in positions if other.isolated and other.asset == position.asset]
    whole = [row for row in rows if row.asset == position.asset]
    if not position.isolated or len(alike) != 1 or len(whole) != 1:
        return position
    return evolve(position, equity=less(whole[0].margin_balance, whole[0].cross_wallet_balance, whole[0].cross_un_pnl))


def _position(row: Position, coins: Collection[str]) -> margins.Position:
    return margins.Position(
        symbol=row.symbol,
        side=row.position_side,
        asset=margin_coin(row.symbol, coins),
        unrealized_pnl=row.unrealized_profit,
        initial_margin=row.initial_margin,
        position_margin=row.position_initial_margin,
        order_margin=row.open_order_initial_margin,
        maintenance_margin=row.maint_margin,
        # A symbol that is set to isolated margin has no wallet of its own until there is a position.
        isolated=row.isolated and any((row.position_initial_margin, row.maint_margin, row.unrealized_profit)),
    )


def margin_coin(symbol: str, coins: Collection[str]) -> str | None:
    """
    Return the one of *coins* that is the margin of a contract, or None where the symbol does not tell.

    Contracts are called by their coin: ``BTCUSD_PERP``, ``BTCUSD_261225``. Source: "Exchange Information" of COIN-M
    futures.
    """
    found = _is_of_coin(symbol)
    return found["coin"] if found and found["coin"] in coins else None
