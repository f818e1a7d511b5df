"""
Binance Portfolio Margin: what is the account's own, and what is not known.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from marginbook import Account, Balance, InvalidResponseError, Statement, Summary, collect, replay
from marginbook.registry import installed
from marginbook_binance.pm import OWED, UNCLEAR
from marginbook_binance.rows import PLACEHOLDER
from script import Said, in_turn, scripted

#: A loan of 10, on which 0.5 of interest is owed.
ROW: Final = {
    "asset": "USDT",
    "totalWalletBalance": "126.50",
    "crossMarginAsset": "103.00",
    "crossMarginBorrowed": "10.00",
    "crossMarginFree": "100.00",
    "crossMarginInterest": "0.50",
    "crossMarginLocked": "3.00",
    "umWalletBalance": "20.00",
    "umUnrealizedPNL": "-4.00",
    "cmWalletBalance": "3.50",
    "cmUnrealizedPNL": "1.25",
    "updateTime": 1617939110373,
    "negativeBalance": "0",
}

WHOLE: Final = {
    "uniMMR": "40.00000000",
    "accountEquity": "1000.00",
    "actualEquity": "1100.00",
    "accountInitialMargin": "60.00",
    "accountMaintMargin": "25.00",
    "accountStatus": "NORMAL",
    "virtualMaxWithdrawAmount": "900.00",
    "totalAvailableBalance": "940.00",
    "totalMarginOpenLoss": "0.00",
    "updateTime": 1657707212154,
}


def read(row: dict[str, Any], whole: dict[str, Any]) -> Statement:
    bodies = {"/papi/v1/balance": [row], "/papi/v1/account": whole}
    return replay("binance-pm", {path: json.dumps(body).encode() for path, body in bodies.items()})


def balance(**changes: Any) -> Balance:
    """
    What marginbook makes of one row.
    """
    (found,) = read({**ROW, **changes}, WHOLE).balances
    return found


def summary(**changes: Any) -> Summary:
    """
    What marginbook makes of the account as a whole.
    """
    found = read(ROW, {**WHOLE, **changes}).summary
    assert found is not None
    return found


def test_what_is_borrowed_is_not_ones_own() -> None:
    """
    The wallet balance is what remains when the loan and its interest are repaid; equity is that and the PnL of both
    kinds of futures. Each says what it is made of.
    """
    found = balance()

    assert ("116.00", "-2.75", "113.25") == (str(found.wallet_balance), str(found.unrealized_pnl), str(found.equity))
    assert {
        "wallet_balance": "derived: totalWalletBalance - crossMarginBorrowed - crossMarginInterest",
        "unrealized_pnl": "derived: umUnrealizedPNL + cmUnrealizedPNL",
        "equity": "derived: wallet_balance + unrealized_pnl",
    } == found.basis
    assert () == found.notes


def test_a_debt_larger_than_the_wallet() -> None:
    """
    Whoever owes more than he has has less than nothing.
    """
    assert Decimal("-374.00") == balance(crossMarginBorrowed="500.00").wallet_balance


@pytest.mark.parametrize("empty", ["umUnrealizedPNL", "cmUnrealizedPNL"])
def test_an_empty_amount_is_not_known(empty: str) -> None:
    """
    An amount that the venue leaves empty is neither an error nor zero; what is known of the rest is said.
    """
    found = balance(**{empty: ""})

    assert (Decimal("116.00"), None, None) == (found.wallet_balance, found.unrealized_pnl, found.equity)
    assert f"{empty} empty" in found.notes[0]
    assert ("umUnrealizedPNL -4.00" in found.notes[0]) is (empty != "umUnrealizedPNL")


def test_a_text_for_an_amount() -> None:
    """
    What is neither a number nor empty is refused by its name.
    """
    with pytest.raises(InvalidResponseError, match=r"^umUnrealizedPNL: 'none' is not an amount"):
        balance(umUnrealizedPNL="none")


def test_a_total_that_is_not_its_parts() -> None:
    """
    A total that its wallets do not add up to is taken as it is, and noted.
    """
    found = balance(totalWalletBalance="130.00")

    assert Decimal("119.50") == found.wallet_balance
    (note,) = found.notes
    assert "do not add up: totalWalletBalance is 3.50 more than its parts, crossMarginFree + crossMarginLocked" in note


def test_a_total_without_the_loan() -> None:
    """
    Where the total fits its parts only without the loan, taking it off again would be wrong: it is not known.
    """
    found = balance(totalWalletBalance="116.00")

    assert (None, None) == (found.wallet_balance, found.equity)
    assert Decimal("-2.75") == found.unrealized_pnl
    assert (UNCLEAR,) == found.notes


def test_a_total_that_fits_either_way() -> None:
    """
    Without loans there is nothing to doubt.
    """
    found = balance(crossMarginBorrowed="0", crossMarginInterest="0.00")

    assert (Decimal("126.50"), ()) == (found.wallet_balance, found.notes)


def test_a_negative_balance() -> None:
    """
    Where futures wallets owe more than they show, it is not documented where it counts: cash and equity are not known.
    """
    found = balance(negativeBalance="-7.25")

    assert (None, None, Decimal("-2.75")) == (found.wallet_balance, found.equity, found.unrealized_pnl)
    assert (OWED.format(Decimal("-7.25")),) == found.notes
    without = {name: value for name, value in ROW.items() if name != "negativeBalance"}
    assert () == read(without, WHOLE).balances[0].notes


@pytest.mark.parametrize("sign", ["-", ""])
def test_a_negative_balance_that_shows(sign: str) -> None:
    """
    What is owed is in the wallet that is below zero by just that, whatever sign it is told with.
    """
    found = balance(negativeBalance=f"{sign}7.25", cmWalletBalance="-7.25", totalWalletBalance="115.75")

    assert (Decimal("105.25"), ()) == (found.wallet_balance, found.notes)


def test_a_placeholder() -> None:
    """
    A row without a time of change stays.
    """
    found = balance(updateTime=0)

    assert (None, (PLACEHOLDER,)) == (found.updated_at, found.notes)


def test_the_account_as_a_whole() -> None:
    """
    Equity with and without haircuts, margins and the venue's own word for its state, in USD.
    """
    found = summary()

    assert ("USD", None, "portfolio", "NORMAL") == (found.currency, found.asset, found.mode, found.status)
    assert ("1100.00", "1000.00") == (str(found.equity), str(found.adjusted_equity))
    assert ("60.00", "25.00") == (str(found.initial_margin), str(found.maintenance_margin))
    assert ("940.00", "900.00") == (str(found.available_balance), str(found.max_withdraw))
    assert datetime(2022, 7, 13, 10, 13, 32, 154_000, tzinfo=UTC) == found.updated_at
    assert Decimal("0.025") == found.margin_ratio
    assert () == found.notes


def test_nothing_is_said_to_be_available() -> None:
    """
    Binance leaves it empty, which is not zero.
    """
    assert summary(totalAvailableBalance="").available_balance is None


@pytest.mark.parametrize(
    ("changes", "noted"),
    [
        ({"uniMMR": "40.4"}, False),
        ({"uniMMR": "40.41"}, True),
        ({"uniMMR": "39.59"}, True),
        ({"accountMaintMargin": "0", "uniMMR": "99999999"}, False),
        ({"accountEquity": "0", "uniMMR": "1"}, True),
    ],
)
def test_a_ratio_of_other_figures(changes: dict[str, str], *, noted: bool) -> None:
    """
    The venue's own margin ratio is held against equity and maintenance margin: more than a hundredth off is noted.
    """
    notes = summary(**changes).notes

    assert noted is bool(notes)
    assert all("uniMMR is" in note for note in notes)


def test_requests() -> None:
    """
    Both are asked for, signed, with the same window. An address may spend 6000 in a minute.
    """
    secrets = {"api_key": "k" * 64, "api_secret": "s" * 64}
    with scripted(in_turn(Said(body=[ROW]), Said(body=WHOLE))) as venue:
        report = collect([Account("desk", "binance-pm", secrets, {"base_url": venue.url, "recv_window": 700})])
    (limit,) = installed().venue("binance-pm").limits

    assert report.complete
    assert [
        "/papi/v1/balance?recvWindow=700&timestamp",
        "/papi/v1/account?recvWindow=700&timestamp",
    ] == [one.target.partition("=1")[0] for one in venue.asked]
    assert (6000, 20) == (limit.weight, limit.dearest)


def test_one_asset_is_no_answer() -> None:
    """
    A single object in the place of the list is not what was asked for.
    """
    with pytest.raises(InvalidResponseError, match="expected list, got"):
        replay("binance-pm", {"/papi/v1/balance": json.dumps(ROW).encode()})


def test_an_account_without_its_assets() -> None:
    """
    An account that is worth something and lists no asset is refused: rows are missing. One without money has none.
    """

    def listed(**changes: Any) -> tuple[Balance, ...]:
        bodies: dict[str, Any] = {"/papi/v1/balance": [], "/papi/v1/account": {**WHOLE, **changes}}
        return replay("binance-pm", {path: json.dumps(body).encode() for path, body in bodies.items()}).balances

    with pytest.raises(InvalidResponseError, match="no asset is listed") as caught:
        listed()
    assert caught.value.hint
    assert () == listed(actualEquity="0.00")
