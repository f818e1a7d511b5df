"""
What a report is worth, for people.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest

from marginbook import Balance, BalanceReport, Failure, Price, PriceBook, Summary, View
from marginbook.output import worth
from marginbook.registry import installed


def balance(account: str, asset: str, **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def report(*accounts: str, **parts: Any) -> BalanceReport:
    times = {"started_at": "2026-07-01T12:00:00Z", "finished_at": "2026-07-01T12:00:01Z"}
    return BalanceReport(**{"accounts": dict.fromkeys(accounts, "acme"), **times, **parts})


def price(asset: str, amount: str, **more: Any) -> Price:
    at = "2026-07-01T11:59:00Z"
    return Price(**{"asset": asset, "currency": "USD", "price": amount, "source": "acme index", "at": at, **more})


LOST: Final = Failure(account="desk-c", venue="acme", kind="clock", message="It is late.")
BOOK: Final = report(
    "desk-a",
    "desk-b",
    "desk-c",
    balances=[
        balance("desk-a", "USDT", wallet_balance="100.50", unrealized_pnl="0", equity="100.50"),
        balance("desk-a", "BTC", wallet_balance="2"),
        balance("desk-b", "XYZ", wallet_balance="7", unrealized_pnl="0", equity="7"),
    ],
    failures=[LOST],
)
PRICES: Final = PriceBook(
    sources=["acme", "zeta"],
    prices=[price("USDT", "0.9998"), price("BTC", "91000", bid_rate="86450", ask_rate="95550")],
    failures=[Failure(account="prices", venue="zeta", kind="timeout", message="It is slow.")],
)


def test_every_digit_and_every_gap() -> None:
    """
    Sums by account and in all, marked where something is missing; then prices with source and time, then the gaps.
    """
    lines = worth.write(BOOK.valued(prices=PRICES)).splitlines()
    cells = [line.split() for line in lines]

    assert ["", "Value in USD, INCOMPLETE: see what is excluded"] == lines[:2]
    assert ["desk-a", "182100.479900", "0!", "100.479900!"] in cells
    assert ["desk-b", "?", "0", "?"] in cells
    assert ["desk-c", "?", "?", "?"] in cells
    assert ["total", "182100.479900!", "0!", "100.479900!"] in cells
    assert [
        "BTC",
        "91000",
        "acme",
        "index",
        "2026-07-01",
        "11:59:00",
        "UTC",
        "86450",
        "if",
        "owned,",
        "95550",
        "if",
        "owed",
    ] in cells
    assert ["USDT", "0.9998", "acme", "index", "2026-07-01", "11:59:00", "UTC"] in cells
    assert [
        "Excluded: desk-a BTC: unrealized PnL, equity: not known",
        "Excluded: desk-b XYZ: wallet, equity: no price",
        "Excluded: desk-c: failed",
        "No prices of zeta: timeout: It is slow.",
        "? not known   ! without what is excluded   asked for prices: acme, zeta",
    ] == lines[-5:]


def test_nothing_missing() -> None:
    """
    A valuation without gaps says so by its headline, and that nobody was asked.
    """
    row = balance("a", "USDT", wallet_balance="1", unrealized_pnl="0", equity="1")
    text = worth.write(report("a", balances=[row]).valued(prices={"USDT": 1}))

    assert text.startswith("\nValue in USD\n")
    assert "Excluded" not in text
    assert text.endswith("asked for prices: nobody\n")
    assert "!" not in text.replace("! without", "")


def test_a_note_on_an_account() -> None:
    """
    A remark on an account begins with its name.
    """
    row = balance("desk-a", "USDT", equity="1")
    whole = Summary(account="desk-a", venue="acme", currency="USD", equity=Decimal(5))
    text = worth.write(report("desk-a", balances=[row], summaries=[whole]).valued(prices={"USDT": 1}))

    assert "\ndesk-a: The venue adds its rows up to an equity of 5 USD; " in text


@pytest.mark.parametrize(("columns", "wide"), [("200", True), ("40", False)])
def test_on_a_terminal(
    *,
    columns: str,
    wide: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    A terminal that is too narrow gets a figure a line, with all its digits.
    """
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    worth.show(BOOK.valued(prices=PRICES))
    text = capsys.readouterr().out

    assert wide is ("─" in text)
    assert "182100.479900" in text
    assert wide or "  wallet          182100.479900!\n" in text
    assert wide or "\nUSDT 0.9998 acme index, 2026-07-01 11:59:00 UTC\n" in text


def test_as_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Without a terminal, standard output gets the tables.
    """
    valuation = BOOK.valued(prices=PRICES)
    output = installed().output("table")
    view = View(BOOK, valuation)
    assert output.show
    output.show(view)
    written = output.write(view)

    assert written == f"{BOOK}\n{worth.write(valuation)}"
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == str(written).splitlines()
