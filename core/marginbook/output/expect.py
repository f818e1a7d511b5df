"""
A file of expected balances: the wallet balance of each row, to be held against later reports.

The other figures move with the market, so who expects some of them writes them down.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.report import BalanceReport
    from marginbook.values import Balance


def write(report: BalanceReport) -> str:
    """
    Return the file, as TOML.
    """
    head = [
        f"# Expected balances: those of the report of {report.started_at:%Y-%m-%d %H:%M:%S} UTC.",
        "# Compare: marginbook report --expect FILE",
    ]
    if report.missing:
        head.append(
            f"# INCOMPLETE: {', '.join(report.missing)} could not be read, so nothing is expected of them here."
        )
    return "".join(f"{line}\n" for line in [*head, *(line for row in report.balances for line in _row(row))])


def _row(balance: Balance) -> Iterable[str]:
    amount = balance.wallet_balance
    yield ""
    yield "[[balances]]"
    yield f"account = {_quoted(balance.account)}"
    yield f"asset = {_quoted(balance.asset)}"
    yield "# wallet_balance is not known" if amount is None else f"wallet_balance = {_quoted(plain(amount))}"


def _quoted(text: str) -> str:
    # A text of printable characters is written the same way in JSON and in TOML.
    return json.dumps(text, ensure_ascii=False)
