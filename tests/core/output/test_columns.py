"""
Arrow, Parquet and polars: every digit, read again by the tools that they are for.
"""

from __future__ import annotations

import io
import sys
from decimal import Decimal
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from books import BEGAN, BOOK, CHANGED, LONG, balance, book, report, whole
from fuzzing import examples
from marginbook import ConfigurationError, exact
from marginbook.output import columns, sheet
from marginbook.values import AMOUNTS
from strategies import amounts

#: The same without the amount that polars has no place for.
SHORT: Final = book(balances=[b for b in BOOK.balances if b.asset != "1INCH"])


def rows(found: Any = BOOK) -> list[dict[str, Any]]:
    return [{**dict.fromkeys(sheet.COLUMNS), **row} for row in sheet.rows(found)]


def test_arrow_holds_the_rows() -> None:
    """
    Every cell is what the report says, the failed and the empty account included; what is not known is null.
    """
    assert rows() == BOOK.to_arrow().to_pylist()
    assert ["clock"] == [row["state"] for row in BOOK.to_arrow().to_pylist() if row["account"] == "desk-z"]


def test_types() -> None:
    """
    Amounts are decimals with the scale of the column's longest fraction, wide where they have to be; times are in UTC.
    """
    schema = BOOK.to_arrow().schema

    assert pa.decimal256(76, 18) == schema.field("wallet_balance").type
    assert pa.decimal128(38, 16) == schema.field("available_balance").type
    assert pa.decimal128(38, 0) == schema.field("order_margin").type
    assert pa.timestamp("us", tz="UTC") == schema.field("updated_at").type
    assert list(sheet.COLUMNS) == schema.names


def test_what_is_missing_is_in_the_schema() -> None:
    """
    A table that is handed on says whether it is complete, and of which schema it is.
    """
    assert {
        b"schema": b"marginbook.balance-report",
        b"schema_version": b"2",
        b"complete": b"false",
        b"missing": b'["desk-z"]',
        b"started_at": BEGAN.isoformat().encode(),
        b"finished_at": b"2026-11-20T12:00:01.500001+00:00",
    } == BOOK.to_arrow().schema.metadata
    assert b"true" == whole().to_arrow().schema.metadata[b"complete"]
    assert b"[]" == whole().to_arrow().schema.metadata[b"missing"]


def test_parquet() -> None:
    """
    What pyarrow reads from the file is the very table, and its metadata.
    """
    read = pq.read_table(io.BytesIO(columns.parquet(BOOK)))

    assert rows() == read.to_pylist()
    assert BOOK.to_arrow().schema.equals(read.schema, check_metadata=True)
    assert columns.parquet(BOOK) == columns.parquet(BOOK)


def test_polars_reads_the_parquet() -> None:
    """
    So does polars, for amounts of up to 38 digits.
    """
    read = pl.read_parquet(io.BytesIO(columns.parquet(SHORT)))

    assert rows(SHORT) == read.to_dicts()


def test_a_polars_frame() -> None:
    """
    Amounts are its Decimal, and every cell is what the report says.
    """
    frame = SHORT.to_polars()

    assert rows(SHORT) == frame.to_dicts()
    assert {pl.Decimal} == {frame.schema[name].base_type() for name in AMOUNTS}
    assert pl.Datetime("us", "UTC") == frame.schema["updated_at"]
    assert Decimal("99.25") == frame["equity"].sum()


def test_polars_has_no_place_for_40_digits() -> None:
    """
    An amount that would have to be rounded is refused.
    """
    with pytest.raises(ConfigurationError, match=r"column wallet_balance needs more than the 38 digits that polars"):
        BOOK.to_polars()


@examples(100)
@given(st.lists(st.none() | amounts, max_size=4))
def test_every_number_survives(found: list[Decimal | None]) -> None:
    """
    Whatever the amounts of a column are, they are equal when they are read again, or refused.
    """
    book = report({"a": "acme"}, balances=[balance("a", f"X{i}", equity=x) for i, x in enumerate(found)])
    known = [exact(x) for x in found if x is not None]
    fractions = max((-int(x.as_tuple().exponent) for x in known), default=0)
    if fractions + max(0, *(x.adjusted() + 1 for x in known), 0) > 76:
        with pytest.raises(ConfigurationError, match="76 digits that Arrow keeps"):
            columns.parquet(book)
    else:
        read = pq.read_table(io.BytesIO(columns.parquet(book))).column("equity").to_pylist()
        # An account without assets has a row as well.
        assert (found or [None]) == read


@pytest.mark.parametrize("digits", [38, 39, 76, 77])
@pytest.mark.parametrize("point", [0, 1, 20])
def test_at_the_limits(digits: int, point: int) -> None:
    """
    38 digits are narrow, 76 are wide, and more are refused.
    """
    amount = Decimal("9" * digits).scaleb(-point) if digits <= 28 else Decimal((0, (9,) * digits, -point))
    book = report({"a": "acme"}, balances=[balance("a", "X", equity=amount)])
    if digits > 76:
        with pytest.raises(ConfigurationError, match="more than the 76 digits"):
            book.to_arrow()
    else:
        table = book.to_arrow()
        assert (pa.decimal128(38, point) if digits == 38 else pa.decimal256(76, point)) == table.schema.field(
            "equity"
        ).type
        assert [amount] == table.column("equity").to_pylist()


def test_an_empty_report() -> None:
    """
    Without accounts there are columns and no rows.
    """
    assert (0, len(sheet.COLUMNS)) == report({}).to_arrow().shape
    assert (0, len(sheet.COLUMNS)) == report({}).to_polars().shape


def test_times_and_digits() -> None:
    """
    Two figures by hand, not by the code that makes the rows.
    """
    (long,) = (row for row in BOOK.to_arrow().to_pylist() if row["asset"] == "1INCH")
    (changed,) = (row["updated_at"] for row in BOOK.to_arrow().to_pylist() if row["asset"] == "USDT")

    assert (Decimal(LONG), CHANGED) == (long["wallet_balance"], changed)


@pytest.mark.parametrize(
    ("package", "method", "expected"),
    [
        ("pyarrow", "to_arrow", "Arrow and Parquet need the package pyarrow. pip install 'marginbook[arrow]'"),
        (
            "pyarrow",
            "to_polars",
            "A polars data frame needs the packages polars and pyarrow. pip install 'marginbook[polars]'",
        ),
        (
            "polars",
            "to_polars",
            "A polars data frame needs the packages polars and pyarrow. pip install 'marginbook[polars]'",
        ),
    ],
)
def test_missing_packages(monkeypatch: pytest.MonkeyPatch, package: str, method: str, expected: str) -> None:
    """
    Who has not installed the extra is told how.
    """
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError) as caught:
        getattr(BOOK, method)()

    assert expected == str(caught.value)
