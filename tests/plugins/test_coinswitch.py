"""
CoinSwitch PRO futures: several settlement assets, locks by symbol, and what an error means.
"""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any, Final

import pytest

from marginbook import Account, Balance, InvalidResponseError, Statement, collect, replay
from marginbook_coinswitch.futures import NO_PNL, UNPROVEN
from marginbook_coinswitch.positions import EQUITY, IDENTITY, NONE, with_pnl
from marginbook_coinswitch.stage import POSITIONS, WALLET, stages
from script import Said, answering, scripted

POSITIONS_PATH: Final = "/trade/api/v2/futures/positions"
PATH: Final = "/trade/api/v2/futures/wallet_balance"


def statement(data: Any) -> Statement:
    """
    What marginbook makes of an answer.
    """
    return replay("coinswitch", {PATH: json.dumps({"data": data}).encode()})


def detailed(*positions: dict[str, Any], data: Any = None) -> Statement:
    """
    What marginbook makes of an answer and its positions: by default, of a wallet that locks margin for DOGE alone.
    """
    wallet = data or {**WALLET, "asset": WALLET["asset"][:1]}
    documents = {
        PATH: json.dumps({"data": wallet}).encode(),
        f"{POSITIONS_PATH}?exchange=EXCHANGE_2": json.dumps({"data": positions}).encode(),
    }
    return replay("coinswitch", documents, {"detail": "margin"})


def doge(**changes: Any) -> dict[str, Any]:
    """
    A position of 65 DOGE, entered at 0.38607 and marked at 0.38231.
    """
    return {**POSITIONS[0], **changes}


def usdt(found: Statement) -> Balance:
    return found.balances[0]


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


def test_pnl_is_computed_from_the_prices() -> None:
    """
    Unrealized PnL is the mark price less the entry price, times size; never the venue's own, whose sign is inverted.
    """
    found = detailed(doge())

    assert "-0.24440" == str(usdt(found).unrealized_pnl)
    assert "60960.58159588" == str(usdt(found).equity)[:14]
    assert f"derived: {IDENTITY}" == usdt(found).basis["unrealized_pnl"]
    assert f"derived: {EQUITY}" == usdt(found).basis["equity"]
    assert None is usdt(found).maintenance_margin


def test_the_inverted_sign_is_noted() -> None:
    """
    A note says where the venue's own PnL is the opposite of what both its prices say, and the wallet's doubt is kept.
    """
    (doubt, note) = detailed(doge()).notes

    assert UNPROVEN == doubt
    assert "the position in DOGEUSDT an unrealised_pnl of 0.3068, and -0.24440 follows" in note


@pytest.mark.parametrize(
    "changes", [{"unrealised_pnl": "-0.3068"}, {"unrealised_pnl": "0"}, {"last_price": "0.39"}], ids=str
)
def test_other_differences_are_not(changes: dict[str, Any]) -> None:
    """
    The venue's own is that of the last price, so that a difference alone says nothing.
    """
    assert (UNPROVEN,) == detailed(doge(**changes)).notes


def test_a_short_position_gains_where_the_price_falls() -> None:
    """
    The sign goes by the side; several positions of an asset are added up.
    """
    assert "0.24440" == str(usdt(detailed(doge(position_side="SHORT"))).unrealized_pnl)
    assert 0 == usdt(detailed(doge(), doge(position_side="SHORT"))).unrealized_pnl
    assert "-0.22424691356" == str(usdt(detailed(*POSITIONS, data=WALLET)).unrealized_pnl)


def test_no_positions() -> None:
    """
    Without positions, and margin for none, unrealized PnL is nothing, and equity is the wallet.
    """
    inr = detailed(doge()).balances[1]

    assert (Decimal(0), f"derived: {NONE}") == (inr.unrealized_pnl, inr.basis["unrealized_pnl"])
    assert Decimal("9007199254740993.01") == inr.equity


def nobody() -> dict[str, Any]:
    """
    A wallet that says of no symbol what it is settled in.
    """
    return {**WALLET, "asset": []}


def settled(*assets: str) -> dict[str, Any]:
    """
    A wallet with DOGEUSDT settled in these assets.
    """
    return {**WALLET, "asset": [{**WALLET["asset"][0], "base_asset": asset} for asset in assets]}


@pytest.mark.parametrize(
    ("positions", "data", "doubt"),
    [
        ([], None, "DOGEUSDT locks margin for a position that is not told."),
        ([], nobody(), "margin is locked for positions, and none is told."),
        ([doge()], nobody(), "of a position in DOGEUSDT nothing says what it is settled in."),
        ([doge()], settled("USDT", "INR"), "of a position in DOGEUSDT nothing says what it is settled in."),
        ([doge()], settled("EUR"), "of a position in DOGEUSDT nothing says what it is settled in."),
        ([doge(position_side="BOTH")], None, "the position in DOGEUSDT is neither LONG nor SHORT"),
        ([doge(status="CLOSED")], None, "not OPEN, or of a size below zero."),
        ([doge(position_size="-65")], None, "or of a size below zero."),
    ],
)
def test_what_is_not_certain_is_not_known(positions: list[dict[str, Any]], data: Any, doubt: str) -> None:
    """
    Where positions and wallet do not fit, unrealized PnL and equity are not known, and the row says why.
    """
    found = usdt(detailed(*positions, data=data))

    assert (None, None) == (found.unrealized_pnl, found.equity)
    assert doubt in found.notes[0]


def test_a_contract_that_is_settled_in_another_asset() -> None:
    """
    A contract in USDT that is settled in rupees has a PnL in one and is counted in the other: it is not known.
    """
    inr = detailed(doge(), data=settled("INR")).balances[1]

    assert None is inr.unrealized_pnl
    assert "DOGEUSDT may be priced in another asset than INR" in inr.notes[0]


def test_no_equity_without_a_wallet() -> None:
    """
    Where the wallet is not known, equity is not either.
    """
    (row,), notes = with_pnl([Balance(account="desk", venue="coinswitch", asset="USDT")], [], [])

    assert (Decimal(0), None, []) == (row.unrealized_pnl, row.equity, notes)


def test_positions_by_symbol_only() -> None:
    """
    A venue that insists on a symbol, as its documents do, is answered with what to do.
    """
    (stage,) = stages()
    with scripted(
        lambda asked: (
            Said(422, {"message": "Input symbol is missing"})
            if asked.path == POSITIONS_PATH
            else Said(200, {"data": WALLET})
        )
    ) as heard:
        account = Account("desk", "coinswitch", stage.actors[0].credentials, {"base_url": heard.url})
        (failure,) = collect([account], detail="margin").failures

    assert "configuration" == failure.kind
    assert 'use detail = "balance"' in failure.hint
    assert [PATH, POSITIONS_PATH] == heard.paths
