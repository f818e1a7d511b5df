"""
HTML that cannot be broken by the names in it, and the texts that several parts of the page share.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from marginbook.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

UNKNOWN: Final = "?"
DERIVED: Final = "*"

#: Names that a sentence lists before it only counts the others.
_NAMED: Final = 8

#: Digits of a ratio after the point, before its end is only hinted at.
_PLACES: Final = 4

_CENTS: Final = Decimal("0.01")

#: The caller's own context may round otherwise, or not at all. As wide as amounts and values can be.
_ROUNDED: Final = Context(prec=400, rounding=ROUND_HALF_EVEN, traps=[])

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

_LABELS: Final = {
    "wallet_balance": "wallet",
    "unrealized_pnl": "unrealized PnL",
    "available_balance": "available",
    "max_withdraw": "withdrawable",
    "cross_wallet_balance": "cross wallet",
    "cross_unrealized_pnl": "cross PnL",
}


def tag(name: str, *children: str, **attributes: str | None) -> Markup:
    """
    Return an element. Texts and attributes are escaped, an attribute that is None is left out.

    An underscore in the name of an attribute stands for a hyphen, and one at its end for nothing.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(map(escape, children))
    return Markup(f"<{name}{given}>{inner}</{name}>")  # noqa: S704  # its parts were escaped just now


def join(parts: Iterable[str], separator: str = "") -> Markup:
    """
    Put texts and elements one after the other.
    """
    return escape(separator).join(parts)


def label(name: str) -> str:
    """
    Return what the page calls a figure.
    """
    return _LABELS.get(name, name.replace("_", " "))


def names(texts: Sequence[str], *, most: int = _NAMED) -> Markup:
    """
    List names, each kept apart from the direction of its neighbours' scripts, and count those beyond *most*.
    """
    shown = join((tag("bdi", text) for text in texts[:most]), ", ")
    others = len(texts) - most
    return join([shown, f" and {others:,} more" if others > 0 else ""])


def count(number: int, noun: str) -> str:
    """
    Write a number of things, such as ``"1 account"``.
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def stamp(when: datetime) -> str:
    """
    Write a time of UTC to the last digit that it has.
    """
    if when.microsecond:
        return f"{when:%H:%M:%S}.{when.microsecond:06}".rstrip("0").join([f"{when.date().isoformat()} ", ""])
    return f"{when.date().isoformat()} {when:%H:%M:%S}"


def time(when: datetime) -> Markup:
    """
    Return a time of UTC as an element that programs can read.
    """
    return tag("time", f"{stamp(when)} UTC", datetime=when.isoformat())


def age(passed: timedelta) -> str:
    """
    Write how old something is in its two largest units, such as ``"2 h 5 min"``.
    """
    if passed < timedelta():
        return f"{age(-passed)} ahead"
    seconds = int(passed.total_seconds())
    parts: list[str] = []
    for size, unit in _UNITS:
        amount, seconds = divmod(seconds, size)
        if amount or parts or size == 1:
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2])


def money(amount: Decimal) -> str:
    """
    Write a value for a quick look: to two places, unless nothing but zeros would be left.
    """
    rounded = _ROUNDED.quantize(amount, _CENTS)
    return f"{rounded:,f}" if rounded or not amount else plain(amount)


def short(ratio: Decimal) -> str:
    """
    Write a ratio with its first places, and dots for the others: it is never rounded up to what it has not reached.
    """
    whole, _, places = plain(ratio).partition(".")
    return f"{whole}.{places[:_PLACES]}…" if len(places) > _PLACES else plain(ratio)
