"""
Sums over accounts.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbook import Balance, BalanceReport, Failure, Total
from marginbook.report.totals import totals
from marginbook.values import AMOUNTS
from marginbook.values.times import EPOCH


def row(account: str, asset: str = "USDT", **amounts: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **amounts)


def book(*rows: Balance, missing: tuple[str, ...] = ()) -> dict[str, Total]:
    return BalanceReport(
        accounts=dict.fromkeys([*(row.account for row in rows), *missing], "acme"),
        balances=rows,
        failures=[Failure(account=name, venue="acme", kind="timeout", message="It hangs.") for name in missing],
        started_at=EPOCH,
        finished_at=EPOCH,
    ).totals()


def test_sums() -> None:
    """
    What all accounts hold of one asset, to the last digit.
    """
    found = book(row("a", wallet_balance="9007199254740993.00000001"), row("b", wallet_balance="0.1"))

    assert Decimal("9007199254740993.10000001") == found["USDT"].wallet_balance
    assert ("a", "b") == found["USDT"].accounts


def test_assets_are_not_added() -> None:
    """
    There is no sum over assets, which would need prices.
    """
    found = book(row("a", "USDT", equity="1"), row("b", "USDC", equity="4"), row("c", "BTC", equity="2"))

    assert {"BTC": 2, "USDC": 4, "USDT": 1} == {asset: total.equity for asset, total in found.items()}
    assert ["BTC", "USDC", "USDT"] == list(found)


@pytest.mark.parametrize("name", AMOUNTS)
def test_a_gap_is_a_gap(name: str) -> None:
    """
    Where one row does not know a figure, the total does not know it: a sum over the others would look like the whole.
    """
    found = book(row("a", **{name: "1"}), row("b"), row("c", **{name: "0"}))["USDT"]
    known = book(row("a", **{name: "1"}), row("c", **{name: "0"}))["USDT"]

    assert getattr(found, name) is None
    assert 1 == getattr(known, name)


def test_who_is_missing() -> None:
    """
    Each total names the accounts that may hold the asset as well, but could not be read.
    """
    (found,) = book(row("a", equity="1"), missing=("c", "b")).values()

    assert ["b", "c"] == list(found.missing)
    assert Decimal(1) == found.equity
    assert not found.complete
    assert book(row("a"))["USDT"].complete


def test_totals_of_ones_own() -> None:
    """
    Whoever changes what was handed out changes nothing of the report.
    """
    report = BalanceReport(accounts={"a": "acme"}, balances=[row("a", equity="1")], started_at=EPOCH, finished_at=EPOCH)
    report.totals().clear()

    assert ["USDT"] == list(report.totals())


def test_nothing_to_add() -> None:
    """
    Without rows there are no totals, whoever is missing.
    """
    assert {} == book(missing=("a",))


def test_several_rows_of_one_account() -> None:
    """
    An account counts once, however many rows it has.
    """
    (found,) = totals([row("a", equity="1"), row("a", equity="2"), row("b", equity="3")], []).values()

    assert ["a", "b"] == list(found.accounts)
    assert Decimal(6) == found.equity


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["X", "Y"]), st.none() | st.decimals(-9, 9, places=3)))
)
def test_totals_are_the_sums(rows: list[tuple[str, str, Decimal | None]]) -> None:
    """
    For any rows: the true sum of each asset where all are known, and nothing where one is not.
    """
    found = totals([row(account, asset, equity=amount) for account, asset, amount in rows], [])
    expected: dict[str, Fraction | None] = {}
    for _, asset, amount in rows:
        before = expected.get(asset, Fraction(0))
        expected[asset] = None if before is None or amount is None else before + Fraction(amount)

    assert expected == {a: None if t.equity is None else Fraction(t.equity) for a, t in found.items()}
