"""
What a venue says of itself has to be whole, and true of what it fills.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from marginbook.registry import installed
from marginbook.values import AMOUNTS, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marginbook.seam import Venue
    from marginbook.testing.subject import Subject
    from marginbook.values import Balance

FIELDS: Final = (*AMOUNTS, "updated_at")


def of_itself(venue: Venue) -> Iterator[str]:
    """
    Yield what is missing from the description of a venue.
    """
    if venue.sign and not venue.credentials:
        yield "Venue.credentials is empty, and there is a sign: declare what it signs with."
    if venue.credentials and not venue.sign:
        yield "Venue.credentials are declared, and nothing signs with them: give Venue.sign, or make them options."
    names = [*(secret.name for secret in venue.credentials), *(option.name for option in venue.all_options)]
    yield from (f"{name} is declared twice, as a credential or an option." for name in _twice(names))
    helps = {**{c.name: c.help for c in venue.credentials}, **{o.name: o.help for o in venue.options}}
    yield from (
        f"{name} has no help: say in a sentence what it is." for name, text in helps.items() if not text.strip()
    )
    for name, url in venue.hosts.items():
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or url.endswith("/"):
            yield f"Venue.hosts[{name!r}] is {url!r}: it has to be https://, without a slash at its end."
    for name in FIELDS:
        if name not in venue.fills and name not in venue.unknown:
            yield f"{name}: neither in Venue.fills, with its source, nor in Venue.unknown, with the reason."
    for place, told in (("fills", venue.fills), ("unknown", venue.unknown), ("ignores", venue.ignores)):
        yield from (
            f"Venue.{place}[{name!r}] is empty: say it in words." for name, why in told.items() if not why.strip()
        )
    if not venue.specification:
        yield "Venue.specification is empty: it is in the generated client, in specification.py."


def of_plugin(venue_id: str) -> Iterator[str]:
    """
    Yield what is wrong with how a venue is found.
    """
    found = [plugin for plugin in installed().plugins() if any(venue.id == venue_id for venue in plugin.venues)]
    if not found:
        yield f"No plugin has the venue {venue_id}: install the package, and look at 'marginbook venues --plugins'."
    for plugin in found:
        if venue_id not in plugin.names:
            yield f"{plugin.source} has no entry point {venue_id!r} in the group marginbook: name it after the venue."
        yield from plugin.problems


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _rows(subject: Subject) -> dict[str, tuple[Balance, ...]]:
    told: dict[str, object] = {
        **subject.answers,
        **{f"portrait {name}": o for (name, _), o in subject.portraits.items()},
    }
    replayed = {body.name: subject.makes(body) for body in subject.extra}
    return {name: found.balances for name, found in {**told, **replayed}.items() if isinstance(found, Statement)}


def of_figures(subject: Subject) -> Iterator[str]:
    """
    Yield where what is filled is not what is declared.
    """
    venue, known = subject.venue, set()
    for name, rows in _rows(subject).items():
        for row in rows:
            told = {figure for figure in FIELDS if getattr(row, figure) is not None}
            known |= told
            yield from (
                f"{figure} of {row.asset} in {name} is {getattr(row, figure)}, and Venue.fills does not name it:"
                " say there what it is made of, or leave it None."
                for figure in sorted(told - venue.fills.keys())
            )
            for figure, basis in row.basis.items():
                if basis != "reported" and "derived" not in venue.fills.get(figure, "derived"):
                    yield f"{figure} of {row.asset} in {name} is {basis}, and Venue.fills says that it is reported."
                if (
                    basis == "reported"
                    and venue.fills.get(figure, "").startswith("derived")
                    and not _is_either(venue, figure)
                ):
                    yield f"{figure} of {row.asset} in {name} is reported, and Venue.fills says that it is derived."
    yield from (
        f"Venue.fills names {figure}, and no account of the sandbox and no portrait has it: fill it, or say in"
        " Venue.unknown why it is not known."
        for figure in FIELDS
        if figure in venue.fills and figure not in known
    )


def _is_either(venue: Venue, figure: str) -> bool:
    return "; " in venue.fills[figure]
