"""
Amounts: each digit of each, or an error.
"""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzing import examples
from marginbook import Balance, BalanceReport, Lock, exact
from marginbook.values import AMOUNTS
from strategies import LOCKED, Asked, amounts, asked, figures, spelled

#: What is no finite number.
ENDLESS = [f"{sign}{kind}" for sign in ("", "-") for kind in ("NaN", "sNaN", "NaN123", "Infinity")]


def spellings(rows: Any, names: tuple[str, ...]) -> list[list[str]]:
    return [[spelled(getattr(row, name)) for name in names] for row in rows]


def total(amounts: list[Decimal | None]) -> Fraction | None:
    """
    Add up without the help of what is tested, and without decimals.
    """
    known = [Fraction(amount) for amount in amounts if amount is not None]
    return sum(known, Fraction()) if len(known) == len(amounts) else None


@examples(300)
@given(amounts, st.sampled_from(AMOUNTS))
def test_a_balance_keeps_each_digit(amount: Decimal, name: str) -> None:
    """
    An amount is what it was, with its zeros at the end and its sign, as a Decimal and as a text.
    """
    figures: Any = {name: amount}
    texts: Any = {name: spelled(amount)}

    assert spelled(amount) == spelled(getattr(Balance(account="a", venue="v", asset="X", **figures), name))
    assert spelled(amount) == spelled(getattr(Balance(account="a", venue="v", asset="X", **texts), name))


@examples(60)
@given(asked())
def test_json_keeps_each_digit(question: Asked) -> None:
    """
    A report that was written as JSON and read again is the same report, digit for digit.
    """
    report = question.report()
    again = BalanceReport.from_dict(json.loads(report.to_json()))

    assert report == again
    assert spellings(question.rows, AMOUNTS) == spellings(again.balances, AMOUNTS)
    assert spellings(report.locks, LOCKED) == spellings(again.locks, LOCKED)
    assert report.to_json() == again.to_json()


@examples(60)
@given(asked())
def test_csv_keeps_each_digit(question: Asked) -> None:
    """
    Each row is in the CSV, digit for digit, and no other row has an amount.
    """
    report = question.report()
    lines = list(csv.DictReader(io.StringIO(report.to_csv(), newline="")))
    written = [[line[name] for name in AMOUNTS] for line in lines]

    assert spellings(question.rows, AMOUNTS) == [row for row, line in zip(written, lines, strict=True) if line["asset"]]
    assert [] == [row for row, line in zip(written, lines, strict=True) if any(row) and not line["asset"]]
    assert len(question.rows) + len(question) - len({row.account for row in question.rows}) == len(lines)


@examples(60)
@given(asked())
def test_json_lines_keep_each_digit(question: Asked) -> None:
    """
    So do JSON lines.
    """
    lines = map(json.loads, question.report().to_jsonl().split("\n")[:-1])
    written = [[line[name] or "" for name in AMOUNTS] for line in lines if line["type"] == "balance"]

    assert spellings(question.rows, AMOUNTS) == written


@examples(60)
@given(asked())
def test_totals(question: Asked) -> None:
    """
    A total is the sum of the rows of its asset and of nothing else. It is not known where one of them is not, and it
    names the accounts that may hold more.
    """
    totals = question.report().totals()
    rows = {asset: [row for row in question.rows if row.asset == asset] for asset in totals}

    assert sorted({row.asset for row in question.rows}) == list(totals)
    for asset, found in totals.items():
        assert asset == found.asset
        assert tuple(row.account for row in rows[asset]) == found.accounts
        assert (tuple(question.failed), not question.failed) == (found.missing, found.complete)
        for name in AMOUNTS:
            expected, amount = total([getattr(row, name) for row in rows[asset]]), getattr(found, name)
            assert expected == (None if amount is None else Fraction(amount))


@examples(100)
@given(st.lists(figures, min_size=1, max_size=6), st.sampled_from(AMOUNTS), st.sampled_from(AMOUNTS))
def test_one_unknown_figure(column: list[Decimal | None], name: str, other: str) -> None:
    """
    A figure that one row does not know leaves the totals of all other figures, and of all other assets, alone.
    """
    rows: list[Any] = [
        {"account": str(number), "venue": "v", "asset": "X", **dict.fromkeys(AMOUNTS, Decimal(1)), name: amount}
        for number, amount in enumerate(column)
    ]
    rows.append({"account": "0", "venue": "v", "asset": "Y", **dict.fromkeys(AMOUNTS, Decimal(5))})
    report = BalanceReport(
        accounts={row["account"]: "v" for row in rows},
        balances=[Balance(**row) for row in rows],
        started_at="1970-01-01T00:00Z",
        finished_at="1970-01-01T00:00Z",
    )
    found = report.totals()

    assert (None in column) is (getattr(found["X"], name) is None)
    if other != name:
        assert Decimal(len(column)) == getattr(found["X"], other)
    assert {Decimal(5)} == {getattr(found["Y"], amount) for amount in AMOUNTS}


@examples(100)
@given(st.floats(), st.sampled_from(AMOUNTS), st.sampled_from(LOCKED))
def test_floats_are_refused(number: float, name: str, locked: str) -> None:
    """
    A float has lost digits already, even where it looks as if it had not.
    """
    figure: Any = {name: number}
    lock: Any = {locked: number}
    amount: Any = number

    with pytest.raises(TypeError, match="not a float"):
        Balance(account="a", venue="v", asset="X", **figure)
    with pytest.raises(TypeError, match="not a float"):
        Lock(account="a", venue="v", asset="X", symbol="S", **lock)
    with pytest.raises(TypeError, match="not a float"):
        exact(amount)


@examples(100)
@given(st.sampled_from(ENDLESS), st.sampled_from(AMOUNTS), st.sampled_from(LOCKED), st.sampled_from([str, Decimal]))
def test_what_is_no_number_is_refused(text: str, name: str, locked: str, kind: type) -> None:
    """
    NaN and Infinity are no amounts, neither as a Decimal nor as a text.
    """
    figure: Any = {name: kind(text)}
    lock: Any = {locked: kind(text)}

    with pytest.raises(ValueError, match="is not an amount"):
        Balance(account="a", venue="v", asset="X", **figure)
    with pytest.raises(ValueError, match="is not an amount"):
        Lock(account="a", venue="v", asset="X", symbol="S", **lock)


@examples(300)
@given(st.text(max_size=12) | st.from_regex(r"[-+]?[0-9_]{1,5}[.,]?[0-9]{0,5}([eE][-+]?[0-9]{1,4})?"))
def test_texts_are_amounts_or_refused(text: str) -> None:
    """
    A text is the number that it spells, or no amount.
    """
    try:
        amount = exact(text)
    except ValueError:
        return

    assert Fraction(text) == Fraction(amount)
    assert amount.is_finite()
