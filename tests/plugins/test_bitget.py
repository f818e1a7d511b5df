"""
Bitget futures: three product types, multi-assets mode, and what an error means.
"""

from __future__ import annotations

import base64
import copy
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import time_machine
import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import marginbook_bitget
from generate import SPECS
from marginbook import Account, Balance, CredentialsError, InvalidResponseError, Statement, collect, replay
from marginbook.sandbox import PORTRAITS, Portrait, Sandbox, Wallet, now
from marginbook_bitget import stage as played
from marginbook_bitget.accounts import ELSEWHERE, EMPTY, NO_BONUS, PART, POOLED, REPEATED, UNLISTED, WALLET
from marginbook_bitget.codes import CODES
from marginbook_bitget.keys import sign
from marginbook_bitget.venue import BITGET, NO_ACCOUNT, PRODUCT_TYPES
from script import Asked, Said, answering, scripted

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH: Final = "/api/v2/mix/account/accounts"

#: A position and an order, in the proportions of an answer that a user recorded: equity is what is in the account and
#: the PnL; what can be transferred is what is available less the gain.
ROW: Final[dict[str, Any]] = {
    "marginCoin": "USDT",
    "locked": "6.063618",
    "available": "47.99149777",
    "crossedMaxAvailable": "34.67687977",
    "isolatedMaxAvailable": "34.67687977",
    "maxTransferOut": "34.59767977",
    "accountEquity": "48.07069777",
    "usdtEquity": "48.070697779",
    "btcEquity": "0.001141811097",
    "crossedRiskRate": "0.002956887389",
    "unrealizedPL": "0.0792",
    "coupon": "0",
    "crossedUnrealizedPL": None,
    "isolatedUnrealizedPL": None,
}

KEYS: Final = {"api_key": "bg_nobody", "api_secret": "secret of nobody", "passphrase": "nobody's"}


def row(**changes: Any) -> dict[str, Any]:
    return {**ROW, **changes}


def body(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"code": "00000", "msg": "success", "requestTime": 1700625127294, "data": rows}).encode()


def statement(
    *usdt: dict[str, Any],
    usdc: tuple[dict[str, Any], ...] = (),
    coin: tuple[dict[str, Any], ...] = (),
    **options: str,
) -> Statement:
    """
    What marginbook makes of the accounts of the three product types.
    """
    answers = dict(zip(PRODUCT_TYPES, (usdt, usdc, coin), strict=True))
    documents = {f"{PATH}?productType={name}": body(list(rows)) for name, rows in answers.items()}
    return replay("bitget", documents, options)


def rows_of(found: Statement) -> dict[str, Balance]:
    return {balance.asset: balance for balance in found.balances}


#: An account with nothing in it.
NOTHING: Final = dict.fromkeys(
    ("accountEquity", "available", "crossedMaxAvailable", "isolatedMaxAvailable", "locked"), "0"
)


def union(*assets: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    """
    An account in multi-assets mode, with these coins as collateral.
    """
    listed = [{"coin": coin, "balance": balance, "available": available} for coin, balance, available in assets]
    return row(assetMode="union", assetList=listed, **changes)


def published() -> dict[str, Any]:
    document = yaml.safe_load((SPECS / "bitget.openapi.yaml").read_text(encoding="utf-8"))
    answers = document["paths"][PATH]["get"]["responses"]
    example: dict[str, Any] = answers["200"]["content"]["application/json"]["example"]
    return example


class TestFigures:
    """
    What a row means.
    """

    def test_a_row(self) -> None:
        """
        Each figure is what Bitget says, to the last digit; the wallet is the equity without the PnL.
        """
        (usdt,) = statement(ROW).balances

        assert "48.07069777" == str(usdt.equity)
        assert "0.0792" == str(usdt.unrealized_pnl)
        assert "47.99149777" == str(usdt.wallet_balance)
        assert "34.67687977" == str(usdt.available_balance)
        assert "34.59767977" == str(usdt.max_withdraw)
        assert f"derived: {WALLET}" == usdt.basis["wallet_balance"]
        assert "reported" == usdt.basis["equity"]
        assert () == usdt.notes

    def test_what_is_not_known(self) -> None:
        """
        What is documented in two ways, or without saying what is in it, is not known.
        """
        (usdt,) = statement(row(crossedMargin="7.3302", isolatedMargin="0")).balances

        assert {None} == {
            usdt.initial_margin,
            usdt.position_margin,
            usdt.order_margin,
            usdt.maintenance_margin,
            usdt.cross_wallet_balance,
            usdt.updated_at,
        }

    def test_the_published_example(self) -> None:
        """
        The published example has its equity, and no PnL, so that its wallet is not known. Its misspelt amount is none.
        """
        example = json.dumps(published()).encode()
        found = replay("bitget", {f"{PATH}?productType=USDT-FUTURES": example}, {"product_type": "USDT-FUTURES"})
        btc, usdt = rows_of(found)["BTC"], rows_of(found)["USDT"]

        assert (Decimal("10582.90265771"), None, None) == (usdt.equity, usdt.unrealized_pnl, usdt.wallet_balance)
        assert (Decimal("10580.56434289"), Decimal("10572.92904289")) == (usdt.available_balance, usdt.max_withdraw)
        assert None is usdt.cross_unrealized_pnl
        assert (EMPTY, POOLED) == usdt.notes
        assert (Decimal("1.2"), Decimal("1.2")) == (btc.wallet_balance, btc.max_withdraw)
        assert None is not found.summary
        assert None is found.summary.adjusted_equity
        assert Decimal("1111.1") == found.summary.available_balance
        assert () == found.notes

    @pytest.mark.parametrize("empty", ["", None])
    def test_an_empty_pnl_is_not_known(self, empty: str | None) -> None:
        """
        Empty is not zero, and that of cross positions is not all of it.
        """
        (usdt,) = statement(row(unrealizedPL=empty, crossedUnrealizedPL="23", isolatedUnrealizedPL="0")).balances

        assert (None, None) == (usdt.unrealized_pnl, usdt.wallet_balance)
        assert Decimal("48.07069777") == usdt.equity
        assert (EMPTY,) == usdt.notes

    def test_the_pnl_of_cross_positions(self) -> None:
        """
        Where Bitget tells it, it is told; where it leaves it empty, it is not known.
        """
        one = statement(row(unrealizedPL="-0.5", crossedUnrealizedPL="-0.75")).balances[0]
        other = statement(row(crossedUnrealizedPL="")).balances[0]

        assert (Decimal("-0.5"), Decimal("-0.75")) == (one.unrealized_pnl, one.cross_unrealized_pnl)
        assert None is other.cross_unrealized_pnl

    @pytest.mark.parametrize(("bonus", "said"), [({"coupon": "5"}, "5"), ({"coupon": "5", "grant": "0.5"}, "5.5")])
    def test_a_bonus_is_no_cash(self, bonus: dict[str, str], said: str) -> None:
        """
        A trading bonus may be in the equity, so that the wallet is not known.
        """
        (usdt,) = statement(row(**bonus)).balances

        assert (None, Decimal("48.07069777")) == (usdt.wallet_balance, usdt.equity)
        assert f"a trading bonus of {said} (coupon and grant)" in usdt.notes[0]

    @pytest.mark.parametrize("nothing", [{}, {"grant": "0.000"}, {"coupon": "0.0", "grant": "0"}], ids=str)
    def test_no_bonus(self, nothing: dict[str, Any]) -> None:
        """
        Zero is no bonus, and the list has no grant as a rule.
        """
        (usdt,) = statement(row(**nothing)).balances

        assert (Decimal("47.99149777"), ()) == (usdt.wallet_balance, usdt.notes)

    @pytest.mark.parametrize(
        "empty",
        [{"coupon": ""}, {"coupon": None}, {"coupon": "0", "grant": ""}, {"coupon": "5", "grant": None}],
        ids=str,
    )
    def test_an_empty_bonus_is_not_known(self, empty: dict[str, Any]) -> None:
        """
        Empty is not zero: there may be a bonus, so that the wallet is not known.
        """
        (usdt,) = statement(row(**empty)).balances

        assert (None, Decimal("48.07069777"), (NO_BONUS,)) == (usdt.wallet_balance, usdt.equity, usdt.notes)

    def test_a_bonus_that_is_missing(self) -> None:
        """
        Nor is a coupon that is not in the answer at all.
        """
        (usdt,) = statement({name: told for name, told in ROW.items() if name != "coupon"}).balances

        assert (None, (NO_BONUS,)) == (usdt.wallet_balance, usdt.notes)

    def test_another_amount_for_isolated_positions(self) -> None:
        """
        What is available is that of cross positions, and a note says so where there is another.
        """
        (usdt,) = statement(row(isolatedMaxAvailable="30")).balances

        assert Decimal("34.67687977") == usdt.available_balance
        assert ("available_balance is for cross positions: 30 is available for isolated ones.",) == usdt.notes

    def test_an_account_below_zero(self) -> None:
        """
        A debt of USDT is a wallet below zero, exact to the last digit of both terms.
        """
        debt = row(available="-4500.10469626", accountEquity="-4767.74182959", unrealizedPL="-267.6371333333333385")

        assert "-4500.1046962566666615" == str(statement(debt).balances[0].wallet_balance)

    def test_an_account_without_anything(self) -> None:
        """
        No rows is an answer, and the report says so.
        """
        found = statement()

        assert () == found.balances
        assert "The venue reports no assets." in found.notes

    @pytest.mark.parametrize(
        "changes",
        [
            {"unrealizedPL": "1,5"},
            {"coupon": "much"},
            {"crossedUnrealizedPL": "-"},
            {"unionMm": "x", "assetMode": "union"},
        ],
        ids=str,
    )
    def test_a_text_for_an_amount(self, changes: dict[str, str]) -> None:
        """
        What is neither a number nor empty is no answer; the error names the field.
        """
        with pytest.raises(InvalidResponseError, match=next(iter(changes))):
            statement(row(**changes))

    @pytest.mark.parametrize(
        "name",
        [
            "marginCoin",
            "locked",
            "available",
            "crossedMaxAvailable",
            "isolatedMaxAvailable",
            "maxTransferOut",
            "accountEquity",
            "unrealizedPL",
        ],
    )
    def test_a_field_that_is_missing(self, name: str) -> None:
        """
        A field that is always there and is not, or has another name, is no zero: the answer is none.
        """
        changed = row(**{f"{name}New": ROW[name]})
        del changed[name]
        with pytest.raises(InvalidResponseError, match=f"{name}: missing"):
            statement(changed)

    @pytest.mark.parametrize("name", ["marginCoin", "accountEquity", "maxTransferOut", "crossedMaxAvailable"])
    @pytest.mark.parametrize("value", [None, "", "NaN", True, [], "1e999"])
    def test_a_field_that_is_no_amount(self, name: str, value: Any) -> None:
        """
        Nor is one that is null, empty or of another type.
        """
        if name == "marginCoin" and isinstance(value, str):
            value = 7
        with pytest.raises(InvalidResponseError, match=name):
            statement(row(**{name: value}))

    def test_a_new_field(self) -> None:
        """
        What Bitget adds is mentioned.
        """
        assert "FuturesAccount.debt" in statement(row(debt="1")).notes[-1]

    def test_an_account_that_there_is_not(self) -> None:
        """
        A product type without any account is named: its rows are not silently missing.
        """
        assert tuple(map(NO_ACCOUNT.format, PRODUCT_TYPES[1:])) == statement(row()).notes

    @pytest.mark.parametrize(
        ("cross", "isolated", "expected"),
        [
            ("0.0792", "0", "0.0792"),
            ("-1", "1.0792", "-1"),
            # The other part is not told, so that nothing contradicts.
            ("23", "", "23"),
            ("23", "0", None),
            ("", "0.0792", None),
            (None, None, None),
        ],
    )
    def test_the_pnl_of_cross_positions_fits_that_of_all(
        self, cross: str | None, isolated: str | None, expected: str | None
    ) -> None:
        """
        It is known where it, with that of isolated positions, is that of all.
        """
        (usdt,) = statement(row(crossedUnrealizedPL=cross, isolatedUnrealizedPL=isolated)).balances

        assert (expected and Decimal(expected)) == usdt.cross_unrealized_pnl


class TestMultiAssets:
    """
    Other coins as collateral of USDT-M futures.
    """

    def test_each_coin_has_a_row(self) -> None:
        """
        Collateral has its balance and what can be transferred, and no PnL: that of USDT-M futures is in USDT.
        """
        found = rows_of(statement(union(("BTC", "1.00000001", "0.93"), ("BGB", "0", "0"))))
        btc = found["BTC"]

        assert {"USDT", "BTC", "BGB"} == found.keys()
        assert (Decimal("1.00000001"), Decimal("0.93")) == (btc.wallet_balance, btc.max_withdraw)
        assert (Decimal(0), f"derived: {ELSEWHERE}") == (btc.unrealized_pnl, btc.basis["unrealized_pnl"])
        assert Decimal("1.00000001") == btc.equity
        assert None is btc.available_balance
        assert (POOLED,) == found["USDT"].notes

    @pytest.mark.parametrize("assets", [{}, {"assetList": None}], ids=str)
    def test_collateral_that_is_not_listed(self, assets: dict[str, None]) -> None:
        """
        Where the coins that are collateral are not listed, the row says that they are missing.
        """
        (usdt,) = statement(row(assetMode="union", **assets)).balances

        assert (POOLED, UNLISTED) == usdt.notes

    def test_the_coin_of_the_account_itself(self) -> None:
        """
        Where the list repeats the coin of the account, its own row says it all.
        """
        (usdt,) = statement(union(("USDT", "47.99149777", "34.59767977"))).balances

        assert Decimal("48.07069777") == usdt.equity

    def test_accounts_beside_the_one_collateral(self) -> None:
        """
        An account of another product type is liquidated by itself, and nobody says how near to that it is.
        """
        coin = row(marginCoin="BTC", accountEquity="1.05")
        found = statement(union(("BTC", "1.5", "1")), coin=(coin, row(marginCoin="ETH", **NOTHING)))

        assert [("COIN-FUTURES", "BTC", True, None, Decimal("1.05"))] == [
            (lock.symbol, lock.asset, lock.isolated, lock.maintenance_margin, lock.equity) for lock in found.locks
        ]
        assert () == statement(row(), coin=(coin,)).locks

    def test_the_account_as_a_whole(self) -> None:
        """
        Margin after haircuts, what is available and the maintenance margin are of all coins together, in USDT.
        """
        whole = statement(union(unionTotalMargin="3000", unionAvailable="2880.5", unionMm="10")).summary

        assert None is not whole
        assert ("USDT", "multi-assets", None) == (whole.currency, whole.mode, whole.asset)
        assert (Decimal(3000), Decimal("2880.5"), Decimal(10)) == (
            whole.adjusted_equity,
            whole.available_balance,
            whole.maintenance_margin,
        )
        assert (None, None) == (whole.equity, whole.wallet_balance)
        assert (PART,) == whole.notes

    @pytest.mark.parametrize("changes", [{}, {"assetMode": "single", "assetList": None}], ids=str)
    def test_a_single_asset_has_no_whole(self, changes: dict[str, Any]) -> None:
        """
        In single-asset mode, and in answers without a mode, there is nothing of the account as a whole.
        """
        assert None is statement(row(**changes)).summary

    def test_collateral_elsewhere(self) -> None:
        """
        A list of collateral in another account says nothing of the PnL.
        """
        found = rows_of(statement(usdc=(union(("BTC", "1", "1"), marginCoin="USDC"),)))["BTC"]

        assert (Decimal(1), None, None) == (found.wallet_balance, found.unrealized_pnl, found.equity)


class TestProductTypes:
    """
    Three accounts, and coins that are in several of them.
    """

    def test_all_of_them(self) -> None:
        """
        Each product type is asked, and each of its coins has a row.
        """
        found = statement(ROW, usdc=(row(marginCoin="USDC"),), coin=(row(marginCoin="BTC"), row(marginCoin="XRP")))

        assert ["BTC", "USDC", "USDT", "XRP"] == sorted(rows_of(found))

    def test_one_coin_in_two_accounts(self) -> None:
        """
        Its figures are added up, but for what is available: no position is backed by both accounts.
        """
        coin = row(marginCoin="BTC", accountEquity="0.3", unrealizedPL="-0.1", maxTransferOut="0.2")
        btc = rows_of(statement(union(("BTC", "1.5", "1")), coin=(coin,)))["BTC"]

        assert (Decimal("1.9"), Decimal("-0.1"), Decimal("1.8")) == (
            btc.wallet_balance,
            btc.unrealized_pnl,
            btc.equity,
        )
        assert Decimal("1.2") == btc.max_withdraw
        assert None is btc.available_balance
        assert "derived: the sum of USDT-FUTURES, COIN-FUTURES" == btc.basis["wallet_balance"]
        assert "The accounts of USDT-FUTURES, COIN-FUTURES hold it" in btc.notes[0]

    def test_what_one_does_not_know_the_sum_does_not(self) -> None:
        """
        A sum with something unknown in it is not known, and the remarks of each account are kept.
        """
        coin = row(marginCoin="USDC", unrealizedPL="")
        usdc = rows_of(statement(usdc=(row(marginCoin="USDC"),), coin=(coin,)))["USDC"]

        assert (None, None, Decimal("96.14139554")) == (usdc.wallet_balance, usdc.unrealized_pnl, usdc.equity)
        assert f"COIN-FUTURES: {EMPTY}" == usdc.notes[1]

    def test_twice_in_one_account(self) -> None:
        """
        A coin that is twice in one account is no answer.
        """
        with pytest.raises(InvalidResponseError, match="more than one row of BTC"):
            statement(coin=(row(marginCoin="BTC"), row(marginCoin="BTC")))

    def test_the_same_account_three_times(self) -> None:
        """
        Where the parameter does not reach Bitget, the same account comes each time. It is counted once, and said.
        """
        found = replay("bitget", {PATH: body([ROW])})

        assert [Decimal("48.07069777")] == [balance.equity for balance in found.balances]
        assert [Decimal("34.67687977")] == [balance.available_balance for balance in found.balances]
        assert (REPEATED.format("USDT", "USDC-FUTURES"), REPEATED.format("USDT", "COIN-FUTURES")) == found.notes

    @pytest.mark.parametrize("chosen", PRODUCT_TYPES)
    def test_one_of_them(self, chosen: str) -> None:
        """
        The option product_type asks for one alone.
        """
        with answering(200, json.loads(body([ROW]))) as heard:
            account = Account("desk", "bitget", KEYS, {"base_url": heard.url, "product_type": chosen})
            report = collect([account])

        assert report.complete
        assert [f"{PATH}?productType={chosen}"] == [asked.target for asked in heard.asked]

    def test_all_or_none(self) -> None:
        """
        Where one product type cannot be read, nothing is told of the others.
        """
        with scripted(
            lambda asked: Said(200, json.loads(body([ROW])) if "USDT" in asked.query else {"code": "40013"})
        ) as heard:
            report = collect([Account("desk", "bitget", KEYS, {"base_url": heard.url})])

        assert () == report.balances
        assert ["permission"] == [failure.kind for failure in report.failures]


def portraits() -> list[Any]:
    beyond = played.stages()[0].beyond
    return [pytest.param(portrait, id=portrait.name) for portrait in PORTRAITS if portrait.name not in beyond]


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

#: What Bitget tells of an account in any mode.
TOLD: Final = {"wallet_balance", "unrealized_pnl", "equity", "max_withdraw"}


def wrong(balance: Balance, wallet: Wallet) -> dict[str, tuple[Any, Any]]:
    """
    The figures that are known, and other than they should be.
    """
    pairs = {name: (getattr(balance, name), getattr(wallet, name)) for name in FIGURES}
    return {name: pair for name, pair in pairs.items() if pair[0] not in {None, pair[1]}}


class TestSandbox:
    """
    Real requests, checked as Bitget checks them.
    """

    @pytest.mark.parametrize("portrait", portraits())
    def test_a_portrait_reads_as_itself(self, portrait: Portrait) -> None:
        """
        What an account holds is read as that, or not at all.
        """
        portray = played.stages()[0].portray
        assert portray
        with Sandbox([portray(portrait)]) as sandbox:
            report = collect(sandbox.accounts())
        found = {balance.asset: balance for balance in report.balances}

        assert report.complete
        assert [f"bitget-{portrait.name}"] == list(report.accounts)
        assert set(played.ASSETS[: len(portrait.wallets)]) == found.keys()
        for asset, wallet in zip(played.ASSETS, portrait.wallets, strict=False):
            assert {} == wrong(found[asset], wallet)
            assert found[asset].basis.keys() >= TOLD

    def test_wallets_that_are_not_shared(self) -> None:
        """
        Two wallets that are no collateral of each other lie in two accounts.
        """
        wallet = Wallet(wallet_balance=7, available_balance=6, max_withdraw=5)
        with Sandbox([played.portray(Portrait("apart", "Two wallets.", (wallet, wallet)))]) as sandbox:
            report = collect(sandbox.accounts())

        assert {"BTC": Decimal(6), "USDT": Decimal(6)} == {row.asset: row.available_balance for row in report.balances}
        assert () == report.summaries

    def test_the_ordinary_accounts(self) -> None:
        """
        The accounts of the demonstration are read in full, that of demo trading as well.
        """
        with Sandbox(played.stages()) as sandbox:
            report = collect(sandbox.accounts())

        assert report.complete
        assert {"bitget", "bitget-demo"} == report.accounts.keys()
        assert Decimal("1.00006623") == next(row for row in report.balances if row.asset == "BTC").wallet_balance

    @pytest.mark.parametrize("hours", [-7, 7])
    def test_a_clock_that_is_hours_off(self, hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Bitget's time is asked for when it complains, and signed with from then on.
        """
        monkeypatch.setattr(played, "now", lambda: now() + hours * 3_600_000)
        with Sandbox(played.stages()[:1]) as sandbox:
            report = collect(sandbox.accounts()[:1])

        assert report.complete
        assert any("This machine's clock is" in str(note) for note in report.notes)

    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({"api_key": "bg_other"}, "credentials"),
            ({"api_secret": "other"}, "credentials"),
            ({"passphrase": "other"}, "credentials"),
        ],
        ids=str,
    )
    def test_wrong_keys(self, changes: dict[str, str], kind: str) -> None:
        """
        Neither key, secret nor passphrase may be wrong.
        """
        with Sandbox(played.stages()) as sandbox:
            account = sandbox.accounts()[0]
            wrong_one = Account("wrong", "bitget", {**account.credentials, **changes}, account.options)
            (failure,) = collect([wrong_one]).failures

        assert kind == failure.kind

    @pytest.mark.parametrize("number", [0, 1])
    def test_the_wrong_environment(self, number: int) -> None:
        """
        A key for demo trading is none for real trading, nor the other way round; the hint says what to set.
        """
        with Sandbox(played.stages()) as sandbox:
            account = sandbox.accounts()[number]
            options = {**account.options, "demo": not account.options.get("demo", False)}
            (failure,) = collect([Account("other", "bitget", account.credentials, options)]).failures

        assert "configuration" == failure.kind
        assert "demo = true" in failure.hint

    @pytest.mark.parametrize("name", ["clock", "key", "signature", "throttled", "error-in-200"])
    def test_refusals_are_understood(self, name: str) -> None:
        """
        Each refusal of the sandbox, in Bitget's shape, means what it is called.
        """
        response = played.stages()[0].refusals[name]()

        kinds = {"clock": "clock", "throttled": "rate_limited", "error-in-200": "unavailable"}
        assert kinds.get(name, "credentials") == refused(response.status_code, response.get_data()).kind

    def test_what_else_the_sandbox_refuses(self) -> None:
        """
        A time that is none, a product type that there is not, and a path that there is not.
        """
        with Sandbox(played.stages()) as sandbox:
            secrets = played.stages()[0].actors[0].credentials
            auth = sign(secrets, now)
            never = sign(secrets, lambda: -1)
            url = f"{sandbox.url}{PATH}"

            def code(path: str, signer: requests.auth.AuthBase) -> tuple[int, str]:
                response = requests.get(path, auth=signer, timeout=10)
                return response.status_code, response.json()["code"]

            said = [code(f"{url}?productType=x", auth), code(url, never), code(f"{sandbox.url}/api/v2/mix/none", auth)]

        assert [(400, "40020"), (400, "40005"), (404, "40404")] == said

    def test_too_many_requests(self) -> None:
        """
        Ten requests of a key in a second are answered, and no more.
        """
        # A second that does not end.
        with Sandbox(played.stages()) as sandbox, time_machine.travel(1795000000, tick=False):
            auth = sign(played.stages()[0].actors[0].credentials, now)
            url = f"{sandbox.url}{PATH}?productType=coin-futures"
            answers = [requests.get(url, auth=auth, timeout=10) for _ in range(played.LIMIT + 1)]

        assert [200] * played.LIMIT + [429] == [response.status_code for response in answers]
        assert "429" == answers[-1].json()["code"]


def refused(status: int, content: Any) -> Any:
    """
    The failure that an answer leads to.
    """
    with answering(status, content) as heard:
        (failure,) = collect([Account("desk", "bitget", KEYS, {"base_url": heard.url})], timeout=2).failures
    return failure


class TestErrors:
    """
    What an error answer means.
    """

    @pytest.mark.parametrize("code", CODES)
    def test_codes(self, code: str) -> None:
        """
        Each code is one of our errors, says what it means and what to do, and never repeats the venue's text.
        """
        kind, meaning, hint = CODES[code]
        failure = refused(400, {"code": code, "msg": "from 203.0.113.7", "requestTime": 1, "data": None})

        assert kind("").kind == failure.kind
        assert f"Code {code}: {meaning}." in failure.message
        assert failure.hint.startswith(hint)
        assert "203.0.113.7" not in f"{failure.message}{failure.hint}"

    @pytest.mark.parametrize(
        ("status", "content", "kind"),
        [
            (200, {"code": "40012", "msg": "apikey/password is incorrect"}, "credentials"),
            (200, {"code": "99999", "msg": "something new"}, "invalid_response"),
            (400, {"code": "99999", "msg": "something new"}, "invalid_response"),
            (403, b"<html>", "permission"),
            (429, b"slow down", "rate_limited"),
            (503, b"", "unavailable"),
            (200, {"msg": "success", "data": []}, "invalid_response"),
            (200, {"code": "00000", "msg": "success", "data": None}, "invalid_response"),
            (200, {"code": 0, "data": []}, "invalid_response"),
        ],
    )
    def test_other_answers(self, status: int, content: Any, kind: str) -> None:
        """
        An error in an answer with status 200 is one; what has no code that is known goes by its status.
        """
        assert kind == refused(status, content).kind

    def test_a_unified_account(self) -> None:
        """
        A unified account has no classic ones to ask, and the hint says so.
        """
        assert "classic accounts only" in refused(400, {"code": "40085", "msg": "", "data": None}).hint

    def test_a_time_that_is_none(self) -> None:
        """
        A time that is no number sets no clock.
        """

        def say(asked: Asked) -> Said:
            if asked.path == PATH:
                return Said(400, {"code": "40008", "msg": "Request timestamp expired"})
            return Said(200, {"code": "00000", "msg": "success", "data": {"serverTime": "soon"}})

        with scripted(say) as heard:
            (failure,) = collect([Account("desk", "bitget", KEYS, {"base_url": heard.url})], timeout=2).failures

        assert "clock" == failure.kind
        assert "The venue's time could not be asked." in failure.message


def signed(secrets: Mapping[str, str], path: str = f"{PATH}?productType=USDT-FUTURES") -> Mapping[str, str | bytes]:
    """
    The headers of a signed request.
    """
    auth = sign(secrets, lambda: 1627366780545)
    return requests.Request("GET", f"https://api.bitget.com{path}", auth=auth).prepare().headers


def pem(key: Any) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


class TestKeys:
    """
    Signatures, and keys that cannot be right.
    """

    def test_the_signature(self) -> None:
        """
        Time, method, path and query are signed, as OpenSSL signs them, with HMAC-SHA256 in base64.
        """
        headers = signed(KEYS)

        assert "KkFAuTR7zFoVPypMJMRhzxDeq0jXDTUVvYq+QXlb9HQ=" == headers["ACCESS-SIGN"]
        assert ("bg_nobody", "nobody's", "1627366780545") == (
            headers["ACCESS-KEY"],
            headers["ACCESS-PASSPHRASE"],
            headers["ACCESS-TIMESTAMP"],
        )

    def test_an_rsa_key(self) -> None:
        r"""
        An RSA key makes a PKCS #1 v1.5 signature of SHA-256 of the same text; \n may stand for its line ends.
        """
        key = rsa.generate_private_key(65537, 2048)
        headers = [signed({**KEYS, "api_secret": text}) for text in (pem(key), pem(key).replace("\n", "\\n"))]

        # Raises where it does not fit.
        key.public_key().verify(
            base64.b64decode(headers[0]["ACCESS-SIGN"], validate=True),
            f"1627366780545GET{PATH}?productType=USDT-FUTURES".encode(),
            padding.PKCS1v15(),
            SHA256(),
        )
        assert headers[0]["ACCESS-SIGN"] == headers[1]["ACCESS-SIGN"]

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
        sent = [requests.Request("GET", "https://api.bitget.com/", auth=auth).prepare().headers for _ in range(2)]

        assert ["1", "2"] == [headers["ACCESS-TIMESTAMP"] for headers in sent]
        assert sent[0]["ACCESS-SIGN"] != sent[1]["ACCESS-SIGN"]

    @pytest.mark.parametrize(
        ("name", "secret"),
        [
            ("api_key", "ключ"),
            ("api_key", "two\nlines"),
            ("passphrase", " "),
            ("passphrase", "naïve"),
            ("api_secret", "-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----"),
            ("api_secret", pem(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)))),
        ],
    )
    def test_keys_that_cannot_be_right(self, name: str, secret: str) -> None:
        """
        What cannot be a key is refused before anything is sent, by its name alone.
        """
        with pytest.raises(CredentialsError, match=name) as caught:
            sign({**KEYS, name: secret}, lambda: 1)

        assert secret.strip() == "" or secret.strip() not in str(caught.value)

    def test_the_passphrase_is_not_sent_in_clear(self) -> None:
        """
        The passphrase itself is sent, so plain http to another machine is refused.
        """
        account = Account("desk", "bitget", KEYS, {"base_url": "http://bitget.example"})
        (failure,) = collect([account]).failures

        assert "configuration" == failure.kind
        assert "sends the secret itself" in failure.message


def test_limits() -> None:
    """
    Ten requests in a second for a key, twenty for the time, and six thousand in a minute for an address.
    """
    found = {(limit.weight, limit.seconds, limit.per): limit.cost("GET", PATH) for limit in BITGET.limits}

    assert {(6000, 60, "address"): 1, (10, 1, "key"): 1, (20, 1, "address"): 0} == found


def test_hooks() -> None:
    """
    The plugin offers one venue, and plays it.
    """
    assert [BITGET] == marginbook_bitget.marginbook_venues()
    assert ["bitget"] == [stage.venue for stage in marginbook_bitget.marginbook_stages()]


def test_the_documents_are_not_ours_to_change() -> None:
    """
    A sandbox hands out what it was given, and changes nothing of it.
    """
    before = copy.deepcopy((played.UNION, played.DEMO))
    with Sandbox(played.stages()) as sandbox:
        collect(sandbox.accounts())

    assert before == (played.UNION, played.DEMO)
