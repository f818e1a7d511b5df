"""
What is known of each host that was asked: its clock, its rate limits, its ban, and how often it had to be asked again.
"""

from __future__ import annotations

import math
import os
import threading
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from marginbook.errors import RateLimitedError
from marginbook.transport.clocks import VenueClock
from marginbook.transport.gates import Gate
from marginbook.transport.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from marginbook.limits import Limit
    from marginbook.progress import Wait
    from marginbook.transport.deadline import Deadline
    from marginbook.transport.machine import Machine
    from marginbook.transport.memories import Memory
    from marginbook.transport.shared import SharedLimits

#: Retries that a host has left at the beginning, and at most. A host in trouble is not helped by being asked more.
RETRIES: Final = 50

#: Seconds for which a host is left alone that wants fewer requests and does not say until when, nor has known limits.
_PAUSE: Final = 60.0

#: Seconds for which a host is left alone at most, whatever it says: longer than any ban that a venue documents, which
#: is three days at Binance. A wrong Retry-After would keep a process that runs for months from ever asking again.
_LONGEST: Final = 7 * 86_400.0

#: Keys of which a host remembers the limits. Beyond that, those that have spent nothing lately are forgotten.
_MANY: Final = 1024

#: Digits of a weight that a venue tells. Python makes no number of thousands of them.
_DIGITS: Final = 15

#: For everything that is counted here: short, and held by nobody who waits.
_LOCK: Final = threading.Lock()

# A process that is forked while a thread counts would find the lock taken for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


class Charge(NamedTuple):
    """
    What a request costs of one limit.
    """

    limit: Limit
    #: Which of the venue's limits, and whose spending: "" for that of the address, or what stands for a key.
    counted: tuple[int, str]
    cost: int


class Host:
    """
    A venue at one of its addresses, as it is seen from one address of ours.

    Attributes:
        name: Host and port.

        clock: The time there.

        place: What tells it from all others: the venue's id, name, and through which proxy it is asked.

    """

    def __init__(self, name: str, *, place: tuple[str, ...] = ()) -> None:
        self.name = name
        self.clock = VenueClock()
        self.place = place
        self._gates: dict[tuple[int, str], Gate] = {}
        self._many = _MANY
        self._stopped = -math.inf
        self._until: datetime | None = None
        self._retries = RETRIES
        # Until when each waits who does.
        self._waiting: dict[object, float] = {}

    def enter(
        self, charges: Iterable[Charge], machine: Machine, deadline: Deadline, shared: SharedLimits | None = None
    ) -> None:
        """
        Wait until a request is within all limits, and spend what it costs.

        Args:
            charges: What it costs.

            machine: Whose time it is.

            deadline: Until when to wait.

            shared: What other processes spend as well.

        Raises:
            RateLimitedError: That would be after the deadline. The error says when it is.

        """
        charges = tuple(charges)
        while wait := self._begin(charges, machine.monotonic()) or self._share(charges, machine, shared):
            if wait >= deadline.remaining():
                raise self._refusal(wait, machine)
            self._wait(wait, machine)

    def _wait(self, seconds: float, machine: Machine) -> None:
        me = object()
        with _LOCK:
            self._waiting[me] = machine.monotonic() + seconds
        try:
            machine.sleep(seconds)
        finally:
            with _LOCK:
                del self._waiting[me]

    def waiting(self, machine: Machine) -> Wait | None:
        """
        Say who waits for the host's limits, or None.
        """
        with _LOCK:
            untils = tuple(self._waiting.values())
        if not untils:
            return None
        from marginbook.progress import Wait  # noqa: PLC0415  # most reports wait for nothing

        return Wait(self.name, len(untils), machine.now() + timedelta(seconds=max(untils) - machine.monotonic()))

    def _begin(self, charges: tuple[Charge, ...], now: float) -> float:
        with _LOCK:
            waits = [self._gate(c, now).wait(c.cost, c.limit.weight, now) for c in charges]
            wait = max([self._stopped - now, *waits])
            if wait > 0:
                return wait
            for charge in charges:
                self._gate(charge, now).begin(charge.cost)
            return 0

    def _share(self, charges: tuple[Charge, ...], machine: Machine, shared: SharedLimits | None) -> float:
        if not shared:
            return 0
        spent = False
        try:
            for charge in charges:
                name = repr((self.place, charge.counted))
                if wait := shared.spend(name, charge.limit, charge.cost, machine.milliseconds()):
                    return wait
            spent = True
        finally:
            # It was not sent. What it spent of other limits already is lost to nobody but us.
            if not spent:
                self.leave(charges, {}, machine, sent=False)
        return 0

    def _gate(self, charge: Charge, now: float) -> Gate:
        if len(self._gates) > self._many:
            self._gates = {key: gate for key, gate in self._gates.items() if gate.spent(now)}
            self._many = max(_MANY, 2 * len(self._gates))
        if charge.counted not in self._gates:
            self._gates[charge.counted] = Gate(charge.limit.seconds)
        return self._gates[charge.counted]

    def _refusal(self, wait: float, machine: Machine) -> RateLimitedError:
        until = self.clock.now(machine) + timedelta(seconds=wait)
        if self.stopped_for(machine):
            msg = f"{self.name} wants no requests from here for a while, so it was not asked."
            hint = "Ask again then, and less often."
            until = self._until or until
        else:
            msg = f"To ask {self.name} before the deadline would exceed its rate limit, so it was not asked."
            hint = "Allow more time, or ask for fewer accounts at once."
        # To wait is what was just found not to help.
        return RateLimitedError(msg, hint=hint, until=until, transient=False)

    def leave(
        self, charges: Iterable[Charge], headers: Mapping[str, str], machine: Machine, *, sent: bool = True
    ) -> None:
        """
        Note that a request was answered, with these headers, or was not; or not even sent.
        """
        now = machine.monotonic()
        with _LOCK:
            for charge in charges:
                used = headers.get(charge.limit.header, "") if charge.limit.header else ""
                gate = self._gate(charge, now)
                if sent:
                    gate.end(charge.cost, now, int(used) if used.isdecimal() and len(used) <= _DIGITS else None)
                else:
                    gate.begin(-charge.cost)

    def stop(self, until: datetime | None, limits: Iterable[Limit], machine: Machine) -> datetime:
        """
        Send nothing more to this host until then, or, where it does not say, for a whole period of its limits; but for
        no longer than a week.

        Returns:
            Until when the host wants nothing.

        """
        now = self.clock.now(machine)
        if until is None or until <= now:
            # A time in the past is none: a clock is wrong, and to ask at once would make a ban longer.
            until = now + timedelta(seconds=max([limit.seconds for limit in limits], default=_PAUSE))
        with _LOCK:
            stopped = machine.monotonic() + min(_LONGEST, (until - now).total_seconds())
            if stopped > self._stopped:
                self._stopped, self._until = stopped, until
            return self._until or until

    def stopped_for(self, machine: Machine) -> float:
        """
        Return the seconds for which nothing is sent to this host; 0 if it may be asked.
        """
        return max(0.0, self._stopped - machine.monotonic())

    def retry(self) -> bool:
        """
        Take one of the host's retries. False if there is none.
        """
        with _LOCK:
            if not self._retries:
                return False
            self._retries -= 1
            return True

    def succeed(self) -> None:
        """
        Give back a retry: the host answers.
        """
        with _LOCK:
            self._retries = min(RETRIES, self._retries + 1)

    def told(self, origin: str, machine: Machine) -> Memory:
        """
        Return what others on this address have to know.
        """
        # There may be no others.
        from marginbook.transport.memories import Memory  # noqa: PLC0415

        now = machine.monotonic()
        with _LOCK:
            # What a key has spent is told to nobody: it is asked in one place at a time.
            spent = tuple((n, gate.seconds, gate.told(now)) for (n, key), gate in self._gates.items() if not key)
            stopped = max(0.0, self._stopped - now)
            return Memory(origin=origin, place=self.place, spent=spent, stopped=stopped, until=self._until)

    def learn(self, memories: Iterable[Memory], machine: Machine) -> None:
        """
        Note what all others on this address say.
        """
        now = machine.monotonic()
        spent: defaultdict[tuple[int, float], list[tuple[float, int]]] = defaultdict(list)
        with _LOCK:
            for memory in memories:
                for number, period, weights in memory.spent:
                    spent[number, period].extend(weights)
                if now + memory.stopped > max(now, self._stopped):
                    self._stopped, self._until = now + memory.stopped, memory.until
            for (number, period), told in spent.items():
                self._gates.setdefault((number, ""), Gate(period)).learn(told, now)


def _origin() -> str:
    return os.urandom(8).hex()


class Hosts:
    """
    All hosts that were asked, for as long as the process lives.
    """

    def __init__(self) -> None:
        self._hosts: dict[tuple[str, ...], Host] = {}
        #: Stands for the process, where it tells others what it has spent.
        self.origin = _origin()
        #: What others told.
        self.ledger = Ledger()

    def at(self, venue: str, address: str, egress: str) -> Host:
        """
        Return what is known of a venue at an address, reached through *egress*: what stands for a proxy, or "".
        """
        with _LOCK:
            place = (venue, address, egress)
            if place not in self._hosts:
                self._hosts[place] = Host(address, place=place)
            return self._hosts[place]

    def forget(self) -> None:
        """
        Forget everything: in a process that was forked, nobody will end what its parent began.
        """
        self._hosts = {}
        self.origin = _origin()
        self.ledger = Ledger()

    def waiting(self, machine: Machine) -> tuple[Wait, ...]:
        """
        Say who waits for rate limits, host by host.
        """
        return tuple(wait for host in self._all() if (wait := host.waiting(machine)))

    def told(self, machine: Machine) -> tuple[Memory, ...]:
        """
        Return what others on the same address have to know.
        """
        return tuple(told for host in self._all() if (told := host.told(self.origin, machine)).counts)

    def learn(self, memories: Iterable[Memory], machine: Machine) -> None:
        """
        Note what all others on the same address say; it has to be said at once, and what we said ourselves is known.
        """
        by_place: defaultdict[tuple[str, ...], list[Memory]] = defaultdict(list)
        for memory in memories:
            if memory.origin != self.origin:
                by_place[memory.place].append(memory)
        for (venue, address, egress), found in by_place.items():
            self.at(venue, address, egress).learn(found, machine)

    def _all(self) -> tuple[Host, ...]:
        with _LOCK:
            return tuple(self._hosts.values())
