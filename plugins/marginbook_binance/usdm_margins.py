"""
Binance USDⓈ-M futures with margins and isolated positions, from ``GET /fapi/v3/account`` and
``GET /fapi/v1/accountConfig``.

Source: the specification in ``specs/binance_usdm.openapi.yaml``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from marginbook import InvalidResponseError, Statement, Summary
from marginbook_binance import margins
from marginbook_binance.rows import ONCE_MORE
from marginbook_clients.binance_usdm.api.account import account_configuration, account_information_v3

if TYPE_CHECKING:
    from collections.abc import Collection

    from marginbook import Account
    from marginbook.wire import Client
    from marginbook_clients.binance_usdm.models.account_information import AccountInformation
    from marginbook_clients.binance_usdm.models.position import Position


def in_detail(account: Account, client: Client) -> Statement:
    """
    Ask for margins, positions and totals.

    Raises:
        InvalidResponseError: The mode was switched meanwhile; to ask again helps.

    """
    shared = _shares_collateral(account, client)
    answer = account_information_v3.sync(client=client, recv_window=account.options["recv_window"])
    # The totals are of USDT, or of all assets in USD, and the answer does not say which. The mode may be switched
    # between the two calls, and then one would be taken for the other. Those that repeat the row of USDT are of it,
    # whenever the mode was asked for. Otherwise it is asked for again, and an account that has changed is asked anew as
    # a whole.
    if (shared or not _repeats_usdt(answer)) and _shares_collateral(account, client) is not shared:
        msg = "The account was switched between single-asset and multi-assets mode while it was asked."
        raise InvalidResponseError(msg, hint="Ask again.", transient=True)
    return read(account, answer, shared=shared)


def _shares_collateral(account: Account, client: Client) -> bool:
    window = account.options["recv_window"]
    return account_configuration.sync(client=client, recv_window=window).multi_assets_margin


def _repeats_usdt(answer: AccountInformation) -> bool:
    totals = (answer.total_wallet_balance, answer.total_unrealized_profit, answer.total_initial_margin)
    return totals in [
        (row.wallet_balance, row.unrealized_profit, row.initial_margin) for row in answer.assets if row.asset == "USDT"
    ]


def read(account: Account, answer: AccountInformation, *, shared: bool) -> Statement:
    """
    Say in our words what an account says.

    Args:
        account: Whose answer it is.

        answer: As the venue sent it.

        shared: True in multi-assets mode, where assets share collateral.

    Raises:
        InvalidResponseError: The account is worth something, and no asset is listed.

    """
    if answer.total_margin_balance and not answer.assets:
        msg = "GET /fapi/v3/account: the account is worth something, and no asset is listed."
        raise InvalidResponseError(msg, hint=ONCE_MORE)
    assets = [row.asset for row in answer.assets]
    return margins.statement(
        account,
        [margins.translate(account, row, updated=row.update_time) for row in answer.assets],
        [_position(position, assets) for position in answer.positions],
        _summary(account, answer, shared=shared),
    )


def _position(row: Position, assets: Collection[str]) -> margins.Position:
    # The answer does not say so: only a position with a wallet of its own has something in it, or a gain or loss on it.
    isolated = bool(row.isolated_wallet or row.isolated_margin)
    return margins.Position(
        symbol=row.symbol,
        side=row.position_side,
        asset=margin_asset(row.symbol, assets),
        unrealized_pnl=row.unrealized_profit,
        initial_margin=row.initial_margin,
        maintenance_margin=row.maint_margin,
        isolated=isolated,
        wallet=row.isolated_wallet if isolated else None,
        equity=row.isolated_margin if isolated else None,
    )


def margin_asset(symbol: str, assets: Collection[str]) -> str | None:
    """
    Return the one of *assets* that is the margin of a contract, or None where the symbol does not tell.

    The contracts are called by what is traded and what it is quoted in, which is their margin as well: ``BTCUSDT``,
    ``BTCUSDT_261225``. Source: "Exchange Information" of USDⓈ-M futures.
    """
    pair = re.sub(r"_\d{6}$", "", symbol)
    endings = [asset for asset in assets if pair.endswith(asset) and pair != asset]
    return endings[0] if len(endings) == 1 else None


def _summary(account: Account, answer: AccountInformation, *, shared: bool) -> Summary:
    return Summary(
        account=account.name,
        venue=account.venue,
        currency="USD" if shared else "USDT",
        asset=None if shared else "USDT",
        mode="multi-assets" if shared else "single-asset",
        wallet_balance=answer.total_wallet_balance,
        unrealized_pnl=answer.total_unrealized_profit,
        equity=answer.total_margin_balance,
        initial_margin=answer.total_initial_margin,
        position_margin=answer.total_position_initial_margin,
        order_margin=answer.total_open_order_initial_margin,
        maintenance_margin=answer.total_maint_margin,
        available_balance=answer.available_balance,
        max_withdraw=answer.max_withdraw_amount,
        cross_wallet_balance=answer.total_cross_wallet_balance,
        cross_unrealized_pnl=answer.total_cross_un_pnl,
    )
