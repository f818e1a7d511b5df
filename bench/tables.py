"""
What was measured, as tables for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.figures import Result, Spread


def circumstances(results: Mapping[str, Result]) -> str:
    """
    Say when, where and of what it was measured.
    """
    days = sorted({result.when for result in results.values()})
    machines = " and ".join(dict.fromkeys(result.machine for result in results.values()))
    versions = {package: version for result in results.values() for package, version in result.versions.items()}
    told = ", ".join(f"{package} {version}" for package, version in versions.items())
    return f"Measured {' to '.join(dict.fromkeys((days[0], days[-1])))}, on {machines}: {told}."


def benchmark(result: Result | None) -> str:
    """
    Return the medians of one benchmark, with how far single runs were from them.
    """
    if not result:
        return "Not measured yet."
    measures = list(dict.fromkeys(measure for row in result.figures.values() for measure in row))
    rows = [
        [subject, *(_told(row[measure]) if measure in row else "" for measure in measures)]
        for subject, row in result.figures.items()
    ]
    return markdown([result.benchmark, *measures], rows)


def _told(spread: Spread) -> str:
    median, least, most = (_short(value) for value in (spread.median, spread.least, spread.most))
    return median if least == most else f"{median} ({least} to {most})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004  # three digits are what is known


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """
    Return a table.
    """
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
