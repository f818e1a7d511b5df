"""
HTTP for the site: threads that end with the process, and no log of what was asked.
"""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Final, Self

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from types import TracebackType

    from marginbook.serving.site import Site

#: Seconds that closing may have to wait for the server to notice.
_NOTICE: Final = 0.05

#: Seconds that a client may take to send a request, or to read the answer.
_SLOWEST: Final = 30


class _Handler(WSGIRequestHandler):
    timeout = _SLOWEST

    def version_string(self) -> str:
        """
        Say what it is, and of no version.
        """
        return "marginbook"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """
        Write nothing.
        """

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """
        Write nothing: a request may have a token in it, in the wrong place.
        """


class Server:
    """
    Serves a site while it is open, as a context manager, on a thread of its own.

    Args:
        site: What answers.

        host: Where to listen.

        port: Where to listen; 0 for any free port.

    Raises:
        ConfigurationError: Nobody can listen there.

    """

    def __init__(self, site: Site, *, host: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.create_server((host, port), family=family) as listening:
                port = listening.getsockname()[1]
                self._server = ThreadedWSGIServer(host, port, site, _Handler, fd=listening.fileno())
        # A UnicodeError is what a name that cannot be one raises.
        except (OSError, UnicodeError):
            msg = f"Port {port} of {host or 'every address'} cannot be used."
            hint = "Choose another with --port, or 0 for any that is free, or another --host."
            raise ConfigurationError(msg, hint=hint) from None
        #: Where it listens.
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_NOTICE,), name="marginbook-server", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait(self) -> None:
        """
        Wait until somebody interrupts, or closes it.
        """
        # With a time-out, so that an interrupt gets through on every system.
        while self._thread.is_alive():
            self._thread.join(timeout=1)
