"""
OKX: what cash and PnL are made of, what is not known, and what it takes to be answered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import yaml
from attrs import evolve

from generate import SPECS
from marginbook import (
    Account,
    ApiError,
    Balance,
    BalanceReport,
    CredentialsError,
    InvalidResponseError,
    Statement,
    Summary,
    collect,
    replay,
)
from marginbook.registry import installed
from marginbook.sandbox import PORTRAITS, Budget, Portrait, Sandbox, Stage
from marginbook_clients.okx.models.refusal import Refusal
from marginbook_okx import codes, keys, rows, stage, venue
from script import Said, in_turn, scripted

if TYPE_CHECKING:
    from collections.abc import Mapping

BALANCE: Final = "/api/v5/account/balance"
CONFIG: Final = "/api/v5/account/config"
LEAVING: Final = "/api/v5/account/max-withdrawal"
TIME: Final = "/api/v5/public/time"

#: Futures mode, with a cross position and an order. No two amounts are alike.
ROW: Final = {
    "ccy": "USDT",
    "eq": "1047.50",
    "cashBal": "1000.00",
    "uTime": "1763600408123",
    "isoEq": "0",
    "availEq": "927.125",
    "disEq": "",
    "availBal": "879.625",
    "frozenBal": "120.375",
    "ordFrozen": "20.25",
    "liab": "",
    "upl": "47.50",
    "uplLiab": "",
    "crossLiab": "",
    "isoLiab": "",
    "mgnRatio": "104",
    "imr": "120.375",
    "mmr": "10.0625",
    "interest": "",
    "twap": "0",
    "maxLoan": "",
    "eqUsd": "1047.31",
    "notionalLever": "1.1",
    **dict.fromkeys(("stgyEq", "smtSyncEq", "spotCopyTradingEq", "spotIsoBal"), "0"),
    "isoUpl": "0",
}

#: An isolated position beside it, in the proportions of one that was recorded: equity is off by a binary rounding.
ISOLATED: Final = {
    "eq": "99.89469657000001",
    "cashBal": "94.42612990333333",
    "isoEq": "5.468566666666667",
    "isoUpl": "-0.0273000000000002",
    "upl": "-0.0273000000000002",
    "availEq": "94.42612990333333",
    "frozenBal": "5.468566666666667",
    "imr": "0",
    "mmr": "0",
    "ordFrozen": "0",
}

WHOLE: Final = {
    "uTime": "1763600409456",
    "totalEq": "1047.31",
    "isoEq": "0",
    "adjEq": "997.5",
    "availEq": "876.25",
    "ordFroz": "20.5",
    "imr": "121.25",
    "mmr": "10.125",
    "mgnRatio": "98.5",
    "notionalUsd": "1200",
    "upl": "47.25",
}


def granted(*data: Any) -> dict[str, Any]:
    return {"code": "0", "data": list(data), "msg": ""}


def body(*details: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return granted({**WHOLE, "details": list(details), **changes})


def read(bodies: Mapping[str, Any], **options: str | bool) -> Statement:
    return replay("okx", {path: json.dumps(body).encode() for path, body in bodies.items()}, options)


def row(**changes: Any) -> Balance:
    """
    What marginbook makes of one currency, asked for in one request.
    """
    (found,) = read({BALANCE: body({**ROW, **changes})}).balances
    return found


def whole(*details: dict[str, Any], **changes: Any) -> Summary:
    found = read({BALANCE: body(*details, **changes)}).summary
    assert found is not None
    return found


def settings() -> dict[str, Any]:
    document = yaml.safe_load((SPECS / "okx.openapi.yaml").read_text(encoding="utf-8"))
    example = document["paths"][CONFIG]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    found: dict[str, Any] = example["data"][0]
    return found


def detailed(mode: str = "2", **leaving: str) -> Statement:
    """
    What marginbook makes of an account with one currency, asked for in detail.
    """
    amounts = {"maxWd": "880.75", "maxWdEx": "881", "spotOffsetMaxWd": "", "spotOffsetMaxWdEx": "", **leaving}
    bodies = {
        BALANCE: body(ROW),
        CONFIG: granted({**settings(), "acctLv": mode}),
        LEAVING: granted({"ccy": "USDT", **amounts}),
    }
    return read(bodies, detail="margin")


def without(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in names}


def figures(found: Balance | Summary, *names: str) -> list[str | None]:
    """
    The digits of some figures.
    """
    told = [getattr(found, name) for name in names]
    return [None if figure is None else f"{figure:f}" for figure in told]


CASH: Final = ("wallet_balance", "unrealized_pnl", "equity")
CROSS: Final = ("cross_wallet_balance", "cross_unrealized_pnl")
MARGINS: Final = ("initial_margin", "order_margin", "maintenance_margin")


def test_a_currency() -> None:
    """
    What a currency tells in Futures mode is told, digit for digit; nothing else is.
    """
    found = row()

    assert {
        "wallet_balance": "1000.00",
        "unrealized_pnl": "47.50",
        "equity": "1047.50",
        "initial_margin": "120.375",
        "order_margin": "20.25",
        "maintenance_margin": "10.0625",
        "available_balance": "927.125",
        "cross_wallet_balance": "1000.00",
        "cross_unrealized_pnl": "47.50",
    } == {name: str(getattr(found, name)) for name in found.basis}
    assert {"cross_unrealized_pnl": f"derived: {rows.CROSS_PNL}"} == {
        name: basis for name, basis in found.basis.items() if basis != "reported"
    }
    assert ((), datetime(2025, 11, 20, 1, 0, 8, 123_000, UTC)) == (found.notes, found.updated_at)


def test_the_published_example() -> None:
    """
    The published account has a trading bot: its equity is told, and that the rest is not known.
    """
    document = yaml.safe_load((SPECS / "okx.openapi.yaml").read_text(encoding="utf-8"))
    example = document["paths"][BALANCE]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    found = read({BALANCE: example})
    (usdt,) = found.balances

    assert [None, None, "4992.890093622894"] == figures(usdt, *CASH)
    assert [None, None] == figures(usdt, *CROSS)
    assert (rows.FUNDS.format(Decimal("150.000000000000006"), "stgyEq 150"),) == usdt.notes
    assert found.summary is not None
    assert ["55837.43556134779", "55415.624719833286"] == figures(found.summary, "equity", "adjusted_equity")


def test_isolated_positions() -> None:
    """
    Their margin is a part of the wallet that is not in cashBal, and their PnL is in upl already. Margins are of cross
    positions alone, so that they are not known.
    """
    found = row(**ISOLATED)

    assert ["99.9219965699999972", "-0.0273000000000002", "99.89469657000001"] == figures(found, *CASH)
    assert ["94.42612990333333", "0.0000000000000000"] == figures(found, *CROSS)
    assert [None, "0", None] == figures(found, *MARGINS)
    assert f"derived: {rows.WALLET}" == found.basis["wallet_balance"]
    assert (
        "The venue's figures do not add up: equity is 0.0000000000000130 more than wallet_balance + unrealized_pnl.",
    ) == found.notes


@pytest.mark.parametrize(
    "changes",
    [
        # The margin of the isolated position is in cashBal as well, or its PnL is not in upl.
        {"cashBal": "1000", "isoEq": "230", "isoUpl": "30", "upl": "50", "eq": "1050"},
        {"cashBal": "800", "isoEq": "230", "isoUpl": "30", "upl": "20", "eq": "1050"},
    ],
)
def test_isolated_positions_that_do_not_add_up(changes: dict[str, str]) -> None:
    """
    Where equity is not what it should be beside isolated positions, cash and PnL are not known.
    """
    found = row(**changes)

    assert [None, None, "1050"] == figures(found, *CASH)
    assert "with isolated positions it is not certain" in found.notes[0]


def test_isolated_positions_without_their_pnl() -> None:
    """
    An older answer does not tell the PnL of isolated positions apart: their margin is not known.
    """
    (found,) = read({BALANCE: body(without({**ROW, **ISOLATED}, "isoUpl"))}).balances

    assert [None, None, "99.89469657000001"] == figures(found, *CASH)
    assert (rows.NO_SPLIT,) == found.notes


def test_options() -> None:
    """
    Where equity is more than cash and PnL, the account has options, whose PnL nobody knows.
    """
    found = row(eq="1160.00")

    assert ["1000.00", None, "1160.00"] == figures(found, *CASH)
    assert ["1000.00", None] == figures(found, *CROSS)
    assert None is found.initial_margin
    assert (rows.OPTIONS.format(Decimal("112.50")),) == found.notes


@pytest.mark.parametrize(
    ("changes", "untold"),
    [
        ({"isoEq": "", "isoUpl": ""}, "isoEq"),
        # In Futures mode nothing is borrowed; elsewhere, what is owed in interest may be missing.
        ({"imr": "", "mmr": "", "interest": ""}, "interest"),
        ({"imr": "", "mmr": "", "isoEq": "", "isoUpl": ""}, "isoEq and interest"),
        ({"stgyEq": ""}, "stgyEq"),
    ],
)
def test_what_is_left_empty_may_be_what_is_missing(changes: dict[str, str], untold: str) -> None:
    """
    Where equity is more than cash and PnL, and a part of either is left empty, neither is known: it may be no option.
    """
    found = row(eq="1160.00", **changes)

    assert [None, None, "1160.00"] == figures(found, *CASH)
    assert [None] * 3 == figures(found, "initial_margin", "cross_wallet_balance", "maintenance_margin")
    assert (rows.UNTOLD.format(Decimal("112.50"), untold),) == found.notes


def test_an_older_answer_with_more_equity() -> None:
    """
    Nor does an answer from before bots were told apart say what they hold.
    """
    (found,) = read({BALANCE: body(without({**ROW, "eq": "1160.00"}, "stgyEq"))}).balances

    assert (None, (rows.UNTOLD.format(Decimal("112.50"), "stgyEq"),)) == (found.wallet_balance, found.notes)


def test_an_account_without_its_rows() -> None:
    """
    An account that is worth something holds something: an answer without any row is none.
    """
    with pytest.raises(InvalidResponseError, match="no currency is listed"):
        read({BALANCE: body()})

    assert () == read({BALANCE: body(totalEq="0")}).balances


def test_what_is_left_empty_is_nothing_where_nothing_is_missing() -> None:
    """
    As long as equity is cash and PnL, what is left empty is no part of it.
    """
    found = row(isoEq="", isoUpl="", interest="")

    assert ["1000.00", "47.50", "1047.50"] == figures(found, *CASH)
    assert ["120.375", "20.25", "10.0625"] == figures(found, *MARGINS)


@pytest.mark.parametrize("fund", ["stgyEq", "smtSyncEq", "spotCopyTradingEq", "spotIsoBal"])
def test_what_bots_hold(fund: str) -> None:
    """
    What bots and copied trades hold may be cash or PnL: both are not known.
    """
    found = row(eq="1197.50", **{fund: "150"})

    assert [None, None, "1197.50"] == figures(found, *CASH)
    # Equity with them in it is not what the venue holds maintenance margin against.
    assert (None, None) == (found.maintenance_margin, found.margin_ratio)
    assert (rows.FUNDS.format(Decimal("150.00"), f"{fund} 150"),) == found.notes


def test_a_bot_that_is_not_in_equity() -> None:
    """
    As long as equity is cash and PnL, a bot is of no importance.
    """
    assert ["1000.00", "47.50", "1047.50"] == figures(row(stgyEq="150"), *CASH)


def test_a_loss_larger_than_the_wallet() -> None:
    """
    In multi-currency margin an equity below zero is owed. It is no loan that would lie in the wallet.
    """
    owed = dict.fromkeys(("liab", "uplLiab", "crossLiab"), "250.5")
    found = row(**owed, upl="-1250.5", eq="-250.50", availEq="0", interest="0", imr="", mmr="")

    assert ["1000.00", "-1250.5", "-250.50"] == figures(found, *CASH)
    assert () == found.notes


def test_a_balance_below_zero() -> None:
    """
    What was borrowed is a balance below zero, and what is owed for it is taken off.
    """
    found = row(cashBal="-250.5", upl="-100", eq="-350.625", liab="350.5", interest="0.125")

    assert ["-250.625", "-100", "-350.625"] == figures(found, *CASH)
    assert [None, "-100"] == figures(found, *CROSS)
    assert f"derived: {rows.WALLET}" == found.basis["wallet_balance"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # It is in cashBal, and not in eq.
        ({"cashBal": "1250.00", "eq": "1047.50"}, [None, "47.50", "1047.50"]),
        # It is in neither, or in both.
        ({"cashBal": "1000.00", "eq": "1047.50"}, [None, "47.50", None]),
        ({"cashBal": "1250.00", "eq": "1297.50"}, [None, "47.50", None]),
        # Nobody knows where it is.
        ({"cashBal": "1250.00", "eq": "1100.00"}, [None, None, None]),
        # An isolated position owes it.
        ({"cashBal": "1000.00", "eq": "1047.50", "isoLiab": "250"}, [None, "47.50", None]),
        ({"cashBal": "-250", "upl": "0", "eq": "-250", "isoLiab": "250"}, [None, "0", None]),
        # A balance below zero owes some of it.
        ({"cashBal": "-100", "upl": "0", "eq": "-100"}, [None, "0", None]),
    ],
)
def test_a_debt_of_another_kind(changes: dict[str, str], expected: list[str | None]) -> None:
    """
    Where more is owed than a balance below zero, it is not documented where that shows. What may be wrong is not told.
    """
    found = row(liab="250", **changes)

    assert expected == figures(found, *CASH)
    assert [None] == figures(found, "cross_wallet_balance")
    assert (rows.OWED.format(Decimal(250)),) == found.notes


def test_what_is_locked_is_not_certain() -> None:
    """
    If a currency's imr is not all that is in use, orders may be missing from it: initial margin is not known.
    """
    assert [None, "20.25", "10.0625"] == figures(row(imr="100.125"), *MARGINS)
    assert [None, "20.25", "10.0625"] == figures(row(availEq=""), *MARGINS)


def test_other_modes() -> None:
    """
    In the other modes, margins are told of the whole account, and not by currency.
    """
    assert [None, None, None] == figures(row(imr="", mmr=""), *MARGINS)


def test_spot_mode() -> None:
    """
    What does not apply is empty, and not known. It is neither an error nor zero.
    """
    empty = dict.fromkeys(("isoEq", "availEq", "upl", "isoUpl", "imr", "mmr"), "")
    found = row(**empty, eq="1000.00", uTime="")

    assert {"wallet_balance", "equity", "cross_wallet_balance"} == found.basis.keys()
    assert ((), None) == (found.notes, found.updated_at)


def test_trial_funds() -> None:
    """
    Money that cannot leave the account is no cash, and OKX does not say whether cash has it in it.
    """
    found = row(rewardBal="5.5")

    assert (rows.TRIAL.format(Decimal("5.5")),) == found.notes
    assert (None, None) == (found.wallet_balance, found.cross_wallet_balance)
    assert (Decimal("1047.50"), Decimal("47.50")) == (found.equity, found.unrealized_pnl)
    assert Decimal("1000.00") == row(rewardBal="0").wallet_balance


def test_futures_mode_shares_no_collateral() -> None:
    """
    In Futures mode each currency backs its own positions, so that each has its own ratio; the balance itself shows it.
    """
    alone = dict.fromkeys(("adjEq", "imr", "mmr", "ordFroz", "mgnRatio", "availEq", "upl"), "")
    assert "single-asset" == whole(ROW, **alone).mode
    assert not whole(ROW, **alone).pooled

    assert [None, None] == [whole(ROW).mode, whole({**ROW, "imr": ""}, **alone).mode]
    assert whole(ROW).pooled


@pytest.mark.parametrize("name", ["upl", "isoEq", "liab", "imr", "availEq", "stgyEq", "uTime"])
def test_a_text_for_an_amount(name: str) -> None:
    """
    What is neither a number nor empty is refused by its name.
    """
    with pytest.raises(InvalidResponseError, match=f"{name}: 'n/a' is not an amount"):
        row(**{name: "n/a"})


@pytest.mark.parametrize("name", ["ccy", "eq", "cashBal", "upl", "isoEq", "liab", "availEq", "uTime"])
@pytest.mark.parametrize("value", [None, "absent"])
def test_a_field_that_is_missing_or_null(name: str, value: str | None) -> None:
    """
    A documented field that is missing, as after it was renamed, or null is an error that names it.
    """
    told = without(ROW, name) if value else {**ROW, name: None}

    with pytest.raises(InvalidResponseError, match=rf"CurrencyBalance\.{name}: "):
        read({BALANCE: body(told)})


@pytest.mark.parametrize("data", [[], [{**WHOLE, "details": []}, {**WHOLE, "details": []}]])
def test_one_account_is_expected(data: list[Any]) -> None:
    """
    An answer about no account, or about two, is none.
    """
    with pytest.raises(InvalidResponseError, match=f"expected one account, got {len(data)}"):
        read({BALANCE: granted(*data)})


def test_an_error_with_status_200() -> None:
    """
    A refusal can have the status of a success, and is none.
    """
    with pytest.raises(CredentialsError, match="Code 50119: the key does not exist"):
        read({BALANCE: {"code": "50119", "msg": "API key doesn't exist", "data": []}})


def test_the_account_as_a_whole() -> None:
    """
    The whole account is told in dollars, with equity after haircuts, which the venue holds against its margin.
    """
    found = whole(ROW)

    assert {
        "unrealized_pnl": "47.25",
        "equity": "1047.31",
        "adjusted_equity": "997.5",
        "initial_margin": "121.25",
        "order_margin": "20.5",
        "maintenance_margin": "10.125",
        "available_balance": "876.25",
        "cross_unrealized_pnl": "47.25",
        "wallet_balance": None,
        "max_withdraw": None,
    } == {
        name: figures(found, name)[0]
        for name in (*CASH, *MARGINS, "adjusted_equity", "available_balance", "cross_unrealized_pnl", "max_withdraw")
    }
    assert ("USD", None, ()) == (found.currency, found.mode, found.notes)
    assert datetime(2025, 11, 20, 1, 0, 9, 456_000, UTC) == found.updated_at


def test_the_whole_with_isolated_positions() -> None:
    """
    What the whole account tells is of cross positions, so that with isolated ones it is not all.
    """
    found = whole(ROW, isoEq="230")

    assert [None, None, None] == figures(found, "unrealized_pnl", "initial_margin", "order_margin")
    assert ["10.125", "47.25"] == figures(found, "maintenance_margin", "cross_unrealized_pnl")
    assert (rows.CROSS_ONLY,) == found.notes
    assert () == whole(ROW, isoEq="230", mmr="").notes


def test_the_whole_that_leaves_isolated_positions_empty() -> None:
    """
    Nor is it known to be all where the answer does not say whether there are isolated ones.
    """
    found = whole(ROW, isoEq="")

    assert [None, None, None] == figures(found, "unrealized_pnl", "initial_margin", "order_margin")
    assert ["10.125", "47.25"] == figures(found, "maintenance_margin", "cross_unrealized_pnl")
    assert (rows.CROSS_ONLY,) == found.notes


def test_the_whole_of_doubtful_currencies() -> None:
    """
    A total with what may be owed in it is not known, and neither is a PnL without options.
    """
    assert [None] == figures(whole({**ROW, "liab": "250"}), "equity")
    assert [None, None] == figures(whole({**ROW, "eq": "1160"}), "unrealized_pnl", "cross_unrealized_pnl")


@pytest.mark.parametrize(
    ("mode", "ours"), [("1", "spot"), ("2", "single-asset"), ("3", "multi-assets"), ("4", "portfolio"), ("9", "9")]
)
def test_modes(mode: str, ours: str) -> None:
    """
    In detail, the account mode is told, in our word or else OKX's, and what can leave the account without borrowing.
    """
    found = detailed(mode)
    assert found.summary is not None

    assert (ours, Decimal("880.75")) == (found.summary.mode, found.balances[0].max_withdraw)


@pytest.mark.parametrize(("told", "expected"), [("880.75", "880.75"), ("700", None)])
def test_what_can_leave_while_spot_hedges(told: str, expected: str | None) -> None:
    """
    Of two amounts that differ, nobody knows which one holds.
    """
    assert [expected] == figures(detailed("4", spotOffsetMaxWd=told).balances[0], "max_withdraw")


def account(url: str, **options: str | bool) -> Account:
    secrets = {"api_key": "key", "api_secret": "secret", "passphrase": "passphrase"}
    return Account("desk", "okx", secrets, {"base_url": url, **options})


@pytest.mark.parametrize(("simulated", "header"), [(False, None), (True, "1")])
def test_requests(header: str | None, *, simulated: bool) -> None:
    """
    One request is enough unless detail is wanted; those of demo trading say so.
    """
    with scripted(in_turn(Said(200, body(ROW)))) as heard:
        report = collect([account(heard.url, simulated_trading=simulated)])

    assert report.complete
    assert [BALANCE] == [one.target for one in heard.asked]
    assert header == heard.asked[0].headers.get("x-simulated-trading")


def test_signature() -> None:
    """
    Time, method and path are signed, afresh at every attempt, and the passphrase goes along as it is.
    """
    times = iter([1607418537715, 1607418537005])
    secrets = {"api_key": " key\n", "api_secret": "22582BD0CFF14C41EDBF1AB98506286D\n", "passphrase": "a b"}
    signer = keys.sign(secrets, lambda: next(times))
    request = requests.Request("GET", "https://openapi.okx.com/api/v5/account/balance?ccy=BTC")
    text = b"2020-12-08T09:08:57.715ZGET/api/v5/account/balance?ccy=BTC"
    digest = hmac.new(b"22582BD0CFF14C41EDBF1AB98506286D", text, hashlib.sha256).digest()

    headers = signer(request.prepare()).headers
    assert base64.b64encode(digest).decode() == headers["OK-ACCESS-SIGN"]
    assert ("key", "a b") == (headers["OK-ACCESS-KEY"], headers["OK-ACCESS-PASSPHRASE"])
    assert "2020-12-08T09:08:57.715Z" == headers["OK-ACCESS-TIMESTAMP"]
    assert "2020-12-08T09:08:57.005Z" == signer(request.prepare()).headers["OK-ACCESS-TIMESTAMP"]


@pytest.mark.parametrize("name", ["api_key", "api_secret", "passphrase"])
@pytest.mark.parametrize("secret", ["", " \n", "k\u00e4y", "k\ney"])
def test_secrets_that_cannot_be_right(name: str, secret: str) -> None:
    """
    They are refused before anything is sent, and without being shown.
    """
    secrets = {"api_key": "key", "api_secret": "secret", "passphrase": "passphrase", name: secret}

    with pytest.raises(CredentialsError, match=f"^The {name} is empty, or has characters that none has."):
        keys.sign(secrets, lambda: 0)


def test_a_passphrase_in_the_clear() -> None:
    """
    The passphrase itself is sent, so that plain http to another machine is refused.
    """
    (failure,) = collect([account("http://okx.example")]).failures

    assert ("configuration", True) == (failure.kind, "plain http" in failure.message)


def refusal(code: str, status: int = 200, headers: Mapping[str, str] | None = None) -> ApiError:
    return ApiError(
        "GET /api/v5/account/balance",
        status_code=status,
        headers=headers or {},
        content=b"",
        parsed=Refusal(code=code, msg="text of the venue") if code else None,
        received_at=datetime(2026, 11, 26, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("code", "status", "kind", "transient"),
    [
        ("1", 200, "unavailable", True),
        ("50001", 503, "unavailable", True),
        ("50005", 410, "configuration", False),
        ("50011", 200, "rate_limited", True),
        ("50011", 429, "rate_limited", True),
        ("50013", 429, "unavailable", True),
        ("50014", 400, "plugin", False),
        ("50030", 200, "permission", False),
        ("50101", 401, "credentials", False),
        ("50102", 401, "clock", False),
        ("50105", 401, "credentials", False),
        ("50110", 401, "permission", False),
        ("50111", 401, "credentials", False),
        ("50112", 401, "clock", False),
        ("50113", 401, "credentials", False),
    ],
)
def test_codes(code: str, status: int, kind: str, *, transient: bool) -> None:
    """
    A code says what kind of trouble it is, and whether asking again may help. The venue's text is not repeated.
    """
    found = codes.explain(refusal(code, status))
    assert found is not None

    assert (kind, transient, kind == "clock") == (found.kind, found.transient, found.suspects_clock)
    assert f"Code {code}: " in found.message
    assert "text of the venue" not in str(found)
    assert found.hint


def test_codes_that_are_new() -> None:
    """
    A code that nobody knows is told; where the status says more, or it is no code, the status does.
    """
    found = codes.explain(refusal("59999"))
    assert found is not None

    assert ("invalid_response", True) == (found.kind, "Code 59999" in found.message)
    assert [None, None, None] == [codes.explain(refusal(*e)) for e in (("59999", 503), ("secret", 200), ("", 404))]


def test_when_to_ask_again() -> None:
    """
    If an answer says when the next request may come, so does the failure.
    """
    found = codes.explain(refusal("50011", 429, {"Retry-After": "7"}))
    assert found is not None

    assert datetime(2026, 11, 26, 12, 0, 7, tzinfo=UTC) == found.until


def asked(stage_: Stage, **changes: Any) -> BalanceReport:
    """
    Ask the accounts of a stage over real HTTP, with other secrets or options where they are given.
    """
    with Sandbox([stage_]) as opened:
        return collect([evolve(one, **changes) for one in opened.accounts()])


FIGURES: Final = (*CASH, *CROSS, *MARGINS, "position_margin", "available_balance", "max_withdraw")


@pytest.mark.parametrize("portrait", [p for p in PORTRAITS if p.name != "indebted"], ids=lambda p: p.name)
def test_portraits(portrait: Portrait) -> None:
    """
    Each portrait comes out as exactly its figures, or as not known.
    """
    report = asked(stage.portray(portrait))
    found = {balance.asset: balance for balance in report.balances}

    assert report.complete
    assert list(stage.ASSETS[: len(portrait.wallets)]) == sorted(found, key=stage.ASSETS.index)
    for asset, painted in zip(stage.ASSETS, portrait.wallets, strict=False):
        for name in FIGURES:
            assert getattr(found[asset], name) in {getattr(painted, name), None}
        for name in (*CASH, *CROSS, "available_balance", "max_withdraw"):
            assert getattr(painted, name) == getattr(found[asset], name)


def test_the_canonical_margins() -> None:
    """
    In Futures mode, the canonical account tells all of its margins but one.
    """
    (found,) = asked(stage.portray(PORTRAITS[0])).balances

    assert ["120", "20", "10"] == figures(found, *MARGINS)
    assert None is found.position_margin


def test_the_sandbox() -> None:
    """
    Its accounts are read whole, with all their digits.
    """
    (played,) = stage.stages()
    report = asked(played)
    found = {(b.account, b.asset): b for b in report.balances}

    assert report.complete
    assert ["8226.00", "34.75", "8260.75"] == figures(found["okx", "USDT"], *CASH)
    assert ["-250.625", "-100", "-350.625"] == figures(found["okx-multi", "USDT"], *CASH)
    assert [None, None, "1.75000000"] == figures(found["okx-multi", "BTC"], *CASH)
    assert ["10", None, "10.5"] == figures(found["okx-multi", "ETH"], *CASH)
    assert ["0.100000000000000001"] == figures(found["okx", "BTC"], "max_withdraw")
    assert ["single-asset", "multi-assets"] == sorted(s.mode or "" for s in report.summaries)[::-1]
    assert {"indebted"} == set(played.beyond)


def test_a_wrong_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A local clock that is hours off is corrected by the venue's, and the account is complete.
    """
    monkeypatch.setattr(stage, "now", lambda: time.time_ns() // 10**6 - 6 * 3600 * 1000)
    report = asked(stage.staged(stage.drawn("okx")))

    assert report.complete
    assert any("clock" in note.message for note in report.notes)


@pytest.mark.parametrize(
    "data", [[], [{"ts": "1"}, {"ts": "2"}], [{"ts": "soon"}], [{"ts": "1" * 14}], [{"ts": "\u0661"}]]
)
def test_no_time(data: list[Any]) -> None:
    """
    A time that is none is refused by the name of the field.
    """
    with scripted(in_turn(Said(200, granted(*data)))) as heard:  # noqa: SIM117
        with requests.Session() as session, pytest.raises(InvalidResponseError, match="ts is no time"):
            venue.time(account(heard.url), session)


@pytest.mark.parametrize("secrets", [{"api_key": "unknown"}, {"api_secret": "wrong"}, {"passphrase": "wrong"}], ids=min)
def test_refused_by_the_sandbox(secrets: dict[str, str]) -> None:
    """
    The sandbox refuses keys that it does not know, other passphrases, and signatures with another secret.
    """
    part = stage.drawn("okx")
    (failure,) = asked(stage.staged(part), credentials={**part.actor.credentials, **secrets}).failures

    assert "credentials" == failure.kind


def test_the_other_environment() -> None:
    """
    Keys of demo trading are none elsewhere, and the hint names the option.
    """
    with Sandbox([stage.staged(stage.drawn("okx"))]) as opened:
        (one,) = opened.accounts()
        (failure,) = collect([evolve(one, options={**one.options, "simulated_trading": True})]).failures

    assert ("credentials", True) == (failure.kind, "simulated_trading" in failure.hint)


def signed_get(url: str, part: stage.Part, path: str, **changes: str) -> requests.Response:
    """
    Ask as one should, by code that shares nothing with the plugin, but for what is changed of the headers.
    """
    secrets = part.actor.credentials
    stamp = changes.get("OK-ACCESS-TIMESTAMP", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")
    digest = hmac.new(secrets["api_secret"].encode(), f"{stamp}GET{path}".encode(), hashlib.sha256).digest()
    headers = {
        "OK-ACCESS-KEY": secrets["api_key"],
        "OK-ACCESS-PASSPHRASE": secrets["passphrase"],
        "OK-ACCESS-TIMESTAMP": stamp,
        "OK-ACCESS-SIGN": base64.b64encode(digest).decode(),
    }
    return requests.get(url + path, headers={**headers, **changes}, timeout=10)


@pytest.mark.parametrize("path", [BALANCE, f"{BALANCE}?ccy=USDT", CONFIG, LEAVING])
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({}, 200, "0"),
        ({"OK-ACCESS-KEY": "unknown"}, 401, "50111"),
        ({"OK-ACCESS-PASSPHRASE": "wrong"}, 401, "50105"),
        ({"x-simulated-trading": "1"}, 401, "50101"),
        ({"OK-ACCESS-TIMESTAMP": "2020-12-08T09:08:57.715Z"}, 401, "50102"),
        ({"OK-ACCESS-TIMESTAMP": "1607418537715"}, 401, "50112"),
        ({"OK-ACCESS-SIGN": "00"}, 401, "50113"),
    ],
)
def test_what_the_sandbox_checks(path: str, changes: dict[str, str], status: int, code: str) -> None:
    """
    Each operation about an account checks key, passphrase, environment, time and signature.
    """
    part = stage.drawn("okx")
    with Sandbox([stage.staged(part)]) as opened:
        response = signed_get(opened.url, part, path, **changes)

    assert (status, code) == (response.status_code, response.json()["code"])


def test_the_sandbox_counts() -> None:
    """
    Whoever asks too often is refused, for each operation by itself.
    """
    part = stage.drawn("okx")
    budgets = {name: Budget(2, seconds=10**9) for name in stage.LIMITS}
    with Sandbox([stage.staged(part, trading=stage.Trading({part.key: part}, budgets))]) as opened:
        answers = [signed_get(opened.url, part, CONFIG) for _ in range(3)]
        other = signed_get(opened.url, part, BALANCE)
        times = [requests.get(opened.url + TIME, timeout=10).json()["code"] for _ in range(3)]

    assert ["0", "0", "50011", "0"] == [answer.json()["code"] for answer in (*answers, other)]
    assert ["0", "0", "50011"] == times


def test_a_path_that_there_is_not() -> None:
    """
    It is refused in the venue's own shape.
    """
    with Sandbox(stage.stages()) as opened:
        response = requests.get(f"{opened.url}/api/v5/nothing", timeout=10)

    assert (404, "50005") == (response.status_code, response.json()["code"])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("clock", "clock"),
        ("key", "credentials"),
        ("signature", "credentials"),
        ("throttled", "rate_limited"),
        ("error-in-200", "unavailable"),
    ],
)
def test_refusals(fault: str, kind: str) -> None:
    """
    The venue's own answer to what is wrong with a request is of the right kind.
    """
    (played,) = stage.stages()
    answer = played.refusals[fault]()
    error = ApiError(
        "GET /",
        status_code=answer.status_code,
        headers=dict(answer.headers),
        content=answer.get_data(),
        parsed=Refusal.from_dict(json.loads(answer.get_data())),
    )
    found = codes.explain(error)
    assert found is not None

    assert kind == found.kind


def test_it_is_installed() -> None:
    """
    The venue and its stage are found by their entry point, and what identifies the owner is private.
    """
    registry = installed()
    found = registry.venue("okx")

    assert "https://openapi.okx.com" == found.hosts["production"]
    assert {"uid", "mainUid", "label", "ip"} == set(found.private)
    assert "okx" in {played.venue for played in registry.stages()}
