"""
``marginbook venues``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from marginbook.errors import ConfigurationError
from marginbook.registry import Plugin, installed

if TYPE_CHECKING:
    from marginbook.venues import Option, Venue


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def venues(ids: tuple[str, ...], as_json: bool) -> None:
    """
    List the venues that can be asked.

    With an ID, say what that venue needs, what it offers, and which figures it can tell.

    Plugins that cannot be used are listed with the reason, on standard error.
    """
    plugins = installed().plugins()
    found = sorted(((v, p) for p in plugins for v in p.venues), key=lambda pair: pair[0].id)
    known = [venue.id for venue, _ in found]
    if strangers := sorted(set(ids).difference(known)):
        msg = f"There is no venue {', '.join(strangers)}."
        raise ConfigurationError(msg, hint=f"There are {', '.join(known)}.")
    chosen = [(venue, plugin) for venue, plugin in found if not ids or venue.id in ids]
    if as_json:
        click.echo(json.dumps([_document(*pair) for pair in chosen], indent=2, ensure_ascii=False))
    elif ids:
        for venue, plugin in chosen:
            click.echo(_page(venue, plugin))
    else:
        # A name that is cut off could not be typed.
        Console(width=1000, highlight=False).print(_table(chosen))
    for problem in (problem for plugin in plugins for problem in plugin.problems):
        click.echo(problem, err=True)


def _table(chosen: list[tuple[Venue, Plugin]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for heading in ("id", "venue", "package", "credentials", "options (* required)"):
        table.add_column(heading, no_wrap=True)
    for venue, plugin in chosen:
        options = (f"{option.name}{'*' if option.required else ''}" for option in venue.all_options)
        table.add_row(
            Text(venue.id, style="bold"),
            Text(venue.title),
            Text(f"{plugin.source.distribution} {plugin.source.version}"),
            Text(", ".join(credential.name for credential in venue.credentials)),
            Text(", ".join(options)),
        )
    return table


def _page(venue: Venue, plugin: Plugin) -> str:
    source = f"{plugin.source.distribution} {plugin.source.version}"
    sections = {
        "Credentials": {credential.name: credential.help for credential in venue.credentials},
        "Options": {option.name: _explain(option) for option in venue.all_options},
        "Hosts": venue.hosts,
        "Figures": venue.fills,
        "Not known": venue.unknown,
    }
    lines = [f"{venue.id}: {venue.title} (from {source})"]
    for title, entries in sections.items():
        if entries:
            width = max(map(len, entries))
            lines += ["", f"{title}:", *(f"  {name:{width}}  {text}" for name, text in entries.items())]
    return "\n".join(lines) + "\n"


def _explain(option: Option) -> str:
    rest = "Required." if option.required else f"Default: {json.dumps(option.default)}."
    choices = f" One of {', '.join(map(str, option.choices))}." if option.choices else ""
    return f"{option.help}{choices} {rest}"


def _document(venue: Venue, plugin: Plugin) -> dict[str, Any]:
    return {
        "id": venue.id,
        "title": venue.title,
        "package": plugin.source.distribution,
        "version": plugin.source.version,
        "module": plugin.source.module,
        "credentials": [{"name": c.name, "help": c.help} for c in venue.credentials],
        "options": [
            {
                "name": option.name,
                "type": option.kind.__name__,
                "help": option.help,
                "default": option.default,
                "required": option.required,
                "choices": list(option.choices),
            }
            for option in venue.all_options
        ],
        "hosts": venue.hosts,
        "fields": venue.fills,
        "unknown": venue.unknown,
    }
