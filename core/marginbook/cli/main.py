"""
The group of commands, and what an error of ours looks like on a terminal.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Any

import click

from marginbook.cli.report import report
from marginbook.cli.sandbox import demo, sandbox
from marginbook.cli.venues import venues
from marginbook.errors import MarginbookError


class _Complaint(click.ClickException):
    """
    The question was wrong.
    """

    exit_code = 2


class _Commands(click.Group):
    """
    Tells errors of ours without a traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """
        Run the command.
        """
        try:
            return super().invoke(ctx)
        except MarginbookError as error:
            raise _Complaint(f"{error.message}\n{error.hint}".rstrip()) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="marginbook")
def main() -> None:
    """
    Ask every derivatives account that you own, at every venue, what it holds.

    Try it without any account: marginbook demo
    """
    # A name that the output's encoding lacks is spelled out: an error would cost the report that it stands in.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


for command in (report, venues, sandbox, demo):
    main.add_command(command)
