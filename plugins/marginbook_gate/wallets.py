"""
The wallet of a classic account in one settlement currency.

Source: the specification in ``specs/gate.openapi.yaml``. What follows from it, from its example, and from a body that
was seen in 2025:

- The old mode has the margin of positions in ``position_margin``, the new one in ``isolated_position_margin`` and
  ``cross_initial_margin``, where ``position_margin`` is 0 although there are positions. The flag that tells the modes
  apart is deprecated. So margin is told only where it is what is missing from ``total``: in the example that is true of
  the old mode's figure, in the body that was seen of the new mode's.
- ``available`` is what can be transferred out, with the bonus, which cannot. Gains are not in it, so that it is not
  what can back a cross position; that is ``cross_available``.
- ``total`` is of classic accounts alone. Accounts were seen that call themselves classic, with a ``total`` next to
  nothing and much ``available``: there it is not the wallet.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from marginbook import Balance, less, total
from marginbook.wire import Unset, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marginbook import Account
    from marginbook_clients.gate.models.futures_account import FuturesAccount

MAX_WITHDRAW: Final = "available - bonus"
POSITION_MARGIN: Final = (
    "cross_initial_margin + isolated_position_margin, where that and order_margin are all that is locked"
)

NO_WALLET: Final = (
    "Gate tells of more cash than total has, so total is not the wallet: wallet_balance, equity and max_withdraw are"
    " not known."
)
NO_MARGIN: Final = (
    "None of Gate's two ways to tell the margin of positions is what is missing from total, so position_margin and"
    " initial_margin are not known."
)
NO_WITHDRAW: Final = (
    "More is available than total less the margins that Gate tells, so gains may be in it: max_withdraw is not known."
)
LOSING: Final = (
    "Less can back cross positions than can be transferred out by Gate's figures, as where these lose: max_withdraw is"
    " not known."
)
NO_CROSS: Final = (
    "Gate does not tell what can back cross positions, cross_available, and these may lose: max_withdraw is not known."
)
NO_BONUS: Final = (
    "Gate does not tell the bonus, which would be in what is available and cannot leave the account: max_withdraw is"
    " not known."
)
NO_MAINTENANCE: Final = (
    "Gate tells a maintenance_margin of 0 although there are positions, or may be, so it is not known."
)
ISOLATED: Final = (
    "Margin is isolated, and each isolated position is liquidated by itself. Gate's maintenance_margin, {:f}, is of all"
    " positions together, so it is not known at which equity the venue liquidates."
)
BONUS_IN_TOTAL: Final = (
    "By Gate's figures total has the bonus in it, which is no cash: wallet_balance and equity are not known."
)

_ZERO: Final = Decimal()


def is_unified(wallet: FuturesAccount) -> bool:
    """
    True if the wallet is a part of a unified account, where its figures mean something else.
    """
    return wallet.enable_credit is True or (not isinstance(wallet.margin_mode, Unset) and wallet.margin_mode != 0)


def balance(account: Account, wallet: FuturesAccount) -> Balance:
    """
    Translate the wallet of a classic account.
    """
    new = _is_new(wallet)
    row = Balance(
        account=account.name,
        venue=account.venue,
        asset=wallet.currency,
        wallet_balance=wallet.total if _is_wallet(wallet) and not _has_bonus(wallet) else None,
        unrealized_pnl=wallet.unrealised_pnl,
        position_margin=_old_margin(wallet),
        order_margin=wallet.order_margin,
        maintenance_margin=_maintenance(wallet),
        available_balance=known(wallet.cross_available) if new else None,
        cross_unrealized_pnl=known(wallet.cross_unrealised_pnl) if new else None,
        notes=_remarks(wallet),
    )
    derived = {POSITION_MARGIN: ("position_margin", _new_margin(wallet)), MAX_WITHDRAW: ("max_withdraw", _free(wallet))}
    for identity, (name, amount) in derived.items():
        row = row if amount is None else row.derive(name, amount, identity)
    return row


def _is_new(wallet: FuturesAccount) -> bool:
    """
    False if the wallet is of the old mode, as the example is: its cross figures fit nothing else in it. Where the flag
    is missing, as it is deprecated, the margin of positions decides.
    """
    flag = wallet.enable_evolved_classic
    return _cross_and_isolated(wallet) == _locked(wallet) if isinstance(flag, Unset) else flag


def _own(wallet: FuturesAccount) -> Decimal:
    """
    Return what is available without the bonus.
    """
    return less(wallet.available, known(wallet.bonus) or _ZERO)


def _is_wallet(wallet: FuturesAccount) -> bool:
    """
    False if the venue's other figures tell of more cash than ``total`` has.
    """
    cross, pnl = known(wallet.cross_margin_balance), known(wallet.cross_unrealised_pnl)
    cash = _ZERO if cross is None or pnl is None else less(cross, pnl)
    return max(cash, _own(wallet)) <= wallet.total


def _has_bonus(wallet: FuturesAccount) -> bool:
    """
    True if the margins are what is missing from ``total`` only where it has the bonus in it, as what is available has.
    """
    margins = (known(wallet.position_margin), _cross_and_isolated(wallet))
    locked = less(wallet.total, wallet.available, wallet.order_margin)
    return bool(known(wallet.bonus)) and locked in margins and _locked(wallet) not in margins


def _locked(wallet: FuturesAccount) -> Decimal:
    """
    Return what positions lock, if all that is missing from ``total`` is locked.
    """
    return less(wallet.total, _own(wallet), wallet.order_margin)


def _old_margin(wallet: FuturesAccount) -> Decimal | None:
    margin = known(wallet.position_margin)
    return margin if margin == _locked(wallet) else None


def _new_margin(wallet: FuturesAccount) -> Decimal | None:
    margin = _cross_and_isolated(wallet)
    return margin if margin == _locked(wallet) and _old_margin(wallet) is None else None


def _cross_and_isolated(wallet: FuturesAccount) -> Decimal | None:
    cross, isolated = known(wallet.cross_initial_margin), known(wallet.isolated_position_margin)
    return total((cross, isolated))


def _free(wallet: FuturesAccount) -> Decimal | None:
    """
    Return what can be transferred out, or None where gains, which cannot, may be in it, or cross positions lose.
    """
    margins = (known(wallet.position_margin), _cross_and_isolated(wallet))
    if not _is_wallet(wallet) or _is_losing(wallet):
        return None
    if _locked(wallet) in margins:
        # With a bonus, it would not fit.
        return _own(wallet)
    told = [margin for margin in margins if margin is not None]
    if isinstance(wallet.bonus, Unset) or not told:
        return None
    most = less(wallet.total, wallet.order_margin, max(told))
    return _own(wallet) if _own(wallet) <= most else None


def _is_losing(wallet: FuturesAccount) -> bool:
    """
    True if losses of cross positions are not in what is available, or may not be.
    """
    flag, cross = wallet.enable_evolved_classic, known(wallet.cross_available)
    if cross is None:
        return flag is True
    return flag is not False and cross < _own(wallet)


def _maintenance(wallet: FuturesAccount) -> Decimal | None:
    """
    Return the maintenance margin, which the old mode does not tell; it may write 0 then. With isolated positions, it is
    no equity at which the venue liquidates.
    """
    if known(wallet.isolated_position_margin):
        return None
    margins = (known(wallet.position_margin), _cross_and_isolated(wallet))
    margin = known(wallet.maintenance_margin)
    # Where no margin of positions is told, there may be some.
    held = any(margins) or margins == (None, None) or wallet.unrealised_pnl
    return None if margin == 0 and held else margin


def _remarks(wallet: FuturesAccount) -> Iterator[str]:
    if not _is_wallet(wallet):
        yield NO_WALLET
    elif _is_losing(wallet):
        yield NO_CROSS if isinstance(wallet.cross_available, Unset) else LOSING
    elif _free(wallet) is None:
        yield NO_BONUS if isinstance(wallet.bonus, Unset) else NO_WITHDRAW
    if _old_margin(wallet) is None and _new_margin(wallet) is None:
        yield NO_MARGIN
    if (maintenance := known(wallet.maintenance_margin)) is not None and _maintenance(wallet) is None:
        yield ISOLATED.format(maintenance) if maintenance else NO_MAINTENANCE
    if _has_bonus(wallet):
        yield BONUS_IN_TOTAL
    if bonus := known(wallet.bonus):
        yield (
            f"There is a bonus of {bonus:f}, which cannot be withdrawn. Gate does not say whether it is in total;"
            " marginbook takes it that it is not, unless the figures say so."
        )
