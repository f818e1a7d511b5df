"""
Who does the asking: threads that nobody has to wait for.
"""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Threads:
    """
    Threads that end with the process.

    Those of a ThreadPoolExecutor do not let it end before they are done, and who waits for a venue that sends a byte a
    second is never done: the report would be there in time, and the command would hang after it. Nor do they make a
    future of each task, with a lock and a queue of its own: a task tells itself what came of it, and raises nothing.
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._count = count
        self._started = 0
        self._closed = False

    def begin(self, task: Callable[[], object]) -> None:
        """
        Have *task* called as soon as one of the threads has nothing else to do.
        """
        if self._started < self._count:
            Thread(target=self._work, name=f"marginbook-{self._started}", daemon=True).start()
            self._started += 1
        self._tasks.put(task)

    def close(self) -> None:
        """
        Let each thread end with what it is doing.
        """
        self._closed = True
        for _ in range(self._started):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) and not self._closed:
            task()
