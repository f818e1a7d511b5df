"""
CoinSwitch PRO futures: several settlement assets, locks by symbol, and what an error means.
"""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any, Final

import pytest

from marginbook import Account, InvalidResponseError, Statement, collect, replay
from marginbook_coinswitch.futures import NO_PNL
from marginbook_coinswitch.stage import WALLET, stages
from script import answering

PATH: Final = "/trade/api/v2/futures/wallet_balance"


def statement(data: Any) -> Statement:
    """
    What marginbook makes of an answer.
    """
    return replay("coinswitch", {PATH: json.dumps({"data": data}).encode()})


def test_every_settlement_asset_has_a_row() -> None:
    """
    Rows are not looked for by name or place: USDT is one of them.
    """
    assert ["USDT", "INR"] == [balance.asset for balance in statement(WALLET).balances]


def test_negative_order_margin() -> None:
    """
    Orders that would reduce a position make order margin negative, and position margin more than what is locked.
    """
    usdt = statement(WALLET).balances[0]

    assert Decimal("-6.778517") == usdt.order_margin
    assert Decimal("56.83032573") == usdt.position_margin
    assert Decimal("50.05180873") == usdt.initial_margin
    assert "reported" == usdt.basis["initial_margin"]


def test_equity_is_not_known() -> None:
    """
    There is no unrealized PnL in the answer, so there is no equity, and a note says so.
    """
    found = statement(WALLET)

    assert (NO_PNL,) == found.notes
    assert {(None, None, None)} == {(b.unrealized_pnl, b.equity, b.max_withdraw) for b in found.balances}


def test_locks_need_not_sum_to_the_balance() -> None:
    """
    CoinSwitch's own example has locks that do not sum to the totals: both are given as they are.
    """
    data = copy.deepcopy(WALLET)
    del data["asset"][1]
    found = statement(data)

    assert [("DOGEUSDT", Decimal("0.00008854"))] == [(lock.symbol, lock.order_margin) for lock in found.locks]
    assert Decimal("50.05180873") == found.balances[0].initial_margin


def test_an_account_without_anything() -> None:
    """
    No assets is an answer; an answer without the list of them is none.
    """
    assert () == statement({"base_asset_balances": [], "asset": []}).balances
    with pytest.raises(InvalidResponseError, match="base_asset_balances: missing"):
        statement({"asset": []})


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_response"), (401, "credentials"), (422, "invalid_response"), (429, "rate_limited")],
)
def test_errors_go_by_their_status(status: int, kind: str) -> None:
    """
    Errors have a text and no code. A 401 may be the clock as well, whose time cannot be asked here either.
    """
    (stage,) = stages()
    with answering(status, {"message": "Invalid access"}) as heard:
        account = Account("desk", "coinswitch", stage.actors[0].credentials, {"base_url": heard.url})
        (failure,) = collect([account]).failures

    assert kind == failure.kind
    assert ("this machine's clock" in failure.hint) is (status == 401)
