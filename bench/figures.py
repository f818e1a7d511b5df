"""
What was measured: of each subject, in each respect, a median and how far single runs are from it.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A file for each benchmark.
RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Spread:
    """
    Several runs of one thing.
    """

    median: float
    least: float
    most: float
    runs: int

    @classmethod
    def of(cls, samples: list[float]) -> Spread:
        """
        Sum up.
        """
        return cls(_rounded(statistics.median(samples)), _rounded(min(samples)), _rounded(max(samples)), len(samples))


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")


@dataclass
class Figures:
    """
    The runs of one benchmark, by subject and by what was measured.
    """

    samples: defaultdict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, subject: str, measure: str, value: float) -> None:
        """
        Note one run.
        """
        self.samples[subject, measure].append(value)

    def spreads(self) -> dict[str, dict[str, Spread]]:
        """
        Sum up.
        """
        found: dict[str, dict[str, Spread]] = {}
        for (subject, measure), samples in self.samples.items():
            found.setdefault(subject, {})[measure] = Spread.of(samples)
        return found


@dataclass(frozen=True)
class Result:
    """
    One benchmark, as it is kept: when, where, with which versions, and what came of it.
    """

    benchmark: str
    when: str
    machine: str
    versions: dict[str, str]
    figures: dict[str, dict[str, Spread]]

    @classmethod
    def of(cls, benchmark: str, figures: Figures, versions: dict[str, str]) -> Result:
        """
        Sum up what was measured just now on this machine.
        """
        return cls(benchmark, datetime.now(UTC).date().isoformat(), machine(), versions, figures.spreads())

    def save(self) -> None:
        """
        Keep it.
        """
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.benchmark}.json"
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    def median(self, subject: str, measure: str) -> float:
        """
        Return one figure.
        """
        return self.figures[subject][measure].median


def load() -> dict[str, Result]:
    """
    Return what is kept, by benchmark.
    """
    return {result.benchmark: result for result in _read()}


def _read() -> Iterator[Result]:
    for path in sorted(RESULTS.glob("*.json")):
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        figures = {
            subject: {measure: Spread(**spread) for measure, spread in row.items()}
            for subject, row in kept.pop("figures").items()
        }
        yield Result(**kept, figures=figures)


def machine() -> str:
    """
    Say what this machine is.
    """
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(": ")[2] for line in told if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor()
    return f"{os.cpu_count()} of {model}, {platform.system()}, Python {platform.python_version()}"
