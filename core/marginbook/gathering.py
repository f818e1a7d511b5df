"""
Works on many accounts at once, and loses none.
"""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import CancelledError, Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from marginbook.errors import DeadlineError, MarginbookError, PluginError
from marginbook.report import Failure
from marginbook.workers import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
    from concurrent.futures import Executor

    from marginbook.accounts import Account
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

    """
    # Threads for each address: one that stalls must not keep the others from being asked.
    own: defaultdict[tuple[str, str], Threads] = defaultdict(partial(Threads, max_workers))
    futures: dict[Future[T], Account] = {}
    lost = []
    try:
        for account in accounts:
            try:
                venue = registry.venue(account.venue)
                workers = executor or own[venue.id, str(account.options.get("base_url"))]
                futures[workers.submit(work, account, venue)] = account
            # The plugin's trouble, or that of an executor which is shut down or has lost its processes.
            except Exception as error:  # noqa: BLE001
                lost.append((account, failed(account, error, "could not be begun")))
        yield from lost
        yield from _done(futures, deadline)
    finally:
        for threads in own.values():
            threads.close()


def _done(futures: Mapping[Future[T], Account], deadline: Deadline) -> Iterator[tuple[Account, T | Failure]]:
    # Not as_completed, which takes a lock of each future for each of them. It waits by the machine's own clock as well:
    # in virtual time, all work is done before it is waited for.
    done: SimpleQueue[Future[T]] = SimpleQueue()
    end = time.monotonic() + deadline.remaining() + _GRACE
    for future in futures:
        future.add_done_callback(done.put)
    open_ = dict(futures)
    while open_:
        try:
            future = done.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            break
        account = open_.pop(future)
        outcome: T | Failure = _outcome(future, account)
        yield account, outcome
    for future, account in open_.items():
        future.cancel()
        yield account, late(account)


def _outcome(future: Future[Any], account: Account) -> Any:
    error = CancelledError() if future.cancelled() else future.exception()
    # A plugin that exits, a pool whose process was killed, an account that cannot be pickled.
    return future.result() if error is None else failed(account, error, "was broken off")


def late(account: Account) -> Failure:
    """
    Return what becomes of an account of which nothing was heard by the deadline.
    """
    error = DeadlineError("It had not answered when the deadline was over.", hint="Allow more time.")
    return Failure.of(account.name, account.venue, error)


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
    return Failure.of(account.name, account.venue, error)
