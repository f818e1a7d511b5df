"""
MEXC futures: every currency, what is not certain, and what an error means.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import time_machine
import yaml

import marginbook_mexc
from generate import SPECS
from marginbook import Account, Balance, CredentialsError, InvalidResponseError, Statement, collect, replay
from marginbook.sandbox import PORTRAITS, Portrait, Sandbox, Wallet, now
from marginbook_mexc import stage as played
from marginbook_mexc.codes import CODES
from marginbook_mexc.keys import sign
from marginbook_mexc.venue import MEXC, NO_BONUS, NO_DEBT, OFF, POOLED, UNTOLD, WALLET
from script import Asked, Said, answering, scripted

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH: Final = "/api/v1/private/account/assets"

#: A position with a gain and an order, as MEXC writes it: amounts are numbers.
ROW: Final[dict[str, str]] = {
    "currency": "USDT",
    "positionMargin": "100.5",
    "availableBalance": "879.625",
    "cashBalance": "880.12345678",
    "frozenBalance": "20",
    "equity": "1050.25",
    "unrealized": "50.125",
    "bonus": "0",
    "availableCash": "880.123456789",
    "availableOpen": "929.75",
    "debtAmount": "0",
    "contributeMarginAmount": "0",
    "vcoinId": "128f589271cb4951b03e71e6323eb7be",
}

KEYS: Final = {"api_key": "mx0nobody", "api_secret": "secret of nobody"}


def row(**changes: Any) -> dict[str, Any]:
    return {**ROW, **changes}


def older(**changes: Any) -> dict[str, Any]:
    """
    A row with the fields of older answers alone.
    """
    names = list(ROW)[:8]
    return {name: value for name, value in row(**changes).items() if name in {*names, *changes}}


def statement(*rows: dict[str, Any]) -> Statement:
    """
    What marginbook makes of the rows, with their amounts written as numbers.
    """
    return replay("mexc", {PATH: played._say({"success": True, "code": 0, "data": rows}).get_data()})


def usdt(**changes: Any) -> Balance:
    return statement(row(**changes)).balances[0]


class TestFigures:
    """
    What a row means.
    """

    def test_a_row(self) -> None:
        """
        Each figure is what MEXC says, to the last digit; the wallet is the equity without the PnL.
        """
        found = usdt()

        assert "1050.25" == str(found.equity)
        assert "50.125" == str(found.unrealized_pnl)
        assert "1000.125" == str(found.wallet_balance)
        assert ("100.5", "20", "120.5") == (
            str(found.position_margin),
            str(found.order_margin),
            str(found.initial_margin),
        )
        assert "929.75" == str(found.available_balance)
        assert "880.12345678" == str(found.max_withdraw)
        assert f"derived: {WALLET}" == found.basis["wallet_balance"]
        assert () == found.notes

    def test_a_wallet_that_is_not_its_parts(self) -> None:
        """
        MEXC tells the wallet in two ways: a contradiction between them is noted. What is cut off is none.
        """
        found = usdt(equity="2050.25")

        assert ("2000.125", (OFF.format(Decimal("1000.000")),)) == (str(found.wallet_balance), found.notes)
        assert (OFF.format(Decimal("-1.000")),) == usdt(equity="1049.25").notes
        assert () == usdt(equity="1050.250000009").notes

    def test_a_wallet_that_does_not_cover_the_margins(self) -> None:
        """
        What is available is nothing then, and not less: that is no contradiction.
        """
        assert () == usdt(equity="-149.75", unrealized="-250", availableBalance="0").notes
        assert (OFF.format(Decimal("879.625")),) == usdt(availableBalance="0").notes

    def test_what_is_not_known(self) -> None:
        """
        What is no part of the answer is not known.
        """
        found = usdt()

        assert {None} == {
            found.maintenance_margin,
            found.cross_wallet_balance,
            found.cross_unrealized_pnl,
            found.updated_at,
        }

    def test_the_published_example(self) -> None:
        """
        The published example is read back, digit for digit, and none of its fields is news.
        """
        document = yaml.safe_load((SPECS / "mexc.openapi.yaml").read_text(encoding="utf-8"))
        answers = document["paths"][PATH]["get"]["responses"]
        example = answers["200"]["content"]["application/json"]["example"]
        found = replay("mexc", {PATH: json.dumps(example).encode()})
        (balance,) = found.balances

        assert ("32.80984793", "32.80984793") == (str(balance.equity), str(balance.wallet_balance))
        assert "32.80984793658" == str(balance.available_balance)
        assert "32.80984793" == str(balance.max_withdraw)
        assert ((), ()) == (found.notes, balance.notes)

    def test_an_older_answer(self) -> None:
        """
        Without the newer fields, what can back a new position is not known: availableBalance is without the PnL.
        Nor are equity and wallet, since there may be a debt.
        """
        (found,) = statement(older()).balances

        assert (None, Decimal("880.12345678")) == (found.available_balance, found.max_withdraw)
        assert (None, None, Decimal("50.125")) == (found.equity, found.wallet_balance, found.unrealized_pnl)
        assert (NO_DEBT.format(Decimal("1050.25")), UNTOLD) == found.notes

    def test_an_answer_that_tells_no_bonus(self) -> None:
        """
        A bonus that is missing is no zero: the wallet is not known.
        """
        (found,) = statement({name: told for name, told in ROW.items() if name != "bonus"}).balances

        assert (Decimal("1050.25"), None, (NO_BONUS,)) == (found.equity, found.wallet_balance, found.notes)

    @pytest.mark.parametrize("digits", ["9007199254740993.01000001", "0.000000000000000001", "-1E-18", "0E-18"])
    def test_digits(self, digits: str) -> None:
        """
        A number has all of its digits, which a binary one would lose.
        """
        body = played._say({"success": True, "code": 0, "data": [row()]}).get_data()
        found = replay("mexc", {PATH: body.replace(b":1050.25,", f":{digits},".encode())})

        assert f"{Decimal(digits):f}" == f"{found.balances[0].equity:f}"

    @pytest.mark.parametrize(("cash", "known"), [("880.12345678", True), ("880.1234", False), ("1000.125", False)])
    def test_two_amounts_that_can_leave(self, cash: str, known: bool) -> None:  # noqa: FBT001
        """
        What can be withdrawn is told if what can be transferred, cut to eight decimals, is the same.
        """
        found = usdt(cashBalance=cash)

        assert (Decimal(cash) if known else None) == found.max_withdraw
        assert (0 if known else 1) == len(found.notes)
        assert known or f"cashBalance {cash} and availableCash 880.123456789" in found.notes[0]

    def test_a_debt(self) -> None:
        """
        Whether equity has a debt in it is not documented, so that neither it nor the wallet is known.
        """
        found = usdt(debtAmount="250")

        assert (None, None, Decimal("50.125")) == (found.equity, found.wallet_balance, found.unrealized_pnl)
        assert "There is a debt of 250," in found.notes[0]
        assert "1050.25: equity and wallet_balance are not known" in found.notes[0]

    def test_a_bonus_is_no_cash(self) -> None:
        """
        A trial bonus may be in the equity, so that the wallet is not known.
        """
        found = usdt(bonus="5", bonusExpireTime=1795000000000)

        assert (None, Decimal("1050.25")) == (found.wallet_balance, found.equity)
        assert "a trial bonus of 5" in found.notes[0]

    def test_shared_collateral(self) -> None:
        """
        A currency that contributes to a shared margin has a remark.
        """
        assert (POOLED,) == usdt(contributeMarginAmount="1800.25").notes

    def test_every_currency_has_a_row(self) -> None:
        """
        Rows are not looked for by name or place, and no row is too empty to be told.
        """
        nothing = dict.fromkeys(list(ROW)[1:8], "0")
        found = statement(row(), {"currency": "BTC", **nothing}, row(currency="USDC"))

        assert ["USDT", "BTC", "USDC"] == [balance.asset for balance in found.balances]
        assert (Decimal(0), None) == (found.balances[1].unrealized_pnl, found.balances[1].wallet_balance)

    def test_an_account_without_anything(self) -> None:
        """
        No rows is an answer, and the report says so.
        """
        assert "The venue reports no assets." in statement().notes

    def test_twice(self) -> None:
        """
        A currency with two rows is no answer.
        """
        with pytest.raises(InvalidResponseError, match="more than one row of USDT"):
            statement(row(), row())

    @pytest.mark.parametrize("name", list(ROW)[:7])
    def test_a_field_that_is_missing(self, name: str) -> None:
        """
        A field that is always there and is not, or has another name, is no zero: the answer is none.
        """
        changed = row(**{f"{name}New": ROW[name]})
        del changed[name]
        with pytest.raises(InvalidResponseError, match=f"{name}: missing"):
            statement(changed)

    @pytest.mark.parametrize("name", list(ROW)[:-1])
    @pytest.mark.parametrize("value", [None, True, [], "much"])
    def test_a_field_that_is_no_amount(self, name: str, value: Any) -> None:
        """
        Nor is one that is null, empty or of another type, whether it is always there or not.
        """
        if name == "currency" and value == "much":
            value = {}
        with pytest.raises(InvalidResponseError, match=name):
            statement(row(**{name: value}))

    def test_a_new_field(self) -> None:
        """
        What MEXC adds is mentioned.
        """
        assert "Asset.voucher" in statement(row(voucher="1")).notes[0]


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

#: What MEXC does not tell of any account, and of one with a debt.
UNKNOWN: Final = {"maintenance_margin", "cross_wallet_balance", "cross_unrealized_pnl"}
IN_DEBT: Final = {"wallet_balance", "equity"}


def wrong(balance: Balance, wallet: Wallet) -> dict[str, tuple[Any, Any]]:
    """
    The figures that are known, and other than they should be.
    """
    pairs = {name: (getattr(balance, name), getattr(wallet, name)) for name in FIGURES}
    return {name: pair for name, pair in pairs.items() if pair[0] not in {None, pair[1]}}


class TestSandbox:
    """
    Real requests, checked as MEXC checks them.
    """

    @pytest.mark.parametrize("portrait", PORTRAITS, ids=lambda portrait: portrait.name)
    def test_a_portrait_reads_as_itself(self, portrait: Portrait) -> None:
        """
        What an account holds is read as that, or not at all.
        """
        with Sandbox([played.portray(portrait)]) as sandbox:
            report = collect(sandbox.accounts())
        found = {balance.asset: balance for balance in report.balances}

        assert report.complete
        assert [f"mexc-{portrait.name}"] == list(report.accounts)
        assert set(played.ASSETS[: len(portrait.wallets)]) == found.keys()
        for asset, wallet in zip(played.ASSETS, portrait.wallets, strict=False):
            assert {} == wrong(found[asset], wallet)
            assert set(FIGURES) - UNKNOWN - (IN_DEBT if wallet.borrowed else set()) == found[asset].basis.keys()

    def test_the_ordinary_accounts(self) -> None:
        """
        The accounts of the demonstration are read in full, with more digits than a binary number has.
        """
        with Sandbox(played.stages()) as sandbox:
            report = collect(sandbox.accounts())

        assert report.complete
        assert {"mexc", "mexc-debtor"} == report.accounts.keys()
        found = next(balance for balance in report.balances if (balance.account, balance.asset) == ("mexc", "USDT"))
        assert "9007199254740993.01000001" == str(found.wallet_balance)

    @pytest.mark.parametrize("hours", [-7, 7])
    def test_a_clock_that_is_hours_off(self, hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        MEXC's time is asked for when it complains, and signed with from then on.
        """
        monkeypatch.setattr(played, "now", lambda: now() + hours * 3_600_000)
        with Sandbox(played.stages()) as sandbox:
            report = collect(sandbox.accounts()[:1])

        assert report.complete
        assert any("This machine's clock is" in str(note) for note in report.notes)

    @pytest.mark.parametrize("changes", [{"api_key": "mx0other"}, {"api_secret": "other"}], ids=str)
    def test_wrong_keys(self, changes: dict[str, str]) -> None:
        """
        Neither key nor secret may be wrong.
        """
        with Sandbox(played.stages()) as sandbox:
            account = sandbox.accounts()[0]
            wrong_one = Account("wrong", "mexc", {**account.credentials, **changes}, account.options)
            (failure,) = collect([wrong_one]).failures

        assert "credentials" == failure.kind

    @pytest.mark.parametrize("name", ["clock", "key", "signature", "throttled", "error-in-200"])
    def test_refusals_are_understood(self, name: str) -> None:
        """
        Each refusal of the sandbox, in MEXC's shape, means what it is called.
        """
        response = played.stages()[0].refusals[name]()

        kinds = {"clock": "clock", "throttled": "rate_limited", "error-in-200": "unavailable"}
        assert 200 == response.status_code
        assert kinds.get(name, "credentials") == refused(200, response.get_data()).kind

    def test_what_else_the_sandbox_refuses(self) -> None:
        """
        A time that is none, a path that there is not, and parameters out of order; and a wider window is one, but not
        without end.
        """
        with Sandbox(played.stages()) as sandbox:
            secrets = played.stages()[0].actors[0].credentials
            url = f"{sandbox.url}{PATH}"

            def code(path: str, late: int = 0, **headers: str) -> tuple[int, int]:
                auth = sign(secrets, lambda: now() - late if late >= 0 else late)
                response = requests.get(path, auth=auth, headers=headers, timeout=10)
                return response.status_code, response.json()["code"]

            said = [
                code(url, -1),
                code(f"{sandbox.url}/api/v1/private/none"),
                code(f"{url}?b=2&a=1"),
                code(url, 15_000),
                code(url, 15_000, **{"Recv-Window": "20"}),
                code(url, 90_000, **{"Recv-Window": "600"}),
            ]

        assert [(200, 600), (404, 404), (200, 602), (200, 513), (200, 0), (200, 513)] == said

    def test_too_many_requests(self) -> None:
        """
        Twenty requests in two seconds are answered, and no more.
        """
        # Two seconds that do not end.
        with Sandbox(played.stages()) as sandbox, time_machine.travel(1795000000, tick=False):
            auth = sign(played.stages()[0].actors[0].credentials, now)
            answers = [requests.get(f"{sandbox.url}{PATH}", auth=auth, timeout=10) for _ in range(played.LIMIT + 1)]

        assert [0] * played.LIMIT + [510] == [response.json()["code"] for response in answers]

    def test_a_wider_window(self) -> None:
        """
        The option recv_window is sent, in seconds.
        """
        with answering(200, {"success": True, "code": 0, "data": []}) as heard:
            collect([Account("desk", "mexc", KEYS, {"base_url": heard.url, "recv_window": 30})])

        assert ["30"] == [asked.headers["Recv-Window"] for asked in heard.asked]

    @pytest.mark.parametrize("seconds", [0, 61])
    def test_a_window_that_there_is_not(self, seconds: int) -> None:
        """
        MEXC allows a minute at most.
        """
        (failure,) = collect([Account("desk", "mexc", KEYS, {"recv_window": seconds})]).failures

        assert "configuration" == failure.kind
        assert "recv_window: it is not between 1 and 60 seconds" in failure.message


def refused(status: int, content: Any) -> Any:
    """
    The failure that an answer leads to.
    """
    with answering(status, content) as heard:
        (failure,) = collect([Account("desk", "mexc", KEYS, {"base_url": heard.url})], timeout=2).failures
    return failure


class TestErrors:
    """
    What an error answer means.
    """

    @pytest.mark.parametrize("code", CODES)
    def test_codes(self, code: int) -> None:
        """
        Each code is one of our errors, says what it means and what to do, and never repeats the venue's text.
        """
        kind, meaning, hint = CODES[code]
        failure = refused(200, {"success": False, "code": code, "message": "from 203.0.113.7"})

        assert kind("").kind == failure.kind
        assert f"Code {code}: {meaning}." in failure.message
        assert failure.hint.startswith(hint)
        assert "203.0.113.7" not in f"{failure.message}{failure.hint}"

    @pytest.mark.parametrize(
        ("status", "content", "kind"),
        [
            (200, {"success": False, "code": 7777, "message": "something new"}, "invalid_response"),
            (200, {"success": False, "code": "602"}, "invalid_response"),
            (200, {"success": False}, "invalid_response"),
            (200, {"code": 0, "data": []}, "invalid_response"),
            (200, {"success": True, "code": 0, "data": None}, "invalid_response"),
            (200, {"success": 1, "code": 0, "data": []}, "invalid_response"),
            (401, {"code": 401, "msg": "No authority!"}, "credentials"),
            (403, b"<html>", "permission"),
            (429, b"slow down", "rate_limited"),
            (503, b"", "unavailable"),
        ],
    )
    def test_other_answers(self, status: int, content: Any, kind: str) -> None:
        """
        What does not say that it is a success is none; what has no code that is known goes by its status.
        """
        assert kind == refused(status, content).kind

    def test_a_time_that_is_none(self) -> None:
        """
        A time that is no number sets no clock.
        """

        def say(asked: Asked) -> Said:
            if asked.path == PATH:
                return Said(200, {"success": False, "code": 513, "message": "Invalid request"})
            return Said(200, {"success": True, "data": "soon"})

        with scripted(say) as heard:
            (failure,) = collect([Account("desk", "mexc", KEYS, {"base_url": heard.url})], timeout=2).failures

        assert "clock" == failure.kind
        assert "The venue's time could not be asked." in failure.message


def signed(secrets: Mapping[str, str], path: str = PATH) -> Mapping[str, str | bytes]:
    """
    The headers of a signed request.
    """
    auth = sign(secrets, lambda: 1609991676000)
    return requests.Request("GET", f"https://api.mexc.com{path}", auth=auth).prepare().headers


class TestKeys:
    """
    Signatures, and keys that cannot be right.
    """

    def test_the_signature(self) -> None:
        """
        Key and time are signed, as OpenSSL signs them, with HMAC-SHA256 in hexadecimal digits.
        """
        headers = signed(KEYS)

        assert "c4e342d23c0b3428ba0b91bcd21b87cf0cfc4803fc5ddaad14b1fba7ed7fb6ad" == headers["Signature"]
        assert ("mx0nobody", "1609991676000") == (headers["ApiKey"], headers["Request-Time"])

    def test_a_query_is_signed(self) -> None:
        """
        A query is signed as it is sent.
        """
        assert signed(KEYS)["Signature"] != signed(KEYS, f"{PATH}?page_num=1&page_size=20")["Signature"]

    def test_space_around(self) -> None:
        """
        Keys that were copied with the space around them are the same keys.
        """
        assert signed(KEYS) == signed({name: f" {secret}\r\n" for name, secret in KEYS.items()})

    def test_afresh(self) -> None:
        """
        Each attempt is signed with the time of its own.
        """
        times = iter([1, 2])
        auth = sign(KEYS, lambda: next(times))
        sent = [requests.Request("GET", "https://api.mexc.com/", auth=auth).prepare().headers for _ in range(2)]

        assert ["1", "2"] == [headers["Request-Time"] for headers in sent]
        assert sent[0]["Signature"] != sent[1]["Signature"]

    @pytest.mark.parametrize("key", ["ключ", "two\nlines", " "])
    def test_keys_that_cannot_be_right(self, key: str) -> None:
        """
        What cannot be a key is refused before anything is sent.
        """
        with pytest.raises(CredentialsError, match="The api_key has characters that no key has"):
            sign({**KEYS, "api_key": key}, lambda: 1)


def test_limits() -> None:
    """
    Twenty requests in two seconds for each operation, that of the assets first.
    """
    costs = [(limit.weight, limit.seconds, limit.cost("GET", PATH)) for limit in MEXC.limits]

    assert [(20, 2, 1), (20, 2, 0)] == costs


def test_hooks() -> None:
    """
    The plugin offers one venue, and plays it.
    """
    assert [MEXC] == marginbook_mexc.marginbook_venues()
    assert ["mexc"] == [stage.venue for stage in marginbook_mexc.marginbook_stages()]
