"""
Asking one account: again where that may help, with the venue's time, and within its limits.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve, field, frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from requests.adapters import BaseAdapter

from certificates import certify, serving
from machines import BEGINNING, Hands
from marginbook import (
    Account,
    ClockError,
    DeadlineError,
    InvalidResponseError,
    Limit,
    MarginbookError,
    RateLimitedError,
    Statement,
    UnavailableError,
    Venue,
    asking,
)
from marginbook.accounts import resolve
from marginbook.asking import ATTEMPTS, FIRST_DELAY, LONGEST_DELAY, REPEATED, Visit, read
from marginbook.promises import NOTHING
from marginbook.registry import installed
from marginbook.report import Failure
from marginbook.seam.settings import settle
from marginbook.transport import Deadline, Machine, adapter
from marginbook.transport.hosts import RETRIES
from script import Asked, Said, Say, Scripted, in_turn, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import requests
    from tests.core.conftest import Peer

    from marginbook.transport import Host

#: When the time of these tests begins.
NOW: Final = datetime(2027, 1, 15, 8, tzinfo=UTC)

SEED: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

CREDENTIALS: Final = {
    "binance-usdm": {"api_key": "key", "api_secret": "secret"},
    "binance-coinm": {"api_key": "key", "api_secret": "secret"},
    "coinswitch": {
        "api_key": SEED.public_key().public_bytes_raw().hex(),
        "api_secret": SEED.private_bytes_raw().hex(),
    },
    "fexgate": {"api_key": "key", "api_secret": "secret"},
}

#: The emptiest answer of each venue that is one.
EMPTY: Final[dict[str, Any]] = {
    "binance-usdm": [],
    "binance-coinm": [],
    "coinswitch": {"data": {"base_asset_balances": [], "asset": []}},
    "fexgate": {"balances": []},
}

TIMES: Final = {"/fapi/v1/time", "/dapi/v1/time", "/trade/api/v2/time"}

BALANCE: Final = "/fapi/v3/balance"
BUSY: Final = Said(503, {"code": -1008, "msg": "Busy."})
LATE: Final = Said(400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."})


def account(url: str, venue: str = "binance-usdm", name: str = "desk", **options: Any) -> Account:
    exchange = {"exchange": "fbinance"} if venue == "fexgate" else {}
    return Account(name, venue, CREDENTIALS[venue], {"base_url": url, **exchange, **options})


@frozen
class Scene:
    """
    A machine of the test's own, and venues that answer what the test says.
    """

    hands: Hands
    machine: Machine
    pool: BaseAdapter
    stack: ExitStack
    seconds: float = 30.0

    def play(self, say: Say, *, times: Callable[[], Said] | None = None) -> Scripted:
        """
        Begin a venue whose time, unless *times* says otherwise, is right.
        """
        right = times or (lambda: Said(body={"serverTime": BEGINNING + round(self.hands.passed * 1000)}))
        return self.stack.enter_context(scripted(lambda asked: right() if asked.path in TIMES else say(asked)))

    def read(self, asked: Account, venue: Venue | None = None) -> Statement | Failure:
        deadline = Deadline(self.seconds, self.hands.monotonic)
        return read(asked, venue or installed().venue(asked.venue), deadline, self.pool, self.machine)

    def failure(self, asked: Account, venue: Venue | None = None) -> Failure:
        found = self.read(asked, venue)
        assert isinstance(found, Failure)
        return found

    def statement(self, asked: Account, venue: Venue | None = None) -> Statement:
        found = self.read(asked, venue)
        assert isinstance(found, Statement), found
        return found

    def host(self, url: str, venue: str = "binance-usdm") -> Host:
        return self.machine.hosts.at(venue, url.removeprefix("http://"), "")


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """
    Delays are as long as they are, since nobody has to wait for them here.
    """
    monkeypatch.setattr(asking, "FIRST_DELAY", FIRST_DELAY)
    hands, pool = Hands(), adapter(2)
    with ExitStack() as stack:
        stack.callback(pool.close)
        yield Scene(hands, hands.machine(), pool, stack)


@frozen
class Case:
    """
    An answer, and what becomes of it: asked how often, and a failure of which kind.
    """

    answer: Said
    times: int
    kind: str
    venue: str = "binance-usdm"
    #: Of requests for the venue's time.
    measured: int = field(default=0, kw_only=True)


def error(code: int, status: int = 400) -> Said:
    return Said(status, {"code": code, "msg": "It said no."})


def status(code: int) -> Said:
    return Said(code, b"")


def gateway(code: int, http: int) -> Said:
    return Said(http, {"code": code, "message": "It said no.", "details": []})


#: What is asked again, and what is not. Of what is, the last answer counts.
CASES: Final = {
    "an unknown error": Case(error(-1000, 500), ATTEMPTS, "unavailable"),
    "disconnected inside": Case(error(-1001, 503), ATTEMPTS, "unavailable"),
    "an unexpected answer inside": Case(error(-1006, 500), ATTEMPTS, "unavailable"),
    "a time-out inside": Case(error(-1007, 408), ATTEMPTS, "unavailable"),
    "throttled": Case(BUSY, ATTEMPTS, "unavailable"),
    "408": Case(status(408), ATTEMPTS, "unavailable"),
    "500": Case(status(500), ATTEMPTS, "unavailable"),
    "502": Case(status(502), ATTEMPTS, "unavailable"),
    "503": Case(status(503), ATTEMPTS, "unavailable"),
    "504": Case(status(504), ATTEMPTS, "unavailable"),
    "no JSON": Case(Said(200, b"<html>"), ATTEMPTS, "invalid_response"),
    "half of it": Case(Said(200, b'[{"asset": "US'), ATTEMPTS, "invalid_response"),
    "no gzip": Case(Said(200, b"[]", {"Content-Encoding": "gzip"}), ATTEMPTS, "invalid_response"),
    "too late": Case(LATE, ATTEMPTS, "clock", measured=1),
    "a gateway without its exchange": Case(gateway(14, 503), ATTEMPTS, "unavailable", "fexgate"),
    "a status of 500 at CoinSwitch": Case(status(500), ATTEMPTS, "unavailable", "coinswitch"),
    "not authorized": Case(error(-1002, 401), 1, "credentials"),
    "shutting down": Case(error(-1016, 503), 1, "unavailable"),
    "an operation that is not supported": Case(error(-1020), 1, "configuration"),
    "a wrong signature": Case(error(-1022), 1, "credentials"),
    "a malformed request": Case(error(-1102), 1, "plugin"),
    "no form of a key": Case(error(-2014, 401), 1, "credentials"),
    "a refused key": Case(error(-2015, 401), 1, "credentials"),
    "locked keys": Case(error(-2017, 401), 1, "credentials"),
    "an inactive account": Case(error(-4109), 1, "permission"),
    "a retired operation": Case(error(-5000), 1, "configuration"),
    "301": Case(Said(301, b"", {"Location": "http://127.0.0.1:9/"}), 1, "configuration"),
    "400": Case(status(400), 1, "invalid_response"),
    "401": Case(status(401), 1, "credentials"),
    "403": Case(status(403), 1, "permission"),
    "404": Case(status(404), 1, "configuration"),
    "410": Case(status(410), 1, "configuration"),
    "422": Case(status(422), 1, "invalid_response"),
    "451": Case(Said(451, {"code": 0, "msg": "Not here."}), 1, "permission"),
    "501": Case(status(501), 1, "configuration"),
    "a field of the wrong type": Case(Said(200, [{"asset": 5}]), 1, "invalid_response"),
    "a number that is none": Case(Said(200, b'[{"asset": NaN}]'), 1, "invalid_response"),
    "422 at CoinSwitch": Case(Said(422, {"message": "No."}), 1, "invalid_response", "coinswitch"),
    "401 at CoinSwitch with a good clock": Case(
        Said(401, {"message": "Invalid Access"}), 1, "credentials", "coinswitch", measured=1
    ),
    "no key for the gateway": Case(gateway(16, 401), 1, "credentials", "fexgate"),
    "an unknown exchange": Case(gateway(5, 404), 1, "configuration", "fexgate"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_asked_again(case: Case, scene: Scene) -> None:
    """
    Whatever may be another the next time is asked for again, and nothing else; the failure says how often.
    """
    played = scene.play(lambda _: case.answer)
    failure = scene.failure(account(played.url, case.venue))
    times = [path for path in played.paths if path in TIMES]

    assert (case.times, case.measured) == (len(played.paths) - len(times), len(times))
    assert case.kind == failure.kind
    assert (case.times > 1) is failure.message.endswith(f" It was asked {case.times} times.")
    assert (case.times > 1) is ("It was asked" in failure.message)
    assert case.times - 1 == len(scene.hands.slept)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_another_answer_the_next_time(case: Case, scene: Scene) -> None:
    """
    What is asked again may succeed the second time, and leaves no trace in the statement.
    """
    played = scene.play(in_turn(case.answer, Said(200, EMPTY[case.venue])))
    found = scene.read(account(played.url, case.venue))

    assert (case.times > 1) is isinstance(found, Statement)


def test_broken_connections_are_tried_again(scene: Scene, peers: Callable[..., Peer]) -> None:
    """
    Who hangs up is asked as often as who says that it is busy.
    """
    peer = peers(lambda *_: None)
    failure = scene.failure(account(peer.url))

    assert ("unavailable", ATTEMPTS) == (failure.kind, len(peer.heads))
    assert failure.message.endswith("cannot be reached, or broke off. It was asked 5 times.")


def test_untrusted_certificates_are_not(scene: Scene, peers: Callable[..., Peer], tmp_path: Path) -> None:
    """
    A certificate is the same the next time.
    """
    failure = scene.failure(account(peers(lambda *_: None, serving(certify(tmp_path))).url))

    assert "has no TLS certificate that this machine trusts." in failure.message
    assert "asked" not in failure.message
    assert [] == scene.hands.slept


@pytest.mark.parametrize("chance", [0.0, 0.25, 0.999])
def test_delays(chance: float, scene: Scene) -> None:
    """
    Attempts wait a part of a bound that doubles, and chance says which part.
    """
    scene.hands.chance = chance
    scene.failure(account(scene.play(lambda _: BUSY).url))

    assert 0.4 == FIRST_DELAY
    assert [chance * bound for bound in (0.4, 0.8, 1.6, 3.2)] == pytest.approx(scene.hands.slept)


def test_the_longest_delay(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The bound does not grow for ever.
    """
    monkeypatch.setattr(asking, "FIRST_DELAY", 6.0)
    scene.failure(account(scene.play(lambda _: BUSY).url))

    assert 10.0 == LONGEST_DELAY
    assert [3.0, 5.0, 5.0, 5.0] == scene.hands.slept


def test_no_attempt_after_the_deadline(scene: Scene) -> None:
    """
    An attempt that would begin at the deadline is not made; the last failure is told at once.
    """
    scene.hands.chance = 1.0
    played = scene.play(lambda _: BUSY)
    failure = scene_of(scene, seconds=1.2).failure(account(played.url))

    assert [0.4] == scene.hands.slept
    assert 2 == len(played.asked)
    assert failure.message.endswith("it throttles to protect itself. It was asked 2 times.")


def scene_of(scene: Scene, seconds: float) -> Scene:
    return evolve(scene, seconds=seconds)


def test_a_delay_up_to_the_deadline_is_not_waited_for(scene: Scene) -> None:
    """
    At the deadline itself nothing is asked any more.
    """
    scene.hands.chance = 1.0
    failure = scene_of(scene, seconds=0.4).failure(account(scene.play(lambda _: BUSY).url))

    assert ("unavailable", []) == (failure.kind, scene.hands.slept)


def test_who_is_always_asked_to_wait(scene: Scene) -> None:
    """
    Waiting for a venue's limits is tried as often as anything else.
    """
    played = scene.play(lambda _: Said(429, b"", {"Retry-After": "1"}))
    failure = scene.failure(account(played.url))

    assert ("rate_limited", ATTEMPTS) == (failure.kind, len(played.asked))
    assert [1.0] * (ATTEMPTS - 1) == scene.hands.slept


def test_a_limit_of_our_own_is_no_ban(scene: Scene) -> None:
    """
    Where our own limits keep the venue's time from being asked, the host is not stopped for it.
    """

    def fetch(_: Account, __: requests.Session) -> Statement:
        raise MarginbookError("No.", suspects_clock=True)  # noqa: EM101  # a test

    def time(_: Account, __: requests.Session) -> int:
        raise RateLimitedError("Full.", transient=False)  # noqa: EM101  # a test

    failure = scene.failure(acme("https://acme.example"), venue(fetch, time=time))

    assert "No. The venue's time could not be asked." == failure.message
    assert 0 == scene.machine.hosts.at("acme", "acme.example", "").stopped_for(scene.machine)


def test_every_attempt_of_binance_is_signed_afresh(scene: Scene) -> None:
    """
    Each has the time of its sending, and a signature over that time.
    """
    played = scene.play(lambda _: BUSY)
    scene.failure(account(played.url))
    expected = [BEGINNING + after for after in (0, 200, 600, 1400, 3000)]

    assert expected == [int(asked.parameter("timestamp")) for asked in played.asked]
    for asked in played.asked:
        query, _, signature = asked.query.rpartition("&signature=")
        assert hmac.new(b"secret", query.encode(), hashlib.sha256).hexdigest() == signature
        assert "key" == asked.headers["X-MBX-APIKEY"]


def test_every_attempt_of_coinswitch_is_signed_afresh(scene: Scene) -> None:
    """
    Each has the time of its sending, and a signature over that time.
    """
    played = scene.play(lambda _: Said(500, {"message": "No."}))
    scene.failure(account(played.url, "coinswitch"))
    expected = [str(BEGINNING + after) for after in (0, 200, 600, 1400, 3000)]

    assert expected == [asked.headers["X-AUTH-EPOCH"] for asked in played.asked]
    for asked in played.asked:
        signed = f"GET/trade/api/v2/futures/wallet_balance{asked.headers['X-AUTH-EPOCH']}".encode()
        SEED.public_key().verify(bytes.fromhex(asked.headers["X-AUTH-SIGNATURE"]), signed)


def test_every_attempt_of_the_gateway_has_its_keys(scene: Scene) -> None:
    """
    There is no time in what it wants; every attempt has the key.
    """
    played = scene.play(lambda _: gateway(14, 503))
    scene.failure(account(played.url, "fexgate"))

    assert [("key", "secret")] * ATTEMPTS == [
        (asked.headers["x-exgate-key"], asked.headers["x-exgate-secret"]) for asked in played.asked
    ]


def test_retries_of_a_host_run_out(scene: Scene) -> None:
    """
    A host that fails everybody is asked again so often by all together, and then once by each.
    """
    played = scene.play(lambda _: BUSY)
    for _ in range(20):
        scene.failure(account(played.url))
    assert 20 + RETRIES == len(played.asked)
    played.asked.clear()
    failure = scene.failure(account(played.url))

    assert 1 == len(played.asked)
    assert "asked" not in failure.message


def test_successes_give_retries_back(scene: Scene) -> None:
    """
    A host that answers again may be asked again.
    """
    answer = [BUSY]
    played = scene.play(lambda _: answer[0])
    for _ in range(20):
        scene.failure(account(played.url))
    answer[0] = Said()
    for _ in range(2):
        scene.statement(account(played.url))
    answer[0] = BUSY

    assert scene.failure(account(played.url)).message.endswith("It was asked 3 times.")


def test_nobody_is_asked_twice_for_nothing(scene: Scene) -> None:
    """
    An account that answers is asked once.
    """
    played = scene.play(lambda _: Said())
    found = scene.statement(account(played.url))

    assert ([BALANCE], (), []) == (played.paths, found.notes, scene.hands.slept)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (Said(429, {"code": -1003, "msg": "Too many."}, {"Retry-After": "7"}), 7),
        (Said(418, {"code": -1003, "msg": "Too many."}, {"Retry-After": "Fri, 15 Jan 2027 08:00:09 GMT"}), 9),
        (Said(429, b"<html>", {"Retry-After": "11"}), 11),
        (Said(418, {"code": -1003, "msg": f"IP banned until {BEGINNING + 12_500}."}, {"Retry-After": "3"}), 12.5),
        (Said(429, {"code": -1003, "msg": "Too many."}), 60),
        (Said(429, {"code": -1003, "msg": "Too many."}, {"Retry-After": "0"}), 60),
        (Said(429, {"code": -1003, "msg": "Too many."}, {"Retry-After": "soon"}), 60),
        (Said(418, {"code": -1003, "msg": f"IP banned until {BEGINNING - 5000}."}), 60),
    ],
)
def test_until_when(said: Said, seconds: float, scene: Scene) -> None:
    """
    Who says until when is asked again then, and not before; who does not is left alone for a period.
    """
    played = scene.play(in_turn(said, Said()))
    scene_of(scene, seconds=100).statement(account(played.url))

    assert [seconds] == scene.hands.slept
    assert [BEGINNING, BEGINNING + seconds * 1000] == [int(asked.parameter("timestamp")) for asked in played.asked]


def test_until_when_by_the_venues_clock(scene: Scene) -> None:
    """
    A ban's end is the venue's time: with a local clock that is an hour off, it is as many seconds away.
    """
    scene.hands.off = 3_600_000
    banned = Said(418, {"code": -1003, "msg": f"IP banned until {BEGINNING + 7000}."})
    played = scene.play(in_turn(LATE, banned, Said()))
    scene.statement(account(played.url))

    assert [7.0] == scene.hands.slept


@pytest.mark.parametrize("said", ["7", "Fri, 15 Jan 2027 08:00:07 GMT"])
def test_out_of_order_until(said: str, scene: Scene) -> None:
    """
    Who is out of order and says for how long is asked again then; nobody else has to wait for it.
    """
    played = scene.play(in_turn(Said(503, b"", {"Retry-After": said}), Said()))
    scene.statement(account(played.url))
    scene.statement(account(played.url, name="other"))

    assert [7] == scene.hands.slept


def test_out_of_order_for_too_long(scene: Scene) -> None:
    """
    Who says longer than the report may take is not asked again, and the failure says until when.
    """
    played = scene.play(lambda _: Said(503, b"", {"Retry-After": "3600"}))
    failure = scene.failure(account(played.url))

    assert ("unavailable", NOW + timedelta(hours=1)) == (failure.kind, failure.until)
    assert ([BALANCE], []) == (played.paths, scene.hands.slept)


@pytest.mark.parametrize("seconds", [29, 31, 3600])
def test_a_ban_stops_the_host(seconds: int, scene: Scene) -> None:
    """
    Where waiting would be too long, the account fails, and so does every other of the host, which is not asked for
    it. They say until when. Other hosts are asked as ever.
    """
    banned = Said(418, {"code": -1003, "msg": f"IP banned until {BEGINNING + seconds * 1000}."})
    played, other = scene.play(lambda _: banned), scene.play(lambda _: Said(body=[]))
    within = scene_of(scene, seconds=29)
    first = within.failure(account(played.url))
    second = within.failure(account(played.url, name="other"))

    assert [BALANCE] == played.paths
    assert "Code -1003: too many requests from this address." in first.message
    assert "asked" not in first.message
    assert second.message.endswith("wants no requests from here for a while, so it was not asked.")
    assert {("rate_limited", NOW + timedelta(seconds=seconds))} == {(f.kind, f.until) for f in (first, second)}
    assert isinstance(within.read(account(other.url)), Statement)
    # The other futures are another venue, though at the same address.
    assert isinstance(within.read(account(other.url, "binance-coinm")), Statement)


def test_a_ban_at_the_last_attempt_stops_the_host(scene: Scene) -> None:
    """
    An account that is not asked again itself has still learned that nobody should be.
    """
    banned = Said(418, {"code": -1003, "msg": f"IP banned until {BEGINNING + 3_600_000}."})
    played = scene.play(in_turn(*[BUSY] * (ATTEMPTS - 1), banned))
    first = scene.failure(account(played.url))
    second = scene.failure(account(played.url, name="other"))

    assert ATTEMPTS == len(played.asked)
    assert {NOW + timedelta(hours=1)} == {first.until, second.until}
    assert first.message.endswith("It was asked 5 times.")


@pytest.mark.parametrize(("said", "attempts"), [(500, ATTEMPTS), (404, 1)])
def test_a_time_that_cannot_be_asked(said: int, attempts: int, scene: Scene) -> None:
    """
    A refused key whose venue cannot tell the time says that the clock may as well be wrong. It is asked again for as
    long as asking for the time again may help.
    """
    played = scene.play(lambda _: Said(401, {"message": "Invalid access"}), times=lambda: status(said))
    failure = scene.failure(account(played.url, "coinswitch"))
    often = f" It was asked {attempts} times." if attempts > 1 else ""

    assert failure.message.endswith(f"answered with status 401. The venue's time could not be asked.{often}")
    assert failure.hint.endswith("revoked this one. Check this machine's clock as well.")
    assert ["/trade/api/v2/futures/wallet_balance", "/trade/api/v2/time"] * attempts == played.paths


def test_a_ban_while_the_time_is_asked(scene: Scene) -> None:
    """
    It stops the host as every other does.
    """
    banned = Said(418, b"", {"Retry-After": "3600"})
    played = scene.play(lambda _: Said(401, {"message": "Invalid access"}), times=lambda: banned)
    first = scene.failure(account(played.url, "coinswitch"))
    played.asked.clear()
    second = scene.failure(account(played.url, "coinswitch", name="other"))

    assert ["rate_limited", "rate_limited"] == [first.kind, second.kind]
    assert (NOW + timedelta(hours=1), []) == (second.until, played.asked)


def test_a_measured_clock(scene: Scene) -> None:
    """
    A time that was wrong is corrected by one question and asked with at once; the statement mentions it.
    """
    scene.hands.off = -7_000_000
    played = scene.play(in_turn(LATE, Said()))
    found = scene.statement(account(played.url))

    assert [BALANCE, "/fapi/v1/time", BALANCE] == played.paths
    assert [BEGINNING - 7_000_000, BEGINNING] == [int(a.parameter("timestamp")) for a in played.asked[::2]]
    assert [] == scene.hands.slept
    assert (
        (
            "This machine's clock is 7000 seconds behind that of binance-usdm. Requests are signed with the venue's"
            " time; times of the report are this machine's."
        ),
    ) == found.notes


def test_an_account_after_a_measured_clock(scene: Scene) -> None:
    """
    The next account of the host begins with the venue's time.
    """
    scene.hands.off = 7_000_000
    played = scene.play(in_turn(LATE, Said()))
    scene.statement(account(played.url))
    played.asked.clear()
    found = scene.statement(account(played.url, name="other"))

    assert [BALANCE] == played.paths
    assert BEGINNING == int(played.asked[0].parameter("timestamp"))
    assert ["7000 seconds ahead of that of binance-usdm" in note for note in found.notes] == [True]


@pytest.mark.parametrize(("off", "notes"), [(999, 0), (-999, 0), (1000, 1), (-1000, 1)])
def test_small_errors_of_a_clock_are_not_mentioned(off: int, notes: int, scene: Scene) -> None:
    """
    A second is worth a note; less is not.
    """
    scene.hands.off = off
    played = scene.play(in_turn(LATE, Said()))

    assert notes == len(scene.statement(account(played.url)).notes)


def test_a_clock_that_is_set_in_between(scene: Scene) -> None:
    """
    Clocks are set while a process lives: a new complaint, a minute later, is a new question.
    """

    def say(asked: Asked) -> Said:
        true = BEGINNING + round(scene.hands.passed * 1000)
        return Said() if abs(int(asked.parameter("timestamp")) - true) < 1000 else LATE

    played = scene.play(say)
    for off in (7_000_000, -3_000_000, 0):
        scene.hands.off = off
        scene.statement(account(played.url))
        scene.hands.passed += 60

    assert 3 == played.paths.count("/fapi/v1/time")
    assert 0 == scene.host(played.url).clock.offset


def test_coinswitch_with_a_wrong_clock(scene: Scene) -> None:
    """
    It says the same of a wrong time as of a wrong key: the time is asked, and the key is not blamed.
    """
    scene.hands.off = 90_000
    played = scene.play(in_turn(Said(401, {"message": "Invalid Access"}), Said(200, EMPTY["coinswitch"])))
    found = scene.statement(account(played.url, "coinswitch"))

    assert ["/trade/api/v2/time"] == [path for path in played.paths if path in TIMES]
    assert any("90 seconds ahead of that of coinswitch" in note for note in found.notes)


def test_coinswitch_with_a_wrong_clock_and_key(scene: Scene) -> None:
    """
    With the right time and the same answer, the key is to blame, and the time is not asked again.
    """
    scene.hands.off = 90_000
    played = scene.play(lambda _: Said(401, {"message": "Invalid Access"}))
    failure = scene.failure(account(played.url, "coinswitch"))

    assert ("credentials", 3) == (failure.kind, len(played.asked))
    assert failure.message.endswith("status 401. The time of the request was right. It was asked 2 times.")
    assert failure.hint.endswith("whether a newer pair has revoked this one.")


@pytest.mark.parametrize("told", [0, -1, 1_419_999_999_999, 4_102_000_000_000, 10**30])
def test_times_that_are_none(told: int, scene: Scene) -> None:
    """
    A time before 2015 or after 2100, in seconds perhaps, is not believed.
    """
    played = scene.play(lambda _: Said(401, {"message": "No."}), times=lambda: Said(body={"serverTime": told}))
    failure = scene.failure(account(played.url, "coinswitch"))

    assert "The venue's time could not be asked." in failure.message
    assert 0 == scene.host(played.url, "coinswitch").clock.offset


@pytest.mark.parametrize("told", [1_420_000_000_000, 4_101_999_999_999])
def test_times_that_may_be(told: int, scene: Scene) -> None:
    """
    Between those, a venue is believed, however wrong the local clock would have to be.
    """
    played = scene.play(lambda _: Said(401, {"message": "No."}), times=lambda: Said(body={"serverTime": told}))
    scene.failure(account(played.url, "coinswitch"))

    assert told - BEGINNING == scene.host(played.url, "coinswitch").clock.offset


def visit(scene: Scene, asked: Account, venue: Venue | None = None) -> Visit:
    deadline = Deadline(scene.seconds, scene.hands.monotonic)
    venue = venue or installed().venue(asked.venue)
    settled = settle(asked, venue)
    secrets = resolve(settled.credentials)
    return Visit.prepare(settled, secrets, venue, deadline=deadline, pool=scene.pool, machine=scene.machine)


def test_the_clock_on_request(scene: Scene) -> None:
    """
    The time can be measured before anybody complains.
    """
    scene.hands.off = 7_000_000
    played = scene.play(lambda _: Said())
    visit(scene, account(played.url)).measure_clock()
    scene.statement(account(played.url))

    assert ["/fapi/v1/time", BALANCE] == played.paths
    assert BEGINNING == int(played.asked[1].parameter("timestamp"))


def test_a_venue_that_tells_no_time(scene: Scene) -> None:
    """
    On request, that is an error; the gateway has no such operation.
    """
    with pytest.raises(InvalidResponseError, match=r"^venue\.invalid gives a time that is none\.$"):
        visit(scene, account("https://venue.invalid", "fexgate")).measure_clock()


def test_a_time_on_request_that_is_refused(scene: Scene) -> None:
    """
    What a venue answers in the place of its time is explained like every other error.
    """
    played = scene.play(lambda _: Said(), times=lambda: error(-1008, 503))
    with pytest.raises(UnavailableError, match=r"Code -1008: it throttles to protect itself\."):
        visit(scene, account(played.url)).measure_clock()


def test_the_time_of_a_venue_costs_as_well(scene: Scene) -> None:
    """
    The request for the time is counted like every other: one of the address's weight.
    """
    scene.hands.off = 7_000_000
    played = scene.play(in_turn(LATE, Said()))
    scene.statement(account(played.url))

    assert [5 + 1 + 5] == [gate.spent(0.0) for gate in scene.host(played.url)._gates.values()]


def test_weights_are_spent_before_sending(scene: Scene) -> None:
    """
    Accounts whose requests do not fit into the limit wait for the next period; the others do not.
    """
    played = scene.play(lambda _: Said())
    for number in range(3):
        scene_of(scene, seconds=100).statement(account(played.url, name=f"desk-{number}", weight_limit=10))

    assert [60.0] == scene.hands.slept


def test_a_weight_limit_of_ones_own(scene: Scene) -> None:
    """
    One account's weight limit is not that of the next.
    """
    played = scene.play(lambda _: Said())
    for limit in (10, 10, 2400, 15):
        options: dict[str, Any] = {} if limit == 2400 else {"weight_limit": limit}
        asked = account(played.url, **options)
        found = scene.read(asked)
    assert isinstance(found, Failure)
    assert isinstance(scene.read(account(played.url, weight_limit=25)), Statement)

    assert "To ask 127.0.0.1" in found.message
    assert (NOW + timedelta(seconds=60), []) == (found.until, scene.hands.slept)
    assert 4 == len(played.asked)


def test_what_the_venue_says_was_spent(scene: Scene) -> None:
    """
    Others at the same address, whom only the venue knows, count as well.
    """
    played = scene.play(lambda _: Said(headers={"X-MBX-USED-WEIGHT-1M": "2396"}))
    scene.statement(account(played.url))
    failure = scene.failure(account(played.url))

    assert ("rate_limited", NOW + timedelta(seconds=60)) == (failure.kind, failure.until)
    assert 1 == len(played.asked)


def test_errors_count_too(scene: Scene) -> None:
    """
    An error answer says what was spent as well.
    """
    played = scene.play(lambda _: Said(500, b"", {"x-mbx-used-weight-1m": "2400"}))
    failure = scene.failure(account(played.url))

    assert ("rate_limited", 1) == (failure.kind, len(played.asked))
    assert failure.message.endswith("so it was not asked. It was asked 2 times.")


def test_coinswitch_counts_keys(scene: Scene) -> None:
    """
    Twenty requests a minute for each key: the twenty-first waits, and that of another key does not.
    """
    played = scene.play(lambda _: Said(200, EMPTY["coinswitch"]))
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    secrets = {"api_key": other.public_key().public_bytes_raw().hex(), "api_secret": other.private_bytes_raw().hex()}
    for _ in range(20):
        scene.statement(account(played.url, "coinswitch"))
    failure = scene.failure(account(played.url, "coinswitch"))
    assert isinstance(scene.read(evolve(account(played.url, "coinswitch"), credentials=secrets)), Statement)

    assert ("rate_limited", NOW + timedelta(seconds=60)) == (failure.kind, failure.until)
    assert 21 == len(played.asked)


def test_keys_are_counted_without_being_kept(scene: Scene) -> None:
    """
    What a key's requests are counted under tells nobody the key.
    """
    played = scene.play(lambda _: Said(200, EMPTY["coinswitch"]))
    scene.statement(account(played.url, "coinswitch"))
    kept = repr(scene.machine.hosts)

    assert all(secret not in kept for secret in CREDENTIALS["coinswitch"].values())


def test_a_request_that_fails_is_counted(scene: Scene, peers: Callable[..., Peer]) -> None:
    """
    It may have arrived: its weight is held for a period after it was given up.
    """
    peer = peers(lambda *_: None)
    scene.failure(account(peer.url))
    (gate,) = scene.host(peer.url)._gates.values()

    assert 5 * ATTEMPTS == gate.spent(scene.hands.passed)
    assert 0 == gate.spent(scene.hands.passed + 60)


@pytest.mark.parametrize("suspicious", [True, False])
def test_only_suspects_ask_for_the_time(scene: Scene, *, suspicious: bool) -> None:
    """
    A plugin says which of its errors may mean a wrong clock.
    """
    asked: list[str] = []

    def fetch(_: Account, __: requests.Session) -> Statement:
        raise MarginbookError("No.", suspects_clock=suspicious)  # noqa: EM101  # a test

    def time(_: Account, __: requests.Session) -> int:
        asked.append("time")
        return BEGINNING

    scene.failure(acme("https://acme.example"), venue(fetch, time=time))

    assert suspicious is bool(asked)


def venue(fetch: Callable[[Account, requests.Session], Statement], **description: Any) -> Venue:
    return Venue(id="acme", title="Acme", fetch=fetch, **description)


def acme(url: str) -> Account:
    return Account("desk", "acme", options={"base_url": url})


def test_no_statement_of_two_moments(scene: Scene) -> None:
    """
    Where the second of two requests fails, the first is made again as well.
    """

    def say(asked: Asked) -> Said:
        return Said(503, b"") if asked.path == "/b" and played.paths.count("/b") == 1 else Said(body=len(played.asked))

    def fetch(asked: Account, session: requests.Session) -> Statement:
        answers = [session.get(f"{asked.options['base_url']}{path}") for path in ("/a", "/b")]
        if any(answer.status_code != 200 for answer in answers):
            raise UnavailableError("Partial.")  # noqa: EM101  # a test
        return Statement([], notes=[f"moment {answer.json()}" for answer in answers])

    played = scene.play(say)
    found = scene.statement(acme(played.url), venue(fetch))

    assert ["/a", "/b", "/a", "/b"] == played.paths
    assert ("moment 3", "moment 4", NOTHING) == found.notes


def test_a_refusal_that_is_not_transient(scene: Scene) -> None:
    """
    A plugin may know that waiting does not help: then the host is not stopped either.
    """

    def fetch(_: Account, __: requests.Session) -> Statement:
        raise RateLimitedError("Never.", transient=False)  # noqa: EM101  # a test

    failure = scene.failure(acme("https://acme.example"), venue(fetch))

    assert "Never." == failure.message
    assert 0 == scene.machine.hosts.at("acme", "acme.example", "").stopped_for(scene.machine)


def test_each_attempt_has_its_own_unknown_fields(scene: Scene) -> None:
    """
    Fields that no specification knows are noted once, from the answer that the statement is made of.
    """
    row = {
        "accountAlias": "a",
        "asset": "USDT",
        "balance": "1",
        "crossWalletBalance": "1",
        "crossUnPnl": "0",
        "availableBalance": "1",
        "maxWithdrawAmount": "1",
        "marginAvailable": True,
        "updateTime": 1763600400000,
    }
    played = scene.play(in_turn(BUSY, Said(200, [row | {"zeta": 1, "alpha": 2}, row | {"asset": "BTC", "zeta": 3}])))
    found = scene.statement(account(played.url))

    assert (
        (
            "The answer has fields that the specification does not know: AccountBalance.alpha, AccountBalance.zeta."
            " Look for a newer plugin."
        ),
    ) == found.notes


def test_secrets_are_looked_up_for_every_account(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An account whose secret is not there sends nothing.
    """
    monkeypatch.delenv("NOWHERE", raising=False)
    played = scene.play(lambda _: Said())
    asked = evolve(account(played.url), credentials={"api_key": "env:NOWHERE", "api_secret": "secret"})

    assert ("credentials", []) == (scene.failure(asked).kind, played.asked)


def test_a_deadline_that_is_over(scene: Scene) -> None:
    """
    Nothing is sent, and nothing tried again.
    """
    played = scene.play(lambda _: Said())
    failure = scene_of(scene, seconds=0).failure(account(played.url))

    assert ("timeout", []) == (failure.kind, played.asked)
    assert "asked" not in failure.message.replace("could be asked", "")


def test_transience_travels() -> None:
    """
    What a plugin says of an error holds wherever it arrives; otherwise, what its class says.
    """
    assert UnavailableError("No.").transient
    assert not UnavailableError("No.", transient=False).transient
    assert InvalidResponseError("No.", transient=True).transient
    assert not InvalidResponseError("No.").transient
    assert DeadlineError("No.").transient
    assert not MarginbookError("No.").suspects_clock
    assert MarginbookError("No.", suspects_clock=True).suspects_clock
    assert ClockError("No.").suspects_clock
    assert not ClockError("No.", suspects_clock=False).suspects_clock


@pytest.mark.parametrize("seed", range(5))
def test_any_storm_ends_in_a_statement_or_a_failure(seed: int, scene: Scene) -> None:
    """
    Whatever a venue answers, in whatever order, there is an outcome before the deadline, and never a seventh question.
    """
    chance = random.Random(seed)  # noqa: S311  # no secret
    answers = [case.answer for case in CASES.values() if case.venue == "binance-usdm"]
    storm = [chance.choice(answers) for _ in range(200)]
    played = scene.play(in_turn(*storm, Said()))
    for number in range(30):
        before = len(played.asked)
        scene.read(account(played.url, name=f"desk-{number}"))
        assert len(played.asked) - before <= ATTEMPTS + 1


def test_limits_of_keys_stay_as_they_are(scene: Scene) -> None:
    """
    The option raises the address's limit and no other.
    """

    def fetch(asked: Account, session: requests.Session) -> Statement:
        session.get(f"{asked.options['base_url']}/a")
        return Statement([])

    limits = [Limit(1, per="key"), Limit(5)]
    played = scene.play(lambda _: Said(body={}))
    asked = Account("desk", "acme", options={"base_url": played.url, "weight_limit": 100})
    described = venue(fetch, limits=limits)

    assert isinstance(scene.read(asked, described), Statement)
    assert isinstance(scene.read(asked, described), Failure)


def test_what_was_sent_comes_back(scene: Scene) -> None:
    """
    An answer, or an error of a plugin, in which a part of a key stands is refused, and so never printed.
    """
    key = "0123456789abcdefghijklmnopqrstuvwxyz"

    def sent(session: requests.Session) -> str:
        url = scene.play(lambda _: Said(body=[])).url
        return session.get(url, headers={"X-KEY": key}).request.headers["X-KEY"][5:30]

    def repeats(_: Account, session: requests.Session) -> Statement:
        return Statement([], notes=[f"Key {sent(session)}."])

    def complains(_: Account, session: requests.Session) -> Statement:
        msg = f"Key {sent(session)} is odd."
        raise InvalidResponseError(msg, hint="Ask again.")

    found = [
        scene.failure(Account("desk", "acme", options={"base_url": "https://x"}), venue(fetch))
        for fetch in (repeats, complains)
    ]

    assert [REPEATED, REPEATED] == [failure.message for failure in found]
    assert key[5:30] not in repr(found)
