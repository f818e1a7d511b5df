"""
What goes wrong, and what a report may then say.

A fault is a name. What happened to each request is written down under it, so that the judge knows what a failure may be
blamed on.
"""

from __future__ import annotations

from random import Random
from typing import Final, Protocol

from attrs import field, frozen

#: The request never arrives.
LOST: Final = {
    "refused": {"unavailable"},
    "reset": {"unavailable"},
    "connect_timeout": {"timeout"},
    "handshake": {"unavailable"},
    "certificate": {"unavailable"},
}

#: It arrives and is counted, and no whole answer comes back.
CUT_OFF: Final = {
    "broke_off": {"unavailable"},
    "stalled": {"timeout"},
    "chunk_broken": {"unavailable"},
    "body_stalled": {"timeout"},
    "trickled": {"timeout"},
    "garbled_gzip": {"invalid_response"},
    "hung": {"timeout"},
}

#: Another answer comes back: a status, a body in JSON or HTML.
STATUSES: Final = {
    "500": {"unavailable"},
    "502": {"unavailable"},
    "503": {"unavailable"},
    "503_html": {"unavailable"},
    "504": {"unavailable"},
    "520": {"unavailable"},
    "408": {"unavailable"},
    "403_html": {"permission"},
    "404": {"configuration"},
    "451": {"permission"},
    "302": {"configuration"},
    "429": {"rate_limited"},
}

#: The answer is damaged.
DAMAGED: Final = {
    "html": {"invalid_response"},
    "empty": {"invalid_response"},
    "cut_json": {"invalid_response"},
    "not_utf8": {"invalid_response"},
    "renamed": {"invalid_response"},
    "missing": {"invalid_response"},
    "null": {"invalid_response"},
    "nan": {"invalid_response"},
    "float_infinity": {"invalid_response"},
    "twice": {"invalid_response"},
    "other_shape": {"invalid_response"},
}

#: The answer is whole, and has more in it than is known.
ODD: Final[dict[str, set[str]]] = {"drift": set()}

#: What venues answer of their own accord.
ANSWERS: Final = {
    "clock": {"clock"},
    "clock_or_key": {"credentials"},
    "late": {"clock"},
    "unknown_key": {"credentials"},
    "bad_signature": {"credentials"},
    "inactive": {"permission"},
    "limit": {"rate_limited"},
    "ban": {"rate_limited"},
    "plugin": {"plugin"},
}

#: The kinds of failures that each name explains.
KINDS: Final[dict[str, set[str]]] = {**LOST, **CUT_OFF, **STATUSES, **DAMAGED, **ODD, **ANSWERS}

#: Those that a storm has. A wait that no time-out ends costs half a second of real time, so it has a test of its own.
RANDOM: Final = tuple(name for name in (*LOST, *CUT_OFF, *STATUSES, *DAMAGED, *ODD) if name != "hung")


class Plan(Protocol):
    """
    Decides what becomes of each request.
    """

    def draw(self, number: int, now: float) -> str:
        """
        Return the fault of a host's so many-th request, or "".
        """


@frozen
class Calm:
    """
    Nothing goes wrong.
    """

    def draw(self, number: int, now: float) -> str:  # noqa: ARG002  # a plan's
        """
        Return "".
        """
        return ""


@frozen
class Storm:
    """
    Faults by chance, and an outage from one time to another in which each request has the same one.
    """

    random: Random
    rate: float
    faults: tuple[str, ...]
    outage: tuple[float, float] = (0.0, 0.0)
    outage_fault: str = "refused"

    def draw(self, number: int, now: float) -> str:  # noqa: ARG002  # likewise
        """
        Draw one.
        """
        if self.outage[0] <= now < self.outage[1]:
            return self.outage_fault
        return self.random.choice(self.faults) if self.random.random() < self.rate else ""


@frozen
class Nth:
    """
    One fault, at one request.
    """

    number: int
    fault: str
    #: From there on, rather than there alone.
    for_ever: bool = field(default=False, kw_only=True)

    def draw(self, number: int, now: float) -> str:  # noqa: ARG002  # likewise
        """
        Return it when its turn has come.
        """
        hit = number >= self.number if self.for_ever else number == self.number
        return self.fault if hit else ""
