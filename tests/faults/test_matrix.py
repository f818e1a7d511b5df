"""
Every fault of the sandbox, at every venue, in each request and in one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

import matrix
from machines import Haste
from marginbook import BalanceReport, Failure, collect
from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from marginbook.sandbox.faults import FAULTS, Fault
from matrix import MATRIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook import Account
    from marginbook.sandbox import Stage
    from marginbook.transport import Machine

#: An account of each venue to hit.
HIT: Final = {
    "binance-usdm": "binance-hmac",
    "binance-coinm": "binance-coins",
    "binance-pm": "binance-portfolio",
    "coinswitch": "coinswitch",
    "fexgate": "fexgate",
}

#: Accounts that are asked beside the one that is hit: another of its venue, and one elsewhere. More would tell no more.
BESIDE: Final = {"binance-usdm": "binance-ed25519"}
ELSEWHERE: Final = {"fexgate": "coinswitch"}

#: Seconds that nobody waits longer for an answer that does not come, and how often the account is asked.
SOON: Final = 0.15
OFTEN: Final = 1000

CASES: Final = [
    pytest.param(fault, venue, often, id=f"{fault}-{venue}-{often}")
    for fault in MATRIX
    for venue in HIT
    for often in ("each", "once")
    if MATRIX[fault].at(venue)[often == "once"]
]


@pytest.fixture(scope="module")
def usual() -> BalanceReport:
    """
    The report without a fault.
    """
    with Sandbox(installed().stages()) as sandbox:
        report = collect(sandbox.accounts())
    assert report.complete
    return report


def played(hit: str, venue: str) -> tuple[Stage, ...]:
    """
    Return the stages of the account to hit and of those beside it, with nobody else.
    """
    return of(hit, BESIDE.get(venue, ""), ELSEWHERE.get(venue, "fexgate"))


def of(*names: str) -> tuple[Stage, ...]:
    """
    Return the stages of some accounts, with nobody else.
    """
    stages = [
        evolve(stage, actors=tuple(actor for actor in stage.actors if actor.name in names))
        for stage in installed().stages()
    ]
    return tuple(stage for stage in stages if stage.actors)


def test_every_fault_has_a_cell() -> None:
    """
    The table knows each fault that the sandbox does, and no other.
    """
    assert list(MATRIX) == [name for name in MATRIX if name in FAULTS]
    assert set(FAULTS) == set(MATRIX)


@pytest.mark.parametrize(("fault", "venue", "often"), CASES)
def test_matrix(fault: str, venue: str, often: str, usual: BalanceReport) -> None:
    """
    The account that is hit is in the state that the table says. All other venues' accounts are as without the fault.
    """
    hit, expected = HIT[venue], MATRIX[fault].at(venue)[often == "once"]
    nth = 0 if often == "each" or fault == "mode-switch" else 1
    with Sandbox(played(hit, venue), faults=[Fault(fault, hit, nth)]) as sandbox:
        accounts = sandbox.accounts()
        report = collect(accounts, machine=hasty(accounts, hit, fault, 1 if nth else OFTEN))

    assert expected == state(report, usual, hit)
    assert others(usual, accounts, venue)
    assert others(usual, accounts, venue) == others(report, accounts, venue)
    # A limit is its host's, and so everybody's there.
    assert {failure.kind for failure in report.failures if failure.account != hit} <= {"rate_limited"} & {expected}
    assert all(total.missing == report.missing for total in report.totals().values())


def hasty(accounts: Iterable[Account], hit: str, fault: str, count: int) -> Machine:
    """
    Return a machine that does not wait for so many answers to the account that is hit, where the fault is that they do
    not come, nor for the end of a ban.
    """
    (account,) = (account for account in accounts if account.name == hit)
    key = account.credentials["api_key"].reveal()
    return Haste().machine({key: (count, SOON)} if MATRIX[fault].each == "timeout" else {})


def others(report: BalanceReport, accounts: tuple[Account, ...], venue: str) -> list[str]:
    """
    Return all that is said of accounts at other venues.
    """
    names = {account.name for account in accounts if account.venue != venue}
    everything: list[Any] = [*report.balances, *report.locks, *report.failures, *report.notes]
    return [repr(part) for part in everything if part.account in names]


def state(report: BalanceReport, usual: BalanceReport, name: str) -> str:
    """
    Say what became of an account, in the words of the table.
    """
    for failure in (failure for failure in report.failures if failure.account == name):
        assert failure.hint
        assert [] == told(report, name)
        return timed(failure)
    before, after = told(usual, name), told(report, name)
    if after == before:
        notes = [note.message for note in report.notes if note.account == name]
        return matrix.NOTED if any("newField" in note for note in notes) else matrix.OK
    if not after:
        assert "The venue reports no assets." in [note.message for note in report.notes if note.account == name]
        return matrix.EMPTY
    assert [row.keys() <= old.keys() for row, old in zip(after, before, strict=True)] == [True] * len(after)
    return matrix.AS_SENT if [*map(len, after)] == [*map(len, before)] else matrix.UNKNOWN


def timed(failure: Failure) -> str:
    """
    Return the kind, having seen that a rate limit says until when.
    """
    assert (failure.until is not None) is (failure.kind == "rate_limited")
    return failure.kind


def told(report: BalanceReport, name: str) -> list[dict[str, str]]:
    """
    Return the amounts that the venue reported of an account, as they are written, in the order of its assets; and those
    that were made of the venue's own fields, which are called otherwise than ours.
    """
    rows = [row for row in json.loads(report.to_json())["balances"] if row["account"] == name]
    return [
        {
            key: row[key]
            for key in ("asset", *row["basis"])
            if not row["basis"].get(key, "").partition(": ")[2].islower()
        }
        for row in rows
    ]


#: Venues whose own figures stand in the rows. Elsewhere they are made of several.
AS_THEY_ARE: Final = [venue for venue in HIT if venue != "binance-pm"]


@pytest.mark.parametrize(("fault", "digits"), [("minus-zero", "-0"), ("negative", "-1")])
@pytest.mark.parametrize("venue", AS_THEY_ARE)
def test_odd_amounts_are_what_was_sent(fault: str, digits: str, venue: str) -> None:
    """
    What the venue writes is what the report says: nothing is clipped or repaired.
    """
    with Sandbox(of(HIT[venue]), faults=[Fault(fault, HIT[venue])]) as sandbox:
        report = collect(sandbox.accounts())

    assert 1 == [row["wallet_balance"] for row in told(report, HIT[venue])].count(digits)


@pytest.mark.parametrize("nth", [1, 2])
def test_no_account_is_put_together_of_two_answers(nth: int, usual: BalanceReport) -> None:
    """
    An account that is asked for in two calls is asked anew as a whole when either breaks off.
    """
    with Sandbox(of("binance-margin"), faults=[Fault("mode-switch", "binance-margin", nth)]) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    # The summary, USDC, and USDT.
    assert ["25000.00000000", "1000.00000000", "25000.00000000"] == wallets(usual, "binance-margin")
    assert ["125000.00000000", "11000.00000000", "125000.00000000"] == wallets(report, "binance-margin")


def wallets(report: BalanceReport, name: str) -> list[str]:
    whole = [str(summary.wallet_balance) for summary in report.summaries if summary.account == name]
    return whole + [str(balance.wallet_balance) for balance in report.balances if balance.account == name]


def test_odd_amounts_count_as_what_was_sent() -> None:
    """
    So it is where a figure is made of others: a total of -1, less 1000 that are borrowed and 1.25 of interest.
    """
    with Sandbox(of("binance-portfolio"), faults=[Fault("negative", "binance-portfolio")]) as sandbox:
        report = collect(sandbox.accounts())

    assert "-1002.25000000" == told(report, "binance-portfolio")[2]["wallet_balance"]


@pytest.mark.parametrize("venue", AS_THEY_ARE)
def test_a_mode_switch_is_never_half_seen(venue: str, usual: BalanceReport) -> None:
    """
    An answer that breaks off leaves nothing: every amount is of the answer after it, which has a 1 before its digits.
    """
    with Sandbox(of(HIT[venue]), faults=[Fault("mode-switch", HIT[venue])]) as sandbox:
        report = collect(sandbox.accounts())
    before = [row[name] for row in told(usual, HIT[venue]) for name in row if name != "asset"]
    after = [row[name] for row in told(report, HIT[venue]) for name in row if name != "asset"]

    assert [f"-1{x[1:]}" if x.startswith("-") else f"1{x}" for x in before] == after
