"""
A report that is hard to write: a failed account, figures that nobody knows, 40 digits, minus zero, odd names.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from marginbook import Balance, BalanceReport, Failure, Lock, Note, Price, Summary
from marginbook.report import Valuation

BEGAN: Final = datetime(2026, 11, 20, 12, 0, 0, 250000, tzinfo=UTC)
ENDED: Final = datetime(2026, 11, 20, 12, 0, 1, 500001, tzinfo=UTC)
CHANGED: Final = datetime(2026, 7, 1, 12, 0, 0, 373000, tzinfo=UTC)

#: Names that mean something to a spreadsheet, a shell, a query language or a terminal.
FORMULA: Final = '=HYPERLINK("x")'
ODD: Final = 'd€sk "b" \\ {x}'

#: 40 digits.
LONG: Final = "1234567890123456789012.345678901234567890"


def balance(account: str, asset: str, venue: str = "acme", **fields: Any) -> Balance:
    return Balance(account=account, venue=venue, asset=asset, **fields)


def summary(account: str, venue: str, **fields: Any) -> Summary:
    return Summary(account=account, venue=venue, currency="USD", **fields)


def report(accounts: dict[str, str], **parts: Any) -> BalanceReport:
    return BalanceReport(**{"accounts": accounts, "started_at": BEGAN, "finished_at": ENDED, **parts})


def book(**changes: Any) -> BalanceReport:
    """
    Return the report, but with these parts.
    """
    parts: dict[str, Any] = {
        "balances": [
            balance(
                "desk-a",
                "USDT",
                wallet_balance="100.50",
                unrealized_pnl="-1.25",
                equity="99.25",
                initial_margin="30",
                maintenance_margin="12.5",
                derived={"equity": "x"},
                updated_at=CHANGED,
                notes=["First."],
            ),
            balance("desk-a", "BTC", wallet_balance="-0.00000000", max_withdraw="-0"),
            balance("desk-a", "usdt", wallet_balance="123456789012345"),
            balance(ODD, "1INCH", "über", wallet_balance=LONG, available_balance="0.1234567890123456"),
            balance(ODD, "USD₮", "über", unrealized_pnl="5"),
            balance(FORMULA, "-A1", wallet_balance="0.000001", notes=["=1+1"]),
        ],
        "locks": [Lock(account="desk-a", venue="acme", symbol="@BTC", asset="USDT", blocked_balance=Decimal("1.10"))],
        "summaries": [
            summary(
                "desk-a",
                "acme",
                mode="multi-assets",
                equity="100",
                adjusted_equity="80",
                maintenance_margin="60.01",
                updated_at=CHANGED,
                notes=["Of the whole."],
            ),
            summary(ODD, "über", asset="USD₮"),
        ],
        "failures": [
            Failure(
                account="desk-z",
                venue="acme",
                kind="clock",
                message="It is\nlate.",
                hint="Hurry.",
                until="2026-11-20T12:30:00Z",
            )
        ],
        "notes": [Note(account="desk-a", message="Odd."), Note(account="", message="On all.")],
    }
    accounts = {"desk-a": "acme", ODD: "über", FORMULA: "acme", "desk-z": "acme", "empty": "acme"}
    return report(changes.pop("accounts", accounts), **{**parts, **changes})


BOOK: Final = book()


def whole() -> BalanceReport:
    """
    Return the same report, but complete.
    """
    accounts = {name: venue for name, venue in BOOK.accounts.items() if name != "desk-z"}
    return book(accounts=accounts, failures=[])


def valued(found: BalanceReport = BOOK) -> Valuation:
    """
    Return what it is worth, with a price for USDT alone.
    """
    price: dict[str, Any] = {"asset": "USDT", "currency": "USD", "price": "0.9998", "source": "a table", "at": CHANGED}
    return Valuation.of(found, "USD", [Price(**price)])
