"""
The order in which accounts are listed and answer: it decides nothing.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from fuzzing import examples
from marginbook import Account, Balance, BalanceReport, Failure, PluginError, Statement, collect
from strategies import EPOCH, LOCKED, Asked, asked, failures, spelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.properties.conftest import Stated


class Reversed(ThreadPoolExecutor):
    """
    Does the last task first, once it has as many as it was told to wait for.
    """

    def __init__(self, count: int) -> None:
        self._missing = count
        self._tasks: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            future.set_running_or_notify_cancel()
            future.set_result(fn(*args, **kwargs))

        self._tasks.append(run)
        self._missing -= 1
        if not self._missing:
            threading.Thread(target=lambda: [task() for task in reversed(self._tasks)]).start()
        return future


def timeless(report: BalanceReport) -> str:
    return evolve(report, started_at=EPOCH, finished_at=EPOCH).to_json()


def shuffled(draw: Callable[[Any], Any], question: Asked) -> Asked:
    """
    The same accounts and outcomes, and the same rows in each, in another order.
    """
    outcomes = {name: question.outcomes[name] for name in draw(st.permutations(list(question.outcomes)))}
    for name, outcome in outcomes.items():
        if isinstance(outcome, Statement):
            rows, locks = draw(st.permutations(outcome.balances)), draw(st.permutations(outcome.locks))
            outcomes[name] = evolve(outcome, balances=rows, locks=locks)
    return Asked(draw(st.permutations(question.accounts)), outcomes)


@examples(60)
@given(asked(), st.data())
def test_order_of_rows_and_accounts(question: Asked, data: st.DataObject) -> None:
    """
    The same answers make the same bytes, whatever comes first.
    """
    other = shuffled(data.draw, question).report()

    assert question.report().to_json() == other.to_json()
    assert question.report().to_csv() == other.to_csv()
    assert question.report().to_jsonl() == other.to_jsonl()


@examples(60)
@given(asked(), st.data())
def test_one_more_failure(question: Asked, data: st.DataObject) -> None:
    """
    An account that fails takes no row and no digit from the others. Totals keep their amounts and name it.
    """
    # Not a name that is taken.
    name = "".join(question.outcomes) + "!"
    failure = data.draw(failures(name, "v"))
    before = question.report()
    after = Asked([Account(name, "v"), *question.accounts], {name: failure, **question.outcomes}).report()
    expected = {
        asset: evolve(total, missing=tuple(sorted((*total.missing, name)))) for asset, total in before.totals().items()
    }

    assert not after.complete
    assert (before.balances, before.locks) == (after.balances, after.locks)
    assert expected == after.totals()
    assert {*before.missing, name} == set(after.missing)


def identities(row: Balance) -> dict[str, Fraction]:
    """
    Work out what may be derived of a row, without the help of what is tested.
    """
    amounts = {name: Fraction(getattr(row, name)) for name in row.basis}
    sums = {"equity": ("wallet_balance", "unrealized_pnl"), "initial_margin": ("position_margin", "order_margin")}
    found = {name: sum(amounts[term] for term in terms) for name, terms in sums.items() if amounts.keys() >= set(terms)}
    if amounts.get("wallet_balance", 0) == amounts.get("cross_wallet_balance") and "cross_unrealized_pnl" in amounts:
        found["unrealized_pnl"] = amounts["cross_unrealized_pnl"]
    return {name: Fraction(amount) for name, amount in found.items()}


def outcome(result: Statement | Failure) -> Statement | PluginError:
    return PluginError("It failed.", hint="Wait.") if isinstance(result, Failure) else result


@examples(25)
@given(data=st.data())
def test_order_of_completion(stated: Stated, data: st.DataObject) -> None:
    """
    One thread or many, first come or last: the report is the same, to the byte.
    """
    question = data.draw(asked(stated.venue))
    other = shuffled(data.draw, question)
    stated.says({name: outcome(result) for name, result in question.outcomes.items()})
    ask: Any = partial(collect, question.accounts)
    expected = ask()

    assert sorted(question.failed) == list(expected.missing)
    assert timeless(expected) == timeless(ask(max_workers=1))
    assert timeless(expected) == timeless(ask(executor=Reversed(len(question))))
    stated.says({name: outcome(result) for name, result in other.outcomes.items()})
    assert timeless(expected) == timeless(collect(other.accounts, max_workers=2))


@examples(40)
@given(data=st.data())
def test_collecting_changes_no_figure(stated: Stated, data: st.DataObject) -> None:
    """
    What a venue said stays as it is, digit for digit. Only what it did not say is derived, and says so.
    """
    question = data.draw(asked(stated.venue))
    stated.says({name: outcome(result) for name, result in question.outcomes.items()})
    report = collect(question.accounts)

    assert [(row.account, row.asset) for row in question.rows] == [(row.account, row.asset) for row in report.balances]
    for said, row in zip(question.rows, report.balances, strict=True):
        known, basis = said.basis, row.basis
        assert [spelled(getattr(said, name)) for name in known] == [spelled(getattr(row, name)) for name in known]
        assert known == {name: basis[name] for name in known}
        assert all(basis[name].startswith("derived: ") for name in basis.keys() - known)
        assert all(identities(row)[name] == getattr(row, name) for name in basis.keys() - known)
    expected = [[spelled(getattr(lock, name)) for name in LOCKED] for lock in question.report().locks]
    assert expected == [[spelled(getattr(lock, name)) for name in LOCKED] for lock in report.locks]
