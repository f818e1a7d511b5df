"""
The identities between figures: what follows from what a venue reported, and where a reader has to be warned.

They hold by the definitions in `Balance`, whatever the venue. A figure that the venue reported is never replaced.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final

from marginbook.values.balance import AMOUNTS
from marginbook.values.money import SUMMING, ZERO, plain, plus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.values.balance import Balance
    from marginbook.values.summary import Summary

#: A figure, and the two that it is the sum of.
SUMS: Final = (
    ("equity", ("wallet_balance", "unrealized_pnl")),
    ("initial_margin", ("position_margin", "order_margin")),
)

#: The figure, its two terms, and what is said of it where it is derived.
_SUMS: Final = tuple((name, *terms, ((name, " + ".join(terms)),)) for name, terms in SUMS)

_ALL_CROSS: Final = (("unrealized_pnl", "cross_unrealized_pnl, as wallet_balance = cross_wallet_balance"),)

#: What more than an asset backs by itself means, where an account may share collateral, and where it does not.
SHARED: Final = (
    ": the account shares collateral between assets, and the same collateral is offered in each of their rows"
)
SINGLE: Final = ", although the venue says that the account does not share collateral between assets"


def derive(balances: Iterable[Balance], *, elsewhere: str = "", alone: bool = False) -> list[Balance]:
    """
    Fill in what follows from the reported figures, and note what a reader would miss or misread.

    Args:
        balances: As the venue reported them.

        elsewhere: Where the unrealized PnL of isolated positions could be learned, as a sentence.

        alone: True if the venue says that assets of the account do not share collateral.

    """
    exceeding = SINGLE if alone else SHARED
    # With its context as the thread's own, sums are operators: several times as quick as calls, for many rows.
    with localcontext(SUMMING):
        return [_complete(balance, elsewhere, exceeding) for balance in balances]


def _complete(balance: Balance, elsewhere: str, exceeding: str) -> Balance:
    row: dict[str, Any] = vars(balance).copy()
    identities: tuple[tuple[str, str], ...] = ()
    notes = []
    wallet, cross, cross_pnl = row["wallet_balance"], row["cross_wallet_balance"], row["cross_unrealized_pnl"]
    # Without an isolated wallet there are no isolated positions, so the cross positions are all of them.
    if row["unrealized_pnl"] is None and cross_pnl is not None and wallet is not None and wallet == cross:
        row["unrealized_pnl"] = cross_pnl
        identities = _ALL_CROSS
    for name, first, second, identity in _SUMS:
        part, other = row[first], row[second]
        if part is None or other is None:
            continue
        if row[name] is None:
            row[name] = part + other
            identities += identity
        elif difference := row[name] - part - other:
            notes.append(_contradiction(name, f"{first} + {second}", difference))
    if cross is not None and cross_pnl is not None:
        if row["equity"] is None and wallet != cross:
            notes.append(_hidden(balance, elsewhere))
        # With collateral of its own alone, an asset cannot back more than its cross wallet and cross PnL.
        available = row["available_balance"]
        if available is not None and available > ZERO and available > cross + cross_pnl:
            notes.append(f"available_balance exceeds what this asset backs by itself{exceeding}.")
    return balance.completed(row, identities, notes) if identities or notes else balance


def _contradictions(summary: Summary, rounding: Decimal) -> Iterable[str]:
    """
    Say where figures do not add up by more than *rounding*. Which of them is wrong nobody here can know.
    """
    for name, first, second, _ in _SUMS:
        figure, part, other = (getattr(summary, figure) for figure in (name, first, second))
        if figure is None or part is None or other is None:
            continue
        difference = plus(figure, plus(part, other).copy_negate())
        if difference.copy_abs() > rounding:
            yield _contradiction(name, f"{first} + {second}", difference)


def _contradiction(name: str, identity: str, difference: Decimal) -> str:
    return f"The venue's figures do not add up: {name} is {plain(difference)} more than {identity}."


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
            difference = plus(whole, part.copy_negate())
            yield f"The account's {name} is {plain(difference)} more than that of its row of {row.asset}."


def _hidden(balance: Balance, elsewhere: str) -> str:
    isolated = (
        "It is not known whether the whole wallet is the cross wallet."
        if balance.wallet_balance is None
        else "Part of the wallet is not in the cross wallet."
    )
    return (
        f"{isolated} Isolated positions may have unrealized PnL that this answer does not tell, so unrealized_pnl and"
        f" equity are not known. {elsewhere}"
    ).rstrip()
