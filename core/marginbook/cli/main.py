"""
The group of commands, and what an error of ours looks like on a terminal.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Final

import click

from marginbook.cli.check import check
from marginbook.cli.diff import diff
from marginbook.cli.history import history, replay, show
from marginbook.cli.options import silence
from marginbook.cli.report import report
from marginbook.cli.sandbox import demo, sandbox
from marginbook.cli.scaffold import new_venue
from marginbook.cli.serve import serve
from marginbook.cli.telling import INTERRUPTED
from marginbook.cli.venues import venues
from marginbook.cli.watch import watch
from marginbook.errors import HistoryError, MarginbookError, UnwrittenError

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Complaint(click.ClickException):
    """
    The question was wrong.
    """

    exit_code = 2


class _Cut(click.ClickException):
    """
    The question was right, and there is no whole answer.
    """

    exit_code = 1


#: What a full or broken disk says.
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class _Commands(click.Group):
    """
    Tells errors of ours, of disks and of people without a traceback.
    """

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """
        Read the command line, which may print the help.
        """
        with _plainly():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """
        Run the command.
        """
        with _plainly():
            return super().invoke(ctx)


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    if sys.stdout is None:
        msg = "Standard output is closed, so nobody would see an answer.\nRedirect it to a file, or to /dev/null."
        raise _Complaint(msg)
    try:
        try:
            yield
        finally:
            # Here, where it can be told; at the end of the process nobody would hear of it.
            sys.stdout.flush()
    except (HistoryError, UnwrittenError) as error:
        raise _Cut(f"{error.message}\n{error.hint}".rstrip()) from None
    except MarginbookError as error:
        raise _Complaint(f"{error.message}\n{error.hint}".rstrip()) from None
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        silence(sys.stdout)
        msg = f"The output could not be written: {error.strerror}. What was written of it is not whole."
        raise _Cut(msg) from None


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


for command in (report, watch, serve, history, show, replay, diff, check, venues, new_venue, sandbox, demo):
    main.add_command(command)
