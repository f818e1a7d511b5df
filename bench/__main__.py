"""
Measures what is named, or everything, keeps what came of it, and prints it beside the goals.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench import environments, goals, tables
from bench.figures import Result, load
from bench.measures import BENCHMARKS, Bench
from bench.serving import Certificates


def main() -> None:
    """
    Do it.
    """
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--environments", type=Path, required=True, help="where they are, or are to be made")
    parser.add_argument("--rounds", type=int, default=0, help="how often everything is done")
    chosen = parser.parse_args()
    made = environments.make(chosen.environments, project=Path(__file__).parents[1])
    versions = environments.versions(made)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(made, Certificates(Path(folder)), chosen.rounds)
        for name in chosen.names or BENCHMARKS:
            begun = time.perf_counter()
            result = Result.of(name, BENCHMARKS[name](bench), versions)
            result.save()
            print(f"\n{tables.benchmark(result)}\n\n({name} took {time.perf_counter() - begun:.0f} s)", flush=True)
    print(f"\n{goals.table(load())}")


if __name__ == "__main__":
    main()
