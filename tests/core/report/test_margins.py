"""
What a venue liquidates by itself.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

import pytest

from books import balance, report, summary
from marginbook import BalanceReport, Lock
from marginbook.values import Margin

#: 1000 in the wallet, 100 of it in isolated positions.
ROW: Any = {
    "wallet_balance": "1000",
    "unrealized_pnl": "30",
    "equity": "1030",
    "maintenance_margin": "12.5",
    "cross_wallet_balance": "900",
    "cross_unrealized_pnl": "50",
}


def lock(symbol: str = "ETHUSDT", account: str = "a", **fields: Any) -> Lock:
    parts: Any = {"isolated": True, "maintenance_margin": "7.5", "equity": "10", **fields}
    return Lock(account=account, venue="acme", symbol=symbol, asset="USDT", **parts)


def made(*locks: Lock, **parts: Any) -> BalanceReport:
    return report({"a": "acme"}, **{"balances": [balance("a", "USDT", **ROW)], "locks": locks, **parts})


def told(found: BalanceReport) -> list[tuple[str, Decimal | None]]:
    return [(margin.name, margin.margin_ratio) for margin in found.margins]


def test_an_isolated_position_is_apart() -> None:
    """
    A position with a wallet of its own is liquidated by itself, however much there is beside it, and so is the rest.
    """
    found = made(lock())

    assert ["USDT cross", "ETHUSDT"] == [margin.name for margin in found.margins]
    assert [Decimal(5), Decimal("7.5")] == [margin.maintenance_margin for margin in found.margins]
    assert [Decimal(950), Decimal(10)] == [margin.equity for margin in found.margins]
    assert Decimal("0.75") == found.margin_ratio(found.balances[0])
    assert Decimal("0.02") > (found.balances[0].margin_ratio or 1)


def test_the_nearest_counts() -> None:
    """
    Of several parts, the one that is nearest to liquidation is the row's, which may be the rest as well.
    """
    near = made(lock("A", equity="100"), lock("B", maintenance_margin="1", equity="2"))
    cross = made(
        lock("A", maintenance_margin="0.5", equity="100"),
        balances=[balance("a", "USDT", **ROW | {"maintenance_margin": "900.5"})],
    )

    assert Decimal("0.5") == near.margin_ratio(near.balances[0])
    assert Context(prec=28).divide(Decimal(900), Decimal(950)) == cross.margin_ratio(cross.balances[0])


def test_positions_that_are_not_isolated() -> None:
    """
    They are in the row's ratio already.
    """
    row = ROW | {"wallet_balance": "900", "cross_wallet_balance": "900.00"}
    found = made(lock(isolated=False), lock(isolated=None), balances=[balance("a", "USDT", **row)])

    assert [("USDT", found.balances[0].margin_ratio)] == told(found)
    assert found.balances[0].margin_ratio == found.margin_ratio(found.balances[0])


@pytest.mark.parametrize("fields", [{"equity": None}, {"maintenance_margin": None}, {"equity": "0"}, {"equity": "-1"}])
def test_a_part_that_is_not_known(fields: dict[str, Any]) -> None:
    """
    Where one part has no ratio, the row has none: the others might look safe.
    """
    found = made(lock("A", **fields), lock("B"))

    assert None is found.margin_ratio(found.balances[0])
    assert None is dict(told(found))["A"]


@pytest.mark.parametrize("name", ["maintenance_margin", "cross_wallet_balance", "cross_unrealized_pnl"])
def test_a_rest_that_is_not_known(name: str) -> None:
    """
    The rest is made of figures of the row, and is not known without one of them.
    """
    found = made(lock(), balances=[balance("a", "USDT", **ROW | {name: None})])

    assert [("USDT cross", None), ("ETHUSDT", Decimal("0.75"))] == told(found)
    assert None is found.margin_ratio(found.balances[0])


def test_no_rest() -> None:
    """
    Where isolated positions have all of the maintenance margin, a rest of which nothing is told has none to fall below.
    """
    row = ROW | {"cross_wallet_balance": None, "maintenance_margin": "7.5"}
    found = made(lock(), balances=[balance("a", "USDT", **row)])

    assert [("ETHUSDT", Decimal("0.75"))] == told(found)
    assert Decimal("0.75") == found.margin_ratio(found.balances[0])


def test_a_rest_of_nothing() -> None:
    """
    Where all is in isolated positions, there is nothing else to liquidate.
    """
    row = ROW | {"cross_wallet_balance": "0", "cross_unrealized_pnl": "0", "maintenance_margin": "7.5"}
    found = made(lock(), balances=[balance("a", "USDT", **row)])

    assert Decimal("0.75") == found.margin_ratio(found.balances[0])
    assert [True, False] == [margin.idle for margin in found.margins]


def test_isolated_positions_that_nobody_tells_apart() -> None:
    """
    A row of which a part is isolated, nobody says in what, has no ratio: the one of all of it means nothing.
    """
    found = made()

    assert [("USDT", None)] == told(found)
    assert None is found.margin_ratio(found.balances[0])


def test_one_collateral() -> None:
    """
    Where assets are one collateral, the account has the one ratio that there is, after haircuts.
    """
    whole = summary("a", "acme", equity="100", adjusted_equity="50", maintenance_margin="10")
    found = made(lock(isolated=False), summaries=[whole])

    assert [("whole account", Decimal("0.2"))] == told(found)
    assert (None, Decimal("0.2")) == (found.margin_ratio(found.balances[0]), found.margin_ratio(whole))


def test_an_isolated_position_beside_one_collateral() -> None:
    """
    What has a wallet of its own is liquidated by itself, though the rest of the account is one collateral.
    """
    whole = summary("a", "acme", equity="100", maintenance_margin="10")
    found = made(lock(), summaries=[whole])

    assert [("whole account", Decimal("0.1")), ("ETHUSDT", Decimal("0.75"))] == told(found)
    assert (Decimal("0.75"), Decimal("0.1")) == (found.margin_ratio(found.balances[0]), found.margin_ratio(whole))


def test_a_whole_account_that_is_no_one_collateral() -> None:
    """
    Where the venue says that assets do not share collateral, each row has its ratio, and the account as a whole none.
    """
    whole = summary("a", "acme", mode="single-asset", equity="5000", maintenance_margin="10")
    row = ROW | {"cross_wallet_balance": None}
    found = made(summaries=[whole], balances=[balance("a", "USDT", **row)])

    assert frozenset() == found.pooled
    assert [("USDT", found.balances[0].margin_ratio)] == told(found)
    assert found.balances[0].margin_ratio == found.margin_ratio(found.balances[0])


def test_a_summary_of_one_asset() -> None:
    """
    It has the ratio that its figures make, or that of its nearest part.
    """
    whole = summary("a", "acme", asset="USDT", equity="100", maintenance_margin="10")

    assert Decimal("0.1") == made(summaries=[whole]).margin_ratio(whole)
    assert Decimal("0.75") == made(lock(), summaries=[whole]).margin_ratio(whole)


def test_several_rows_of_an_asset() -> None:
    """
    An account may have several rows of an asset: isolated positions are taken from all of them once, and without any,
    the row that is nearest counts.
    """
    rows = [balance("a", "USDT", **ROW), balance("a", "USDT", **ROW | {"maintenance_margin": "100"})]
    both = [balance("a", "X", equity="10", maintenance_margin=amount) for amount in ("1", "9")]
    found, without = made(lock(), balances=rows), made(balances=both)

    assert Context(prec=28).divide(Decimal(105), Decimal(1900)) == dict(told(found))["USDT cross"]
    assert [Decimal("0.9")] * 2 == [without.margin_ratio(row) for row in without.balances]


def test_lost() -> None:
    """
    Without equity there is no ratio, and that is told apart from what is not known.
    """
    known: Any = {"account": "a", "venue": "v", "asset": "X", "currency": "X"}

    assert [True, True, False, False] == [
        Margin(**known, maintenance_margin=Decimal(1), equity=equity).lost
        for equity in (Decimal(0), Decimal(-1), Decimal(1), None)
    ]
    assert not Margin(**known, maintenance_margin=None, equity=Decimal(-1)).lost
