"""
Recorded bodies, read as if the venue had just sent them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from marginbook import Balance, ConfigurationError, InvalidResponseError, Lock, PluginError, Statement, replay

if TYPE_CHECKING:
    from tests.core.conftest import Plugins

#: What Binance publishes for GET /fapi/v3/balance.
USDM: Final = b"""[{"accountAlias": "SgsR", "asset": "USDT", "balance": "122607.35137903",
    "crossWalletBalance": "23.72469206", "crossUnPnl": "0.00000000", "availableBalance": "23.72469206",
    "maxWithdrawAmount": "23.72469206", "marginAvailable": true, "updateTime": 1617939110373}]"""

#: What Binance publishes for GET /dapi/v1/balance.
COINM: Final = b"""[{"accountAlias": "SgsR", "asset": "BTC", "balance": "0.00250000", "withdrawAvailable": "0.00250000",
    "crossWalletBalance": "0.00241969", "crossUnPnl": "0.00000000", "availableBalance": "0.00241969",
    "updateTime": 1592468353979}]"""

#: What CoinSwitch publishes for GET /trade/api/v2/futures/wallet_balance.
COINSWITCH: Final = b"""{"data": {"base_asset_balances": [{"base_asset": "USDT", "balances": {
    "total_balance": "60960.82599588", "total_available_balance": "60910.77418715",
    "total_blocked_balance": "50.05180873", "total_position_margin": "56.83032573",
    "total_open_order_margin": "-6.778517"}}], "asset": [{"symbol": "DOGEUSDT", "base_asset": "USDT",
    "exchange": "EXCHANGE_2", "blocked_balance": "50.04968529", "position_margin": "50.04959675",
    "open_order_margin": "0.00008854"}]}}"""

#: Two assets as the gateway passes them on: one with a time, one that was never held.
FEXGATE: Final = b"""{"balances": [{"accountAlias": "SgsR", "asset": "USDT", "balance": "10000.00000000",
    "crossWalletBalance": "10000.00000000", "crossUnPnl": "0.00000000", "availableBalance": "9990.00000000",
    "maxWithdrawAmount": "9990.00000000", "marginAvailable": true, "updateTime": 1620000000000},
    {"asset": "BUSD", "balance": "", "updateTime": 0}]}"""


def row(venue: str, asset: str, **fields: Any) -> Balance:
    return Balance(account="replay", venue=venue, asset=asset, **fields)


def lock(venue: str, symbol: str, asset: str, **amounts: Any) -> Lock:
    return Lock(account="replay", venue=venue, symbol=symbol, asset=asset, **amounts)


def usdm(**changes: Any) -> bytes:
    return json.dumps([{**json.loads(USDM)[0], **changes}]).encode()


@pytest.mark.parametrize("read_as", [1, 1617939110, 1230940799999])
def test_a_time_in_other_units(read_as: int) -> None:
    """
    A time in seconds would be one of 1970: no time of a row, which is not known then, and a note says why.
    """
    (balance,) = replay("binance-usdm", {"/fapi/v3/balance": usdm(updateTime=read_as)}).balances
    (sound,) = replay("binance-usdm", {"/fapi/v3/balance": usdm(updateTime=1230940800000)}).balances

    assert None is balance.updated_at
    assert any("updated_at is not known" in note for note in balance.notes)
    assert (datetime(2009, 1, 3, tzinfo=UTC), balance.wallet_balance) == (sound.updated_at, sound.wallet_balance)
    assert not any("updated_at" in note for note in sound.notes)


def test_a_time_of_the_whole_account_in_other_units() -> None:
    """
    Nor is it the time of the account as a whole.
    """
    whole = {
        **dict.fromkeys(("uniMMR", "accountEquity", "accountInitialMargin", "accountMaintMargin"), "1"),
        **dict.fromkeys(("virtualMaxWithdrawAmount", "totalAvailableBalance", "totalMarginOpenLoss"), "1"),
        "actualEquity": "0",
        "accountStatus": "NORMAL",
        "updateTime": 1657707212,
    }
    found = replay("binance-pm", {"/papi/v1/balance": b"[]", "/papi/v1/account": json.dumps(whole).encode()}).summary

    assert found
    assert (None, True) == (found.updated_at, any("read as 1970-01-20" in note for note in found.notes))


def test_binance_usdm() -> None:
    """
    The published example: part of the wallet is isolated, so equity is not known, and the note says who would know.
    """
    (balance,) = replay("binance-usdm", {"/fapi/v3/balance": USDM}).balances

    note = (
        "Part of the wallet is not in the cross wallet. Isolated positions may have unrealized PnL that this answer"
        " does not tell, so unrealized_pnl and equity are not known. Only GET /fapi/v3/account tells it for isolated"
        " positions: ask with detail margin."
    )
    expected = row(
        "binance-usdm",
        "USDT",
        wallet_balance="122607.35137903",
        cross_wallet_balance="23.72469206",
        cross_unrealized_pnl="0.00000000",
        available_balance="23.72469206",
        max_withdraw="23.72469206",
        updated_at=datetime(2021, 4, 9, 3, 31, 50, 373000, tzinfo=UTC),
        notes=[note],
    )

    assert expected == balance
    assert "0.00000000" == f"{balance.cross_unrealized_pnl:f}"


def test_binance_usdm_without_isolated_positions() -> None:
    """
    Where the whole wallet is the cross wallet, equity follows, and says so.
    """
    body = usdm(balance="23.72469206", crossUnPnl="-1.5", availableBalance="22.22469206")
    (balance,) = replay("binance-usdm", {"/fapi/v3/balance": body}).balances

    assert (Decimal("-1.5"), Decimal("22.22469206"), ()) == (balance.unrealized_pnl, balance.equity, balance.notes)
    assert "derived: wallet_balance + unrealized_pnl" == balance.basis["equity"]


def test_placeholder_rows() -> None:
    """
    A row that was never changed has no time, and says why.
    """
    (balance,) = replay("binance-usdm", {"/fapi/v3/balance": usdm(updateTime=0, balance="23.72469206")}).balances

    assert balance.updated_at is None
    assert ("Binance gives no time of the last change (updateTime is 0), as for assets that were never held.",) == (
        balance.notes
    )


def test_binance_coinm() -> None:
    """
    The published example.
    """
    (balance,) = replay("binance-coinm", {"/dapi/v1/balance": COINM}).balances

    assert ("BTC", Decimal("0.0025"), Decimal("0.0025"), None) == (
        balance.asset,
        balance.wallet_balance,
        balance.max_withdraw,
        balance.equity,
    )
    assert balance.notes[0].endswith(
        "Only GET /dapi/v1/account tells it for isolated positions: ask with detail margin."
    )


def test_coinswitch() -> None:
    """
    The published example: the order margin is negative, and the locks do not sum to the balance.
    """
    statement = replay("coinswitch", {"/trade/api/v2/futures/wallet_balance": COINSWITCH})

    balance = row(
        "coinswitch",
        "USDT",
        wallet_balance="60960.82599588",
        available_balance="60910.77418715",
        initial_margin="50.05180873",
        position_margin="56.83032573",
        order_margin="-6.778517",
    )
    doge = lock(
        "coinswitch",
        "DOGEUSDT",
        "USDT",
        blocked_balance="50.04968529",
        position_margin="50.04959675",
        order_margin="0.00008854",
    )

    assert Statement([balance], [doge], statement.notes) == statement
    assert statement.notes[0].startswith("CoinSwitch's wallet tells neither unrealized PnL nor withdrawable amounts")


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, "/fexgate/v1/fbinance/balance"),
        ({"path_prefix": "/api"}, "/api/v1/fbinance/balance"),
        ({"path_prefix": ""}, "/v1/fbinance/balance"),
        ({"base_url": "https://gateway.example/behind"}, "/behind/fexgate/v1/fbinance/balance"),
    ],
)
def test_fexgate(options: dict[str, str], path: str) -> None:
    """
    The gateway's path is made of its options; an unset text is not known, and not zero.
    """
    usdt, busd = replay("fexgate", {path: FEXGATE}, {"exchange": "fbinance", **options}).balances

    assert ("USDT", Decimal(10000), "derived: wallet_balance + unrealized_pnl") == (
        usdt.asset,
        usdt.equity,
        usdt.basis["equity"],
    )
    assert ("BUSD", None, {}) == (busd.asset, busd.wallet_balance, busd.basis)


def test_options_decide_what_is_asked() -> None:
    """
    The older twin of an endpoint is asked where the account says so, and the newer one where it says nothing.
    """
    assert replay("binance-usdm", {"/fapi/v3/balance": USDM}) == (
        replay("binance-usdm", {"/fapi/v2/balance": USDM}, {"api_version": "v2"})
    )


@pytest.mark.parametrize(
    ("venue", "documents", "options", "expected"),
    [
        (
            "binance-usdm",
            {"/fapi/v2/balance": USDM},
            None,
            "/fapi/v3/balance was asked for, and there is no body of it. There are bodies of /fapi/v2/balance.",
        ),
        ("coinswitch", {}, {}, "/trade/api/v2/futures/wallet_balance was asked for"),
        (
            "binance-usdm",
            {"/fapi/v3/balance": USDM.decode()},
            {},
            "The body of /fapi/v3/balance is a str, and not bytes. Give it as the venue sent it: read the file as",
        ),
        ("binance-usdm", {"/fapi/v3/balance": []}, {}, "The body of /fapi/v3/balance is a list, and not bytes."),
        (
            "fexgate",
            {"/v1/fbinance/balance": FEXGATE},
            {"exchange": "fbinance"},
            "/fexgate/v1/fbinance/balance was asked for",
        ),
        ("fexgate", {}, None, "the setting exchange is missing."),
        (
            "binance-usdm",
            {"/fapi/v1/balance": USDM},
            {"api_version": "v1"},
            "api_version: Binance retired GET /fapi/v1/balance on 2023-07-15, so it has to be v3 or v2.",
        ),
        ("binance-usdm", {}, {"api_version": "v4"}, "api_version: it is none of v3, v2."),
        ("binance-usdm", {}, {"level": 1}, "there is no setting level."),
        ("binance-usd", {}, {}, "There is no venue 'binance-usd'. Did you mean binance-usdm?"),
    ],
)
def test_wrong_questions(venue: str, documents: Any, options: Any, expected: str) -> None:
    """
    What is missing is named, and so is what is there, and what is no body.
    """
    with pytest.raises(ConfigurationError) as caught:
        replay(venue, documents, options)

    assert expected in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"null",
        b"{}",
        b'{"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}',
        b"[[]]",
        b"<html>Service Unavailable</html>",
        b'[{"asset": "USDT"}]',
        usdm(balance=None),
        usdm(balance="NaN"),
        usdm(balance="1,000.00"),
        usdm(asset=""),
        usdm(updateTime=1617939110373.5),
        usdm(updateTime=10**20),
        USDM.replace(b'"SgsR",', b'"SgsR", "asset": "BTC",'),
        USDM[:-1] + b"," + USDM[1:],
    ],
)
def test_wrong_bodies(body: bytes) -> None:
    """
    An error with status 200, half an answer, and a figure that is none: no part of it becomes a balance.
    """
    with pytest.raises(InvalidResponseError):
        replay("binance-usdm", {"/fapi/v3/balance": body})


def test_numbers_are_as_exact_as_texts() -> None:
    """
    A venue that writes an amount as a number has written its digits all the same.
    """
    body = USDM.replace(b'"122607.35137903"', b"9007199254740993.10")
    (balance,) = replay("binance-usdm", {"/fapi/v3/balance": body}).balances

    assert "9007199254740993.10" == f"{balance.wallet_balance:f}"


@pytest.mark.parametrize(
    ("venue", "path", "body"),
    [
        ("binance-coinm", "/dapi/v1/balance", b'{"code": -1022, "msg": "Signature for this request is not valid."}'),
        ("coinswitch", "/trade/api/v2/futures/wallet_balance", b'{"message": "Invalid Access"}'),
        ("fexgate", "/fexgate/v1/fbinance/balance", b'{"code": 16, "message": "unknown key", "details": []}'),
    ],
)
def test_errors_with_status_200(venue: str, path: str, body: bytes) -> None:
    """
    An error object is not an empty account.
    """
    with pytest.raises(InvalidResponseError):
        replay(venue, {path: body}, {"exchange": "fbinance"} if venue == "fexgate" else {})


def test_empty_accounts() -> None:
    """
    An account without assets is an account, and known to be empty.
    """
    assert Statement([], notes=["The venue reports no assets."]) == replay("binance-usdm", {"/fapi/v3/balance": b"[]"})
    assert () == replay("fexgate", {"/fexgate/v1/x/balance": b"{}"}, {"exchange": "x"}).balances


def test_nothing_is_needed_but_the_bodies(plugins: Plugins) -> None:
    """
    No network, no secret and no clock: in a process where every connection would fail, the figures are the same.
    """
    source = (
        "import socket, sys, marginbook\n"
        "def refuse(*_): raise AssertionError\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "row, = marginbook.replay('binance-usdm', {'/fapi/v3/balance': sys.argv[1].encode()}).balances\n"
        "print(row.wallet_balance)\n"
    )
    done = plugins.run("-c", source, USDM.decode())

    assert ("122607.35137903\n", "") == (done.stdout, done.stderr)


def test_a_plugin_that_breaks_its_promise(plugins: Plugins) -> None:
    """
    A stranger's venue is replayed in the same way, and held to the same promises.
    """
    plugins.add(
        "acme",
        "acme",
        source="""
from marginbook import Statement, Venue, hookimpl

def fetch(account, session):
    found = session.get(account.options["base_url"] + "/x").json()
    return Statement([], notes=[found]) if isinstance(found, str) else found

@hookimpl
def marginbook_venues():
    return [Venue(id="acme", title="Acme", fetch=fetch)]
""",
    )

    assert Statement([], notes=["well", "The venue reports no assets."]) == replay("acme", {"/x": b'"well"'})
    with pytest.raises(PluginError, match="acme gave a list in the place of a statement"):
        replay("acme", {"/x": b"[]"})
