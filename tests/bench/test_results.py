"""
What is kept of a run, and what is made of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bench import figures, goals, tables
from bench.figures import Figures, Result, Spread

if TYPE_CHECKING:
    from pathlib import Path

GOAL = goals.Goal("to import", "import", "ms", 0.6, 0.45, "requests")


def result(**milliseconds: float) -> Result:
    noted = Figures()
    for subject, median in milliseconds.items():
        for sample in (median, median - 1, median + 9):
            noted.add(subject, "ms", sample)
    return Result.of("import", noted, {"requests": "2.34.2"})


def test_what_is_kept_is_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A result is the same when it has been kept.
    """
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    measured = result(marginbook=50, requests=100)
    measured.save()

    assert {"import": measured} == figures.load()
    assert Spread(50, 49, 59, runs=3) == measured.figures["marginbook"]["ms"]


@pytest.mark.parametrize(("ours", "verdict"), [(45, "stretch"), (46, "met"), (60, "met"), (61, "**missed**")])
def test_goals(ours: float, verdict: str) -> None:
    """
    A goal is met up to its bound.
    """
    ratio = GOAL.ratio(result(marginbook=ours, requests=100))

    assert (ours / 100, verdict) == (ratio, GOAL.verdict(ratio))


@pytest.mark.parametrize(("ours", "verdict"), [(5, "stretch"), (10, "met"), (11, "**missed**")])
def test_goals_of_speed(ours: float, verdict: str) -> None:
    """
    Where we are to be faster, more is better.
    """
    goal = goals.Goal("a report", "import", "ms", 10, 20, "ccxt", faster=True)
    ratio = goal.ratio(result(marginbook=ours, ccxt=100))

    assert (100 / ours, verdict) == (ratio, goal.verdict(ratio))


def test_every_goal_is_shown() -> None:
    """
    No goal is left out of the page, whether it was measured or not, and what is kept is what goals are about.
    """
    kept = figures.load()
    shown, nothing = goals.table(kept).splitlines()[2:], goals.table({}).splitlines()[2:]

    assert len(goals.GOALS) == len(shown) == len(nothing)
    assert [] == [line for line in nothing if not line.endswith("|  | not measured yet |")]


def test_tables() -> None:
    """
    A median stands before the range of the runs, and one figure alone.
    """
    measured = result(marginbook=1234, requests=5.25)

    assert (
        "| import | ms |\n| --- | ---: |\n| marginbook | 1,234 (1,233 to 1,243) |\n| requests | 5.25 (4.25 to 14.2) |"
    ) == tables.benchmark(measured)
    assert "Not measured yet." == tables.benchmark(None)
