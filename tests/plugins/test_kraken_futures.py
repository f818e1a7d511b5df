"""
Kraken Futures: one asset in several wallets, figures that must not be added up, and what an error means.
"""

from __future__ import annotations

import base64
import copy
import functools
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import time_machine
import yaml
from attrs import evolve
from cryptography.hazmat.primitives import hashes, hmac
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from generate import SPECS
from machines import Hands
from marginbook import (
    Balance,
    BalanceReport,
    ConfigurationError,
    CredentialsError,
    InvalidResponseError,
    Statement,
    collect,
    replay,
    venues,
)
from marginbook.registry import installed
from marginbook.sandbox import CANONICAL, PORTRAITS, Portrait, Sandbox, Stage, Wallet
from marginbook.transport import Machine
from marginbook_kraken_futures.codes import CODES
from marginbook_kraken_futures.keys import sign
from marginbook_kraken_futures.stage import (
    COINS,
    COST,
    FLEX,
    LIMIT,
    NOTHING,
    cash_wallet,
    flex_wallet,
    margin_wallet,
    number,
    portray,
    stages,
    written,
)
from marginbook_kraken_futures.venue import milliseconds
from marginbook_kraken_futures.wallets import NO_FUNDING, NO_POSITIONS, NO_WALLET, OPAQUE, SHORT

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

PATH: Final = "/derivatives/api/v3/accounts"
STATUS: Final = "/derivatives/api/v3/instruments/status"

#: Milliseconds of three hours.
HOURS: Final = 3 * 3600 * 1000

#: The canonical account, as each of the two kinds of wallets tells it.
SINGLE: Final = margin_wallet("xbt", CANONICAL.wallets[0])
MULTI: Final = flex_wallet(("USD", CANONICAL.wallets[0]))


@functools.cache
def published() -> dict[str, Any]:
    """
    The wallets of Kraken's own example.
    """
    text = (SPECS / "kraken_futures.openapi.yaml").read_text(encoding="utf-8")
    answer = yaml.safe_load(text)["paths"][PATH]["get"]["responses"]["200"]["content"]["application/json"]
    wallets: dict[str, Any] = answer["example"]["accounts"]
    return wallets


def body(wallets: Any) -> bytes:
    """
    A whole answer, with marked texts as numbers.
    """
    return written({"result": "success", "accounts": wallets, "serverTime": "2026-11-20T12:00:00.000Z"}).get_data()


def statement(wallets: Any, **options: Any) -> Statement:
    """
    What marginbook makes of some wallets.
    """
    return replay("kraken-futures", {PATH: body(wallets)}, options)


def rows(wallets: Any, **options: Any) -> dict[str, Balance]:
    """
    The rows of some wallets, by asset.
    """
    return {balance.asset: balance for balance in statement(wallets, **options).balances}


def report(found: Statement) -> BalanceReport:
    """
    The report of one account.
    """
    when = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return BalanceReport(
        accounts={found.balances[0].account: "kraken-futures"},
        balances=found.balances,
        locks=found.locks,
        summaries=[found.summary] if found.summary else [],
        started_at=when,
        finished_at=when,
    )


def figures(row: Balance) -> dict[str, str]:
    """
    All that a row knows, digit for digit.
    """
    return {name: f"{getattr(row, name):f}" for name in row.basis}


def changed(wallets: Any, *path: str, to: Any) -> Any:
    """
    The wallets with another value somewhere.
    """
    wallets = copy.deepcopy(wallets)
    *steps, last = path
    place = wallets
    for step in steps:
        place = place[step]
    place[last] = to
    return wallets


def without(wallets: Any, *path: str) -> Any:
    """
    The wallets without something.
    """
    wallets = copy.deepcopy(wallets)
    *steps, last = path
    place = wallets
    for step in steps:
        place = place[step]
    del place[last]
    return wallets


def test_a_single_collateral_wallet() -> None:
    """
    A single-collateral wallet tells nearly everything, in its own currency, and nothing of it is derived.
    """
    row = rows({"fi_xbtusd": SINGLE})["XBT"]

    assert {
        "wallet_balance": "1000",
        "unrealized_pnl": "50",
        "equity": "1050",
        "initial_margin": "120",
        "maintenance_margin": "10",
        "available_balance": "930",
    } == figures(row)
    assert {"reported"} == set(row.basis.values())
    assert () == row.notes


def test_the_multi_collateral_wallet() -> None:
    """
    The multi-collateral wallet tells quantities by currency, and all else as a whole, in USD: in the summary.
    """
    found = statement({"flex": MULTI, "cash": cash_wallet()})
    whole = found.summary

    assert [("USD", {"wallet_balance": "1000"})] == [(row.asset, figures(row)) for row in found.balances]
    assert (OPAQUE,) == found.notes
    assert whole
    assert ("USD", None, "multi-collateral", ()) == (whole.currency, whole.asset, whole.mode, whole.notes)
    assert [1000, 50, 1050, 120, 100, None, 10, 930, None] == [
        whole.wallet_balance,
        whole.unrealized_pnl,
        whole.equity,
        whole.initial_margin,
        whole.position_margin,
        whole.order_margin,
        whole.maintenance_margin,
        whole.available_balance,
        whole.max_withdraw,
    ]


def test_what_a_currency_has_available_is_not_told() -> None:
    """
    Kraken documents `available` of a currency in two ways, so it is neither available nor withdrawable here.
    """
    row = rows({"flex": MULTI})["USD"]

    assert (None, None) == (row.available_balance, row.max_withdraw)


def test_the_published_example() -> None:
    """
    Kraken's example has XBT in three wallets: one row has the sum of what they hold, and a note tells them apart.
    Contracts among the balances are no assets.
    """
    found = statement(published())
    xbt, xrp, usd, eur = found.balances

    assert {"wallet_balance": "282.7536667647", "unrealized_pnl": "12.42134766", "equity": "295.1750144247"} == figures(
        xbt
    )
    assert "derived: sum of the wallets cash, flex, fi_xbtusd" == xbt.basis["wallet_balance"]
    assert "fi_xbtusd has 141.31756797, a portfolio value of 153.73891563 with a PnL of 12.42134766," in xbt.notes[0]
    assert "cash has 141.31756797; flex has 0.1185308247; " in xbt.notes[0]
    assert ["52465.1254", "5000", "4540.5837374453"] == [f"{row.wallet_balance:f}" for row in (xrp, usd, eur)]
    assert found.summary
    assert Decimal("34122.66") == found.summary.adjusted_equity


def test_each_wallet_of_the_published_example() -> None:
    """
    Asked for one wallet, the report has its own figures, to the last digit.
    """
    row = rows(published(), wallet="fi_xbtusd")["XBT"]

    assert {
        "wallet_balance": "141.31756797",
        "unrealized_pnl": "12.42134766",
        "equity": "153.73891563",
        "initial_margin": "52.8",
        "maintenance_margin": "23.76",
        "available_balance": "100.73891563",
    } == figures(row)
    assert ["141.31756797", "52465.1254"] == [
        f"{row.wallet_balance:f}" for row in rows(published(), wallet="cash").values()
    ]
    assert ["XBT", "USD", "EUR"] == list(rows(published(), wallet="flex"))


def test_one_wallet_says_nothing_of_the_others() -> None:
    """
    Asked for one wallet, neither locks nor the summary of another are in the report.
    """
    wallets = {"fi_xbtusd": SINGLE, "flex": MULTI}

    assert None is statement(wallets, wallet="fi_xbtusd").summary
    assert () == statement(wallets, wallet="fi_xbtusd").notes
    assert () == statement(wallets, wallet="flex").locks
    whole = statement(wallets, wallet="flex").summary
    assert whole
    assert () == whole.notes


def test_a_wallet_that_there_is_not() -> None:
    """
    An account that asks for a wallet that there is not is told which there are.
    """
    with pytest.raises(
        ConfigurationError, match=r"There is no wallet 'fi_bchusd'\. The account has cash, fi_xbtusd; all"
    ):
        statement({"cash": cash_wallet(), "fi_xbtusd": SINGLE}, wallet="fi_bchusd")


def test_two_wallets_with_one_currency() -> None:
    """
    What two wallets hold, gain and lock is added up. What each has to hold, and what each has free, is not: one may be
    liquidated while the other has plenty.
    """
    found = statement({"fi_xbtusd": SINGLE, "fv_xrpxbt": SINGLE})
    (row,) = found.balances

    assert {"wallet_balance": "2000", "unrealized_pnl": "100", "equity": "2100", "initial_margin": "240"} == figures(
        row
    )
    assert "derived: sum of pnl of fi_xbtusd, fv_xrpxbt" == row.basis["unrealized_pnl"]
    assert "derived: sum of im of fi_xbtusd, fv_xrpxbt" == row.basis["initial_margin"]
    assert None is row.margin_ratio
    assert [("fi_xbtusd", "XBT", Decimal(120)), ("fv_xrpxbt", "XBT", Decimal(120))] == [
        (lock.symbol, lock.asset, lock.blocked_balance) for lock in found.locks
    ]


def test_a_wallet_is_liquidated_by_itself() -> None:
    """
    What the multi-collateral wallet holds saves no single-collateral wallet, so that each has its own ratio.
    """
    near = margin_wallet(
        "xbt",
        Wallet(
            wallet_balance="1",
            unrealized_pnl="-0.8",
            position_margin="0.3",
            maintenance_margin="0.19",
            available_balance="0",
            max_withdraw="0",
        ),
    )
    found = report(statement({"cash": cash_wallet(), "flex": MULTI, "fi_xbtusd": near}))
    ratios = {margin.name: margin.margin_ratio for margin in found.margins}

    assert {"whole account", "fi_xbtusd"} == ratios.keys()
    assert Decimal("0.95") == ratios["fi_xbtusd"]
    assert {"USD": None, "XBT": Decimal("0.95")} == {row.asset: found.margin_ratio(row) for row in found.balances}


def test_each_of_several_wallets_has_its_ratio() -> None:
    """
    Where several wallets hold an asset, each says how near to liquidation it is; of the rest nothing is told.
    """
    found = report(statement({"fi_xbtusd": SINGLE, "fv_xrpxbt": SINGLE}))
    ratios = {margin.name: margin.margin_ratio for margin in found.margins}

    assert {"XBT cross", "fi_xbtusd", "fv_xrpxbt"} == ratios.keys()
    assert ratios["fi_xbtusd"] == ratios["fv_xrpxbt"] == statement({"fi_xbtusd": SINGLE}).balances[0].margin_ratio
    assert None is found.margin_ratio(found.balances[0])


def test_a_wallet_alone_has_the_ratio_of_its_row() -> None:
    """
    The only wallet of an asset is the whole row, and what it has behind it is without unsettled funding, as equity is.
    """
    funded = changed(SINGLE, "auxiliary", "funding", to=number("0.25"))
    for wallet in (SINGLE, changed(funded, "auxiliary", "pv", to=number("1050.25"))):
        found = report(statement({"fi_xbtusd": wallet}))
        (lock,) = found.locks

        assert (True, Decimal(10), Decimal(1050)) == (lock.isolated, lock.maintenance_margin, lock.equity)
        assert found.balances[0].margin_ratio == found.margin_ratio(found.balances[0])


def test_cash_saves_no_position() -> None:
    """
    Cash beside a margin wallet is in the same row, and makes its maintenance margin unknown: the ratio of the two would
    look safer than it is.
    """
    row = rows({"cash": cash_wallet(xbt="9000"), "fi_xbtusd": SINGLE})["XBT"]

    assert {"wallet_balance": "10000", "unrealized_pnl": "50", "equity": "10050", "initial_margin": "120"} == figures(
        row
    )
    assert "a maintenance margin of 10, and 930 available" in row.notes[0]


def test_an_idle_wallet_makes_no_sum() -> None:
    """
    A wallet with nothing in it leaves the figures of the other as they are reported, whichever is first.
    """
    wallets = {"cash": cash_wallet(xbt="0.0"), "fv_xrpxbt": margin_wallet("xbt", NOTHING), "fi_xbtusd": SINGLE}

    assert figures(rows({"fi_xbtusd": SINGLE})["XBT"]) == figures(rows(wallets)["XBT"])
    assert () == rows(wallets)["XBT"].notes


def test_a_wallet_without_money_may_have_a_loss() -> None:
    """
    A wallet is not idle as long as it has PnL or margin, though its balance is zero.
    """
    short = changed(margin_wallet("xbt", NOTHING), "auxiliary", "pnl", to=number("-5"))
    row = rows({"cash": cash_wallet(xbt="100"), "fi_xbtusd": changed(short, "auxiliary", "pv", to=number("-5"))})["XBT"]

    assert {"wallet_balance": "100.0", "unrealized_pnl": "-5", "equity": "95.0", "initial_margin": "0"} == figures(row)


def test_an_empty_account() -> None:
    """
    Where all wallets are idle, the row is that of the margin wallet, which tells the most; nobody sums up zeros.
    """
    found = statement(
        {"cash": cash_wallet(xbt="0.0"), "fi_xbtusd": margin_wallet("xbt", NOTHING), "flex": flex_wallet()}
    )
    (row,) = found.balances

    assert [
        "wallet_balance",
        "unrealized_pnl",
        "equity",
        "initial_margin",
        "maintenance_margin",
        "available_balance",
    ] == [*figures(row)]
    assert (None, (), ()) == (found.summary, found.locks, found.notes)


def test_a_wallet_that_is_always_there() -> None:
    """
    An answer without a wallet that every account has says so: what may be in it is in no row. So does a wallet that is
    worth more than what it lists.
    """
    usd = flex_wallet(("USD", CANONICAL.wallets[0]))
    short = statement({"cash": cash_wallet(), "flex": {**usd, "balanceValue": number("1000.03")}}).summary
    rounded = statement({"cash": cash_wallet(), "flex": {**usd, "balanceValue": number("1000.02")}}).summary

    assert [NO_WALLET.format(name) for name in ("cash", "flex")] == [*statement({}).notes][:2]
    assert () == statement({"fi_xbtusd": SINGLE}, wallet="fi_xbtusd").notes
    assert short
    assert rounded
    assert SHORT.format(Decimal(1000), Decimal("1000.03")) == short.notes[0]
    assert [] == [note for note in rounded.notes if "currencies may be missing" in note]


def test_cash_has_no_positions() -> None:
    """
    Cash has no unrealized PnL, which is derived and not reported, and what it could back is not told.
    """
    row = rows({"cash": cash_wallet(xrp="2.20188538338")})["XRP"]

    assert {"wallet_balance": "2.20188538338", "unrealized_pnl": "0", "equity": "2.20188538338"} == figures(row)
    assert f"derived: {NO_POSITIONS}" == row.basis["unrealized_pnl"]


def test_collateral_without_positions() -> None:
    """
    Without positions in the multi-collateral wallet, its currencies have no PnL, and the summary is there all the same.
    """
    found = statement(published(), wallet="flex")

    assert [0, 0, 0] == [row.unrealized_pnl for row in found.balances]
    assert found.summary
    assert () == found.notes


@pytest.mark.parametrize(
    ("name", "amount"), [("initialMargin", "0.01"), ("maintenanceMargin", "0.01"), ("pnl", "-0.01")]
)
def test_any_margin_means_positions(name: str, amount: str) -> None:
    """
    Any of these figures means positions, whose PnL may be settled in any currency: then no row's PnL is known.
    """
    wallets = changed({"cash": cash_wallet(xbt="1"), "flex": flex_wallet()}, "flex", name, to=number(amount))
    row = rows(wallets)["XBT"]

    assert {"wallet_balance": "1"} == figures(row)


def breakdown(**changes: str) -> dict[str, Any]:
    """
    How the margin of a portfolio with options is made up.
    """
    zeros = dict.fromkeys(
        (
            "totalCrossAssetNettedMarketRisk",
            "totalMarketRisk",
            "totalAbsoluteOptionPositionDeltaNotional",
            "netPortfolioDelta",
            "totalPremium",
            "futuresMaintenanceMargin",
        ),
        "0.0",
    )
    numbers = {name: number(amount) for name, amount in {**zeros, **changes}.items()}
    return {**numbers, "totalScenarioPnls": [], "isBuyOnly": False}


def test_options_are_positions() -> None:
    """
    Options that were bought need no margin, and have PnL.
    """
    wallets = {"cash": cash_wallet(xbt="1"), "flex": {**flex_wallet(), "portfolioMarginBreakdown": breakdown()}}
    bought = changed(wallets, "flex", "portfolioMarginBreakdown", to=breakdown(totalPremium="12.5"))

    assert 0 == rows(wallets)["XBT"].unrealized_pnl
    assert None is rows(bought)["XBT"].unrealized_pnl
    assert 0 == rows(bought, wallet="cash")["XBT"].unrealized_pnl


@pytest.mark.parametrize("name", ["unrealizedFunding", "totalUnrealized"])
def test_what_is_unrealized_is_of_a_position(name: str) -> None:
    """
    Nothing accrues without a position: where something has, the PnL of a currency is not known to be zero.
    """
    wallets = {"cash": cash_wallet(xbt="1"), "flex": flex_wallet()}

    assert None is rows(changed(wallets, "flex", name, to=number("0.25")))["XBT"].unrealized_pnl


def test_a_margin_wallet_beside_positions_elsewhere() -> None:
    """
    While the multi-collateral wallet has positions, a single-collateral wallet's PnL may not be all of the asset's: a
    note tells it, and the row has what is certain.
    """
    found = statement({"fi_xbtusd": SINGLE, "fi_ethusd": margin_wallet("eth", NOTHING), "flex": MULTI})
    xbt, eth = (row for row in found.balances if row.asset != "USD")

    assert {
        "wallet_balance": "1000",
        "initial_margin": "120",
        "maintenance_margin": "10",
        "available_balance": "930",
    } == figures(xbt)
    figures_of_it = "a portfolio value of 1050 with a PnL of 50, a maintenance margin of 10, and 930 available."
    assert (f"fi_xbtusd has 1000, {figures_of_it}",) == xbt.notes
    assert () == eth.notes
    assert found.summary
    assert (
        "The figures of the whole account are those of the multi-collateral wallet alone, without those of fi_xbtusd.",
    ) == found.summary.notes


def test_a_sum_beside_positions_elsewhere() -> None:
    """
    Then a sum over wallets has no PnL either; and where collateral is a part of it, not all that is locked is known.
    """
    pair = {"fi_xbtusd": SINGLE, "fv_xrpxbt": SINGLE}
    mixed = {"fi_xbtusd": SINGLE, "flex": flex_wallet(("XBT", CANONICAL.wallets[0]))}

    assert {"wallet_balance": "2000", "initial_margin": "240"} == figures(rows({**pair, "flex": MULTI})["XBT"])
    assert {"wallet_balance": "2000"} == figures(rows(mixed)["XBT"])


def test_a_sum_without_margin() -> None:
    """
    Cash and idle collateral of the same currency are one sum, without PnL.
    """
    held = evolve(NOTHING, wallet_balance="2.5")
    row = rows({"cash": cash_wallet(usdt="1.25"), "flex": flex_wallet(("USDT", held))})["USDT"]

    assert {"wallet_balance": "3.75", "unrealized_pnl": "0", "equity": "3.75"} == figures(row)
    assert f"derived: {NO_POSITIONS}" == row.basis["unrealized_pnl"]


def test_another_currency_in_a_margin_wallet() -> None:
    """
    A margin wallet's figures are in its own currency. What else lies in it is held, and nothing more is said of it.
    """
    wallet = changed(SINGLE, "balances", "xrp", to="5")

    assert {"wallet_balance": "5", "unrealized_pnl": "0", "equity": "5"} == figures(rows({"fi_xbtusd": wallet})["XRP"])


def test_unsettled_funding() -> None:
    """
    Equity is cash and PnL. Where the venue's portfolio value has unsettled funding in it as well, a note says so.
    """
    funded = changed(SINGLE, "auxiliary", "funding", to=number("0.25"))
    row = rows({"fi_xbtusd": changed(funded, "auxiliary", "pv", to=number("1050.25"))})["XBT"]

    assert ("1050", "derived: wallet_balance + unrealized_pnl") == (f"{row.equity:f}", row.basis["equity"])
    assert ("Kraken's portfolio value has unsettled funding of 0.25 in it, and equity has not.",) == row.notes


def test_a_portfolio_value_that_does_not_add_up() -> None:
    """
    A portfolio value that is another sum is given as it is, with a note.
    """
    row = rows({"fi_xbtusd": changed(SINGLE, "auxiliary", "pv", to=number("1051"))})["XBT"]

    assert ("1051", "reported") == (f"{row.equity:f}", row.basis["equity"])
    assert ("The venue's figures do not add up: equity is 1 more than wallet_balance + unrealized_pnl.",) == row.notes


def test_a_portfolio_value_with_funding_that_is_not_told() -> None:
    """
    Where unsettled funding is not told, a portfolio value that is more than cash and PnL may have it in it.
    """
    untold = without(SINGLE, "auxiliary", "funding")
    row = rows({"fi_xbtusd": changed(untold, "auxiliary", "pv", to=number("1051"))})["XBT"]
    plain = rows({"fi_xbtusd": untold})["XBT"]

    assert ("1050", "derived: wallet_balance + unrealized_pnl") == (f"{row.equity:f}", row.basis["equity"])
    assert (NO_FUNDING.format(Decimal(1051)),) == row.notes
    assert ("1050", "reported", ()) == (f"{plain.equity:f}", plain.basis["equity"], plain.notes)


def test_an_asset_with_an_underscore() -> None:
    """
    A name with an underscore is a contract in a margin wallet, and nowhere else.
    """
    cash = {"type": "cashAccount", "balances": {"usd_x": "7", "xbt": "1"}}

    assert Decimal(7) == rows({"cash": cash})["USD_X"].wallet_balance


def test_answers_of_other_years() -> None:
    """
    Older answers have neither `usd` nor `funding`, numbers for balances, and another name for collateral.
    """
    wallet = without(without(SINGLE, "auxiliary", "usd"), "auxiliary", "funding")
    wallet["balances"] = {"FI_XBTUSD_180615": -15000, "xbt": number("1000"), "xrp": 0}
    old = {**MULTI["currencies"]["USD"]}
    old["collateralValue"] = old.pop("collateral")
    found = statement({"fi_xbtusd": wallet, "flex": {**MULTI, "currencies": {"USD": old}}})

    assert ["USD", "XBT", "XRP"] == sorted(row.asset for row in found.balances)
    assert (OPAQUE, NO_WALLET.format("cash")) == found.notes


@pytest.mark.parametrize(
    ("wallets", "complaint"),
    [
        (
            {"fi_xbtusd": {**SINGLE, "type": "tripleCollateralAccount"}},
            "The wallet fi_xbtusd is of a kind that is not known",
        ),
        (
            {"fi_xbtusd": {**SINGLE, "currency": "XBT"}},
            "accounts.fi_xbtusd.balances: that of its own currency is missing",
        ),
        ({"cash": cash_wallet(xbt="1", XBT="1")}, "The wallet cash holds XBT twice"),
        ({"flexX": MULTI}, "MarginAccount.currency: missing"),
        ({"cash": {"type": "cashAccount"}}, "CashAccount.balances: missing"),
        ({"cash": cash_wallet(xbt="")}, "Balances.xbt: expected Decimal, got ''"),
        ({"cash": {"type": "cashAccount", "balances": {"xbt": None}}}, "Balances.xbt: expected Decimal, got None"),
        ({"cash": cash_wallet(**{"\x07": "1"})}, "asset is '\\\\x07'"),
        (without({"fi_xbtusd": SINGLE}, "fi_xbtusd", "auxiliary", "pnl"), "Auxiliary.pnl: missing"),
        (without({"flex": MULTI}, "flex", "availableMargin"), "FlexAccount.availableMargin: missing"),
        (changed({"flex": MULTI}, "flex", "currencies", "USD", to=None), "FlexCurrencies.USD: expected dict"),
    ],
)
def test_what_cannot_be_read_is_refused(wallets: Any, complaint: str) -> None:
    """
    A wallet of a new kind, one that lacks a figure or says one twice, and a field under another name are no answer.
    """
    with pytest.raises(InvalidResponseError, match=complaint):
        statement(wallets)


def test_news_is_told() -> None:
    """
    A field that the specification does not know is mentioned.
    """
    assert "FlexAccount.newField" in statement({"flex": {**MULTI, "newField": 1}}).notes[-1]


@pytest.mark.parametrize("portrait", [p for p in PORTRAITS if p.name not in stages()[0].beyond], ids=lambda p: p.name)
def test_portraits(portrait: Portrait) -> None:
    """
    Each account that Kraken can have reads as what it is, and has figures that it does not tell, but no other ones.
    """
    played = portray(portrait)
    with Sandbox([played]) as sandbox:
        report = collect(sandbox.accounts())
    expected = dict(zip(played.assets, portrait.wallets, strict=False))

    assert report.complete
    assert list(expected) == [row.asset for row in report.balances]
    for row in report.balances:
        assert {name: getattr(expected[row.asset], name) for name in row.basis} == {
            name: getattr(row, name) for name in row.basis
        }
    for whole in report.summaries:
        (told,) = {whole.available_balance}
        assert portrait.wallets[0].available_balance == told
        assert sum(w.equity for w in portrait.wallets) == whole.equity
        assert sum(w.maintenance_margin for w in portrait.wallets) == whole.maintenance_margin


def test_the_canonical_portrait_tells_all_that_it_can() -> None:
    """
    In a single-collateral wallet, only what the venue has no figure for is unknown.
    """
    with Sandbox([portray(CANONICAL)]) as sandbox:
        (row,) = collect(sandbox.accounts()).balances

    assert ["1000", "50", "1050", "120", "10", "930"] == list(figures(row).values())


def test_ordinary_accounts() -> None:
    """
    The accounts of the sandbox are awkward, and read whole: over HTTP as from a recorded body.
    """
    with Sandbox(stages()) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    assert {name: figures(row) for name, row in rows(COINS).items()} == {
        row.asset: figures(row) for row in report.balances if row.account == "kraken-futures"
    }
    assert "-0.50000000000001" == figures(rows(COINS)["ETH"])["equity"]
    assert "-250.75" == figures(rows(FLEX)["USD"])["wallet_balance"]


# Keys and errors


SECRET: Final = base64.b64encode(b"a secret of some length, worth nothing, for all the tests here!!").decode()


def signed(url: str, nonce: int, secret: str = SECRET) -> requests.PreparedRequest:
    """
    A request, signed at a time.
    """
    auth = sign({"api_key": "key", "api_secret": secret}, lambda: nonce)
    return requests.Request("GET", url, auth=auth).prepare()


def signature(message: bytes, secret: str = SECRET) -> str:
    """
    The signature of a message, as another library makes it in two steps.
    """
    inner = hashes.Hash(hashes.SHA256())
    inner.update(message)
    outer = hmac.HMAC(base64.b64decode(secret), hashes.SHA512())
    outer.update(inner.finalize())
    return base64.b64encode(outer.finalize()).decode()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://futures.kraken.com/derivatives/api/v3/accounts", b"1415957147987/api/v3/accounts"),
        ("https://proxy.example/kraken/derivatives/api/v3/accounts", b"1415957147987/api/v3/accounts"),
        (
            "https://futures.kraken.com/derivatives/api/v3/orders?symbol=fi_xbtusd_180615",
            b"symbol=fi_xbtusd_1806151415957147987/api/v3/orders",
        ),
    ],
)
def test_signature(url: str, message: bytes) -> None:
    """
    Parameters, nonce and the path from /api on are signed, as Kraken documents it. It publishes no vector.
    """
    request = signed(url, 1415957147987)

    assert ("key", "1415957147987") == (request.headers["APIKey"], request.headers["Nonce"])
    assert signature(message) == request.headers["Authent"]


def test_each_attempt_has_a_nonce_of_its_own() -> None:
    """
    Attempts in the same millisecond, or after the clock was put back, have nonces that grow.
    """
    times = iter([5, 5, 3, 9])
    auth = sign({"api_key": "key", "api_secret": f" {SECRET}\n"}, lambda: next(times))
    request = requests.Request("GET", "https://futures.kraken.com/derivatives/api/v3/accounts").prepare()

    assert ["5", "6", "7", "9"] == [auth(request.copy()).headers["Nonce"] for _ in range(4)]


@pytest.mark.parametrize(
    ("secrets", "complaint"),
    [
        ({"api_key": "key", "api_secret": "no base64!"}, "api_secret is no private key"),
        ({"api_key": "key", "api_secret": ""}, "api_secret is no private key"),
        ({"api_key": "key", "api_secret": f"{SECRET[:-2]}é="}, "api_secret is no private key"),
        ({"api_key": "k\x00y", "api_secret": SECRET}, "api_key has characters"),
        ({"api_key": "kéy", "api_secret": SECRET}, "api_key has characters"),
    ],
)
def test_keys_that_cannot_be(secrets: dict[str, str], complaint: str) -> None:
    """
    What is no key is refused before anything is sent.
    """
    with pytest.raises(CredentialsError, match=complaint):
        sign(secrets, lambda: 0)


def failing(answer: Callable[[], Response]) -> Any:
    """
    What becomes of an account that is answered like that.
    """
    (actor, *_) = stages()[0].actors
    played = Stage("kraken-futures", (actor,), {PATH: lambda _: answer(), STATUS: lambda _: answer()})
    with Sandbox([played]) as sandbox:
        (failure,) = collect(sandbox.accounts(), machine=Hands().machine()).failures
    return failure


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        ("clock", "clock"),
        ("key", "credentials"),
        ("signature", "credentials"),
        ("throttled", "rate_limited"),
        ("error-in-200", "unavailable"),
    ],
)
def test_refusals(refusal: str, kind: str) -> None:
    """
    Each of the venue's refusals, which come with status 200, becomes the failure that it is, with something to do.
    """
    failure = failing(stages()[0].refusals[refusal])

    assert kind == failure.kind
    assert failure.hint


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("accountInactive", "permission"),
        ("invalidArgument", "plugin"),
        ("notFound", "configuration"),
        ("insufficientFunds", "invalid_response"),
    ],
)
def test_other_errors(word: str, kind: str) -> None:
    """
    Other words are told by what can be done about them; one that a read cannot cause is no answer.
    """
    failure = failing(lambda: written({"result": "error", "error": word}))

    assert (kind, word in CODES) == (failure.kind, word != "insufficientFunds")


def test_the_text_of_an_unknown_error_is_not_repeated() -> None:
    """
    An error that is not documented is told without its text, which may hold anything.
    """
    failure = failing(lambda: written({"result": "error", "error": "10.20.30.40 is banned"}))

    assert "invalid_response" == failure.kind
    assert "10.20.30.40" not in f"{failure.message} {failure.hint}"


@pytest.mark.parametrize("off", [-HOURS, HOURS])
def test_a_clock_that_is_hours_off(off: int) -> None:
    """
    A nonce that is hours behind is refused: the venue's time is asked, and the account is read all the same.
    """
    right = Machine().milliseconds
    with Sandbox(stages()) as sandbox:
        report = collect(sandbox.accounts(), machine=Machine(milliseconds=lambda: right() + off))

    assert report.complete
    assert (off < 0) is any("seconds behind" in note.message for note in report.notes)


def test_the_time_of_the_venue() -> None:
    """
    The venue's time is read to the millisecond.
    """
    assert 1456393553818 == milliseconds("2016-02-25T09:45:53.818Z")
    for text in ("yesterday", "2016-02-25T09:45:53.818"):
        with pytest.raises(InvalidResponseError, match="serverTime is not a time"):
            milliseconds(text)


def test_the_sandbox_minds_keys_signatures_and_nonces() -> None:
    """
    The sandbox refuses an unknown key, a wrong signature, and a nonce that was used, is behind, or is no number. It
    needs none.
    """
    (actor, *_) = stages()[0].actors
    now = Machine().milliseconds()
    with Sandbox(stages()) as sandbox:

        def ask(nonce: object, **headers: str) -> Any:
            own = {
                "APIKey": actor.credentials["api_key"],
                "Nonce": str(nonce),
                "Authent": signature(f"{nonce}/api/v3/accounts".encode(), actor.credentials["api_secret"]),
            }
            told = requests.get(f"{sandbox.url}{PATH}", headers={**own, **headers}, timeout=5).json()
            return told.get("error", told["result"])

        assert ["success", "nonceDuplicate", "success"] == [ask(now), ask(now), ask("")]
        assert ["nonceBelowThreshold", "invalidArgument"] == [ask(now - HOURS), ask("soon")]
        assert {"authenticationError"} == {
            ask(now + 1, APIKey="nobody"),
            ask(now + 1, Authent="wrong"),
            ask(now + 1, Nonce=str(now + 2)),
        }


def test_the_sandbox_keeps_the_limit() -> None:
    """
    An address that has spent what it may is told so, until the next ten seconds.
    """
    (played,) = stages()
    request = Request(EnvironBuilder(PATH).get_environ())

    def ask() -> str:
        return str(played.routes[PATH](request).get_json()["error"])

    with time_machine.travel(datetime(2026, 11, 20, tzinfo=UTC), tick=False) as clock:
        told = [ask() for _ in range(LIMIT // COST + 1)]
        clock.shift(10)

        assert {"authenticationError"} == set(told[:-1])
        assert ["apiLimitExceeded", "authenticationError"] == [told[-1], ask()]


def test_the_sandbox_tells_the_time_and_what_there_is_not() -> None:
    """
    Everybody may ask for the contracts, with the time beside them; other paths are refused in the venue's shape.
    """
    with Sandbox(stages()) as sandbox:
        told, none = (
            requests.get(f"{sandbox.url}{STATUS}{query}", timeout=5).json() for query in ("", "?contractType=x")
        )
        lost = requests.get(f"{sandbox.url}/derivatives/api/v3/fills", timeout=5)

    assert ["PI_XBTUSD"] == [row["tradeable"] for row in told["instrumentStatus"]]
    assert [] == none["instrumentStatus"]
    assert (404, "notFound") == (lost.status_code, lost.json()["error"])


def test_the_venue_explains_itself() -> None:
    """
    Each figure that is not known has a reason; the sandbox plays the venue.
    """
    (venue,) = (venue for venue in venues() if venue.id == "kraken-futures")
    unknown = {"position_margin", "order_margin", "max_withdraw", "cross_wallet_balance", "cross_unrealized_pnl"}

    assert "kraken-futures" in {stage.venue for stage in installed().stages()}
    assert {*unknown, "updated_at"} == venue.unknown.keys() - venue.fills.keys()
