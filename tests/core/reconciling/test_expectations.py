"""
Files of expected balances.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from marginbook import ConfigurationError, Expectation, Expected, load_expected

if TYPE_CHECKING:
    from pathlib import Path

TOML: Final = """\
[tolerance]
USDT = "0.01"
BTC = 1e-8

[[balances]]
account = "desk-a"
asset = "USDT"
wallet_balance = "100.50"
equity = 0.10000000000000000000000000000000000000001

[[balances]]
account = "desk-a"
asset = "BTC"
wallet_balance = 2
tolerance = 0
"""

CSV: Final = """\
account,asset,wallet_balance,equity,tolerance
desk-a,USDT,100.50,0.10000000000000000000000000000000000000001,0.01
"desk, b", BTC ,2,,
"""


def written(folder: Path, text: str | bytes, name: str = "expected.toml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_toml(tmp_path: Path) -> None:
    """
    Amounts are texts or numbers, and keep each digit. A row's own tolerance comes before that of its asset.
    """
    found = load_expected(written(tmp_path, TOML))

    assert (
        Expected(
            [
                Expectation(
                    account="desk-a",
                    asset="USDT",
                    figures={"wallet_balance": "100.50", "equity": "0.10000000000000000000000000000000000000001"},
                    tolerance="0.01",
                ),
                Expectation(account="desk-a", asset="BTC", figures={"wallet_balance": 2}),
            ]
        )
        == found
    )
    assert "100.50" == str(dict(found.rows[0].figures)["wallet_balance"])
    assert not found.only_listed


def test_the_tolerance_of_an_asset(tmp_path: Path) -> None:
    """
    It is that of each row of the asset without its own.
    """
    found = load_expected(written(tmp_path, TOML.replace("tolerance = 0\n", "")))

    assert [Decimal("0.01"), Decimal("0.00000001")] == [row.tolerance for row in found.rows]


def test_csv(tmp_path: Path) -> None:
    """
    The same in columns; an empty cell is not compared, and a mark of the byte order is no part of a name.
    """
    found = load_expected(written(tmp_path, f"\ufeff{CSV}", "expected.CSV"))

    assert (
        Expected(
            [
                Expectation(
                    account="desk-a",
                    asset="USDT",
                    figures={"wallet_balance": "100.50", "equity": "0.10000000000000000000000000000000000000001"},
                    tolerance="0.01",
                ),
                Expectation(account="desk, b", asset="BTC", figures={"wallet_balance": "2"}),
            ]
        )
        == found
    )


def test_only_some(tmp_path: Path) -> None:
    """
    The file may say that it lists only some rows, and so may who reads it.
    """
    assert load_expected(written(tmp_path, f'only = "listed"\n{TOML}')).only_listed
    assert load_expected(written(tmp_path, TOML), only_listed=True).only_listed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "No figure is expected, so nothing would be compared. Write it like this:"),
        ("balances = 3", "[tolerance] is one table, and [[balances]] are many."),
        ("balances = [3]", "[tolerance] is one table, and [[balances]] are many."),
        ("tolerance = 3", "[tolerance] is one table, and [[balances]] are many."),
        ("[[balance]]", "there is no place for 'balance'."),
        ('only = "some"', "only is 'some'. Write only = \"listed\", or leave it out"),
        ("= 3", "is not TOML: Invalid statement (at line 1, column 1)."),
        ("x = " + "[" * 10_000, "has a number that is too long in it, or lists in lists without end."),
        ("x = " + "1" * 5_000, "has a number that is too long in it, or lists in lists without end."),
        (b"\xff", "is not UTF-8 text. Save it as UTF-8."),
        (f'{TOML}[[balances]]\nasset = "X"', "balances number 3: account is None, which is no text"),
        (f'{TOML}[[balances]]\naccount = "x"\nasset = ["X"]', "balances number 3: asset is ['X'], which is no text"),
        (f"{TOML}unrealized = 3", "balances number 2: there is no figure 'unrealized'. There are wallet_balance, "),
        (f'{TOML}equity = "1,000"', "balances number 2: '1,000' is not an amount."),
        (f"{TOML}equity = inf", "balances number 2: Infinity is not an amount."),
        (f"{TOML}equity = true", "balances number 2: An amount is a Decimal, made from the digits"),
        (TOML.replace("tolerance = 0\n", "tolerance = -1\n"), "balances number 2: the tolerance is negative."),
        (TOML.replace("1e-8", "nan"), "tolerance: NaN is not an amount."),
        (TOML.replace("1e-8", '"-1"'), "tolerance: the tolerance is negative."),
        (TOML.replace("BTC =", "ETH ="), "there is a tolerance for ETH, and no row of it."),
        (
            TOML.replace('"BTC"', '"USDT"').replace("BTC = 1e-8\n", ""),
            "USDT of desk-a is expected twice, by balances number 1 and balances number 2. Keep one of them.",
        ),
    ],
)
def test_toml_that_is_wrong(tmp_path: Path, text: str | bytes, expected: str) -> None:
    """
    The error names the file and the row, and says what to do.
    """
    path = written(tmp_path, text)

    with pytest.raises(ConfigurationError) as caught:
        load_expected(path)

    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "line 1: the columns are missing. There have to be account and asset, and may be wallet_balance, "),
        ("account;asset\n", "line 1: the columns are account;asset."),
        ("account,asset,asset\n", "line 1: the columns are account, asset, asset."),
        ("account,asset,venue\n", "line 1: the columns are account, asset, venue."),
        ("account,asset,equity\n", "No figure is expected, so nothing would be compared."),
        (f"{CSV}c,USDT,1,000.50,,\n", "line 4: there are not as many cells as columns."),
        (f"{CSV}c,USDT\n", "line 4: there are not as many cells as columns. An amount has a point and no commas."),
        (f"{CSV}c,USDT,1_000,,\n", "line 4: '1_000' is not an amount."),
        (f"{CSV},USDT,1,,\n", "line 4: account is None, which is no text of printable characters."),
        (f"{CSV}c,USDT,1,,-1\n", "line 4: the tolerance is negative."),
        (f"{CSV}desk-a,USDT,1,,\n", "USDT of desk-a is expected twice, by line 2 and line 4."),
        ('account,asset,equity\na,"b"c,1\n', "is not CSV: ',' expected after '\"'."),
    ],
)
def test_csv_that_is_wrong(tmp_path: Path, text: str, expected: str) -> None:
    """
    The error names the file and the line.
    """
    path = written(tmp_path, text, "expected.csv")

    with pytest.raises(ConfigurationError) as caught:
        load_expected(path)

    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    """
    The error says why it cannot be read, and how to write one.
    """
    with pytest.raises(ConfigurationError) as caught:
        load_expected(tmp_path / "none.toml")

    assert f"The file of expected balances {tmp_path / 'none.toml'} cannot be read: No such file" in str(caught.value)
    assert "[[balances]]" in caught.value.hint


def test_by_hand() -> None:
    """
    Expectations that nobody wrote in a file are checked as well.
    """
    row: Any = {"account": "a", "asset": "USDT", "figures": {"equity": "1"}}

    with pytest.raises(ConfigurationError, match=r"^USDT of a is expected twice\."):
        Expected([Expectation(**row), Expectation(**row)])
    with pytest.raises(ValueError, match=r"^there is no figure total$"):
        Expectation(**{**row, "figures": {"total": "1"}})
    with pytest.raises(TypeError):
        Expectation(**{**row, "tolerance": 0.1})
