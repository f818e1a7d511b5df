"""
Bybit: what is the account's own, what is not known, and what it takes to be answered.
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
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

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
from marginbook_bybit import codes, keys, rows, stage, venue
from marginbook_clients.bybit.models.refusal import Refusal
from script import Said, in_turn, scripted

if TYPE_CHECKING:
    from collections.abc import Mapping

WALLET: Final = "/v5/account/wallet-balance"
INFO: Final = "/v5/account/info"
LEAVING: Final = "/v5/account/withdrawal"

#: Amounts that no two fields share.
COIN: Final = {
    "coin": "USDT",
    "equity": "1047.50",
    "usdValue": "1047.31",
    "walletBalance": "1000.00",
    "locked": "3.5",
    "spotHedgingQty": "0",
    "borrowAmount": "0",
    "accruedInterest": "0",
    "totalOrderIM": "20.25",
    "totalPositionIM": "100.125",
    "totalPositionMM": "10.0625",
    "unrealisedPnl": "47.50",
    "cumRealisedPnl": "12",
    "bonus": "0",
    "marginCollateral": True,
    "collateralSwitch": True,
    "spotBorrow": "0",
    "availableToWithdraw": "0",
    "availableToBorrow": "",
}

WHOLE: Final = {
    "accountType": "UNIFIED",
    "accountIMRate": "0.12",
    "accountMMRate": "0.0101",
    "totalEquity": "1047.31",
    "totalWalletBalance": "999.81",
    "totalMarginBalance": "1047.31",
    "totalAvailableBalance": "876.95",
    "totalPerpUPL": "47.50",
    "totalInitialMargin": "120.36",
    "totalMaintenanceMargin": "10.06",
    "accountLTV": "0",
}

SETTINGS: Final = {"marginMode": "REGULAR_MARGIN", "updatedTime": "1697078946000", "unifiedMarginStatus": 6}


def granted(result: Any) -> dict[str, Any]:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 1690872862481}


def wallet(*coins: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return granted({"list": [{**WHOLE, "coin": list(coins), **changes}]})


def read(bodies: Mapping[str, Any], **options: str) -> Statement:
    return replay("bybit", {path: json.dumps(body).encode() for path, body in bodies.items()}, options)


def light(**changes: Any) -> Balance:
    """
    What marginbook makes of one coin, asked for in one request.
    """
    (found,) = read({WALLET: wallet({**COIN, **changes})}).balances
    return found


def detailed(
    settings: Mapping[str, Any] = SETTINGS, leaving: Mapping[str, str] | None = None, **changes: Any
) -> Statement:
    """
    What marginbook makes of an account with one coin, asked for in detail.
    """
    amounts = {"availableWithdrawal": "1", "availableWithdrawalMap": {"USDT": "880.75"} if leaving is None else leaving}
    bodies = {WALLET: wallet({**COIN, **changes}), INFO: granted(settings), LEAVING: granted(amounts)}
    return read(bodies, detail="margin")


def whole(*coins: dict[str, Any], **changes: Any) -> Summary:
    found = read({WALLET: wallet(*coins, **changes)}).summary
    assert found is not None
    return found


def without(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def test_a_coin() -> None:
    """
    What a coin tells is told, digit for digit; nothing else is.
    """
    found = light()

    assert {
        "wallet_balance": "1000.00",
        "unrealized_pnl": "47.50",
        "equity": "1047.50",
        "initial_margin": "120.375",
        "position_margin": "100.125",
        "order_margin": "20.25",
        "maintenance_margin": "10.0625",
    } == {name: str(getattr(found, name)) for name in found.basis}
    assert {"initial_margin": "derived: position_margin + order_margin"} == {
        name: basis for name, basis in found.basis.items() if basis != "reported"
    }
    assert ((), None) == (found.notes, found.updated_at)


def test_the_published_example() -> None:
    """
    The example that Bybit publishes has the totals of more coins than it shows, which is said.
    """
    document = yaml.safe_load((SPECS / "bybit.openapi.yaml").read_text(encoding="utf-8"))
    example = document["paths"][WALLET]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    found = read({WALLET: example})

    assert [("BTC", Decimal(0), Decimal(0))] == [(b.asset, b.equity, b.wallet_balance) for b in found.balances]
    assert (venue.UNKNOWN_GENERATION,) == found.notes
    assert found.summary is not None
    assert ("3.31216591", "3.00326056") == (str(found.summary.equity), str(found.summary.wallet_balance))


def test_what_is_borrowed_is_not_ones_own() -> None:
    """
    The wallet balance is what remains when loans are repaid, and says so. Loans have a margin that no row tells.
    """
    found = light(walletBalance="1250.00", spotBorrow="250.5", borrowAmount="250.5", equity="1047.00")

    assert ("999.50", "1047.00") == (str(found.wallet_balance), str(found.equity))
    assert f"derived: {rows.WALLET}" == found.basis["wallet_balance"]
    assert None is found.maintenance_margin
    assert () == found.notes


def test_what_a_loss_owes_is_in_no_wallet() -> None:
    """
    What derivatives owe is not taken off the wallet: it is the loss itself.
    """
    found = light(unrealisedPnl="-1250.5", equity="-250.50", borrowAmount="250.5")

    assert ("1000.00", "-1250.5", "-250.50") == (
        str(found.wallet_balance),
        str(found.unrealized_pnl),
        str(found.equity),
    )


def test_an_older_answer_without_debts() -> None:
    """
    An answer from before spotBorrow was introduced is read as long as nothing is owed.
    """
    (found,) = read({WALLET: wallet(without(COIN, "spotBorrow"))}).balances

    assert (Decimal("1000.00"), "reported") == (found.wallet_balance, found.basis["wallet_balance"])


def test_an_older_answer_with_debts() -> None:
    """
    If something is owed, it could be in the wallet or not, and the wallet is not known. What is reported still is.
    """
    (found,) = read({WALLET: wallet(without({**COIN, "borrowAmount": "250"}, "spotBorrow"))}).balances

    assert (None, Decimal("47.50"), Decimal("1047.50")) == (
        found.wallet_balance,
        found.unrealized_pnl,
        found.equity,
    )
    assert (rows.OWED.format(Decimal(250)),) == found.notes


def test_options() -> None:
    """
    Where equity is more than wallet and PnL, the account has options, whose PnL nobody knows.
    """
    found = light(equity="1160.00")

    assert (Decimal("1000.00"), None, Decimal("1160.00")) == (found.wallet_balance, found.unrealized_pnl, found.equity)
    assert (rows.OPTIONS.format(Decimal("112.50")),) == found.notes


def test_digits_that_are_cut_off_are_no_options() -> None:
    """
    A difference in the eighth decimal is not what options are worth. It is noted by the digit.
    """
    found = light(equity="1047.50000001")

    assert Decimal("47.50") == found.unrealized_pnl
    assert ("The venue's figures do not add up: equity is 0.00000001 more than wallet_balance + unrealized_pnl.",) == (
        found.notes
    )


def test_a_debt_that_seems_to_be_an_option() -> None:
    """
    Where equity lacks just what is owed beyond spotBorrow, the wallet may have it in it: it is not known.
    """
    found = light(borrowAmount="250", equity="797.50")

    assert (None, None, Decimal("797.50")) == (found.wallet_balance, found.unrealized_pnl, found.equity)
    assert (rows.UNCLEAR,) == found.notes


@pytest.mark.parametrize("equity", ["1160.00", "797.50"])
def test_options_beside_debts_that_are_not_told(equity: str) -> None:
    """
    Where the answer does not tell what is owed, nothing can be taken for it.
    """
    found = light(borrowAmount="", equity=equity)

    assert (Decimal("1000.00"), None) == (found.wallet_balance, found.unrealized_pnl)


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({"equity": "1047.50", "borrowAmount": "250"}, True),
        # What is owed has been taken off.
        ({"equity": "797.50", "borrowAmount": "250"}, True),
        ({"equity": "1160.00", "borrowAmount": "250"}, False),
        ({"equity": "1047.50", "borrowAmount": ""}, True),
        ({"equity": "1160.00", "borrowAmount": ""}, False),
        ({"equity": "1160.00", "borrowAmount": "0"}, False),
    ],
    ids=str,
)
def test_what_may_be_options(changes: dict[str, str], *, known: bool) -> None:
    """
    Where it is not known what was borrowed, the PnL is told only if equity leaves no room for options.
    """
    answer = wallet(without({**COIN, **changes}, "spotBorrow"))
    (found,) = read({WALLET: answer}).balances
    total = read({WALLET: answer}).summary

    assert (Decimal("47.50") if known else None) == found.unrealized_pnl
    assert total is not None
    assert (Decimal("47.50") if known else None) == total.unrealized_pnl


def test_what_may_be_options_is_said() -> None:
    """
    And the row says so, beside what is not known of the wallet.
    """
    (owing,) = read({WALLET: wallet(without({**COIN, "equity": "1160", "borrowAmount": "250"}, "spotBorrow"))}).balances
    (silent,) = read({WALLET: wallet(without({**COIN, "borrowAmount": ""}, "spotBorrow"))}).balances

    assert (rows.OWED.format(Decimal(250)), rows.DOUBTFUL.format(Decimal("112.50"))) == owing.notes
    assert (None, (rows.UNTOLD,)) == (silent.wallet_balance, silent.notes)


def test_an_empty_pnl_hides_no_options() -> None:
    """
    Where the PnL of a coin is empty and its equity is more than the wallet, the total may lack options as well.
    """
    assert None is whole({**COIN, "unrealisedPnl": ""}).unrealized_pnl
    assert Decimal("47.50") == whole({**COIN, "unrealisedPnl": "", "equity": "1000.00"}).unrealized_pnl


def test_the_margin_of_loans_that_may_be() -> None:
    """
    Where it is not told whether something is owed, its maintenance margin may be missing: none is told.
    """
    assert None is light(borrowAmount="").maintenance_margin
    empty = {**COIN, "borrowAmount": "", "totalPositionMM": "0"}
    (inverse,) = read({WALLET: wallet(empty, accountType="CONTRACT")}).balances
    assert 0 == inverse.maintenance_margin


def test_inverse_contracts_that_may_be_isolated() -> None:
    """
    Each inverse contract may be cross or isolated, so that no equity of the wallet is one at which Bybit liquidates.
    """
    (row,) = read({WALLET: wallet(COIN, accountType="CONTRACT")}).balances

    assert (None, None) == (row.maintenance_margin, row.margin_ratio)
    assert (rows.APART.format(Decimal("10.0625")),) == row.notes
    assert Decimal("10.0625") == light().maintenance_margin


def test_portfolio_margin() -> None:
    """
    What does not apply is empty, and not known. It is neither an error nor zero.
    """
    found = light(totalOrderIM="", totalPositionIM="", totalPositionMM="", unrealisedPnl="")

    assert {"wallet_balance": "reported", "equity": "reported"} == found.basis


def test_portfolio_margin_locks_nothing_by_coin() -> None:
    """
    Where the mode is known, no figure that is written there all the same is a margin.
    """
    (found, *_) = detailed({**SETTINGS, "marginMode": rows.PORTFOLIO}).balances

    assert {"wallet_balance", "unrealized_pnl", "equity", "max_withdraw"} == found.basis.keys()


def test_a_bonus() -> None:
    """
    Money that cannot leave the account is mentioned.
    """
    assert (rows.BONUS.format(Decimal("5.5")),) == light(bonus="5.5").notes


@pytest.mark.parametrize("name", ["totalOrderIM", "spotBorrow", "unrealisedPnl", "bonus"])
def test_a_text_for_an_amount(name: str) -> None:
    """
    What is neither a number nor empty is refused by its name.
    """
    with pytest.raises(InvalidResponseError, match=f"{name}: 'n/a' is not an amount"):
        light(**{name: "n/a"})


@pytest.mark.parametrize(
    "name", ["coin", "equity", "walletBalance", "unrealisedPnl", "totalPositionIM", "borrowAmount"]
)
@pytest.mark.parametrize("value", [None, "absent"])
def test_a_field_that_is_missing_or_null(name: str, value: str | None) -> None:
    """
    A documented field that is missing, as after it was renamed, or null is an error that names it.
    """
    coin = without(COIN, name) if value else {**COIN, name: None}

    with pytest.raises(InvalidResponseError, match=rf"Coin\.{name}: "):
        read({WALLET: wallet(coin)})


@pytest.mark.parametrize("accounts", [[], [{**WHOLE, "coin": []}, {**WHOLE, "coin": []}]])
def test_one_account_is_expected(accounts: list[Any]) -> None:
    """
    An answer about no account, or about two, is none.
    """
    with pytest.raises(InvalidResponseError, match=f"expected one account, got {len(accounts)}"):
        read({WALLET: granted({"list": accounts})})


def test_an_account_without_its_rows() -> None:
    """
    An account that is worth something holds something: an answer without any coin is none.
    """
    with pytest.raises(InvalidResponseError, match="no coin is listed"):
        read({WALLET: wallet()})

    assert () == read({WALLET: wallet(totalEquity="0")}).balances


def test_an_error_with_status_200() -> None:
    """
    A refusal has the status of a success, and is none.
    """
    with pytest.raises(CredentialsError, match="Code 10003: it does not know the key"):
        read({WALLET: {"retCode": 10003, "retMsg": "API key is invalid.", "result": {}}})


def test_the_account_as_a_whole() -> None:
    """
    The whole account is told in dollars, and its equity after haircuts is what is available and what is not.
    """
    amounts = {
        "wallet_balance": "999.81",
        "unrealized_pnl": "47.50",
        "equity": "1047.31",
        "adjusted_equity": "997.31",
        "initial_margin": "120.36",
        "maintenance_margin": "10.06",
        "available_balance": "876.95",
    }
    exact: dict[str, Any] = {name: Decimal(digits) for name, digits in amounts.items()}

    assert Summary(account="replay", venue="bybit", currency="USD", **exact) == whole(COIN)


def test_the_whole_of_borrowed_coins_and_options() -> None:
    """
    A total with something borrowed in it is not the account's own, and one without options is not of all positions.
    """
    borrowed = {**COIN, "spotBorrow": "1", "borrowAmount": "1", "equity": "1046.50"}

    assert (None, Decimal("47.50")) == (whole(borrowed).wallet_balance, whole(borrowed).unrealized_pnl)
    assert None is whole({**COIN, "equity": "1160.00"}).unrealized_pnl


def test_nothing_available() -> None:
    """
    An available balance of 0 may stand for less, so that equity after haircuts does not follow from it.
    """
    found = whole(COIN, totalAvailableBalance="0", accountMMRate="1.5")

    assert (Decimal(0), None) == (found.available_balance, found.adjusted_equity)
    assert (rows.FLOOR.format("1.5"),) == found.notes


def test_nothing_available_and_nothing_at_risk() -> None:
    """
    Without maintenance margin, nobody misses the margin ratio.
    """
    assert () == whole(COIN, totalAvailableBalance="0", totalMaintenanceMargin="0").notes


def test_detail() -> None:
    """
    In detail, the margin mode is told, and what can leave the account.
    """
    found = detailed()

    assert Decimal("880.75") == found.balances[0].max_withdraw
    assert () == found.notes
    assert found.summary is not None
    assert ("multi-assets", Decimal("876.95")) == (found.summary.mode, found.summary.available_balance)


@pytest.mark.parametrize(
    ("mode", "ours"), [("PORTFOLIO_MARGIN", "portfolio"), ("ISOLATED_MARGIN", "ISOLATED_MARGIN"), ("NEW", "NEW")]
)
def test_modes(mode: str, ours: str) -> None:
    """
    A margin mode has our word, or else Bybit's.
    """
    found = detailed({**SETTINGS, "marginMode": mode}).summary
    assert found is not None

    assert ours == found.mode


def test_isolated_margin() -> None:
    """
    In isolated margin, each coin tells what is available, and no figure of the whole account is one.
    """
    found = detailed({**SETTINGS, "marginMode": "ISOLATED_MARGIN"}, bonus="0.5")
    (row,) = found.balances

    assert "875.625" == str(row.available_balance)
    assert f"derived: {rows.AVAILABLE}" == row.basis["available_balance"]
    assert found.summary is not None
    assert (Decimal("1047.31"), None, None, None, None) == (
        found.summary.equity,
        found.summary.adjusted_equity,
        found.summary.initial_margin,
        found.summary.maintenance_margin,
        found.summary.available_balance,
    )


@pytest.mark.parametrize("detail", ["balance", "margin"])
def test_isolated_margin_hides_maintenance_margin(detail: str) -> None:
    """
    In isolated margin, each position is liquidated by itself, so that no equity of a coin is one at which Bybit does.
    """
    rates = {"accountIMRate": "", "accountMMRate": ""}
    settings = {**SETTINGS, "marginMode": "ISOLATED_MARGIN"}
    (row,) = (detailed(settings) if detail == "margin" else read({WALLET: wallet(COIN, **rates)})).balances

    assert (None, None) == (row.maintenance_margin, row.margin_ratio)
    assert (rows.APART.format(Decimal("10.0625")),) == row.notes
    assert (Decimal("100.125"), f"derived: {rows.AVAILABLE}") == (row.position_margin, row.basis["available_balance"])


def test_isolated_margin_that_the_wallet_shows() -> None:
    """
    Both rates are empty in isolated margin, so that the margins of the account are none, even without its mode.
    """
    whole = {"accountIMRate": "", "accountMMRate": "", "totalMaintenanceMargin": "0", "totalAvailableBalance": "0"}
    found = read({WALLET: wallet(COIN, **whole)}).summary
    assert found is not None

    assert ("ISOLATED_MARGIN", Decimal("1047.31"), None, None, None) == (
        found.mode,
        found.equity,
        found.maintenance_margin,
        found.available_balance,
        found.margin_ratio,
    )


@pytest.mark.parametrize(
    "changes", [{"locked": ""}, {"totalOrderIM": ""}, {"spotBorrow": "1", "borrowAmount": "1", "equity": "1046.50"}]
)
def test_what_is_available_in_isolated_margin_is_not_certain(changes: dict[str, Any]) -> None:
    """
    Where a term of the formula is not told, or something is borrowed, what is available is not known.
    """
    (row,) = detailed({**SETTINGS, "marginMode": "ISOLATED_MARGIN"}, **changes).balances

    assert None is row.available_balance


def test_a_coin_of_which_nothing_is_said() -> None:
    """
    What the second answer does not tell of a coin, or leaves empty, is not known.
    """
    assert [None, None] == [detailed(leaving=found).balances[0].max_withdraw for found in ({}, {"USDT": ""})]


@pytest.mark.parametrize(("status", "notes"), [(3, (venue.FIRST_GENERATION,)), (4, (venue.FIRST_GENERATION,)), (5, ())])
def test_another_wallet(status: int, notes: tuple[str, ...]) -> None:
    """
    An account of the first generation has another wallet, and whoever does not ask for it is told.
    """
    assert notes == detailed({**SETTINGS, "unifiedMarginStatus": status}).notes


def test_many_coins() -> None:
    """
    Twenty coins can be asked for at once, so that twenty-one take two requests.
    """
    coins = [f"C{number}" for number in range(21)]

    def say(asked: Any) -> Said:
        if asked.path == WALLET:
            return Said(200, wallet(*({**COIN, "coin": coin} for coin in coins)))
        if asked.path == INFO:
            return Said(200, granted(SETTINGS))
        names = asked.parameter("coinName").split(",")
        amounts = {name: name.removeprefix("C") for name in names}
        return Said(200, granted({"availableWithdrawal": amounts[names[0]], "availableWithdrawalMap": amounts}))

    with scripted(say) as heard:
        report = collect([account(heard.url, detail="margin")])

    assert [Decimal(number) for number in range(21)] == sorted(
        b.max_withdraw for b in report.balances if b.max_withdraw is not None
    )
    assert [WALLET, INFO, LEAVING, LEAVING] == heard.paths


def test_a_wallet_of_inverse_contracts() -> None:
    """
    It lends nothing, tells what can leave it in the row, and nothing of the account as a whole.
    """
    empty = dict.fromkeys(WHOLE, "")
    coin = without(COIN, "spotBorrow", "bonus", "locked")
    body = wallet({**coin, "borrowAmount": "", "availableToWithdraw": "880.5"}, **{**empty, "accountType": "CONTRACT"})
    found = read({WALLET: body}, account_type="CONTRACT", detail="margin")

    assert (Decimal("1000.00"), Decimal("880.5")) == (found.balances[0].wallet_balance, found.balances[0].max_withdraw)
    assert ((), None) == (found.notes, found.summary)


def account(url: str, **options: str | int) -> Account:
    return Account("desk", "bybit", {"api_key": "key", "api_secret": "secret"}, {"base_url": url, **options})


def test_requests() -> None:
    """
    One request is enough unless detail is wanted; it says which wallet it wants, and how long it is valid.
    """
    with scripted(in_turn(Said(200, wallet(COIN)))) as heard:
        report = collect([account(heard.url, recv_window=3000)])

    assert report.complete
    assert [f"{WALLET}?accountType=UNIFIED"] == [one.target for one in heard.asked]
    assert "3000" == heard.asked[0].headers["X-BAPI-RECV-WINDOW"]


@pytest.mark.parametrize("window", [0, 60_001])
def test_a_window_beyond_reason(window: int) -> None:
    """
    A window that helps nobody is refused before anything is sent.
    """
    (failure,) = collect([account("http://127.0.0.1:1", recv_window=window)]).failures

    assert ("configuration", True) == (failure.kind, "recv_window" in failure.message)


def prepared(url: str = "https://api.bybit.com/v5/order/realtime?category=option&symbol=BTC-29JUL22-25000-C") -> Any:
    return requests.Request("GET", url, headers={"X-BAPI-RECV-WINDOW": "5000"}).prepare()


def test_hmac_signature() -> None:
    """
    Time, key, window and query are signed as Bybit's example puts them together, afresh at every attempt.
    """
    times = iter([1658384314791, 1658384314792])
    signer = keys.sign({"api_key": "XXXXXXXXXX", "api_secret": " secret\n"}, lambda: next(times))
    text = b"1658384314791XXXXXXXXXX5000category=option&symbol=BTC-29JUL22-25000-C"

    headers = signer(prepared()).headers
    assert hmac.new(b"secret", text, hashlib.sha256).hexdigest() == headers["X-BAPI-SIGN"]
    assert ("XXXXXXXXXX", "1658384314791") == (headers["X-BAPI-API-KEY"], headers["X-BAPI-TIMESTAMP"])
    assert "1658384314792" == signer(prepared()).headers["X-BAPI-TIMESTAMP"]


def pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_rsa_signature() -> None:
    """
    A private key signs the same text, whichever way its line ends are written.
    """
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = b"1658384314791key5000"

    for secret in (pem(private), pem(private).replace("\n", "\\n")):
        signer = keys.sign({"api_key": "key", "api_secret": secret}, lambda: 1658384314791)
        signature = signer(prepared("https://api.bybit.com/v5/account/info")).headers["X-BAPI-SIGN"]
        private.public_key().verify(base64.b64decode(signature), text, padding.PKCS1v15(), SHA256())


@pytest.mark.parametrize(
    ("key", "secret", "text"),
    [
        ("", "secret", "api_key is empty"),
        ("k\u00e4y", "secret", "api_key is empty, or has characters"),
        ("'key'", "secret", "api_key is empty, or has characters"),
        ("key", " ", "api_secret is empty"),
        ("key", "-----BEGIN nonsense", "no RSA private key"),
        ("key", pem(ec.derive_private_key(1, ec.SECP256R1())), "no RSA private key"),
    ],
)
def test_secrets_that_cannot_be_right(key: str, secret: str, text: str) -> None:
    """
    They are refused before anything is sent, and without being shown.
    """
    with pytest.raises(CredentialsError, match=text) as caught:
        keys.sign({"api_key": key, "api_secret": secret}, lambda: 0)

    assert "nonsense" not in str(caught.value)


def refusal(code: int, status: int = 200, headers: Mapping[str, str] | None = None, content: bytes = b"") -> ApiError:
    return ApiError(
        "GET /v5/account/info",
        status_code=status,
        headers=headers or {},
        content=content,
        parsed=Refusal(ret_code=code, ret_msg="text of the venue") if code else None,
        received_at=datetime(2026, 11, 26, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("code", "kind", "transient"),
    [
        (-1, "clock", False),
        (429, "unavailable", True),
        (10000, "unavailable", True),
        (10001, "configuration", False),
        (10002, "clock", False),
        (10003, "credentials", False),
        (10004, "credentials", False),
        (10005, "permission", False),
        (10006, "rate_limited", True),
        (10009, "permission", False),
        (10010, "permission", False),
        (10016, "unavailable", True),
        (10028, "configuration", False),
        (33004, "credentials", False),
    ],
)
def test_codes(code: int, kind: str, *, transient: bool) -> None:
    """
    A code says what kind of trouble it is, and whether asking again may help. The venue's text is not repeated.
    """
    found = codes.explain(refusal(code))
    assert found is not None

    assert (kind, transient, kind == "clock") == (found.kind, found.transient, found.suspects_clock)
    assert f"Code {code}: " in found.message
    assert "text of the venue" not in str(found)
    assert found.hint


def test_a_code_that_is_new() -> None:
    """
    A code that nobody knows is told; where the status says more, the status does.
    """
    found = codes.explain(refusal(987654))
    assert found is not None

    assert ("invalid_response", True) == (found.kind, "Code 987654" in found.message)
    assert None is codes.explain(refusal(987654, 503))
    assert None is codes.explain(refusal(0, 404))


RESET: Final = "X-Bapi-Limit-Reset-Timestamp"


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({RESET: "1795694401500"}, datetime(2026, 11, 26, 12, 0, 1, 500_000, UTC)),
        # By our clock, which is an hour ahead of theirs.
        (
            {RESET: "1795690801500", "Date": "Thu, 26 Nov 2026 11:00:00 GMT"},
            datetime(2026, 11, 26, 12, 0, 1, 500_000, UTC),
        ),
        ({RESET: "0"}, None),
        ({RESET: "9" * 30}, None),
        ({RESET: "soon"}, None),
        ({"Retry-After": "7"}, datetime(2026, 11, 26, 12, 0, 7, tzinfo=UTC)),
        ({}, None),
    ],
)
def test_when_to_ask_again(headers: dict[str, str], until: datetime | None) -> None:
    """
    The answer to too many requests says when the next one may come.
    """
    found = codes.explain(refusal(10006, headers=headers))
    assert found is not None

    assert until == found.until


def test_a_forbidden_address() -> None:
    """
    An address that asked too often is shut out for ten minutes; one in the wrong country for good.
    """
    often = codes.explain(refusal(0, 403, content=b'"access too frequent"'))
    country = codes.explain(refusal(0, 403))
    assert often is not None
    assert country is not None

    assert ("rate_limited", datetime(2026, 11, 26, 12, 10, tzinfo=UTC)) == (often.kind, often.until)
    assert ("permission", None) == (country.kind, country.until)


def asked(stage_: Stage, **changes: Any) -> BalanceReport:
    """
    Ask the accounts of a stage over real HTTP, with other secrets or options where they are given.
    """
    with Sandbox([stage_]) as opened:
        accounts = [evolve(one, **changes) for one in opened.accounts()]
        return collect(accounts)


FIGURES: Final = (
    "wallet_balance",
    "unrealized_pnl",
    "equity",
    "initial_margin",
    "position_margin",
    "order_margin",
    "maintenance_margin",
    "available_balance",
    "max_withdraw",
    "cross_wallet_balance",
    "cross_unrealized_pnl",
)


@pytest.mark.parametrize("portrait", [p for p in PORTRAITS if p.name != "isolated"], ids=lambda p: p.name)
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
        assert (painted.wallet_balance, painted.unrealized_pnl, painted.equity, painted.max_withdraw) == (
            found[asset].wallet_balance,
            found[asset].unrealized_pnl,
            found[asset].equity,
            found[asset].max_withdraw,
        )


def test_the_sandbox() -> None:
    """
    Its accounts are read whole, with all their digits.
    """
    (played,) = stage.stages()
    report = asked(played)
    found = {(b.account, b.asset): b for b in report.balances}

    assert report.complete
    assert {"bybit": ["BTC", "USDC", "USDT"], "bybit-isolated": ["ETH", "USDC"]} == {
        name: sorted(asset for account_, asset in found if account_ == name) for name in ("bybit", "bybit-isolated")
    }
    assert "9007199254740980.93596421" == str(found["bybit-isolated", "USDC"].available_balance)
    assert ("1.25000000", None) == (
        str(found["bybit", "BTC"].wallet_balance),
        found["bybit", "USDC"].unrealized_pnl,
    )
    assert {"isolated"} == set(played.beyond)


def test_a_wrong_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A local clock that is hours off is corrected by the venue's, and the account is complete.
    """
    monkeypatch.setattr(stage, "now", lambda: time.time_ns() // 10**6 - 6 * 3600 * 1000)
    report = asked(stage.staged(stage.drawn("bybit")))

    assert report.complete
    assert any("clock" in note.message for note in report.notes)


@pytest.mark.parametrize("digits", ["soon", "1" * 20, "\u0661"])
def test_no_time(digits: str) -> None:
    """
    A time that is none is refused by the name of the field.
    """
    with scripted(in_turn(Said(200, granted({"timeSecond": "1", "timeNano": digits})))) as heard:  # noqa: SIM117
        with requests.Session() as session, pytest.raises(InvalidResponseError, match="timeNano is no number"):
            venue.time(account(heard.url), session)


@pytest.mark.parametrize(
    ("secrets", "kind"),
    [
        ({"api_key": "unknown", "api_secret": "secret"}, "credentials"),
        ({"api_secret": "wrong"}, "credentials"),
    ],
)
def test_refused_by_the_sandbox(secrets: dict[str, str], kind: str) -> None:
    """
    The sandbox refuses keys that it does not know, and signatures with another secret.
    """
    (played,) = stage.stages()
    report = asked(played, credentials={**played.actors[0].credentials, **secrets})

    assert [kind, kind] == [failure.kind for failure in report.failures]


def test_the_wrong_wallet() -> None:
    """
    A unified account 2.0 has no wallet of inverse contracts, and the hint says which option is wrong.
    """
    (played,) = stage.stages()
    with Sandbox([played]) as opened:
        one = opened.accounts()[0]
        (failure,) = collect([evolve(one, options={**one.options, "account_type": "CONTRACT"})]).failures

    assert ("configuration", True) == (failure.kind, "account_type" in failure.hint)


def signed_get(url: str, part: stage.Part, path: str, **changes: str) -> requests.Response:
    """
    Ask as one should, by code that shares nothing with the plugin, but for what is changed of the headers.
    """
    key, secret = part.actor.credentials["api_key"], part.actor.credentials["api_secret"]
    now = changes.get("X-BAPI-TIMESTAMP", str(time.time_ns() // 1_000_000))
    query = path.partition("?")[2]
    sign = hmac.new(secret.encode(), f"{now}{key}5000{query}".encode(), hashlib.sha256).hexdigest()
    headers = {"X-BAPI-API-KEY": key, "X-BAPI-TIMESTAMP": now, "X-BAPI-RECV-WINDOW": "5000", "X-BAPI-SIGN": sign}
    return requests.get(url + path, headers={**headers, **changes}, timeout=10)


@pytest.mark.parametrize("path", [f"{WALLET}?accountType=UNIFIED", INFO, f"{LEAVING}?coinName=USDT"])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"X-BAPI-API-KEY": "unknown"}, 10003),
        ({"X-BAPI-TIMESTAMP": "0"}, 10002),
        ({"X-BAPI-TIMESTAMP": "now"}, 10002),
        ({"X-BAPI-TIMESTAMP": "9999999999999"}, 10002),
        ({"X-BAPI-RECV-WINDOW": "long"}, 10002),
        ({"X-BAPI-RECV-WINDOW": "6000"}, 10004),
        ({"X-BAPI-SIGN": "00"}, 10004),
    ],
)
def test_what_the_sandbox_checks(path: str, changes: dict[str, str], code: int) -> None:
    """
    Each operation about an account checks key, time, window and signature, and answers with status 200 in any case.
    """
    part = stage.drawn("bybit")
    with Sandbox([stage.staged(part)]) as opened:
        response = signed_get(opened.url, part, path, **changes)

    assert (200, code) == (response.status_code, response.json()["retCode"])


@pytest.mark.parametrize("coins", ["", "USDT,", "DOGE", ",".join(["USDT"] * 21)])
def test_coins_that_are_none(coins: str) -> None:
    """
    Up to twenty coins that the account has can be asked for.
    """
    part = stage.drawn("bybit")
    with Sandbox([stage.staged(part)]) as opened:
        assert 10001 == signed_get(opened.url, part, f"{LEAVING}?coinName={coins}").json()["retCode"]


def test_the_sandbox_counts() -> None:
    """
    A key that asks too often is told when it may ask again, for each operation by itself; an address is shut out.
    """
    part = stage.drawn("bybit")
    unified = stage.Unified({part.key: part}, Budget(2, seconds=10**9), Budget(5, seconds=10**9))
    with Sandbox([stage.staged(part, unified=unified)]) as opened:
        answers = [signed_get(opened.url, part, INFO) for _ in range(3)]
        other = signed_get(opened.url, part, f"{WALLET}?accountType=UNIFIED")
        last = [requests.get(f"{opened.url}/v5/market/time", timeout=10).status_code for _ in range(2)]
        shut_out = [
            signed_get(opened.url, part, INFO).status_code,
            requests.get(f"{opened.url}/v5/nothing", timeout=10).status_code,
        ]

    assert [0, 0, 10006, 0] == [answer.json()["retCode"] for answer in (*answers, other)]
    assert ["1", "0", "0", "1"] == [answer.headers["X-Bapi-Limit-Status"] for answer in (*answers, other)]
    assert [200, 403] == last
    assert [403, 403] == shut_out


def test_a_path_that_there_is_not() -> None:
    """
    It is refused in the venue's own shape.
    """
    with Sandbox(stage.stages()) as opened:
        response = requests.get(f"{opened.url}/v5/nothing", timeout=10)

    assert (404, 10017) == (response.status_code, response.json()["retCode"])


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
    The venue and its stage are found by their entry point.
    """
    registry = installed()

    assert "https://api.bybit.com" == registry.venue("bybit").hosts["production"]
    assert "bybit" in {played.venue for played in registry.stages()}
