"""
What the property tests found once, each as short as it can be.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from marginbook import (
    Account,
    ApiError,
    Balance,
    ConfigurationError,
    MarginbookError,
    Statement,
    load_accounts,
    replay,
    venues,
)
from marginbook_clients.binance_usdm.models.error_body import ErrorBody
from strategies import Asked

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary7f3b1e9d5c2a8064"


def explained(status: int, body: dict[str, Any], content: bytes) -> MarginbookError | None:
    """
    Let Binance's plugin explain an error answer.
    """
    (venue,) = [venue for venue in venues() if venue.id == "binance-usdm"]
    assert venue.explain
    error = ApiError("GET /x", status_code=status, headers={}, content=content, parsed=ErrorBody.from_dict(body))
    return venue.explain(error)


def test_csv_with_a_line_end_of_old() -> None:
    """
    A remark with a carriage return in it stays in its cell, spelled out.
    """
    row = Balance(account="a", venue="v", asset="X", wallet_balance=Decimal(1), notes=["One.\rTwo."])
    report = Asked([Account("a", "v")], {"a": Statement([row])}).report()

    assert [r"One.\rTwo."] == [line["notes"] for line in csv.DictReader(io.StringIO(report.to_csv(), newline=""))]


def test_bans_beyond_the_last_year() -> None:
    """
    A ban until a time that cannot be one is a ban all the same, and the plugin does not raise.
    """
    text = "banned until 9999999999999999"
    error = explained(418, {"code": -1003, "msg": text}, text.encode())

    assert error
    assert ("rate_limited", None) == (error.kind, error.until)


def test_codes_as_long_as_a_key() -> None:
    """
    A number that is as long as a key is not repeated, whatever it is said to be.
    """
    error = explained(403, {"code": 10**39, "msg": ""}, b"{}")

    assert "0" * 24 not in str(error)


def test_a_file_that_is_no_text_is_not_repeated(tmp_path: Path) -> None:
    """
    An accounts file in another encoding is not in the error, nor in what the error was raised in the middle of.
    """
    path = tmp_path / "accounts.toml"
    path.write_bytes(f'[accounts.a]\nvenue = "x"\napi_secret = "{CANARY}"\n# caf\xe9'.encode("latin-1"))
    with pytest.raises(ConfigurationError) as caught:
        load_accounts(path)

    assert CANARY not in repr(caught.value.__context__)


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000, "a = " + "1" * 5000, "[accounts.a]\nx = " + "{a=" * 500 + "1" + "}" * 500],
    ids=["lists", "number", "tables"],
)
def test_toml_that_python_cannot_count(text: str, tmp_path: Path) -> None:
    """
    Brackets in brackets and numbers without end are no accounts.
    """
    path = tmp_path / "accounts.toml"
    path.write_text(text)

    with pytest.raises(ConfigurationError):
        load_accounts(path)


def test_paths_that_no_file_can_have() -> None:
    """
    Nor is a path that no file can have.
    """
    with pytest.raises(ConfigurationError):
        load_accounts("a\0b")


@pytest.mark.parametrize(
    ("venue", "path", "body"),
    [
        ("binance-usdm", "/fapi/v3/balance", rb'[{"\u001b[2J\ud800": 1e400}]'),
        ("fexgate", "/fexgate/v1/x/balance", rb'{"\u001b[2J\ud800": 1}'),
        ("fexgate", "/fexgate/v1/x/balance", rb'{"balances": [{"asset": "X", "\u001b[2J\ud800": 1}]}'),
    ],
    ids=["number", "names", "names in a row"],
)
def test_errors_can_be_printed(venue: str, path: str, body: bytes) -> None:
    """
    What a venue writes cannot command a terminal, nor keep the whole report from being written as UTF-8.
    """
    with pytest.raises(MarginbookError) as caught:
        replay(venue, {path: body}, {"exchange": "x"} if venue == "fexgate" else {})

    assert str(caught.value).isprintable()
