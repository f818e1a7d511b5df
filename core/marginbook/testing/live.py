"""
Records what real accounts answer, without their secrets.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import evolve

from marginbook.report import Failure
from marginbook.testing.signing import given_away
from marginbook.testing.subject import Body, hurried
from marginbook.values import Recording, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from marginbook.accounts import Account
    from marginbook.testing.subject import Subject

#: Seconds that a live account may take.
TIMEOUT = 30.0


def record(subject: Subject, accounts: Iterable[Account], folder: Path | None) -> Iterator[str]:
    """
    Ask each account of the venue, write what it answers to a folder, and yield what went wrong.
    """
    own = [account for account in accounts if account.venue == subject.venue.id]
    if not own:
        yield f"The accounts file has no account of {subject.venue.id}."
    for number, account in enumerate(own, start=1):
        # An account's own name may tell more than its owner wants to publish.
        name = f"{subject.venue.id}-{number}"
        outcome = subject.read(evolve(account, name=name), timeout=TIMEOUT, machine=hurried())
        if isinstance(outcome, Failure):
            yield f"{account.name} is {outcome.kind}: {outcome.message} {outcome.hint}"
        elif folder:
            yield from _write(outcome, account, folder / f"{name}.json")


def _write(statement: Statement, account: Account, path: Path) -> Iterator[str]:
    kept = statement.recording or Recording(account=account.name, venue=account.venue)
    text = json.dumps(
        {
            "venue": kept.venue,
            "options": kept.options,
            "documents": {name: body.decode() for name, body in kept.documents.items()},
        },
        indent=2,
        ensure_ascii=False,
    )
    secrets = {name: secret.reveal() for name, secret in account.credentials.items()}
    if shown := given_away(text, secrets):
        yield f"{', '.join(shown)} would show in {path.name}, so nothing was written: name the field in Venue.private."
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="utf-8")


def recorded(folder: Path | None, venue: str) -> Iterator[Body]:
    """
    Yield what was recorded of a venue.
    """
    for path in sorted(folder.glob("*.json")) if folder else ():
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["venue"] == venue:
            documents = {name: body.encode() for name, body in told["documents"].items()}
            yield Body(path.stem, documents, told["options"])
