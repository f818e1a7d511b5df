"""
Works on many accounts at once, and loses none.
"""

from __future__ import annotations

import time
from collections import defaultdict
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from marginbook.errors import DeadlineError, MarginbookError, PluginError
from marginbook.workers import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from marginbook.accounts import Account
    from marginbook.report import Failure
    from marginbook.seam import Venue
    from marginbook.transport import Deadline

T = TypeVar("T")


class Venues(Protocol):
    """
    Whoever has venues by id: the registry, for one.
    """

    def venue(self, venue_id: str) -> Venue:
        """
        Return one.
        """


#: Seconds beyond the deadline in which an account may still say itself that it was too late.
_GRACE: Final = 0.5


def gather(
    accounts: Iterable[Account],
    work: Callable[[Account, Venue], T],
    *,
    registry: Venues,
    deadline: Deadline,
    max_workers: int,
    executor: Executor | None = None,
    patient: bool = False,
) -> Generator[tuple[Account, T | Failure], None, None]:
    """
    Yield each account as the work on it gets done, and at the deadline the others, as failed.

    Args:
        accounts: What to work on, in this order.

        work: Called with an account and its venue, in a thread or in another process.

        registry: Where the venues are.

        deadline: When to stop waiting.

        max_workers: Accounts of one address that are worked on at the same time.

        executor: Runs the work instead of threads of our own.

        patient: Whether nobody has to hear of an account before all are done, or the deadline is over: to wake who
            waits takes a thread out of its work, for each account.

    """
    # Threads for each address: one that stalls must not keep the others from being asked.
    own: defaultdict[tuple[str, str], Threads] = defaultdict(partial(Threads, max_workers))
    done: _Done[T] = _Done()
    begun: dict[int, Account] = {}
    futures: list[Future[T]] = []
    lost = []
    try:
        for number, account in enumerate(accounts):
            try:
                venue = registry.venue(account.venue)
                if executor:
                    future = executor.submit(work, account, venue)
                    future.add_done_callback(partial(_pass_on, done, number, account))
                    futures.append(future)
                else:
                    threads = own[venue.id, str(account.options.get("base_url"))]
                    threads.begin(partial(_work, done, number, work, account, venue))
                begun[number] = account
            # The plugin's trouble, or that of an executor which is shut down or has lost its processes.
            except Exception as error:  # noqa: BLE001
                lost.append((account, failed(account, error, "could not be begun")))
        yield from lost
        # It waits by the machine's own clock: in virtual time, all work is done before it is waited for.
        end = time.monotonic() + deadline.remaining() + _GRACE
        if patient:
            done.wait(len(begun), end)
        yield from _told(begun, done, end)
    finally:
        for threads in own.values():
            threads.close()
        for future in futures:
            future.cancel()


class _Done(Generic[T]):
    """
    What became of the work so far, in the order in which it was done.
    """

    def __init__(self) -> None:
        self._outcomes: SimpleQueue[tuple[int, T | Failure]] = SimpleQueue()
        self._enough = Event()
        self._wanted = inf

    def add(self, number: int, outcome: T | Failure) -> None:
        """
        Say what became of the work on an account.
        """
        self._outcomes.put((number, outcome))
        if self._outcomes.qsize() >= self._wanted:
            self._enough.set()

    def wait(self, count: int, end: float) -> None:
        """
        Wait until so much is done, or until a point in monotonic time.
        """
        self._wanted = count
        # What was added before that was said.
        if self._outcomes.qsize() < count:
            self._enough.wait(_left(end))

    def next(self, end: float) -> tuple[int, T | Failure]:
        """
        Return what was done first, as soon as it is.

        Raises:
            Empty: Nothing was done until then.

        """
        return self._outcomes.get(timeout=_left(end))


def _left(end: float) -> float:
    return max(0.0, end - time.monotonic())


def _work(
    done: _Done[T],
    number: int,
    work: Callable[[Account, Venue], T],
    account: Account,
    venue: Venue,
) -> None:
    outcome: T | Failure
    try:
        outcome = work(account, venue)
    # A plugin that exits.
    except BaseException as error:  # noqa: BLE001
        outcome = failed(account, error, "was broken off")
    done.add(number, outcome)


def _pass_on(done: _Done[T], number: int, account: Account, future: Future[T]) -> None:
    # Threads of our own do without futures.
    from concurrent.futures import CancelledError  # noqa: PLC0415

    error = CancelledError() if future.cancelled() else future.exception()
    # A pool whose process was killed, an account that cannot be pickled.
    done.add(number, future.result() if error is None else failed(account, error, "was broken off"))


def _told(begun: dict[int, Account], done: _Done[T], end: float) -> Iterator[tuple[Account, T | Failure]]:
    while begun:
        try:
            number, outcome = done.next(end)
        except Empty:
            break
        yield begun.pop(number), outcome
    for account in begun.values():
        yield account, late(account)


def late(account: Account) -> Failure:
    """
    Return what becomes of an account of which nothing was heard by the deadline.
    """
    return failed(account, DeadlineError("It had not answered when the deadline was over.", hint="Allow more time."))


def failed(account: Account, error: BaseException, what: str = "") -> Failure:
    """
    Return what becomes of an account, the work on which ended with an exception.

    Args:
        account: Which.

        error: The exception.

        what: What became of the work, in words.

    """
    if not isinstance(error, MarginbookError):
        error = PluginError(f"The work on it {what} ({type(error).__name__}).", hint="Run it in threads to see.")
    # Few accounts fail.
    from marginbook.report import Failure  # noqa: PLC0415

    return Failure.of(account.name, account.venue, error)
