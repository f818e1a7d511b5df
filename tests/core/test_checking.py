"""
Looking at accounts one part at a time.
"""

from __future__ import annotations

import functools
import importlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
import time_machine
from attrs import evolve

from marginbook import Account, ConfigurationError, collect
from marginbook.checking import Finding, check
from marginbook.registry import installed
from marginbook.sandbox import Fault, Sandbox
from marginbook.transport import SHARED_LIMITS, Deadline, Machine, session
from marginbook.transport.hosts import Charge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.core.conftest import Plugins, Vault

#: What may be in no finding.
CANARY: Final = "canary-1f0e9d"

#: A venue that does what its account says.
ACME: Final = f"""
import sys
import threading
from datetime import UTC, datetime
from marginbook import *
from requests.auth import AuthBase

release = threading.Event()

class Auth(AuthBase):
    def __call__(self, request):
        return request

def obey(word):
    match word:
        case "crash":
            raise RuntimeError("{CANARY}")
        case "exit":
            sys.exit("{CANARY}")
        case "interrupt":
            raise KeyboardInterrupt
        case "hang":
            release.wait(30)
        case "refuse":
            raise CredentialsError("It is no key.")
        case "ban":
            raise RateLimitedError("Too many.", hint="Wait.", until=datetime(2100, 7, 1, 8, 9, 10, tzinfo=UTC))

def sign(secrets, clock):
    obey(secrets["token"])
    return Auth()

def fetch(account, session):
    obey(account.options["do"])
    return Statement([], notes=["A \\x1b[2J note."])

def time(account, session):
    obey(account.options["time"])
    return int(account.options["time"])

def explain(error):
    return None

OPTIONS = [Option("do", str, "What.", default=""), Option("time", str, "When.", default="")]

@hookimpl
def marginbook_venues():
    usual = dict(fetch=fetch, sign=sign, hosts={{"x": "https://acme.example"}}, options=OPTIONS,
                 credentials=[Credential("token", "It."), Credential("a_long_passphrase", "It.")])
    return [Venue(id="acme", title="Acme", **usual), Venue(id="acme-clock", title="Acme", time=time, **usual)]
"""


@pytest.fixture(autouse=True)
def quiet_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No limits are shared, whatever the machine says.
    """
    monkeypatch.delenv(SHARED_LIMITS, raising=False)


@pytest.fixture
def acme(plugins: Plugins) -> Iterator[Any]:
    """
    The venue, installed; what hangs in it is let go at the end.
    """
    plugins.add("acme", "acme", "acme-clock", source=ACME)
    module = importlib.import_module("acme")
    yield module
    module.release.set()


@pytest.fixture
def misbehaving() -> Iterator[Callable[..., Sandbox]]:
    """
    Opens a sandbox with faults: ``misbehaving("binance-hmac=key")``.
    """
    opened: list[Sandbox] = []

    def start(*faults: str) -> Sandbox:
        opened.append(Sandbox(installed().stages(), faults=map(Fault.parse, faults)).__enter__())
        return opened[-1]

    yield start
    for sandbox in opened:
        sandbox.__exit__(None, None, None)


def strange(do: str = "", *, token: str = CANARY, venue: str = "acme", name: str = "odd", **options: str) -> Account:
    return Account(name, venue, {"token": token, "a_long_passphrase": CANARY}, {"do": do, **options})


def of(sandbox: Sandbox, name: str) -> Account:
    return next(account for account in sandbox.accounts() if account.name == name)


@functools.cache
def hidden() -> frozenset[str]:
    """
    The secrets of all accounts that are played.
    """
    actors = [actor for stage in installed().stages() for actor in stage.actors]
    return frozenset({CANARY}.union(*(actor.credentials.values() for actor in actors)))


def parts(account: Account, **settings: Any) -> dict[str, tuple[str, str]]:
    """
    The state of each part of one account, and what is said of it, which holds no secret.
    """
    found = check([account], **settings)
    assert not [finding for finding in found if any(secret in repr(finding) for secret in hidden())]
    return {finding.part: (finding.state, finding.message) for finding in found}


def test_nothing_is_wrong(sandbox: Sandbox) -> None:
    """
    Settings, secrets, clock and balance, in the order in which one depends on the other, for every venue of ours.
    """
    accounts = sandbox.accounts()
    found = check(accounts)

    assert [a.name for a in accounts] == list(dict.fromkeys(finding.account for finding in found))
    assert {(a.name, a.venue) for a in accounts} == {(finding.account, finding.venue) for finding in found}
    assert {"ok", "note"} == {finding.state for finding in found}
    assert not [f for f in found if any(secret in repr(f) for secret in hidden())]
    assert [
        ("settings", "ok", f"Binance USDⓈ-M futures at {sandbox.url}"),
        ("api_key", "ok", "written out in the accounts"),
        ("api_secret", "ok", "written out in the accounts"),
        ("clock", "ok", "This machine's clock agrees with the venue's within a second."),
        ("balance", "ok", "The venue tells the balance of USDT, USDC, BNB."),
    ] == [(f.part, f.state, f.message) for f in found if f.account == "binance-hmac"]


def test_a_venue_without_a_clock(sandbox: Sandbox) -> None:
    """
    A clock that nobody compared is not said to be right.
    """
    assert ("note", "Not compared: the venue tells no time, or needs none.") == parts(of(sandbox, "fexgate"))["clock"]


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (Account("odd", "acme", {}, {}), "configuration: the setting a_long_passphrase is missing; the setting token"),
        (strange(level="5"), "configuration: there is no setting level. See 'marginbook venues acme' for what"),
        (strange(base_url=f"ftp://{CANARY}"), "configuration: base_url is not the address of a server."),
    ],
)
@pytest.mark.usefixtures("acme")
def test_wrong_settings(account: Account, expected: str) -> None:
    """
    Settings that are wrong are named, the secrets are looked at as well, and nobody is asked.
    """
    found = parts(account)
    state, message = found.pop("settings")

    assert "wrong" == state
    assert message.startswith(expected)
    assert dict.fromkeys(account.credentials, ("ok", "written out in the accounts")) == found


@pytest.mark.usefixtures("acme")
def test_several_things_are_wrong_at_once() -> None:
    """
    A wrong setting does not hide a secret that is not there.
    """
    found = parts(evolve(strange(level="5"), credentials={"token": "env:NO_SUCH", "a_long_passphrase": CANARY}))

    assert {"settings": "wrong", "token": "wrong", "a_long_passphrase": "ok"} == {
        part: state for part, (state, _) in found.items()
    }


def test_secrets_that_are_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    Each secret that is missing is told with its place, and the venue is not asked.
    """
    found = parts(
        evolve(
            of(sandbox, "binance-hmac"),
            credentials={"api_key": "env:NO_SUCH_KEY", "api_secret": ["env:NO_SUCH", f"file:{tmp_path}/none"]},
        )
    )

    assert {"settings", "api_key", "api_secret"} == found.keys()
    assert "wrong" == found["api_key"][0]
    assert found["api_key"][1].startswith(
        "credentials: The environment variable NO_SUCH_KEY is not set. Set NO_SUCH_KEY"
    )
    assert ("wrong", True) == (found["api_secret"][0], f"{tmp_path}/none cannot be read" in found["api_secret"][1])
    assert 0 == sandbox.requests


def test_where_secrets_were_found(
    sandbox: Sandbox, tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Of several places, the one that has the secret is told, and never the secret.
    """
    account = of(sandbox, "binance-hmac")
    key, secret = (account.credentials[name].reveal() for name in ("api_key", "api_secret"))
    monkeypatch.setenv("DESK_KEY", key)
    path = tmp_path / "secret"
    path.write_text(secret)
    path.chmod(0o600)
    vault.secrets["desk", "secret"] = secret
    places = {
        ("env:DESK_KEY", "env:NO_SUCH"): "env:DESK_KEY",
        ("env:NO_SUCH", "env:DESK_KEY"): "env:DESK_KEY",
        (f"cmd:echo {key}",): "cmd:echo …",
    }
    for references, place in places.items():
        found = parts(evolve(account, credentials={"api_key": references, "api_secret": f"file:{path}"}))
        assert (("ok", place), ("ok", f"file:{path}")) == (found["api_key"], found["api_secret"])
        assert "ok" == found["balance"][0]
    found = parts(evolve(account, credentials={"api_key": key, "api_secret": ["env:NO_SUCH", "keyring:desk/secret"]}))

    assert ("ok", "keyring:desk/secret") == found["api_secret"]
    assert "ok" == found["balance"][0]


def test_secrets_are_looked_up_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    Who has to touch a key for each secret touches it once, although the venue is asked twice.
    """
    account, log = of(sandbox, "binance-hmac"), tmp_path / "log"
    script = tmp_path / "secret.sh"
    script.write_text(f'#!/bin/sh\necho "$1" >> {log}\ncat {tmp_path}/"$1"\n')
    script.chmod(0o700)
    for name, secret in account.credentials.items():
        (tmp_path / name).write_text(secret.reveal())
    found = parts(evolve(account, credentials={name: f"cmd:{script} {name}" for name in account.credentials}))

    assert ("ok", f"cmd:{script} …") == found["api_key"]
    assert {"ok"} == {state for state, _ in found.values()}
    assert ["api_key", "api_secret"] == sorted(log.read_text().split())
    assert 2 == sandbox.requests


def test_an_accounts_file_that_others_can_read(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    It is the first finding, with the command that helps; without a secret in it, reading is nobody's harm.
    """
    path = tmp_path / "accounts.toml"
    path.write_text(sandbox.accounts_file())
    path.chmod(0o644)
    first = check(path)[0]
    path.chmod(0o600)

    assert (
        Finding(
            account="",
            venue="",
            part="files",
            state="wrong",
            message=f"{path} is open to others than its owner (mode 644). Run `chmod 600 {path}`.",
        )
        == first
    )
    assert "files" not in {finding.part for finding in check(path)}
    path.write_text('[accounts.a]\nvenue = "fexgate"\n')
    path.chmod(0o644)
    assert "files" not in {finding.part for finding in check(str(path))}


def test_secret_files_that_others_can_read(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    A file with a secret is told among its account's parts, before the others, and the others are looked at.
    """
    hmac = of(sandbox, "binance-hmac")
    for name, secret in hmac.credentials.items():
        (tmp_path / name).write_text(secret.reveal())
        (tmp_path / name).chmod(0o600)
    (tmp_path / "api_key").chmod(0o640)
    path = tmp_path / "accounts.toml"
    path.write_text(
        f'[accounts.first]\nvenue = "fexgate"\n\n[accounts.desk]\nvenue = "binance-usdm"\nbase_url = "{sandbox.url}"\n'
        'api_key = "file:api_key"\napi_secret = "file:api_secret"\n'
    )
    path.chmod(0o600)
    found = check(path)

    assert ["settings"] == [f.part for f in found if f.account == "first"]
    assert [
        ("files", "wrong"),
        ("settings", "ok"),
        ("api_key", "ok"),
        ("api_secret", "ok"),
        ("clock", "ok"),
        ("balance", "ok"),
    ] == [(f.part, f.state) for f in found[1:]]
    assert f"Run `chmod 600 {tmp_path / 'api_key'}`." in found[1].message
    assert {("desk", "binance-usdm")} == {(f.account, f.venue) for f in found[1:]}


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (-3, "This machine's clock is 180 minutes behind the venue's."),
        (3, "This machine's clock is 180 minutes ahead of the venue's."),
        (90 / 3600, "This machine's clock is 90.0 seconds ahead of the venue's."),
        (-1.4 / 3600, "This machine's clock is 1.4 seconds behind the venue's."),
        (-120 / 3600, "This machine's clock is 2 minutes behind the venue's."),
    ],
)
@pytest.mark.usefixtures("acme")
def test_a_clock_that_is_off(hours: float, expected: str) -> None:
    """
    How far it is off and in which direction, what that does to balances and reports, and what to do.
    """
    venue = datetime(2026, 1, 15, 12, 30, tzinfo=UTC)
    with time_machine.travel(venue + timedelta(hours=hours), tick=False):
        found = parts(strange(venue="acme-clock", time=str(int(venue.timestamp() * 1000))))

    assert "note" == found["clock"][0]
    assert (
        f"{expected} Requests are signed with the venue's time, so balances are read all the same; times of a report"
        " are wrong. Set the clock."
    ) == found["clock"][1]


@pytest.mark.parametrize("milliseconds", [-999, 0, 999])
@pytest.mark.usefixtures("acme")
def test_a_clock_that_is_right(milliseconds: int) -> None:
    """
    Less than a second is on the way, and worth no remark.
    """
    venue = datetime(2026, 1, 15, 12, 30, tzinfo=UTC)
    with time_machine.travel(venue, tick=False):
        found = parts(strange(venue="acme-clock", time=str(int(venue.timestamp() * 1000) + milliseconds)))

    assert ("ok", "This machine's clock agrees with the venue's within a second.") == found["clock"]


def test_a_clock_three_hours_off(sandbox: Sandbox) -> None:
    """
    With the clock of another machine, the account is read nevertheless, since the venue's time is asked first.
    """
    there = Machine()
    slow = Machine(milliseconds=lambda: there.milliseconds() - 10_800_000)
    found = parts(of(sandbox, "binance-hmac"), machine=slow)

    assert "note" == found["clock"][0]
    assert "180 minutes behind" in found["clock"][1]
    assert "ok" == found["balance"][0]
    assert {200: 2} == sandbox.answered


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("http-404", "configuration"),
        ("http-500", "unavailable"),
        ("html", "invalid_response"),
        ("http-403", "permission"),
    ],
)
def test_a_time_that_cannot_be_asked(misbehaving: Callable[..., Sandbox], fault: str, kind: str) -> None:
    """
    That is a finding of its own, and the balance is asked for all the same.
    """
    found = parts(of(misbehaving(f":1={fault}"), "binance-hmac"))
    state, message = found["clock"]

    assert ("wrong", True) == (state, message.startswith(f"{kind}: "))
    assert ("ok", "The venue tells the balance of USDT, USDC, BNB.") == found["balance"]


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("time", ["0", "1", "99999999999999"])
def test_a_time_that_is_none(time: str) -> None:
    """
    A number that is no time of these days is not taken for the clock's error.
    """
    found = parts(strange(venue="acme-clock", time=time))

    assert ("wrong", True) == (found["clock"][0], "acme.example gives a time that is none." in found["clock"][1])


def test_a_ban_on_the_way(misbehaving: Callable[..., Sandbox]) -> None:
    """
    Who is banned when the time is asked is not heard asking for the balance: that would make the ban longer.
    """
    sandbox = misbehaving("=http-418-retry-after")
    found = parts(of(sandbox, "binance-hmac"), timeout=5)

    assert ("wrong", "wrong") == (found["clock"][0], found["balance"][0])
    assert all(found[part][1].startswith("rate_limited: ") for part in ("clock", "balance"))
    assert all(" Not before 20" in found[part][1] for part in ("clock", "balance"))
    assert 1 == sandbox.requests


def test_a_limit_that_was_found_out_here(misbehaving: Callable[..., Sandbox]) -> None:
    """
    A host that is already left alone is not asked for its time, and nothing is made of that but a finding.
    """
    sandbox = misbehaving("=http-418-retry-after")
    collect([of(sandbox, "binance-rsa")], timeout=5)
    found = parts(of(sandbox, "binance-hmac"), timeout=5)

    assert found["clock"][1].startswith("rate_limited: 127.0.0.1:")
    assert 1 == sandbox.requests


def test_a_limit_that_is_spent_is_no_ban(sandbox: Sandbox) -> None:
    """
    Who has no room left within the limit before the deadline is told so, and the host is not taken for one that has
    sent us away.
    """
    machine, account = Machine(), of(sandbox, "binance-hmac")
    (limit,) = installed().venue("binance-usdm").limits
    host = machine.hosts.at("binance-usdm", sandbox.url.partition("//")[2], "")
    host.enter([Charge(limit, (0, ""), limit.weight)], machine, Deadline(1))
    found = parts(account, machine=machine, timeout=1)

    assert all("would exceed its rate limit" in found[part][1] for part in ("clock", "balance"))
    assert 0 == host.stopped_for(machine)
    assert 0 == sandbox.requests


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("key", "credentials: GET /fapi/v3/balance answered with status 401. Code -2015: it refuses the key, its"),
        ("signature", "credentials: GET /fapi/v3/balance answered with status 400. Code -1022: the signature is not"),
        ("http-403", "permission: GET /fapi/v3/balance answered with status 403: its web firewall blocks this"),
        ("http-404", "configuration: GET /fapi/v3/balance answered with status 404. Code -5000: the operation is"),
        ("http-301", "configuration: GET /fapi/v3/balance answered with status 301. "),
        ("http-503-unavailable", "unavailable: GET /fapi/v3/balance answered with status 503. It was asked 5 times."),
        ("cut-json", "invalid_response: "),
        ("reset", "unavailable: 127.0.0.1:"),
    ],
)
def test_a_balance_that_cannot_be_read(misbehaving: Callable[..., Sandbox], fault: str, expected: str) -> None:
    """
    Everything before it is in order, and it is said what is not, and what to do.
    """
    found = parts(of(misbehaving(f"binance-hmac={fault}"), "binance-hmac"))
    state, message = found["balance"]

    assert "wrong" == state
    assert message.startswith(expected)
    assert {"ok"} == {state for part, (state, _) in found.items() if part != "balance"}


def test_a_key_that_is_refused(misbehaving: Callable[..., Sandbox]) -> None:
    """
    The usual causes are named, all four; the address that the venue tells is not repeated.
    """
    _, message = parts(of(misbehaving("binance-hmac=key"), "binance-hmac"))["balance"]

    for cause in ("IP list", "futures permission", "environment", "Portfolio Margin"):
        assert cause in message
    assert "203.0.113.7" not in message


def test_a_wrong_secret(sandbox: Sandbox) -> None:
    """
    A secret of another key is found out by the venue, and what cannot be a secret before it is asked.
    """
    account = of(sandbox, "binance-hmac")
    key = account.credentials["api_key"].reveal()
    found = parts(evolve(account, credentials={"api_key": key, "api_secret": "0" * 64}))

    assert "-1022" in found["balance"][1]
    before = sandbox.requests
    found = parts(evolve(of(sandbox, "coinswitch"), credentials={"api_key": "key", "api_secret": "no key at all"}))
    assert {"settings": "ok", "api_key": "ok", "api_secret": "ok", "secrets": "wrong"} == {
        part: state for part, (state, _) in found.items()
    }
    assert found["secrets"][1].startswith("credentials: The api_")
    assert before == sandbox.requests


def test_a_venue_that_stalls(misbehaving: Callable[..., Sandbox], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It costs a third of the time for each try, is told as such, and the others are not held up.
    """
    monkeypatch.setattr(session, "SHORTEST_TIMEOUT", 0.1)
    sandbox = misbehaving("binance-hmac=stall")
    found = check([of(sandbox, "binance-hmac"), of(sandbox, "fexgate")], timeout=3)
    wrong = [(f.account, f.part) for f in found if f.state == "wrong"]

    assert [("binance-hmac", "balance")] == wrong
    assert next(f for f in found if f.state == "wrong").message.startswith("timeout: ")


def test_news_in_an_answer(misbehaving: Callable[..., Sandbox]) -> None:
    """
    Fields that nobody knows are a note, and what an account holds is still told.
    """
    found = parts(of(misbehaving("binance-hmac=new-field"), "binance-hmac"))

    assert "ok" == found["balance"][0]
    assert ("note", True) == (found["answer"][0], "newField. Look for a newer plugin." in found["answer"][1])


def test_an_empty_account(misbehaving: Callable[..., Sandbox]) -> None:
    """
    An answer without rows is one, and says so.
    """
    found = parts(of(misbehaving("binance-hmac=empty-list"), "binance-hmac"))

    assert ("ok", "The venue tells the balance of no assets.") == found["balance"]
    assert ("note", "The venue reports no assets.") == found["answer"]


def test_plugins_that_cannot_be_used(plugins: Plugins) -> None:
    """
    A venue that there is not, and one whose plugin is broken, are findings on the account as a whole.
    """
    plugins.add("broken", "broken", source="raise RuntimeError('no luck')")
    missing, broken = check([Account("a", "coinbase"), Account("b", "broken")])

    assert ("a", "coinbase", "account", "wrong") == (missing.account, missing.venue, missing.part, missing.state)
    assert missing.message.startswith("configuration: There is no venue 'coinbase'. There are binance-coinm, ")
    assert ("b", "broken", "account", "wrong") == (broken.account, broken.venue, broken.part, broken.state)
    assert "plugin: broken (broken 1.0) cannot be used: RuntimeError: no luck." in broken.message


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("account", "part", "expected"),
    [
        (strange("crash"), "balance", "plugin: acme failed with RuntimeError at acme.py:"),
        (strange(token="crash"), "secrets", "plugin: acme failed with RuntimeError at acme.py:"),
        (strange(token="refuse"), "secrets", "credentials: It is no key."),
        (strange(venue="acme-clock", time="crash"), "clock", "plugin: acme-clock failed with RuntimeError at acme.py:"),
        (strange(venue="acme-clock", time="soon"), "clock", "plugin: acme-clock failed with ValueError at acme.py:"),
        (
            strange("ban"),
            "balance",
            "rate_limited: Too many. Wait. Not before 2100-07-01 08:09:10 UTC.",
        ),
    ],
)
def test_plugins_that_fail(account: Account, part: str, expected: str) -> None:
    """
    What a plugin raises is a finding on the part that it was asked about; what it says may hold anything.
    """
    state, message = parts(account)[part]

    assert ("wrong", True) == (state, message.startswith(expected))


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("account", "kind"),
    [
        (strange("exit"), "SystemExit"),
        (strange("interrupt"), "KeyboardInterrupt"),
        (strange(token="exit"), "SystemExit"),
        (strange(venue="acme-clock", time="interrupt"), "KeyboardInterrupt"),
    ],
)
def test_plugins_that_leave(account: Account, kind: str) -> None:
    """
    A plugin that ends its thread takes nobody with it.
    """
    found = check([account, strange(name="steady")])

    assert [("wrong", f"plugin: The work on it was broken off ({kind}). Run it in threads to see.")] == [
        (f.state, f.message) for f in found if f.account == "odd"
    ]
    assert "ok" == next(f.state for f in found if (f.account, f.part) == ("steady", "balance"))


@pytest.mark.usefixtures("acme")
def test_plugins_that_hang() -> None:
    """
    At the deadline everybody has findings, whoever still hangs.
    """
    found = check([strange("hang"), strange(name="steady")], timeout=2)

    assert [("account", "wrong", "timeout: It had not answered when the deadline was over. Allow more time.")] == [
        (f.part, f.state, f.message) for f in found if f.account == "odd"
    ]
    assert "ok" == next(f.state for f in found if (f.account, f.part) == ("steady", "balance"))


def test_places_cannot_command_a_terminal(sandbox: Sandbox, tmp_path: Path) -> None:
    """
    Nor can the name of a file.
    """
    path = tmp_path / "a\x1b[2Jb"
    path.touch(mode=0o600)
    path.write_text("secret")
    found = parts(evolve(of(sandbox, "coinswitch"), credentials={"api_key": f"file:{path}", "api_secret": "env:NONE"}))

    assert ("ok", f"file:{tmp_path}/a\\x1b[2Jb") == found["api_key"]


@pytest.mark.usefixtures("acme")
def test_notes_cannot_command_a_terminal() -> None:
    """
    What a venue says is spelled out where it cannot be printed.
    """
    assert "A \\x1b[2J note." in [finding.message for finding in check([strange()])]


def test_the_order_is_that_of_the_accounts(sandbox: Sandbox) -> None:
    """
    Whoever answers first, findings come in the order of the question, and so do some accounts of many.
    """
    accounts = sandbox.accounts()
    names = [account.name for account in accounts]
    for order in (1, -1):
        found = check(accounts[::order], max_workers=2)
        assert names[::order] == list(dict.fromkeys(finding.account for finding in found))
    found = check(accounts, only=["fexgate", "binance-rsa"])

    assert ["binance-rsa", "fexgate"] == list(dict.fromkeys(finding.account for finding in found))


def test_one_account_alone_is_asked(sandbox: Sandbox) -> None:
    """
    Accounts that were not named are left alone.
    """
    check(sandbox.accounts(), only=["fexgate"])

    assert 1 == sandbox.requests


@pytest.mark.parametrize(
    ("timeout", "max_workers"), [(0, 1), (-1, 1), (float("nan"), 1), (float("inf"), 1), (1e10, 1), (30, 0)]
)
def test_checks_that_cannot_be_made(sandbox: Sandbox, timeout: float, max_workers: int) -> None:
    """
    No time, time without end, or nobody to do it: nobody is asked.
    """
    with pytest.raises(ConfigurationError, match=f"^A check in {timeout} seconds with {max_workers} workers cannot"):
        check(sandbox.accounts(), timeout=timeout, max_workers=max_workers)

    assert 0 == sandbox.requests


@pytest.mark.parametrize(
    ("accounts", "only", "expected"),
    [
        ([], (), "There are no accounts to ask."),
        ([Account("a", "fexgate")], ["b"], "There is no account 'b' in the accounts file. There are a."),
        ("/no/such/file", (), "The accounts file /no/such/file cannot be read"),
    ],
)
def test_questions_without_sense(accounts: Any, only: list[str], expected: str) -> None:
    """
    Accounts that there are not cannot be looked at.
    """
    with pytest.raises(ConfigurationError) as caught:
        check(accounts, only=only)

    assert expected in str(caught.value)


def test_shared_limits_that_cannot_be_kept(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    An environment that is wrong is told as such, and nobody is asked without the limits that it wants.
    """
    (tmp_path / "file").touch()
    monkeypatch.setenv(SHARED_LIMITS, str(tmp_path / "file" / "limits"))
    found = parts(of(sandbox, "binance-hmac"))

    assert ("wrong", "wrong") == (found["clock"][0], found["balance"][0])
    assert all(f"configuration: The file {tmp_path}/file/limits of" in found[part][1] for part in ("clock", "balance"))
    assert 0 == sandbox.requests
