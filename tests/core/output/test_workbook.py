"""
The workbook, read by another package than the one that writes it.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from books import BOOK, CHANGED, ENDED, FORMULA, LONG, ODD, balance, book, report, valued, whole
from fuzzing import examples
from marginbook import BalanceReport, ConfigurationError, Failure, Lock, Note, View, exact
from marginbook.output import workbook
from marginbook.values import AMOUNTS, SUMMARY_AMOUNTS
from strategies import amounts, spelled

SHEETS: Final = ["Report", "Accounts", "Balances", "Totals", "Locks", "Summaries"]


def opened(view: View) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook.write(view)))


def rows(found: BalanceReport, sheet: str, view: View | None = None) -> list[dict[str, Any]]:
    """
    The cells of each row below the headings, by heading.
    """
    _, _, headings, *cells = opened(view or View(found))[sheet].iter_rows()
    return [dict(zip([str(h.value) for h in headings], row, strict=True)) for row in cells]


def values(found: BalanceReport, sheet: str, view: View | None = None) -> list[dict[str, Any]]:
    return [{name: cell.value for name, cell in row.items()} for row in rows(found, sheet, view)]


def row_of(sheet: str, asset: str) -> dict[str, Any]:
    (row,) = (row for row in rows(BOOK, sheet) if row["asset"].value == asset)
    return row


def read(cell: Any) -> Decimal | None:
    """
    The amount of a cell: a number has the digits that Excel shows of it.
    """
    if cell.data_type == "n":
        return Decimal(f"{cell.value:.15g}")
    return None if cell.value == "=NA()" else exact(cell.value)


def test_every_sheet_says_what_is_missing() -> None:
    """
    In red and first, where the report is not complete; otherwise it says that nothing is.
    """
    book = opened(View(BOOK, valued()))

    assert [*SHEETS, "Values", "Value totals"] == book.sheetnames
    for sheet in book:
        first = sheet["A1"]
        assert "INCOMPLETE: 4 of 5 accounts, 2026-11-20 12:00:00 UTC. Missing: desk-z" == first.value
        assert ("FFC00000", True) == (first.font.color.rgb, first.font.bold)
    for sheet in opened(View(whole())):
        assert "Complete: 4 of 4 accounts, 2026-11-20 12:00:00 UTC." == sheet["A1"].value
        assert None is sheet["A1"].font.color or "FFC00000" != sheet["A1"].font.color.rgb


def test_numbers() -> None:
    """
    An amount that a number keeps is one, and its format shows all its decimals.
    """
    row = row_of("Balances", "USDT")

    assert ("n", 100.5, "#,##0.00") == (
        row["wallet_balance"].data_type,
        row["wallet_balance"].value,
        row["wallet_balance"].number_format,
    )
    assert ("n", 30, "#,##0") == (
        row["initial_margin"].data_type,
        row["initial_margin"].value,
        row["initial_margin"].number_format,
    )
    assert "n" == row_of("Balances", "usdt")["wallet_balance"].data_type


def test_long_amounts() -> None:
    """
    An amount with more digits than a number keeps is a yellow text, and the sheet says so.
    """
    row = row_of("Balances", "1INCH")

    assert ("s", LONG, "FFFFF2CC") == (
        row["wallet_balance"].data_type,
        row["wallet_balance"].value,
        row["wallet_balance"].fill.fgColor.rgb,
    )
    assert ("s", "0.1234567890123456") == (row["available_balance"].data_type, row["available_balance"].value)
    assert "2 amounts have more digits than a number keeps here: they are yellow texts, left out by SUM." == (
        opened(View(BOOK))["Balances"]["A2"].value
    )
    assert None is opened(View(BOOK))["Locks"]["A2"].value


@pytest.mark.parametrize(
    ("amount", "kind"),
    [
        ("999999999999999", "n"),
        ("9999999999999999", "s"),
        ("1000000000000000000000000", "n"),
        ("0.00000000000000000", "n"),
        (f"0.{'0' * 29}1", "n"),
        (f"0.{'0' * 30}1", "s"),
        (f"0.{'0' * 31}", "s"),
        ("-123456.789012345", "n"),
        ("-123456.7890123456", "s"),
    ],
)
def test_the_limits_of_numbers(amount: str, kind: str) -> None:
    """
    A number has 15 digits, and a format shows 30 decimals: what goes beyond is a text.
    """
    (row,) = rows(report({"a": "acme"}, balances=[balance("a", "X", equity=amount)]), "Balances")
    cell = row["equity"]

    assert (kind, Decimal(amount)) == (cell.data_type, read(cell))
    assert kind == "s" or len(amount.partition(".")[2]) == len(cell.number_format.partition(".")[2])


def test_unknown_figures() -> None:
    """
    What nobody knows is an error to a sum, and not an empty cell; an account without assets has empty ones.
    """
    failed, empty = (
        [row for row in rows(BOOK, "Balances") if row["account"].value == name] for name in ("desk-z", "empty")
    )

    assert ("f", "=NA()") == (
        row_of("Balances", "BTC")["equity"].data_type,
        row_of("Balances", "BTC")["equity"].value,
    )
    assert {"=NA()"} == {failed[0][name].value for name in (*AMOUNTS, "margin_ratio", "updated_at (UTC)")}
    assert {None} == {empty[0][name].value for name in (*AMOUNTS, "margin_ratio", "updated_at (UTC)")}
    calculated = openpyxl.load_workbook(io.BytesIO(workbook.write(View(BOOK))), data_only=True)["Balances"]
    assert ("#N/A", "e") == (calculated["F4"].value, calculated["F4"].data_type)


def test_texts_are_no_formulas() -> None:
    """
    A name or note that looks like a formula is text.
    """
    book = opened(View(BOOK, valued()))
    formulas = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"}
    row = row_of("Balances", "-A1")

    assert {"=NA()"} == formulas
    assert [("s", FORMULA), ("s", "-A1"), ("s", "=1+1 On all.")] == [
        (row[name].data_type, row[name].value) for name in ("account", "asset", "notes")
    ]
    assert "@BTC" == values(BOOK, "Locks")[0]["symbol"]


def test_times() -> None:
    """
    Times are dates of the workbook, in UTC, or text before the year 1900, which it has no dates for.
    """
    early = datetime(1899, 12, 31, tzinfo=UTC)
    found = report({"a": "acme"}, balances=[balance("a", "X", updated_at=early)])

    assert CHANGED.replace(tzinfo=None) == row_of("Balances", "USDT")["updated_at (UTC)"].value
    assert "1899-12-31 00:00:00+00:00" == values(found, "Balances")[0]["updated_at (UTC)"]


def test_accounts() -> None:
    """
    Each account that was asked for, with how many assets it has, or why that is not known.
    """
    found = {row["account"]: list(row.values())[1:] for row in values(BOOK, "Accounts")}

    assert ["acme", "ok", 3, None, None, None, "Odd."] == found["desk-a"]
    assert ["acme", "ok", 0, None, None, None, None] == found["empty"]
    assert ["über", "ok", 2, None, None, None, None] == found[ODD]
    assert ["acme", "clock", "=NA()", "It is\nlate.", "Hurry.", datetime(2026, 11, 20, 12, 30), None] == found["desk-z"]  # noqa: DTZ001  # workbooks have no zones


def test_the_report() -> None:
    """
    What was asked, when, what is missing, what is to be said of all, and what the marks mean.
    """
    found = [(row["what"], row["value"]) for row in values(BOOK, "Report")]

    assert ("complete", "NO") == found[0]
    assert ("complete", "yes") == tuple(values(whole(), "Report")[0].values())
    assert [("accounts asked", 5), ("accounts read", 4)] == found[1:3]
    assert ("missing", str(BOOK.failures[0])) in found
    assert [("note", "On all."), ("note", "desk-a: Odd.")] == [pair for pair in found if pair[0] == "note"]
    assert ("schema", "marginbook.balance-report 2") in found
    assert {"#N/A", "yellow text", "Totals"} < {name for name, _ in found}


def test_totals() -> None:
    """
    Sums with all digits, and the accounts that are not in them.
    """
    (row,) = (row for row in rows(BOOK, "Totals") if row["asset"].value == "1INCH")

    assert (ODD, "desk-z", LONG) == (row["accounts"].value, row["WITHOUT"].value, row["wallet_balance"].value)
    assert None is values(whole(), "Totals")[0]["WITHOUT"]


def test_isolated_positions() -> None:
    """
    They have equity of their own, and others do not, which is not the same as unknown.
    """
    fields: Any = {"account": "desk-a", "venue": "acme", "asset": "USDT"}
    locks = [
        Lock(**fields, symbol="A", isolated=True, maintenance_margin=Decimal("8.5"), equity=Decimal(10)),
        Lock(**fields, symbol="B", isolated=False, maintenance_margin=Decimal("0.5")),
    ]

    assert [("isolated", 8.5, 10), ("cross", 0.5, None)] == [
        (row["wallet"], row["maintenance_margin"], row["equity"]) for row in values(book(locks=locks), "Locks")
    ]


def test_locks_and_summaries() -> None:
    """
    They stand on sheets of their own.
    """
    (lock,) = values(BOOK, "Locks")
    summary, other = values(BOOK, "Summaries")

    assert ("desk-a", "USDT", 1.1, "=NA()") == (
        lock["account"],
        lock["asset"],
        lock["blocked_balance"],
        lock["order_margin"],
    )
    assert ("=NA()", "=NA()") == (lock["wallet"], lock["equity"])
    assert ("all assets", "multi-assets", "=NA()", 80, 0.750125, "Of the whole.") == tuple(
        summary[name] for name in ("of", "mode", "status", "adjusted_equity", "margin_ratio", "notes")
    )
    assert ("USD₮", {"=NA()"}) == (other["of"], {other[name] for name in SUMMARY_AMOUNTS})


def test_values() -> None:
    """
    What rows are worth, with price and source; what has no price is unknown, and every sum says what it excludes.
    """
    view = View(BOOK, valued())
    (usdt,) = (row for row in values(BOOK, "Values", view) if row["asset"] == "USDT")
    (btc,) = (row for row in values(BOOK, "Values", view) if row["asset"] == "BTC")
    sums = {(row["of"], row["name"]): row for row in values(BOOK, "Value totals", view)}

    assert (0.9998, "a table", 100.4799) == (usdt["price"], usdt["source"], usdt["wallet_balance in USD"])
    assert ("=NA()", "no price", 0) == (btc["price"], btc["source"], btc["wallet_balance in USD"])
    assert ("NO, see EXCLUDED", 100.4799) == (
        sums["all", None]["whole"],
        sums["all", None]["wallet_balance in USD"],
    )
    assert "desk-z wallet_balance: failed; " in sums["all", None]["EXCLUDED from these sums"]
    assert "desk-a usdt wallet_balance: no price; " in sums["account", "desk-a"]["EXCLUDED from these sums"]
    found = report({"a": "acme"}, balances=[balance("a", "USDT", **dict.fromkeys(AMOUNTS, "1"))])
    assert {("yes", None)} == {
        (row["whole"], row["EXCLUDED from these sums"])
        for row in values(found, "Value totals", View(found, valued(found)))
    }


@examples(40)
@given(st.lists(st.none() | amounts, min_size=len(AMOUNTS), max_size=len(AMOUNTS)))
def test_every_digit_survives(found: list[Decimal | None]) -> None:
    """
    A number that Excel shows with 15 digits is the amount, and so is a text, trailing zeros included.
    """
    figures: Any = dict(zip(AMOUNTS, found, strict=True))
    (row,) = rows(report({"a": "acme"}, balances=[balance("a", "X", **figures)]), "Balances")

    assert found == [read(row[name]) for name in AMOUNTS]
    texts = [name for name in AMOUNTS if row[name].data_type == "s"]
    assert [spelled(exact(figures[name])) for name in texts] == [row[name].value for name in texts]


def test_the_same_report_gives_the_same_bytes() -> None:
    """
    No clock is read: the workbook was made when the report was finished.
    """
    assert ENDED.replace(microsecond=0, tzinfo=None) == opened(View(BOOK)).properties.created
    assert workbook.write(View(BOOK)) == workbook.write(View(BOOK))


def test_long_texts() -> None:
    """
    A cell has an end: what does not fit is cut, and says so.
    """
    found = report({"a": "acme"}, notes=[Note(account="a", message="x" * 40_000)])
    (text,) = (row["value"] for row in values(found, "Report") if row["what"] == "note")

    assert 32_767 == len(text)
    assert text.endswith("xxx … (cut here: JSON has all of it)")


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Rows that a sheet has no place for are refused, not left out.
    """
    failed = [Failure(account=f"a{i}", venue="acme", kind="timeout", message="It hangs.") for i in range(9)]
    found = report({failure.account: "acme" for failure in failed}, failures=failed)
    # A million rows take a minute to write.
    from xlsxwriter.worksheet import Worksheet

    before = Worksheet._check_dimensions
    monkeypatch.setattr(
        Worksheet, "_check_dimensions", lambda sheet, row, *rest: -1 if row > 8 else before(sheet, row, *rest)
    )
    with pytest.raises(ConfigurationError, match="The sheet Report has more rows than a workbook can have"):
        workbook.write(View(found))


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Who has not installed the extra is told how.
    """
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ConfigurationError) as caught:
        workbook.write(View(BOOK))

    assert "An Excel workbook needs the package XlsxWriter. pip install 'marginbook[excel]'" == str(caught.value)
