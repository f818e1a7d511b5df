"""
Gate futures: a wallet for each settlement currency, two ways to tell margin, unified accounts, and labels of errors.
"""

from __future__ import annotations

import hashlib
import json
import time
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import pytest
import requests
import yaml
from requests.structures import CaseInsensitiveDict

from generate import SPECS
from marginbook import (
    Account,
    Balance,
    CredentialsError,
    InvalidResponseError,
    MarginbookError,
    Statement,
    collect,
    replay,
    venues,
    wire,
)
from marginbook.sandbox import PORTRAITS, Budget, Fault, Portrait, Sandbox, Stage
from marginbook.transport import Machine
from marginbook.transport import explain as by_status
from marginbook.values import AMOUNTS
from marginbook_clients.gate.models.error_body import ErrorBody
from marginbook_gate import marginbook_stages
from marginbook_gate.codes import CODES, explain
from marginbook_gate.keys import sign
from marginbook_gate.stage import BTC, DELIVERY, POOL, POOLED, USDT, Gate, Part, portray, stages
from marginbook_gate.unified import BOTH, ISOLATED, UNIFIED
from marginbook_gate.venue import GATE, NO_WALLET, UNSAID, UNSURE
from marginbook_gate.wallets import BONUS_IN_TOTAL, LOSING, NO_BONUS, NO_CROSS, NO_MAINTENANCE, NO_MARGIN, NO_WITHDRAW
from marginbook_gate.wallets import ISOLATED as OF_ALL
from marginbook_gate.wallets import NO_WALLET as NOT_TOTAL
from script import Said, answering, scripted

USDT_PATH: Final = "/api/v4/futures/usdt/accounts"
BTC_PATH: Final = "/api/v4/futures/btc/accounts"
DELIVERY_PATH: Final = "/api/v4/delivery/usdt/accounts"
UNIFIED_PATH: Final = "/api/v4/unified/accounts"
SECRETS: Final = {"api_key": "k" * 32, "api_secret": "s" * 64}

#: A new classic account as Gate tells it: an isolated position and an order, and nothing that is cross.
SEEN: Final = {
    "currency": "USDT",
    "user": "541811",
    "total": "990.2172677957",
    "unrealised_pnl": "72.462424",
    "order_margin": "0.97185",
    "available": "954.330842371984",
    "position_margin": "0",
    "maintenance_margin": "6.3514389255",
    "point": "0",
    "bonus": "0",
    "history": {
        "dnw": "1000",
        "pnl": "-9.39257",
        "fee": "-1.2116409725",
        "refr": "0",
        "fund": "0.8214787682",
        "point_dnw": "0",
        "point_fee": "0",
        "point_refr": "0",
    },
    "margin_mode": 0,
    "enable_credit": False,
    "enable_evolved_classic": True,
    "cross_initial_margin": "0",
    "cross_unrealised_pnl": "0",
    "cross_available": "954.330842371984",
    "isolated_position_margin": "34.914575423716",
}


def examples() -> dict[str, Any]:
    """
    What Gate publishes, by path.
    """
    document = yaml.safe_load((SPECS / "gate.openapi.yaml").read_text(encoding="utf-8"))
    return {
        path: operation["get"]["responses"]["200"]["content"]["application/json"]["example"]
        for path, operation in document["paths"].items()
    }


def read(usdt: Any, btc: Any = BTC, whole: Any = POOL) -> Statement:
    """
    What marginbook makes of the answers.
    """
    bodies = {USDT_PATH: usdt, BTC_PATH: btc, UNIFIED_PATH: whole}
    return replay("gate", {path: json.dumps(body).encode() for path, body in bodies.items()})


def classic(**changes: Any) -> Balance:
    """
    What marginbook makes of one wallet of a classic account.
    """
    told = {name: value for name, value in {**SEEN, **changes}.items() if value is not None}
    return row(read(told), "USDT")


def row(statement: Statement, asset: str) -> Balance:
    (found,) = [balance for balance in statement.balances if balance.asset == asset]
    return found


def pooled(usdt: dict[str, Any], mode: str = "multi_currency", **changes: Any) -> Statement:
    """
    What marginbook makes of a unified account with one currency.
    """
    return read(POOLED, {**POOLED, "currency": "BTC"}, {**POOL, "mode": mode, "balances": {"USDT": usdt}, **changes})


def test_each_settlement_currency_has_a_row() -> None:
    """
    The wallets are asked for one by one, and each is a row, digit for digit.
    """
    found = read(SEEN)

    assert ["USDT", "BTC"] == [balance.asset for balance in found.balances]
    assert "990.2172677957" == str(row(found, "USDT").wallet_balance)
    assert "90071992.547409930000000001" == str(row(found, "BTC").wallet_balance)
    assert () == found.notes


def test_the_published_example() -> None:
    """
    The example has figures of both modes, and says that it is of the old one: only those that fit it are told.
    """
    found = row(read(examples()["/api/v4/futures/{settle}/accounts"]), "USDT")

    assert {
        "wallet_balance": Decimal("9707.803567115145"),
        "unrealized_pnl": Decimal("3371.248828"),
        "equity": Decimal("13079.052395115145"),
        "initial_margin": Decimal("38.712189181"),
        "position_margin": Decimal("38.712189181"),
        "order_margin": Decimal(0),
        "max_withdraw": Decimal("9669.091377934145"),
    } == {name: getattr(found, name) for name in found.basis}
    assert "reported" == found.basis["position_margin"]
    assert () == found.notes


def test_the_new_mode_tells_margin_elsewhere() -> None:
    """
    In the new mode, position_margin is 0 beside positions: their margin is the sum of two other fields.
    """
    found = classic()

    assert Decimal("34.914575423716") == found.position_margin
    assert Decimal("35.886425423716") == found.initial_margin
    assert Decimal("954.330842371984") == found.available_balance == found.max_withdraw
    assert found.basis["position_margin"].startswith("derived: cross_initial_margin + isolated_position_margin")


@pytest.mark.parametrize("flag", [True, False, None])
def test_the_flag_does_not_decide_about_margin(flag: bool | None) -> None:  # noqa: FBT001  # what the venue sends
    """
    The flag of the mode is deprecated: what is missing from the total decides which of the figures is meant.
    """
    assert Decimal("34.914575423716") == classic(enable_evolved_classic=flag).position_margin
    assert (
        Decimal("34.914575423716")
        == classic(position_margin="34.914575423716", cross_initial_margin="1").position_margin
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"available": "900"},
        {"isolated_position_margin": "30"},
        {"isolated_position_margin": None},
        {"cross_initial_margin": None, "position_margin": None},
        {"order_margin": "1"},
    ],
    ids=str,
)
def test_margin_that_does_not_fit_is_not_known(changes: dict[str, Any]) -> None:
    """
    Where neither figure is what is missing from the total, none is told, and the row says so.
    """
    found = classic(**changes)

    assert (None, None) == (found.position_margin, found.initial_margin)
    assert NO_MARGIN in found.notes


def test_gains_cannot_be_withdrawn() -> None:
    """
    More available than the wallet less the margins would have gains in it, which is not what can be withdrawn.
    """
    found = classic(available="960", cross_available="960")

    assert None is found.max_withdraw
    assert NO_WITHDRAW in found.notes
    assert Decimal(960) == found.available_balance
    assert Decimal(900) == classic(available="900").max_withdraw


@pytest.mark.parametrize(
    "changes",
    [
        {"total": "0.000000002075"},
        {"total": "0", "isolated_position_margin": "0"},
        {"cross_margin_balance": "1000", "cross_unrealised_pnl": "9"},
    ],
    ids=str,
)
def test_a_total_that_is_not_the_wallet(changes: dict[str, Any]) -> None:
    """
    Accounts were seen with next to nothing in the total and much that is available: 0 would be a wrong balance.
    """
    found = classic(**changes)

    assert (None, None, None) == (found.wallet_balance, found.equity, found.max_withdraw)
    assert NOT_TOTAL in found.notes


def test_a_cross_balance_within_the_wallet() -> None:
    """
    Gains of cross positions are no cash: with them, the cross balance may be more than the total.
    """
    found = classic(cross_margin_balance="1000", cross_unrealised_pnl="10")

    assert Decimal("990.2172677957") == found.wallet_balance
    assert Decimal(10) == found.cross_unrealized_pnl


def test_losses_of_cross_positions_may_not_be_withdrawn() -> None:
    """
    Where less can back cross positions than is available, Gate does not say which of the two can leave.
    """
    found = classic(cross_available="954.33", cross_unrealised_pnl="-0.000842371984")

    assert (None, Decimal("954.33")) == (found.max_withdraw, found.available_balance)
    assert LOSING == found.notes[0]
    assert Decimal("954.330842371984") == classic(cross_available="954.33", enable_evolved_classic=False).max_withdraw


def test_a_bonus_cannot_be_withdrawn() -> None:
    """
    The bonus is a part of what is available, and not of what can leave; the row mentions it.
    """
    found = classic(bonus="4.330842371984", available="958.661684743968")

    assert Decimal("954.330842371984") == found.max_withdraw
    assert "derived: available - bonus" == found.basis["max_withdraw"]
    assert "a bonus of 4.330842371984" in found.notes[-1]


def test_a_bonus_that_is_not_told() -> None:
    """
    A bonus that is missing may be in what is available, unless the margins are all that is missing from the total.
    """
    found = classic(bonus=None, available="900", cross_available="900")

    assert (None, Decimal("990.2172677957")) == (found.max_withdraw, found.wallet_balance)
    assert NO_BONUS in found.notes
    assert Decimal("954.330842371984") == classic(bonus=None).max_withdraw


def test_margins_that_are_not_told() -> None:
    """
    Without any margin of positions, gains may be in what is available, and a maintenance margin of 0 may be none.
    """
    nothing = {"position_margin": None, "cross_initial_margin": None, "unrealised_pnl": "0", "maintenance_margin": "0"}
    found = classic(**nothing)

    assert (None, None) == (found.max_withdraw, found.maintenance_margin)
    assert (NO_WITHDRAW, NO_MARGIN, NO_MAINTENANCE) == found.notes


def test_maintenance_margin_is_not_zero_beside_positions() -> None:
    """
    The old mode does not tell maintenance margin, and may write 0: it is told only where there are no positions.
    """
    cross = {"cross_initial_margin": "34.914575423716", "isolated_position_margin": "0"}
    assert None is classic(maintenance_margin="0", **cross).maintenance_margin
    assert NO_MAINTENANCE in classic(maintenance_margin="0", **cross).notes
    assert None is classic(maintenance_margin=None, **cross).maintenance_margin
    assert NO_MAINTENANCE not in classic(maintenance_margin=None, **cross).notes
    nothing = {"available": "989.2454177957", "isolated_position_margin": "0", "unrealised_pnl": "0"}
    assert 0 == classic(maintenance_margin="0", **nothing).maintenance_margin


def test_isolated_positions_hide_maintenance_margin() -> None:
    """
    Each isolated position is liquidated by itself, so that no equity of the row is one at which the venue liquidates.
    """
    cross = {"cross_initial_margin": "34.914575423716", "isolated_position_margin": "0"}
    found = classic()

    assert (None, None) == (found.maintenance_margin, found.margin_ratio)
    assert (OF_ALL.format(Decimal("6.3514389255")),) == found.notes
    assert Decimal("6.3514389255") == classic(**cross).maintenance_margin
    assert () == classic(**cross).notes


def test_a_bonus_that_may_be_in_the_total() -> None:
    """
    Where the margins fit only if the bonus is in the total, the total is more than cash.
    """
    found = classic(bonus="30")

    assert (None, None) == (found.wallet_balance, found.equity)
    assert BONUS_IN_TOTAL in found.notes
    assert Decimal("924.330842371984") == found.max_withdraw


def test_the_old_mode_does_not_tell_what_is_available() -> None:
    """
    In the old mode, no figure tells what can back a cross position, and none is of cross positions alone.
    """
    found = classic(enable_evolved_classic=False)

    assert (None, None) == (found.available_balance, found.cross_unrealized_pnl)
    assert Decimal("954.330842371984") == found.max_withdraw


def test_older_answers() -> None:
    """
    Answers of years ago have fewer fields, and are read as those of the old mode.
    """
    names = {
        "currency",
        "user",
        "total",
        "unrealised_pnl",
        "order_margin",
        "position_margin",
        "available",
        "point",
        "history",
    }
    found = row(
        read({name: value for name, value in SEEN.items() if name in names} | {"available": "989.2454177957"}), "USDT"
    )

    assert (Decimal(0), Decimal("989.2454177957")) == (found.position_margin, found.max_withdraw)
    assert None is found.available_balance


@pytest.mark.parametrize("name", ["total", "unrealised_pnl", "order_margin", "available", "currency", "history"])
@pytest.mark.parametrize("damage", ["missing", "renamed", "null"])
def test_a_damaged_answer_is_none(name: str, damage: str) -> None:
    """
    A field that is needed has to be there, under its name, with a value.
    """
    body = {key: value for key, value in SEEN.items() if key != name}
    others: dict[str, dict[str, Any]] = {"missing": {}, "renamed": {f"{name}X": SEEN[name]}, "null": {name: None}}

    with pytest.raises(InvalidResponseError, match=rf"FuturesAccount\.{name}"):
        read({**body, **others[damage]})


@pytest.mark.parametrize("sign", [{"margin_mode": 3}, {"enable_credit": True}], ids=str)
def test_a_unified_account_is_asked_for(sign: dict[str, Any]) -> None:
    """
    Where the futures are a part of a unified account, its rows are told, and none of the figures of the futures.
    """
    found = read({**SEEN, **sign}, {**SEEN, "currency": "BTC", "total": "5", **sign})

    assert ["USDT", "ETH", "BTC"] == [balance.asset for balance in found.balances]
    assert {None} == {balance.wallet_balance for balance in found.balances}
    assert (UNIFIED,) == found.notes


def test_equity_of_a_unified_account() -> None:
    """
    Equity is told where nothing of the currency is isolated, with what is owed taken off.
    """
    found = read(POOLED, {**POOLED, "currency": "BTC"})
    usdt, eth, btc = found.balances

    assert "1.500000000000000001" == str(btc.equity)
    assert "-0.075393666654" == str(eth.equity)
    assert "borrowed 0.075393666654" in eth.notes[0]
    assert None is usdt.equity
    assert (ISOLATED,) == usdt.notes


@pytest.mark.parametrize(
    ("mode", "isolated", "expected"),
    [
        ("portfolio", "1", Decimal("16.1")),
        ("multi_currency", "0", Decimal("16.1")),
        ("multi_currency", "1", None),
        ("single_currency", "0", Decimal("16.1")),
        ("single_currency", "1", None),
        ("classic", "0", None),
        ("brand_new", "0", None),
    ],
)
def test_isolated_positions_hide_equity(mode: str, isolated: str, expected: Decimal | None) -> None:
    """
    The venue's equity is that of what is cross: it is told where there is nothing else, in modes that are known.
    """
    usdt = {**POOL["balances"]["USDT"], "equity": "16.1", "iso_balance": isolated}

    assert expected == row(pooled(usdt, mode), "USDT").equity


def test_single_currency_margin() -> None:
    """
    In single-currency mode, USDT alone backs futures, and its row tells what is available and maintenance margin.
    """
    usdt = {**POOL["balances"]["USDT"], "iso_balance": "0", "mm": "3.5", "available_margin": "700.1", "equity": "800"}
    found = pooled(usdt, "single_currency", unified_account_total_equity="799.9")
    whole = found.summary

    assert Decimal("3.5") == row(found, "USDT").maintenance_margin
    assert Decimal("700.1") == row(found, "USDT").available_balance
    assert whole is not None
    assert ("single-asset", Decimal("799.9"), None) == (whole.mode, whole.equity, whole.initial_margin)
    assert None is row(pooled(usdt), "USDT").available_balance


def test_the_account_as_a_whole() -> None:
    """
    Margins of a pool are told of the whole account, in USD, unless a part of it is isolated.
    """
    usdt = {**POOL["balances"]["USDT"], "iso_balance": "0"}
    whole, part = pooled(usdt, locked=True).summary, read(POOLED).summary

    assert whole is not None
    assert part is not None
    assert ("USD", "multi-assets", "locked") == (whole.currency, whole.mode, whole.status)
    assert Decimal("90781.45378287062") == whole.equity == part.equity
    assert Decimal("86482.495944473949") == whole.adjusted_equity
    assert Decimal("1025.0524665088") == whole.initial_margin
    assert Decimal("205.01049330176") == whole.maintenance_margin
    assert Decimal("85457.443477965149") == whole.available_balance
    assert (None, None, None) == (part.adjusted_equity, part.maintenance_margin, part.status)


def test_the_published_unified_account() -> None:
    """
    The example does not say its mode, nor whether anything is isolated: nothing of it is certain.
    """
    found = read(POOLED, BTC, examples()[UNIFIED_PATH])

    assert ["ETH", "POINT", "USDT", "BTC"] == [balance.asset for balance in found.balances]
    assert {None} == {balance.equity for balance in found.balances[:3]}
    assert found.summary is not None
    assert (None, None) == (found.summary.mode, found.summary.equity)


def test_a_wallet_beside_the_unified_account() -> None:
    """
    Futures that are no part of the unified account are a row of their own. Where that has their currency, no sum is
    certain: the mode is that of the user, so that one of the two is wrong.
    """
    both = row(read(POOLED), "BTC")
    alone = row(read(POOLED, whole={**POOL, "balances": {}, "unified_account_total_equity": "0"}), "BTC")

    assert {None} == {getattr(both, name) for name in AMOUNTS}
    assert BOTH.format("BTC") == both.notes[-1]
    assert "90071992.547409930000000001" == str(alone.wallet_balance)


def test_a_unified_account_without_its_rows() -> None:
    """
    An account that is worth something holds something: an answer without any currency is none.
    """
    with pytest.raises(InvalidResponseError, match="no currency is listed"):
        read(POOLED, whole={**POOL, "balances": {}})


def test_an_account_of_no_kind() -> None:
    """
    Where no wallet says what kind of account it is of, its total may not be the wallet, and a note says so.
    """
    silent = {name: value for name, value in SEEN.items() if name != "margin_mode"}

    assert (UNSAID,) == read(silent, {**silent, "currency": "BTC"}).notes
    assert () == read(silent).notes


def test_what_backs_cross_positions_without_the_flag() -> None:
    """
    Where the deprecated flag of the mode is missing, cross figures are told if the margin is that of the new mode.
    """
    new = classic(enable_evolved_classic=None)
    old = classic(enable_evolved_classic=None, position_margin="34.914575423716", isolated_position_margin="30")

    assert (Decimal("954.330842371984"), Decimal(0)) == (new.available_balance, new.cross_unrealized_pnl)
    assert (None, None) == (old.available_balance, old.cross_unrealized_pnl)


def test_losses_that_are_not_told() -> None:
    """
    Where the new mode does not tell what can back cross positions, they may lose, and what can leave is not known.
    """
    found = classic(cross_available=None)

    assert (None, NO_CROSS) == (found.max_withdraw, found.notes[0])


def test_an_empty_wallet_beside_the_unified_account() -> None:
    """
    Where there is nothing in the wallet, the row of the unified account is certain.
    """
    nothing = {**BTC, "total": "0", "available": "0", "unrealised_pnl": "0", "position_margin": "0"}

    assert "1.500000000000000001" == str(row(read(POOLED, nothing), "BTC").equity)
    assert None is row(read(POOLED, {**nothing, "unrealised_pnl": "1"}), "BTC").equity


def test_an_unknown_wallet_beside_the_unified_account() -> None:
    """
    Where a wallet is not certain either, its row says so too.
    """
    found = read({**SEEN, "total": "0"}, {**POOLED, "currency": "BTC"})

    assert None is row(found, "USDT").equity
    assert NOT_TOTAL in row(found, "USDT").notes


@pytest.mark.parametrize("portrait", PORTRAITS, ids=lambda portrait: portrait.name)
def test_portraits(portrait: Portrait) -> None:
    """
    Whatever is told of an account is what it holds, over real HTTP.
    """
    with Sandbox([portray(portrait)]) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    for asset, wallet in zip(GATE_ASSETS, portrait.wallets, strict=False):
        (found,) = [balance for balance in report.balances if balance.asset == asset]
        told = {name: getattr(found, name) for name in AMOUNTS if getattr(found, name) is not None}
        assert {name: getattr(wallet, name) for name in told} == told
        assert wallet.equity == told["equity"]


GATE_ASSETS: Final = ("USDT", "BTC")


def test_the_canonical_account_is_told_in_full() -> None:
    """
    All but the cross wallet and a time is known of a classic account.
    """
    with Sandbox([portray(PORTRAITS[0])]) as sandbox:
        (found,) = collect(sandbox.accounts()).balances

    assert {*AMOUNTS} - {"cross_wallet_balance"} == found.basis.keys()


def test_the_sandbox() -> None:
    """
    All accounts are read in full, over real HTTP; a currency without a wallet is mentioned.
    """
    with Sandbox(stages()) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    assert {("gate", "BTC"), ("gate", "USDT"), ("gate-delivery", "USDT"), ("gate-unified", "USDT")} < {
        (balance.account, balance.asset) for balance in report.balances
    }
    assert NO_WALLET.format("BTC") in [note.message for note in report.notes]
    assert Decimal("72.526164334903") == report.balances[1].position_margin


def test_a_clock_that_is_wrong_by_hours() -> None:
    """
    The venue's time is asked for when it complains, and requests are signed with it.
    """
    with Sandbox(stages()) as sandbox:
        slow = Machine(milliseconds=lambda: time.time_ns() // 1_000_000 - 5 * 3_600_000)
        report = collect(sandbox.accounts(), machine=slow)

    assert report.complete
    assert any("seconds behind that of gate" in note.message for note in report.notes)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("clock", "clock"), ("key", "credentials"), ("signature", "credentials"), ("throttled", "rate_limited")],
)
def test_refusals(name: str, kind: str) -> None:
    """
    The venue's own refusals are what they say.
    """
    (stage,) = stages()
    refusal = stage.refusals[name]()
    with answering(refusal.status_code, refusal.get_data(), dict(refusal.headers)) as heard:
        account = Account("desk", "gate", SECRETS, {"base_url": heard.url})
        (failure,) = collect([account], timeout=2).failures

    assert kind == failure.kind
    assert (name == "throttled") is (failure.until is not None)


def explained(status: int, body: Any, headers: dict[str, str] | None = None) -> MarginbookError:
    """
    What marginbook says of an error answer.
    """
    response = requests.Response()
    response.status_code, response.raw, response.headers = (
        status,
        BytesIO(json.dumps(body).encode()),
        CaseInsensitiveDict(headers),
    )
    response.request = requests.Request("GET", f"https://api.gateio.ws{USDT_PATH}").prepare()
    error = wire.api_error(
        response, lambda r: ErrorBody.from_dict(wire.check(wire.decode(r.content), dict, "the body"))
    )
    return explain(error) or by_status(error)


@pytest.mark.parametrize("label", CODES)
def test_labels(label: str) -> None:
    """
    Each label that is known has a meaning, and what to do about it, without the venue's own text.
    """
    (kind, meaning, hint) = CODES[label]
    found = explained(400, {"label": label, "message": "203.0.113.7 is not allowed"})

    assert kind is type(found)
    assert f"{label}: {meaning}." in str(found)
    assert hint == found.hint
    assert "203.0.113.7" not in f"{found} {found.hint}"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, {"label": "BRAND_NEW"}, "rate_limited"),
        (429, "not this", "rate_limited"),
        (403, {"label": "BRAND_NEW"}, "permission"),
        (400, {"label": "BRAND_NEW", "detail": "What?"}, "invalid_response"),
    ],
)
def test_labels_that_are_not_known(status: int, body: Any, kind: str) -> None:
    """
    Without a label that is known, the status decides.
    """
    assert kind == explained(status, body).kind


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({"X-Gate-RateLimit-Reset-Timestamp": "4000000000"}, 4_000_000_000),
        ({"X-Gate-RateLimit-Reset-Timestamp": "4000000000000"}, 4_000_000_000),
        ({"X-Gate-RateLimit-Reset-Timestamp": "soon"}, None),
        ({"X-Gate-RateLimit-Reset-Timestamp": "0"}, None),
    ],
    ids=str,
)
def test_when_the_limit_begins_anew(headers: dict[str, str], until: int | None) -> None:
    """
    The venue's own header is read in seconds and in milliseconds, and as nothing where it is no time.
    """
    found = explained(429, {"label": "TOO_MANY_REQUESTS"}, headers).until

    assert until == (found and found.timestamp())


def test_one_wallet_fails_and_so_does_the_account() -> None:
    """
    All rows or none: an error of the second wallet is the account's, unless it says that there is no wallet.
    """
    with scripted(
        lambda asked: Said(200, SEEN) if "usdt" in asked.path else Said(403, {"label": "FORBIDDEN"})
    ) as heard:
        report = collect([Account("desk", "gate", SECRETS, {"base_url": heard.url})])

    assert () == report.balances
    assert ["permission"] == [failure.kind for failure in report.failures]


def test_a_user_without_futures() -> None:
    """
    An account without a wallet in any currency is none that could be told, and the hint says how to open one.
    """
    with answering(400, {"label": "USER_NOT_FOUND", "detail": "please transfer funds first"}) as heard:
        (failure,) = collect([Account("desk", "gate", SECRETS, {"base_url": heard.url})]).failures

    assert [USDT_PATH, BTC_PATH] == heard.paths
    assert "permission" == failure.kind
    assert "Transfer any amount" in failure.hint


def test_limits() -> None:
    """
    What is signed is limited by user, what is public by address, and each operation has a limit of its own.
    """
    limits = {limit.per: limit for limit in GATE.limits}

    assert {"address", "key"} == limits.keys()
    assert [200, 200, 200, 150] == [limit.weight for limit in GATE.limits]
    assert 1 == limits["address"].cost("GET", "/api/v4/spot/time")
    assert [0, 1, 0, 0] == [limit.cost("GET", USDT_PATH) for limit in GATE.limits]


def test_the_published_signature() -> None:
    """
    The signature of Gate's documents: of the method, the path, the query, no body, and seconds.
    """
    url = "https://api.gateio.ws/api/v4/futures/orders?contract=BTC_USD&status=finished&limit=50"
    request = requests.Request("GET", url).prepare()
    sign({"api_key": "key", "api_secret": " secret\n"}, lambda: 1_541_993_715_999)(request)

    assert "key" == request.headers["KEY"]
    assert "1541993715" == request.headers["Timestamp"]
    assert (
        "55f84ea195d6fe57ce62464daaa7c3c02fa9d1dde954e4c898289c9a2407a3d6"
        "fb3faf24deff16790d726b66ac9f74526668b13bd01029199cc4fcc522418b8a"
    ) == request.headers["SIGN"]


@pytest.mark.parametrize("name", ["api_key", "api_secret"])
@pytest.mark.parametrize("bad", ["", " ", "a\nb", "ключ"])
def test_what_cannot_be_a_key(name: str, bad: str) -> None:
    """
    Secrets that cannot be right are refused before anything is sent, without showing them.
    """
    with pytest.raises(CredentialsError, match=name) as caught:
        sign({**SECRETS, name: bad}, lambda: 0)

    assert not bad.strip() or bad not in str(caught.value)


@pytest.fixture(scope="module")
def sandbox() -> Any:
    with Sandbox(stages()) as sandbox:
        yield sandbox


def ask(
    sandbox: Sandbox, path: str = USDT_PATH, *, account: int = 0, ahead: int = 0, **headers: str
) -> requests.Response:
    """
    Ask as one should, with a clock that is *ahead* seconds, and other headers where they are said.
    """
    request = requests.Request("GET", sandbox.url + path).prepare()
    secrets = {name: str(secret) for name, secret in stages()[0].actors[account].credentials.items()}
    sign(secrets, lambda: (int(time.time()) + ahead) * 1000)(request)
    for name, value in headers.items():
        request.headers[name] = value
    return requests.Session().send(request, timeout=5)


@pytest.mark.parametrize(
    ("status", "label", "how"),
    [
        (401, "MISSING_REQUIRED_HEADER", {"SIGN": ""}),
        (401, "INVALID_KEY", {"KEY": "nobody"}),
        (401, "INVALID_KEY", {"path": UNIFIED_PATH, "KEY": "nobody"}),
        (401, "REQUEST_EXPIRED", {"ahead": 62}),
        (401, "REQUEST_EXPIRED", {"ahead": -62}),
        (401, "REQUEST_EXPIRED", {"Timestamp": "now"}),
        (401, "INVALID_SIGNATURE", {"SIGN": "0" * 128}),
        (
            401,
            "INVALID_SIGNATURE",
            {"account": 1, "KEY": hashlib.sha256(b"marginbook sandbox gate key").hexdigest()[:32]},
        ),
        (400, "USER_NOT_FOUND", {"path": BTC_PATH, "account": 1}),
        (400, "USER_NOT_FOUND", {"path": DELIVERY_PATH}),
        (403, "FORBIDDEN", {"path": UNIFIED_PATH}),
        (404, "NOT_FOUND", {"path": "/api/v4/futures/usdt/account"}),
    ],
)
def test_the_sandbox_refuses(sandbox: Sandbox, status: int, label: str, how: dict[str, Any]) -> None:
    """
    The sandbox checks key, time and signature, and refuses in Gate's own shape.
    """
    found = ask(sandbox, **how)

    assert (status, label) == (found.status_code, found.json()["label"])


def test_the_sandbox_knows_methods(sandbox: Sandbox) -> None:
    """
    A path that is there, with a method that is not for it.
    """
    found = requests.delete(sandbox.url + USDT_PATH, timeout=5)

    assert (405, "METHOD_NOT_ALLOWED") == (found.status_code, found.json()["label"])


def test_the_sandbox_throttles() -> None:
    """
    The requests of a user are counted, and one too many is refused with the time at which the limit begins anew.
    """
    part = Part(stages()[0].actors[0], {"usdt": USDT})
    # A period that does not end while the test runs.
    gate = Gate({part.key: part}, Budget(1, 10**9))
    with Sandbox([Stage("gate", (part.actor,), {"/api/v4/futures/<settle>/accounts": gate.futures})]) as sandbox:
        first, second = ask(sandbox), ask(sandbox)

    assert [200, 429] == [first.status_code, second.status_code]
    assert "TOO_MANY_REQUESTS" == second.json()["label"]
    assert "1" == second.headers["X-Gate-RateLimit-Limit"]
    assert second.headers["X-Gate-RateLimit-Reset-Timestamp"].isdigit()


def test_faults_hit_one_account() -> None:
    """
    The account is known by its key in the headers, so that a fault can be for it alone.
    """
    with Sandbox(stages(), faults=[Fault("http-401", "gate-unified")]) as sandbox:
        report = collect(sandbox.accounts())

    assert ["gate-unified"] == [failure.account for failure in report.failures]


def delivered(**changes: Any) -> Statement:
    """
    What marginbook makes of delivery futures.
    """
    body = json.dumps({**DELIVERY, **changes}).encode()
    return replay("gate", {DELIVERY_PATH: body}, {"contracts": "delivery"})


def test_delivery_futures_have_a_wallet_of_their_own() -> None:
    """
    They are another account to marginbook, since both have USDT; nothing but their wallet is asked for.
    """
    found = delivered()

    assert ["USDT"] == [balance.asset for balance in found.balances]
    assert Decimal("-7.623556789") == found.balances[0].equity
    assert Decimal("32.25") == found.balances[0].initial_margin
    assert Decimal("0.2499") == found.balances[0].max_withdraw
    assert () == found.notes


def test_delivery_futures_of_a_unified_account() -> None:
    """
    Whether they are a part of it is not documented, and the report says so.
    """
    assert (UNSURE,) == delivered(margin_mode=1).notes


def test_it_is_found() -> None:
    """
    The venue is found by its entry point, and says of each figure where it comes from or why it is not known.
    """
    (found,) = [venue for venue in venues() if venue.id == "gate"]

    assert {*AMOUNTS, "updated_at"} == {*found.fills, *found.unknown}
    assert ["gate", "gate-unified", "gate-delivery"] == [
        actor.name for stage in marginbook_stages() for actor in stage.actors
    ]
