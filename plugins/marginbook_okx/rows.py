"""
What OKX says of one currency, and of the trading account as a whole, in our words.

Sources: the specification in ``specs/okx.openapi.yaml``, and the help page "Multi-currency margin mode: cross margin
trading" of 2024-10-25, which says what ``eq`` is made of. What follows from them:

- ``cashBal`` is without the margin of isolated positions. That is ``isoEq`` less ``isoUpl``, so the wallet balance is
  both together, less the interest that ``eq`` is less as well.
- ``upl`` is of all positions, cross and isolated, but for options: these are in ``eq`` with their value. ``stgyEq``,
  what trading bots hold, is in ``eq`` as well, and whether it is cash or PnL nobody says.
- So where ``eq`` is not what its known parts are, either cash or PnL, or both, are not known.
- What is owed is a balance below zero, so that nothing borrowed lies in the wallet. Of a debt that does not fit this,
  as by borrowing in Spot mode, it is not documented where it shows: cash and equity are not known then.
- The margins of a currency are told in Futures mode alone, and of cross positions alone.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Final

from attrs import frozen

from marginbook import Balance, Summary, figure, from_milliseconds, less, product
from marginbook_clients.okx.models.currency_balance import CurrencyBalance  # a field of a frozen class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from marginbook import Account
    from marginbook.wire import Unset
    from marginbook_clients.okx.models.account_balance import AccountBalance
    from marginbook_clients.okx.models.maximum_withdrawal import MaximumWithdrawal

#: Our words for the account modes.
_MODES: Final = {"1": "spot", "2": "single-asset", "3": "multi-assets", "4": "portfolio"}

WALLET: Final = "cashBal + isoEq - isoUpl - interest"
CROSS_PNL: Final = "upl - isoUpl"

FUNDS: Final = (
    "OKX's equity is {:f} more than cash and PnL. Of bots and copied trades, {}, it does not say what is cash and what"
    " is PnL, so wallet_balance and unrealized_pnl are not known."
)
OPTIONS: Final = (
    "OKX's equity is {:f} more than cash and PnL. By its own formula that is the value of options, of which upl has"
    " nothing, so unrealized_pnl is not known."
)
OWED: Final = (
    "OKX says that {:f} is owed, and not whether cashBal has it in it, so wallet_balance is not known, nor is equity"
    " unless it is clear that eq is without it."
)
NO_SPLIT: Final = (
    "OKX does not tell the unrealized PnL of isolated positions apart, so wallet_balance and unrealized_pnl are not"
    " known."
)
MIXED: Final = (
    "OKX's equity is {:f} more than cashBal, isoEq and the PnL of cross positions, and with isolated positions it is"
    " not certain what that is, so wallet_balance and unrealized_pnl are not known."
)
UNTOLD: Final = (
    "OKX's equity is {:f} more than the cash and PnL that it tells. It does not tell {}, which may be a part of that:"
    " wallet_balance and unrealized_pnl are not known."
)
TRIAL: Final = (
    "OKX tells trial funds of {:f}, which cannot leave the account and are no cash, and not whether cashBal has them in"
    " it: wallet_balance is not known, and equity may have them in it."
)
CROSS_ONLY: Final = (
    "The maintenance margin of the whole account is that of cross positions alone, as is adjusted_equity."
)

#: Which decimal of the largest amount is rounding: OKX computes with binary numbers of about 16 digits.
_ROUNDING: Final = Decimal("1E-13")

_ZERO: Final = Decimal()


@frozen(slots=False)
class Makeup:
    """
    What the equity of a currency is made of.
    """

    row: CurrencyBalance
    pnl: Decimal | None
    isolated: Decimal
    isolated_pnl: Decimal | None
    interest: Decimal
    owed: Decimal
    owed_isolated: Decimal
    #: What bots and copied trades hold, by the venue's words.
    funds: dict[str, Decimal]
    #: What is not told although it applies to the mode of the account, by the venue's words.
    untold: tuple[str, ...]

    @classmethod
    def of(cls, row: CurrencyBalance) -> Makeup:
        """
        Read a row. What does not apply to the mode of the account is nothing, and so is what is not told, unless
        equity has more in it.
        """
        isolated = figure("isoEq", row.iso_eq) or _ZERO
        isolated_pnl = figure("isoUpl", row.iso_upl)
        pnl = figure("upl", row.upl)
        return cls(
            row,
            pnl,
            isolated,
            _ZERO if isolated_pnl is None and not isolated else isolated_pnl,
            figure("interest", row.interest) or _ZERO,
            figure("liab", row.liab) or _ZERO,
            figure("isoLiab", row.iso_liab) or _ZERO,
            _funds(row),
            tuple(_untold(row, pnl)),
        )

    @cached_property
    def rest(self) -> Decimal:
        """
        What of equity is neither cash nor PnL that is told; 0 if there is nothing but rounding.
        """
        found = less(
            self.row.eq,
            self.row.cash_bal,
            self.isolated,
            self.pnl or _ZERO,
            (self.isolated_pnl or _ZERO).copy_negate(),
            self.interest.copy_negate(),
        )
        return _ZERO if self.is_rounding(found) else found

    def is_rounding(self, difference: Decimal) -> bool:
        """
        True if a difference may come from how the venue computes.
        """
        amounts = (self.row.eq, self.row.cash_bal, self.isolated, self.pnl or _ZERO)
        return difference.copy_abs() <= product(max(found.copy_abs() for found in amounts), _ROUNDING)

    @cached_property
    def is_doubtful(self) -> bool:
        """
        True if more is owed than a balance below zero accounts for.
        """
        below = max(less(self.isolated, self.row.eq), _ZERO)
        excess = less(self.owed, below, self.interest)
        return self.owed_isolated != 0 or (excess > 0 and not self.is_rounding(excess))

    @property
    def is_net(self) -> bool:
        """
        True if equity is just what is owed less than its parts: it is without the debt, and cash is with it.
        """
        return self.is_rounding(less(self.rest, self.owed.copy_negate()))

    @property
    def cash(self) -> Decimal | None:
        """
        The wallet, with that of isolated positions; None where it is not certain.
        """
        if self.is_doubtful or self.isolated_pnl is None or figure("rewardBal", self.row.reward_bal):
            return None
        if self.rest and (self.isolated or self.funds or self.untold):
            return None
        parts = (self.isolated.copy_negate(), self.isolated_pnl, self.interest)
        # Not by arithmetic where there is nothing to do: it might add digits.
        return less(self.row.cash_bal, *parts) if any(parts) else self.row.cash_bal

    @property
    def is_apart(self) -> bool:
        """
        False if it is certain that all of equity backs cross positions: nothing isolated, and nothing that bots hold.
        """
        return bool(self.isolated or (self.rest and (self.funds or self.untold)))

    @property
    def all_pnl(self) -> Decimal | None:
        """
        The unrealized PnL of all positions; None where it is not certain.
        """
        if self.isolated_pnl is None:
            return None
        return self.pnl if not self.rest or (self.is_doubtful and self.is_net) else None

    @property
    def equity(self) -> Decimal | None:
        """
        Equity; None where a debt may be in it.
        """
        return self.row.eq if not self.is_doubtful or self.is_net else None


def _held_by_others(row: CurrencyBalance) -> dict[str, str | Unset]:
    """
    Return what the venue writes of bots and copied trades.
    """
    return {
        "stgyEq": row.stgy_eq,
        "smtSyncEq": row.smt_sync_eq,
        "spotCopyTradingEq": row.spot_copy_trading_eq,
        "spotIsoBal": row.spot_iso_bal,
    }


def _funds(row: CurrencyBalance) -> dict[str, Decimal]:
    return {name: found for name, digits in _held_by_others(row).items() if (found := figure(name, digits))}


def _untold(row: CurrencyBalance, pnl: Decimal | None) -> Iterator[str]:
    # Spot mode has no positions, and so no PnL. In Futures mode nothing is borrowed.
    if pnl is not None and figure("isoEq", row.iso_eq) is None:
        yield "isoEq"
    if figure("imr", row.imr) is None and figure("interest", row.interest) is None:
        yield "interest"
    yield from (name for name, digits in _held_by_others(row).items() if figure(name, digits) is None)


def balance(account: Account, row: CurrencyBalance, leaving: Mapping[str, MaximumWithdrawal] | None = None) -> Balance:
    """
    Translate one currency.

    Args:
        account: Whose it is.

        row: As the venue sent it.

        leaving: What can leave the account, by currency, where that was asked for.

    Raises:
        InvalidResponseError: An amount is neither a number nor empty.

    """
    made = Makeup.of(row)
    # A currency without it is not of an account in Futures mode.
    margin = figure("imr", row.imr)
    free = figure("availEq", row.avail_eq)
    told = Balance(
        account=account.name,
        venue=account.venue,
        asset=row.ccy,
        wallet_balance=made.cash,
        unrealized_pnl=made.all_pnl,
        equity=made.equity,
        initial_margin=margin if _is_all(margin, free, made) else None,
        order_margin=None if margin is None else figure("ordFrozen", row.ord_frozen),
        maintenance_margin=None if margin is None or made.is_apart else figure("mmr", row.mmr),
        available_balance=free,
        max_withdraw=_leaving((leaving or {}).get(row.ccy)),
        cross_wallet_balance=None if made.cash is None or made.interest else row.cash_bal,
        updated_at=from_milliseconds(figure("uTime", row.u_time) or 0),
        notes=_remarks(made),
    )
    if made.cash is not None and (made.isolated or made.interest):
        told = told.derive("wallet_balance", made.cash, WALLET)
    if made.all_pnl is None or made.isolated_pnl is None:
        return told
    return told.derive("cross_unrealized_pnl", less(made.all_pnl, made.isolated_pnl), CROSS_PNL)


def _mode(whole: AccountBalance) -> str:
    """
    Return the account mode, where the balance shows it: in Futures mode, and there alone, each currency has margins of
    its own, and the account as a whole has none.
    """
    own = any(figure("imr", row.imr) is not None for row in whole.details)
    shared = (figure("adjEq", whole.adj_eq), figure("imr", whole.imr), figure("mmr", whole.mmr))
    return "2" if own and shared == (None, None, None) else ""


def _is_all(margin: Decimal | None, free: Decimal | None, made: Makeup) -> bool:
    """
    True if the margin of cross positions is all that is locked: the documents do not say whether orders are in it.
    """
    if margin is None or free is None or made.isolated or made.rest:
        return False
    return made.is_rounding(less(made.row.eq, free, margin))


def _leaving(row: MaximumWithdrawal | None) -> Decimal | None:
    if row is None:
        return None
    found, hedging = figure("maxWd", row.max_wd), figure("spotOffsetMaxWd", row.spot_offset_max_wd)
    # Which of the two holds depends on a setting that is deprecated.
    return found if hedging in {None, found} else None


def _remarks(made: Makeup) -> Iterator[str]:
    if made.isolated_pnl is None:
        yield NO_SPLIT
    elif made.is_doubtful:
        yield OWED.format(made.owed)
    elif made.rest and made.isolated:
        yield MIXED.format(made.rest)
    elif made.rest and made.funds:
        yield FUNDS.format(made.rest, ", ".join(f"{name} {found:f}" for name, found in made.funds.items()))
    elif made.rest and made.untold:
        yield UNTOLD.format(made.rest, " and ".join(made.untold))
    elif made.rest:
        yield OPTIONS.format(made.rest)
    if trial := figure("rewardBal", made.row.reward_bal):
        yield TRIAL.format(trial)


def summary(account: Account, whole: AccountBalance, mode: str | None = None) -> Summary:
    """
    Translate the account as a whole.

    Raises:
        InvalidResponseError: An amount is neither a number nor empty.

    """
    made = [Makeup.of(row) for row in whole.details]
    # Empty is no zero: where other figures are told, isolated positions may be in none of them.
    isolated = figure("isoEq", whole.iso_eq) != 0
    maintained = figure("mmr", whole.mmr)
    cross = None if any(one.rest for one in made) else figure("upl", whole.upl)
    return Summary(
        account=account.name,
        venue=account.venue,
        currency="USD",
        mode=_MODES.get(mode or _mode(whole), mode),
        unrealized_pnl=None if isolated else cross,
        equity=None if any(one.is_doubtful for one in made) else whole.total_eq,
        adjusted_equity=figure("adjEq", whole.adj_eq),
        initial_margin=None if isolated else figure("imr", whole.imr),
        order_margin=None if isolated else figure("ordFroz", whole.ord_froz),
        maintenance_margin=maintained,
        available_balance=figure("availEq", whole.avail_eq),
        cross_unrealized_pnl=cross,
        updated_at=from_milliseconds(figure("uTime", whole.u_time) or 0),
        notes=[CROSS_ONLY] if isolated and maintained is not None else [],
    )
