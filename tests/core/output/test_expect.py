"""
The form that can be held against later reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from marginbook import Balance, BalanceReport, Failure, View, check_expected
from marginbook.registry import installed

if TYPE_CHECKING:
    from pathlib import Path


def balance(account: str, asset: str, **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


BOOK: Final = BalanceReport(
    accounts={'desk "a"': "acme", "desk-b": "acme"},
    balances=[
        balance('desk "a"', "US\\D₮", wallet_balance="100.50", equity="7"),
        balance('desk "a"', "X", equity="1"),
    ],
    failures=[Failure(account="desk-b", venue="acme", kind="timeout", message="It is late.")],
    started_at="2026-07-01T12:00:00Z",
    finished_at="2026-07-01T12:00:00Z",
)

TEXT: Final = r"""# Expected balances: those of the report of 2026-07-01 12:00:00 UTC.
# Compare: marginbook report --expect FILE
# INCOMPLETE: desk-b could not be read, so nothing is expected of them here.

[[balances]]
account = "desk \"a\""
asset = "US\\D₮"
wallet_balance = "100.50"

[[balances]]
account = "desk \"a\""
asset = "X"
# wallet_balance is not known
"""


@pytest.fixture
def written() -> str:
    text = installed().output("expect").write(View(BOOK))
    assert isinstance(text, str)
    return text


def test_text(written: str) -> None:
    """
    The wallet balance of each row, with all its digits, and what could not be read.
    """
    assert TEXT == written


def test_it_can_be_read(written: str, tmp_path: Path) -> None:
    """
    The report agrees with itself, but for the account that it lacks.
    """
    path = tmp_path / "expected.toml"
    path.write_text(written, encoding="utf-8")

    assert [("account", "desk-b")] == [(m.kind, m.account) for m in check_expected(BOOK, path)]
