"""
What is run where a library is installed: it is asked to do one thing, and that is measured.

    python inside.py first MODULE URL
    python inside.py ask|loads|memory|parse|profile|steps MODULE JSON

`first` imports as little as it can, since all of it is measured.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def first(peer: Any, url: str) -> None:
    """
    Print the first wallet, when it was there, the seconds of CPU, and the most memory that was in use.
    """
    answer = peer.report([url], 1) if hasattr(peer, "report") else peer.connect(url)()
    print(peer.wallet(answer), time.monotonic(), time.process_time(), used("VmHWM"), sep="\n")


def ask(peer: Any, urls: Sequence[str], *, count: int, workers: int, kept: bool) -> dict[str, float]:
    """
    Return the seconds that it takes to ask so many accounts, once there was a first.

    Args:
        peer: Who asks.

        urls: The addresses, which have an account in turn.

        count: How many accounts.

        workers: Threads.

        kept: Whether each thread keeps its client, as if all were one account.

    """
    work = reporter(peer, kept=kept)
    every = accounts(urls, count)
    work(every[: workers if kept else 1], workers)
    wall, cpu = time.perf_counter(), time.process_time()
    work(every, workers)
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def accounts(urls: Sequence[str], count: int) -> list[str]:
    """
    Return the addresses of so many accounts.
    """
    return [urls[number % len(urls)] for number in range(count)]


def reporter(peer: Any, *, kept: bool) -> Callable[[Sequence[str], int], Any]:
    """
    Return what asks an account at each address, with so many threads.
    """
    if hasattr(peer, "report"):
        report: Callable[[Sequence[str], int], Any] = peer.report
        return report

    import threading  # noqa: PLC0415  # see above
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # likewise

    own = threading.local()
    pools: dict[int, ThreadPoolExecutor] = {}

    def one(url: str) -> Any:
        if not kept:
            return peer.connect(url)()
        if not hasattr(own, "ask"):
            own.ask = peer.connect(url)
        return own.ask()

    def every(urls: Sequence[str], workers: int) -> list[Any]:
        # A pool of one would only cost.
        if workers == 1:
            return list(map(one, urls))
        pool = pools.setdefault(workers, ThreadPoolExecutor(workers))
        return list(pool.map(one, urls))

    return every


def loads(peer: Any, urls: Sequence[str], *, count: int, workers: int) -> int:
    """
    Return how often certificates were loaded while an account at each address was asked.
    """
    import ssl  # noqa: PLC0415  # see above

    loaded, usual = 0, ssl.SSLContext.load_verify_locations

    def counted(*args: Any, **kwargs: Any) -> None:
        nonlocal loaded
        loaded += 1
        usual(*args, **kwargs)

    ssl.SSLContext.load_verify_locations = counted  # type: ignore[method-assign]  # that is the point
    reporter(peer, kept=False)(accounts(urls, count), workers)
    return loaded


def memory(peer: Any, urls: Sequence[str], *, count: int, workers: int) -> dict[str, float]:
    """
    Return the KiB that are in use when so many accounts have been asked, that were at most, and those of the report.

    Of a library that has clients, all are kept, and what they answer is not.
    """
    if hasattr(peer, "report"):
        report = peer.report(accounts(urls, count), workers)
        return {"used": used("VmRSS"), "peak": used("VmHWM"), "rows": deep_size(report) / 1024}
    clients = [peer.connect(url) for url in accounts(urls, count)]
    for client in clients:
        client()
    return {"used": used("VmRSS"), "peak": used("VmHWM"), "rows": 0}


def deep_size(thing: object) -> int:
    """
    Return the bytes of an object and of all that it holds, but for code.
    """
    import gc  # noqa: PLC0415  # see above
    from types import FunctionType, ModuleType  # noqa: PLC0415  # likewise

    seen: set[int] = set()
    size, left = 0, [thing]
    while left:
        item = left.pop()
        if id(item) in seen or isinstance(item, type | ModuleType | FunctionType):
            continue
        seen.add(id(item))
        # Memory is given out in pieces of sixteen bytes.
        size += -(-sys.getsizeof(item) // 16) * 16
        left += gc.get_referents(item)
    return size


def profile(peer: Any, urls: Sequence[str], *, count: int) -> dict[str, float]:
    """
    Return the seconds of CPU that were spent in each package while so many accounts were asked one after the other.

    What is written in C counts as its caller's. The profiler itself takes time, of which many small functions get most.
    """
    import cProfile  # noqa: PLC0415  # see above
    import threading  # noqa: PLC0415  # likewise
    from collections import defaultdict  # noqa: PLC0415  # likewise

    profilers = []

    def begin(*_: object) -> None:
        profilers.append(cProfile.Profile(time.thread_time, builtins=False))
        profilers[-1].enable()

    work = reporter(peer, kept=True)
    work(accounts(urls, 1), 1)
    # Each thread that is begun from now on has a profiler of its own.
    threading.setprofile(begin)
    begin()
    work(accounts(urls, count), 1)
    profilers[0].disable()
    spent: defaultdict[str, float] = defaultdict(float)
    for profiler in profilers:
        for entry in profiler.getstats():
            spent[package(getattr(entry.code, "co_filename", ""))] += entry.inlinetime
    return dict(spent)


def steps(peer: Any, *, url: str, times: int) -> dict[str, float]:
    """
    Return the seconds of CPU that each step takes for an account.
    """
    took = {}
    for name, (step, accounts) in peer.steps(url).items():
        step()
        rounds = max(1, times // accounts)
        begun = time.process_time()
        for _ in range(rounds):
            step()
        took[name] = (time.process_time() - begun) / (rounds * accounts)
    return took


def package(path: str) -> str:
    """
    Return what a file belongs to.
    """
    _, installed, name = path.rpartition("/site-packages/")
    if installed:
        return name.partition("/")[0]
    if path.startswith("<attrs"):
        return "attrs"
    return "http, email" if "/http/" in path or "/email/" in path else "the rest of Python"


def parse(peer: Any, *, rows: int, times: int) -> float:
    """
    Return the seconds of CPU that it takes to read a body.
    """
    from bench import bodies  # noqa: PLC0415  # see above

    body = bodies.balance(rows)
    peer.read(body)
    begun = time.process_time()
    for _ in range(times):
        peer.read(body)
    return (time.process_time() - begun) / times


def used(what: str) -> int:
    """
    Return the KiB of memory that are in use, ``VmRSS``, or were at most, ``VmHWM``.
    """
    # What getrusage says begins with what the parent had.
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123  # pathlib would be one more import
        return next(int(line.split()[1]) for line in status if line.startswith(what))


if __name__ == "__main__":
    _, verb, module, argument = sys.argv
    subject = import_module(f"bench.peers.{module}")
    if verb == "first":
        first(subject, argument)
    else:
        import json

        print(json.dumps(globals()[verb](subject, **json.loads(argument))))
