"""
A real cluster of dask.distributed: three worker processes, which are watched, listened to, and killed.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, Final

import cloudpickle
import pytest
from attrs import define, evolve, field
from distributed import Client, LocalCluster

from canaries import Ears, given_away, stages
from crowds import QUICK, crowd, referring
from marginbook import Account, BalanceReport, collect
from marginbook.sandbox import Fault
from marginbook.values.times import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.core.conftest import Plugins

    from marginbook.sandbox import Sandbox

#: How long a report may take here: killed workers are begun anew.
TIMEOUT: Final = 240


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """
    A cluster on loopback, each worker with one thread for tasks.
    """
    cluster = LocalCluster(n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1")
    with cluster, Client(cluster) as found:
        yield found


def place_secrets(client: Client, accounts: Iterable[Account]) -> list[Account]:
    """
    Put the accounts' secrets where the workers are, and nowhere else.
    """
    environment: dict[str, str] = {}
    referred = referring(accounts, environment.__setitem__)
    # By value: workers know nothing of tests, and the environment that is meant is theirs.
    client.run(lambda found: __import__("os").environ.update(found), environment)  # noqa: PLW0108
    return referred


def timeless(report: BalanceReport) -> str:
    return evolve(report, started_at=EPOCH, finished_at=EPOCH).to_json()


def test_the_same_report(client: Client, sandbox: Sandbox) -> None:
    """
    The workers look the secrets up, and the report is the one that threads make of the secrets themselves, to the byte.
    """
    accounts = place_secrets(client, sandbox.accounts())
    missing = Account("missing", "binance-usdm", {"api_key": "env:NOT_THERE", "api_secret": "env:NOT_THERE"})
    report = collect([*accounts, missing], executor=client.get_executor(), timeout=TIMEOUT)

    assert ("missing",) == report.missing
    assert timeless(collect([*sandbox.accounts(), missing])) == timeless(report)
    assert "CROWD_0_api_key" not in os.environ


def test_five_hundred_accounts(client: Client, plugins: Plugins) -> None:
    """
    The workers have one address, and spend together no more than it may, in one report and in the next.
    """
    plugins.add("quick", "quick", source=QUICK.format(limit=1000, seconds=1))
    with crowd(500, 1000, 1) as many:
        accounts = place_secrets(client, many.accounts)
        reports = [collect(accounts, executor=client.get_executor(), timeout=TIMEOUT) for _ in range(2)]

        assert [True, True] == [report.complete for report in reports]
        assert 1000 == many.budget.requests
        assert 0 < many.budget.most <= 1000


def test_an_executor_for_each_address(client: Client, plugins: Plugins) -> None:
    """
    Workers that have an address each ask their share, and no other worker does.
    """
    plugins.add("quick", "quick", source=QUICK.format(limit=1000, seconds=1))
    heard: dict[int, Heard] = {name: Heard(client.get_executor(workers=[name])) for name in (0, 1, 2)}
    with crowd(30, 1000, 1) as many:
        accounts = place_secrets(client, many.accounts)
        report = collect(accounts, executor={f"192.0.2.{name}": one for name, one in heard.items()}, timeout=TIMEOUT)
    answers = [pickle.loads(answer) for one in heard.values() for answer in one.answers]  # noqa: S301  # our own
    origins = {memory.origin for done in answers for memory in done.memories}

    assert report.complete
    assert [10, 10, 10] == [len(done.outcomes) for done in answers]
    assert 3 == len(origins)


def kill_who_works(client: Client, begun: Callable[[], bool]) -> None:
    """
    Wait until the work has begun, and kill the worker that has it, as a machine does that runs out of memory.
    """
    processes = client.run(os.getpid)
    while not begun():
        time.sleep(0.005)
    busy: list[str] = []
    while not busy:
        busy = [worker for worker, tasks in client.processing().items() if tasks]
    os.kill(processes[busy[0]], signal.SIGKILL)


def test_a_worker_that_is_killed(client: Client, plugins: Plugins, tmp_path: Path) -> None:
    """
    What it had is asked again by another, and nothing is missing.
    """
    plugins.add("quick", "quick", source=QUICK.format(limit=2000, seconds=1))
    with crowd(500, 2000, 1) as many:
        # In files, since the worker that takes the place of the killed one has an environment as it was at first.
        accounts = referring(
            many.accounts, lambda name, secret: (tmp_path / name).write_text(secret), f"file:{tmp_path}/"
        )
        killer = threading.Thread(target=kill_who_works, args=(client, lambda: many.budget.requests >= 70))
        killer.start()
        report = collect(accounts, executor=client.get_executor(), timeout=TIMEOUT)
        killer.join()
        requests = many.budget.requests
    # For the tests after this one.
    client.wait_for_workers(3, timeout=TIMEOUT)

    assert report.complete
    assert 500 == len(report.balances)
    # Some were asked, and their answers were lost.
    assert requests > 500


@define
class Heard(Executor):
    """
    Keeps all that goes to workers and comes from them.
    """

    executor: Executor
    questions: list[bytes] = field(factory=list, init=False)
    answers: list[bytes] = field(factory=list, init=False)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.questions.append(cloudpickle.dumps((fn, args, kwargs)))
        future = self.executor.submit(fn, *args, **kwargs)
        future.add_done_callback(lambda done: self.answers.append(cloudpickle.dumps(done.result())))
        return future


def test_secrets_do_not_travel(client: Client) -> None:
    """
    What goes to the workers has references in it, and neither that nor what comes back has a secret or a signature.
    """
    heard = Heard(client.get_executor())
    kept: list[Any] = []
    # One of them fails, and says why.
    with Ears(stages(), faults=[Fault("key", "hmac")]) as sandbox:
        accounts = place_secrets(client, sandbox.accounts())
        report = collect(accounts, executor=heard, timeout=TIMEOUT, record=kept.append)
        hidden = sandbox.hidden
    wire = "\n".join(text.decode("latin-1") for text in (*heard.questions, *heard.answers))

    assert ("hmac",) == report.missing
    assert len(accounts) - 1 == len(kept)
    assert len(hidden) > len(accounts)
    assert "env:CROWD_0_api_key" in wire
    assert [] == given_away(wire, hidden)


def test_nobody_needs_dask(plugins: Plugins) -> None:
    """
    It is an extra: nothing of marginbook imports it, not even what deals accounts out.
    """
    script = (
        "import sys, marginbook.dealing, marginbook.cli.main;"
        "print({'dask', 'distributed', 'cloudpickle'} & set(sys.modules))"
    )

    assert "set()\n" == plugins.run("-c", script).stdout
