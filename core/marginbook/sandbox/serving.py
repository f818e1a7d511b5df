"""
HTTP on loopback: connections that stay open, and the means to break them on purpose.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from werkzeug.exceptions import NotFound
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    import ssl

    from marginbook.sandbox.effects import Play
    from marginbook.sandbox.tally import Tally

#: Seconds that closing may have to wait for the server to notice.
_NOTICE: Final = 0.02

#: For SO_LINGER: a connection that is closed at once is reset.
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class Handler(WSGIRequestHandler):
    """
    Keeps connections open as venues do, and writes no log: request lines hold signatures.
    """

    protocol_version = "HTTP/1.1"
    # Otherwise a body waits for the client to acknowledge the headers.
    disable_nagle_algorithm = True
    server: Server

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
        response, send = self.server.play(Request(environ))
        send(self, Response.from_app(response, environ, buffered=True))

    def send_whole(self, response: Response) -> None:
        """
        Send a response as it is.
        """
        self.send_head(response)
        self.wfile.write(response.get_data())

    def send_head(self, response: Response) -> None:
        """
        Send the status and the headers of a response.
        """
        self.send_response(response.status_code)
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()

    def send_response(self, code: int, message: str | None = None) -> None:
        """
        Begin an answer, and count it.
        """
        self.server.tally.answered(code)
        super().send_response(code, message)

    def reset(self) -> None:
        """
        Break the connection off with a reset: TCP's RST.
        """
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        # Before the server does so politely.
        self.connection.close()

    def wait_for_end(self) -> None:
        """
        Do nothing until the client goes or the server is closed, which ends the connection.
        """
        while self.connection.recv(65536):
            pass

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """
        Write nothing.
        """

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """
        Write nothing.
        """


class Server(ThreadedWSGIServer):
    """
    Serves on a thread of its own, and ends the connections that clients kept open when it is closed.

    Args:
        play: What answers, and says how to send the answer.

        tally: Where answers are counted.

        port: Where to listen on 127.0.0.1; 0 for a free port.

        context: What makes TLS of it.

    Raises:
        OSError: The port cannot be used.

    """

    def __init__(self, play: Play, tally: Tally, *, port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.play = play
        self.tally = tally
        self._kept: set[socket.socket] = set()
        with socket.create_server(("127.0.0.1", port)) as listening:
            host, port = listening.getsockname()
            # The handler asks ``play``, since an application could not say how to send its answer.
            super().__init__(host, port, NotFound(), Handler, fd=listening.fileno())
        if context is not None:
            self.ssl_context = context
            # A client that is slow to shake hands keeps its own thread waiting, and not the one that accepts others.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(
            target=self.serve_forever, args=(_NOTICE,), name="marginbook-sandbox", daemon=True
        )

    @property
    def url(self) -> str:
        """
        Where it listens.
        """
        return f"{'http' if self.ssl_context is None else 'https'}://127.0.0.1:{self.port}"

    def open(self) -> None:
        """
        Begin to serve.
        """
        self.thread.start()

    def close(self) -> None:
        """
        Stop listening, and end all connections.
        """
        self.shutdown()
        self.thread.join()
        self.server_close()
        for connection in tuple(self._kept):
            with contextlib.suppress(OSError):
                # Below TLS, which has no farewell for a thread that is reading.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

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
