"""
Virtual time, and workers of which one runs at a time.

A worker runs until it sleeps; then the one that has to wake up first goes on, and time with it. So a seed gives the
same run, switch by switch, and an hour of waiting costs nothing. Workers are greenlets, since threads take longer to
hand over than most of them have to do in between.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field
from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Hashable

T = TypeVar("T")


class StoppedError(BaseException):
    """
    The world ends while a worker sleeps in it.
    """


class RunawayError(AssertionError):
    """
    Workers sleep and wake without end.
    """


class Scheduler:
    """
    Lets workers go on in the order of waking-up times, and of arrival where these are equal.
    """

    def __init__(self) -> None:
        self.now = 0.0
        #: Whom a worker works for.
        self.tasks: dict[greenlet, str] = {}
        self._heap: list[tuple[float, int, greenlet]] = []
        self._number = count()
        self._caller = getcurrent()
        self._until = 0.0
        self._steps = 0
        self.ended = False

    @property
    def task(self) -> str:
        """
        Whom the worker works for that runs now.
        """
        return self.tasks[getcurrent()]

    def sleep(self, seconds: float) -> None:
        """
        Let others go on until so many seconds have passed.
        """
        here = getcurrent()
        assert here in self.tasks, "only workers sleep"
        heappush(self._heap, (self.now + max(0.0, seconds), next(self._number), here))
        self._park(here)

    def wake(self, worker: greenlet) -> None:
        """
        Let a worker begin when the others of this moment have had their turn.
        """
        heappush(self._heap, (self.now, next(self._number), worker))

    def _park(self, here: greenlet) -> None:
        """
        Let others go on until it is this one's turn.
        """
        turn = self._next()
        if turn is not here:
            turn.switch()
        if self.ended:
            raise StoppedError

    def leave(self) -> None:
        """
        Let others go on for good.
        """
        here = getcurrent()
        self.tasks.pop(here, None)
        if not self.ended:
            here.parent = self._next()

    def run(self, until: float, *, steps: int) -> None:
        """
        Let the workers go on until all are parked, or until then.

        Raises:
            RunawayError: They took more than so many steps.

        """
        self._caller = getcurrent()
        self._until, self._steps = until, steps
        self._park(self._caller)
        if self._steps < 0:
            msg = f"At {self.now:.3f} s, {steps} steps were not enough."
            raise RunawayError(msg)
        if self._heap:
            self.now = until

    def pass_time(self, seconds: float) -> None:
        """
        Let time pass between two runs, and what still sleeps wake in it.
        """
        self.run(self.now + seconds, steps=1_000_000)
        self.now = max(self.now, self._until)

    def end(self) -> None:
        """
        Let whoever sleeps end with `StoppedError` as soon as it is woken.
        """
        self.ended = True

    def _next(self) -> greenlet:
        self._steps -= 1
        if self._steps < 0 or not self._heap or self._heap[0][0] > self._until:
            return self._caller
        self.now, _, worker = heappop(self._heap)
        return worker


@define(eq=False)
class _Lane:
    tasks: deque[tuple[str, Future[Any], Callable[[], Any]]] = field(factory=deque)
    futures: list[Future[Any]] = field(factory=list)
    started: int = 0


class Lanes(Executor):
    """
    Workers in virtual time: so many for each lane, as `collect` has so many threads for each address.

    The last submission runs the world, since nobody could say when else the caller has done all that it does before it
    waits.

    Args:
        scheduler: Whose time it is.

        width: How many work in a lane.

        lane: Says to which lane a task belongs, and what it is called, from its arguments.

        expected: How many tasks will be submitted.

        until: When to stop, in virtual time.

    """

    def __init__(
        self,
        scheduler: Scheduler,
        width: int,
        lane: Callable[..., tuple[Hashable, str]],
        *,
        expected: int,
        until: float,
    ) -> None:
        self.finished: dict[str, float] = {}
        self.runaway: RunawayError | None = None
        self._scheduler = scheduler
        self._width = width
        self._lane = lane
        self._left = self._expected = expected
        self._until = until
        self._lanes: defaultdict[Hashable, _Lane] = defaultdict(_Lane)
        self._workers: list[greenlet] = []

    def submit(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """
        Take a task; with the last one, run the world.
        """
        future: Future[T] = Future()
        key, task = self._lane(*args)
        lane = self._lanes[key]
        lane.tasks.append((task, future, partial(function, *args, **kwargs)))
        lane.futures.append(future)
        if lane.started < self._width:
            self._start(lane)
        self._left -= 1
        if not self._left:
            self._run()
        return future

    def _run(self) -> None:
        try:
            self._scheduler.run(self._until, steps=self._expected * 2_000 + 100_000)
        # Who submits takes any exception for his own.
        except RunawayError as error:
            self.runaway = error
            for lane in self._lanes.values():
                for future in lane.futures:
                    future.cancel()
                    if future.running():
                        future.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # Executor's
        """
        End the workers. Those that still sleep do so as soon as the world has ended.
        """
        for worker in self._workers:
            if not worker.dead:
                worker.parent = getcurrent()
                worker.switch()

    @property
    def asleep(self) -> bool:
        """
        True if somebody still works.
        """
        return any(not worker.dead for worker in self._workers)

    def _start(self, lane: _Lane) -> None:
        lane.started += 1
        worker = greenlet(partial(self._work, lane))
        self._workers.append(worker)
        # A worker counts how deep it is from where it begins: here, and not in the middle of another's work.
        worker.switch()
        self._scheduler.wake(worker)

    def _work(self, lane: _Lane) -> None:
        here, scheduler = getcurrent(), self._scheduler
        assert here.parent is not None
        here.parent.switch()
        try:
            while lane.tasks and not scheduler.ended:
                task, future, call = lane.tasks.popleft()
                scheduler.tasks[here] = task
                if future.set_running_or_notify_cancel():
                    self._call(task, future, call)
        except StoppedError:
            return
        scheduler.leave()

    def _call(self, task: str, future: Future[Any], call: Callable[[], Any]) -> None:
        try:
            result = call()
        except StoppedError:
            raise
        # As in any executor: whoever asks for the result gets it.
        except BaseException as error:  # noqa: BLE001
            self.finished[task] = self._scheduler.now
            future.set_exception(error)
        else:
            self.finished[task] = self._scheduler.now
            future.set_result(result)
