"""
Deals accounts out to an executor whose workers are other processes, on this machine or on others.

A venue's limits count what comes from one address. So all accounts of a host are in one place at a time, for each
address that the workers have, and what was spent there goes along with the next ones: `Memory`. A worker gets its
accounts in rounds, some of each host, so that one that is lost costs a round and not a report.
"""

from __future__ import annotations

import itertools
import os
import pickle
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from marginbook.accounts import Account
from marginbook.elsewhere import Done, Round, address, base_url, work
from marginbook.errors import ConfigurationError
from marginbook.gathering import failed, late
from marginbook.seam import Venue
from marginbook.transport import MACHINE, Deadline, Memory, surroundings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from marginbook.gathering import Venues
    from marginbook.report import Failure
    from marginbook.values import Statement

    Outcome = tuple[Account, Statement | Failure]

#: Accounts of a host that a round has for each of the threads that ask it.
_EACH: Final = 4

#: How often a round of one host may be lost, before its accounts are given up: it takes that many to find the one
#: account among a thousand that ends every process which asks it.
_LOSSES: Final = 16

#: Seconds beyond the deadline in which a round may still come back: half of one until its worker gives up, and the way.
_GRACE: Final = 2.5

#: Workers of an executor that does not say how many it has.
_WORKERS: Final = 4


@frozen(eq=False)
class _Parcel:
    """
    An account, ready to travel.
    """

    account: Account
    written: bytes
    venue: Venue
    #: The venue's id, and host and port: whose limits it counts towards.
    place: tuple[str, str]


@define(eq=False)
class _Lane:
    """
    Accounts that are asked from one address, round after round, and who works on them.
    """

    #: Our name of the address.
    address: str
    executor: Executor
    hosts: list[deque[_Parcel]] = field(factory=list)
    #: Rounds that were lost, to be asked again.
    again: deque[list[_Parcel]] = field(factory=deque)
    #: Whether the executor is one of ours, in the place of one that is broken.
    ours: bool = False

    def take(self, count: int) -> list[_Parcel]:
        """
        Return the accounts of the next round, at most *count* of a host.
        """
        fresh = [host.popleft() for host in self.hosts for _ in range(min(count, len(host)))]
        # What was lost may be lost again: it waits until all others are asked.
        return fresh or (self.again.popleft() if self.again else [])

    def replace(self) -> None:
        """
        Take a process of our own, if the processes of the executor are gone.
        """
        if not isinstance(self.executor, ProcessPoolExecutor):
            return
        self.close()
        # One that is begun as those were; there is no public way to ask how.
        context, *begin = (getattr(self.executor, name) for name in ("_mp_context", "_initializer", "_initargs"))
        self.executor = ProcessPoolExecutor(1, context, *begin)
        self.ours = True

    def close(self) -> None:
        """
        Let a process of ours end with what it is doing.
        """
        if self.ours:
            self.executor.shutdown(wait=False, cancel_futures=True)


def deal(
    accounts: Iterable[Account],
    executor: Executor | Mapping[str, Executor],
    *,
    registry: Venues,
    deadline: Deadline,
    max_workers: int,
    detail: str | None = None,
    keep: bool = False,
) -> Generator[Outcome, None, None]:
    """
    Yield each account as it has been asked, by the workers of an executor, and at the deadline the others, as failed.

    Args:
        accounts: Whom to ask.

        executor: Who works, or, where workers have several addresses that venues see, an executor for each.

        registry: Where the venues are.

        deadline: When to stop waiting.

        max_workers: Accounts of a host that are asked at the same time, from each address.

        detail: See `marginbook.collect`.

        keep: Whether statements shall hold their bodies.

    Raises:
        ConfigurationError: There is no executor.

    """
    executors = dict(executor) if isinstance(executor, Mapping) else {"": executor}
    if not executors:
        msg = "There is no executor to ask the accounts."
        raise ConfigurationError(msg, hint="Give one for each address, or one alone, or none at all.")
    hosts: defaultdict[tuple[str, str], list[_Parcel]] = defaultdict(list)
    for account in accounts:
        try:
            venue = registry.venue(account.venue)
            parcel = _Parcel(account, pickle.dumps(account), venue, (venue.id, address(account, venue)))
        # The plugin's trouble, or a secret that does not travel.
        except Exception as error:  # noqa: BLE001
            yield account, failed(account, error, "could not be begun")
        else:
            hosts[parcel.place].append(parcel)
    deal = _Deal(_lanes(hosts.values(), executors), deadline, max_workers, detail=detail, keep=keep)
    try:
        yield from deal.outcomes()
    finally:
        deal.close()


def _lanes(hosts: Iterable[list[_Parcel]], executors: Mapping[str, Executor]) -> list[_Lane]:
    lanes = []
    for number, (name, executor) in enumerate(executors.items()):
        shares = [share for parcels in hosts if (share := parcels[number :: len(executors)])]
        # Several hosts share a worker, so that one which stalls keeps no worker from the others.
        width = 1 if len(executors) > 1 else _workers(executor)
        own = [_Lane(name, executor) for _ in range(min(width, len(shares)))]
        load = [0] * len(own)
        for share in sorted(shares, key=len, reverse=True):
            lightest = load.index(min(load))
            own[lightest].hosts.append(deque(share))
            load[lightest] += len(share)
        lanes += own
    return lanes


def _workers(executor: Any) -> int:
    """
    Return how many processes work for an executor, as far as it can be known.
    """
    # Pools of processes keep one of these names, and dask's executor the client that knows.
    client = getattr(executor, "_client", None)
    return getattr(executor, "_max_workers", None) or (len(client.nthreads()) if client else 0) or _WORKERS


@define(eq=False)
class _Deal:
    """
    One report, on its way.
    """

    lanes: list[_Lane]
    deadline: Deadline
    max_workers: int
    detail: str | None = field(kw_only=True)
    keep: bool = field(kw_only=True)
    _report: str = field(factory=lambda: os.urandom(8).hex(), init=False)
    _numbers: Iterator[int] = field(factory=itertools.count, init=False)
    _out: dict[Future[Done], tuple[_Lane, list[_Parcel]]] = field(factory=dict, init=False)
    #: How often each account was lost, and rounds of each host.
    _lost: Counter[str] = field(factory=Counter, init=False)
    _losses: Counter[tuple[str, str]] = field(factory=Counter, init=False)

    def outcomes(self) -> Iterator[Outcome]:
        """
        Send out round after round, and yield what comes back.
        """
        for lane in self.lanes:
            yield from self._send(lane)
        while self._out:
            back, _ = wait(self._out, self.deadline.remaining() + _GRACE, FIRST_COMPLETED)
            if not back:
                break
            for future in back:
                lane, parcels = self._out.pop(future)
                yield from self._receive(lane, parcels, future)
                yield from self._send(lane)
        for _, parcels in self._out.values():
            yield from _late(parcels)
        for lane in self.lanes:
            yield from self._rest(lane)

    def close(self) -> None:
        """
        Call off what nobody waits for any more.
        """
        for future in self._out:
            future.cancel()
        for lane in self.lanes:
            lane.close()

    def _rest(self, lane: _Lane) -> Iterator[Outcome]:
        while parcels := lane.take(self.max_workers):
            yield from _late(parcels)

    def _send(self, lane: _Lane) -> Iterator[Outcome]:
        """
        Send out the next round of a lane; yield what cannot be sent.
        """
        if not self.deadline.remaining():
            yield from self._rest(lane)
        while parcels := lane.take(_EACH * self.max_workers):
            try:
                future = lane.executor.submit(work, self._round(lane, parcels))
            except BrokenExecutor as error:
                yield from self._lose(lane, parcels, error)
            # It is shut down: whoever did that wants no more work.
            except Exception as error:  # noqa: BLE001
                yield from _failed(parcels, error, "could not be begun")
            else:
                self._out[future] = (lane, parcels)
                return

    def _round(self, lane: _Lane, parcels: list[_Parcel]) -> Round:
        places = {parcel.place for parcel in parcels}
        return Round(
            report=self._report,
            number=next(self._numbers),
            accounts=tuple(parcel.written for parcel in parcels),
            venues=tuple({parcel.venue.id: parcel.venue for parcel in parcels}.values()),
            deadline=self.deadline,
            max_workers=self.max_workers,
            detail=self.detail,
            keep=self.keep,
            memories=tuple(memory for memory in _known(lane.address) if memory.place[:2] in places),
        )

    def _receive(self, lane: _Lane, parcels: list[_Parcel], future: Future[Done]) -> Iterator[Outcome]:
        if future.cancelled():
            yield from _failed(parcels, CancelledError(), "was broken off")
        elif error := future.exception():
            yield from self._lose(lane, parcels, error)
        else:
            done = future.result()
            _note(lane.address, done.memories, done.at)
            outcomes = dict(done.outcomes)
            for parcel in parcels:
                yield parcel.account, _outcome(parcel.account, outcomes)

    def _lose(self, lane: _Lane, parcels: list[_Parcel], error: BaseException) -> Iterator[Outcome]:
        """
        Have the accounts of a lost round asked again, in smaller rounds; yield those that are given up.

        One of them may be what ends the process that asks it: by and by it is alone, and only it is given up.
        """
        if isinstance(error, BrokenExecutor):
            lane.replace()
        hosts: defaultdict[tuple[str, str], list[_Parcel]] = defaultdict(list)
        for parcel in parcels:
            hosts[parcel.place].append(parcel)
            self._lost[parcel.account.name] += 1
        for place, lost in hosts.items():
            _note(lane.address, [_unknown(place, lost)])
            if len(hosts) > 1:
                lane.again.append(lost)
                continue
            self._losses[place] += 1
            alone = len(lost) == 1 and self._lost[lost[0].account.name] > 1
            if alone or self._losses[place] > _LOSSES:
                yield from _failed(lost, error, "was broken off")
            else:
                half = (len(lost) + 1) // 2
                lane.again += filter(None, [lost[:half], lost[half:]])


def _late(parcels: Iterable[_Parcel]) -> Iterator[Outcome]:
    return ((parcel.account, late(parcel.account)) for parcel in parcels)


def _failed(parcels: Iterable[_Parcel], error: BaseException, what: str) -> Iterator[Outcome]:
    return ((parcel.account, failed(parcel.account, error, what)) for parcel in parcels)


def _outcome(account: Account, outcomes: Mapping[str, bytes]) -> Statement | Failure:
    try:
        outcome: Statement | Failure = pickle.loads(outcomes[account.name])  # noqa: S301  # by a worker of the caller's
    # The plugin is another one there, or a worker is another marginbook.
    except Exception as error:  # noqa: BLE001
        return failed(account, error, "cannot be understood")
    return outcome


def _known(name: str) -> tuple[Memory, ...]:
    """
    Return what is known of an address; of the one without a name, what this process has spent itself as well.
    """
    hosts = MACHINE.hosts
    return (*hosts.ledger.known(name, MACHINE.monotonic()), *(() if name else hosts.told(MACHINE)))


def _note(name: str, memories: Iterable[Memory], at: float = 0.0) -> None:
    hosts, now = MACHINE.hosts, MACHINE.monotonic()
    hosts.ledger.note(name, memories, at, now)
    if not name:
        hosts.learn(hosts.ledger.known(name, now), MACHINE)


def _unknown(place: tuple[str, str], lost: list[_Parcel]) -> Memory:
    """
    Return what a lost worker may have spent: for each account, what the dearest operation costs.
    """
    account, venue = lost[0].account, lost[0].venue
    spent = tuple(
        (number, limit.seconds, ((limit.seconds, min(limit.weight, len(lost) * limit.dearest)),))
        for number, limit in enumerate(venue.limits)
        if limit.per == "address"
    )
    egress = surroundings(MACHINE.pool(1)).egress(base_url(account, venue))
    return Memory(origin=os.urandom(8).hex(), place=(*place, egress), spent=spent)
