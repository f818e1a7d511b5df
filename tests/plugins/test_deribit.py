"""
Deribit: cash, PnL and options told apart, collateral that is shared, signatures, and what an error means.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import time_machine
from requests.auth import AuthBase

import marginbook_deribit as plugin
from marginbook import Account, Balance, CredentialsError, InvalidResponseError, Statement, collect, replay
from marginbook.sandbox import PORTRAITS, Portrait, Sandbox, now
from marginbook.wire import Unset, decode
from marginbook_clients.deribit.models.summaries_response import SummariesResponse
from marginbook_deribit import stage as played
from marginbook_deribit import venue
from marginbook_deribit.codes import CODES
from marginbook_deribit.keys import Signature, sign
from published import published
from script import Said, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH: Final = "/api/v2/private/get_account_summaries"

EXAMPLE: Final[dict[str, Any]] = published("deribit", PATH)

#: A perpetual with a gain of 50, of which 20 was settled before this session.
ROW: Final[dict[str, Any]] = {
    **{name: Decimal(0) for name, value in played.NOTHING.items() if value == "0"},
    "cross_collateral_enabled": False,
    "margin_model": "segregated_sm",
    "currency": "USDC",
    "balance": Decimal("1000.000001"),
    "futures_session_upl": Decimal("30.5"),
    "session_upl": Decimal("30.5"),
    "futures_pl": Decimal(50),
    "total_pl": Decimal(50),
    "equity": Decimal("1030.500001"),
    "margin_balance": Decimal("1030.500001"),
    "initial_margin": Decimal(120),
    "maintenance_margin": Decimal(10),
    "available_funds": Decimal("910.500001"),
    "available_withdrawal_funds": Decimal("880.000001"),
}

#: What a recorded answer has where cross collateral is on. Less is told there than the documents say.
CROSS: Final[dict[str, Any]] = {
    **{name: value for name, value in ROW.items() if not name.startswith(("futures_session", "options_session"))},
    "cross_collateral_enabled": True,
    "margin_model": "cross_sm",
    "balance": Decimal("0.00002288"),
    "equity": Decimal("0.00002288"),
    "session_upl": 0,
    "futures_pl": 0,
    "total_pl": 0,
    "margin_balance": Decimal("0.00031639"),
    "available_funds": Decimal("0.00030647"),
    "available_withdrawal_funds": Decimal("0.00002288"),
    "initial_margin": Decimal("0.00000992"),
    "maintenance_margin": Decimal("0.00000329"),
    "total_equity_usd": Decimal("25.710502678"),
    "total_margin_balance_usd": Decimal("25.510502678"),
    "total_initial_margin_usd": Decimal("0.806292412"),
    "total_maintenance_margin_usd": Decimal("0.2671726792"),
}


def written(body: Any) -> bytes:
    """
    JSON in which amounts are numbers, to the last digit.
    """
    text = json.dumps(body, default=lambda amount: f"@{amount:f}@")
    return re.sub(r'"@(.*?)@"', r"\1", text).encode()


def read(*rows: dict[str, Any]) -> Statement:
    """
    What marginbook makes of these currencies.
    """
    return replay("deribit", {PATH: written({"jsonrpc": "2.0", "result": {"summaries": rows}})})


def only(**changes: Any) -> Balance:
    """
    What it makes of one currency.
    """
    (found,) = read({**ROW, **changes}).balances
    return found


def worth(amount: str) -> dict[str, Decimal]:
    """
    What says of a row what it is worth.
    """
    return {"equity": Decimal(amount), "margin_balance": Decimal(amount)}


def figures(balance: Balance) -> dict[str, str]:
    return {name: f"{getattr(balance, name):f}" for name in balance.basis}


def test_the_published_example() -> None:
    """
    Deribit's own example is read to the last digit, all of its currencies and nothing that is not known.
    """
    found = replay("deribit", {PATH: json.dumps(EXAMPLE).encode()})
    btc, eth = found.balances

    assert ("BTC", "ETH", None, ()) == (btc.asset, eth.asset, found.summary, found.notes)
    assert {
        "wallet_balance": "302.56807660",
        "equity": "302.61869214",
        "initial_margin": "1.24669592",
        "available_balance": "301.38059622",
        "max_withdraw": "301.35396172",
    } == figures(btc)
    assert {
        "wallet_balance": "100",
        "unrealized_pnl": "0",
        "equity": "100",
        "initial_margin": "0.000402",
        "maintenance_margin": "0",
        "available_balance": "99.999598",
        "max_withdraw": "99.999597",
    } == figures(eth)


def test_options_are_no_pnl() -> None:
    """
    Equity has the whole value of options in it, so that no figure of the answer is the unrealized PnL; a note says so.
    """
    btc = replay("deribit", {PATH: json.dumps(EXAMPLE).encode()}).balances[0]

    assert None is btc.unrealized_pnl
    assert venue.OPTIONS.format("-0.0086", "-0.0065") == btc.notes[0]
    assert None is only(options_pl=Decimal("0.5")).unrealized_pnl


def test_maintenance_margin_that_equity_is_not_held_against() -> None:
    """
    With standard margin, bought options do not keep an account from liquidation: a ratio to equity would look safe.
    """
    found = only(options_value=500, equity=Decimal("1530.500001"))

    assert (None, None) == (found.maintenance_margin, found.margin_ratio)
    assert venue.OTHER_MEASURE.format("10", "1030.500001") == found.notes[1]
    assert Decimal(10) == only().maintenance_margin


def test_cash_and_pnl_of_the_session() -> None:
    """
    What futures realized since the last settlement is cash of ours and not yet in the venue's balance.
    """
    quiet, busy = only(), only(futures_session_rpl=Decimal("-7.25"), **worth("1023.250001"))

    assert ("1000.000001", "30.5", "1030.500001") == (
        f"{quiet.wallet_balance:f}",
        f"{quiet.unrealized_pnl:f}",
        f"{quiet.equity:f}",
    )
    assert {"reported"} == set(quiet.basis.values())
    assert ("992.750001", f"derived: {venue.WALLET}") == (f"{busy.wallet_balance:f}", busy.basis["wallet_balance"])
    assert ("30.5", ()) == (f"{busy.unrealized_pnl:f}", busy.notes)


@pytest.mark.parametrize("off", ["0.000001", "-0.000003"])
def test_rounding_is_no_contradiction(off: str) -> None:
    """
    The venue rounds each figure by itself. Equity stays wallet balance and PnL, exactly, and says what the PnL is.
    """
    found = only(equity=ROW["equity"] + Decimal(off))

    assert Decimal("30.5") + Decimal(off) == found.unrealized_pnl
    assert Decimal(10) == found.maintenance_margin
    assert f"derived: {venue.PNL}" == found.basis["unrealized_pnl"]
    assert not [note for note in found.notes if "add up" in note]


@pytest.mark.parametrize("off", ["0.000004", "-250"])
def test_figures_that_do_not_add_up(off: str) -> None:
    """
    Where equity is not made of cash, PnL and options, nobody knows which is which: equity alone is told.
    """
    found = only(equity=ROW["equity"] + Decimal(off))

    assert (None, None) == (found.wallet_balance, found.unrealized_pnl)
    assert ROW["equity"] + Decimal(off) == found.equity
    assert venue.UNEXPLAINED.format(Decimal(off).quantize(Decimal("0.000001"))) == found.notes[0]


def test_a_fee_balance() -> None:
    """
    What fees can be paid with may or may not be cash of the balance, which is said.
    """
    assert (venue.FEES.format("0.5"),) == only(fee_balance=Decimal("0.5")).notes


def test_shared_collateral() -> None:
    """
    What is of the whole account is in no row, but in the summary, in dollars; rows have their own cash and equity.
    """
    found = read({**CROSS, "currency": "BTC"}, {**CROSS, "currency": "SOL", "balance": 0, "equity": 0})

    assert {
        "wallet_balance": "0.00002288",
        "unrealized_pnl": "0",
        "equity": "0.00002288",
        "max_withdraw": "0.00002288",
    } == figures(found.balances[0])
    assert (
        "margin_balance 0.00031639, available_funds 0.00030647, initial_margin 0.00000992" in found.balances[1].notes[0]
    )
    assert None is not found.summary
    assert ("USD", "multi-assets", None) == (found.summary.currency, found.summary.mode, found.summary.asset)
    assert ("25.710502678", "25.510502678", "0.806292412", "0.2671726792") == tuple(
        f"{getattr(found.summary, name):f}"
        for name in ("equity", "adjusted_equity", "initial_margin", "maintenance_margin")
    )


def test_an_empty_account_with_shared_collateral() -> None:
    """
    Nothing is said of the whole account where it is nothing.
    """
    empty = {name: 0 for name, value in CROSS.items() if isinstance(value, Decimal)}

    assert () == read({**CROSS, **empty}).balances[0].notes


@pytest.mark.parametrize(
    ("changes", "mode", "equity"),
    [
        ({"margin_model": "cross_pm"}, "portfolio", "25.710502678"),
        ({"margin_model": "cross_new"}, "cross_new", "25.710502678"),
        ({"margin_model": None}, None, "25.710502678"),
        ({"total_margin_balance_usd": None}, "multi-assets", "25.710502678"),
        ({"total_equity_usd": None}, None, None),
    ],
    ids=str,
)
def test_what_the_summary_has(changes: dict[str, Any], mode: str | None, equity: str | None) -> None:
    """
    The summary has what the rows tell, and there is none where they do not tell of the account.
    """
    row = {name: value for name, value in {**CROSS, **changes}.items() if value is not None}
    found = read(row)

    assert mode == (found.summary and found.summary.mode)
    assert equity == (found.summary and f"{found.summary.equity:f}")
    assert [venue.NEW_MODEL.format(m) for m in [changes.get("margin_model")] if m == "cross_new"] == list(found.notes)


def test_totals_that_differ() -> None:
    """
    The account has one total: where its currencies tell two, none is given, and that is said.
    """
    found = read({**CROSS, "currency": "BTC"}, {**CROSS, "currency": "ETH", "total_equity_usd": 26})

    assert (None, (venue.CONTRADICTION,)) == (found.summary, found.notes)


@pytest.mark.parametrize("name", ["balance", "equity", "available_funds", "cross_collateral_enabled", "margin_balance"])
@pytest.mark.parametrize("damage", ["missing", "renamed", "null", "text"])
def test_damaged_rows(name: str, damage: str) -> None:
    """
    A field that is missing, renamed, null or of another type makes the whole answer invalid, by its name.
    """
    row = {key: value for key, value in ROW.items() if key != name}
    row |= {"missing": {}, "renamed": {f"{name}2": ROW[name]}, "null": {name: None}, "text": {name: "none"}}[damage]

    with pytest.raises(InvalidResponseError, match=rf"AccountSummary\.{name}"):
        read(ROW, row)


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if not isinstance(node, (dict, list)):
        yield path
        return
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        yield from leaves(child, (*path, key))


def another(body: Any, path: tuple[Any, ...]) -> Any:
    """
    The same body with another value at a path.
    """
    body = copy.deepcopy(body)
    place = body
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    place[path[-1]] = (
        not old if isinstance(old, bool) else old + 60_000 if isinstance(old, (int, float, Decimal)) else f"{old}1"
    )
    return body


def translated(body: Any) -> Statement:
    """
    What the plugin alone makes of a body.
    """
    told = SummariesResponse.from_dict(decode(written(body))).result
    assert not isinstance(told, Unset)
    return venue.statement(Account("desk", "deribit"), told.summaries)


@pytest.mark.parametrize(
    "body",
    [EXAMPLE, *({"jsonrpc": "2.0", "result": {"summaries": [row]}} for row in (ROW, {**CROSS, "fee_balance": 1}))],
    ids=["published", "segregated", "cross"],
)
def test_every_field_is_mapped_or_named_as_ignored(body: Any) -> None:
    """
    Another value of a field makes another statement, unless the venue says that it ignores the field or what it is in.
    """
    ignored = venue.DERIBIT.ignores
    before = translated(body)
    told_apart = "futures_session_rpl" in str(body)

    for path in leaves(body):
        differs = translated(another(body, path)) != before
        names = [step for step in path if isinstance(step, str)]
        is_ignored = any(name in ignored for name in names)
        if names[-1] in {"session_rpl", "session_upl"}:
            is_ignored = told_apart
        assert is_ignored is not differs, path


@pytest.mark.parametrize("portrait", [p for p in PORTRAITS if p.name not in played.BEYOND], ids=lambda p: p.name)
def test_portraits(portrait: Portrait) -> None:
    """
    An account in our words, told in Deribit's and asked over HTTP, comes out as its own figures or as not known.
    """
    with Sandbox([played.portray(portrait)]) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    assert [f"deribit-{portrait.name}"] == [account.name for account in sandbox.accounts()]
    assert list(played.ASSETS[: len(portrait.wallets)]) == [balance.asset for balance in report.balances]
    for wallet, balance in zip(portrait.wallets, report.balances, strict=True):
        assert figures(balance) == {name: f"{getattr(wallet, name):f}" for name in balance.basis}
        assert balance.basis.keys() >= {"wallet_balance", "unrealized_pnl", "equity", "max_withdraw"}


def test_the_stage() -> None:
    """
    The plugin's stage plays accounts of both kinds of collateral, and both are read.
    """
    with Sandbox(plugin.marginbook_stages()) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    assert [("deribit", "BTC"), ("deribit", "ETH"), ("deribit", "USDC")] == [
        (balance.account, balance.asset) for balance in report.balances if balance.account == "deribit"
    ]
    assert ["deribit-cross"] == [summary.account for summary in report.summaries]
    assert [venue.DERIBIT] == plugin.marginbook_venues()


def signed(text: str) -> str:
    return hmac.new(b"AMANDASECRECT", text.encode(), hashlib.sha256).hexdigest()


def test_signature() -> None:
    """
    What is signed is the published string: here checked with the published secret, whose own example has another body.
    """
    assert "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1" == signed("1576074319000\n1iqt2wls\n")

    auth = sign({"api_key": " AMANDA", "api_secret": "AMANDASECRECT\n"}, lambda: 1576074319000)
    url = "https://www.deribit.com/api/v2/private/get_account_summary?currency=BTC"
    first, second = (auth(requests.Request("GET", url).prepare()).headers["Authorization"] for _ in range(2))
    parts = dict(part.split("=") for part in first.removeprefix("deri-hmac-sha256 ").split(","))
    asked = "GET\n/api/v2/private/get_account_summary?currency=BTC\n\n"

    assert ("AMANDA", "1576074319000") == (parts["id"], parts["ts"])
    assert signed(f"1576074319000\n{parts['nonce']}\n{asked}") == parts["sig"]
    assert first != second


@pytest.mark.parametrize(("name", "secret"), [("api_key", "a,b"), ("api_secret", "-----BEGIN X-----"), ("api_key", "")])
def test_secrets_that_cannot_be_right(name: str, secret: str) -> None:
    """
    What would break the header is refused before anything is sent, and not repeated.
    """
    with pytest.raises(CredentialsError, match=f"^The {name} has characters that none") as caught:
        sign({"api_key": "AMANDA", "api_secret": "SECRET", name: secret}, lambda: 0)

    assert not secret or secret not in str(caught.value)


def test_secrets_do_not_show() -> None:
    """
    The signature does not spell its secret.
    """
    assert "SECRET" not in repr(vars(sign({"api_key": "AMANDA", "api_secret": "SECRET"}, lambda: 0)))


def send(url: str, auth: Any = None, *, path: str = f"{PATH}?extended=true", method: str = "GET") -> tuple[int, Any]:
    """
    Ask the stage, and return the status with the code of its refusal, or with what it answers.
    """
    response = requests.request(method, f"{url}{path}", auth=auth, timeout=10)
    body = response.json()
    return response.status_code, body["error"]["code"] if "error" in body else body["result"]


class Repeating(AuthBase):
    """
    Sends again what was signed once.
    """

    def __init__(self, auth: Signature) -> None:
        self._auth = auth
        self._sent = ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._sent = self._sent or self._auth(request).headers["Authorization"]
        request.headers["Authorization"] = self._sent
        return request


def test_the_stage_refuses() -> None:
    """
    The stage checks key, signature, time and nonce, and refuses in the venue's own shape.
    """
    actor = played.stages()[0].actors[0]
    right = sign(actor.credentials, now)
    with Sandbox(played.stages()) as sandbox:
        url, twice = sandbox.url, Repeating(right)

        assert "deribit" == send(url, right)[1]["username"]
        assert ["summaries"] == list(send(url, right, path=PATH)[1])
        assert 200 == send(url, path="/api/v2/public/get_time")[0]
        assert (400, 10000) == send(url)
        assert (400, 13004) == send(url, sign({**actor.credentials, "api_key": "nobody"}, now))
        assert (400, 13009) == send(url, sign({**actor.credentials, "api_secret": "wrong"}, now))
        assert (400, 13009) == send(url, sign(actor.credentials, lambda: now() - 61_000))
        assert [200, 400] == [send(url, twice)[0] for _ in range(2)]
        assert (404, -32601) == send(url, right, path="/api/v2/private/nothing")
        assert (405, -32601) == send(url, right, method="POST")


def test_a_nonce_is_kept_as_long_as_it_has_to_be() -> None:
    """
    A nonce cannot be used again while its signature is good, and is forgotten after that.
    """
    nonces = played.Nonces()
    with time_machine.travel(1_000_000_000, tick=False) as now:
        found = [nonces.spend("abc")]
        for _ in range(2):
            now.shift(60)
            found.append(nonces.spend("other"))
        found.append(nonces.spend("abc"))

    assert [True, True, False, True] == found


def test_the_stage_has_so_many_credits() -> None:
    """
    Whoever asks more than the credits of a key allow is refused.
    """
    stage = played.stages()[0]
    venue_played = stage.routes[PATH].__self__  # type: ignore[attr-defined]
    with time_machine.travel(1_000_000_000, tick=False):
        for _ in range(played.LIMIT):
            venue_played.budget.spend(stage.actors[0].credentials["api_key"])
        with Sandbox([stage]) as sandbox:
            found = send(sandbox.url, sign(stage.actors[0].credentials, now))

    assert (400, 10028) == found


def account(url: str) -> Account:
    return Account("desk", "deribit", played.stages()[0].actors[0].credentials, {"base_url": url})


def refused(code: int, status: int = 400) -> Said:
    return Said(status, {"jsonrpc": "2.0", "error": {"code": code, "message": "their own words", "data": None}})


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        (10028, "rate_limited", "Ask less often"),
        (10041, "unavailable", "in some seconds"),
        (11050, "plugin", "report this"),
        (11051, "unavailable", "Try again later"),
        (12005, "permission", "Ask from another place"),
        (13021, "permission", "account:read"),
        (13004, "credentials", "keys of the testnet are others"),
        (-32601, "configuration", "Check base_url"),
        (99999, "invalid_response", "look for a newer marginbook"),
    ],
)
def test_errors_go_by_their_code(code: int, kind: str, hint: str) -> None:
    """
    Each code says what is wrong and what to do, never in the venue's words; one that is not known leaves it to the
    status.
    """
    with scripted(lambda _: refused(code)) as heard:
        (failure,) = collect([account(heard.url)], timeout=2).failures

    assert kind == failure.kind
    assert hint in failure.hint
    assert "their own words" not in f"{failure.message} {failure.hint}"


@pytest.mark.parametrize("code", [10028, 10041, 11050, 13004, 13021, 99999])
def test_a_refusal_with_any_status(code: int) -> None:
    """
    A refusal of JSON-RPC means the same with status 200 as with 400, whether its code is known or not.
    """
    found = []
    for status in (200, 400):
        with scripted(lambda _, status=status: refused(code, status)) as heard:  # type: ignore[misc]  # a number
            (failure,) = collect([account(heard.url)], timeout=2).failures
        found.append((failure.kind, failure.message.replace("400", "200")))

    assert found[0] == found[1]


def test_an_answer_that_is_neither_result_nor_refusal() -> None:
    """
    JSON-RPC has one of the two.
    """
    with pytest.raises(InvalidResponseError, match=r"^SummariesResponse: the field result is missing\. The venue may"):
        replay("deribit", {PATH: b'{"jsonrpc": "2.0"}'})


def test_every_refusal_of_the_stage_is_understood() -> None:
    """
    What the stage says of a fault has a code that the plugin knows.
    """
    found = {name: json.loads(make().get_data())["error"]["code"] for name, make in played.REFUSALS.items()}

    assert {"key", "signature", "clock", "throttled", "error-in-200"} == found.keys()
    assert CODES.keys() >= set(found.values())


def test_a_body_that_is_no_json() -> None:
    """
    What is not Deribit's own answer goes by its status.
    """
    with scripted(lambda _: Said(403, b"<html>")) as heard:
        (failure,) = collect([account(heard.url)]).failures

    assert "permission" == failure.kind


def test_a_wrong_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With a local clock that is hours off, the venue's time is asked, and the report is complete and says so.
    """
    monkeypatch.setattr(played, "now", lambda: now() + 5 * 3_600_000)
    with Sandbox([played.stages()[0]]) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    assert "18000 seconds behind that of deribit" in str(report.notes)
