"""
``marginbook watch``.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click
from attrs import evolve
from rich.console import Console

from marginbook.cli.options import accounts_file, detail, ended_by_sigterm, max_workers, only, timeout
from marginbook.collecting import asked_for, collect
from marginbook.registry import installed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from marginbook.cli.picture import Picture
    from marginbook.report import BalanceReport
    from marginbook.transport import Machine


@click.command()
@accounts_file
@only
@click.option(
    "--every",
    type=click.FloatRange(1, 86_400),
    default=5.0,
    show_default=True,
    help="Seconds from one report to the next. More, where rate limits ask for it.",
)
@click.option("--count", type=click.IntRange(min=1), help="End after so many reports. [default: at Ctrl-C]")
@detail
@timeout
@max_workers
def watch(
    path: Path,
    only: tuple[str, ...],
    every: float,
    count: int | None,
    detail: str | None,
    timeout: float,
    max_workers: int,
) -> None:
    """
    Ask all accounts again and again, and show what changes.

    On a terminal the table is drawn anew in its place; elsewhere each report is printed after the last. Beside wallet
    and equity stands by how much they have changed since the first time that the row was read.

    What is no longer known is never shown as the present: the rows of an account that cannot be read stay, in
    brackets and with their age, and so do rows that the venue no longer lists.

    At most half of each venue's rate limits is spent. The accounts file is read once, at the beginning.

    \b
    Exit status:
        0    the last of --count reports is complete
        1    something is missing from it
        2    the question was wrong
        130  Ctrl-C
    """
    # The other commands do without these.
    from marginbook.cli.picture import Picture  # noqa: PLC0415
    from marginbook.pacing import pace  # noqa: PLC0415
    from marginbook.transport import MACHINE  # noqa: PLC0415
    from marginbook.watching import Watched, paced  # noqa: PLC0415

    registry = installed()
    accounts = asked_for(path, registry, only)
    found = pace(accounts, registry, every)
    make = partial(collect, accounts, timeout=timeout, max_workers=max_workers, detail=detail)
    viewer = _Viewer(Picture(watched=Watched(), every=found.every, asked=len(accounts), note=found.note), MACHINE)
    console = Console()
    with ended_by_sigterm():
        draw = viewer.draw if console.is_terminal and not console.is_dumb_terminal else viewer.print
        sys.exit(0 if draw(console, paced(make, found.every, MACHINE, count)).complete else 1)


class _Viewer:
    """
    Shows one report after the other.
    """

    def __init__(self, picture: Picture, machine: Machine) -> None:
        # Both at once, since another thread draws.
        self._newest = (picture, 0.0)
        self._machine = machine

    def print(self, _: Console, reports: Iterable[tuple[BalanceReport, float]]) -> BalanceReport:
        """
        Print each plainly, and return the last.
        """
        for number, (report, begun) in enumerate(reports):
            self._see(report, begun)
            click.echo(("\n" if number else "") + self._picture().text(), nl=False)
        return report

    def draw(self, console: Console, reports: Iterable[tuple[BalanceReport, float]]) -> BalanceReport:
        """
        Draw each in the place of the last, with ages that grow meanwhile, and return the last.
        """
        from rich.live import Live  # noqa: PLC0415  # see above

        live = Live(
            get_renderable=self._picture,
            console=console,
            screen=True,
            refresh_per_second=1,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        try:
            with live:
                for report, begun in reports:
                    self._see(report, begun)
                    live.refresh()
        finally:
            # What was on the alternate screen went with it.
            console.print(self._picture().whole(console.width))
        return report

    def _see(self, report: BalanceReport, begun: float) -> None:
        picture, _ = self._newest
        self._newest = (evolve(picture, watched=picture.watched.after(report)), begun)

    def _picture(self) -> Picture:
        from marginbook.watching import age  # noqa: PLC0415  # see above

        picture, begun = self._newest
        report = picture.watched.report
        return evolve(picture, age=age(report, begun, self._machine)) if report else picture
