"""
Balance directives, read by beancount itself.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest
from beancount import loader
from beancount.core import data
from hypothesis import given

from books import BOOK, LONG, balance, report, whole
from fuzzing import examples
from marginbook import BalanceReport, Failure
from marginbook.output import ledger
from strategies import Asked, asked

TEXT: Final = """\
; INCOMPLETE: 4 of 5 accounts, 2026-11-20 12:00:00 UTC.
; Balances are checked at the start of 2026-11-21: what is booked on 2026-11-20 is in them.
; On all.
; desk-a: Odd.

; MISSING: desk-z (acme): clock: It is
; late. Hurry. Not before 2026-11-20 12:30:00 UTC.
2026-11-21 custom "marginbook-missing" "desk-z" "acme" "clock"

; The account "=HYPERLINK(\\"x\\")" is written X-HYPERLINK--x--.
; The account "desk-a" is written Desk-a.
; The account "d€sk \\"b\\" \\\\ {x}" is written D-sk--b-----x-.
; The venue "acme" is written Acme.
; The venue "über" is written X-ber.
; The asset "-A1" is written X-A1.
; The asset "USD₮" is written USD-.
; The asset "usdt" is written Usdt.
; The currency "-A1" is written X-A1.
; The currency "1INCH" is written X1INCH.
; The currency "usdt" is written USDT-CD1634.
; The currency "USD₮" is written USD-X.

2026-11-21 balance Assets:Marginbook:Acme:X-HYPERLINK--x--:X-A1 0.000001 ~ 0 X-A1
2026-11-21 balance Assets:Marginbook:Acme:Desk-a:BTC 0.00000000 ~ 0 BTC
2026-11-21 balance Assets:Marginbook:Acme:Desk-a:USDT 100.50 ~ 0 USDT
2026-11-21 balance Assets:Marginbook:Acme:Desk-a:Usdt 123456789012345 ~ 0 USDT-CD1634
2026-11-21 balance Assets:Marginbook:X-ber:D-sk--b-----x-:1INCH 1234567890123456789012.345678901234567890 ~ 0 X1INCH
; 2026-11-21 balance Assets:Marginbook:X-ber:D-sk--b-----x-:USD- ? USD-X  ; not known

; Open the accounts once, with a date before the first entry:

; 2026-11-20 open Assets:Marginbook:Acme:X-HYPERLINK--x--:X-A1 X-A1
; 2026-11-20 open Assets:Marginbook:Acme:Desk-a:BTC BTC
; 2026-11-20 open Assets:Marginbook:Acme:Desk-a:USDT USDT
; 2026-11-20 open Assets:Marginbook:Acme:Desk-a:Usdt USDT-CD1634
; 2026-11-20 open Assets:Marginbook:X-ber:D-sk--b-----x-:1INCH X1INCH
; 2026-11-20 open Assets:Marginbook:X-ber:D-sk--b-----x-:USD- USD-X
"""


def loaded(text: str, booked: str = "") -> tuple[list[Any], list[Any]]:
    """
    What beancount reads once the accounts are open, and what it finds wrong.
    """
    day = "; 1970-01-01 open" if "; 1970-01-01 open" in text else "; 2026-11-20 open"
    entries, errors, _ = loader.load_string(text.replace(day, day[2:]) + booked)
    return entries, errors


def balances(found: BalanceReport) -> list[Any]:
    entries, errors = loaded(ledger.write(found))
    # The books of the tests are empty, so that other balances than zero fail; nothing else may.
    assert set() == {type(error).__name__ for error in errors} - {"BalanceError"}
    return [entry for entry in entries if isinstance(entry, data.Balance)]


def test_the_whole_text() -> None:
    """
    What is missing first, then names that had to change, the balances, and how to open the accounts.
    """
    assert TEXT == ledger.write(BOOK)


def test_beancount_reads_every_digit() -> None:
    """
    Each known wallet is a balance of the day after, to the last digit; what is not known is none.
    """
    assert [Decimal("0.000001"), Decimal("0E-8"), Decimal("100.50"), Decimal(123456789012345), Decimal(LONG)] == [
        entry.amount.number for entry in balances(BOOK)
    ]
    assert {date(2026, 11, 21)} == {entry.date for entry in balances(BOOK)}


def test_a_query_finds_what_is_missing() -> None:
    """
    A comment could be overlooked: an account that could not be read is an entry as well.
    """
    entries, _ = loaded(ledger.write(BOOK))

    assert [("marginbook-missing", ["desk-z", "acme", "clock"])] == [
        (entry.type, [value.value for value in entry.values]) for entry in entries if isinstance(entry, data.Custom)
    ]
    assert ledger.write(whole()).startswith("; Complete: 4 of 4 accounts, ")
    assert "MISSING" not in ledger.write(whole())


@pytest.mark.parametrize(("booked", "expected"), [("0.00000001", 0), ("0.00000002", 1), ("0", 1)])
def test_beancount_compares_every_digit(booked: str, expected: int) -> None:
    """
    A difference in the last digit is an error, which beancount by itself would let pass.
    """
    text = ledger.write(report({"a": "v"}, balances=[balance("a", "BTC", "v", wallet_balance="0.00000001")]))
    entry = f"2026-11-20 open Equity:X\n2026-11-20 *\n  Assets:Marginbook:V:A:BTC  {booked} BTC\n  Equity:X\n"

    assert expected == len(loaded(text, entry)[1])


def test_several_rows_of_an_asset() -> None:
    """
    They are one balance, which is not known if one of them is not.
    """
    rows = [balance("a", "BTC", wallet_balance="1.5"), balance("a", "BTC", wallet_balance="2")]
    unknown = report({"a": "acme"}, balances=[*rows, balance("a", "BTC")])

    assert [Decimal("3.5")] == [entry.amount.number for entry in balances(report({"a": "acme"}, balances=rows))]
    assert "BTC ? BTC  ; not known\n" in ledger.write(unknown)
    assert [] == balances(unknown)


def test_names_that_would_be_the_same() -> None:
    """
    They are told apart, each by a mark of its own, and the one that needs no change keeps its name.
    """
    accounts = dict.fromkeys(["A b", "A-b", "A_b"], "acme")
    found = report(accounts, balances=[balance(name, "BTC", wallet_balance="1") for name in accounts])
    names = [entry.account.split(":")[3] for entry in balances(found)]

    assert ["A-b", "A-b-08EB65", "A-b-A760B0"] == sorted(names)
    assert 'The account "A b" is written A-b-' in ledger.write(found)


@pytest.mark.parametrize(
    ("asset", "currency"),
    [
        ("USDT", "USDT"),
        ("TRUE", "TRUEX"),
        ("FALSE", "FALSEX"),
        ("NULL", "NULLX"),
        ("S", "SX"),
        ("1000SHIB", "X1000SHIB"),
        ("A.", "A.X"),
        ("ß", "SS"),
        ("LONG" * 7, "LONG" * 5 + "LONX"),
    ],
)
def test_currencies(asset: str, currency: str) -> None:
    """
    Every asset becomes a word that is a currency to beancount.
    """
    (entry,) = balances(report({"a": "acme"}, balances=[balance("a", asset, wallet_balance="0")]))

    assert currency == entry.amount.currency


def test_no_rows() -> None:
    """
    Without rows there are comments alone, and who is missing.
    """
    failed = Failure(account="a", venue="acme", kind="timeout", message="It hangs.")

    assert "; Complete: 0 of 0 accounts, " in ledger.write(report({}))
    assert "open" not in ledger.write(report({}))
    assert [] == balances(report({"a": "acme"}, failures=[failed]))


@examples(40)
@given(asked())
def test_whatever_is_in_a_report(asked: Asked) -> None:
    """
    Beancount reads it without a complaint but of balances, and finds one balance a known wallet and asset.
    """
    found = asked.report()
    groups: dict[tuple[str, str], list[Decimal | None]] = {}
    for row in found.balances:
        groups.setdefault((row.account, row.asset), []).append(row.wallet_balance)
    known = [wallet for (wallet,) in groups.values() if wallet is not None]

    assert sorted(known) == sorted(entry.amount.number for entry in balances(found))
