"""
What a report is worth in one currency.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbook import Balance, BalanceReport, ConfigurationError, Failure, Price, PriceBook, Summary, Valuation

NOON: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
TABLE: Final[dict[str, Decimal | int | str]] = {"USDT": Decimal("0.9998"), "BTC": "91000.5"}


def balance(account: str, asset: str, **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def failure(account: str, venue: str = "acme") -> Failure:
    return Failure(account=account, venue=venue, kind="clock", message="It is late.")


def report(*accounts: str, **parts: Any) -> BalanceReport:
    times = {"started_at": NOON, "finished_at": NOON}
    return BalanceReport(**{"accounts": dict.fromkeys(accounts, "acme"), **times, **parts})


def summary(equity: str | None = "5", **more: Any) -> Summary:
    amounts: dict[str, Any] = {"equity": equity}
    return Summary(**{"account": "a", "venue": "acme", "currency": "USD", **amounts, **more})


def price(asset: str, amount: str, currency: str = "USD", **more: Any) -> Price:
    return Price(**{"asset": asset, "currency": currency, "price": amount, "source": "acme", "at": NOON, **more})


BOOK: Final = report(
    "a",
    "b",
    "lost",
    balances=[
        balance("a", "USDT", wallet_balance="100.50", unrealized_pnl="-0.50", equity="100.00"),
        balance("a", "BTC", wallet_balance="0.00000001"),
        balance("b", "XYZ", wallet_balance="7", unrealized_pnl="0", equity="7"),
        balance("b", "OLD", wallet_balance="0", unrealized_pnl="0", equity="0"),
        balance("b", "USD", wallet_balance="3", unrealized_pnl="0", equity="3"),
    ],
    failures=[failure("lost")],
)


def test_values_are_exact() -> None:
    """
    A value is amount times price, with every digit; a table of one's own is of the moment of the report.
    """
    usdt = next(value for value in BOOK.valued("USD", TABLE).values if value.asset == "USDT")

    assert ("100.479900", "-0.499900", "99.980000") == tuple(
        map(str, (usdt.wallet_balance, usdt.unrealized_pnl, usdt.equity))
    )
    assert price("USDT", "0.9998", source="table") == usdt.price


def test_no_stablecoin_is_a_dollar() -> None:
    """
    Without prices nothing has one, whatever it is called, but the currency itself.
    """
    found = BOOK.valued()

    assert ("BTC", "OLD", "USDT", "XYZ") == found.unpriced
    assert Decimal(3) == found.total().wallet_balance
    assert ["the currency itself"] == [price.source for price in found.prices]


def test_what_has_no_price_is_excluded_by_name() -> None:
    """
    The total says what it lacks and why: no price, not known, failed. Nothing is worth nothing at any price.
    """
    total = BOOK.valued(prices=TABLE).total()

    assert Decimal("103.480810005") == total.wallet_balance
    assert {
        ("lost", "", "wallet_balance", "failed"),
        ("lost", "", "unrealized_pnl", "failed"),
        ("lost", "", "equity", "failed"),
        ("b", "XYZ", "wallet_balance", "no price"),
        ("b", "XYZ", "equity", "no price"),
        ("a", "BTC", "unrealized_pnl", "not known"),
        ("a", "BTC", "equity", "not known"),
    } == {(e.account, e.asset, e.figure, e.reason) for e in total.excluded}
    assert not total.whole("wallet_balance")


def test_zero_needs_no_price() -> None:
    """
    A row that holds nothing is worth nothing, so that it is missing from no total.
    """
    (value,) = (value for value in BOOK.valued().values if value.asset == "OLD")

    assert (None, Decimal(0), Decimal(0), Decimal(0)) == (
        value.price,
        value.wallet_balance,
        value.unrealized_pnl,
        value.equity,
    )


@pytest.mark.parametrize(
    ("failures", "prices", "complete"),
    [([], TABLE, True), ([], {}, False), ([failure("lost")], TABLE, False)],
)
def test_complete(*, failures: list[Failure], prices: dict[str, Any], complete: bool) -> None:
    """
    What the venue does not tell makes a valuation no less complete; an account or a price that is missing does.
    """
    nothing = balance("a", "OLD", wallet_balance="0", equity="0", unrealized_pnl="0")
    rows = [balance("a", "BTC", wallet_balance="1"), nothing]
    made = report("a", *(f.account for f in failures), balances=rows, failures=failures)

    assert complete is made.valued(prices=prices).complete


def test_sums_by_account_venue_and_asset() -> None:
    """
    Every account has a sum, those that failed too; every asset's says which accounts may hold it as well.
    """
    found = BOOK.valued(prices=TABLE)

    assert ["a", "b", "lost"] == list(found.by_account())
    assert None is found.by_account()["lost"].wallet_balance
    assert found.by_account()["b"].whole("unrealized_pnl")
    assert ["acme"] == list(found.by_venue())
    assert {"lost"} == {e.account for e in found.by_asset()["USDT"].excluded}


def test_chains_are_used() -> None:
    """
    An asset with a price in another that has one is valued through it.
    """
    prices = [price("XYZ", "2", "USDT"), price("USDT", "0.5", at="2026-07-01T11:00:00Z")]
    (xyz,) = (value for value in BOOK.valued(prices=prices).values if value.asset == "XYZ")

    assert Decimal("7.0") == xyz.wallet_balance
    assert ("acme, acme", 11) == (xyz.price and xyz.price.source, xyz.price and xyz.price.at.hour)


def test_failed_sources_are_told() -> None:
    """
    A valuation names the sources that were asked, and says which failed and what is odd about the others.
    """
    book = PriceBook(sources=["acme", "zeta"], prices=[], failures=[failure("prices", "zeta")], notes=["acme: odd."])
    found = BOOK.valued(prices=book)

    assert ("acme", "zeta") == found.sources
    assert ["No prices of zeta: clock: It is late.", "acme: odd."] == [note.message for note in found.notes]


def test_a_book_with_prices_of_ones_own() -> None:
    """
    Prices that are put before those of a book are used before them, and its failures stay.
    """
    book = PriceBook(prices=[price("BTC", "1")], failures=[failure("prices", "zeta")]).preferring([price("BTC", "2")])

    assert [Decimal(2)] == [p.price for p in report("a", balances=[balance("a", "BTC")]).valued(prices=book).prices]
    assert 1 == len(book.failures)


@pytest.mark.parametrize(
    ("equity", "noted"),
    [("100", False), ("100.01", True), ("98.02", False), ("98.01", True), ("-99", True), ("0", True)],
)
def test_the_venues_own_sum(*, equity: str, noted: bool) -> None:
    """
    A venue's own equity in the currency is compared with that of its rows: more than 1 % of it apart is noted.
    """
    whole = summary(equity)
    rows = [balance("a", "USDT", equity="99.0000"), balance("b", "USDT", equity="9")]
    found = report("a", "b", balances=rows, summaries=[whole]).valued(prices={"USDT": 1})

    assert noted is bool(found.notes)
    assert not noted or f"equity of {equity} USD; at these prices they are worth 99.0000" in found.notes[0].message
    assert Decimal(108) == found.total().equity


@pytest.mark.parametrize(
    "changes", [{"currency": "USDT"}, {"asset": "USDT"}, {"equity": None}, {"account": "b"}], ids=str
)
def test_other_sums_are_not_compared(changes: dict[str, Any]) -> None:
    """
    A sum in another currency, of one asset, without equity, or of rows that are not all valued says nothing.
    """
    whole = summary(**changes)
    rows = [
        balance("a", "USDT", equity="100"),
        balance("b", "USDT", equity="100"),
        balance("b", "BTC", wallet_balance="1"),
        balance("c", "XYZ"),
    ]

    assert () == report("a", "b", "c", balances=rows, summaries=[whole]).valued(prices={"USDT": 1}).notes


def test_rows_of_unknown_equity_are_not_compared() -> None:
    """
    Nothing to compare with is no difference.
    """
    whole = summary()

    assert () == report("a", balances=[balance("a", "USDT")], summaries=[whole]).valued(prices={"USDT": 1}).notes


def test_floats_are_refused() -> None:
    """
    A float has lost digits before it comes here; zero and less are no prices.
    """
    wrong: Any = {"USDT": 1.0}
    with pytest.raises(TypeError, match="not a float"):
        BOOK.valued(prices=wrong)
    with pytest.raises(ValueError, match="is no price"):
        BOOK.valued(prices={"USDT": 0})


@pytest.mark.parametrize("currency", ["", " ", "U\nSD"])
def test_no_currency(currency: str) -> None:
    """
    What nothing can be counted in is a wrong question.
    """
    with pytest.raises(ConfigurationError, match="is no currency"):
        BOOK.valued(currency)


def test_strangers_among_the_prices() -> None:
    """
    So is what is no price.
    """
    wrong: Any = ["USDT"]
    with pytest.raises(ConfigurationError, match="A str is no price"):
        BOOK.valued(prices=wrong)


def test_as_json() -> None:
    """
    The values go into a document that the report can still be read from, with each price, its source and its time.
    """
    found = BOOK.valued(prices=TABLE)
    document = json.loads(json.dumps({**BOOK.to_dict(), "valuation": found.to_dict()}))
    told = document["valuation"]

    assert BOOK == BalanceReport.from_dict(document)
    assert ("USD", False, ["OLD", "XYZ"]) == (told["currency"], told["complete"], told["unpriced"])
    assert "103.480810005" == told["total"]["wallet_balance"]
    assert {"account": "lost", "asset": "", "figure": "equity", "reason": "failed"} in told["total"]["excluded"]
    assert "2026-07-01T12:00:00+00:00" == told["values"][0]["price"]["at"]
    assert None is told["by_asset"]["XYZ"]["wallet_balance"]


AMOUNTS: Final = st.none() | st.decimals(
    allow_nan=False, allow_infinity=False, places=18, min_value=-1e15, max_value=1e15
)
COSTS: Final = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value="1e-12", max_value=1e9)


@given(st.lists(AMOUNTS), COSTS)
def test_totals_are_the_sums_of_what_is_known(amounts: list[Decimal | None], cost: Decimal) -> None:
    """
    Whatever is held, the total is exactly what is known times the price, and excludes exactly the rest.
    """
    names = [f"a{n}" for n in range(len(amounts))]
    rows = [balance(name, "XYZ", equity=amount) for name, amount in zip(names, amounts, strict=True)]
    total = report(*names, balances=rows).valued(prices={"XYZ": cost}).total()
    known = [Fraction(amount) for amount in amounts if amount is not None]

    assert (sum(known) * Fraction(cost) if known else None) == (
        None if total.equity is None else Fraction(total.equity)
    )
    assert len(amounts) - len(known) == sum(e.figure == "equity" for e in total.excluded)


def test_it_is_public() -> None:
    """
    What comes back has a public name.
    """
    assert isinstance(BOOK.valued(), Valuation)
