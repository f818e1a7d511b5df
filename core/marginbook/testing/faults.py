"""
What becomes of an account when something goes wrong on its way.
"""

from __future__ import annotations

import re
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import asdict, evolve

from marginbook.promises import NOTHING
from marginbook.report import Failure
from marginbook.sandbox import FAULTS, Fault
from marginbook.sandbox.bodies import has_amount
from marginbook.sandbox.effects import Spelled
from marginbook.testing import bodies
from marginbook.testing.matrix import (
    AS_SENT,
    EMPTY,
    FAILED,
    MATRIX,
    NOTED,
    OK,
    OWN,
    UNKNOWN,
    UNSEEN,
    expected,
)
from marginbook.testing.subject import PATIENT, hurried
from marginbook.values import AMOUNTS, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Response

    from marginbook.testing.matrix import Cell
    from marginbook.testing.subject import Outcome, Subject
    from marginbook.values import Lock, Summary

_NO_AMOUNT: Final = ". If the amount that the fault changes is no figure of yours, name one in Stage.amount."

#: A word that a venue adds to what it says.
_MARK: Final = "unrepeatable"

#: The words of our own identities.
_OURS: Final = {*AMOUNTS, "as"}

#: Seconds for what will not come.
HASTY: Final = 0.9

#: Milliseconds that a local clock may be wrong by: three hours.
WRONG: Final = 3 * 3600 * 1000


def names(*, patient: bool) -> list[str]:
    """
    Return the faults to try at each venue: without those that no plugin sees, unless there is time for them.
    """
    return [name for name in MATRIX if patient or name not in UNSEEN]


def cell(subject: Subject, fault: str, differs: dict[str, tuple[str, str]]) -> Cell:
    """
    Return what has to become of an account that a fault hits.
    """
    usual = expected(fault, own=fault in OWN and fault in subject.stage().refusals)
    if fault not in differs:
        return usual
    return type(usual)(*differs[fault])


def fault(subject: Subject, name: str, differs: dict[str, tuple[str, str]] | None = None) -> Iterator[str]:
    """
    Yield where an account that a fault hits does not end as it has to.
    """
    wanted = cell(subject, name, differs or {})
    actor = subject.stage().actors[0].name
    (asked, usual), *_ = ((name, o) for name, o in reversed(subject.answers.items()) if name.partition(" ")[0] == actor)
    detail = asked.partition(" with detail ")[2] or None
    if isinstance(usual, Failure):
        yield f"The account {asked} cannot be read without a fault: {usual.message}"
        return
    if name == "empty-list" and not _with_list(usual):
        # There is none to empty.
        return
    for often, state in (("each", wanted.each), ("once", wanted.once)):
        if not state:
            continue
        nth = 0 if often == "each" or name == "mode-switch" else _first(name, usual, subject.stage().amount)
        # Requests without a key are counted as well, and what they ask for may be a list too.
        whose = "" if nth > 1 or name == "empty-list" else actor
        hasty = state in {"timeout", "rate_limited"}
        outcome = subject.ask(
            subject.stage(), detail=detail, faults=[Fault(name, whose, nth)], timeout=HASTY if hasty else PATIENT
        )
        found = _state(outcome, usual)
        # Where nothing is mapped yet, nothing changes, and other tests say so.
        if not _is_right(found, state, wanted) and (found != OK or _has_figures(usual)):
            told = f": {outcome.message}" if isinstance(outcome, Failure) else ""
            told = told or (_NO_AMOUNT if found == OK else "")
            yield (
                f"With the fault {name!r} in {'each request' if often == 'each' else 'one request'}, {actor} is"
                f" {found!r}, and has to be {' or '.join(map(repr, (state, *wanted.also)))}{told}"
            )
        if isinstance(outcome, Failure):
            yield from _badly_told(name, outcome)


def _first(name: str, usual: Statement, amount: str) -> int:
    """
    Return the number of the first request that a fault can change: one with an amount, or a list, if it is to change
    one.
    """
    if name == "empty-list":
        return _with_list(usual)[0]
    told = (number for number, body in enumerate(_bodies(usual), start=1) if has_amount(body.decode(), amount))
    return next(told, 1) if isinstance(FAULTS[name], Spelled) else 1


def _with_list(usual: Statement) -> list[int]:
    """
    Return the numbers of the requests that are answered with a list of something.
    """
    return [number for number, body in enumerate(_bodies(usual), start=1) if bodies.lists({"": body})]


def _bodies(usual: Statement) -> list[bytes]:
    return list(usual.recording.documents.values()) if usual.recording else []


def _has_figures(statement: Statement) -> bool:
    return any(len(row) > 1 for row in told(statement))


def _is_right(found: str, state: str, wanted: Cell) -> bool:
    if FAILED in {state, *wanted.also} and not found.startswith("ok"):
        return True
    return found in {state, *wanted.also}


def _badly_told(name: str, failure: Failure) -> Iterator[str]:
    if not failure.hint:
        yield f"The failure with the fault {name!r} has no hint: say what to do."
    if (failure.until is not None) is not (failure.kind == "rate_limited"):
        yield f"The failure with the fault {name!r} is {failure.kind} until {failure.until}."


def _state(outcome: Outcome, usual: Statement) -> str:
    if isinstance(outcome, Failure):
        return outcome.kind
    before, after = told(usual), told(outcome)
    if before == after:
        return NOTED if any("newField" in note for note in outcome.notes) else OK
    if not outcome.balances:
        return EMPTY if NOTHING in outcome.notes else "ok, and nothing said"
    if [row["asset"] for row in before] != [row["asset"] for row in after]:
        return "ok, with other rows"
    if all(row.keys() == old.keys() for row, old in zip(after, before, strict=True)):
        return AS_SENT
    return UNKNOWN if all(row.keys() <= old.keys() for row, old in zip(after, before, strict=True)) else "ok, with more"


def told(statement: Statement) -> list[dict[str, str]]:
    """
    Return the figures of each row that are the venue's, or made of its own fields, as they are written; those of each
    symbol, and those of the whole account.
    """
    others: list[Lock | Summary] = [*statement.locks, *([statement.summary] if statement.summary else [])]
    return [
        *({"asset": "", **{n: str(v) for n, v in asdict(other).items() if isinstance(v, Decimal)}} for other in others),
        *(
            {
                "asset": row.asset,
                **{
                    name: str(getattr(row, name))
                    for name in AMOUNTS
                    if name in row.basis and not _is_ours(row.basis[name])
                },
            }
            for row in statement.balances
        ),
    ]


def _is_ours(basis: str) -> bool:
    """
    True for our own identities, which are made of our own words.
    """
    words = re.findall(r"\w+", basis.partition(": ")[2])
    return bool(words) and not {*words} - _OURS


def repeats(subject: Subject) -> Iterator[str]:
    """
    Yield where an error repeats a text of the venue, in which the caller's address may stand, or what was sent.
    """
    stage = subject.stage()
    for name, refuse in stage.refusals.items():
        try:
            documents = {"": refuse().get_data()}
            texts = [leaf for leaf in bodies.leaves(documents) if isinstance(leaf.value, str)]
        except ValueError:
            # It is a page, which no plugin takes apart.
            continue
        for leaf in texts:
            if isinstance(leaf.value, bodies.Digits):
                continue
            body = bodies.put(documents, leaf, f"{leaf.value} {_MARK}")[""]
            told = evolve(stage, refusals={**stage.refusals, name: _saying(refuse, body)})
            outcome = subject.ask(told, faults=[Fault(name, stage.actors[0].name)], timeout=HASTY)
            where = ".".join(map(str, leaf.path))
            if isinstance(outcome, Failure) and _MARK in f"{outcome.message} {outcome.hint}":
                yield (
                    f"With the fault {name!r}, the failure repeats the venue's {where}: say in words of your own what"
                    " it means, since the venue may write the caller's address there, or what was sent."
                )


def _saying(refuse: Callable[[], Response], body: bytes) -> Callable[[], Response]:
    def refused() -> Response:
        response = refuse()
        response.set_data(body)
        return response

    return refused


def clock(subject: Subject) -> Iterator[str]:
    """
    Yield where an account cannot be read because the local clock is wrong, though the venue tells the time.
    """
    if not subject.venue.time:
        return
    for off in (WRONG, -WRONG):
        machine = hurried(lambda off=off: time.time_ns() // 1_000_000 + off)  # type: ignore[misc]  # a number
        for actor in subject.stage().actors:
            outcome = subject.ask(subject.stage(), account=actor.name, machine=machine)
            if isinstance(outcome, Failure):
                yield (
                    f"With a local clock that is {off // 3_600_000} hours ahead, {actor.name} is {outcome.kind}:"
                    f" {outcome.message} Let explain return a ClockError, or an error with suspects_clock=True."
                )
