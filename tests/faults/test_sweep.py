"""
The n-th call sweep: a report over all venues, with its first, second, … last request failing in each class of fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

import matrix
from machines import Haste
from marginbook import BalanceReport, collect
from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from marginbook.sandbox.faults import Fault
from marginbook.transport import Machine
from matrix import MATRIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marginbook import Account
    from marginbook.sandbox import Stage

#: Every fault that can hit one request among many.
CLASSES: Final = [name for name, cell in MATRIX.items() if cell.once and name != "mode-switch"]

#: Several venues, and each way of asking one: in one call or in two, with or without a time to ask for. What each venue
#: makes of each fault is in the matrix.
SWEPT: Final = ("binance-hmac", "binance-margin", "binance-coins", "binance-portfolio", "coinswitch", "fexgate")

#: Seconds that nobody waits longer for an answer that does not come.
SOON: Final = 0.4

#: Milliseconds that the local clock is behind: three hours.
BEHIND: Final = 3 * 3600 * 1000


def surroundings(fault: str, *, wrong: bool) -> Machine:
    """
    Return a machine that knows no host yet, whose clock may be three hours late, and that waits neither for an answer
    that does not come nor for the end of a ban.
    """
    right = Machine().milliseconds
    soon = {"": (1000, SOON)} if fault and MATRIX[fault].each == "timeout" else {}
    return Haste().machine(soon, milliseconds=lambda: right() - BEHIND * wrong)


def stages() -> tuple[Stage, ...]:
    """
    Return the stages of the accounts above, with nothing spent yet.
    """
    every = installed().stages()
    return tuple(evolve(s, actors=tuple(actor for actor in s.actors if actor.name in SWEPT)) for s in every)


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
    with Sandbox(stages()) as sandbox:
        report = collect(asked(sandbox, wrong=wrong), max_workers=1, machine=surroundings("", wrong=wrong))
        assert report.complete
        yield wrong, report, sandbox.requests


@pytest.mark.parametrize("fault", CLASSES)
def test_sweep(fault: str, usual: tuple[bool, BalanceReport, int]) -> None:
    """
    The account that is hit is read all the same, or failed with the right kind. All others are as without the fault,
    but for those whose host wants no more requests. Totals say who is missing.
    """
    wrong, whole, requests = usual
    for nth in range(1, requests + 1):
        with Sandbox(stages(), faults=[Fault(fault, "", nth)]) as sandbox:
            # One at a time at each host, so that requests come in much the same order each time.
            machine = surroundings(fault, wrong=wrong)
            report = collect(asked(sandbox, wrong=wrong), max_workers=1, machine=machine)
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
            # With the other detail, an account has other answers. Where the time cannot be asked, what is known is what
            # the venue complained of.
            right = {state, *MATRIX[fault].also}
            assert kinds <= (right | {"clock", "credentials"} if wrong else right)
            assert kinds or state in {matrix.AS_SENT, matrix.UNKNOWN, matrix.EMPTY}
        if not wrong and all(MATRIX[fault].at(v)[1] in {matrix.OK, matrix.NOTED} for v in set(whole.accounts.values())):
            assert report.complete
        assert all(total.missing == report.missing for total in report.totals().values())
        assert report.complete is not bool(report.missing)
