"""
Binance futures at detail margin: what the richer answers mean, and where they contradict themselves.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import pytest

from marginbook import Account, Balance, InvalidResponseError, Statement, collect, replay
from marginbook_binance.coinm_margins import margin_coin
from marginbook_binance.rows import PLACEHOLDER
from marginbook_binance.usdm_margins import margin_asset
from script import Said, in_turn, scripted

SECRETS: Final = {"api_key": "k" * 64, "api_secret": "s" * 64}
MARGIN: Final = {"detail": "margin"}

#: An isolated wallet of 100 with a loss of 20, and a cross position with an order.
ROW: Final = {
    "asset": "USDT",
    "walletBalance": "1000.00",
    "unrealizedProfit": "30.00",
    "marginBalance": "1030.00",
    "maintMargin": "12.50",
    "initialMargin": "250.00",
    "positionInitialMargin": "240.00",
    "openOrderInitialMargin": "10.00",
    "crossWalletBalance": "900.00",
    "crossUnPnl": "50.00",
    "availableBalance": "795.00",
    "maxWithdrawAmount": "745.00",
    "updateTime": 1617939110373,
}

TOTALS: Final = {
    "totalInitialMargin": "250.00",
    "totalMaintMargin": "12.50",
    "totalWalletBalance": "1000.00",
    "totalUnrealizedProfit": "30.00",
    "totalMarginBalance": "1030.00",
    "totalPositionInitialMargin": "240.00",
    "totalOpenOrderInitialMargin": "10.00",
    "totalCrossWalletBalance": "900.00",
    "totalCrossUnPnl": "50.00",
    "availableBalance": "795.00",
    "maxWithdrawAmount": "745.00",
}

CONFIG: Final = {
    "feeTier": 0,
    "canTrade": True,
    "canDeposit": True,
    "canWithdraw": True,
    "dualSidePosition": False,
    "updateTime": 0,
    "multiAssetsMargin": False,
    "tradeGroupId": -1,
}


def position(symbol: str, pnl: str, initial: str = "0", side: str = "BOTH") -> dict[str, Any]:
    return {
        "symbol": symbol,
        "positionSide": side,
        "positionAmt": "1.000",
        "unrealizedProfit": pnl,
        "isolatedMargin": "0",
        "notional": "0",
        "isolatedWallet": "0",
        "initialMargin": initial,
        "maintMargin": "0",
        "updateTime": 0,
    }


POSITIONS: Final = [position("BTCUSDT", "50.00", "155.00"), position("ETHUSDT_261225", "-20.00", "95.00")]


def whole(*rows: dict[str, Any], positions: Any = POSITIONS, **totals: str) -> dict[str, Any]:
    return {**TOTALS, **totals, "assets": list(rows or [ROW]), "positions": positions}


def usdm(account: dict[str, Any], *, shared: bool = False) -> Statement:
    """
    What marginbook makes of an account of USDⓈ-M futures.
    """
    config = {**CONFIG, "multiAssetsMargin": shared}
    bodies = {"/fapi/v3/account": account, "/fapi/v1/accountConfig": config}
    return replay("binance-usdm", {path: json.dumps(body).encode() for path, body in bodies.items()}, MARGIN)


def coinm(rows: list[dict[str, Any]], positions: list[dict[str, Any]]) -> Statement:
    """
    What marginbook makes of an account of COIN-M futures.
    """
    more = {
        "positionInitialMargin": "0",
        "openOrderInitialMargin": "0",
        "leverage": "20",
        "isolated": False,
        "entryPrice": "0.0",
        "maxQty": "50",
    }
    unknown = {"isolatedMargin", "notional", "isolatedWallet", "updateTime"}
    listed = [{**more, **{k: v for k, v in row.items() if k not in unknown}} for row in positions]
    rights = {"canDeposit": True, "canTrade": True, "canWithdraw": True, "feeTier": 0, "updateTime": 0}
    body = {"assets": rows, "positions": listed, **rights}
    return replay("binance-coinm", {"/dapi/v1/account": json.dumps(body).encode()}, MARGIN)


def only(statement: Statement) -> Balance:
    (balance,) = statement.balances
    return balance


@pytest.mark.parametrize(
    "read",
    [
        lambda: usdm(whole()),
        lambda: coinm(
            [{**ROW, "asset": "BTC"}],
            [position("BTCUSD_PERP", "50.00", "155.00"), position("BTCUSD_261225", "-20.00", "95.00")],
        ),
    ],
    ids=["usdm", "coinm"],
)
def test_every_figure_is_reported(read: Any) -> None:
    """
    With detail margin every figure is the venue's own, equity and unrealized PnL as well, isolated wallets or not.
    """
    balance = only(read())

    assert {
        "wallet_balance": "1000.00",
        "unrealized_pnl": "30.00",
        "equity": "1030.00",
        "initial_margin": "250.00",
        "position_margin": "240.00",
        "order_margin": "10.00",
        "maintenance_margin": "12.50",
        "available_balance": "795.00",
        "max_withdraw": "745.00",
        "cross_wallet_balance": "900.00",
        "cross_unrealized_pnl": "50.00",
    } == {name: str(getattr(balance, name)) for name, basis in balance.basis.items() if basis == "reported"}
    assert () == balance.notes
    assert Decimal("12.50") / Decimal("1030.00") == balance.margin_ratio


def test_totals_in_single_asset_mode() -> None:
    """
    In single-asset mode, totals are of USDT alone, which the summary says.
    """
    summary = usdm(whole()).summary

    assert summary is not None
    assert ("USDT", "USDT", "single-asset") == (summary.currency, summary.asset, summary.mode)
    assert Decimal("1030.00") == summary.equity
    assert () == summary.notes


def test_totals_that_are_not_those_of_the_row() -> None:
    """
    Totals of USDT that contradict its row are noted, what is available and withdrawable as well.
    """
    summary = usdm(whole(availableBalance="800.00", maxWithdrawAmount="740.00")).summary

    assert summary is not None
    assert (
        "The account's available_balance is 5.00 more than that of its row of USDT.",
        "The account's max_withdraw is -5.00 more than that of its row of USDT.",
    ) == summary.notes


def test_totals_in_multi_assets_mode() -> None:
    """
    In multi-assets mode, totals are in USD and of all assets: they are held against no row.
    """
    summary = usdm(whole(totalWalletBalance="999.90", totalMarginBalance="1029.91"), shared=True).summary

    assert summary is not None
    assert ("USD", None, "multi-assets") == (summary.currency, summary.asset, summary.mode)
    # A cent off, as sums of what was rounded may be.
    assert () == summary.notes


def test_totals_in_usd_that_do_not_add_up() -> None:
    """
    More than rounding is noted there as well.
    """
    summary = usdm(whole(totalMarginBalance="1031.00"), shared=True).summary

    assert summary is not None
    assert (
        "The venue's figures do not add up: equity is 1.00 more than wallet_balance + unrealized_pnl.",
    ) == summary.notes


def test_more_available_than_there_is() -> None:
    """
    What more is available than an asset backs by itself is shared collateral in multi-assets mode, and a contradiction
    in single-asset mode.
    """
    row = {**ROW, "availableBalance": "950.01"}

    assert "shares collateral" in only(usdm(whole(row), shared=True)).notes[0]
    assert "does not share collateral" in only(usdm(whole(row))).notes[0]


def test_locks() -> None:
    """
    Each position locks margin in the asset that its symbol ends with.
    """
    found = usdm(whole()).locks

    assert [
        ("BTCUSDT", "USDT", Decimal("155.00"), None, None),
        ("ETHUSDT_261225", "USDT", Decimal("95.00"), None, None),
    ] == [(k.symbol, k.asset, k.blocked_balance, k.position_margin, k.order_margin) for k in found]


def test_isolated_positions() -> None:
    """
    A position with a wallet of its own has its equity and its maintenance margin behind it, apart from the others.
    """
    near = {"isolatedWallet": "100.00", "isolatedMargin": "80.00", "maintMargin": "7.50"}
    emptied = {"isolatedWallet": "0", "isolatedMargin": "-1.00", "maintMargin": "0.50"}
    cross, apart, lost = usdm(
        whole(
            positions=[
                {**position("BTCUSDT", "50.00", "155.00"), "maintMargin": "5.00"},
                {**position("ETHUSDT", "-20.00", "95.00"), **near},
                {**position("SOLUSDT", "-1.00", "1.00"), **emptied},
            ]
        )
    ).locks

    assert (False, Decimal("5.00"), None) == (cross.isolated, cross.maintenance_margin, cross.equity)
    assert (True, Decimal("7.50"), Decimal("80.00")) == (apart.isolated, apart.maintenance_margin, apart.equity)
    assert (True, Decimal("0.50"), Decimal("-1.00")) == (lost.isolated, lost.maintenance_margin, lost.equity)


@pytest.mark.parametrize(("margin", "noted"), [("80.01", False), ("80.02", True)])
def test_an_isolated_wallet_that_does_not_add_up(margin: str, *, noted: bool) -> None:
    """
    The margin of an isolated position is its wallet and its unrealized PnL. A difference beyond rounding is noted.
    """
    apart = {**position("ETHUSDT", "-20.00", "95.00"), "isolatedWallet": "100.00", "isolatedMargin": margin}
    found = only(usdm(whole(positions=[position("BTCUSDT", "50.00"), apart])))
    note = "The venue's figures do not add up: the margin of ETHUSDT is 0.02 more than its wallet and unrealized PnL."

    assert ((note,) if noted else ()) == found.notes


def test_isolated_positions_of_a_coin() -> None:
    """
    The answer has no isolated wallets. So the equity of an isolated position is what is not cross, if there is one.
    """
    row = {**ROW, "asset": "BTC"}
    cross = position("BTCUSD_PERP", "50.00", "155.00")
    apart = {**position("BTCUSD_261225", "-20.00", "95.00"), "isolated": True, "maintMargin": "7.50"}
    idle = {**position("BTCUSD_270625", "0", "1.00"), "isolated": True}
    other = {**apart, "symbol": "BTCUSD_270326"}
    one = coinm([row], [cross, apart, idle]).locks
    two = coinm([row], [cross, apart, other]).locks

    assert [(False, None), (True, Decimal("80.00")), (False, None)] == [(k.isolated, k.equity) for k in one]
    assert Decimal("7.50") == one[1].maintenance_margin
    assert [(False, None), (True, None), (True, None)] == [(k.isolated, k.equity) for k in two]
    assert () == coinm([{**row, "asset": "ETH"}], [apart]).locks


def test_both_sides_of_a_symbol() -> None:
    """
    In hedge mode, both sides are told apart.
    """
    sides = [position("BTCUSDT", "60.00", "200.00", "LONG"), position("BTCUSDT", "-30.00", "50.00", "SHORT")]
    found = usdm(whole(positions=sides))

    assert ["BTCUSDT LONG", "BTCUSDT SHORT"] == [lock.symbol for lock in found.locks]
    assert () == only(found).notes


def test_symbols_that_lock_nothing() -> None:
    """
    A symbol that is listed without a position is no lock.
    """
    listed = [*POSITIONS, position("SOLUSDT", "0.00000000", "0")]

    assert 2 == len(usdm(whole(positions=listed)).locks)


def test_positions_that_do_not_sum_to_the_asset() -> None:
    """
    Where the unrealized PnL of the positions is not that of the asset, nobody knows which is wrong: it is noted.
    """
    found = only(usdm(whole(positions=POSITIONS[:1])))

    assert (
        "The venue's figures do not add up: unrealized_pnl is -20.00 more than the 50.00 of the positions.",
    ) == found.notes
    assert Decimal("1030.00") == found.equity


@pytest.mark.parametrize(("pnl", "noted"), [("-20.01", False), ("-20.02", True)])
def test_rounding(pnl: str, *, noted: bool) -> None:
    """
    Half a unit of the last place for each amount is rounding: 0.015 for a sum and two positions.
    """
    found = only(usdm(whole(positions=[POSITIONS[0], position("ETHUSDT", pnl, "95.00")])))

    assert noted is bool(found.notes)


@pytest.mark.parametrize(("pnl", "noted"), [("29.99", False), ("30.01", False), ("29.98", True)])
def test_rounding_of_one_position(pnl: str, *, noted: bool) -> None:
    """
    A whole unit is as far as two amounts may be off.
    """
    assert noted is bool(only(usdm(whole(positions=[position("BTCUSDT", pnl)]))).notes)


def test_positions_of_an_unknown_asset() -> None:
    """
    A position of which the symbol does not tell the margin is in no lock, is named, and keeps the sums from being held
    against positions.
    """
    found = usdm(whole(positions=[position("BTCUSDC", "-1.00", "5.00"), POSITIONS[0]]))

    assert ["BTCUSDT"] == [lock.symbol for lock in found.locks]
    assert ("The answer does not tell in which asset these are held, so they are in no lock: BTCUSDC.",) == found.notes
    assert () == only(found).notes


@pytest.mark.parametrize(
    ("symbol", "assets", "expected"),
    [
        ("BTCUSDT", ["USDT", "USDC", "BTC"], "USDT"),
        ("BTCUSDC", ["USDT", "USDC", "BTC"], "USDC"),
        ("ETHBTC", ["USDT", "BTC"], "BTC"),
        ("BTCUSDT_261225", ["USDT"], "USDT"),
        ("BTCUSDT", ["T", "USDT"], None),
        ("USDT", ["USDT"], None),
        ("BTCUSD1", ["USDT"], None),
    ],
)
def test_the_margin_of_a_contract(symbol: str, assets: list[str], expected: str | None) -> None:
    """
    The margin of a contract is what its symbol ends with, if that is one asset of the account.
    """
    assert expected == margin_asset(symbol, assets)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("BTCUSD_PERP", "BTC"),
        ("BTCUSD_261225", "BTC"),
        ("ETHUSD_PERP", None),
        ("BTCUSDT", None),
        ("BTCUSD_NEXT", None),
    ],
)
def test_the_coin_of_a_contract(symbol: str, expected: str | None) -> None:
    """
    The margin of a COIN-M contract is what its symbol begins with, if the account has that coin.
    """
    assert expected == margin_coin(symbol, ["BTC"])


def test_coins_have_no_totals() -> None:
    """
    COIN-M futures tell no totals. Their locks tell positions from orders.
    """
    held = {
        **position("BTCUSD_PERP", "30.00", "250.00"),
        "positionInitialMargin": "240",
        "openOrderInitialMargin": "10",
    }
    found = coinm([{**ROW, "asset": "BTC"}], [held])

    assert found.summary is None
    assert [(Decimal(240), Decimal(10))] == [(lock.position_margin, lock.order_margin) for lock in found.locks]


@pytest.mark.parametrize("updated", [{}, {"updateTime": 0}])
def test_rows_without_a_time(updated: dict[str, int]) -> None:
    """
    Older answers have no time of the last change, as have assets that were never held.
    """
    row = {name: value for name, value in ROW.items() if name != "updateTime"}
    balance = only(coinm([{**row, **updated, "asset": "BTC"}], [position("BTCUSD_PERP", "30.00")]))

    assert balance.updated_at is None
    assert (PLACEHOLDER,) == balance.notes


def asked(*answers: Any, timeout: float = 20.0) -> tuple[list[str], Any]:
    """
    What is asked of an account, and its report.
    """
    with scripted(in_turn(*(Said(body=body) for body in answers))) as venue:
        options = {"base_url": venue.url, **MARGIN}
        report = collect([Account("desk", "binance-usdm", SECRETS, options)], timeout=timeout)
    return [path.rpartition("/")[2] for path in venue.paths], report


def test_two_requests() -> None:
    """
    The mode and the account are asked for once, where the totals are those of USDT.
    """
    paths, report = asked(CONFIG, whole())

    assert ["accountConfig", "account"] == paths
    assert report.complete


def test_the_mode_is_asked_for_again() -> None:
    """
    Other totals might be of the other mode, so the mode is asked for again.
    """
    paths, report = asked({**CONFIG, "multiAssetsMargin": True}, whole(), {**CONFIG, "multiAssetsMargin": True})

    assert ["accountConfig", "account", "accountConfig"] == paths
    assert ["multi-assets"] == [summary.mode for summary in report.summaries]


@pytest.mark.parametrize("before", [True, False])
def test_a_switch_of_modes(*, before: bool) -> None:
    """
    An account that is switched between the calls is asked anew as a whole: never are USD taken for USDT.
    """
    first, second = {**CONFIG, "multiAssetsMargin": before}, {**CONFIG, "multiAssetsMargin": not before}
    dollars = whole(totalWalletBalance="999.00", totalMarginBalance="1029.00")
    paths, report = asked(first, dollars, second, second, dollars, second)

    assert ["accountConfig", "account", "accountConfig"] * 2 == paths
    assert [("multi-assets", "single-asset")[before]] == [summary.mode for summary in report.summaries]


def test_an_account_that_is_switched_all_the_time() -> None:
    """
    One that changes whenever it is asked fails, and says why.
    """
    multi = {**CONFIG, "multiAssetsMargin": True}
    _, report = asked(*[multi, whole(), CONFIG] * 6)
    (failure,) = report.failures

    assert "invalid_response" == failure.kind
    assert "was switched between single-asset and multi-assets mode" in failure.message


def test_detail_for_all_accounts() -> None:
    """
    What the report is asked for holds for accounts that do not say it themselves.
    """
    with scripted(in_turn(Said(body=CONFIG), Said(body=whole()))) as venue:
        report = collect([Account("desk", "binance-usdm", SECRETS, {"base_url": venue.url})], detail="margin")

    assert report.complete
    assert "/fapi/v1/accountConfig" == venue.paths[0]
    assert venue.asked[1].target.startswith("/fapi/v3/account?recvWindow=5000&timestamp=")


def test_the_code_of_an_account_is_not_kept() -> None:
    """
    What is recorded of an answer does not say whose account it is.
    """
    kept: list[Any] = []
    row = {
        "accountAlias": "SgsR",
        "asset": "BTC",
        "balance": "1",
        "withdrawAvailable": "1",
        "crossWalletBalance": "1",
        "crossUnPnl": "0",
        "availableBalance": "1",
        "updateTime": 0,
    }
    usdm_row = {"maxWithdrawAmount": row.pop("withdrawAvailable"), "marginAvailable": True, **row}
    for venue, body in (("binance-coinm", {**row, "withdrawAvailable": "1"}), ("binance-usdm", usdm_row)):
        with scripted(in_turn(Said(body=[body]))) as heard:
            collect([Account("desk", venue, SECRETS, {"base_url": heard.url})], record=kept.append)

    assert [True, True] == [b"SgsR" not in body for found in kept for body in found.documents.values()]
    assert [True, True] == [b'"private"' in body for found in kept for body in found.documents.values()]


def test_an_account_without_its_assets() -> None:
    """
    An account that is worth something and lists no asset is refused: rows are missing. One without money has none.
    """
    nothing = dict.fromkeys(TOTALS, "0.00")

    with pytest.raises(InvalidResponseError, match="no asset is listed") as caught:
        usdm({**whole(positions=[]), "assets": []})
    assert caught.value.hint
    assert () == usdm({**whole(positions=[]), **nothing, "assets": []}).balances
