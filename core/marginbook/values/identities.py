"""
The identities between figures: what follows from what a venue reported, and where a reader has to be warned.

They hold by the definitions in `Balance`, whatever the venue. A figure that the venue reported is never replaced.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import evolve

from marginbook.values.balance import AMOUNTS
from marginbook.values.money import ZERO, plain, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.values.balance import Balance
    from marginbook.values.summary import Summary

#: A figure, and the two that it is the sum of.
SUMS: Final = (
    ("equity", ("wallet_balance", "unrealized_pnl")),
    ("initial_margin", ("position_margin", "order_margin")),
)

#: What more than an asset backs by itself means, where an account may share collateral, and where it does not.
SHARED: Final = (
    ": the account shares collateral between assets, and the same collateral is offered in each of their rows"
)
SINGLE: Final = ", although the venue says that the account does not share collateral between assets"


def derive(balance: Balance, *, elsewhere: str = "", alone: bool = False) -> Balance:
    """
    Fill in what follows from the reported figures, and note what a reader would miss or misread.

    Args:
        balance: As the venue reported it.

        elsewhere: Where the unrealized PnL of isolated positions could be learned, as a sentence.

        alone: True if the venue says that assets of the account do not share collateral.

    """
    return _remark(_compare(_add(_all_positions(balance))), elsewhere, SINGLE if alone else SHARED)


def _all_positions(balance: Balance) -> Balance:
    """
    Without an isolated wallet there are no isolated positions, so the cross positions are all of them.
    """
    if (
        balance.unrealized_pnl is None
        and balance.cross_unrealized_pnl is not None
        and balance.wallet_balance is not None
        and balance.wallet_balance == balance.cross_wallet_balance
    ):
        identity = "cross_unrealized_pnl, as wallet_balance = cross_wallet_balance"
        return balance.derive("unrealized_pnl", balance.cross_unrealized_pnl, identity)
    return balance


def _add(balance: Balance) -> Balance:
    for name, terms in SUMS:
        amount = total(getattr(balance, term) for term in terms)
        if getattr(balance, name) is None and amount is not None:
            balance = balance.derive(name, amount, " + ".join(terms))
    return balance


def _compare(balance: Balance) -> Balance:
    return evolve(balance, notes=(*balance.notes, *_contradictions(balance)))


def _contradictions(row: Balance | Summary, rounding: Decimal = ZERO) -> Iterable[str]:
    """
    Say where figures do not add up by more than *rounding*. Which of them is wrong nobody here can know.
    """
    for name, terms in SUMS:
        amounts = (getattr(row, name), *(getattr(row, term) for term in terms))
        if None in amounts:
            continue
        difference = total((amounts[0], *(amount.copy_negate() for amount in amounts[1:])))
        if difference and difference.copy_abs() > rounding:
            yield f"The venue's figures do not add up: {name} is {plain(difference)} more than {' + '.join(terms)}."


def compare(summary: Summary, balances: Iterable[Balance]) -> Summary:
    """
    Note where the figures of a whole account contradict each other, or the row that they repeat.
    """
    everything = list(balances)
    rows = [balance for balance in everything if balance.asset == summary.asset]
    # The venue converts, and rounds, each asset by itself.
    rounding = ZERO if summary.asset else _rounding(summary, len(everything) + 1)
    texts = (text for row in rows for text in _deviations(summary, row))
    return summary.remark([*_contradictions(summary, rounding), *texts])


def _rounding(summary: Summary, times: int) -> Decimal:
    """
    Return as many units of the last place that any figure has.
    """
    amounts = [amount for name in AMOUNTS if (amount := getattr(summary, name)) is not None]
    return Decimal(times).scaleb(min((int(amount.as_tuple().exponent) for amount in amounts), default=0))


def _deviations(summary: Summary, row: Balance) -> Iterable[str]:
    for name in AMOUNTS:
        whole, part = getattr(summary, name), getattr(row, name)
        if whole is not None and part is not None and whole != part:
            difference = total((whole, part.copy_negate()))
            yield f"The account's {name} is {plain(difference or ZERO)} more than that of its row of {row.asset}."


def _remark(balance: Balance, elsewhere: str, exceeding: str) -> Balance:
    cross = total((balance.cross_wallet_balance, balance.cross_unrealized_pnl))
    if cross is None:
        return balance
    if balance.equity is None and balance.wallet_balance != balance.cross_wallet_balance:
        isolated = (
            "It is not known whether the whole wallet is the cross wallet."
            if balance.wallet_balance is None
            else "Part of the wallet is not in the cross wallet."
        )
        balance = balance.remark(
            f"{isolated} Isolated positions may have unrealized PnL that this answer does not tell, so unrealized_pnl"
            f" and equity are not known. {elsewhere}".rstrip()
        )
    # With collateral of its own alone, an asset cannot back more than its cross wallet and cross PnL.
    if balance.available_balance is not None and balance.available_balance > max(cross, ZERO):
        balance = balance.remark(f"available_balance exceeds what this asset backs by itself{exceeding}.")
    return balance
