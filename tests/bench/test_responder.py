"""
The responder that others are measured with, and what is kept of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from bench import bodies
from bench.peers.steps import steps
from bench.responder import Counts, Settings
from bench.serving import Certificates, serve

import marginbook as mb

if TYPE_CHECKING:
    from pathlib import Path


def test_marginbook_reads_it() -> None:
    """
    What it says is a balance, digit by digit, and it says how much it was asked.
    """
    with serve(Settings(rows=3)) as served:
        account = mb.Account(
            "desk",
            "binance-usdm",
            credentials={"api_key": "key", "api_secret": "secret"},
            options={"base_url": served.urls[0]},
        )
        report = mb.collect([account])
        report.raise_for_failures()
        counts = served.counts()

    assert {"BTC", "USDC", "USDT"} == {row.asset for row in report.balances}
    assert bodies.WALLET == str(report.totals()["USDT"].wallet_balance)
    assert Counts(requests=1, connections=1) == counts
    assert () == report.notes


def test_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What marginbook does for an account can be done step by step, as often as one likes, with the rows that were sent.
    """
    monkeypatch.setenv("BENCH_SECRET", "secret")
    with serve(Settings(rows=3)) as served:
        done = [step() for step, _ in steps(served.urls[0]).values() for _ in range(2)]
        counts = served.counts()

    bodies_read = [found for found in done if isinstance(found, bytes)]
    assert [bodies.balance(3)] * 2 == bodies_read
    assert [3] * 6 == [len(found) for found in done if isinstance(found, list)]
    assert [3] * 2 == [len(found.balances) for found in done if isinstance(found, mb.Statement)]
    assert Counts(requests=3, connections=1) == counts


def test_certificates(tmp_path: Path) -> None:
    """
    Its certificate is trusted, and a connection may end after one answer.
    """
    certificates = Certificates(tmp_path)
    with serve(Settings(close=True, certificate=str(certificates.server))) as served, requests.Session() as session:
        for _ in range(2):
            answer = session.get(f"{served.urls[0]}/fapi/v1/time", verify=str(certificates.trusted), timeout=30)

            assert ["serverTime"] == list(answer.json())
        counts = served.counts()

    assert Counts(requests=2, connections=2) == counts


def test_unknown_paths() -> None:
    """
    A client that asks for more than is played fails, and is not measured.
    """
    with serve(Settings()) as served:
        answer = requests.get(f"{served.urls[0]}/fapi/v1/else", timeout=30)

    assert (404, -5000) == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("body", [bodies.balance(1), bodies.account(1), bodies.contracts()])
def test_sizes(body: bytes) -> None:
    """
    Markets are as many as at the venue: to load them costs what it costs there.
    """
    assert (len(body) > 500_000) == (b"symbols" in body)
