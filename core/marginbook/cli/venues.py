"""
``marginbook venues``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from marginbook.errors import ConfigurationError
from marginbook.registry import Plugin, installed
from marginbook.values import AMOUNTS

if TYPE_CHECKING:
    from marginbook.seam import Option, Venue


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option(
    "--plugins", "as_plugins", is_flag=True, help="List the plugins instead: where each is from, and whether it works."
)
def venues(ids: tuple[str, ...], as_json: bool, as_plugins: bool) -> None:
    """
    List the venues that can be asked.

    With an ID, say what that venue needs, what it offers, and which figures it can tell.

    Plugins that cannot be used are listed with the reason, on standard error.
    """
    if ids and as_plugins:
        msg = "Plugins are listed all together."
        raise ConfigurationError(msg, hint="Leave out the IDs, or --plugins.")
    plugins = installed().plugins()
    if as_plugins:
        # What is wrong with one belongs to the answer here.
        click.echo(json.dumps([_entry(p) for p in plugins], indent=2) if as_json else "\n".join(map(_line, plugins)))
        return
    found = sorted(((v, p) for p in plugins for v in p.venues), key=lambda pair: pair[0].id)
    known = [venue.id for venue, _ in found]
    if strangers := sorted(set(ids).difference(known)):
        msg = f"There is no venue {', '.join(strangers)}."
        # A plugin that has it, and cannot be used, is why.
        broken = [problem for p in plugins if not set(strangers).isdisjoint(p.names) for problem in p.problems]
        raise ConfigurationError(msg, hint=" ".join([*broken, f"There are {', '.join(known)}."]))
    chosen = [(venue, plugin) for venue, plugin in found if not ids or venue.id in ids]
    if as_json:
        click.echo(json.dumps([_document(*pair) for pair in chosen], indent=2))
    else:
        for venue, plugin in chosen:
            click.echo(_page(venue, plugin) if ids else _summary(venue, plugin))
    for problem in (problem for plugin in plugins for problem in plugin.problems):
        click.echo(problem, err=True)


def _entry(plugin: Plugin) -> dict[str, Any]:
    return {
        "distribution": plugin.source.distribution,
        "version": plugin.source.version,
        "module": plugin.source.module,
        "entry_points": list(plugin.names),
        "api_version": plugin.api,
        "status": plugin.status,
        "venues": [venue.id for venue in plugin.venues],
        "problems": list(plugin.problems),
    }


def _line(plugin: Plugin) -> str:
    entries = {
        "status": plugin.status,
        "interface": f"version {plugin.api}" if plugin.api else "no version said",
        "venues": ", ".join(venue.id for venue in plugin.venues),
        "entry points": ", ".join(plugin.names),
    }
    told = [(name, text) for name, text in entries.items() if text] + [("problem", text) for text in plugin.problems]
    return "\n".join([str(plugin.source), *(f"  {name:13}{text}" for name, text in told)]) + "\n"


def _summary(venue: Venue, plugin: Plugin) -> str:
    options = [f"{option.name}{' (required)' if option.required else ''}" for option in venue.all_options]
    entries = {
        "package": str(plugin.source),
        "credentials": ", ".join(credential.name for credential in venue.credentials),
        "options": ", ".join(options),
        "figures": ", ".join(name for name in (*AMOUNTS, "updated_at") if name in venue.fills),
    }
    return "\n".join([f"{venue.id}: {venue.title}", *(f"  {name:13}{text}" for name, text in entries.items())]) + "\n"


def _page(venue: Venue, plugin: Plugin) -> str:
    sections = {
        "Credentials": {credential.name: credential.help for credential in venue.credentials},
        "Options": {option.name: _explain(option) for option in venue.all_options},
        "Hosts": venue.hosts,
        "Figures": venue.fills,
        "Not known": venue.unknown,
    }
    lines = [f"{venue.id}: {venue.title} (from {plugin.source})"]
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
