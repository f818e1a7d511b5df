"""
KuCoin Futures: an account for each settlement currency, formulas that do not hold, and codes of errors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

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
from marginbook_clients.kucoin_futures.models.error_body import ErrorBody
from marginbook_kucoin_futures import marginbook_stages
from marginbook_kucoin_futures.codes import CODES, explain
from marginbook_kucoin_futures.keys import sign
from marginbook_kucoin_futures.overviews import NO_MARGIN, NO_WALLET
from marginbook_kucoin_futures.stage import ASSETS, Futures, Part, portray, stages
from marginbook_kucoin_futures.venue import DOCUMENTED, EMPTY, KUCOIN
from script import answering

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH: Final = "/api/v1/account-overview"
CONTRACTS: Final = "/api/v1/contracts/active"
SECRETS: Final = {"api_key": "k" * 24, "api_secret": "s" * 36, "passphrase": "p" * 12}

#: An account as KuCoin documents it, and as its numbers come: without quotes.
TOLD: Final = {
    "accountEquity": "1050",
    "unrealisedPNL": "50",
    "marginBalance": "1000",
    "positionMargin": "100",
    "orderMargin": "20",
    "frozenFunds": "0",
    "availableBalance": "930",
    "riskRatio": "0.0095",
    "maxWithdrawAmount": "880",
}


def examples() -> dict[str, Any]:
    """
    What KuCoin publishes, by path.
    """
    document = yaml.safe_load((SPECS / "kucoin_futures.openapi.yaml").read_text(encoding="utf-8"))
    return {
        path: operation["get"]["responses"]["200"]["content"]["application/json"]["example"]
        for path, operation in document["paths"].items()
    }


def overview(currency: str, **told: str | None) -> bytes:
    """
    An answer about one currency. Amounts are written as they are, and left out where they are None.
    """
    amounts = [f'"{name}":{digits}' for name, digits in {**TOLD, **told}.items() if digits is not None]
    return f'{{"code":"200000","data":{{{",".join(amounts)},"currency":"{currency}"}}}}'.encode()


def contracts(*currencies: str) -> bytes:
    """
    One contract for each currency.
    """
    rows = [{"symbol": f"ANY{currency}M", "settleCurrency": currency} for currency in currencies]
    return json.dumps({"code": "200000", "data": rows}).encode()


def read(usdt: bytes, *others: str, traded: bytes | None = None) -> Statement:
    """
    What marginbook makes of the answers; all currencies but USDT are as documented.
    """
    bodies = {f"{PATH}?currency={currency}": overview(currency) for currency in (*DOCUMENTED, *others)}
    bodies |= {f"{PATH}?currency=USDT": usdt, CONTRACTS: traded or contracts("USDT", *others)}
    return replay("kucoin-futures", bodies)


def usdt(**told: str | None) -> Balance:
    """
    What marginbook makes of one account.
    """
    return read(overview("USDT", **told)).balances[0]


def test_as_documented() -> None:
    """
    An account that is as documented is told in full.
    """
    found = usdt()

    assert {
        "wallet_balance": Decimal(1000),
        "unrealized_pnl": Decimal(50),
        "equity": Decimal(1050),
        "initial_margin": Decimal(120),
        "position_margin": Decimal(100),
        "order_margin": Decimal(20),
        "available_balance": Decimal(930),
        "max_withdraw": Decimal(880),
    } == {name: getattr(found, name) for name in found.basis}
    assert "reported" == found.basis["equity"]
    assert () == found.notes


def test_all_settlement_currencies_are_asked_for() -> None:
    """
    The documented currencies are asked for, traded or not, and those that contracts are settled in besides.
    """
    found = read(overview("USDT"), "DOT", "ADA")

    assert ["USDT", "USDC", "XBT", "ETH", "ADA", "DOT"] == [balance.asset for balance in found.balances]


def test_no_contracts() -> None:
    """
    Where no contract is listed, a currency with an account of its own might be missed.
    """
    with pytest.raises(InvalidResponseError, match=r"^KuCoin lists no contracts, so it is not known"):
        read(overview("USDT"), traded=contracts())


def test_the_published_contract() -> None:
    """
    Of the published contract nothing is read but what it is settled in, and nothing of it is new.
    """
    found = read(overview("USDT"), traded=json.dumps(examples()[CONTRACTS]).encode())

    assert [*DOCUMENTED] == [balance.asset for balance in found.balances]
    assert () == found.notes


def test_an_answer_about_another_currency() -> None:
    """
    Without a currency it understands, KuCoin answers for XBT: that is no answer for another.
    """
    with pytest.raises(InvalidResponseError, match="expected the USDT"):
        read(overview("XBT"))


def test_the_published_account() -> None:
    """
    The example contradicts both formulas: what depends on them is not known, and the row says so.
    """
    found = read(json.dumps(examples()[PATH]).encode()).balances[0]

    assert (None, None, None) == (found.wallet_balance, found.position_margin, found.initial_margin)
    assert Decimal("394.439280806") == found.equity
    assert Decimal("20.15278") == found.unrealized_pnl
    assert Decimal("10.06002012") == found.order_margin
    assert Decimal("290.326799096") == found.available_balance
    assert Decimal("290.326419096") == found.max_withdraw
    assert (NO_WALLET.format(Decimal("2.892201990")), NO_MARGIN) == found.notes


def test_gains_in_the_position_margin() -> None:
    """
    Published sub-accounts have the gains of cross positions in positionMargin: that is no margin.
    """
    found = usdt(
        accountEquity="27.30545128",
        unrealisedPNL="22.549",
        marginBalance="4.75645128",
        positionMargin="24.1223749975",
        orderMargin="0",
        availableBalance="25.7320762825",
    )

    assert (None, None) == (found.position_margin, found.initial_margin)
    assert Decimal("4.75645128") == found.wallet_balance
    assert (NO_MARGIN,) == found.notes


def test_isolated_positions() -> None:
    """
    The margin of isolated positions comes out of the wallet, with nothing of the PnL in it.
    """
    found = usdt(
        accountEquity="81.273621258",
        unrealisedPNL="0.2007",
        marginBalance="81.072921258",
        positionMargin="36.80984008",
        orderMargin="18.1188",
        availableBalance="26.144281178",
    )

    assert Decimal("36.80984008") == found.position_margin
    assert Decimal("54.92864008") == found.initial_margin


@pytest.mark.parametrize(
    ("equity", "margin", "known"),
    [
        ("1050.00000001", "100.00000001", True),
        ("1049.99999999", "99.99999999", True),
        ("1050.00000002", "100.00000002", False),
        ("1049.99999998", "99.99999998", False),
    ],
)
def test_rounding(equity: str, margin: str, known: bool) -> None:  # noqa: FBT001  # what is expected
    """
    Numbers of KuCoin are rounded: a hundred-millionth is no contradiction, and two are.
    """
    assert known is (usdt(accountEquity=equity).wallet_balance is not None)
    assert known is (usdt(positionMargin=margin).position_margin is not None)


def test_frozen_funds_are_in_the_wallet() -> None:
    """
    What is frozen for a transfer out is still there, and locked by nothing; the row mentions it.
    """
    found = usdt(frozenFunds="5", availableBalance="925")

    assert (Decimal(1000), Decimal(120)) == (found.wallet_balance, found.initial_margin)
    assert "5 is frozen for a transfer out" in found.notes[0]


def test_nothing_may_be_a_unified_account() -> None:
    """
    What a unified account gets here is not documented: where there is nothing at all, a note says what may be missing.
    """
    nothing = dict.fromkeys(TOLD, "0")
    bodies = {f"{PATH}?currency={currency}": overview(currency, **nothing) for currency in DOCUMENTED}
    found = replay("kucoin-futures", {**bodies, CONTRACTS: contracts("USDT")})

    assert (EMPTY,) == found.notes
    assert {Decimal(0)} == {balance.equity for balance in found.balances}
    assert () == read(overview("USDT", **nothing)).notes


def test_older_answers() -> None:
    """
    Older answers do not tell what can be withdrawn: it is not known then.
    """
    found = usdt(maxWithdrawAmount=None, riskRatio=None)

    assert None is found.max_withdraw
    assert () == found.notes


def test_digits() -> None:
    """
    Numbers keep their digits, with or without an exponent.
    """
    digits = "1234567890.123456789012345678"
    found = usdt(marginBalance=digits, accountEquity=digits, unrealisedPNL="0E-18", availableBalance="5e-05")

    assert digits == str(found.wallet_balance)
    assert Decimal("0.00005") == found.available_balance


@pytest.mark.parametrize("name", [name for name in TOLD if name not in {"riskRatio", "maxWithdrawAmount"}])
@pytest.mark.parametrize("damage", ["missing", "renamed", "null", "text"])
def test_a_damaged_answer_is_none(name: str, damage: str) -> None:
    """
    A field that is needed has to be there, under its name, with a number.
    """
    others: dict[str, dict[str, str | None]] = {
        "missing": {name: None},
        "renamed": {name: None, f"{name}X": "1"},
        "null": {name: "null"},
        "text": {name: '"much"'},
    }

    with pytest.raises(InvalidResponseError, match=rf"AccountOverview\.{name}"):
        usdt(**others[damage])


def test_an_answer_without_a_code() -> None:
    """
    An answer that does not say whether it is one is none.
    """
    with pytest.raises(InvalidResponseError, match="code: missing"):
        read(b'{"data":{}}')


@pytest.mark.parametrize("portrait", PORTRAITS, ids=lambda portrait: portrait.name)
def test_portraits(portrait: Portrait) -> None:
    """
    Whatever is told of an account is what it holds, over real HTTP, even of accounts that cannot be at KuCoin.
    """
    with Sandbox([portray(portrait)]) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    for asset, wallet in zip(ASSETS, portrait.wallets, strict=False):
        (found,) = [balance for balance in report.balances if balance.asset == asset]
        told = {name: getattr(found, name) for name in AMOUNTS if getattr(found, name) is not None}
        assert {name: getattr(wallet, name) for name in told} == told
        assert {"wallet_balance", "unrealized_pnl", "equity", "available_balance", "max_withdraw"} <= told.keys()


def test_the_sandbox() -> None:
    """
    An account in all currencies, one of which is only traded, over real HTTP.
    """
    with Sandbox(stages()) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    assert ["DOT", "ETH", "USDC", "USDT", "XBT"] == [balance.asset for balance in report.balances]
    assert [Decimal("0.00005"), None, Decimal(0), Decimal("81.072921258"), Decimal("4.75645128")] == [
        balance.wallet_balance for balance in report.balances
    ]


def test_a_clock_that_is_wrong_by_hours() -> None:
    """
    The venue's time is asked for when it complains, and requests are signed with it.
    """
    with Sandbox(stages()) as sandbox:
        fast = Machine(milliseconds=lambda: time.time_ns() // 1_000_000 + 5 * 3_600_000)
        report = collect(sandbox.accounts(), machine=fast)

    assert report.complete
    assert any("seconds ahead of that of kucoin-futures" in note.message for note in report.notes)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("clock", "clock"),
        ("key", "credentials"),
        ("signature", "credentials"),
        ("throttled", "rate_limited"),
        ("error-in-200", "unavailable"),
    ],
)
def test_refusals(name: str, kind: str) -> None:
    """
    The venue's own refusals are what they say, whatever their status.
    """
    (stage,) = stages()
    refusal = stage.refusals[name]()
    with answering(refusal.status_code, refusal.get_data(), dict(refusal.headers)) as heard:
        account = Account("desk", "kucoin-futures", SECRETS, {"base_url": heard.url})
        (failure,) = collect([account], timeout=1).failures

    assert kind == failure.kind


def explained(status: int, body: Any, headers: dict[str, str] | None = None) -> MarginbookError:
    """
    What marginbook says of an error answer.
    """
    response = requests.Response()
    response.status_code, response.headers = status, CaseInsensitiveDict(headers)
    response.raw = BytesIO(json.dumps(body).encode())
    response.request = requests.Request("GET", f"https://api-futures.kucoin.com{PATH}").prepare()
    error = wire.api_error(response, lambda answer: ErrorBody.from_dict(wire.decode(answer.content)))
    return explain(error) or by_status(error)


@pytest.mark.parametrize("code", CODES)
def test_codes(code: str) -> None:
    """
    Each code that is known has a meaning, and what to do about it, without the venue's own text.
    """
    (kind, meaning, hint) = CODES[code]
    found = explained(200, {"code": code, "msg": "203.0.113.7 is not allowed"})

    assert kind is type(found)
    assert f"Code {code}: {meaning}." in str(found)
    assert hint == found.hint
    assert "203.0.113.7" not in f"{found} {found.hint}"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"code": "999999"}, "invalid_response"),
        (429, {"code": "999999"}, "rate_limited"),
        (403, "not this", "permission"),
        (503, {"code": "999999", "msg": "What?"}, "unavailable"),
    ],
)
def test_codes_that_are_not_known(status: int, body: Any, kind: str) -> None:
    """
    Without a code that is known, the status decides.
    """
    assert kind == explained(status, body).kind


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"gw-ratelimit-remaining": "0", "gw-ratelimit-reset": "29000"}, 29),
        ({"gw-ratelimit-remaining": "0", "gw-ratelimit-reset": "soon"}, None),
        ({"gw-ratelimit-remaining": "0", "gw-ratelimit-reset": "99999999"}, None),
        ({"gw-ratelimit-remaining": "7", "gw-ratelimit-reset": "29000"}, None),
        ({"gw-ratelimit-remaining": "0", "Retry-After": "3"}, 3),
    ],
    ids=str,
)
def test_when_the_quota_is_new(headers: dict[str, str], seconds: int | None) -> None:
    """
    The header counts milliseconds, and is read where the quota is used up.
    """
    before = time.time()
    until = explained(429, {"code": "429000"}, headers).until
    after = time.time()

    assert (until is None) is (seconds is None)
    if until is not None and seconds is not None:
        assert before + seconds - 1 <= until.timestamp() <= after + seconds + 1


def test_limits() -> None:
    """
    The account is of the user's quota, and what is public of the address's.
    """
    user, address = KUCOIN.limits

    assert ("key", "address") == (user.per, address.per)
    assert [5, 0, 0] == [user.cost("GET", path) for path in (PATH, CONTRACTS, "/api/v1/timestamp")]
    assert [0, 3, 2] == [address.cost("GET", path) for path in (PATH, CONTRACTS, "/api/v1/timestamp")]


def signed(secret: str, text: str) -> str:
    """
    An HMAC in base64, made in another way than the plugin makes it.
    """
    return base64.standard_b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def test_the_signature() -> None:
    """
    The time, the method, the path with its query, and no body are signed; the passphrase is signed alone.
    """
    request = requests.Request("GET", f"https://api-futures.kucoin.com{PATH}", params={"currency": "USDT"}).prepare()
    sign({"api_key": " key", "api_secret": "secret\n", "passphrase": "phrase"}, lambda: 1_763_600_408_000)(request)

    assert {
        "KC-API-KEY": "key",
        "KC-API-SIGN": signed("secret", "1763600408000GET/api/v1/account-overview?currency=USDT"),
        "KC-API-TIMESTAMP": "1763600408000",
        "KC-API-PASSPHRASE": signed("secret", "phrase"),
        "KC-API-KEY-VERSION": "3",
    } == dict(request.headers)
    # Computed once, with another tool: printf phrase | openssl dgst -sha256 -hmac secret -binary | base64
    assert "+n/mrTSNU7CrscsmDK22syRThdivpLcovw6amkVEEug=" == request.headers["KC-API-PASSPHRASE"]


@pytest.mark.parametrize("name", ["api_key", "api_secret", "passphrase"])
@pytest.mark.parametrize("bad", ["", " ", "a\nb", "ключ"])
def test_what_cannot_be_a_key(name: str, bad: str) -> None:
    """
    Secrets that cannot be right are refused before anything is sent, without showing them.
    """
    with pytest.raises(CredentialsError, match=name) as caught:
        sign({**SECRETS, name: bad}, lambda: 0)

    assert not bad.strip() or bad not in str(caught.value)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(stages()) as sandbox:
        yield sandbox


def ask(sandbox: Sandbox, path: str = f"{PATH}?currency=XBT", *, ahead: int = 0, **headers: str) -> requests.Response:
    """
    Ask as one should, with a clock that is *ahead* seconds, and other headers where they are said.
    """
    request = requests.Request("GET", sandbox.url + path).prepare()
    secrets = {name: str(secret) for name, secret in stages()[0].actors[0].credentials.items()}
    sign(secrets, lambda: time.time_ns() // 1_000_000 + ahead * 1000)(request)
    for name, value in headers.items():
        request.headers[f"KC-API-{name}"] = value
    return requests.Session().send(request, timeout=5)


@pytest.mark.parametrize(
    ("status", "code", "how"),
    [
        (401, "400001", {"SIGN": ""}),
        (400, "400002", {"ahead": 60}),
        (400, "400002", {"ahead": -60}),
        (400, "400002", {"TIMESTAMP": "now"}),
        (401, "400003", {"KEY": "nobody"}),
        (401, "400004", {"PASSPHRASE": "nothing"}),
        (401, "400005", {"SIGN": base64.b64encode(hashlib.sha256(b"").digest()).decode()}),
        (400, "400100", {"path": f"{PATH}?currency=DOGE"}),
        (404, "404000", {"path": "/api/v1/contracts/passive"}),
    ],
)
def test_the_sandbox_refuses(sandbox: Sandbox, status: int, code: str, how: dict[str, Any]) -> None:
    """
    The sandbox checks time, key, passphrase and signature, and refuses in KuCoin's own shape.
    """
    found = ask(sandbox, **how)

    assert (status, code) == (found.status_code, found.json()["code"])


def test_the_sandbox_answers_for_bitcoin_by_default(sandbox: Sandbox) -> None:
    """
    Without a currency, the answer is about XBT, as documented.
    """
    assert "XBT" == ask(sandbox, PATH).json()["data"]["currency"]


def test_the_sandbox_throttles() -> None:
    """
    What users and addresses spend is counted, and one too many is told how many milliseconds to wait.
    """
    part = Part(stages()[0].actors[0], {})
    # Periods that do not end while the test runs, with as much as one request of each kind costs.
    futures = Futures({part.key: part}, Budget(5, 10**9), Budget(3, 10**9))
    routes = {PATH: futures.overview, CONTRACTS: futures.contracts}
    with Sandbox([Stage("kucoin-futures", (part.actor,), routes)]) as sandbox:
        found = [ask(sandbox, path) for path in (PATH, PATH, CONTRACTS, CONTRACTS)]

    assert [200, 429, 200, 429] == [answer.status_code for answer in found]
    assert "429000" == found[1].json()["code"]
    assert ("0", "5") == (found[1].headers["gw-ratelimit-remaining"], found[1].headers["gw-ratelimit-limit"])
    assert found[1].headers["gw-ratelimit-reset"].isdigit()


def test_faults_hit_the_account() -> None:
    """
    The account is known by its key in the headers, so that a fault can be for it.
    """
    with Sandbox(stages(), faults=[Fault("http-401", "kucoin-futures")]) as sandbox:
        report = collect(sandbox.accounts())

    assert ["credentials"] == [failure.kind for failure in report.failures]


def test_it_is_found() -> None:
    """
    The venue is found by its entry point, and says of each figure where it comes from or why it is not known.
    """
    (found,) = [venue for venue in venues() if venue.id == "kucoin-futures"]

    assert {*AMOUNTS, "updated_at"} == {*found.fills, *found.unknown}
    assert ["kucoin-futures"] == [actor.name for stage in marginbook_stages() for actor in stage.actors]
