"""
The server: real HTTP on loopback, for all venues at one address.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import threading
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Self

from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from marginbook.accounts import Account
from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from marginbook.sandbox.stage import Actor, Stage

#: Seconds that closing may have to wait for the server to notice.
_NOTICE: Final = 0.02

_LOGGER: Final = logging.getLogger(__name__)


class _Handler(WSGIRequestHandler):
    """
    Keeps connections open as venues do, and writes no log: request lines hold signatures.
    """

    protocol_version = "HTTP/1.1"
    # Otherwise a body waits for the client to acknowledge the headers.
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """
        Answer one request, without werkzeug's ``Connection: close``.
        """
        try:
            environ = self.make_environ()
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        # What is left of a body would be taken for the next request.
        environ["wsgi.input"] = BytesIO(self.rfile.read(Request(environ).content_length or 0))
        self.close_connection |= "Transfer-Encoding" in self.headers
        response = Response.from_app(self.server.app, environ, buffered=True)
        self.send_response(response.status_code)
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.get_data())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """
        Write nothing.
        """

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """
        Write nothing.
        """


class _Server(ThreadedWSGIServer):
    """
    Ends the connections that clients kept open when it is closed.
    """

    def __init__(self, listening: socket.socket, application: Any) -> None:
        self._kept: set[socket.socket] = set()
        host, port = listening.getsockname()
        super().__init__(host, port, application, _Handler, fd=listening.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:
        """
        Begin with a connection.
        """
        self._kept.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """
        End a connection.
        """
        self._kept.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """
        Stop listening, and end all connections.
        """
        super().server_close()
        for connection in tuple(self._kept):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Sandbox:
    """
    Plays venues while it is open, as a context manager, on a thread of its own.

    Args:
        stages: The venues' parts.

        port: Where to listen on 127.0.0.1; 0 for a free port.

    Raises:
        ConfigurationError: Two venues have the same path or the same account, or the port is taken.

    """

    def __init__(self, stages: Iterable[Stage], *, port: int = 0) -> None:
        self._stages = tuple(stages)
        _check(self._stages)
        self._routes = _routes(self._stages)
        try:
            listening = socket.create_server(("127.0.0.1", port))
        except OSError:
            msg = f"Port {port} of 127.0.0.1 cannot be used."
            raise ConfigurationError(msg, hint="Choose another with --port, or 0 for any that is free.") from None
        with listening:
            self._server = _Server(listening, self._application)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_NOTICE,), name="marginbook-sandbox", daemon=True
        )

    @property
    def url(self) -> str:
        """
        Where it listens: the ``base_url`` of all its accounts.
        """
        return f"http://127.0.0.1:{self._server.port}"

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
            response = self._answer(request)
        except HTTPException as error:
            response = error
        # A stage is a plugin's code, and who writes one wants to see where it stumbled.
        except Exception:
            _LOGGER.exception("What answers %s %s failed.", request.method, request.path)
            response = InternalServerError()
        return response(environ, start_response)

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
        claims = [(re.sub("<[^>]*>", "<>", path), path) for path in stage.routes]
        claims += [(actor.name, f"The account {actor.name}") for actor in stage.actors]
        for claim, what in claims:
            if claim in taken:
                msg = f"{what} is played by {taken[claim]} and by {stage.venue}."
                raise ConfigurationError(msg, hint="Name the venues to play with --venue.")
            taken[claim] = stage.venue


def _routes(stages: Iterable[Stage]) -> Map:
    rules = (Rule(path, endpoint=handle, methods=["GET"]) for stage in stages for path, handle in stage.routes.items())
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
