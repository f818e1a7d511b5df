"""
``marginbook serve``.
"""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from marginbook.cli.options import accounts_file, detail, ended_by_sigterm, max_workers, only, timeout
from marginbook.collecting import asked_for, collect
from marginbook.errors import ConfigurationError
from marginbook.hosts import is_loopback
from marginbook.registry import installed

if TYPE_CHECKING:
    from collections.abc import Callable

    from marginbook.serving import Newest, Token


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="Where to listen; 0 for any free port.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen at. Any but this machine's own needs a token.",
)
@click.option(
    "--every",
    type=click.FloatRange(1, 86_400),
    default=60.0,
    show_default=True,
    help="Seconds from one report to the next. More, where rate limits ask for it.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="The file with the token that requests have to bring. [env var: MARGINBOOK_SERVE_TOKEN, for the token itself]",
)
@accounts_file
@only
@detail
@timeout
@max_workers
def serve(
    port: int,
    host: str,
    every: float,
    token_file: Path | None,
    path: Path,
    only: tuple[str, ...],
    detail: str | None,
    timeout: float,
    max_workers: int,
) -> None:
    """
    Make a report again and again, and serve the newest over HTTP.

    \b
    /               a page for people
    /report.json    the report, likewise .csv, .txt and each ending of an installed output
    /metrics        for Prometheus
    /healthz        200 if the newest report is complete and fresh; else 503, and why

    There is only something to read. No request asks a venue: that happens in the background, and spends at most half
    of each venue's rate limits. A report that is older than three intervals, or that could not be made anew, says
    that it is stale wherever it is shown.

    With a token, requests have to bring it: 'Authorization: Bearer TOKEN'. The server speaks plain http, so that on
    another address than this machine's own everybody on the way can read it, the token too: put a proxy with TLS
    before it, or a tunnel.

    \b
    Exit status:
        0  it was stopped, by Ctrl-C or SIGTERM
        2  the question was wrong, or nobody can listen there
    """
    # The other commands do without these.
    from marginbook.pacing import pace  # noqa: PLC0415
    from marginbook.serving import Keeper, Server, Site, Token  # noqa: PLC0415
    from marginbook.serving.site import LOOPBACK  # noqa: PLC0415
    from marginbook.transport import MACHINE  # noqa: PLC0415

    registry = installed()
    accounts = asked_for(path, registry, only)
    token = _checked(host, Token.find(token_file))
    found = pace(accounts, registry, every)
    make = partial(collect, accounts, timeout=timeout, max_workers=max_workers, detail=detail)
    keeper = Keeper(make, found.every, MACHINE, _reporter())
    hosts = LOOPBACK | {_bracketed(host)} if is_loopback(host) else None
    # All outputs now, since loading plugins is nothing for many threads.
    site = Site(newest=lambda: keeper.newest, outputs=registry.outputs(), hosts=hosts, token=token)
    with contextlib.suppress(KeyboardInterrupt), ended_by_sigterm(), Server(site, host=host, port=port) as server:
        click.echo(f"Serving the newest report of {len(accounts)} accounts, one every {found.every:g} s: {server.url}")
        click.echo("Stop with Ctrl-C.")
        _warn(found.note, token_file, host)
        with keeper:
            server.wait()


def _checked(host: str, token: Token | None) -> Token | None:
    if token is None and not is_loopback(host):
        msg = f"Who can reach {host or 'any address of this machine'} could read all balances: there is no token."
        hint = "Name a file with one by --token-file, or leave out --host and use a tunnel such as ssh -L."
        raise ConfigurationError(msg, hint=hint)
    return token


def _bracketed(host: str) -> str:
    return f"[{host}]".lower() if ":" in host else host.lower()


def _warn(note: str, token_file: Path | None, host: str) -> None:
    from marginbook.accounts.permissions import exposure  # noqa: PLC0415  # see above

    clear = "" if is_loopback(host) else "This is plain http: put a proxy with TLS before it, or a tunnel."
    for text in filter(None, [note, exposure(token_file) if token_file else "", clear]):
        click.echo(text, err=True)


def _reporter() -> Callable[[Newest], None]:
    """
    Return what writes a line on standard error whenever the newest report has become better or worse.
    """
    last: list[str] = []

    def say(newest: Newest) -> None:
        problems = newest.problems
        state = "\n".join(newest.report.missing if newest.report else ()) + newest.trouble
        if last != [state]:
            last[:] = [state]
            # A log that is full, or that nobody reads any more, must not end the reports.
            with contextlib.suppress(OSError):
                click.echo(f"{newest.machine.now():%Y-%m-%d %H:%M:%S} UTC {' '.join(problems) or 'complete'}", err=True)

    return say
