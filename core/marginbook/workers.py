"""
Who does the asking: threads that nobody has to wait for.
"""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Threads:
    """
    Threads that end with the process.

    Those of a ThreadPoolExecutor do not let it end before they are done, and who waits for a venue that sends a byte a
    second is never done: the report would be there in time, and the command would hang after it.
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._futures: list[Future[Any]] = []
        self._count = count
        self._started = 0

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """
        Have *function* called, and return its future.
        """
        future: Future[Any] = Future()
        self._futures.append(future)
        self._tasks.put((future, partial(function, *args)))
        if self._started < self._count:
            Thread(target=self._work, name=f"marginbook-{self._started}", daemon=True).start()
            self._started += 1
        return future

    def close(self) -> None:
        """
        Let each thread end with what it is doing.
        """
        for future in self._futures:
            future.cancel()
        for _ in range(self._started):
            self._tasks.put(None)

    def _work(self) -> None:
        while task := self._tasks.get():
            future, function = task
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                # Whoever asks for the result gets it.
                except BaseException as error:  # noqa: BLE001
                    future.set_exception(error)
