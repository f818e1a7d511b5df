"""
Virtual venues: each at a host, with a clock, books, limits, a line that is sometimes bad, and a memory for the judge.
"""

from __future__ import annotations

import json
import math
import re
from email.utils import formatdate
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from simulation.faults import CUT_OFF, DAMAGED, LOST, ODD, STATUSES, Calm, Plan
from simulation.network import Broken, lose, respond
from simulation.scheduling import Scheduler
from simulation.truths import Player, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests


#: Milliseconds since 1970 when a world begins.
BEGINNING: Final = 1_763_600_000_000

#: Seconds of a period, at all venues that have a limit.
PERIOD: Final = 60.0

#: Seconds after which the time of a clock is not quite the time any more.
_SLOW: Final = 0.5

#: Seconds by which a time may be taken to be later than it is, for want of a finer one.
_DATED: Final = 60.0

#: Seconds on the way after which Binance does not take a request, less what an offset may be off.
_WINDOW: Final = 4.0

#: Requests that are refused for being too many before the address is banned.
PATIENCE: Final = 40

_JSON: Final = {"Content-Type": "application/json"}

_HTML: Final = b"<html><body><h1>Request blocked</h1>CloudFront</body></html>"


@frozen
class Event:
    """
    What happened to one request for a balance, at the end of it.
    """

    #: A fault, or "" for an answer that is whole.
    what: str
    at: float
    #: What was answered.
    sheet: Sheet | None = None


@define(eq=False)
class Memory:
    """
    What happened to the accounts of a report, and what must not have.
    """

    events: dict[str, list[Event]] = field(factory=dict)
    violations: list[str] = field(factory=list)
    faults: dict[str, int] = field(factory=dict)
    requests: int = 0
    fetches: int = 0

    def note(self, account: str, event: Event) -> None:
        self.events.setdefault(account, []).append(event)
        if event.what:
            self.count(event.what)

    def count(self, what: str) -> None:
        self.faults[what] = self.faults.get(what, 0) + 1


@define(eq=False)
class Flight:
    """
    A request of ours: when it was sent, what it weighs, on whose count, when it ended, and when it had arrived.
    """

    begun: float
    weight: int
    counted: str
    ended: float = math.inf
    arrived: float = math.inf


@define(eq=False)
class Window:
    """
    What was spent in a period of the venue's: by us, and by others on the same address.
    """

    number: int = -1
    ours: int = 0
    #: When, and how much.
    others: list[tuple[float, int]] = field(factory=list)
    #: Of both.
    spent: int = 0
    #: When an answer told the count, and as of when.
    told: list[tuple[float, float]] = field(factory=list)
    refused: int = 0

    def last_told(self, sent: float) -> tuple[float, float]:
        """
        Return when the count was told last to who sent a request at a time, and as of when.
        """
        return max((told for told in self.told if told[0] <= sent), default=(-math.inf, -math.inf))


@define(eq=False, kw_only=True)
class Host:
    """
    One venue at one host.

    Attributes:
        offset: Milliseconds that its clock is ahead of the true time.

        latency: Seconds that half a round trip takes at least.

        tail: True if some take much longer.

        limit: Weight in a period, of the address or of a key; 0 if there is none.

        others: The share of the limit that others on the address spend.

    """

    name: str
    scheduler: Scheduler
    random: Random
    memory: Memory
    plan: Plan = field(factory=Calm)
    offset: int = 0
    #: Milliseconds that the local clock is ahead of it, or None if that changes.
    skew: int | None = None
    phase: float = 0.0
    latency: float = 0.05
    tail: bool = False
    limit: int = 0
    others: float = 0.0
    books: dict[str, Player] = field(factory=dict)
    #: When others bring a ban upon the address.
    bans_at: float = math.inf
    banned_until: float = -math.inf
    #: Until when we know that nothing must be sent.
    stopped_until: float = -math.inf
    #: Until when we may keep away of our own accord, since a venue that refuses need not say for how long.
    shy_until: float = -math.inf
    #: Ours: when they were sent, when they ended, and what they weigh, for as long as they may count.
    sent: list[Flight] = field(factory=list)
    others_lately: list[tuple[float, int]] = field(factory=list)
    #: Seconds that all requests of a report took together.
    busy: float = 0.0
    #: True if something went wrong in a report.
    troubled: bool = False
    #: True if a look at its clock went wrong.
    clock_troubled: bool = False
    #: True if its time was ever on its way for long.
    slow_clock: bool = False
    _windows: dict[str, Window] = field(factory=dict, init=False)
    _number: int = field(default=0, init=False)
    _seen: float = field(default=0.0, init=False)

    # --- what a venue says -------------------------------------------------------------------------------------------

    def player(self, request: requests.PreparedRequest) -> Player | None:
        """
        Return whose key a request has.
        """
        raise NotImplementedError

    def weight(self, path: str) -> int:
        """
        Return what a request costs.
        """
        raise NotImplementedError

    def refusal(
        self, request: requests.PreparedRequest, player: Player | None, now: int
    ) -> tuple[str, int, Any] | None:
        """
        Say what is wrong with a request: its name, a status and a body.
        """
        raise NotImplementedError

    def too_many(self, now: float, *, banned: bool) -> tuple[int, str, dict[str, str]]:
        """
        Return the answer to a request that is one too many.
        """
        raise NotImplementedError

    def counted(self, request: requests.PreparedRequest) -> str:  # noqa: ARG002  # most count by address
        """
        Return whose spending it is: "" for that of the address.
        """
        return ""

    # --- the line ----------------------------------------------------------------------------------------------------

    def __call__(self, request: requests.PreparedRequest, connect: float, read: float) -> requests.Response:
        """
        Carry a request there and an answer back.
        """
        self._number += 1
        self.memory.requests += 1
        path = request.path_url.partition("?")[0]
        is_fetch = not path.endswith("/time")
        self.memory.fetches += is_fetch
        account = self.scheduler.task if is_fetch else ""
        now = self.scheduler.now
        if now < self.stopped_until - 1e-6:
            self.memory.violations.append(
                f"{self.name} was asked by {account or 'a look at the clock'} at {now:.3f}, though it had said not"
                f" before {self.stopped_until:.3f}"
            )
        flight = Flight(now, self.weight(path), self.counted(request))
        self.sent.append(flight)
        fault = self.plan.draw(self._number, now)
        try:
            return self._carry(request, account, flight, fault, connect, read)
        finally:
            self._land(flight)

    def _land(self, flight: Flight) -> None:
        # A second time, where the body breaks off long after the headers came.
        self.busy += self.scheduler.now - (flight.begun if flight.ended == math.inf else flight.ended)
        flight.ended = self.scheduler.now

    def _carry(
        self, request: requests.PreparedRequest, account: str, flight: Flight, fault: str, connect: float, read: float
    ) -> requests.Response:
        sent = flight.begun
        if fault in LOST:
            self.scheduler.sleep(connect if fault == "connect_timeout" else min(connect, self._trip()))
            self._note(account, fault)
            lose(request, fault)
        # What arrives after the client has gone away would be counted when nobody here can know of it.
        self.scheduler.sleep(min(self._trip(), read / 2))
        flight.arrived = self.scheduler.now
        what, status, body, headers, sheet = self._serve(request, fault, sent)
        window = self._windows.get("")
        if fault == "hung":
            self._note(account, fault)
            self.scheduler.sleep(math.inf)
        trip = self._trip(heavy=self.tail)
        if fault in {"stalled", "broke_off"} or self.scheduler.now + trip > sent + read:
            late = fault != "broke_off"
            self.scheduler.sleep(
                sent + read - self.scheduler.now if late else min(trip, sent + read - self.scheduler.now)
            )
            self._note(account, "stalled" if late else fault)
            lose(request, "stalled" if late else fault)
        self.scheduler.sleep(trip)
        if fault in CUT_OFF:
            self._note(account, fault)
            broken = Broken(body, fault, self.scheduler, sent + read, partial(self._land, flight))
            return respond(request, status, broken, headers)
        self.slow_clock = self.slow_clock or (not account and trip > _SLOW)
        self._note(account, what, sheet)
        if status in {418, 429}:
            self._hear(headers, body)
        if window:
            window.told.append((self.scheduler.now, flight.arrived))
        return respond(request, status, body, headers)

    def _trip(self, *, heavy: bool = False) -> float:
        trip = self.latency * (1 + self.random.random())
        return trip * self.random.paretovariate(1.1) if heavy else trip

    def _note(self, account: str, what: str, sheet: Sheet | None = None) -> None:
        self.troubled = self.troubled or bool(what)
        if account:
            self.memory.note(account, Event(what, self.scheduler.now, sheet))
        elif what:
            self.clock_troubled = True
            self.memory.count(f"time: {what}")

    # --- the venue's end ---------------------------------------------------------------------------------------------

    def milliseconds(self) -> int:
        """
        Return the time by the venue's own clock.
        """
        return BEGINNING + self.offset + int(self.scheduler.now * 1000)

    def _serve(
        self, request: requests.PreparedRequest, fault: str, sent: float
    ) -> tuple[str, int, bytes, dict[str, str], Sheet | None]:
        """
        Answer: what happened, a status, a body, headers, and what the body says if it is whole.
        """
        path = request.path_url.partition("?")[0]
        headers = dict(_JSON)
        if self.limit and (refused := self._spend(request, path, sent, headers)):
            return refused
        if fault in STATUSES:
            return self._status(fault, headers)
        if path.endswith("/time"):
            body = f'{{"serverTime":{self.milliseconds()}}}'
            return (
                ("", 200, body.encode(), headers, None) if fault not in DAMAGED else self._damage(fault, body, headers)
            )
        player = self.player(request)
        if wrong := self.refusal(request, player, self.milliseconds()):
            what, status, answer = wrong
            if what == "clock" and self.scheduler.now - sent > _WINDOW:
                what = "late"
            return what, status, json.dumps(answer).encode(), headers, None
        assert player is not None
        sheet = player.sheet(self.scheduler.now)
        if fault in DAMAGED:
            return self._damage(fault, sheet.body, headers)
        if fault in ODD:
            return fault, 200, _drift(sheet.body).encode(), headers, sheet
        return "", 200, sheet.body.encode(), headers, sheet

    def _spend(
        self, request: requests.PreparedRequest, path: str, sent: float, headers: dict[str, str]
    ) -> tuple[str, int, bytes, dict[str, str], None] | None:
        now, weight = self.scheduler.now, self.weight(path)
        key = self.counted(request)
        window = self._windows.setdefault(key, Window())
        number = int((now + self.phase) // PERIOD)
        if window.number != number:
            window = self._windows[key] = Window(number)
            self._seen = max(self._seen, number * PERIOD - self.phase)
        self._let_others_spend(window, now)
        window.ours += weight
        window.spent += weight
        if window.ours > self.limit:
            self.memory.violations.append(f"{self.name} counted {window.ours} of ours in a period, of {self.limit}")
        spent = window.spent
        if not key:
            headers["X-MBX-USED-WEIGHT-1M"] = str(spent)
        if now >= self.bans_at:
            self.bans_at, self.banned_until = math.inf, now + 120
        banned = now < self.banned_until
        if not banned and spent <= self.limit:
            return None
        unknown = self._unknown(window, sent)
        if not banned and spent - unknown > self.limit:
            self.memory.violations.append(
                f"{self.name} had {spent} spent, of which only {unknown} by others could not be known"
            )
        window.refused += 1
        if window.refused > PATIENCE and not banned:
            self.banned_until = now + 120 * (1 + self.random.getrandbits(2))
            banned = True
        status, body, more = self.too_many(now, banned=banned)
        more = {"Date": formatdate((BEGINNING + self.offset) / 1000 + now, usegmt=True), **more}
        return "ban" if banned else "limit", status, body.encode(), headers | more, None

    def _unknown(self, window: Window, sent: float) -> int:
        """
        Return what others had spent that nobody could know of who sent a request at a time.

        The venue tells one figure. What of it is others' cannot be told from ours of which nobody knows whether it
        counts: what was on its way, or lost, or counted in the period before.
        """
        heard, counted = window.last_told(sent)
        untold = sum(weight for at, weight in window.others if at > counted)
        since = window.number * PERIOD - self.phase
        doubtful = sum(
            flight.weight
            for flight in self.sent
            if flight.begun <= heard and flight.ended > heard - PERIOD and not since <= flight.arrived <= counted
        )
        return untold + doubtful

    def _let_others_spend(self, window: Window, now: float) -> None:
        if not self.others:
            return
        seconds, self._seen = now - self._seen, now
        expected = self.limit * self.others * seconds / PERIOD
        weight = int(expected * 2 * self.random.random())
        if self.random.getrandbits(9) == 0:
            weight += int(self.limit * self.random.random() / 2)
        if weight:
            window.others.append((now, weight))
            window.spent += weight
            self.others_lately.append((now, weight))

    def _hear(self, headers: Mapping[str, str], body: bytes) -> None:
        """
        Remember that we have just been told to keep away.
        """
        now = self.scheduler.now
        wanted = now + float(headers.get("Retry-After", 0))
        if match := re.search(rb"banned until (\d+)", body):
            wanted = (int(match[1]) - BEGINNING - self.offset) / 1000
        # Who is told nothing leaves the host alone for a while, all the same.
        self.stopped_until = max(self.stopped_until, wanted if wanted > now else now + 1)
        # By the Date of the answer, which has whole seconds and was a while on its way.
        self.shy_until = max(self.shy_until, wanted + _DATED if wanted > now else now + PERIOD)

    def _status(self, fault: str, headers: dict[str, str]) -> tuple[str, int, bytes, dict[str, str], None]:
        status = int(fault[:3])
        body: bytes = b""
        if fault.endswith("html"):
            body = _HTML
        elif self.random.getrandbits(1):
            body = b'{"code":0,"msg":"Service unavailable from a restricted location"}' if status == 451 else b"{}"
        if status == 302:
            headers["Location"] = "https://elsewhere.invalid/"
        if status == 429 and self.random.getrandbits(1):
            headers["Retry-After"] = str(1 + self.random.getrandbits(3))
        return fault, status, body, headers, None

    def _damage(self, fault: str, body: str, headers: dict[str, str]) -> tuple[str, int, bytes, dict[str, str], None]:
        return fault, 200, damage(fault, body, self.random), headers, None

    def full(self, account: Player, now: float) -> bool:
        """
        Say whether one request more may be too many: with what is on its way, and what ended less than a period ago.
        """
        if not self.limit:
            return False
        counted = account.key if account.venue == "coinswitch" else ""
        since = now - PERIOD - 0.001
        ours = sum(f.weight for f in self.sent if f.counted == counted and f.begun <= now and f.ended > since)
        others = sum(weight for at, weight in self.others_lately if at > since - PERIOD)
        return ours + others + 10 > self.limit if not counted else ours + 1 > self.limit

    def forget(self) -> None:
        """
        Forget what cannot count any more.
        """
        since = self.scheduler.now - 3 * PERIOD
        self.sent = [flight for flight in self.sent if flight.ended > since]
        self.others_lately = [other for other in self.others_lately if other[0] > since]
        self.busy = 0.0
        self.troubled = self.clock_troubled = False


#: Of each venue, the name of an amount that must not be missing.
_FIELD: Final = re.compile(r'"(crossUnPnl|total_balance|serverTime)"')


def damage(fault: str, body: str, random: Random) -> bytes:
    """
    Return a body that is not what the specification says, whatever it was before.
    """
    match fault:
        case "html":
            return _HTML
        case "empty":
            return b""
        case "not_utf8":
            return body.encode() + b"\xff\xfe"
        case "cut_json":
            return body[: random.randrange(len(body))].encode() if body else b""
        case "other_shape":
            return b'"OK"'
        case "twice":
            return b'[{"asset":"A","asset":"A"}]'
    name = _FIELD.search(body)
    if name is None:
        # There are no rows: one that is none will do.
        return b'[{"balance":NaN}]'
    before, after = body[: name.start()], body[name.end() :]
    value = re.match(r':("[^"]*"|[0-9]+)', after)
    assert value is not None
    rest = after[value.end() :]
    changed = {
        "renamed": f'"renamed_by_venue":{value[1]}',
        "missing": '"note":"gone"',
        "null": f'"{name[1]}":null',
        "nan": f'"{name[1]}":NaN',
        "float_infinity": f'"{name[1]}":"Infinity"',
    }[fault]
    return f"{before}{changed}{rest}".encode()


def _drift(body: str) -> str:
    """
    Add a field that no specification knows to each object that has an asset.
    """
    return re.sub(r'"(asset|base_asset)":"', r'"novelty":"1.5","\1":"', body)
