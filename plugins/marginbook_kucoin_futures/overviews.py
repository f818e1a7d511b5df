"""
The account in one settlement currency, translated.

Source: the specification in ``specs/kucoin_futures.openapi.yaml``. KuCoin documents two formulas:

- ``accountEquity = marginBalance + unrealisedPNL``. It says what ``marginBalance`` is: the wallet. Two of the three
  published accounts with positions do not fit. Where one does not, it is not known whether something is missing from
  the wallet, as unsettled funding of isolated positions would be, so that the wallet balance is not told.
- ``marginBalance = positionMargin + orderMargin + frozenFunds + availableBalance - unrealisedPNL``. It holds in none of
  the three; in one of them ``positionMargin`` has all of the unrealized PnL in it. For isolated positions, as KuCoin's
  other channel tells them, the same holds with no PnL taken off. The position margin is told where either holds.

Amounts are binary fractions at KuCoin, so that sums may be off in the last digits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from marginbook import Balance, less, total
from marginbook.wire import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marginbook import Account
    from marginbook_clients.kucoin_futures.models.account_overview import AccountOverview

NO_WALLET: Final = (
    "accountEquity is {:f} more than marginBalance + unrealisedPNL, which KuCoin says it is. So it is not known whether"
    " marginBalance is the whole wallet, and wallet_balance is not known."
)
NO_MARGIN: Final = (
    "positionMargin does not fit marginBalance and what is available, and may have unrealized PnL in it:"
    " position_margin and initial_margin are not known."
)

#: Units of the asset by which sums of rounded amounts may be off.
ROUNDING: Final = Decimal("0.00000001")


def balance(account: Account, told: AccountOverview) -> Balance:
    """
    Translate the account in one settlement currency.
    """
    return Balance(
        account=account.name,
        venue=account.venue,
        asset=told.currency,
        wallet_balance=None if _gap(told) else told.margin_balance,
        unrealized_pnl=told.unrealised_pnl,
        equity=told.account_equity,
        position_margin=told.position_margin if _is_margin(told) else None,
        order_margin=told.order_margin,
        available_balance=told.available_balance,
        max_withdraw=known(told.max_withdraw_amount),
        notes=_remarks(told),
    )


def _gap(told: AccountOverview) -> Decimal:
    """
    Return what equity has more than the wallet and the PnL, or 0 where that is rounding.
    """
    gap = less(told.account_equity, told.margin_balance, told.unrealised_pnl)
    return Decimal() if _is_rounding(gap) else gap


def _is_margin(told: AccountOverview) -> bool:
    """
    True if the position margin is without PnL, by one of the two formulas.
    """
    free = less(told.margin_balance, told.position_margin, told.order_margin, told.frozen_funds, told.available_balance)
    return _is_rounding(free) or _is_rounding(total((free, told.unrealised_pnl)))


def _is_rounding(amount: Decimal) -> bool:
    return amount.copy_abs() <= ROUNDING


def _remarks(told: AccountOverview) -> Iterator[str]:
    if gap := _gap(told):
        yield NO_WALLET.format(gap)
    if not _is_margin(told):
        yield NO_MARGIN
    if told.frozen_funds:
        yield f"{told.frozen_funds:f} is frozen for a transfer out: it is in the wallet, and in no margin."
