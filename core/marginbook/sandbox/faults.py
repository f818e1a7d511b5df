"""
The sandbox can be told to misbehave: which faults there are, and which request they hit.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Self

from attrs import frozen
from werkzeug.exceptions import ClientDisconnected

from marginbook.errors import ConfigurationError
from marginbook.sandbox.bodies import BODY, CHANGED
from marginbook.sandbox.doors import CONNECTION
from marginbook.sandbox.effects import NORMAL, Door, Effect, Switch
from marginbook.sandbox.sending import SOCKET
from marginbook.sandbox.stage import Actor
from marginbook.sandbox.statuses import STATUS
from marginbook.sandbox.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from werkzeug.wrappers import Request


#: All faults by name; ``about`` says in a sentence what each does.
FAULTS: Final[Mapping[str, Effect]] = {
    **CONNECTION,
    **SOCKET,
    **STATUS,
    **BODY,
    "mode-switch": Switch(
        "One answer breaks off in its body, and every amount of those after it is another.",
        SOCKET["reset-in-body"],
        CHANGED,
    ),
}

#: Characters of an option that is told apart from a word: an address on a chain has more.
_LONG: Final = 20

#: How a fault is written.
SYNTAX: Final = "[ACCOUNT][:N]=FAULT"

_read: Final = re.compile(r"(?P<account>.*?)(?::(?P<nth>[0-9]{1,9}))?=(?P<name>[^=]*)", re.DOTALL).fullmatch


@frozen
class Fault:
    """
    Something that goes wrong, and where.

    Args:
        name: What goes wrong: one of `FAULTS`.

        account: The account that it hits; "" for all requests, those that name no account included.

        nth: The only request that it hits, counted from 1: of that account, or of all where *account* is "". 0 is for
            each. ``mode-switch`` begins with it, and with the first where it is 0.

    Raises:
        ConfigurationError: There is no such fault, or none that could hit such a request.

    """

    name: str
    account: str = ""
    nth: int = 0

    def __attrs_post_init__(self) -> None:
        if self.name not in FAULTS:
            msg = f"There is no fault {self.name!r}."
            raise ConfigurationError(msg, hint=f"There are {', '.join(FAULTS)}.")
        if self.nth < 0:
            msg = f"The fault {self.name} is for request {self.nth}."
            raise ConfigurationError(msg, hint="Count requests from 1.")
        if self.nth and self.is_door:
            msg = f"The fault {self.name} is for request {self.nth}, and nobody can count what never arrives."
            raise ConfigurationError(msg, hint="Leave the number out: it hits all requests.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a fault as it is written on a command line: ``binance-hmac=reset``, ``binance-hmac:2=http-500``,
        ``:3=cut-body`` or ``=stall``.

        Raises:
            ConfigurationError: It is not written like that, or there is no such fault.

        """
        found = _read(text)
        if found is None or int(found["nth"] or 1) == 0:
            msg = f"The fault {text!r} cannot be read."
            hint = f"Write {SYNTAX}, with N counted from 1: binance-hmac=reset, binance-hmac:2=http-500 or =stall."
            raise ConfigurationError(msg, hint=hint)
        return cls(found["name"], found["account"], int(found["nth"] or 0))

    @property
    def effect(self) -> Effect:
        """
        What it does.
        """
        return FAULTS[self.name]

    @property
    def is_door(self) -> bool:
        """
        Whether it keeps all requests from arriving.
        """
        return isinstance(self.effect, Door)

    @property
    def begins(self) -> int:
        """
        The first request that it hits, or 0 for each.
        """
        return self.nth or int(isinstance(self.effect, Switch))


@frozen
class Plan:
    """
    Which fault hits which request.

    Args:
        faults: The faults. The one of the request's account goes before the one of all, and the one for a single
            request before the one for each.

        actors: The accounts that there are.

        tally: Where requests are counted.

    Raises:
        ConfigurationError: A fault is for an account that there is not, or another fault stands in its way.

    """

    faults: Sequence[Fault]
    actors: Sequence[Actor]
    tally: Tally

    def __attrs_post_init__(self) -> None:
        _check_accounts(self.faults, [actor.name for actor in self.actors])
        _check_numbers(self.faults)
        _check_doors(self.faults)

    def door(self, account: str) -> Door | None:
        """
        Return what the address of an account leads to, or None if that is the sandbox.
        """
        for fault in self._of(account):
            if isinstance(fault.effect, Door):
                return fault.effect
        return None

    def hit(self, request: Request) -> tuple[str, Effect]:
        """
        Count a request, and return whose it is, or "", and what becomes of it.
        """
        account = self._whose(request)
        came = self.tally.came(account)
        for fault in self._of(account):
            if effect := fault.effect.at(fault.begins, came[fault.account]):
                return account, effect
        return account, NORMAL

    def _of(self, account: str) -> Iterable[Fault]:
        """
        Return what may hit an account, the first first.
        """
        own = (fault for fault in self.faults if fault.account in {account, ""})
        return sorted(own, key=lambda fault: (fault.account == account, fault.begins), reverse=True)

    def _whose(self, request: Request) -> str:
        """
        Return the account of which most is in a request, or "".
        """
        sent = set(map(str.casefold, _texts(request)))
        known = {actor.name: len(sent.intersection(_marks(actor))) for actor in self.actors}
        return max((name for name in known if known[name]), key=known.__getitem__, default="")


def _marks(actor: Actor) -> set[str]:
    """
    Return what an account is known by: its credentials, and options that are as long as an address on a chain.
    """
    options = (value for value in actor.options.values() if isinstance(value, str) and len(value) >= _LONG)
    return {text.casefold() for text in (*actor.credentials.values(), *options) if text}


def _texts(request: Request) -> Iterator[str]:
    """
    Return all in a request that may say whose it is: values of headers, and their parts, as some venues write a key
    among others; of the query; segments of the path; and what a body in JSON has.
    """
    for _, value in request.headers:
        yield from (value, *re.split(r"[\s,;=]+", value))
        yield from _basic(value)
    yield from request.path.split("/")
    yield from request.args.values()
    # Who goes in the middle of a body has not said who it is.
    with contextlib.suppress(ValueError, ClientDisconnected):
        yield from _leaves(json.loads(request.get_data() or b"null"))


def _basic(value: str) -> list[str]:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "basic":
        return []
    with contextlib.suppress(ValueError):
        return base64.b64decode(rest).decode().split(":")
    return []


def _leaves(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from (text for child in value.values() for text in _leaves(child))
        case list():
            yield from (text for child in value for text in _leaves(child))


def _check_accounts(faults: Iterable[Fault], accounts: Sequence[str]) -> None:
    for fault in faults:
        if fault.account and fault.account not in accounts:
            msg = f"The fault {fault.name} is for the account {fault.account!r}, which nobody plays."
            raise ConfigurationError(msg, hint=f"The sandbox plays {', '.join(accounts)}.")


def _check_numbers(faults: Iterable[Fault]) -> None:
    taken: dict[tuple[str, int], Fault] = {}
    for fault in faults:
        place = (fault.account, fault.begins)
        if place in taken:
            what = f"the account {fault.account}" if fault.account else "all accounts"
            msg = f"The faults {taken[place].name} and {fault.name} would hit the same request of {what}."
            raise ConfigurationError(msg, hint="Give them different numbers, as in ACCOUNT:2=FAULT.")
        taken[place] = fault


def _check_doors(faults: Sequence[Fault]) -> None:
    for door, other in itertools.product([fault for fault in faults if fault.is_door], faults):
        # A door of its own goes before the one of all.
        if not other.is_door and door.account in {other.account, ""}:
            msg = f"The fault {other.name} would never happen: {door.name} lets no request arrive."
            raise ConfigurationError(msg, hint="Give them different accounts.")
