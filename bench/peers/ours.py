"""
marginbook, as its users have it: everything is on, and only what an address may spend is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import marginbook as mb

if TYPE_CHECKING:
    from collections.abc import Sequence


def report(urls: Sequence[str], workers: int) -> mb.BalanceReport:
    """
    Ask an account at each address.

    Raises:
        IncompleteReportError: One has not answered.

    """
    accounts = [
        mb.Account(
            f"desk-{number}",
            "binance-usdm",
            credentials={"api_key": f"key-{number}", "api_secret": "env:BENCH_SECRET"},
            options={"base_url": url, "weight_limit": 100_000_000},
        )
        for number, url in enumerate(urls)
    ]
    made = mb.collect(accounts, max_workers=workers, timeout=600)
    made.raise_for_failures()
    return made


def wallet(answer: mb.BalanceReport) -> Any:
    """
    Return the first wallet.
    """
    return answer.totals()["USDT"].wallet_balance


def read(body: bytes) -> mb.Statement:
    """
    Return what a body says: checked, in our words, with what follows from it.
    """
    return mb.replay("binance-usdm", {"/fapi/v3/balance": body})
