"""
Binance futures: what a balance means, and what its errors mean to a person.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from marginbook import Account, Balance, Failure, collect, replay
from marginbook_binance.codes import CODES
from marginbook_binance.rows import PLACEHOLDER
from script import answering

SECRETS: Final = {"api_key": "k" * 64, "api_secret": "s" * 64}

#: The account that every test varies: no isolated wallet, nothing in use.
ROW: Final = {
    "accountAlias": "SgsR",
    "asset": "USDT",
    "balance": "1000.00",
    "crossWalletBalance": "1000.00",
    "crossUnPnl": "50.00",
    "availableBalance": "1050.00",
    "maxWithdrawAmount": "1000.00",
    "marginAvailable": True,
    "updateTime": 1617939110373,
}


def usdm(**changes: Any) -> Balance:
    """
    What marginbook makes of one USDⓈ-M row.
    """
    (balance,) = replay("binance-usdm", {"/fapi/v3/balance": json.dumps([{**ROW, **changes}]).encode()}).balances
    return balance


def coinm(**changes: Any) -> Balance:
    """
    What marginbook makes of one COIN-M row.
    """
    row = {**ROW, "asset": "BTC", "withdrawAvailable": ROW["maxWithdrawAmount"], **changes}
    row = {name: value for name, value in row.items() if name not in {"maxWithdrawAmount", "marginAvailable"}}
    (balance,) = replay("binance-coinm", {"/dapi/v1/balance": json.dumps([row]).encode()}).balances
    return balance


def failure(status: int, body: Any, headers: dict[str, str] | None = None, venue: str = "binance-usdm") -> Failure:
    """
    What becomes of an account whose venue gives this answer.
    """
    with answering(status, body, headers) as heard:
        report = collect([Account("desk", venue, SECRETS, {"base_url": heard.url})])
    (only,) = report.failures
    return only


@pytest.mark.parametrize("read", [usdm, coinm])
def test_without_isolated_wallets_the_cross_pnl_is_all(read: Any) -> None:
    """
    Where the whole wallet is the cross wallet, unrealized PnL and equity follow, and say from what.
    """
    balance = read()

    assert Decimal("50.00") == balance.unrealized_pnl
    assert Decimal("1050.00") == balance.equity
    assert "derived: wallet_balance + unrealized_pnl" == balance.basis["equity"]
    assert "reported" == balance.basis["wallet_balance"]
    assert () == balance.notes


@pytest.mark.parametrize(
    ("read", "operation"), [(usdm, "GET /fapi/v3/account"), (coinm, "GET /dapi/v1/account")], ids=["usdm", "coinm"]
)
def test_isolated_wallets_hide_pnl(read: Any, operation: str) -> None:
    """
    With an isolated wallet, unrealized PnL and equity are not known, and the note says which operation tells them.
    """
    balance = read(crossWalletBalance="900.00", availableBalance="900.00")

    assert (None, None) == (balance.unrealized_pnl, balance.equity)
    assert Decimal("50.00") == balance.cross_unrealized_pnl
    assert 1 == len(balance.notes)
    assert operation in balance.notes[0]


def test_shared_collateral_is_noted() -> None:
    """
    More available than the asset backs by itself is only possible in multi-assets mode, and never clipped.
    """
    balance = usdm(availableBalance="1050.01")

    assert Decimal("1050.01") == balance.available_balance
    assert "shares collateral" in balance.notes[0]


def test_a_loss_larger_than_the_wallet() -> None:
    """
    Equity may be negative. Nothing available is no sign of shared collateral then.
    """
    balance = usdm(crossUnPnl="-1500.00", availableBalance="0.00", maxWithdrawAmount="0.00")

    assert Decimal("-500.00") == balance.equity
    assert () == balance.notes


@pytest.mark.parametrize("read", [usdm, coinm])
def test_placeholders_stay(read: Any) -> None:
    """
    A row without a time of change is kept with all its figures, whatever it holds, and says so.
    """
    balance = read(updateTime=0)

    assert Decimal("1000.00") == balance.wallet_balance
    assert balance.updated_at is None
    assert (PLACEHOLDER,) == balance.notes


def test_margins_are_not_made_up() -> None:
    """
    The answer does not tell the mode, so what is in use is not computed from what is available.
    """
    balance = usdm(availableBalance="930.00")

    assert [None] * 4 == [
        balance.initial_margin,
        balance.position_margin,
        balance.order_margin,
        balance.maintenance_margin,
    ]


def test_the_rows_withdraw_fields_differ() -> None:
    """
    What can be transferred out is maxWithdrawAmount at one and withdrawAvailable at the other, above available or not.
    """
    assert Decimal("1234.5") == usdm(maxWithdrawAmount="1234.5").max_withdraw
    assert Decimal("1234.5") == coinm(withdrawAvailable="1234.5").max_withdraw


def test_version_2_is_another_path() -> None:
    """
    The option asks the older twin, with its window, and reads it alike.
    """
    with answering(200, [ROW]) as heard:
        options = {"base_url": heard.url, "api_version": "v2", "recv_window": 60_000}
        report = collect([Account("desk", "binance-usdm", SECRETS, options)])

    assert report.complete
    assert heard.asked[0].target.startswith("/fapi/v2/balance?recvWindow=60000&timestamp=")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"api_version": "v1"}, "retired GET /fapi/v1/balance"),
        ({"api_version": "v4"}, "none of v3, v2"),
        ({"recv_window": 60_001}, "between 1 and 60000"),
        ({"recv_window": 0}, "between 1 and 60000"),
    ],
)
def test_options_that_cannot_be_right(options: dict[str, Any], complaint: str) -> None:
    """
    An option that the venue would refuse is refused before anything is sent.
    """
    with answering(200, [ROW]) as heard:
        report = collect([Account("desk", "binance-usdm", SECRETS, {"base_url": heard.url, **options})])

    assert "configuration" == report.failures[0].kind
    assert complaint in report.failures[0].message
    assert [] == heard.asked


@pytest.mark.parametrize("code", CODES)
def test_every_known_code_is_explained(code: int) -> None:
    """
    A code that is known decides the kind, says what to do, and never repeats the venue's text.
    """
    kind, meaning, hint = CODES[code]
    found = failure(400, {"code": code, "msg": "request ip: 198.51.100.7"})

    assert kind("").kind == found.kind
    assert found.hint.startswith(hint)
    assert f"Code {code}: {meaning}." in found.message
    assert "198.51.100.7" not in str(found)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"code": -1102, "msg": "Mandatory parameter"}, "plugin"),
        (400, {"code": -99999, "msg": "new"}, "invalid_response"),
        (403, b"<html><body>Request blocked</body></html>", "permission"),
        (418, {"code": -1003, "msg": "banned"}, "rate_limited"),
        (429, b"", "rate_limited"),
        (451, {"code": 0, "msg": "Service unavailable from a restricted location"}, "permission"),
        (500, b"<html>", "unavailable"),
        (503, {"code": -1008, "msg": "Request throttled by system-level protection."}, "unavailable"),
        (503, {"msg": "Unknown error, please check your request or try again later."}, "unavailable"),
        (520, b"error code: 520", "unavailable"),
        (302, b"", "configuration"),
        (200, {"code": -2015, "msg": "Invalid API-key"}, "invalid_response"),
        (200, b"<html>Maintenance</html>", "invalid_response"),
        (200, b"", "invalid_response"),
    ],
)
@pytest.mark.parametrize("venue", ["binance-usdm", "binance-coinm"])
def test_answers_without_a_known_code(status: int, body: Any, kind: str, venue: str) -> None:
    """
    The status says what a code does not, and nothing but the documented success is one.
    """
    assert kind == failure(status, body, venue=venue).kind


def test_a_ban_says_until_when() -> None:
    """
    The end of a ban is in the text, in milliseconds; the address before it is not repeated.
    """
    text = "Way too many requests; IP(198.51.100.7) banned until 4102444800840. Please use the websocket."
    found = failure(418, {"code": -1003, "msg": text}, {"Retry-After": "5"})

    assert datetime(2100, 1, 1, 0, 0, 0, 840_000, tzinfo=UTC) == found.until
    assert "198.51.100.7" not in str(found)


def test_retry_after_is_read() -> None:
    """
    Without a ban in the text, the header says when to come back.
    """
    found = failure(429, {"code": -1003, "msg": "Too many requests"}, {"Retry-After": "Thu, 21 Oct 2100 07:28:00 GMT"})

    assert datetime(2100, 10, 21, 7, 28, tzinfo=UTC) == found.until


def test_the_usual_causes_of_a_refused_key() -> None:
    """
    -2015 names its four usual causes.
    """
    hint = failure(401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action"}).hint

    assert [] == [c for c in ("IP list", "futures permission", "environment", "Portfolio Margin") if c not in hint]
