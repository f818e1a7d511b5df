"""
Measures what is named, or everything, keeps what came of it, and prints it beside the goals.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench import environments, goals, picture, tables
from bench.figures import Result, load
from bench.measures import BENCHMARKS, Bench
from bench.serving import Certificates


def main() -> None:
    """
    Do it.
    """
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(BENCHMARKS)}")
    parser.add_argument("--environments", type=Path, required=True, help="where they are, or are to be made")
    parser.add_argument("--rounds", type=int, default=0, help="how often everything is done")
    chosen = parser.parse_args()
    if unknown := set(chosen.names).difference(BENCHMARKS):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    made = environments.make(chosen.environments, project=Path(__file__).parents[1])
    versions = environments.versions(made)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(made, Certificates(Path(folder)), chosen.rounds)
        for name in chosen.names or BENCHMARKS:
            begun = time.perf_counter()
            result = Result.of(name, BENCHMARKS[name](bench), versions)
            result.save()
            print(f"\n{tables.benchmark(result)}\n\n({name} took {time.perf_counter() - begun:.0f} s)", flush=True)
    kept = load()
    picture.draw(kept)
    print(f"\n{goals.table(kept)}")


if __name__ == "__main__":
    main()
