"""
``marginbook report``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress as Bar

from marginbook.cli.options import (
    accounts_file,
    detail,
    form,
    max_workers,
    price_source,
    prices_file,
    timeout,
    value_in,
)
from marginbook.cli.telling import tell
from marginbook.cli.valuing import Pricing
from marginbook.collecting import Progress, asked_for, collect
from marginbook.output import View
from marginbook.registry import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from marginbook.accounts import Account
    from marginbook.output import Output
    from marginbook.report import BalanceReport, Valuation


@click.command()
@accounts_file
@click.option("--only", metavar="NAME", multiple=True, help="Ask this account alone. May be repeated.")
@form
@detail
@timeout
@max_workers
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@value_in
@prices_file
@price_source
def report(
    path: Path,
    only: tuple[str, ...],
    form: str,
    detail: str | None,
    timeout: float,
    max_workers: int,
    quiet: bool,
    currency: str | None,
    table: Path | None,
    named: tuple[str, ...],
) -> None:
    """
    Ask all accounts and print one report.

    \b
    An accounts file has a table for each account:
        [accounts.desk-a]
        venue = "binance-usdm"
        api_key = "env:DESK_A_KEY"        # or file:PATH, cmd:COMMAND, keyring:SERVICE/NAME
        api_secret = "env:DESK_A_SECRET"
    'marginbook venues' says what each venue needs and offers.

    \b
    Values need prices: those of a file of your own, and the public ones of the venues in the report:
        marginbook report --value-in USD --prices prices.toml
        [prices.USD]
        USDT = "0.9998"

    \b
    Exit status:
        0  every account could be read, and what is to be valued has a price
        1  something is missing from the report, which says what and why
        2  the question was wrong: no report was made
    """
    registry = installed()
    accounts, output = asked_for(path, registry, only), registry.output(form)
    pricing = Pricing.of(currency, table, named, {account.venue for account in accounts})
    made = ask(accounts, timeout=timeout, max_workers=max_workers, quiet=quiet, detail=detail)
    valuation = pricing.value(made, timeout=timeout, quiet=quiet) if pricing else None
    write(made, output, valuation)
    sys.exit(0 if made.complete and (valuation is None or valuation.complete) else 1)


def ask(
    accounts: Sequence[Account], *, timeout: float, max_workers: int, quiet: bool, detail: str | None = None
) -> BalanceReport:
    """
    Collect, and show the progress on standard error: a bar on a terminal, a line an account elsewhere.
    """

    def collected(progress: Callable[[Progress], object] | None) -> BalanceReport:
        return collect(accounts, timeout=timeout, max_workers=max_workers, progress=progress, detail=detail)

    console = Console(stderr=True)
    if quiet:
        return collected(None)
    if not console.is_terminal:
        return collected(_line)
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("Asking", total=len(accounts))
        return collected(lambda progress: bar.update(task, completed=progress.done, description=progress.account))


def write(made: BalanceReport, output: Output, valuation: Valuation | None = None) -> None:
    """
    Print a report on standard output. What is for programs is UTF-8 everywhere.
    """
    view = View(made, valuation)
    if output.show:
        output.show(view)
        return
    written = output.write(view)
    click.echo(written.encode() if isinstance(written, str) else written, nl=False)


def _line(progress: Progress) -> None:
    state = f"failed: {progress.failure.kind}" if progress.failure else "ok"
    tell(f"[{progress.done}/{progress.asked}] {progress.account}: {state}")
