"""
Working on many accounts at once, with executors that do not do what they should.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import define

from marginbook import Account, MarginbookError, Statement, collect
from marginbook.gathering import gather
from marginbook.report import Failure
from marginbook.transport import Deadline

if TYPE_CHECKING:
    from tests.core.conftest import Plugins

    from marginbook.registry import Registry
    from marginbook.seam import Venue

CANARY: Final = "canary-1f0e9d"

ACME: Final = """
from marginbook import Statement, Venue, hookimpl

@hookimpl
def marginbook_venues():
    return [Venue(id="acme", title="Acme", fetch=lambda account, session: Statement([]), hosts={"x": "https://acme.example"})]
"""

ACCOUNTS: Final = [Account("a", "acme"), Account("b", "acme"), Account("c", "acme")]


@pytest.fixture
def registry(plugins: Plugins) -> Registry:
    """
    A venue that reports no assets.
    """
    plugins.add("acme", "acme", source=ACME)
    importlib.import_module("acme")
    return plugins.registry()


@define
class Odd(ThreadPoolExecutor):
    """
    Does the work at once, but for that on one account, of which *becomes* says what becomes.
    """

    becomes: Callable[[Future[Any]], Future[Any]]
    name: str = "b"

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if args[0].name == self.name:
            return self.becomes(future)
        future.set_result(fn(*args, **kwargs))
        return future


def broken(_: Future[Any]) -> Future[Any]:
    raise RuntimeError(CANARY)


def broken_in_our_words(_: Future[Any]) -> Future[Any]:
    msg = "The cluster is full."
    raise MarginbookError(msg, hint="Wait.")


def lost(future: Future[Any]) -> Future[Any]:
    return future


def cancelled(future: Future[Any]) -> Future[Any]:
    future.cancel()
    return future


def cancelled_and_said(future: Future[Any]) -> Future[Any]:
    future.cancel()
    future.set_running_or_notify_cancel()
    return future


def failed(future: Future[Any]) -> Future[Any]:
    future.set_exception(KeyboardInterrupt(CANARY))
    return future


@pytest.mark.parametrize(
    ("becomes", "kind", "message"),
    [
        (broken, "plugin", "The work on it could not be begun (RuntimeError). Run it in threads to see."),
        (cancelled_and_said, "plugin", "The work on it was broken off (CancelledError). Run it in threads to see."),
        (failed, "plugin", "The work on it was broken off (KeyboardInterrupt). Run it in threads to see."),
        (lost, "timeout", "It had not answered when the deadline was over. Allow more time."),
        (cancelled, "plugin", "The work on it was broken off (CancelledError). Run it in threads to see."),
    ],
)
@pytest.mark.usefixtures("registry")
def test_executors_that_lose_work(becomes: Callable[[Future[Any]], Future[Any]], kind: str, message: str) -> None:
    """
    One account is missing from the report, which says so, and the others are there.
    """
    report = collect(ACCOUNTS, executor=Odd(becomes), timeout=0.1)
    (failure,) = report.failures

    assert ("b", kind, message) == (failure.account, failure.kind, f"{failure.message} {failure.hint}")
    assert {"a", "b", "c"} == set(report.accounts)
    assert CANARY not in report.to_json()


@pytest.mark.usefixtures("registry")
def test_an_executor_that_is_shut_down() -> None:
    """
    Every account is in the report, as missing.
    """
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    report = collect(ACCOUNTS, executor=executor)

    assert ("a", "b", "c") == report.missing
    assert {"The work on it could not be begun (RuntimeError)."} == {failure.message for failure in report.failures}


def test_errors_of_ours_keep_their_words(registry: Registry) -> None:
    """
    An executor that knows why it cannot work may say so.
    """
    outcomes = dict(gathered(registry, executor=Odd(broken_in_our_words)))

    assert "The cluster is full. Wait." == f"{outcomes['b'].message} {outcomes['b'].hint}"
    assert ["A", "C"] == [outcomes["a"], outcomes["c"]]


def gathered(registry: Registry, **settings: Any) -> list[tuple[str, Any]]:
    def work(account: Account, venue: Venue) -> str:
        return account.name.upper() if venue.id == "acme" else ""

    found = gather(ACCOUNTS, work, registry=registry, deadline=Deadline(5), max_workers=2, **settings)
    return [(account.name, outcome) for account, outcome in found]


def test_any_work_can_be_gathered(registry: Registry) -> None:
    """
    Each account comes back once, with what the work on it gave.
    """
    assert [("a", "A"), ("b", "B"), ("c", "C")] == sorted(gathered(registry))


@pytest.mark.parametrize("own", [True, False])
def test_who_is_patient_is_woken_once(registry: Registry, *, own: bool) -> None:
    """
    Nothing is told before all is done, then everything is at once.
    """
    finished: list[str] = []
    go_on = threading.Event()

    def work(account: Account, _: Venue) -> str:
        if len(finished) == len(ACCOUNTS) - 1:
            go_on.wait(0.2)
        finished.append(account.name)
        return account.name.upper()

    executor = None if own else ThreadPoolExecutor(1)
    found = gather(
        ACCOUNTS, work, registry=registry, deadline=Deadline(5), max_workers=1, executor=executor, patient=True
    )
    first = next(found)
    done = list(finished)

    assert ["a", "b", "c"] == done
    assert [("a", "A"), ("b", "B"), ("c", "C")] == [(account.name, outcome) for account, outcome in (first, *found)]
    if executor:
        executor.shutdown()


def test_patience_ends_at_the_deadline(registry: Registry) -> None:
    """
    Who has answered by then is told, and who has not is late.
    """
    go_on = threading.Event()

    def work(account: Account, _: Venue) -> str:
        if account.name == "b":
            go_on.wait(5)
        return account.name.upper()

    found = gather(ACCOUNTS, work, registry=registry, deadline=Deadline(0.1), max_workers=3, patient=True)
    outcomes: dict[str, Any] = {account.name: outcome for account, outcome in found}
    go_on.set()

    assert ("A", "C") == (outcomes["a"], outcomes["c"])
    assert "It had not answered when the deadline was over." == outcomes["b"].message


def test_work_that_is_done_before_somebody_waits(registry: Registry) -> None:
    """
    Nobody waits for what is there already.
    """

    class AtOnce(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(fn(*args, **kwargs))
            return future

    begun = time.monotonic()
    assert [("a", "A"), ("b", "B"), ("c", "C")] == gathered(registry, executor=AtOnce(), patient=True)
    assert time.monotonic() - begun < 4


def test_threads_that_cannot_be_had(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    On a machine that has no room for another thread, nobody is lost either.
    """

    def full(_: object) -> None:
        msg = "can't start new thread"
        raise RuntimeError(msg)

    monkeypatch.setattr("threading.Thread.start", full)
    outcomes = gathered(registry)

    assert ["a", "b", "c"] == [name for name, _ in outcomes]
    assert all(isinstance(outcome, Failure) for _, outcome in outcomes)


def test_unknown_venues_come_first(registry: Registry) -> None:
    """
    What is known without any work is told before the rest.
    """
    accounts = [ACCOUNTS[0], Account("lost", "kraken")]
    found = gather(accounts, lambda *_: Statement([]), registry=registry, deadline=Deadline(5), max_workers=1)

    assert ["lost", "a"] == [account.name for account, _ in found]


@pytest.mark.parametrize("own", [True, False])
def test_who_stops_listening_calls_off_the_rest(registry: Registry, *, own: bool) -> None:
    """
    What nobody has begun by then is not begun any more, in threads of ours or in an executor.
    """
    asked: list[str] = []
    busy, go_on = threading.Event(), threading.Event()

    def work(account: Account, _: Venue) -> None:
        asked.append(account.name)
        if len(asked) > 1:
            busy.set()
            go_on.wait(5)

    before = set(threading.enumerate())
    executor = None if own else ThreadPoolExecutor(1)
    found = gather(ACCOUNTS, work, registry=registry, deadline=Deadline(5), max_workers=1, executor=executor)
    assert ACCOUNTS[0] is next(found)[0]
    (thread,) = set(threading.enumerate()) - before
    busy.wait(5)
    found.close()
    go_on.set()
    if executor:
        executor.shutdown()
    thread.join(5)

    assert ["a", "b"] == asked
    assert not thread.is_alive()
