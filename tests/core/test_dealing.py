"""
Accounts dealt out to workers elsewhere: to executors that pickle all that they are given, and may lose it.
"""

from __future__ import annotations

import functools
import importlib
import pickle
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import define, evolve, field

from machines import Hands
from marginbook import Account, ConfigurationError, Progress, collect, dealing
from marginbook.elsewhere import Done, Round, work
from marginbook.transport import MACHINE, Memory
from marginbook.values.times import EPOCH

if TYPE_CHECKING:
    from tests.core.conftest import Plugins

    from marginbook import BalanceReport

#: Does what the account's option says, at two venues, and counts nothing until it is asked.
ACME: Final = """
from marginbook import Balance, Limit, Option, Statement, Venue, hookimpl

def fetch(account, session):
    if account.options["does"] == "stuck":
        return Statement([], notes=[StuckText("x")])
    return Statement([Balance(account=account.name, venue=account.venue, asset="USDT", wallet_balance="1.10")])

class StuckText(str):
    def __reduce__(self):
        raise TypeError("it does not travel")

def venue(name):
    hosts = {"production": f"https://{name}.example", "demo": "https://demo.example"}
    limits = [Limit(100, weights={"GET /a": 10}), Limit(5, per="key")]
    options = [Option("does", str, "What it does.", default="fine")]
    return Venue(id=name, title=name, fetch=fetch, hosts=hosts, options=options, limits=limits)

@hookimpl
def marginbook_venues():
    return [venue("acme"), venue("acme-2")]
"""


@pytest.fixture(autouse=True)
def acme(plugins: Plugins) -> None:
    plugins.add("acme", "acme", "acme-2", source=ACME)
    importlib.import_module("acme")


def account(name: str, venue: str = "acme", **options: Any) -> Account:
    return Account(name, venue, options=options)


def accounts(count: int, venue: str = "acme") -> list[Account]:
    return [account(f"{venue}-{number:03}", venue) for number in range(count)]


def timeless(report: BalanceReport) -> str:
    return evolve(report, started_at=EPOCH, finished_at=EPOCH).to_json()


def names(round_: Round) -> list[str]:
    return [pickle.loads(written).name for written in round_.accounts]  # noqa: S301  # what we wrote ourselves


@define
class Pickling(Executor):
    """
    Does the work at once, on what comes out of a pickle, and gives back what comes out of another.
    """

    #: What becomes of a round, in the place of being worked on; None where it is worked on.
    becomes: Callable[[Round], BaseException | None] = lambda _: None
    _max_workers: int = 1
    rounds: list[Round] = field(factory=list, init=False)
    wire: list[bytes] = field(factory=list, init=False)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        assert not kwargs
        self.wire.append(pickle.dumps((fn, args)))
        function, (round_,) = pickle.loads(self.wire[-1])  # noqa: S301  # see above
        self.rounds.append(round_)
        future: Future[Any] = Future()
        if trouble := self.becomes(round_):
            future.set_exception(trouble)
        else:
            self.wire.append(pickle.dumps(function(round_)))
            future.set_result(pickle.loads(self.wire[-1]))  # noqa: S301  # see above
        return future

    @property
    def sizes(self) -> list[int]:
        return [len(round_.accounts) for round_ in self.rounds]


def losing(*lost: str) -> Callable[[Round], BaseException | None]:
    """
    Loses each round that has one of these accounts in it.
    """
    return lambda round_: BrokenExecutor() if set(lost) & set(names(round_)) else None


def test_the_same_report() -> None:
    """
    Elsewhere or here, all at once or two by two: the report is the same, to the byte, failures included.
    """
    asked = [*accounts(5), account("wrong", does=3), account("lost", "nowhere"), account("again", base_url="x://y")]
    elsewhere = Pickling()
    report = collect(asked, executor=elsewhere)

    assert ("again", "lost", "wrong") == report.missing
    assert timeless(collect(asked)) == timeless(report)
    assert timeless(report) == timeless(collect(asked, executor=Pickling(), max_workers=2))
    assert 2 == len(elsewhere.wire)


def test_rounds() -> None:
    """
    A round has four accounts of a host for each of its threads, and each account is in one.
    """
    elsewhere = Pickling()
    report = collect([*accounts(20), *accounts(3, "acme-2")], executor=elsewhere, max_workers=2)

    assert report.complete
    assert [11, 8, 4] == elsewhere.sizes
    assert set(report.accounts) == {name for round_ in elsewhere.rounds for name in names(round_)}
    assert 3 == len({round_.number for round_ in elsewhere.rounds})
    assert 1 == len({round_.report for round_ in elsewhere.rounds})


def test_no_two_tasks_are_the_same() -> None:
    """
    An executor that keeps what a task gave, as dask does, is never given the same one again.
    """
    elsewhere = Pickling()
    for _ in range(2):
        collect(accounts(1), executor=elsewhere)
    first, second = elsewhere.rounds

    assert first != evolve(second, deadline=first.deadline)


@define
class Waiting(Pickling):
    """
    Works on nothing until as many rounds are there as it was told.
    """

    count: int = 0
    _open: list[Callable[[], None]] = field(factory=list, init=False)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG002
        future: Future[Any] = Future()
        self.rounds.append(args[0])
        self._open.append(functools.partial(self._end, future, args[0]))
        if len(self._open) == self.count:
            for end in self._open:
                end()
        return future

    def _end(self, future: Future[Any], round_: Round) -> None:
        future.set_result(work(round_))


def test_a_host_is_asked_in_one_place() -> None:
    """
    Of several workers, one has all accounts of a host, whatever name of the host they say; other hosts are with others.
    """
    elsewhere = Waiting(max_workers=3, count=2)
    named = [account("a", base_url="https://acme.example"), account("b", base_url="production"), account("c")]
    report = collect([*named, *accounts(2, "acme-2")], executor=elsewhere)

    assert report.complete
    assert [["a", "b", "c"], ["acme-2-000", "acme-2-001"]] == sorted(map(names, elsewhere.rounds))


def test_more_hosts_than_workers() -> None:
    """
    They share workers, evenly, and none of them waits for another's accounts to be done.
    """
    elsewhere = Waiting(max_workers=2, count=2)
    demo = [account(f"demo-{n}", base_url="demo") for n in range(4)]
    report = collect([*accounts(6), *demo, *accounts(3, "acme-2")], executor=elsewhere)

    assert report.complete
    assert [6, 7] == elsewhere.sizes


def test_an_executor_for_each_address() -> None:
    """
    Each has its share of each host's accounts.
    """
    a, b = Pickling(), Pickling()
    report = collect([*accounts(5), *accounts(2, "acme-2")], executor={"192.0.2.1": a, "192.0.2.2": b})

    assert report.complete
    assert [["acme-000", "acme-002", "acme-004", "acme-2-000"]] == list(map(names, a.rounds))
    assert [["acme-001", "acme-003", "acme-2-001"]] == list(map(names, b.rounds))


def test_no_address_at_all() -> None:
    """
    Without an executor for any address, nobody can be asked.
    """
    with pytest.raises(ConfigurationError, match="There is no executor"):
        collect(accounts(1), executor={})


def test_a_machine_of_ones_own() -> None:
    """
    It stays here: with threads, and not with an executor for each address.
    """
    with pytest.raises(ConfigurationError, match="does not travel"):
        collect(accounts(1), executor={"": Pickling()}, machine=Hands().machine())


def test_a_round_that_is_lost() -> None:
    """
    Its accounts are asked again, in two rounds, and the report is complete.
    """
    troubles = iter([BrokenExecutor(), None, None])
    elsewhere = Pickling(lambda _: next(troubles))
    report = collect(accounts(5), executor=elsewhere)

    assert report.complete
    assert [5, 3, 2] == elsewhere.sizes


def test_work_that_goes_wrong_in_another_way() -> None:
    """
    Whatever an executor says of a round, its accounts are asked again, and the one that it is about is given up.
    """
    executor = Pickling(lambda round_: OSError("gone") if "acme-001" in names(round_) else None)
    report = collect(accounts(3), executor=executor)

    assert [("acme-001", "plugin")] == [(failure.account, failure.kind) for failure in report.failures]
    assert "The work on it was broken off (OSError)." == report.failures[0].message


def test_an_address_that_makes_no_sense() -> None:
    """
    An account whose host nobody can tell is dealt out as all others are, and says itself what is wrong.
    """
    report = collect([account("good"), account("odd", base_url="http://[x")], executor=Pickling())

    assert [("odd", "configuration", "base_url is not the address of a server.")] == [
        (failure.account, failure.kind, failure.message) for failure in report.failures
    ]


def test_one_account_that_is_lost() -> None:
    """
    Alone in a round, it is tried once more as well.
    """
    troubles = iter([BrokenExecutor(), None])
    elsewhere = Pickling(lambda _: next(troubles))

    assert collect(accounts(1), executor=elsewhere).complete
    assert [1, 1] == elsewhere.sizes


def test_an_account_that_ends_every_worker() -> None:
    """
    It is found, and given up, and nobody else is: neither at its host nor at others.
    """
    elsewhere = Pickling(losing("acme-017"))
    report = collect([*accounts(40), *accounts(30, "acme-2"), account("x", base_url="demo")], executor=elsewhere)
    (failure,) = report.failures

    assert ("acme-017", "plugin", "The work on it was broken off (BrokenExecutor).") == (
        failure.account,
        failure.kind,
        failure.message,
    )
    assert 70 == len(report.balances)


def test_everybody_is_lost() -> None:
    """
    It is not tried without end, and everybody is named.
    """
    elsewhere = Pickling(lambda _: BrokenExecutor())
    report = collect([*accounts(100), *accounts(3, "acme-2")], executor=elsewhere)

    assert 103 == len(report.failures)
    assert len(elsewhere.rounds) < 50


def test_a_host_that_is_lost_takes_nobody_along() -> None:
    """
    All accounts of one host end every worker, and those of another one, which were with them, are in the report.
    """
    elsewhere = Pickling(losing(*(one.name for one in accounts(50))))
    report = collect([*accounts(50), *accounts(20, "acme-2")], executor=elsewhere)

    assert 50 == len(report.failures)
    assert {"acme-2"} == {row.venue for row in report.balances}
    assert 20 == len(report.balances)


@define
class Down(Pickling):
    """
    Takes no work: *trouble* is raised.
    """

    trouble: Exception = field(factory=RuntimeError)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG002
        raise self.trouble


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (RuntimeError(), "The work on it could not be begun (RuntimeError)."),
        (BrokenExecutor(), "The work on it was broken off (BrokenExecutor)."),
    ],
)
def test_an_executor_that_is_down(trouble: Exception, message: str) -> None:
    """
    Everybody is in the report, as missing.
    """
    report = collect(accounts(9), executor=Down(trouble=trouble))

    assert [message] * 9 == [failure.message for failure in report.failures]


class Cancelled(Pickling):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG002
        future: Future[Any] = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


def test_work_that_others_call_off() -> None:
    """
    Who calls it off does not want it done again.
    """
    report = collect(accounts(2), executor=Cancelled())

    assert ["The work on it was broken off (CancelledError)."] * 2 == [failure.message for failure in report.failures]


class Lost(Pickling):
    """
    Never says what became of anything.
    """

    futures: Final[list[Future[Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG002
        self.futures.append(Future())
        return self.futures[-1]


def test_rounds_that_never_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    At the deadline all of them are missing, those that were never sent included, and nobody works on them any more.
    """
    monkeypatch.setattr(dealing, "_GRACE", 0.01)
    elsewhere = Lost()
    report = collect(accounts(9), executor=elsewhere, timeout=0.05, max_workers=1)

    assert {"timeout"} == {failure.kind for failure in report.failures}
    assert 9 == len(report.failures)
    assert [True] == [future.cancelled() for future in elsewhere.futures]


def test_rounds_that_come_back_late() -> None:
    """
    After the deadline no further one is sent.
    """
    elsewhere = Pickling(lambda _: MACHINE.sleep(0.1))
    report = collect(accounts(9), executor=elsewhere, timeout=0.05, max_workers=1)

    assert [4] == elsewhere.sizes
    assert 9 == len(report.accounts)
    assert {f"acme-{n:03}" for n in range(4, 9)} <= set(report.missing)


class Garbling(Pickling):
    """
    Brings back something else of one account, and nothing of another.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        done: Done = future.result()
        (first, _), _, *others = done.outcomes
        changed: Future[Any] = Future()
        changed.set_result(evolve(done, outcomes=((first, b"no pickle"), *others)))
        return changed


def test_outcomes_that_cannot_be_understood() -> None:
    """
    A worker with another plugin, or another marginbook, costs the accounts that it answered so, and no others.
    """
    report = collect(accounts(4), executor=Garbling(), max_workers=1)

    assert ["UnpicklingError", "KeyError"] == [
        failure.message.removeprefix("The work on it cannot be understood (").removesuffix(").")
        for failure in report.failures
    ]
    assert 2 == len(report.balances)


def test_statements_that_do_not_travel() -> None:
    """
    A plugin's statement with something odd in it is the trouble of its account alone.
    """
    report = collect([account("odd", does="stuck"), *accounts(2)], executor=Pickling())

    assert ["acme gave what cannot travel to another process (TypeError)."] == [f.message for f in report.failures]
    assert 2 == len(report.balances)


def test_secrets_stay() -> None:
    """
    An account that holds a secret itself is told so, and is in no round.
    """
    elsewhere = Pickling()
    report = collect(
        [evolve(account("literal"), credentials={"key": "canary-1f0e9d"}), *accounts(2)], executor=elsewhere
    )

    assert [("literal", "A secret does not travel to other processes.")] == [
        (failure.account, failure.message) for failure in report.failures
    ]
    assert [2] == elsewhere.sizes
    assert not any(b"canary" in wire for wire in elsewhere.wire)


def test_progress_and_recordings() -> None:
    """
    The caller hears of each account once, in its own thread.
    """
    heard: list[Progress] = []
    collect([*accounts(6), account("lost", "nowhere")], executor=Pickling(), max_workers=1, progress=heard.append)

    assert list(range(1, 8)) == [progress.done for progress in heard]
    assert 1 == heard[-1].failed
    assert [1, *range(1, 1)] == sorted({progress.failed for progress in heard})


def memory(origin: str, weight: int, place: tuple[str, ...] = ("acme", "acme.example", "")) -> Memory:
    return Memory(origin=origin, place=place, spent=((0, 60.0, ((50.0, weight),)),))


@define
class Spending(Pickling):
    """
    Its worker says that it has spent so much.
    """

    told: list[Memory] = field(factory=list)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        told: Future[Any] = Future()
        told.set_result(evolve(future.result(), memories=tuple(self.told)))
        return told


def spent(round_: Round) -> dict[str, int]:
    return {m.origin: sum(w for _, w in weights) for m in round_.memories for *_, weights in m.spent}


def test_what_was_spent_goes_along() -> None:
    """
    The next accounts of a host are given what others have spent there, in this report and in the next; and so are those
    that are asked from here. Those of another host are not.
    """
    first, second = Spending(told=[memory("w1", 30)]), Spending(told=[memory("w2", 20), memory("w1", 40)])
    collect(accounts(8), executor=first, max_workers=1)
    collect([*accounts(1)], executor=second)
    third = Pickling()
    collect([*accounts(1), account("x", base_url="demo")], executor=third)

    assert [{}, {"w1": 30}] == list(map(spent, first.rounds))
    assert [{"w1": 30}] == list(map(spent, second.rounds))
    assert [{"w1": 40, "w2": 20}] == list(map(spent, third.rounds))
    host = MACHINE.hosts.at("acme", "acme.example", "")
    assert 60 == host._gates[0, ""].spent(MACHINE.monotonic())


def test_addresses_are_apart() -> None:
    """
    What was spent from one address is nothing to the others, nor to this machine.
    """
    spending = Spending(told=[memory("w1", 30)])
    collect(accounts(2), executor={"a": spending, "b": Pickling()})
    a, b, here = Pickling(), Pickling(), Pickling()
    collect(accounts(2), executor={"a": a, "b": b})
    collect(accounts(2), executor=here)

    assert [{"w1": 30}, {}, {}] == [spent(executor.rounds[0]) for executor in (a, b, here)]


def test_what_a_lost_worker_may_have_spent() -> None:
    """
    Nobody knows, so it is taken for what the dearest operation costs for each account, and for no more than there is.
    """
    troubles = iter([BrokenExecutor(), *[None] * 9])
    few, many = Pickling(lambda _: next(troubles)), Pickling(lambda _: next(troubles))
    collect(accounts(3), executor=few)
    MACHINE.hosts.forget()
    troubles = iter([BrokenExecutor(), *[None] * 9])
    collect(accounts(50), executor=many)

    assert [0, 30, 30] == [sum(spent(round_).values()) for round_ in few.rounds]
    assert [0, 100, 100] == [sum(spent(round_).values()) for round_ in many.rounds]


def test_a_ban_goes_along() -> None:
    """
    What one worker was told by a host, the next one knows, and so does this process.
    """
    ban = Memory(origin="w1", place=("acme", "acme.example", ""), spent=(), stopped=3600.0)
    collect(accounts(1), executor=Spending(told=[ban]))
    after = Pickling()
    collect(accounts(1), executor=after)

    assert 3500 < after.rounds[0].memories[0].stopped <= 3600
    assert 3500 < MACHINE.hosts.at("acme", "acme.example", "").stopped_for(MACHINE) <= 3600
