"""
What is said on standard error while a command works.
"""

from __future__ import annotations

import sys

import click

from marginbook.cli.options import silence


def tell(text: str) -> None:
    """
    Write a line on standard error.
    """
    try:
        click.echo(text, err=True)
    # A log that is full, or that nobody reads any more, must not cost the report.
    except OSError:
        silence(sys.stderr)
