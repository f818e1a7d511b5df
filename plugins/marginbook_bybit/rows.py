"""
What Bybit says of one coin, and of the account as a whole, in our words.

Source: the specification in ``specs/bybit.openapi.yaml``. What follows from it:

- ``walletBalance`` has in it what was borrowed on spot or by hand, ``spotBorrow``. That is not the account's own, so
  the wallet balance is what remains without it. Answers from before that field was introduced have neither.
- ``equity`` is that, ``unrealisedPnl`` and the value of options. So where more or less remains, the account has
  options, and the unrealized PnL of all positions is not known: what was paid for options is in no figure.
- Margins are summed over the positions that are settled in a coin. Loans have a maintenance margin as well, which is
  told of the whole account only.
- ``""`` is how the venue writes that a figure does not apply, as most in isolated and in portfolio margin.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from marginbook import Balance, Summary, figure, less, total
from marginbook_clients.bybit.models.coin import Coin  # a field of a frozen class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from marginbook import Account
    from marginbook_clients.bybit.models.unified_account import UnifiedAccount

#: The margin mode in which nothing is shared.
ISOLATED: Final = "ISOLATED_MARGIN"

#: Wallets of inverse contracts, in which nothing can be borrowed.
CONTRACT: Final = "CONTRACT"

#: The margin mode in which nothing is locked by coin.
PORTFOLIO: Final = "PORTFOLIO_MARGIN"

#: Our words for the margin modes.
_MODES: Final = {"REGULAR_MARGIN": "multi-assets", PORTFOLIO: "portfolio"}

WALLET: Final = "walletBalance - spotBorrow"
AVAILABLE: Final = "walletBalance - totalPositionIM - totalOrderIM - locked - bonus, in isolated margin"

OPTIONS: Final = (
    "Bybit's equity is {:f} more than the wallet balance and unrealisedPnl. By its own formula that is the value of"
    " options, of which unrealisedPnl has nothing, so unrealized_pnl is not known."
)
UNCLEAR: Final = (
    "Bybit's equity is off by just what borrowAmount and spotBorrow differ, so it is not known what of the wallet is"
    " the account's own: wallet_balance and unrealized_pnl are not known."
)
OWED: Final = (
    "Bybit says that {:f} is owed, and not whether it has taken that off walletBalance, so wallet_balance is not known."
)
UNTOLD: Final = (
    "Bybit leaves what is owed and what of it lies in the wallet, borrowAmount and spotBorrow, empty: wallet_balance is"
    " not known."
)
DOUBTFUL: Final = (
    "Bybit's equity is {:f} more than walletBalance and unrealisedPnl. Without what Bybit does not tell, that may be"
    " the value of options, of which unrealisedPnl has nothing: unrealized_pnl is not known."
)
BONUS: Final = "Bybit counts a bonus of {:f} in, which cannot leave the account."
APART: Final = (
    "Positions in isolated margin are liquidated one by one, and those in inverse contracts may be. Bybit's"
    " totalPositionMM, {:f}, is of all positions together, so maintenance_margin is not known."
)
FLOOR: Final = (
    "Bybit tells no available balance below 0, so equity after haircuts is not known, and the margin ratio is that of"
    " equity without haircuts. Bybit's own accountMMRate is {}."
)

#: What is too little to be the value of an option: the venue's digits are cut off somewhere.
_ROUNDING: Final = Decimal("0.00000002")


@frozen
class Owned:
    """
    A coin: what of it is the account's own.
    """

    #: What was borrowed and lies in the wallet; None where that is not known.
    borrowed: Decimal | None
    #: All that is owed; None where it is not told.
    owed: Decimal | None
    pnl: Decimal | None
    row: Coin
    #: The type of the account.
    kind: str

    @classmethod
    def of(cls, row: Coin, kind: str) -> Owned:
        """
        Read a row of an account of some type.
        """
        borrowed, owed = figure("spotBorrow", row.spot_borrow), figure("borrowAmount", row.borrow_amount)
        if borrowed is None and (owed == 0 or kind == CONTRACT):
            borrowed = Decimal()
        return cls(borrowed, owed, figure("unrealisedPnl", row.unrealised_pnl), row, kind)

    @property
    def is_free(self) -> bool:
        """
        True if it is certain that nothing is owed.
        """
        return self.owed == 0 or (self.owed is None and self.kind == CONTRACT)

    @property
    def cash(self) -> Decimal | None:
        """
        The wallet without what was borrowed.
        """
        if self.borrowed is None or self.is_unclear:
            return None
        # Not by arithmetic where there is nothing to do: it might add digits.
        return less(self.row.wallet_balance, self.borrowed) if self.borrowed else self.row.wallet_balance

    @property
    def rest(self) -> Decimal:
        """
        What of equity is neither cash nor PnL that is told; 0 where that is but rounding.
        """
        known = (self.borrowed or Decimal(), self.pnl or Decimal())
        found = less(self.row.equity, self.row.wallet_balance, known[0].copy_negate(), known[1])
        return found if found.copy_abs() > _ROUNDING else Decimal()

    @property
    def options(self) -> Decimal:
        """
        The value of options, by the venue's identity; 0 where it cannot be told apart.
        """
        return Decimal() if self.borrowed is None or self.pnl is None else self.rest

    @property
    def is_doubtful(self) -> bool:
        """
        True if there may be options, and something that is not told would have to be known to tell them apart.
        """
        if self.pnl is None:
            return bool(self.rest)
        return self.borrowed is None and self.rest != 0 and self.rest != (self.owed or Decimal()).copy_negate()

    @property
    def gain(self) -> Decimal | None:
        """
        The unrealized PnL of all positions; None where the account has options, or may have.
        """
        return None if _has_options(self) else self.pnl

    @property
    def is_unclear(self) -> bool:
        """
        True if what seems to be the value of options is what derivatives owe.
        """
        if not self.options or self.owed is None or self.borrowed is None:
            return False
        return self.options == less(self.borrowed, self.owed)


def balance(
    account: Account,
    row: Coin,
    *,
    kind: str,
    mode: str | None = None,
    leaving: Mapping[str, str] | None = None,
) -> Balance:
    """
    Translate one coin.

    Args:
        account: Whose it is.

        row: As the venue sent it.

        kind: The type of the account.

        mode: Its margin mode, where that is known.

        leaving: What can leave the account, by coin, where that was asked for.

    Raises:
        InvalidResponseError: An amount is neither a number nor empty.

    """
    owned = Owned.of(row, kind)
    # Bybit documents them as empty there, and writes 0 for other figures that do not apply.
    by_coin = mode != PORTFOLIO
    isolated = mode == ISOLATED or kind == CONTRACT
    told = Balance(
        account=account.name,
        venue=account.venue,
        asset=row.coin,
        wallet_balance=owned.cash,
        unrealized_pnl=owned.gain,
        equity=row.equity,
        position_margin=figure("totalPositionIM", row.total_position_im) if by_coin else None,
        order_margin=figure("totalOrderIM", row.total_order_im) if by_coin else None,
        maintenance_margin=_maintenance(owned, isolated=isolated) if by_coin else None,
        max_withdraw=_leaving(row, kind, leaving or {}),
        notes=_remarks(owned, isolated=isolated),
    )
    if owned.cash is None:
        return told
    if owned.borrowed:
        return told.derive("wallet_balance", owned.cash, WALLET)
    free = _free(row) if mode == ISOLATED else None
    return told if free is None else told.derive("available_balance", free, AVAILABLE)


def _maintenance(owned: Owned, *, isolated: bool) -> Decimal | None:
    """
    Return the maintenance margin, if that of positions is all, and no position is liquidated by itself.
    """
    found = figure("totalPositionMM", owned.row.total_position_mm)
    # That of loans is not in it.
    return None if not owned.is_free or (found and isolated) else found


def _leaving(row: Coin, kind: str, leaving: Mapping[str, str]) -> Decimal | None:
    # For unified accounts the field is deprecated, and published as 0.
    if kind == CONTRACT:
        return figure("availableToWithdraw", row.available_to_withdraw)
    return figure(f"availableWithdrawalMap.{row.coin}", leaving.get(row.coin, ""))


def _free(row: Coin) -> Decimal | None:
    """
    Return what can back new positions, by the formula that Bybit gives for isolated margin.
    """
    locked = {
        "totalPositionIM": row.total_position_im,
        "totalOrderIM": row.total_order_im,
        "locked": row.locked,
        "bonus": row.bonus,
    }
    amounts = [figure(name, digits) for name, digits in locked.items()]
    return less(row.wallet_balance, *amounts)


def _remarks(owned: Owned, *, isolated: bool) -> Iterator[str]:
    if owned.borrowed is None:
        yield UNTOLD if owned.owed is None else OWED.format(owned.owed)
    if owned.is_doubtful:
        yield DOUBTFUL.format(owned.rest)
    if owned.is_unclear:
        yield UNCLEAR
    elif owned.options:
        yield OPTIONS.format(owned.options)
    maintained = figure("totalPositionMM", owned.row.total_position_mm)
    if maintained and isolated:
        yield APART.format(maintained)
    if bonus := figure("bonus", owned.row.bonus):
        yield BONUS.format(bonus)


def summary(account: Account, whole: UnifiedAccount, mode: str | None = None) -> Summary:
    """
    Translate the account as a whole.

    Raises:
        InvalidResponseError: An amount is neither a number nor empty.

    """
    rows = [Owned.of(row, whole.account_type) for row in whole.coin]
    # The total has in it what was borrowed.
    own = all(owned.borrowed == 0 for owned in rows)
    told = Summary(
        account=account.name,
        venue=account.venue,
        currency="USD",
        mode=_MODES.get(mode or "", mode),
        wallet_balance=figure("totalWalletBalance", whole.total_wallet_balance) if own else None,
        unrealized_pnl=None if any(map(_has_options, rows)) else figure("totalPerpUPL", whole.total_perp_upl),
        equity=figure("totalEquity", whole.total_equity),
    )
    # Bybit says of the others that they do not apply there, and not that they are empty.
    return told if mode == ISOLATED else _with_margins(told, whole)


def told_mode(whole: UnifiedAccount) -> str | None:
    """
    Return the margin mode, as far as the wallet tells it: in isolated margin, and there alone, its rates are empty.
    """
    return None if whole.account_mm_rate or whole.account_im_rate else ISOLATED


def _has_options(owned: Owned) -> bool:
    return bool(owned.options) or owned.is_doubtful


def _with_margins(told: Summary, whole: UnifiedAccount) -> Summary:
    margin = figure("totalInitialMargin", whole.total_initial_margin)
    maintained = figure("totalMaintenanceMargin", whole.total_maintenance_margin)
    free = figure("totalAvailableBalance", whole.total_available_balance)
    # What is left of equity after haircuts is what is available and what is not. A 0 may stand for less than that.
    adjusted = total((free, margin)) if free else None
    return evolve(
        told,
        adjusted_equity=adjusted,
        initial_margin=margin,
        maintenance_margin=maintained,
        available_balance=free,
        notes=[FLOOR.format(whole.account_mm_rate)] if maintained and adjusted is None else [],
    )
