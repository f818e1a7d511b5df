"""
``marginbook check``.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from typing import TYPE_CHECKING

import click
from attrs import asdict

from marginbook.checking import check as look
from marginbook.cli.options import accounts_file, max_workers, timeout

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from marginbook.checking import Finding


@click.command()
@accounts_file
@click.argument("names", metavar="[ACCOUNT]...", nargs=-1)
@timeout
@max_workers
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(path: Path, names: tuple[str, ...], timeout: float, max_workers: int, as_json: bool) -> None:
    """
    Look at accounts one part at a time, and say what is wrong and what to do.

    Settings; where each secret was found, never what it is; who else can read the files that secrets are in; this
    machine's clock against the venue's; and whether the venue lets the key read a balance.

    \b
    Exit status:
        0  nothing is wrong
        1  something is wrong
        2  the question was: there is no such account, or the accounts file cannot be read
    """
    findings = look(path, only=names, timeout=timeout, max_workers=max_workers)
    # What is for programs is UTF-8 everywhere.
    click.echo(_json(findings).encode() if as_json else _lines(findings), nl=False)
    sys.exit(any(finding.state == "wrong" for finding in findings))


def _lines(findings: Collection[Finding]) -> str:
    lines = []
    width = max(len(finding.part) for finding in findings)
    for account, group in groupby(findings, key=lambda finding: (finding.account, finding.venue)):
        lines.append(f"{account[0]} ({account[1]})" if account[0] else "accounts file")
        lines += [f"  {finding.state:5}  {finding.part:{width}}  {finding.message}" for finding in group]
    return "".join(f"{line}\n" for line in lines)


def _json(findings: Collection[Finding]) -> str:
    return json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False) + "\n"
