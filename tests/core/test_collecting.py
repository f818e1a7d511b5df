"""
Asking many accounts, and losing none.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import random
import socket
import ssl
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

from marginbook import (
    Account,
    BalanceReport,
    ConfigurationError,
    CredentialsError,
    Note,
    PluginError,
    Progress,
    Recording,
    Statement,
    collect,
    gathering,
)
from marginbook.asking import _fetch
from marginbook.collecting import assemble, interrupted
from marginbook.registry import installed
from marginbook.seam.settings import settle
from marginbook.transport import MACHINE, Deadline, Session, adapter
from marginbook.values.times import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.core.conftest import Peer, Plugins

    from marginbook.sandbox import Sandbox

#: What may be in no report.
CANARY: Final = "canary-1f0e9d"

#: A venue that does what its account says.
ACME: Final = """
import os
import sys
import threading
import time
from datetime import UTC, datetime
from marginbook import *

release = threading.Event()
crowd = threading.Barrier(3)
begun = []

def row(asked, **fields):
    usual = {"account": asked.name, "venue": asked.venue, "asset": "USDT", "wallet_balance": "1.10"}
    return Balance(**usual | fields)

def fine(account, session):
    time.sleep(account.options["seconds"] / 1000)
    lock = Lock(account=account.name, venue=account.venue, symbol="X", asset="USDT")
    return Statement([row(account, asset="BTC"), row(account)], [lock], ["Read " + account.name + "."])

def empty(account, session):
    return Statement([])

def crash(account, session):
    raise RuntimeError(account.options["text"])

def leave(account, session):
    sys.exit(account.options["text"])

def stop(account, session):
    raise KeyboardInterrupt

def die(account, session):
    os._exit(3)

def hang(account, session):
    release.wait(30)
    return Statement([])

def dictionary(account, session):
    return {"balances": []}

def nothing(account, session):
    pass

def rows(account, session):
    return [row(account)]

def dictionaries(account, session):
    return Statement([{"asset": "USDT"}])

def of_another_account(account, session):
    return Statement([row(account, account="other")])

def at_another_venue(account, session):
    return Statement([], [Lock(account=account.name, venue="other", symbol="X", asset="USDT")])

def summarized(account, session):
    whole = Summary(account=account.options["text"] or account.name, venue=account.venue, currency="USD",
                    asset="USDT", wallet_balance="1.2")
    return Statement([row(account)], summary=whole)

def detailed(account, session):
    return Statement([], notes=[str(account.options.get("detail"))])

def twice(account, session):
    return Statement([row(account), row(account, asset="BTC"), row(account, wallet_balance="2")])

def nameless(account, session):
    return Statement([row(account, asset=None)])

def binary(account, session):
    return Statement([row(account, wallet_balance=0.1)])

def refuse(account, session):
    kind = globals()[account.options["text"]]
    raise kind("It said no.", hint="Ask again.", until=datetime(2100, 7, 1, tzinfo=UTC))

def answer(account, session):
    raise ApiError("GET /x", status_code=int(account.options["text"]), headers={}, content=b"canary-1f0e9d")

def meet(account, session):
    crowd.wait(0.5)
    return Statement([])

def fetch(account, session):
    begun.append(account.name)
    return globals()[account.options["do"]](account, session)

def explain(error):
    if error.status_code == 418:
        raise RuntimeError(error.content.decode())
    if error.status_code == 419:
        return "teapot"
    return PermissionDeniedError("Explained.", hint="Do.") if error.status_code == 420 else None

OPTIONS = [Option("do", str, "What.", default="fine"), Option("text", str, "It.", default=""),
           Option("seconds", int, "Milliseconds.", default=0)]

def describe(id, *more):
    options = [*OPTIONS, *more]
    return Venue(id=id, title=id, fetch=fetch, explain=explain, hosts={"x": "https://acme.example"}, options=options)

@hookimpl
def marginbook_venues():
    return [describe("acme"), describe("acme-2"), describe("acme-deep", DETAIL)]
"""

STEADY: Final = Account("steady", "acme")


@pytest.fixture
def acme(plugins: Plugins) -> Iterator[Any]:
    """
    The venue, installed; what hangs in it is let go at the end.
    """
    plugins.add("acme", "acme", "acme-2", "acme-deep", source=ACME)
    module = importlib.import_module("acme")
    yield module
    module.release.set()


def threads() -> list[str]:
    """
    Our threads that are still there, unless they end soon.
    """
    deadline = time.monotonic() + 5
    while found := [t.name for t in threading.enumerate() if t.name.startswith("marginbook-")]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    return found


def account(do: str, name: str = "odd", *, text: str = "", seconds: int = 0, venue: str = "acme") -> Account:
    return Account(name, venue, options={"do": do, "text": text, "seconds": seconds})


def timeless(report: BalanceReport) -> str:
    return evolve(report, started_at=EPOCH, finished_at=EPOCH).to_json()


def failed(asked: Account, **settings: Any) -> dict[str, Any]:
    """
    The failure of one account, beside another that is not troubled by it.
    """
    report = collect([asked, STEADY], **settings)
    (failure,) = report.failures

    assert CANARY not in report.to_json() + str(report) + repr(report)
    assert {asked.name: asked.venue, "steady": "acme"} == report.accounts
    assert timeless(collect([STEADY])) == timeless(
        evolve(report, accounts={"steady": "acme"}, failures=(), notes=[n for n in report.notes if n.account])
    )
    return {"kind": failure.kind, "message": failure.message, "hint": failure.hint, "until": failure.until}


def test_a_whole_report(sandbox: Sandbox) -> None:
    """
    All venues that come with marginbook, over real HTTP, with real signatures.
    """
    before = MACHINE.now()
    report = collect(sandbox.accounts())

    assert report.complete
    assert {a.name: a.venue for a in sandbox.accounts()} == report.accounts
    assert set(report.accounts) == {balance.account for balance in report.balances}
    assert before <= report.started_at <= report.finished_at <= MACHINE.now()


def test_accounts_come_as_a_path_or_as_they_are(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    An accounts file, some accounts, or one.
    """
    path = tmp_path / "accounts.toml"
    path.write_text(sandbox.accounts_file())
    accounts = sandbox.accounts()
    expected = timeless(collect(accounts))

    assert expected == timeless(collect(path)) == timeless(collect(str(path))) == timeless(collect(iter(accounts)))
    one: Any = accounts[0]
    assert timeless(collect(accounts[:1])) == timeless(collect(one))


@pytest.mark.parametrize(
    ("accounts", "expected"),
    [
        ([], "There are no accounts to ask. A report without accounts would look like a complete one."),
        ([STEADY, STEADY], "There are several accounts with the name 'steady'. Give each its own name."),
        ([STEADY, "b"], "A str is no account. Pass the path of an accounts file, or marginbook.Account objects."),
        ({"a": {"venue": "acme"}}, "A str is no account."),
        ("/no/such/file", "The accounts file /no/such/file cannot be read"),
    ],
)
def test_questions_without_sense(accounts: Any, expected: str) -> None:
    """
    Nobody is asked, and no report is made.
    """
    with pytest.raises(ConfigurationError) as caught:
        collect(accounts)

    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("timeout", "max_workers"),
    [(0, 1), (-1, 1), (float("nan"), 1), (float("inf"), 1), (1e10, 1), (86_401, 1), (30, 0), (30, -1)],
)
def test_reports_that_cannot_be_made(timeout: float, max_workers: int) -> None:
    """
    No time, time without end, or nobody to do it.
    """
    with pytest.raises(ConfigurationError, match=f"^A report in {timeout} seconds with {max_workers} workers cannot"):
        collect([STEADY], timeout=timeout, max_workers=max_workers)


@pytest.mark.usefixtures("acme")
def test_a_report_may_take_a_day() -> None:
    """
    The longest time that there is, is a time.
    """
    assert collect([STEADY], timeout=86_400).complete


@pytest.mark.usefixtures("acme")
def test_crashes() -> None:
    """
    What a plugin's exception says may hold anything, and is not repeated; the place is.
    """
    line = next(n for n, text in enumerate(ACME.splitlines(), start=1) if "raise RuntimeError(account" in text)

    assert {
        "kind": "plugin",
        "message": f"acme failed with RuntimeError at acme.py:{line}.",
        "hint": "Update its plugin, or tell its authors.",
        "until": None,
    } == failed(account("crash", text=CANARY))


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(("do", "kind"), [("leave", "SystemExit"), ("stop", "KeyboardInterrupt")])
def test_a_plugin_that_leaves(do: str, kind: str) -> None:
    """
    A plugin that ends its thread takes nobody with it.
    """
    assert {
        "kind": "plugin",
        "message": f"The work on it was broken off ({kind}).",
        "hint": "Run it in threads to see.",
        "until": None,
    } == failed(account(do, text=CANARY))


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("do", "kind", "expected"),
    [
        ("dictionary", "plugin", "acme gave a dict in the place of a statement."),
        ("nothing", "plugin", "acme gave a NoneType in the place of a statement."),
        ("rows", "plugin", "acme gave a list in the place of a statement."),
        ("of_another_account", "plugin", "acme gave rows of another account."),
        ("at_another_venue", "plugin", "acme gave rows of another account."),
        ("dictionaries", "plugin", "acme failed with TypeError at "),
        ("binary", "plugin", "acme failed with TypeError at "),
        ("nameless", "invalid_response", "asset is None, which is no text of printable characters."),
        (
            "twice",
            "invalid_response",
            "There is more than one row of USDT, so it is not known which one is right.",
        ),
    ],
)
def test_broken_promises(do: str, kind: str, expected: str) -> None:
    """
    A plugin is held to what it promised: all rows of its account are in the report, or none.
    """
    failure = failed(account(do))

    assert (kind, True) == (failure["kind"], failure["message"].startswith(expected))
    assert failure["hint"]


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("CredentialsError", "credentials"),
        ("PermissionDeniedError", "permission"),
        ("ClockError", "clock"),
        ("RateLimitedError", "rate_limited"),
        ("UnavailableError", "unavailable"),
        ("DeadlineError", "timeout"),
        ("InvalidResponseError", "invalid_response"),
        ("ConfigurationError", "configuration"),
        ("PluginError", "plugin"),
    ],
)
def test_errors_become_failures(error: str, kind: str) -> None:
    """
    Each error has a kind to branch on, and its words are in the report. Nobody is asked again before the time it names.
    """
    until = datetime(2100, 7, 1, tzinfo=UTC)

    assert {"kind": kind, "message": "It said no.", "hint": "Ask again.", "until": until} == (
        failed(account("refuse", text=error))
    )


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (420, "permission", "Explained."),
        (429, "rate_limited", "GET /x answered with status 429."),
        (500, "unavailable", "GET /x answered with status 500."),
        (418, "plugin", "acme failed with RuntimeError at acme.py:"),
        (419, "plugin", "acme failed with TypeError at "),
    ],
)
def test_error_answers(status: int, kind: str, expected: str) -> None:
    """
    An error answer is explained by the plugin, or else by its status, and never repeated.
    """
    failure = failed(account("answer", text=str(status)))

    assert kind == failure["kind"]
    assert failure["message"].startswith(expected)


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("asked", "kind", "expected"),
    [
        (Account("odd", "acne"), "configuration", "There is no venue 'acne'. Did you mean acme?"),
        (Account("odd", "broken"), "plugin", "broken (broken 1.0) cannot be used: RuntimeError: no luck."),
        (Account("odd", "acme", options={"level": 5}), "configuration", "there is no setting level."),
        (Account("odd", "acme", {"token": CANARY}), "configuration", "there is no setting token."),
        (Account("odd", "acme", options={"do": 5}), "configuration", "do: it is of type int, not str."),
        (Account("odd", "coinswitch"), "configuration", "the setting api_key is missing; the setting api_secret is"),
        (
            Account("odd", "coinswitch", {"api_key": "env:NO_SUCH_KEY", "api_secret": CANARY}),
            "credentials",
            "api_key: The environment variable NO_SUCH_KEY is not set. Set NO_SUCH_KEY",
        ),
        (
            Account("odd", "coinswitch", {"api_key": CANARY, "api_secret": CANARY}),
            "credentials",
            "The api_key is no Ed25519 key",
        ),
    ],
)
def test_wrong_accounts(asked: Account, kind: str, expected: str, plugins: Plugins) -> None:
    """
    An account that cannot be asked is in the report, with what to correct.
    """
    plugins.add("broken", "broken", source="raise RuntimeError('no luck')")
    failure = failed(asked)

    assert kind == failure["kind"]
    assert expected in f"{failure['message']} {failure['hint']}"


def test_partial_failure(sandbox: Sandbox) -> None:
    """
    The rows of the others are byte for byte what they would have been without those that failed.
    """
    accounts = sandbox.accounts()
    bad = [
        Account("bad-venue", "kraken"),
        Account("bad-secret", "binance-usdm", {"api_key": "env:NO_SUCH_KEY", "api_secret": "env:NO_SUCH_KEY"}),
        evolve(accounts[0], name="bad-option", options={"base_url": "nowhere"}),
        evolve(accounts[0], name="bad-key", credentials={"api_key": "0" * 64, "api_secret": CANARY}),
    ]
    whole, partial = collect(accounts), collect([*bad, *accounts])
    kinds = {failure.account: failure.kind for failure in partial.failures}

    assert {
        "bad-venue": "configuration",
        "bad-secret": "credentials",
        "bad-option": "configuration",
        "bad-key": "credentials",
    } == kinds
    assert json.dumps(whole.to_dict()["balances"]) == json.dumps(partial.to_dict()["balances"])
    assert json.dumps(whole.to_dict()["locks"]) == json.dumps(partial.to_dict()["locks"])
    assert CANARY not in partial.to_json() + str(partial) + repr(partial)


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("max_workers", [1, 2, 8])
def test_the_order_of_answers_makes_no_difference(sandbox: Sandbox, max_workers: int) -> None:
    """
    Whoever answers first, and however many are asked at the same time, the bytes are the same.
    """
    seeded = random.Random(max_workers)  # noqa: S311  # no secret
    accounts = [
        *sandbox.accounts(),
        *(account("fine", f"slow-{n}", venue=f"acme{'-2' * (n % 2)}", seconds=seeded.randrange(30)) for n in range(8)),
        account("crash", "crash"),
        Account("unknown", "kraken"),
    ]
    expected = timeless(collect(accounts))
    for _ in range(3):
        shuffled = seeded.sample(accounts, len(accounts))

        assert expected == timeless(collect(shuffled, max_workers=max_workers))


@pytest.mark.usefixtures("acme")
def test_the_deadline() -> None:
    """
    A venue that hangs holds nobody up: the report is there in time, with everybody in it.
    """
    before = time.monotonic()
    failure = failed(account("hang"), timeout=0.3)

    # It hangs for as long as it is let.
    assert time.monotonic() - before < 20
    assert {
        "kind": "timeout",
        "message": "It had not answered when the deadline was over.",
        "hint": "Allow more time.",
        "until": None,
    } == failure


@pytest.mark.usefixtures("acme")
def test_who_was_not_begun_is_not_lost() -> None:
    """
    Accounts that waited for a worker until the deadline are in the report as well, and are not asked afterwards.
    """
    accounts = [account("hang", "first"), *(account("fine", f"later-{n}") for n in range(5))]
    report = collect(accounts, timeout=0.3, max_workers=1)

    assert {"timeout"} == {failure.kind for failure in report.failures}
    assert sorted(a.name for a in accounts) == sorted(report.missing)


def test_a_process_ends_when_its_report_is_made(plugins: Plugins, tmp_path: Path) -> None:
    """
    What still hangs at the deadline does not keep the process from ending.
    """
    plugins.add("acme", "acme", source=ACME)
    script = tmp_path / "script.py"
    script.write_text(
        "import marginbook as mb\n"
        "report = mb.collect([mb.Account('a', 'acme', options={'do': 'hang'})], timeout=0.3)\n"
        "print(report.failures[0].kind)\n"
    )
    before = time.monotonic()
    done = plugins.run(str(script))

    assert ("timeout\n", "", 0) == (done.stdout, done.stderr, done.returncode)
    assert time.monotonic() - before < 60


@pytest.mark.usefixtures("acme")
def test_threads_are_given_back() -> None:
    """
    A report leaves no thread behind.
    """
    collect([account("fine", f"a-{n}") for n in range(20)], max_workers=4)

    assert [] == threads()


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("max_workers", [2, 3, 4])
def test_as_many_at_a_time_as_allowed(max_workers: int) -> None:
    """
    Three accounts that wait for each other come together where three are asked at the same time, and not before.
    """
    report = collect([account("meet", f"a-{n}") for n in range(3)], max_workers=max_workers)

    assert (max_workers >= 3) is report.complete


@pytest.mark.usefixtures("acme")
def test_progress() -> None:
    """
    Progress is told once for each account, the unknown ones included, in the caller's own thread.
    """
    told: list[Progress] = []
    threads = set()

    def progress(one: Progress) -> None:
        told.append(one)
        threads.add(threading.current_thread())

    accounts = [account("crash", "a"), account("fine", "b"), Account("c", "kraken"), account("hang", "d")]
    # Time for the others, and until the one that hangs is given up.
    report = collect(accounts, timeout=3, progress=progress)

    assert {threading.current_thread()} == threads
    assert [(1, 4), (2, 4), (3, 4), (4, 4)] == [(one.done, one.asked) for one in told]
    assert ["a", "b", "c", "d"] == sorted(one.account for one in told)
    assert {"a", "c", "d"} == {one.account for one in told if one.failure}
    assert set(report.failures) == {one.failure for one in told if one.failure}


@pytest.mark.parametrize("told", ["progress", "record"])
def test_who_is_told_may_stop_it(acme: Any, told: str) -> None:
    """
    What a caller's own function raises is the caller's, and at once; what has not begun by then never does.
    """
    accounts = [STEADY, account("hang"), *(account("fine", f"a-{n}") for n in range(5))]

    def stop(_: object) -> None:
        raise ZeroDivisionError

    callback: dict[str, Any] = {told: stop}
    before = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        collect(accounts, max_workers=1, **callback)
    took = time.monotonic() - before
    acme.release.set()

    assert took < 25
    assert [] == threads()
    assert [] == [name for name in acme.begun if name.startswith("a-")]


def interrupting(after: int) -> Callable[[Progress], None]:
    """
    Somebody who presses Ctrl-C once so many accounts are done.
    """

    def progress(told: Progress) -> None:
        if told.done == after:
            raise KeyboardInterrupt

    return progress


def test_an_interrupt(acme: Any) -> None:
    """
    Who wants that has what was read until then. Everybody else is in the report, as failed, and it says why.
    """
    accounts = [account("fine", "a"), account("fine", "b"), account("hang", "c"), account("hang", "d")]
    report = collect(accounts, progress=interrupting(2), interruptible=True)
    acme.release.set()

    assert ("c", "d") == report.missing
    assert {("timeout", "The report was interrupted before it had answered.", "Ask again.")} == {
        (failure.kind, failure.message, failure.hint) for failure in report.failures
    }
    assert interrupted(report)
    assert report.notes[0].message.endswith("This report has what was known of 2 of 4 accounts.")
    assert not interrupted(collect(accounts[:2]))


def test_an_interrupt_that_nobody_expects(acme: Any) -> None:
    """
    Unless it was asked for, an interrupt is the caller's.
    """
    with pytest.raises(KeyboardInterrupt):
        collect([account("fine"), account("hang", "b")], progress=interrupting(1))
    acme.release.set()


@pytest.mark.usefixtures("acme")
def test_progress_counts_failures() -> None:
    """
    Each time, it is said how many have failed so far.
    """
    heard: list[Progress] = []
    collect([account("fine", "a"), account("crash", "b"), account("crash", "c")], max_workers=1, progress=heard.append)

    assert [("a", 0), ("b", 1), ("c", 2)] == [(told.account, told.failed) for told in heard]
    assert [()] * 3 == [told.waiting for told in heard]


def referring(accounts: Iterable[Account], monkeypatch: pytest.MonkeyPatch) -> list[Account]:
    """
    The same accounts, with their secrets in the environment.
    """
    found = []
    for number, one in enumerate(accounts):
        names = {name: f"SANDBOX_{number}_{name}" for name in one.credentials}
        for name, variable in names.items():
            monkeypatch.setenv(variable, one.credentials[name].reveal())
        found.append(evolve(one, credentials={name: f"env:{variable}" for name, variable in names.items()}))
    return found


def test_threads_of_ones_own(sandbox: Sandbox) -> None:
    """
    A caller's own executor does the work, and is still the caller's afterwards.
    """
    with ThreadPoolExecutor(2) as executor:
        report = collect(sandbox.accounts(), executor=executor)

        assert 3 == executor.submit(lambda: 3).result()
    assert timeless(collect(sandbox.accounts())) == timeless(report)


def test_work_is_called_off_at_the_deadline(acme: Any) -> None:
    """
    What a caller's own executor has not begun at the deadline is not begun afterwards.
    """
    with ThreadPoolExecutor(1) as executor:
        report = collect([account("hang"), account("fine", "later")], timeout=0.3, executor=executor)
        acme.release.set()

    assert ("later", "odd") == report.missing
    assert ["odd"] == acme.begun


def test_processes(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Accounts travel to other processes as references to secrets; one that holds a secret itself is told so.
    """
    accounts = sandbox.accounts()
    referred = referring(accounts, monkeypatch)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        report = collect([*referred, evolve(accounts[0], name="literal")], executor=executor)
    (failure,) = report.failures

    assert ("literal", "configuration") == (failure.account, failure.kind)
    assert "A secret does not travel to other processes." == failure.message
    assert timeless(collect(referred)) == timeless(
        evolve(report, failures=(), accounts={k: v for k, v in report.accounts.items() if k != "literal"})
    )


@pytest.mark.usefixtures("acme")
def test_processes_that_die() -> None:
    """
    A process that is gone is a failure of the accounts that it had, and not of the report.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        report = collect([account("die")], executor=executor)

    assert [("plugin", "The work on it was broken off (BrokenProcessPool).")] == [
        (failure.kind, failure.message) for failure in report.failures
    ]


class Cancelling(ThreadPoolExecutor):
    """
    Somebody else's executor, on its way down.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if args[0].name == "steady":
            future.set_result(fn(*args, **kwargs))
        else:
            future.cancel()
            future.set_running_or_notify_cancel()
        return future


@pytest.mark.usefixtures("acme")
def test_work_that_others_cancel() -> None:
    """
    An account whose work was cancelled is missing from the report, and is in it as such.
    """
    assert {
        "kind": "plugin",
        "message": "The work on it was broken off (CancelledError).",
        "hint": "Run it in threads to see.",
        "until": None,
    } == failed(account("fine"), executor=Cancelling())


def test_nothing_is_known_of_an_account() -> None:
    """
    A report cannot be put together as long as it is not said what became of everybody who was asked.
    """
    now = datetime(2026, 11, 20, tzinfo=UTC)

    with pytest.raises(PluginError, match="Nothing is known of desk-b"):
        assemble(
            [Account("desk-a", "acme"), Account("desk-b", "acme")],
            {"desk-a": Statement([])},
            started_at=now,
            finished_at=now,
        )


def test_a_stalled_venue_starves_nobody(sandbox: Sandbox, peers: Callable[..., Peer]) -> None:
    """
    More accounts than there are workers wait for a venue that does not answer, and all others are in the report.
    """
    stalled = peers(lambda peer, _: peer.closing.wait(30) and None)
    secrets = {"api_key": "key", "api_secret": "secret"}
    waiting = [Account(f"waiting-{n}", "binance-usdm", secrets, {"base_url": stalled.url}) for n in range(3)]
    report = collect([*waiting, *sandbox.accounts()], timeout=5, max_workers=2)

    assert ["waiting-0", "waiting-1", "waiting-2"] == list(report.missing)
    assert {"timeout"} == {failure.kind for failure in report.failures}


@pytest.mark.usefixtures("acme")
def test_twins() -> None:
    """
    One account under two names would be counted twice, and the report says so.
    """
    twins = [account("fine", "a"), account("fine", "b"), account("empty", "c"), account("fine", "d", venue="acme-2")]

    for order in (1, -1):
        assert [Note(account="", message="a, b are one account under several names: totals count it as often.")] == [
            note for note in collect(twins[::order]).notes if not note.account
        ]


@pytest.mark.usefixtures("acme")
def test_many_twins() -> None:
    """
    Of many names for one account, the report shows some and counts the others.
    """
    report = collect([account("fine", f"desk-{n}") for n in range(1, 8)])
    (note,) = [note for note in report.notes if not note.account]

    assert note.message.startswith("desk-1, desk-2, desk-3, desk-4, desk-5 and 2 more are one account")


def test_rivals(sandbox: Sandbox, plugins: Plugins) -> None:
    """
    A report made with a venue that two plugins have says which one was asked; the other is not even imported.
    """
    plugins.add("zeta", "coinswitch", "binance-coinm", "fexgate", source="raise RuntimeError")
    notes = [note.message for note in collect(sandbox.accounts()).notes if not note.account]

    assert ["binance-coinm", "coinswitch", "fexgate"] == [note.split("'")[1] for note in notes]
    assert notes[1].startswith("The venue 'coinswitch' is provided by marginbook_coinswitch (marginbook ")
    assert notes[1].endswith(") and by zeta (zeta 1.0); the first was used. Uninstall the other.")


@pytest.mark.usefixtures("acme")
def test_notes_of_accounts() -> None:
    """
    What a venue says about an account as a whole is in the report, under the account's name.
    """
    assert (Note(account="a", message="Read a."), Note(account="b", message="Read b.")) == (
        collect([account("fine", "b"), account("fine", "a", seconds=1)]).notes
    )


def test_a_report_from_outcomes() -> None:
    """
    Who asks in another way puts the outcomes together in the same way.
    """
    outcomes = {STEADY.name: Statement([])}
    report = assemble([STEADY], outcomes, notes=[Note(account="", message="x")], started_at=EPOCH, finished_at=EPOCH)

    assert ({"steady": "acme"}, (Note(account="", message="x"),)) == (report.accounts, report.notes)


def sending(*parts: bytes) -> Callable[[Peer, socket.socket], None]:
    def respond(peer: Peer, connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
        peer.closing.wait(2 if parts and parts[-1] == b"" else 0)

    return respond


def at(url: str) -> Account:
    return Account("odd", "binance-usdm", {"api_key": CANARY, "api_secret": CANARY}, {"base_url": url})


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("parts", "kind", "expected"),
    [
        ((), "unavailable", "cannot be reached, or broke off"),
        ((b"",), "timeout", "did not answer in time"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[", b""), "timeout", "did not answer in time"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[",), "unavailable", "broke off in the middle of its answer"),
        ((b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 9_000_000,), "invalid_response", "longer than 8 MiB"),
        ((b"HTTP/1.1 200 OK\r\n\r\n<html>canary-1f0e9d",), "invalid_response", "The body is not JSON"),
        ((b"HTTP/1.1 200 OK\r\n\r\n[{}]",), "invalid_response", "missing"),
        ((b"HTTP/1.1 503 Busy\r\n\r\n<html>canary-1f0e9d",), "unavailable", "answered with status 503"),
    ],
)
def test_servers_that_misbehave(
    peers: Callable[..., Peer], parts: tuple[bytes, ...], kind: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whatever a server does becomes a failure of a kind, without what was sent or received.
    """
    # The account shall say itself that it was too late, however busy the machine is.
    monkeypatch.setattr(gathering, "_GRACE", 20)
    failure = failed(at(peers(sending(*parts)).url), timeout=0.5 if kind == "timeout" else 20)

    assert kind == failure["kind"]
    assert expected in failure["message"]
    assert "timestamp" not in failure["message"]
    assert "signature" not in failure["message"]


@pytest.mark.usefixtures("acme")
def test_servers_that_are_not_there(peers: Callable[..., Peer]) -> None:
    """
    Nobody listens, or not with a certificate.
    """
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    plain = peers(sending(b"HTTP/1.1 200 OK\r\n\r\n[]"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))

    for url in (f"http://127.0.0.1:{port}", plain.url):
        assert "unavailable" == failed(at(url))["kind"]


def test_an_explained_error_stands_alone(peers: Callable[..., Peer]) -> None:
    """
    The answer that an error explains is not behind it either, where a log with all causes would print it.
    """
    body = f'{{"code": -2015, "msg": "Invalid API-key, request ip: {CANARY}"}}'
    peer = peers(sending(f"HTTP/1.1 401 No\r\n\r\n{body}".encode()))
    venue = installed().venue("binance-usdm")
    with pytest.raises(CredentialsError) as caught:
        _fetch(settle(at(peer.url), venue), venue, Session(adapter(1), Deadline(5)))

    assert (None, None) == (caught.value.__context__, caught.value.__cause__)
    assert CANARY not in repr(vars(caught.value))


@pytest.mark.usefixtures("acme")
def test_redirects(peers: Callable[..., Peer]) -> None:
    """
    A venue that sends its callers elsewhere is not followed, since they would take their key with them.
    """
    other = peers(sending(b"HTTP/1.1 200 OK\r\n\r\n[]"))
    peer = peers(sending(f"HTTP/1.1 302 Found\r\nLocation: {other.url}/\r\n\r\n".encode()))
    failure = failed(at(peer.url))

    assert "configuration" == failure["kind"]
    assert failure["hint"].startswith("Redirects are not followed")
    assert [] == other.heads


def test_a_stranger_asks_like_ours(peers: Callable[..., Peer], plugins: Plugins) -> None:
    """
    A plugin that uses the session without a client gets the same treatment: a redirect is not followed.
    """
    plugins.add(
        "acme",
        "acme",
        source="""
from marginbook import Statement, Venue, hookimpl

def fetch(account, session):
    return Statement([], notes=[str(session.get(account.options["base_url"] + "/x").status_code)])

@hookimpl
def marginbook_venues():
    return [Venue(id="acme", title="Acme", fetch=fetch)]
""",
    )
    other = peers(sending(b"HTTP/1.1 200 OK\r\n\r\n[]"))
    peer = peers(sending(f"HTTP/1.1 302 Found\r\nLocation: {other.url}/\r\n\r\n".encode()))
    report = collect([Account("a", "acme", options={"base_url": peer.url})])

    assert Note(account="a", message="302") in report.notes
    assert [] == other.heads


@pytest.mark.usefixtures("acme")
def test_what_a_venue_says_of_an_account_as_a_whole() -> None:
    """
    A summary is in the report, apart from the rows and their totals, with a note where it contradicts its row.
    """
    report = collect([account("summarized")])

    assert ("1.2", "1.10") == (
        str(report.summaries[0].wallet_balance),
        str(report.totals()["USDT"].wallet_balance),
    )
    assert ("The account's wallet_balance is 0.10 more than that of its row of USDT.",) == report.summaries[0].notes


@pytest.mark.usefixtures("acme")
def test_a_summary_of_another_account() -> None:
    """
    It is not taken for this one's.
    """
    (failure,) = collect([account("summarized", text="other")]).failures

    assert ("plugin", "acme gave rows of another account.") == (failure.kind, failure.message)


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("wanted", "own", "expected"),
    [
        (None, None, "balance"),
        ("margin", None, "margin"),
        ("balance", "margin", "margin"),
        ("margin", "balance", "balance"),
    ],
)
def test_detail(wanted: str | None, own: str | None, expected: str) -> None:
    """
    How much is asked is said for all accounts at once, and an account's own word has precedence.
    """
    options = {"do": "detailed", **({"detail": own} if own else {})}
    report = collect([Account("a", "acme-deep", options=options)], detail=wanted)

    assert Note(account="a", message=expected) in report.notes


@pytest.mark.usefixtures("acme")
def test_detail_where_there_is_no_choice() -> None:
    """
    A venue without the option is asked what it is always asked.
    """
    assert Note(account="odd", message="None") in collect([account("detailed")], detail="margin").notes


def test_other_details() -> None:
    """
    What no venue can offer is refused before anybody is asked.
    """
    with pytest.raises(ConfigurationError) as caught:
        collect([STEADY], detail="everything")

    assert "The detail 'everything' is not offered: it is none of balance, margin." == caught.value.message


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor])
def test_recordings(executor: Any) -> None:
    """
    Who wants to keep what was read gets it for each account that could be read, and for no other.
    """
    kept: list[Recording] = []
    collect(
        [account("fine", "a", text="x"), account("crash", "b")], record=kept.append, executor=executor and executor(1)
    )

    assert [("a", "acme", {"text": "x"}, {})] == [(r.account, r.venue, r.options, r.documents) for r in kept]
