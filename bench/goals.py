"""
What was aimed at, as ratios of one run, and what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.tables import markdown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.figures import Result


@dataclass(frozen=True)
class Goal:
    """
    One figure of ours, against one of somebody else, or alone.
    """

    about: str
    benchmark: str
    measure: str
    goal: float
    stretch: float | None = None
    #: Who is compared, or "" where the figure itself is the goal.
    against: str = ""
    #: Whether more is better: of calls per second.
    more: bool = False
    #: Whether the ratio is how many times faster we are.
    faster: bool = False

    def ratio(self, result: Result) -> float:
        """
        Return what came of it.
        """
        ours = result.median("marginbook", self.measure)
        theirs = result.median(self.against, self.measure) if self.against else 1
        return theirs / ours if self.faster else ours / theirs

    def verdict(self, ratio: float) -> str:
        """
        Say whether that is good.
        """
        sign = -1 if self.more or self.faster else 1
        if self.stretch is not None and sign * ratio <= sign * self.stretch:
            return "stretch"
        return "met" if sign * ratio <= sign * self.goal else "**missed**"

    def bound(self, value: float | None) -> str:
        """
        Write a bound as a reader wants it.
        """
        return "" if value is None else f"{'≥' if self.more or self.faster else '≤'} {value:g}"


_SESSION: Final = "requests, one session"

GOALS: Final = (
    Goal("import, 50 plugins installed", "import", "ms", 0.6, 0.45, "requests"),
    Goal("import, 50 plugins installed", "import", "ms", 0.2, 0.14, "ccxt"),
    Goal("process start to first balance", "first", "ms", 0.36, 0.31, "ccxt"),
    Goal("process start to first balance", "first", "ms", 0.5, 0.43, "ccxt, implicit call"),
    Goal("process start to first balance", "first", "ms", 1.3, 1.12, "requests"),
    Goal("requests on the wire for the first balance", "first", "requests", 1),
    Goal("peak memory of the first balance", "first", "peak MiB", 0.42, 0.37, "ccxt"),
    Goal("CPU per account, keep-alive", "account", "http cpu", 0.95, 0.8, "requests"),
    Goal("CPU per account, keep-alive", "account", "http cpu", 0.68, 0.55, "ccxt"),
    Goal("CPU per account, keep-alive, TLS", "account", "https cpu", 0.95, 0.8, "requests"),
    Goal("CPU per account, keep-alive, TLS", "account", "https cpu", 0.68, 0.55, "ccxt"),
    Goal("calls per second, 32 threads", "threads", "32", 1.15, 1.35, "requests", more=True),
    Goal("1,000 accounts, TLS, 50 ms, 64 workers", "report", "1000", 1.25, 1.1, "latency alone"),
    Goal("1,000 accounts, times faster", "report", "1000", 11, 15, "futures-connector", faster=True),
    Goal("1,000 accounts, times faster", "report", "1000", 11, 15, "official SDK", faster=True),
    Goal("1,000 accounts, times faster", "report", "1000", 14, 18, "ccxt", faster=True),
    Goal("CA bundle loads in a process", "tls", "CA loads", 1),
    Goal("CPU of a further TLS connection", "tls", "ms a connection", 0.1, None, "requests"),
    Goal("connections for 1,000 accounts of one host, 64 workers", "connections", "1 hosts", 64),
    Goal("connections for 1,000 accounts of 16 hosts", "connections", "16 hosts", 0.05, None, _SESSION),
    Goal("KiB of memory for a further account", "memory", "KiB", 4, 2),
    Goal("parse and normalize 500 rows", "parse", "500", 3, 2, "by hand"),
)


def table(results: Mapping[str, Result]) -> str:
    """
    Return each goal with the ratio that was measured.
    """
    head = ["", "against", "goal", "stretch", "measured", ""]
    return markdown(head, [_row(goal, results.get(goal.benchmark)) for goal in GOALS])


def _row(goal: Goal, result: Result | None) -> list[str]:
    said = [goal.about, goal.against, goal.bound(goal.goal), goal.bound(goal.stretch)]
    if not result:
        return [*said, "", "not measured yet"]
    ratio = goal.ratio(result)
    return [*said, f"{ratio:.3g}", goal.verdict(ratio)]
