"""
``marginbook report``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console

from marginbook.cli.judging import alert, expect, expect_listed, judge
from marginbook.cli.options import (
    accounts_file,
    by,
    detail,
    form,
    history_place,
    max_workers,
    only,
    price_source,
    prices_file,
    target,
    timeout,
    value_in,
    zeros,
)
from marginbook.cli.saving import Saving
from marginbook.cli.telling import INTERRUPTED, tell
from marginbook.cli.valuing import Pricing
from marginbook.collecting import asked_for, collect, interrupted
from marginbook.errors import ConfigurationError
from marginbook.output import View
from marginbook.registry import installed
from marginbook.writing import chosen, save

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Literal

    from marginbook.accounts import Account
    from marginbook.output import Output
    from marginbook.progress import Progress
    from marginbook.registry import Registry
    from marginbook.report import BalanceReport
    from marginbook.values import Recording


def _list_formats(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    registry = installed()
    outputs = registry.outputs().values()
    width, ends = (max(map(len, column)) for column in zip(*((o.name, _ends(o)) for o in outputs), strict=True))
    for output in outputs:
        click.echo(f"{output.name:{width}}  {_ends(output):{ends}}  {output.title}")
    for problem in (problem for plugin in registry.plugins() for problem in plugin.problems):
        click.echo(problem, err=True)
    context.exit()


def _ends(output: Output) -> str:
    return ", ".join(output.suffixes)


@click.command()
@accounts_file
@only
@form
@click.option(
    "--list-formats",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_formats,
    help="List the forms with the ends of their files, and ask nobody.",
)
@target
@by
@zeros
@detail
@value_in
@prices_file
@price_source
@expect
@expect_listed
@alert
@click.option("--save", is_flag=True, help="Append the report to the history, with the answers that it was read from.")
@history_place
@timeout
@max_workers
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def report(
    path: Path,
    only: tuple[str, ...],
    form: str | None,
    target: Path | None,
    by: Literal["account", "venue", "asset"],
    zeros: bool,
    detail: str | None,
    currency: str | None,
    table: Path | None,
    named: tuple[str, ...],
    expect: Path | None,
    expect_listed: bool,
    alert: tuple[str, ...],
    save: bool,
    place: str | None,
    timeout: float,
    max_workers: int,
    quiet: bool,
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
        0  every account could be read, what is to be valued has a price, and all is as expected
        1  something is missing from the report, which says what and why; or it is not as expected,
           or meets an alert, or could not be written or saved
        2  the question was wrong: no report was made
        130  Ctrl-C: the report has what was read until then, and is neither saved nor compared;
           after a second one there is none
    """
    registry = installed()
    accounts, output = asked_for(path, registry, only), choose(registry, form, target)
    pricing = Pricing.of(currency, table, named, {account.venue for account in accounts})
    judged = judge(expect, alert, only_listed=expect_listed)
    saving = Saving(place) if save else None
    record = saving.record if saving else None
    made = ask(
        accounts,
        timeout=timeout,
        max_workers=max_workers,
        quiet=quiet,
        detail=detail,
        record=record,
        interruptible=True,
    )
    whole = not interrupted(made)
    # Before it is printed: whoever reads it may hang up. What is there by chance is nothing to keep.
    saved = saving.save(made) if saving and whole else True
    valuation = pricing.value(made, timeout=timeout, quiet=quiet, ask=whole) if pricing else None
    write(View(made, valuation, by=by, zeros=zeros), output, target)
    if not whole:
        _tell_interrupted(made, saved=save, judged=expect is not None or bool(alert))
        sys.exit(INTERRUPTED)
    if saving:
        saving.tell(quiet=quiet)
    valued = valuation is None or valuation.complete
    sys.exit(0 if all([judged(made), made.complete, valued, saved]) else 1)


def _tell_interrupted(made: BalanceReport, *, saved: bool, judged: bool) -> None:
    read = len(made.accounts) - len(made.failures)
    tell(f"Interrupted: the report has {read} of {len(made.accounts)} accounts.")
    if saved:
        tell("It was NOT saved, since a history of whole reports would show the rest as missing.")
    if judged:
        tell("It was NOT held against what is expected, nor against alerts.")


def ask(
    accounts: Sequence[Account],
    *,
    timeout: float,
    max_workers: int,
    quiet: bool,
    detail: str | None = None,
    record: Callable[[Recording], object] | None = None,
    interruptible: bool = False,
) -> BalanceReport:
    """
    Collect, and show the progress on standard error: a bar on a terminal, a line an account elsewhere.
    """

    def collected(progress: Callable[[Progress], object] | None) -> BalanceReport:
        return collect(
            accounts,
            timeout=timeout,
            max_workers=max_workers,
            progress=progress,
            detail=detail,
            record=record,
            interruptible=interruptible,
        )

    console = Console(stderr=True)
    if quiet:
        return collected(None)
    if not console.is_terminal:
        return collected(_line)
    # As in collect.
    from marginbook.cli.bar import Bar  # noqa: PLC0415
    from marginbook.transport import MACHINE  # noqa: PLC0415

    with Bar(console, len(accounts), timeout, MACHINE) as bar:
        return collected(bar.see)


def choose(registry: Registry, form: str | None, target: Path | None) -> Output:
    """
    Return the form that was asked for, before anybody is asked for what is to be written in it.

    Raises:
        ConfigurationError: It cannot be written, or not on a terminal, or not to that file.

    """
    output = chosen(registry, form, target)
    if output.binary and target is None and sys.stdout.isatty():
        msg = f"The form {output.name!r} is no text, and a terminal cannot show it."
        raise ConfigurationError(msg, hint=f"Write it to a file: --output report{''.join(output.suffixes[:1])}")
    return output


def write(view: View, output: Output, target: Path | None = None) -> None:
    """
    Write a report to a file, or print it on standard output. What is for programs is UTF-8 everywhere.

    Who writes to a file sees nothing of it, so what is missing is told on standard error.
    """
    if target is not None:
        save(view, output, target)
        if missing := view.report.missing:
            tell(f"INCOMPLETE: {target} is written without {', '.join(missing)}.")
    elif output.show:
        output.show(view)
    else:
        written = output.write(view)
        click.echo(written.encode() if isinstance(written, str) else written, nl=False)


def _line(progress: Progress) -> None:
    state = f"failed: {progress.failure.kind}" if progress.failure else "ok"
    tell(f"[{progress.done}/{progress.asked}] {progress.account}: {state}")
