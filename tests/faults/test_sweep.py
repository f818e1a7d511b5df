"""
The n-th call sweep: a report over all venues, with its first, second, … last request failing in each class of fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

import matrix
from marginbook import BalanceReport, collect
from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from marginbook.sandbox.faults import Fault
from marginbook.transport import Machine
from matrix import MATRIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marginbook import Account

#: Every fault that can hit one request among many.
CLASSES: Final = [name for name, cell in MATRIX.items() if cell.once and name != "mode-switch"]

#: Seconds: of those that stall, a third is waited for; others want to be left alone for two.
HASTY: Final = 0.9
PATIENT: Final = 4.0

#: Milliseconds that the local clock is behind: three hours.
BEHIND: Final = 3 * 3600 * 1000


def late() -> Machine:
    """
    Return a machine whose clock is three hours late, and which knows no host yet.
    """
    right = Machine().milliseconds
    return Machine(milliseconds=lambda: right() - BEHIND)


def asked(sandbox: Sandbox, *, wrong: bool) -> list[Account]:
    """
    Return the accounts that can be read with such a clock: where the venue minds the time of a request and tells none
    itself, a wrong one cannot be put right.
    """
    return [account for account in sandbox.accounts() if not (wrong and account.venue == "binance-pm")]


def outcomes(report: BalanceReport) -> dict[str, tuple[str, ...]]:
    """
    Return all that a report says of each account but its notes, digit for digit.
    """
    everything: list[Any] = [*report.balances, *report.locks, *report.failures]
    return {name: tuple(repr(part) for part in everything if part.account == name) for name in report.accounts}


@pytest.fixture(scope="module", params=["a right clock", "a clock three hours late"])
def usual(request: pytest.FixtureRequest) -> Iterator[tuple[bool, BalanceReport, int]]:
    """
    Whether the clock is wrong, the report without a fault, and how many requests it takes.
    """
    wrong = request.param != "a right clock"
    with Sandbox(installed().stages()) as sandbox:
        report = collect(asked(sandbox, wrong=wrong), max_workers=1, machine=late() if wrong else None)
        assert report.complete
        yield wrong, report, sandbox.requests


@pytest.mark.parametrize("fault", CLASSES)
def test_sweep(fault: str, usual: tuple[bool, BalanceReport, int]) -> None:
    """
    The account that is hit is read all the same, or failed with the right kind. All others are as without the fault,
    but for those whose host wants no more requests. Totals say who is missing.
    """
    wrong, whole, requests = usual
    timeout = HASTY if MATRIX[fault].each == "timeout" else PATIENT
    for nth in range(1, requests + 1):
        with Sandbox(installed().stages(), faults=[Fault(fault, "", nth)]) as sandbox:
            # One at a time at each host, so that requests come in much the same order each time.
            machine = late() if wrong else Machine()
            report = collect(asked(sandbox, wrong=wrong), timeout=timeout, max_workers=1, machine=machine)
            assert nth <= sandbox.requests

        before, after = outcomes(whole), outcomes(report)
        differing = [name for name in whole.accounts if before[name] != after[name]]
        assert set(report.missing) <= set(differing)
        venues = {whole.accounts[name] for name in differing}
        assert len(venues) <= 1
        kinds = {failure.kind for failure in report.failures}
        if "rate_limited" not in kinds:
            assert len(differing) <= 1
        for venue in venues:
            state = MATRIX[fault].at(venue)[1]
            # Where the time cannot be asked, what is known is what the venue complained of.
            assert kinds <= ({state, "clock", "credentials"} if wrong else {state})
            assert kinds or state in {matrix.AS_SENT, matrix.UNKNOWN, matrix.EMPTY}
        if not wrong and all(MATRIX[fault].at(v)[1] in {matrix.OK, matrix.NOTED} for v in set(whole.accounts.values())):
            assert report.complete
        assert all(total.missing == report.missing for total in report.totals().values())
        assert report.complete is not bool(report.missing)
