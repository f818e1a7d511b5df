"""
Writes a report in one of the forms that are installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from marginbook.files import writable, write_whole
from marginbook.output import View
from marginbook.registry import installed

if TYPE_CHECKING:
    import os

    from marginbook.output import Output
    from marginbook.registry import Registry
    from marginbook.report import BalanceReport, Valuation


def write(
    report: BalanceReport,
    path: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002  # what --format is on the command line
    *,
    valuation: Valuation | None = None,
    by: Literal["account", "venue", "asset"] = "account",
    zeros: bool = True,
    registry: Registry | None = None,
) -> None:
    """
    Write a report to a file in one step: the file that was there stays whole until the new one is.

    Args:
        report: What to write. An incomplete one is written as well, and says so in every form.

        path: The file. A new one can be read by its owner alone.

        format: The name of the form. What the end of the file's name says, unless given.

        valuation: What the report is worth, for the forms that show it.

        by: What rows belong together. Only forms for people heed it.

        zeros: False to fold the rows that hold nothing. Only forms for people heed it.

        registry: Knows the forms. All installed ones, unless given.

    Raises:
        ConfigurationError: There is no such form, a package that it needs is missing, or no file can be there.

        UnwrittenError: The disk is full, or fails. What was there is as it was.

        PluginError: The plugin of the form failed.

    """
    path = Path(path)
    output = chosen(registry or installed(), format, path)
    save(View(report, valuation, by=by, zeros=zeros), output, path)


def chosen(registry: Registry, name: str | None, path: Path | None = None) -> Output:
    """
    Return the form called *name*, or what the end of the file's name says, or the table.

    What would keep it from being written is found here, before anybody is asked.

    Raises:
        ConfigurationError: There is none, a package that it needs is missing, or no file can be at *path*.

    """
    if path is not None:
        writable(path)
    output = registry.output(name or "table") if name or path is None else registry.output_for(path.name)
    if output.check:
        output.check()
    return output


def save(view: View, output: Output, path: Path) -> None:
    """
    Write what is seen to a file. Text is UTF-8 everywhere.

    Raises:
        ConfigurationError: No file can be at *path*.

        UnwrittenError: The disk is full, or fails. What was there is as it was.

    """
    written = output.write(view)
    write_whole(path, written.encode() if isinstance(written, str) else written)
