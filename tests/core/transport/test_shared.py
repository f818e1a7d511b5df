"""
Rate limits that processes keep together.
"""

from __future__ import annotations

import builtins
import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import define

from marginbook import Account, ConfigurationError, RateLimitedError, collect
from marginbook.checking import check
from marginbook.limits import Limit
from marginbook.transport import SHARED_LIMITS, Deadline, Machine, shared, shared_limits
from marginbook.transport.hosts import Charge, Hosts
from marginbook.transport.shared import SharedLimits
from processes import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.core.conftest import Plugins

    from marginbook.sandbox import Sandbox

CANARY: Final = "canary-1f0e9d"

#: 2026-01-15 12:30:48 UTC, in milliseconds.
NOW: Final = 1_768_480_248_000

#: Seconds that a request may be on its way, by which all periods are longer.
WAY: Final = shared._WAY


@pytest.fixture(autouse=True)
def unshared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    No limits are shared, whatever the machine says, and no file of one test is open in the next.
    """
    monkeypatch.delenv(SHARED_LIMITS, raising=False)
    shared._open.cache_clear()
    yield
    shared._open.cache_clear()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    The file that the environment names.
    """
    path = tmp_path / "shared" / "limits"
    path.parent.mkdir()
    monkeypatch.setenv(SHARED_LIMITS, str(path))
    return path


@define
class Clock:
    """
    A time that passes when somebody sleeps.
    """

    seconds: float = 0.0
    sleeps: int = 0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.sleeps += 1

    def machine(self) -> Machine:
        return Machine(
            milliseconds=lambda: NOW + int(self.seconds * 1000), monotonic=lambda: self.seconds, sleep=self.sleep
        )


def charge(limit: Limit, cost: int = 1, key: str = "") -> Charge:
    return Charge(limit, (0, key), cost)


def test_what_others_spend_is_spent(tmp_path: Path) -> None:
    """
    Two that use the same file have one limit, and are told how long it will take.
    """
    one, other = (SharedLimits(str(tmp_path / "limits")) for _ in range(2))
    limit = Limit(10, seconds=60)

    assert 0 == one.spend("host", limit, 6, NOW)
    assert 60 + WAY == pytest.approx(other.spend("host", limit, 5, NOW), abs=0.01)
    assert 0 == other.spend("host", limit, 4, NOW)
    assert 0 < one.spend("host", limit, 1, NOW + 1000) < 60 + WAY


def test_what_was_spent_comes_back(tmp_path: Path) -> None:
    """
    After a period, and the time that a request may be on its way, and not before.
    """
    limits, limit = SharedLimits(str(tmp_path / "limits")), Limit(10, seconds=60)
    later = NOW + (60 + WAY) * 1000
    limits.spend("host", limit, 10, NOW)

    assert limits.spend("host", limit, 10, later)
    assert not limits.spend("host", limit, 10, later + 1)


def test_the_file_does_not_grow(tmp_path: Path) -> None:
    """
    What no longer counts is taken out of the file, which is opened once for each limit.
    """
    limits, limit = SharedLimits(str(tmp_path / "limits")), Limit(10, seconds=60)
    for period in range(5):
        assert not limits.spend("host", limit, 10, NOW + period * 100_000)
    bucket = limits._bucket("host", limit)

    assert 10 == bucket.count()
    assert bucket is limits._bucket("host", limit)


def test_who_waits_as_long_as_told_may_go(tmp_path: Path) -> None:
    """
    The wait is enough, so that nobody asks twice.
    """
    limits, limit = SharedLimits(str(tmp_path / "limits")), Limit(10, seconds=60)
    limits.spend("host", limit, 4, NOW)
    limits.spend("host", limit, 6, NOW + 7000)
    for cost in (1, 4, 5, 10):
        wait = limits.spend("host", limit, cost, NOW + 9000)
        fresh = SharedLimits(str(tmp_path / f"limits-{cost}"))
        fresh.spend("host", limit, 4, NOW)
        fresh.spend("host", limit, 6, NOW + 7000)

        assert fresh.spend("host", limit, cost, NOW + 9000 + round(wait * 1000) - 1)
        assert not fresh.spend("host", limit, cost, NOW + 9000 + round(wait * 1000))


def test_names_are_apart(tmp_path: Path) -> None:
    """
    What is spent of one host, or of one key, is not spent of another.
    """
    limits, limit = SharedLimits(str(tmp_path / "limits")), Limit(1)

    assert [0, 0, 0] == [limits.spend(name, limit, 1, NOW) for name in ("host", "host, key 1", "host, key 2")]
    assert all(limits.spend(name, limit, 1, NOW) for name in ("host", "host, key 1", "host, key 2"))


def test_accounts_may_differ_in_the_weight(tmp_path: Path) -> None:
    """
    An account that may spend less of the same limit counts what the others have spent.
    """
    limits = SharedLimits(str(tmp_path / "limits"))
    limits.spend("host", Limit(10), 5, NOW)

    assert limits.spend("host", Limit(5), 1, NOW)
    assert not limits.spend("host", Limit(10), 5, NOW)


def test_a_limit_below_the_cost(tmp_path: Path) -> None:
    """
    What can never be within the limit is told to wait a period, and not to ask again at once.
    """
    limits = SharedLimits(str(tmp_path / "limits"))

    assert 60 == limits.spend("host", Limit(4, seconds=60), 5, NOW)


def test_a_limit_below_the_cost_ends() -> None:
    """
    It is refused at the deadline, after few looks at the clock.
    """

    class Deaf:
        def spend(self, _name: str, limit: Limit, _cost: int, _now: int) -> float:
            return limit.seconds

    clock, limit, deaf = Clock(), Limit(5, seconds=60), Deaf()
    machine: Any = clock.machine()
    sharing: Any = deaf
    host = machine.hosts.at("acme", "127.0.0.1:1", "")
    with pytest.raises(RateLimitedError, match="would exceed its rate limit, so it was not asked"):
        host.enter([charge(limit, 5)], machine, Deadline(200, machine.monotonic), sharing)

    assert 3 == clock.sleeps
    assert 0 == host._gate(charge(limit), clock.seconds).spent(clock.seconds)


def test_accounts_with_a_limit_below_the_cost(plugins: Plugins, file: Path) -> None:
    """
    An account whose only request costs more than its limit is rate limited, and that is known at once.
    """
    plugins.add(
        "acme",
        "acme",
        source="""
from marginbook import Limit, Statement, Venue, hookimpl

def fetch(account, session):
    session.get(account.options["base_url"] + "/x")

@hookimpl
def marginbook_venues():
    limit = Limit(4, weights={"GET /x": 5})
    return [Venue(id="acme", title="Acme", fetch=fetch, hosts={"x": "http://127.0.0.1:9"}, limits=[limit])]
""",
    )
    (failure,) = collect([Account("a", "acme")], timeout=20).failures

    assert "rate_limited" == failure.kind
    assert "so it was not asked" in failure.message
    assert not file.exists()


def test_waiting_within_the_deadline(tmp_path: Path) -> None:
    """
    Who has the time waits until the others' spending is over; what could not be sent is not spent here either.
    """
    clock, limit = Clock(), Limit(10, seconds=60)
    machine = clock.machine()
    limits = SharedLimits(str(tmp_path / "limits"))
    host = machine.hosts.at("acme", "127.0.0.1:1", "")
    limits.spend(repr((host.place, (0, ""))), limit, 10, NOW)
    with pytest.raises(RateLimitedError) as caught:
        host.enter([charge(limit, 3)], machine, Deadline(60, machine.monotonic), limits)
    assert caught.value.until is not None
    assert 60 + WAY == pytest.approx(caught.value.until.timestamp() - NOW / 1000, abs=0.1)
    assert 0 == host._gate(charge(limit), 0).spent(0)
    host.enter([charge(limit, 3)], machine, Deadline(100, machine.monotonic), limits)

    assert 1 == clock.sleeps
    assert 60 + WAY == pytest.approx(clock.seconds, abs=0.1)
    assert 3 == host._gate(charge(limit), clock.seconds).spent(clock.seconds)


def test_a_key_of_ones_own(tmp_path: Path) -> None:
    """
    One key's spending stops its own requests, and those of no other key.
    """
    clock, limit = Clock(), Limit(1, seconds=60, per="key")
    limits = SharedLimits(str(tmp_path / "limits"))
    for machine in (clock.machine(), clock.machine()):
        host = machine.hosts.at("acme", "127.0.0.1:1", "")
        key = "first" if not clock.sleeps else "second"
        host.enter([charge(limit, key=key)], machine, Deadline(1, machine.monotonic), limits)
        clock.sleeps += 1
    for key in ("first", "second"):
        machine = clock.machine()
        host = machine.hosts.at("acme", "127.0.0.1:1", "")
        with pytest.raises(RateLimitedError):
            host.enter([charge(limit, key=key)], machine, Deadline(1, machine.monotonic), limits)


def test_limits_at_different_places(tmp_path: Path) -> None:
    """
    A venue, its address and the proxy to it tell a limit from all others.
    """
    limits, limit = SharedLimits(str(tmp_path / "limits")), Limit(1)
    machine = Clock().machine()
    hosts: list[Any] = [
        Hosts().at(*place) for place in (("a", "h", ""), ("b", "h", ""), ("a", "i", ""), ("a", "h", "p"))
    ]
    for host in hosts:
        host.enter([charge(limit)], machine, Deadline(1, machine.monotonic), limits)
    with pytest.raises(RateLimitedError):
        Hosts().at("a", "h", "p").enter([charge(limit)], machine, Deadline(1, machine.monotonic), limits)


@pytest.mark.parametrize("place", ["folder", "below a file", "not a database"])
def test_files_that_cannot_be_used(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """
    It is a failure of every account that names the file, nobody is asked without the limits, and what stands in the
    file is left alone. Once it is mended, nothing of it is left.
    """
    path = tmp_path / "limits"
    if place == "folder":
        path.mkdir()
    else:
        path.write_text("# my notes, and nothing that SQLite would have written\n" * 100)
    monkeypatch.setenv(SHARED_LIMITS, str(path / "limits" if place == "below a file" else path))
    # The gateway has no limits.
    limited = [account for account in sandbox.accounts() if account.venue != "fexgate"]
    report = collect(limited)

    assert {account.name for account in limited} == set(report.missing)
    assert {"configuration"} == {failure.kind for failure in report.failures}
    assert all(str(path) in failure.message for failure in report.failures)
    assert all(SHARED_LIMITS in failure.hint for failure in report.failures)
    assert 0 == sandbox.requests
    assert place == "folder" or path.read_text().startswith("# my notes")
    monkeypatch.setenv(SHARED_LIMITS, str(tmp_path / "mended"))

    assert collect(sandbox.accounts()).complete


def test_nothing_is_spent_where_sharing_fails(tmp_path: Path) -> None:
    """
    A file that cannot be used takes nothing from the limits of this process.
    """
    (tmp_path / "file").touch()
    clock, limit = Clock(), Limit(10)
    machine = clock.machine()
    host = machine.hosts.at("acme", "127.0.0.1:1", "")
    for _ in range(30):
        with pytest.raises(ConfigurationError, match="of shared rate limits cannot be used"):
            host.enter(
                [charge(limit)], machine, Deadline(1, machine.monotonic), SharedLimits(str(tmp_path / "file" / "x"))
            )

    assert 0 == host._gate(charge(limit), 0).spent(0)


def test_nothing_is_written_unless_wanted(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without the variable, and where it is empty, there is no file.
    """
    monkeypatch.chdir(tmp_path)
    for value in (None, ""):
        if value is not None:
            monkeypatch.setenv(SHARED_LIMITS, value)
        assert shared_limits() is None
        assert collect(sandbox.accounts()).complete

    assert [] == list(tmp_path.iterdir())


def test_the_file_is_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A relative path is one from the folder of the moment, and stays there.
    """
    monkeypatch.chdir(tmp_path)
    found = shared_limits({SHARED_LIMITS: "limits"})
    assert found is not None
    monkeypatch.chdir("/")
    found.spend("host", Limit(1), 1, NOW)

    assert (tmp_path / "limits").exists()
    assert shared_limits({SHARED_LIMITS: str(tmp_path / "limits")}) is found


@pytest.mark.parametrize("package", ["pyrate_limiter", "filelock"])
def test_the_extra_is_missing(sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """
    Whoever wants to share limits needs the extra, and is told how to get it.
    """
    load = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return load(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    report = collect(sandbox.accounts())
    settings = [finding for finding in check(sandbox.accounts()) if finding.part == "settings"]

    assert {("configuration", f"{SHARED_LIMITS} needs the package pyrate-limiter.")} == {
        (failure.kind, failure.message) for failure in report.failures
    }
    assert {"pip install 'marginbook[shared-limits]'"} == {failure.hint for failure in report.failures}
    assert not report.balances
    assert 0 == sandbox.requests
    assert not file.exists()
    assert len(report.accounts) == len(settings)
    assert all("pip install 'marginbook[shared-limits]'" in finding.message for finding in settings)
    assert {"wrong"} == {finding.state for finding in settings}


def test_the_extra_is_not_needed(plugins: Plugins) -> None:
    """
    Who shares nothing pays nothing for it: the library is not even imported.
    """
    done = plugins.run(
        "-c",
        # What counts the lines of this process may have imported some of it before.
        "import sys; before = set(sys.modules); import marginbook.transport as t; assert t.shared_limits() is None;"
        "assert not {'pyrate_limiter', 'filelock', 'sqlite3'} & (set(sys.modules) - before)",
    )

    assert (0, "") == (done.returncode, done.stderr)


def test_what_is_in_the_file(sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No secret, no key, and no password of a proxy.
    """
    assert collect(sandbox.accounts()).complete
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{CANARY}@127.0.0.1:9")
    account = Account("a", "binance-usdm", {"api_key": f"{CANARY}-key", "api_secret": f"{CANARY}-secret"})
    report = collect([account], timeout=2)
    secrets = [s.reveal() for a in sandbox.accounts() for s in a.credentials.values()]
    written = b"".join(path.read_bytes() for path in file.parent.iterdir())

    assert ["unavailable"] == [failure.kind for failure in report.failures]
    assert b"SQLite format 3" in written
    assert [] == [secret for secret in [CANARY, *secrets] if secret.encode() in written]
    with sqlite3.connect(file) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]
    connection.close()
    assert {""} == {name for name, _ in rows}
    assert len(tables) >= 4


def test_many_threads(tmp_path: Path) -> None:
    """
    Threads of one process spend the limit exactly once.
    """
    limits, limit = SharedLimits(str(tmp_path / "limits")), Limit(50)
    spent: Counter[bool] = Counter()
    lock = threading.Lock()

    def spend() -> None:
        for _ in range(10):
            free = not limits.spend("host", limit, 1, NOW)
            with lock:
                spent[free] += 1

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {True: 50, False: 30} == spent


#: Spends of a file until it is refused, and prints how often it was not.
SPEND: Final = """
import sys, time
from marginbook.limits import Limit
from marginbook.transport.shared import SharedLimits
limits, spent = SharedLimits(sys.argv[1]), 0
print("ready", flush=True)
sys.stdin.readline()
while not limits.spend("host", Limit(400), 1, time.time_ns() // 1_000_000):
    spent += 1
print(spent)
"""


def test_processes_spend_one_limit(tmp_path: Path) -> None:
    """
    Three processes that begin with a new file at the same time spend the limit exactly once, together.
    """
    command = ("-c", SPEND, str(tmp_path / "limits"))
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(started(*command, stdin=subprocess.PIPE)) for _ in range(3)]
        for process in processes:
            assert process.stdout
            assert "ready\n" == process.stdout.readline()
        # To all, before the end of one is waited for.
        for process in processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        spent = [process.communicate(timeout=60) for process in processes]

    assert ["", "", ""] == [errors for _, errors in spent]
    assert 400 == sum(int(output) for output, _ in spent)


#: A report of the accounts in a file, that prints the kinds of its failures.
REPORT: Final = """
import sys
import marginbook as mb
report = mb.collect(sys.argv[1], timeout=20, max_workers=8)
print(len(report.failures), *sorted({failure.kind for failure in report.failures}))
"""


def test_two_reports_keep_one_limit(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    Two processes whose reports are within the limit each, and not together, come to the venue no more often than
    the limit allows, and who came too late says so.
    """
    (account,) = [a for a in sandbox.accounts() if a.name == "binance-hmac"]
    key, secret = (account.credentials[name].reveal() for name in ("api_key", "api_secret"))
    path = tmp_path / "accounts.toml"
    path.write_text(
        "\n".join(
            f'[accounts.a{n}]\nvenue = "binance-usdm"\nbase_url = "{sandbox.url}"\nweight_limit = 50\n'
            f'api_key = "{key}"\napi_secret = "{secret}"\n'
            for n in range(8)
        )
    )
    environ = {SHARED_LIMITS: str(tmp_path / "limits")}
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(started("-c", REPORT, str(path), environ=environ)) for _ in range(2)]
        done = [process.communicate(timeout=60) for process in processes]
    failed = [int(output.split()[0]) for output, _ in done]

    assert ["", ""] == [errors for _, errors in done]
    assert {"rate_limited"} == {kind for output, _ in done for kind in output.split()[1:]}
    assert (10, 6) == (sandbox.requests, sum(failed))
    assert {200: 10} == sandbox.answered


#: Spends before a fork, in the child of it, and after that in the parent.
FORK: Final = """
import os, sys
from marginbook.limits import Limit
from marginbook.transport import shared_limits

def spend(count):
    return [not shared_limits().spend("host", Limit(10), 1, 1_768_480_248_000) for _ in range(count)]

assert all(spend(4))
before = shared_limits()
assert shared_limits() is before
child = os.fork()
if not child:
    os._exit(0 if shared_limits() is not before and all(spend(3)) else 1)
assert os.waitpid(child, 0)[1] == 0
assert shared_limits() is before
assert [True, True, True, False] == spend(4)
"""


def test_after_a_fork(file: Path) -> None:
    """
    A child opens the file anew, since a connection does not survive a fork, and both go on to count together.
    """
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, check=False, text=True, timeout=30)

    assert (0, "") == (done.returncode, done.stderr)
    assert file.exists()
