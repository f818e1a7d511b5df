"""
The server: real HTTP on loopback, for all venues at one address.
"""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Final, Self

from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from marginbook.accounts import Account
from marginbook.errors import ConfigurationError
from marginbook.sandbox.faults import Fault, Plan
from marginbook.sandbox.serving import Server
from marginbook.sandbox.tally import Tally

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable
    from types import TracebackType

    from werkzeug.wrappers import Request, Response

    from marginbook.sandbox.effects import Place, Send
    from marginbook.sandbox.stage import Actor, Stage

_LOGGER: Final = logging.getLogger(__name__)


class Sandbox:
    """
    Plays venues while it is open, as a context manager, on a thread of its own.

    Args:
        stages: The venues' parts.

        port: Where to listen on 127.0.0.1; 0 for a free port.

        faults: What goes wrong, and for whom.

    Raises:
        ConfigurationError: Two venues have the same path or the same account, two faults are in each other's way, there
            is no such account as a fault is for, or the port is taken.

    """

    def __init__(self, stages: Iterable[Stage], *, port: int = 0, faults: Iterable[Fault] = ()) -> None:
        self._stages = tuple(stages)
        _check(self._stages)
        self._routes = _routes(self._stages)
        self._hosts = {actor.name: stage for stage in self._stages for actor in stage.actors}
        self._tally = Tally()
        actors = [actor for stage in self._stages for actor in stage.actors]
        self._plan = Plan(tuple(faults), actors, self._tally)
        try:
            self._server = Server(self._play, self._tally, port=port)
        except OSError:
            msg = f"Port {port} of 127.0.0.1 cannot be used."
            raise ConfigurationError(msg, hint="Choose another with --port, or 0 for any that is free.") from None
        self._doors = self._open_doors(actors)

    @property
    def url(self) -> str:
        """
        Where it listens: the ``base_url`` of all its accounts, but for those that a fault keeps away.
        """
        return self._server.url

    @property
    def requests(self) -> int:
        """
        How many requests came in all, in whatever way they ended.
        """
        return self._tally.requests

    @property
    def answered(self) -> Counter[int]:
        """
        How often each HTTP status was sent.
        """
        return self._tally.statuses

    def accounts(self) -> tuple[Account, ...]:
        """
        Return all accounts that it plays, ready to be asked.
        """
        return tuple(
            Account(actor.name, stage.venue, actor.credentials, {"base_url": self._address(actor), **actor.options})
            for stage in self._stages
            for actor in stage.actors
        )

    def accounts_file(self) -> str:
        """
        Return the text of an accounts file for all accounts that it plays.

        The secrets stand in it themselves, since nobody could do anything with them.
        """
        return "\n".join(
            _table(stage.venue, self._address(actor), actor) for stage in self._stages for actor in stage.actors
        )

    def wait(self) -> None:
        """
        Wait until somebody interrupts.
        """
        try:
            # With a time-out, so that an interrupt gets through on every system.
            while self._server.thread.is_alive():
                self._server.thread.join(timeout=1)
        except KeyboardInterrupt:
            return

    def __enter__(self) -> Self:
        for place in (self._server, *self._doors.values()):
            place.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for place in (self._server, *self._doors.values()):
            place.close()

    def _open_doors(self, actors: Iterable[Actor]) -> dict[str, Place]:
        doors = {actor.name: self._plan.door(actor.name) for actor in actors}
        return {name: door.make(self._play, self._tally) for name, door in doors.items() if door}

    def _address(self, actor: Actor) -> str:
        return self._doors.get(actor.name, self._server).url

    def _play(self, request: Request) -> tuple[Response | HTTPException, Send]:
        account, effect = self._plan.hit(request)
        if account:
            effect = effect.on(self._hosts[account])
        response: Response | HTTPException
        try:
            response = effect.answer(request, lambda: self._answer(request))
        except HTTPException as error:
            response = error
        # A stage is a plugin's code, and who writes one wants to see where it stumbled.
        except Exception:
            _LOGGER.exception("What answers %s %s failed.", request.method, request.path)
            response = InternalServerError()
        return response, effect.send

    def _answer(self, request: Request) -> Response:
        try:
            handle, parts = self._routes.bind_to_environ(request.environ).match()
        except (NotFound, MethodNotAllowed) as error:
            return self._lost(request, error)
        response: Response = handle(request, **parts)
        return response

    def _lost(self, request: Request, error: NotFound | MethodNotAllowed) -> Response:
        for stage in self._stages:
            for prefix, handle in stage.lost.items():
                if request.path.startswith(f"{prefix}/"):
                    return handle(request, error.code)
        raise error


def _check(stages: Iterable[Stage]) -> None:
    taken: dict[str, str] = {}
    for stage in stages:
        # What stands in angle brackets is a name, and no part of the path.
        claims = [
            (f"{method} {re.sub('<[^>]*>', '<>', path)}", path)
            for method, routes in (("GET", stage.routes), ("POST", stage.posts))
            for path in routes
        ]
        claims += [(actor.name, f"The account {actor.name}") for actor in stage.actors]
        for claim, what in claims:
            if claim in taken:
                msg = f"{what} is played by {taken[claim]} and by {stage.venue}."
                raise ConfigurationError(msg, hint="Name the venues to play with --venue.")
            taken[claim] = stage.venue


def _routes(stages: Iterable[Stage]) -> Map:
    rules = (
        Rule(path, endpoint=handle, methods=[method])
        for stage in stages
        for method, routes in (("GET", stage.routes), ("POST", stage.posts))
        for path, handle in routes.items()
    )
    # Venues do not redirect from paths that are almost right.
    return Map(rules, merge_slashes=False)


def _table(venue: str, url: str, actor: Actor) -> str:
    settings = {"venue": venue, "base_url": url, **actor.options, **actor.credentials}
    lines = (f"{name} = {_toml(value)}\n" for name, value in settings.items())
    name = actor.name if re.fullmatch("[A-Za-z0-9_-]+", actor.name) else _toml(actor.name)
    return f"[accounts.{name}]\n{''.join(lines)}"


def _toml(value: str | int) -> str:
    # JSON's way to write a string, a whole number or a truth value is TOML's as well, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
