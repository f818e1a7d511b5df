"""
Runs as many seeds as so many fetches take, in several processes, and says what was done.

``python -m simulation --seed 7`` runs one seed alone.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import count
from typing import TYPE_CHECKING

from simulation.worlds import Figures, SimulationError, run, stumbling

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator


def main(arguments: list[str] | None = None) -> int:
    """
    Run, and return the exit status: 1 if a report was wrong.
    """
    options = _parse(arguments)
    begun = time.monotonic()
    _collect_seldom()
    figures = Figures()
    seeds: Iterable[int] = count(options.first) if options.seed is None else [options.seed]
    try:
        for found in _runs(seeds, options.size, options.processes):
            figures.add(found)
            if figures.counts["fetches"] >= options.fetches:
                break
    except SimulationError as error:
        replay = f"PYTHONPATH=tests/support python -m simulation --seed {error.seed} --size {options.size}"
        sys.stdout.write(f"{error}\nOnce more, alone: {replay}\n")
        return 1
    for name, counted in (("done", figures.counts), ("outcomes", figures.outcomes), ("faults", figures.faults)):
        sys.stdout.write(f"{name}: {_write(counted)}\n")
    seconds = time.monotonic() - begun
    sys.stdout.write(f"{seconds:.0f} seconds, {figures.counts['fetches'] / seconds:.0f} fetches a second\n")
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one alone")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--size", type=int, default=200, help="accounts at the first venue, about")
    parser.add_argument("--fetches", type=int, default=10_000, help="fetches of a balance, at least")
    parser.add_argument("--processes", type=int, default=1)
    return parser.parse_args(arguments)


def _runs(seeds: Iterable[int], size: int, processes: int) -> Iterator[Figures]:
    if processes == 1:
        yield from (_run(seed, size) for seed in seeds)
        return
    # The second of what zip takes together: of the first, it takes one too many.
    left = iter(seeds)
    with ProcessPoolExecutor(processes, initializer=_collect_seldom) as pool:
        running = {pool.submit(_run, seed, size) for _, seed in zip(range(2 * processes), left, strict=False)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(_run, seed, size) for _, seed in zip(done, left, strict=False)}
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(cancel_futures=True)


def _run(seed: int, size: int) -> Figures:
    try:
        with stumbling():
            return run(seed, size)
    except SimulationError:
        raise
    # Whatever goes wrong can be looked at again.
    except Exception as error:
        raise SimulationError(seed, 0, [repr(error)]) from error


def _collect_seldom() -> None:
    # What is garbage is another test's business, and to look for it takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _write(counted: Counter[str]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counted.most_common())


if __name__ == "__main__":
    sys.exit(main())
