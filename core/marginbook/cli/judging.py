"""
What ``marginbook report`` is held against: expected balances, and alerts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from marginbook.reconciling import Alert, Condition, Expected
    from marginbook.report import BalanceReport

expect: Final = click.option(
    "--expect",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Compare with the expected balances in a file of TOML or CSV. What is not as expected is told on standard"
    " error. A first file: --format expect.",
)

expect_listed: Final = click.option(
    "--expect-listed",
    is_flag=True,
    help="Compare the rows in the file of --expect alone. Otherwise, a row that is not in it is a mismatch too.",
)

alert: Final = click.option(
    "--alert",
    metavar="CONDITION",
    multiple=True,
    help='Tell on standard error where a figure meets a condition, such as "margin_ratio > 0.8" or "available_balance'
    " < 1000 where asset=USDT\". A figure that is not known is told as well. Amounts are in units of the row's asset,"
    " so say which asset is meant. May be repeated.",
)


def judge(
    path: Path | None, conditions: Sequence[str], *, only_listed: bool = False
) -> Callable[[BalanceReport], bool]:
    """
    Read what is expected, and return what holds a report against it: True if all is well.

    What is not is told on standard error, since standard output is the report's.

    Raises:
        ConfigurationError: What is expected makes no sense.

    """
    if only_listed and path is None:
        msg = "--expect-listed says how to compare, but not with what."
        raise ConfigurationError(msg, hint="Add --expect FILE.")
    if path is None and not conditions:
        return lambda _: True
    # Most reports are held against nothing.
    from marginbook.reconciling import condition, load_expected  # noqa: PLC0415

    wanted = [condition(text) for text in conditions]
    expected = None if path is None else load_expected(path, only_listed=only_listed)

    def judged(report: BalanceReport) -> bool:
        # Both are told, whatever becomes of the first.
        return all([expected is None or _as_expected(report, expected), not wanted or _quiet(report, wanted)])

    return judged


def _as_expected(report: BalanceReport, expected: Expected) -> bool:
    from marginbook.reconciling import reconcile  # noqa: PLC0415  # see above

    found = reconcile(report, expected)
    for line in (*found.mismatches, found):
        click.echo(line, err=True)
    return not found.mismatches


def _quiet(report: BalanceReport, wanted: Sequence[Condition]) -> bool:
    from marginbook.reconciling import alerts  # noqa: PLC0415  # see above

    found = alerts(report, wanted)
    told = [alert for alert in found if alert.state != "clear"]
    for alert in told:
        click.echo(alert, err=True)
    click.echo(_counts(found), err=True)
    return not told


def _counts(found: Sequence[Alert]) -> str:
    states = [alert.state for alert in found]
    return f"Alerts: {', '.join(f'{states.count(state)} {state}' for state in ('raised', 'unknown', 'clear'))}."
