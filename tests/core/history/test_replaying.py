"""
Reading once more what the venues had answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

import marginbook as mb
from histories import make_report, row
from marginbook import Account, BalanceReport, HistoryError, Note, Recording
from marginbook.history.replaying import replay_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.core.conftest import Plugins

    from marginbook.history.store import Store
    from marginbook.sandbox import Sandbox


def collected(accounts: Iterable[Account]) -> tuple[BalanceReport, list[Recording]]:
    recordings: list[Recording] = []
    return mb.collect(accounts, record=recordings.append), recordings


def test_the_same_report_again(store: Store, sandbox: Sandbox) -> None:
    """
    Of all venues, with an account that failed, and remarks on the question: byte for byte the same.
    """
    accounts = [*sandbox.accounts(), Account("lost", "kraken"), evolve(sandbox.accounts()[0], name="twin")]
    report, recordings = collected(accounts)
    store.save(report, recordings)
    again = replay_snapshot(store.load())

    assert ("lost",) == report.missing
    assert "are one account under several names" in report.notes[0].message
    assert (True, "", report) == (again.same, again.diff, again.report)


def test_remarks_that_do_not_follow_from_bodies(store: Store, sandbox: Sandbox) -> None:
    """
    What was said of the clock is said again.
    """
    report, (recording,) = collected([a for a in sandbox.accounts() if a.venue == "coinswitch"])
    late = evolve(report, notes=[*report.notes, Note(account=recording.account, message="The clock is late.")])
    store.save(late, [evolve(recording, remarks=("The clock is late.",))])

    assert replay_snapshot(store.load()).same


def test_another_reading(store: Store, sandbox: Sandbox) -> None:
    """
    What is read differently now is shown as a diff, figure by figure.
    """
    report, recordings = collected([a for a in sandbox.accounts() if a.venue == "coinswitch"])
    once = [evolve(b, wallet_balance=mb.exact("1.25")) for b in report.balances]
    now = {b.wallet_balance for b in report.balances}
    store.save(evolve(report, balances=once), recordings)
    again = replay_snapshot(store.load())

    assert not again.same
    assert again.diff.startswith("--- snapshot 1\n+++ read again\n")
    assert '\n-      "wallet_balance": "1.25",\n' in again.diff
    assert all(f'\n+      "wallet_balance": "{amount}",\n' in again.diff for amount in now)


def test_a_report_without_answers(store: Store, sandbox: Sandbox) -> None:
    """
    What was not kept cannot be read again, and who lacks it is said.
    """
    report, recordings = collected(sandbox.accounts())
    store.save(report)
    store.save(report, recordings[1:])

    with pytest.raises(HistoryError, match="Snapshot 1 was saved without the bodies of any account"):
        replay_snapshot(store.load(1))
    with pytest.raises(HistoryError, match=f"Snapshot 2 was saved without the bodies of {recordings[0].account}, so"):
        replay_snapshot(store.load(2))


def test_a_report_of_failures_alone(store: Store) -> None:
    """
    Where nobody answered there is nothing to read, and nothing differs.
    """
    report, recordings = collected([Account("lost", "kraken")])
    store.save(report, recordings)

    assert replay_snapshot(store.load()).same


ACME = """
from marginbook import Statement, Venue, hookimpl

def fetch(account, session):
    raise {error}

@hookimpl
def marginbook_venues():
    return [Venue(id="acme", title="Acme", fetch=fetch, hosts={{"x": "https://acme.example"}})]
"""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, "There is no venue 'acme'."),
        ("RuntimeError('canary')", "acme failed with RuntimeError at marginbook_acme_gone.py:5."),
        ("__import__('marginbook').InvalidResponseError('Odd.')", "Odd."),
    ],
)
def test_a_venue_that_is_not_read_any_more(store: Store, plugins: Plugins, error: str | None, expected: str) -> None:
    """
    A plugin that is gone, or that fails now, is a difference and no crash.
    """
    if error:
        plugins.add("marginbook-acme-gone", "acme", source=ACME.format(error=error))
    store.save(make_report(row(wallet_balance="1")), [Recording(account="desk", venue="acme")])
    again = replay_snapshot(store.load())

    assert not again.same
    assert expected in again.report.failures[0].message
    assert "canary" not in again.diff
