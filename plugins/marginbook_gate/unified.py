"""
A unified account: spot, futures and options with one collateral.

Source: the specification in ``specs/gate.openapi.yaml``, and Gate's help on the fields of unified accounts, as copied
in 2025. What follows from these:

- The equity of a currency is its balance, the unrealized PnL of its futures and the value of its options, less what was
  borrowed. That is told of what is cross alone. There is nothing isolated in portfolio mode, nor where ``iso_balance``
  is 0.
- What is available, and margins, are of the account as a whole, in USD; in single-currency mode, of USDT alone.
- No answer tells the unrealized PnL of a currency, so that there is no wallet balance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from marginbook import Balance, InvalidResponseError, Statement, Summary
from marginbook.wire import known
from marginbook_gate import wallets
from marginbook_gate.wallets import is_unified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from decimal import Decimal

    from marginbook import Account
    from marginbook_clients.gate.models.futures_account import FuturesAccount
    from marginbook_clients.gate.models.unified_account import UnifiedAccount
    from marginbook_clients.gate.models.unified_balance import UnifiedBalance

#: Gate's modes, in our words.
MODES: Final = {"single_currency": "single-asset", "multi_currency": "multi-assets", "portfolio": "portfolio"}

#: Of those, the modes in which the account as a whole has margins.
POOLED: Final = {"multi_currency", "portfolio"}

#: What backs futures in single-currency mode.
SINGLE: Final = "USDT"

UNIFIED: Final = (
    "The futures are a part of a unified account, so the rows are those of that account, with its spot. Gate tells no"
    " unrealized PnL by currency, so wallet_balance is not known."
)
ISOLATED: Final = "A part of this currency may be in isolated positions, whose PnL is not told: equity is not known."
BOTH: Final = (
    "Gate says that the wallet of {0} futures is not a part of the unified account, though other futures are, and not"
    " whether {0} of the unified account has it in it: equity is not known."
)


def statement(
    account: Account, answers: Iterable[FuturesAccount], whole: UnifiedAccount, notes: Iterable[str]
) -> Statement:
    """
    Put together the unified account, and the wallets that are no part of it.

    Raises:
        InvalidResponseError: The account is worth something, and no currency is listed.

    """
    if whole.unified_account_total_equity and not _currencies(whole):
        msg = "UnifiedAccount.balances: the account is worth something, and no currency is listed."
        raise InvalidResponseError(msg, hint="Ask again, as it may just have changed; then look for a newer plugin.")
    rows = {name: _balance(account, name, row, _mode(whole)) for name, row in _currencies(whole)}
    for wallet in answers:
        if not is_unified(wallet):
            apart = wallets.balance(account, wallet)
            rows[apart.asset] = _together(rows[apart.asset], apart) if apart.asset in rows else apart
    return Statement(list(rows.values()), notes=[UNIFIED, *notes], summary=_summary(account, whole))


def _currencies(whole: UnifiedAccount) -> Sequence[tuple[str, UnifiedBalance]]:
    return list(whole.balances.additional_properties.items())


def _mode(whole: UnifiedAccount) -> str:
    return whole.mode if isinstance(whole.mode, str) else ""


def _balance(account: Account, name: str, row: UnifiedBalance, mode: str) -> Balance:
    complete = _is_complete(row, mode)
    single = mode == "single_currency" and name == SINGLE
    return Balance(
        account=account.name,
        venue=account.venue,
        asset=name,
        equity=row.equity if complete else None,
        maintenance_margin=known(row.mm) if single and complete else None,
        available_balance=known(row.available_margin) if single else None,
        notes=_remarks(row, complete=complete),
    )


def _is_complete(row: UnifiedBalance, mode: str) -> bool:
    """
    True if nothing of a currency is in isolated positions.
    """
    return mode == "portfolio" or (mode in MODES and known(row.iso_balance) == 0)


def _remarks(row: UnifiedBalance, *, complete: bool) -> Iterator[str]:
    if not complete:
        yield ISOLATED
    if row.borrowed or row.negative_liab:
        yield (
            f"Gate is owed of this currency: borrowed {row.borrowed:f}, negative_liab {row.negative_liab:f}. Equity has"
            " that taken off."
        )


def _together(unified: Balance, apart: Balance) -> Balance:
    """
    Return one row for a currency of the unified account that has a wallet of its own as well.

    The mode is that of the user, so that a wallet of another mode contradicts it: no sum is certain, unless there is
    nothing in it.
    """
    if apart.wallet_balance == 0 and apart.unrealized_pnl == 0:
        return unified
    return evolve(
        unified,
        equity=None,
        maintenance_margin=None,
        available_balance=None,
        notes=(*unified.notes, *apart.notes, BOTH.format(apart.asset)),
    )


def _summary(account: Account, whole: UnifiedAccount) -> Summary:
    mode = _mode(whole)
    pooled = mode in POOLED and all(_is_complete(row, mode) for _, row in _currencies(whole))

    def shared(amount: Decimal) -> Decimal | None:
        return amount if pooled else None

    return Summary(
        account=account.name,
        venue=account.venue,
        currency="USD",
        mode=MODES.get(mode, mode or None),
        status="locked" if whole.locked else None,
        equity=whole.unified_account_total_equity if mode in MODES else None,
        adjusted_equity=shared(whole.total_margin_balance),
        initial_margin=shared(whole.total_initial_margin),
        maintenance_margin=shared(whole.total_maintenance_margin),
        available_balance=shared(whole.total_available_margin),
    )
