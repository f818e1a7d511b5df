"""
What follows from what a venue reported.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from marginbook import Balance, Summary
from marginbook.values import AMOUNTS, compare, derive

ISOLATED = (
    "Part of the wallet is not in the cross wallet. Isolated positions may have unrealized PnL that this answer does"
    " not tell, so unrealized_pnl and equity are not known."
)
SHARED = (
    "available_balance exceeds what this asset backs by itself: the account shares collateral between assets, and the"
    " same collateral is offered in each of their rows."
)

#: Small enough that two of them are often equal.
CENTS = st.none() | st.integers(-3, 3).map(lambda cents: Decimal(cents).scaleb(-2))
ROWS = st.fixed_dictionaries({}, optional=dict.fromkeys(AMOUNTS, CENTS)).map(lambda amounts: balance(**amounts))


def balance(**amounts: Any) -> Balance:
    return Balance(account="desk-a", venue="acme", asset="USDT", **amounts)


def cross(wallet: str, pnl: str, **amounts: Any) -> Balance:
    return balance(cross_wallet_balance=wallet, cross_unrealized_pnl=pnl, **amounts)


def derived(row: Balance, **settings: Any) -> Balance:
    (found,) = derive([row], **settings)
    return found


def test_equity_without_isolated_wallets() -> None:
    """
    Where the whole wallet is the cross wallet, the cross positions are all of them, and equity follows.
    """
    found = derived(cross("1000.00", "-50.5", wallet_balance="1000.00"))

    assert (Decimal("-50.5"), Decimal("949.50")) == (found.unrealized_pnl, found.equity)
    assert "derived: cross_unrealized_pnl, as wallet_balance = cross_wallet_balance" == found.basis["unrealized_pnl"]
    assert "derived: wallet_balance + unrealized_pnl" == found.basis["equity"]
    assert () == found.notes


def test_equal_is_equal_however_it_is_written() -> None:
    """
    1000 and 1000.00 are one amount.
    """
    assert Decimal(1001) == derived(cross("1000.00", "1", wallet_balance="1000")).equity


def test_equity_with_isolated_wallets() -> None:
    """
    Binance's own example: nobody knows what its isolated positions gained, and the row says who would.
    """
    row = cross("23.72469206", "0.00000000", wallet_balance="122607.35137903")
    found = derived(row, elsewhere="Only GET /fapi/v3/account tells it.")

    assert (None, None) == (found.unrealized_pnl, found.equity)
    assert (f"{ISOLATED} Only GET /fapi/v3/account tells it.",) == found.notes
    assert (ISOLATED,) == derived(row).notes


def test_an_unknown_wallet_may_have_isolated_parts() -> None:
    """
    A row that does not tell the wallet does not tell whether there is anything outside of the cross wallet.
    """
    found = derived(cross("100", "5"))

    assert (None, None) == (found.unrealized_pnl, found.equity)
    assert (f"It is not known whether the whole wallet is the cross wallet. {ISOLATED.partition('. ')[2]}",) == (
        found.notes
    )


def test_equity_may_be_negative() -> None:
    """
    A loss larger than the wallet is not clipped.
    """
    assert Decimal(-50) == derived(cross("100", "-150", wallet_balance="100")).equity


def test_order_margin_may_be_negative() -> None:
    """
    CoinSwitch's own example: orders that would reduce a position lower the initial margin.
    """
    found = derived(balance(position_margin="56.83032573", order_margin="-6.778517"))

    assert Decimal("50.05180873") == found.initial_margin
    assert {"initial_margin": "derived: position_margin + order_margin"} == {
        name: basis for name, basis in found.basis.items() if basis != "reported"
    }


def test_reported_figures_stay() -> None:
    """
    A figure that the venue reported is never replaced, even where it contradicts the others.
    """
    row = cross("1", "2", wallet_balance="1", unrealized_pnl="3", equity="5", position_margin="1", order_margin="1")
    row = evolve(row, initial_margin=Decimal(7))

    found = derived(row)

    assert row == evolve(found, notes=())
    assert {"reported"} == set(found.basis.values())
    assert (
        "The venue's figures do not add up: equity is 1 more than wallet_balance + unrealized_pnl.",
        "The venue's figures do not add up: initial_margin is 5 more than position_margin + order_margin.",
    ) == found.notes


def test_reported_equity_needs_no_warning() -> None:
    """
    Who knows the equity has no use for the reason why it might not be known.
    """
    assert () == derived(cross("1", "0", wallet_balance="5", equity="7")).notes


@pytest.mark.parametrize(
    ("available", "wallet", "pnl", "expected"),
    [
        ("100", "100", "0", ()),
        ("100.00000001", "100", "0", (SHARED,)),
        ("101", "100", "1", ()),
        ("100", "100", "-1", (SHARED,)),
        ("0", "100", "-150", ()),
        ("0.01", "100", "-150", (SHARED,)),
        ("150195.31", "0", "0", (SHARED,)),
        (None, "0", "0", ()),
    ],
)
def test_shared_collateral(available: str | None, wallet: str, pnl: str, expected: tuple[str, ...]) -> None:
    """
    More available than the asset could back alone is the collateral of other assets, and the row says so.
    """
    found = derived(cross(wallet, pnl, wallet_balance=wallet, available_balance=available))

    assert expected == found.notes
    assert (None if available is None else Decimal(available)) == found.available_balance


@given(ROWS)
def test_nothing_is_changed_or_lost(row: Balance) -> None:
    """
    What was reported is there afterwards, reported; what is new follows by an identity; doing it twice adds nothing.
    """
    found = derived(row)

    for name in AMOUNTS:
        before, after = getattr(row, name), getattr(found, name)
        assert before is None or (before == after and found.basis[name] == "reported")
        assert (before is None and after is not None) is found.basis.get(name, "").startswith("derived: ")
    assert row.notes == found.notes[: len(row.notes)]
    assert evolve(found, notes=()) == evolve(derived(found), notes=())


@given(ROWS)
def test_equity_is_derived_from_all_positions_alone(row: Balance) -> None:
    """
    Equity is derived where the PnL of all positions is known, and nowhere else.
    """
    found = derived(row)
    all_cross = row.wallet_balance is not None and row.wallet_balance == row.cross_wallet_balance
    pnl = row.unrealized_pnl if row.unrealized_pnl is not None or not all_cross else row.cross_unrealized_pnl

    assert pnl == found.unrealized_pnl
    if row.equity is None:
        known = None not in {row.wallet_balance, pnl}
        assert (found.equity is not None) is known
        assert not known or found.equity == (row.wallet_balance or 0) + (pnl or 0)
    assert any(ISOLATED.partition(". ")[2] in note for note in found.notes) is (
        found.equity is None
        and None not in {row.cross_wallet_balance, row.cross_unrealized_pnl}
        and row.wallet_balance != row.cross_wallet_balance
    )


def summary(asset: str | None = "USDT", **amounts: Any) -> Summary:
    return Summary(account="desk-a", venue="acme", currency="USD", asset=asset, **amounts)


def test_an_account_that_shares_nothing() -> None:
    """
    Where the venue says that assets do not share collateral, more available than an asset backs is a contradiction.
    """
    row = cross("100", "-10", wallet_balance="100", available_balance="90.01")

    assert (SHARED,) == derived(row).notes
    (note,) = derived(row, alone=True).notes
    assert note.endswith("although the venue says that the account does not share collateral between assets.")


def test_a_summary_that_repeats_a_row() -> None:
    """
    Each figure of a row that the account as a whole says otherwise is noted; figures that one of them lacks are not.
    """
    whole = summary(wallet_balance="10.50", max_withdraw="1", equity="11")
    rows = [balance(wallet_balance="10", available_balance="3", equity="11.00")]

    assert ("The account's wallet_balance is 0.50 more than that of its row of USDT.",) == compare(whole, rows).notes


def test_a_summary_of_all_assets() -> None:
    """
    Figures of all assets are held against no row.
    """
    assert () == compare(summary(None, wallet_balance="10"), [balance(wallet_balance="3")]).notes


@pytest.mark.parametrize(("equity", "notes"), [("10.02", 0), ("9.98", 0), ("10.03", 1), ("9.97", 1)])
def test_rounding_of_what_was_converted(equity: str, notes: int) -> None:
    """
    What was converted may be off by a unit of the last place for each asset and one more; figures of one asset may not.
    """
    figures = {"wallet_balance": "7.00", "unrealized_pnl": "3.00", "equity": equity}

    assert notes == len(compare(summary(None, **figures), [balance()]).notes)
    assert 1 == len(compare(summary(**figures), [balance()]).notes)


def test_a_summary_without_figures() -> None:
    """
    A summary may tell no amounts at all.
    """
    assert () == compare(summary(None), []).notes


def test_a_sum_that_is_no_amount() -> None:
    """
    Two of the largest amounts add up to none: better no row than one that nobody can read again.
    """
    largest = Decimal("9E+140")

    with pytest.raises(ArithmeticError):
        derive([balance(wallet_balance=largest, unrealized_pnl=largest)])


def test_rows_share_what_they_say() -> None:
    """
    Remarks and identities of thousands of rows are the same few, and are kept once.
    """
    rows = [balance(wallet_balance=wallet, unrealized_pnl="1", notes=["A remark."]) for wallet in ("1", "2")]
    one, other = derive(rows)

    assert one._derived is other._derived
    assert one.notes is other.notes
