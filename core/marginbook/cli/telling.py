"""
What is said on standard error while a command works.
"""

from __future__ import annotations

import sys
from typing import Final

import click

from marginbook.cli.options import silence

#: What shells say of a command that was interrupted.
INTERRUPTED: Final = 130


def tell(text: str) -> None:
    """
    Write a line on standard error.
    """
    try:
        click.echo(text, err=True)
    # A log that is full, or that nobody reads any more, must not cost the report.
    except OSError:
        silence(sys.stderr)
