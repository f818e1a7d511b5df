"""
One row a balance: CSV, and a data frame.
"""

from __future__ import annotations

import csv
import io
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbook import Balance, BalanceReport, ConfigurationError, Failure, Note, exact
from marginbook.output import sheet
from marginbook.values import AMOUNTS
from marginbook.values.times import EPOCH

NOON: Final = datetime(2026, 7, 1, 12, 0, 0, 373000, tzinfo=UTC)


def balance(account: str, asset: str, **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def report(*accounts: str, **parts: Any) -> BalanceReport:
    times = {"started_at": EPOCH, "finished_at": EPOCH}
    return BalanceReport(**{"accounts": dict.fromkeys(accounts, "acme"), **times, **parts})


BOOK: Final = report(
    "a",
    "b",
    "c",
    balances=[
        balance(
            "c",
            "USDT",
            wallet_balance="100.50",
            unrealized_pnl="-1.25",
            equity="99.25",
            derived={"equity": "x", "unrealized_pnl": "y"},
            updated_at=NOON,
            notes=["One, two.", 'A "third".'],
        ),
        balance("c", "BTC", wallet_balance="0.00000000", max_withdraw="9007199254740993.123456789012345678"),
    ],
    failures=[Failure(account="b", venue="acme", kind="clock", message="It is late.", hint="Hurry.")],
)

#: What `BOOK` looks like in a file.
TEXT: Final = (
    "account,venue,state,asset,wallet_balance,unrealized_pnl,equity,initial_margin,position_margin,order_margin,"
    "maintenance_margin,available_balance,max_withdraw,cross_wallet_balance,cross_unrealized_pnl,updated_at,derived,"
    "notes\n"
    "a,acme,ok,,,,,,,,,,,,,,,The venue reports no assets.\n"
    "b,acme,clock,,,,,,,,,,,,,,,It is late. Hurry.\n"
    "c,acme,ok,BTC,0.00000000,,,,,,,,9007199254740993.123456789012345678,,,,,\n"
    "c,acme,ok,USDT,100.50,-1.25,99.25,,,,,,,,,2026-07-01T12:00:00.373000+00:00,unrealized_pnl equity,"
    '"One, two. A ""third""."\n'
)


def test_what_is_said_of_an_account_is_not_lost() -> None:
    """
    Each row has its own notes, those of its account, and those of the whole report.
    """
    notes = [
        Note(account="a", message="Of a."),
        Note(account="b", message="Of b."),
        Note(account="", message="Of all."),
    ]
    book = report("a", "b", balances=[balance("a", "USDT", notes=["Of the row."])], notes=notes)

    assert ["Of the row. Of all. Of a.", "The venue reports no assets. Of all. Of b."] == [
        row["notes"] for row in read(book.to_csv())
    ]


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv() -> None:
    """
    The whole text: a row a balance, an account that has none, and one that could not be read.
    """
    assert TEXT == BOOK.to_csv()


@given(st.lists(st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=18), min_size=11, max_size=11))
def test_every_digit_survives(amounts: list[Decimal | None]) -> None:
    """
    What is written and read again is the very same amount, and what is not known stays empty.
    """
    fields = dict(zip(AMOUNTS, amounts, strict=True))
    (row,) = read(report("a", balances=[balance("a", "X", **fields)]).to_csv())

    assert {name: None if amount is None else amount.as_tuple() for name, amount in fields.items()} == {
        name: exact(row[name]).as_tuple() if row[name] else None for name in AMOUNTS
    }


@pytest.mark.parametrize("first", ["=", "+", "-", "@"])
def test_names_are_no_formulas(first: str) -> None:
    """
    A text that a spreadsheet would take for a formula gets an apostrophe; a negative amount does not.
    """
    name = f"{first}HYPERLINK()"
    found = report(name, balances=[balance(name, name, equity="-1", notes=[name])])
    (row,) = read(found.to_csv())

    assert [f"'{name}"] * 3 == [row["account"], row["asset"], row["notes"]]
    assert "-1" == row["equity"]


def test_lines_in_notes() -> None:
    """
    A note of several lines stays in its cell, and what cannot be printed is spelled out.
    """
    (row,) = read(report("a", balances=[balance("a", "X", notes=["\tOne,\r\ntwo."])]).to_csv())

    assert ("ok", "\\tOne,\\r\ntwo.") == (row["state"], row["notes"])


def test_a_data_frame() -> None:
    """
    Amounts are Decimals and what is not known is None: no cell is a float, a failed account's included.
    """
    frame = BOOK.to_pandas()

    assert list(sheet.COLUMNS) == list(frame.columns)
    assert {"object"} == set(map(str, frame.dtypes))
    assert {Decimal, str, datetime, type(None)} == {type(cell) for row in frame.to_numpy() for cell in row}
    assert [None, None, Decimal("0E-8"), Decimal("100.50")] == list(frame["wallet_balance"])
    assert ["ok", "clock", "ok", "ok"] == list(frame["state"])
    assert [None, None, None, NOON] == list(frame["updated_at"])


def test_an_empty_data_frame() -> None:
    """
    A report without accounts has columns, and no rows.
    """
    frame = report().to_pandas()

    assert (0, len(sheet.COLUMNS)) == frame.shape
    assert f"{','.join(sheet.COLUMNS)}\n" == report().to_csv()


def test_no_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Who has not installed the extra is told how.
    """
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigurationError) as caught:
        BOOK.to_pandas()

    assert "A data frame needs the package pandas. pip install 'marginbook[pandas]'" == str(caught.value)
