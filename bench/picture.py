"""
How it grows: with accounts, with rows, and with the plugins of strangers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.figures import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.figures import Result, Spread

PICTURE: Final = Path(__file__).parents[1] / "docs" / "performance.svg"

#: Where each subject is drawn, and how: colours that can be told apart without seeing colour, and ours is the thickest.
_LINES: Final[dict[str, dict[str, Any]]] = {
    "marginbook": {"color": "#0072b2", "marker": "o", "linewidth": 2.5},
    "ccxt": {"color": "#d55e00", "marker": "s"},
    "official SDK": {"color": "#009e73", "marker": "^"},
    "requests": {"color": "#cc79a7", "marker": "D"},
    "by hand": {"color": "#555555", "marker": "v", "linestyle": "--"},
    "latency alone": {"color": "#555555", "marker": "", "linestyle": "--"},
}


def draw(results: Mapping[str, Result]) -> None:
    """
    Draw what is there of it.
    """
    # Text stays text, and the same figures give the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "marginbook", "font.size": 9})
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    accounts, rows, plugins = figure.subplots(1, 3)
    if "report" in results:
        _grow(accounts, results["report"], "accounts", "seconds for a report\n(TLS, 50 ms, 64 threads)")
    if "parse" in results:
        _grow(rows, results["parse"], "rows", "µs to parse and normalize")
    if {"import", "first"} <= results.keys():
        for name, label in {"import": "to import", "first": "start to first balance"}.items():
            _with_plugins(plugins, results[name], label)
        plugins.set(xlabel="plugins of strangers", ylabel="ms of CPU", ylim=0)
        plugins.legend(frameon=False)
    for axes in (accounts, rows, plugins):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    figure.savefig(PICTURE, metadata={"Date": None})


def _grow(axes: Any, result: Result, what: str, unit: str) -> None:
    for subject, style in _LINES.items():
        if subject in result.figures:
            _line(axes, {int(size): spread for size, spread in result.figures[subject].items()}, subject, style)
    axes.set(xscale="log", yscale="log", xlabel=what, ylabel=unit)
    axes.legend(frameon=False)


def _with_plugins(axes: Any, result: Result, label: str) -> None:
    subjects = {0: "marginbook, 0 plugins", 10: "marginbook, 10 plugins", 50: "marginbook"}
    spreads = {number: result.figures[subject]["cpu ms"] for number, subject in subjects.items()}
    _line(axes, spreads, label, {"marker": "o" if label == "to import" else "s", "color": "#0072b2"})


def _line(axes: Any, spreads: Mapping[int, Spread], label: str, style: Mapping[str, Any]) -> None:
    medians = [spread.median for spread in spreads.values()]
    lows = [spread.median - spread.least for spread in spreads.values()]
    highs = [spread.most - spread.median for spread in spreads.values()]
    axes.errorbar(list(spreads), medians, yerr=[lows, highs], label=label, markersize=4, capsize=2, **style)


if __name__ == "__main__":
    draw(load())
