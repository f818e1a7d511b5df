"""
What all accounts of a host share: over threads, reports and forks.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Final

import pytest

from crowds import QUICK, Crowd, crowd, referring
from marginbook import Progress, collect
from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from marginbook.transport import MACHINE
from processes import UNMEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.core.conftest import Plugins


@pytest.fixture
def many(request: pytest.FixtureRequest, plugins: Plugins) -> Iterator[Crowd]:
    """
    So many accounts, at a venue with so low a limit in so many seconds.
    """
    count, limit, seconds = request.param
    plugins.add("quick", "quick", source=QUICK.format(limit=limit, seconds=seconds))
    with crowd(count, limit, seconds) as found:
        yield found


@pytest.mark.parametrize("many", [(500, 1000, 1)], indirect=True)
def test_five_hundred_accounts(many: Crowd) -> None:
    """
    They are all in the report, and the address never spends more than it may: nobody is refused by the venue.
    """
    report = collect(many.accounts, timeout=60)

    assert report.complete
    assert 500 == len(report.balances)
    assert 500 == many.budget.requests
    assert 0 < many.budget.most <= 1000


@pytest.mark.parametrize("many", [(16, 40, 1)], indirect=True)
def test_reports_in_a_row_share_a_limit(many: Crowd) -> None:
    """
    What one report has spent is not there for the next.
    """
    for _ in range(3):
        assert collect(many.accounts, max_workers=16).complete

    assert 48 == many.budget.requests
    assert 0 < many.budget.most <= 40


@pytest.mark.parametrize("many", [(10, 40, 2)], indirect=True)
def test_who_waits_is_told(many: Crowd) -> None:
    """
    While some wait for the limit, progress says how many, at which host, and until when.
    """
    heard: list[Progress] = []
    begun = MACHINE.now()
    collect(many.accounts, timeout=60, progress=heard.append)
    waits = [wait for told in heard for wait in told.waiting]

    assert {many.accounts[0].options["base_url"].removeprefix("http://")} == {wait.host for wait in waits}
    assert {1, 2} >= {wait.accounts for wait in waits}
    assert all(wait.until > begun for wait in waits)
    assert () == heard[-1].waiting


@pytest.mark.parametrize("many", [(9, 40, 60)], indirect=True)
def test_who_does_not_fit_is_told(many: Crowd) -> None:
    """
    What the limit does not allow before the deadline fails, and is not asked.
    """
    report = collect(many.accounts, timeout=20)

    assert {"rate_limited"} == {failure.kind for failure in report.failures}
    assert (8, 8) == (len(report.balances), many.budget.requests)
    # Less if one of the venue's periods ended among them.
    assert 0 < many.budget.most <= 40


#: Forks while another thread counts, and has the child make a report as well.
FORK: Final = """
import os
import sys
import threading
import marginbook as mb
from marginbook.transport import MACHINE
from marginbook.transport import hosts

report = mb.collect(sys.argv[1])
assert report.complete, report
host = MACHINE.hosts.at("acme", "acme.example", "")
host.clock._measuring.acquire()
taken = threading.Event()

def count():
    while not taken.is_set():
        host.retry()
        host.succeed()

threads = [threading.Thread(target=count, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(5):
    child = os.fork()
    if not child:
        assert not hosts._LOCK.locked()
        assert host is not MACHINE.hosts.at("acme", "acme.example", "")
        assert not MACHINE.hosts.at("acme", "acme.example", "").clock._measuring.locked()
        found = mb.collect(sys.argv[1])
        print(len(found.balances), len(found.failures), flush=True)
        os._exit(0)
    assert 0 == os.waitpid(child, 0)[1]
taken.set()
assert host is MACHINE.hosts.at("acme", "acme.example", "")
print(len(report.balances), "in the parent")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_forks(plugins: Plugins, tmp_path: Path) -> None:
    """
    A process that is forked, whatever its parent was doing, makes reports, and waits for nothing of its parent's. The
    venue allows many in a second: no child knows what the others have spent.
    """
    accounts, script = tmp_path / "accounts.toml", tmp_path / "fork.py"
    script.write_text(FORK)
    with Sandbox(installed().stages_of("binance-usdm")) as sandbox:
        accounts.write_text(sandbox.accounts_file())
        done = plugins.run("-W", "ignore::DeprecationWarning", str(script), str(accounts), **UNMEASURED)
        rows = len(collect(accounts).balances)

    assert ("", 0) == (done.stderr, done.returncode)
    assert [f"{rows} 0"] * 5 + [f"{rows} in the parent"] == done.stdout.splitlines()


def test_nothing_is_missed_where_there_is_no_fork(sandbox: Sandbox, plugins: Plugins, tmp_path: Path) -> None:
    """
    Where the system cannot fork, there is nothing to do about it.
    """
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(sandbox.accounts_file())
    script = (
        "import os, sys; del os.fork, os.register_at_fork\n"
        "import marginbook as mb; print(mb.collect(sys.argv[1]).complete)"
    )
    done = plugins.run("-c", script, str(accounts))

    assert ("True\n", "") == (done.stdout, done.stderr)


#: Asks by threads, then over processes, and prints whether both are the same, of how many accounts, and what failed.
PROCESSES: Final = """
import multiprocessing
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
import marginbook as mb

if __name__ == "__main__":
    accounts = pickle.loads(Path(sys.argv[1]).read_bytes())
    expected = mb.collect(accounts)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(sys.argv[2])) as executor:
        report = mb.collect(accounts, executor=executor)
    print(report.balances == expected.balances, len(report.accounts), *expected.failures, *report.failures)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(
    method: str, sandbox: Sandbox, plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Processes of a pool, forked or begun anew, have a machine of their own, and the same answers.
    """
    accounts = referring(sandbox.accounts(), monkeypatch.setenv)
    pickled, script = tmp_path / "accounts", tmp_path / "processes.py"
    pickled.write_bytes(pickle.dumps(accounts))
    script.write_text(PROCESSES)
    done = plugins.run("-W", "ignore::DeprecationWarning", str(script), str(pickled), method, **UNMEASURED)

    assert (f"True {len(accounts)}\n", "") == (done.stdout, done.stderr)


def pool(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("many", [(500, 1000, 1)], indirect=True)
def test_five_hundred_accounts_over_processes(many: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Three processes have one address, and spend together no more than it may.
    """
    with pool(3) as executor:
        report = collect(referring(many.accounts, monkeypatch.setenv), executor=executor, timeout=120)

    assert report.complete
    assert (500, 500) == (len(report.balances), many.budget.requests)
    assert 0 < many.budget.most <= 1000


@pytest.mark.parametrize("many", [(6, 40, 6)], indirect=True)
def test_reports_over_processes_in_a_row(many: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What other processes have spent, that are long gone, is not there for the next; nor for who asks from here.
    """
    accounts = referring(many.accounts, monkeypatch.setenv)
    for _ in range(2):
        with pool(1) as executor:
            assert collect(accounts, executor=executor, timeout=120).complete
    assert collect(accounts, timeout=120).complete

    assert 18 == many.budget.requests
    assert 0 < many.budget.most <= 40


@pytest.mark.parametrize("many", [(500, 1000, 1)], indirect=True)
def test_a_process_that_is_killed(many: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With one of its processes, a pool loses all. What they had is asked again, by others, and nothing is missing.
    """
    with pool(2) as executor:

        def kill() -> None:
            while many.budget.requests < 100:
                time.sleep(0.005)
            for process in tuple(executor._processes):
                os.kill(process, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        report = collect(referring(many.accounts, monkeypatch.setenv), executor=executor, timeout=120)
        killer.join()

    assert report.complete
    assert 500 == len(report.balances)
    assert 0 < many.budget.most <= 1000
