"""
``marginbook sandbox`` and ``marginbook demo``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from marginbook.cli.options import by, detail, form, target, zeros
from marginbook.cli.report import ask, choose, write
from marginbook.errors import ConfigurationError
from marginbook.output import View
from marginbook.registry import installed

if TYPE_CHECKING:
    from typing import Literal

    from marginbook.sandbox import Sandbox


def _list_faults(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    # See below.
    from marginbook.sandbox import FAULTS  # noqa: PLC0415

    width = max(map(len, FAULTS))
    for name, effect in FAULTS.items():
        click.echo(f"{name:{width}}  {effect.about}")
    context.exit()


_venues = click.option("--venue", "venues", metavar="ID", multiple=True, help="Play this venue alone. May be repeated.")


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Where to listen on 127.0.0.1. [default: any free port]"
)
@_venues
@click.option(
    "--write-accounts",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write an accounts file to try it with. An existing file is left alone.",
)
@click.option(
    "--fault",
    "faults",
    metavar="[ACCOUNT][:N]=FAULT",
    multiple=True,
    help="Misbehave: for this account or for all, at the N-th request or at each. May be repeated.",
)
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_faults,
    help="Say what each fault does, and play nothing.",
)
def sandbox(port: int, venues: tuple[str, ...], path: Path | None, faults: tuple[str, ...]) -> None:
    """
    Play all installed venues on this machine, until Ctrl-C.

    It checks each key, signature and time as the venues do, and answers errors in their own shape. Its accounts are
    made up, and its secrets worthless.

    \b
    Try it in two terminals:
        marginbook sandbox --write-accounts sandbox.toml
        marginbook report --accounts sandbox.toml

    \b
    Let things go wrong:
        --fault binance-hmac=reset         each request of this account
        --fault binance-hmac:2=http-500    its second request
        --fault :3=cut-body                the third request of all
        --fault =stall                     all requests
    """
    with _open(port, venues, faults) as played:
        if path:
            _write_new(path, played.accounts_file())
        click.echo(f"Playing {', '.join(sorted({a.venue for a in played.accounts()}))} at {played.url}.")
        click.echo(f"Ask it: marginbook report --accounts {path}" if path else "Use --write-accounts to ask it.")
        click.echo("Stop with Ctrl-C.")
        played.wait()


@click.command()
@_venues
@form
@target
@by
@zeros
@detail
def demo(
    venues: tuple[str, ...],
    form: str | None,
    target: Path | None,
    by: Literal["account", "venue", "asset"],
    zeros: bool,
    detail: str | None,
) -> None:
    """
    Show a report of made-up accounts.

    They are asked over real HTTP, from venues that this machine plays, with every signature checked. This needs no
    key, no accounts file and no network.
    """
    output = choose(installed(), form, target)
    with _open(0, venues, ()) as played:
        made = ask(played.accounts(), timeout=30.0, max_workers=16, quiet=False, detail=detail)
    write(View(made, by=by, zeros=zeros), output, target)
    sys.exit(0 if made.complete else 1)


def _open(port: int, venues: tuple[str, ...], faults: tuple[str, ...]) -> Sandbox:
    # The server library is for the sandbox alone.
    from marginbook.sandbox import Fault, Sandbox  # noqa: PLC0415

    stages = installed().stages()
    known = sorted(stage.venue for stage in stages)
    if strangers := sorted(set(venues).difference(known)):
        msg = f"Nobody plays {', '.join(strangers)}."
        raise ConfigurationError(msg, hint=f"The sandbox can play {', '.join(known)}.")
    played = (stage for stage in stages if not venues or stage.venue in venues)
    return Sandbox(played, port=port, faults=[Fault.parse(text) for text in faults])


def _write_new(path: Path, text: str) -> None:
    try:
        # Secrets stand in it: worthless ones, but nobody should get used to a file of them that everybody can read.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        msg = f"{path} is there already."
        raise ConfigurationError(msg, hint="Choose another name, or move it away: it may be yours.") from None
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}."
        raise ConfigurationError(msg, hint="Choose another place.") from None
