"""
How a venue reads what was answered: whole, exactly, or not at all.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import evolve

from marginbook.errors import InvalidResponseError, MarginbookError
from marginbook.report import Failure
from marginbook.sandbox import PORTRAITS
from marginbook.testing import bodies
from marginbook.testing.subject import figures
from marginbook.values import AMOUNTS, SUMMARY_AMOUNTS, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from marginbook.sandbox import Portrait, Wallet
    from marginbook.testing.subject import Body, Subject
    from marginbook.values import Balance

_is_number: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch

#: Fields of a list are tried in its first rows and its last: the others are alike.
_TRIED: Final = 3


def accounts(subject: Subject) -> Iterator[str]:
    """
    Yield what cannot be read though nothing is wrong.
    """
    for name, outcome in subject.answers.items():
        if isinstance(outcome, Failure):
            yield f"The account {name} of the sandbox cannot be read: {outcome.kind}: {outcome.message} {outcome.hint}"


def replays(subject: Subject) -> Iterator[str]:
    """
    Yield what is read otherwise once more, without a network.
    """
    if not subject.bodies:
        yield "There is nothing to read: no account of the sandbox can be read, and the suite has no bodies."
    for body in subject.bodies:
        first, again = subject.makes(body), subject.makes(body)
        if first is None:
            yield f"{body.name} is refused when it is replayed: {_refusal(subject, body)}"
        elif again is None or figures(first) != figures(again):
            yield f"{body.name} is read otherwise the second time: fetch may keep nothing in between."


def _refusal(subject: Subject, body: Body) -> str:
    """
    Say why a body is refused, and what may be done about it.
    """
    alone = "fetch may use nothing but the bodies and the options."
    try:
        subject.replay(body)
    except InvalidResponseError as error:
        allow = (
            "If that is what the venue sends, let the specification allow it: nullable, x-may-be-empty, or not"
            " required."
        )
        return f"{error.message} {allow if body in subject.extra else alone}"
    except MarginbookError as error:
        return f"{error.message} {error.hint or alone}"
    return alone


def fields(subject: Subject) -> Iterator[str]:
    """
    Yield each field of the answers that makes no difference and that nobody ignores on purpose.
    """
    used: dict[tuple[str, ...], bool] = {}
    where: dict[tuple[str, ...], str] = {}
    for body in subject.bodies:
        before = subject.makes(body)
        assets = {row.asset for row in before.balances} if before else set()
        for leaf in _some(bodies.leaves(body.documents)):
            # Where rows stand in an object by their asset, that is no name of a field.
            names = tuple(name for name in leaf.names if name not in assets)
            if before is None or used.get(names) or _is_ignored(subject, names):
                continue
            where.setdefault(names, f"{leaf} of {body.name}")
            used[names] = any(_differs(subject, body, before, leaf, value) for value in bodies.others(leaf.value))
    for names, is_used in used.items():
        if not is_used:
            yield (
                f"The field {'.'.join(names[1:]) or names[0]} ({where[names]}) makes no difference to the statement:"
                f" map it, or name it in Venue.ignores with the reason, as {names[-1]!r}."
            )


def _some(found: list[bodies.Leaf]) -> Iterator[bodies.Leaf]:
    counts: dict[tuple[str, ...], int] = {}
    for leaf in found:
        counts[leaf.names] = counts.get(leaf.names, 0) + 1
        if counts[leaf.names] <= _TRIED:
            yield leaf


def _is_ignored(subject: Subject, names: tuple[str, ...]) -> bool:
    path = f".{'.'.join(names)}."
    return any(f".{name}." in path for name in (*subject.venue.ignores, *subject.venue.private))


def _differs(subject: Subject, body: Body, before: Statement, leaf: bodies.Leaf, value: object) -> bool:
    after = subject.makes(evolve(body, documents=bodies.put(body.documents, leaf, value)))
    return after is None or figures(after) != figures(before)


def rows(subject: Subject) -> Iterator[str]:
    """
    Yield where rows of the answer are left out: those that cannot be read, and those of zeros.
    """
    tried: Counter[object] = Counter()
    for body in subject.bodies:
        before = subject.makes(body)
        for place in bodies.lists(body.documents) if before else ():
            # The same fields, asked for in the same way, are alike after a few.
            row = place.value[-1]
            alike = (place.names, frozenset(row) if isinstance(row, dict) else None, frozenset(body.options.items()))
            tried[alike] += 1
            if tried[alike] <= _TRIED:
                yield from _of_list(subject, body, place, len(before.balances))  # type: ignore[union-attr]  # see above


def _of_list(subject: Subject, body: Body, place: bodies.Leaf, count: int) -> Iterator[str]:
    last = len(place.value) - 1
    row = bodies.Leaf(place.document, (*place.path, last), place.value[last])
    fewer = subject.makes(evolve(body, documents=bodies.drop(body.documents, row)))
    if fewer is None or len(fewer.balances) >= count:
        # It is no list of balances, or what it tells is needed.
        return
    for leaf in bodies._leaves(place.document, row.value, row.path):  # noqa: SLF001  # of the same room
        if not (isinstance(leaf.value, str) and _is_number(leaf.value)):
            continue
        for wrong, what in (([leaf.value], "in a list"), (None, "null"), ("NaN", "no number")):
            found = subject.makes(evolve(body, documents=bodies.put(body.documents, leaf, wrong)))
            if found is not None and len(found.balances) < count:
                yield f"With {leaf} of {body.name} {what}, its row is left out: raise an error, all rows or none."
    zeros = bodies.put(body.documents, row, bodies.without_amounts(row.value))
    found = subject.makes(evolve(body, documents=zeros))
    if found is not None and len(found.balances) < count:
        yield f"A row of zeros in {place} of {body.name} is left out: zero is a figure, and the row belongs there."
    yield from _of_twins(subject, body, place, row)


def _of_twins(subject: Subject, body: Body, place: bodies.Leaf, row: bodies.Leaf) -> Iterator[str]:
    """
    Yield where one of two rows that are called alike, and are not alike, is left out without a word.
    """
    twin = bodies.with_other_amounts(row.value)
    before = subject.makes(body)
    instead = subject.makes(evolve(body, documents=bodies.put(body.documents, row, twin)))
    if before is None or instead is None or figures(before) == figures(instead):
        return
    both = subject.makes(evolve(body, documents=bodies.put(body.documents, place, [*place.value, twin])))
    if both is not None and figures(both) in {figures(before), figures(instead)}:
        yield (
            f"With a second row beside the last in {place} of {body.name}, alike but for its amounts, one of the two is"
            " left out: pass on both, and the core says that it is not known which one is right, or raise an error."
        )


def zeros(subject: Subject) -> Iterator[str]:
    """
    Yield each figure that is told, and never where it is zero.
    """
    zero: set[str] = set()
    lost: dict[str, str] = {}
    for body in subject.bodies:
        before = subject.makes(body)
        rows = before.balances if before else ()
        told = {_digits(getattr(row, name)) for row in rows for name in _reported(row)}
        emptied = body.documents
        for leaf in bodies.leaves(body.documents) if rows else ():
            if _is_told(leaf.value) and ("." in leaf.value or _digits(Decimal(leaf.value)) in told):
                emptied = bodies.put(emptied, leaf, type(leaf.value)("0"))
        after = subject.makes(evolve(body, documents=emptied))
        found = {row.asset: row for row in after.balances} if after else {}
        zero |= {name for row in (*rows, *found.values()) for name in AMOUNTS if getattr(row, name) == 0}
        for row in rows:
            for name in _reported(row) if row.asset in found else ():
                if getattr(found[row.asset], name) is None:
                    lost.setdefault(name, f"{name} of {row.asset} in {body.name}")
    # One figure may not hold where another is zero. That is told where both are, or elsewhere.
    yield from (
        f"{where} is not known with a zero in its place, and is nowhere told to be zero: zero is a figure. Ask whether"
        " a field is there, and not whether it is true."
        for name, where in lost.items()
        if name not in zero
    )


def _reported(row: Balance) -> list[str]:
    return [name for name in AMOUNTS if row.basis.get(name) == "reported"]


def absences(subject: Subject) -> Iterator[str]:
    """
    Yield where a figure is zero because nobody told it.
    """
    seen: set[tuple[str, ...]] = set()
    for body in subject.bodies:
        before = subject.makes(body)
        for leaf in bodies.leaves(body.documents) if before else ():
            # A body may be a single word.
            if leaf.names in seen or not (leaf.path and isinstance(leaf.path[-1], str)):
                continue
            seen.add(leaf.names)
            for documents, what in (
                (bodies.drop(body.documents, leaf), "left out"),
                (bodies.put(body.documents, leaf, None), "null"),
                (bodies.put(body.documents, leaf, ""), "empty"),
            ):
                after = subject.makes(evolve(body, documents=documents))
                for figure in _zeroed(before, after):  # type: ignore[arg-type]  # see above
                    yield f"With {leaf} of {body.name} {what}, {figure} is 0: what is not told is None, or an error."


def _zeroed(before: Statement, after: Statement | None) -> list[str]:
    if after is None:
        return []
    old = {row.asset: row for row in before.balances}
    return [
        f"{name} of {row.asset}"
        for row in after.balances
        for name in AMOUNTS
        if row.asset in old
        and row.basis.get(name) == "reported"
        and getattr(old[row.asset], name)
        and getattr(row, name) == 0
    ]


def digits(subject: Subject) -> Iterator[str]:
    """
    Yield each figure that is said to be reported and is not what the venue wrote.
    """
    for body in subject.bodies:
        statement = subject.makes(body)
        written = [Decimal(leaf.value) for leaf in bodies.leaves(body.documents) if _is_told(leaf.value)]
        known = {_digits(amount) for amount in written}
        for row in statement.balances if statement else ():
            for name, basis in row.basis.items():
                amount = getattr(row, name)
                if basis == "reported" and _digits(amount) not in known:
                    yield (
                        f"{name} of {row.asset} in {body.name} is {amount:f}, and no field of the answer has these"
                        " digits with this sign: pass on what the venue wrote, and mark what is made of it with"
                        " balance.derive."
                    )
                elif basis == "reported" and _is_cut(amount, written):
                    yield f"{name} of {row.asset} in {body.name} is {amount}: the venue wrote it with other zeros."


def _is_told(value: object) -> bool:
    return isinstance(value, str) and bool(_is_number(value))


def _digits(amount: Decimal) -> tuple[int, str]:
    sign, figures, _ = amount.as_tuple()
    text = "".join(map(str, figures)).strip("0")
    # A zero may have a sign, and says the same.
    return (sign, text) if text else (0, "")


def _is_cut(amount: Decimal, written: list[Decimal]) -> bool:
    same = [other for other in written if other == amount]
    # Whole numbers of a smallest unit have the digits, and elsewhere there may be a number that is as large.
    whole = amount.as_tuple().digits in [other.as_tuple().digits for other in written]
    return bool(same) and not whole and all(str(other) != str(amount) for other in same)


def identities(subject: Subject) -> Iterator[str]:
    """
    Yield where figures of a portrait, which add up, do so no more: the core notes it of every row.
    """
    for (name, detail), outcome in subject.portraits.items():
        rows = outcome.balances if isinstance(outcome, Statement) else ()
        where = f"the portrait {name!r}{f' with detail {detail}' if detail else ''}"
        for row in rows:
            yield from (
                f"{row.asset} in {where}: {note} Its own figures do, so a field means something else."
                for note in row.notes
                if "do not add up" in note
            )


def stages(subject: Subject) -> Iterator[str]:
    """
    Yield what the stage lacks to be looked at in portraits.
    """
    stage = subject.stage()
    if stage.portray is None:
        yield "The stage cannot be looked at in a portrait: give Stage.portray, and Stage.assets."
    if not stage.assets:
        yield "Stage.assets is empty: name what the wallets of a portrait are counted in."
    names = {portrait.name for portrait in PORTRAITS}
    yield from (
        f"Stage.beyond has {name!r}: there is no such portrait." for name in sorted(stage.beyond.keys() - names)
    )
    if "canonical" in stage.beyond:
        yield "Stage.beyond has 'canonical': every venue can have a position with a gain, an order, and cash."
    yield from (f"Stage.beyond[{name!r}] is empty: say why." for name, why in stage.beyond.items() if not why.strip())


def portrait(subject: Subject, portrait: Portrait) -> Iterator[str]:
    """
    Yield each figure of an account in our own words that comes out as another.
    """
    assets = subject.stage().assets
    for (name, detail), outcome in subject.portraits.items():
        if name != portrait.name:
            continue
        where = f"the portrait {name!r}{f' with detail {detail}' if detail else ''}"
        if isinstance(outcome, Failure):
            yield f"{where} cannot be read: {outcome.kind}: {outcome.message} {outcome.hint}"
            continue
        found = {row.asset: row for row in outcome.balances}
        for asset, wallet in zip(assets, portrait.wallets, strict=False):
            if asset not in found:
                yield f"{where} has no row of {asset}, but of {', '.join(found) or 'nothing'}."
                continue
            yield from _unlike(f"{asset} in {where}", found[asset], wallet, AMOUNTS, subject)
        yield from _strangers(where, found, assets[: len(portrait.wallets)])
        whole = outcome.summary
        if whole and whole.asset in assets[:1]:
            own = {figure: getattr(whole, figure) for figure in SUMMARY_AMOUNTS if figure in AMOUNTS}
            yield from _other(f"the summary of {where}", own, portrait.wallets[0], subject)


def _unlike(where: str, row: Balance, wallet: Wallet, names: tuple[str, ...], subject: Subject) -> Iterator[str]:
    yield from _other(where, {name: getattr(row, name) for name in names}, wallet, subject)
    if wallet.equity and not row.notes and not any(getattr(row, name) for name in names):
        yield f"{where} has no figure at all, and no note says why."


def _other(where: str, told: Mapping[str, Decimal | None], wallet: Wallet, subject: Subject) -> Iterator[str]:
    for name, amount in told.items():
        wanted = getattr(wallet, name)
        if amount is not None and amount != wanted:
            yield (
                f"{name} of {where} is {amount:f}, and it is {wanted:f}: Venue.fills makes it of"
                f" {subject.venue.fills.get(name, 'nothing')}. Map a field that means it, or leave it None."
            )


def _strangers(where: str, found: Mapping[str, Balance], assets: tuple[str, ...]) -> Iterator[str]:
    for asset in found.keys() - set(assets):
        if any(getattr(found[asset], name) for name in AMOUNTS):
            yield f"{where} has a row of {asset} with figures, and holds nothing of it."
