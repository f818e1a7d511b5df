"""
The server: real HTTP on loopback, for all venues at one address.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Self

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from marginbook.accounts import Account
from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from marginbook.sandbox.stage import Actor, Stage


class _Quiet(WSGIRequestHandler):
    """
    Writes no log: request lines hold signatures.
    """

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """
        Write nothing.
        """


class Sandbox:
    """
    Plays venues while it is open, as a context manager, on a thread of its own.

    Args:
        stages: The venues' parts.

        port: Where to listen on 127.0.0.1; 0 for a free port.

    Raises:
        ConfigurationError: Two venues have the same path, or the port is taken.

    """

    def __init__(self, stages: Iterable[Stage], *, port: int = 0) -> None:
        self._stages = tuple(stages)
        self._routes = _routes(self._stages)
        try:
            self._server: BaseWSGIServer = make_server(
                "127.0.0.1", port, self._application, threaded=True, request_handler=_Quiet
            )
        # werkzeug explains a taken port on standard error, and exits.
        except (OSError, SystemExit):
            msg = f"Port {port} of 127.0.0.1 cannot be used."
            raise ConfigurationError(msg, hint="Choose another with --port, or 0 for any that is free.") from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="marginbook-sandbox", daemon=True)

    @property
    def url(self) -> str:
        """
        Where it listens: the ``base_url`` of all its accounts.
        """
        return f"http://127.0.0.1:{self._server.server_port}"

    def accounts(self) -> tuple[Account, ...]:
        """
        Return all accounts that it plays, ready to be asked.
        """
        return tuple(
            Account(actor.name, stage.venue, actor.credentials, {"base_url": self.url, **actor.options})
            for stage in self._stages
            for actor in stage.actors
        )

    def accounts_file(self) -> str:
        """
        Return the text of an accounts file for all accounts that it plays.

        The secrets stand in it themselves, since nobody could do anything with them.
        """
        return "\n".join(_table(stage.venue, self.url, actor) for stage in self._stages for actor in stage.actors)

    def wait(self) -> None:
        """
        Wait until somebody interrupts.
        """
        try:
            # With a time-out, so that an interrupt gets through on every system.
            while self._thread.is_alive():
                self._thread.join(timeout=1)
        except KeyboardInterrupt:
            return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        response: Response | HTTPException
        try:
            handle, parts = self._routes.bind_to_environ(environ).match()
            response = handle(request, **parts)
        except HTTPException as error:
            response = error
        return response(environ, start_response)


def _routes(stages: Iterable[Stage]) -> Map:
    taken: dict[str, str] = {}
    rules = []
    for stage in stages:
        for path, handle in stage.routes.items():
            if path in taken:
                msg = f"{path} is played by {taken[path]} and by {stage.venue}."
                raise ConfigurationError(msg, hint="Name the venues to play with --venue.")
            taken[path] = stage.venue
            rules.append(Rule(path, endpoint=handle, methods=["GET"]))
    return Map(rules)


def _table(venue: str, url: str, actor: Actor) -> str:
    settings = {"venue": venue, "base_url": url, **actor.options, **actor.credentials}
    # JSON's way to write a string, a whole number or a truth value is TOML's as well.
    lines = (f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    return f"[accounts.{actor.name}]\n{''.join(lines)}"
