"""
Faults of the connection: answers that break off, drip, or never come.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Final, NoReturn

from marginbook.sandbox.effects import Sent, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Response

    from marginbook.sandbox.serving import Handler

#: Seconds between two drops.
_DRIP: Final = 0.05

#: Bytes of a body that never ends: 1600 years of drops.
_ENDLESS: Final = 10**12

#: Bytes of a body that is far too long.
_HUGE: Final = 50_000_000

_PIECE: Final = 65536


def reset(handler: Handler, _: Response) -> None:
    """
    Reset the connection.
    """
    handler.reset()


def reset_in_body(handler: Handler, response: Response) -> None:
    """
    Send half of an answer, and reset the connection.
    """
    _send_half(handler, response)
    handler.reset()


def cut_body(handler: Handler, response: Response) -> None:
    """
    Send half of an answer, and close the connection.
    """
    _send_half(handler, response)
    handler.close_connection = True


def stall(handler: Handler, _: Response) -> None:
    """
    Send nothing.
    """
    handler.wait_for_end()


def stall_in_body(handler: Handler, response: Response) -> None:
    """
    Send half of an answer, and nothing more.
    """
    _send_half(handler, response)
    handler.wait_for_end()


def drip_headers(handler: Handler, response: Response) -> None:
    """
    Send one header after the other.
    """
    handler.send_response(response.status_code)
    handler.flush_headers()
    _drip(handler, (b"X-Drip-%d: and more\r\n" % number for number in itertools.count(1)))


def drip_body(handler: Handler, response: Response) -> None:
    """
    Send one byte after the other: the answer, then blanks.
    """
    response.headers["Content-Length"] = str(_ENDLESS)
    handler.send_head(response)
    _drip(handler, (bytes([byte]) for byte in itertools.chain(response.get_data(), itertools.repeat(ord(" ")))))


def huge(handler: Handler, response: Response) -> None:
    """
    Send an answer with status 200 followed by many blanks.
    """
    body = response.get_data()
    blanks = _HUGE - len(body) if response.status_code == 200 else 0  # noqa: PLR2004  # the status itself
    response.headers["Content-Length"] = str(len(body) + blanks)
    handler.send_head(response)
    handler.wfile.write(body)
    for sent in range(0, blanks, _PIECE):
        handler.wfile.write(b" " * min(_PIECE, blanks - sent))


def _drip(handler: Handler, drops: Iterator[bytes]) -> NoReturn:
    # It ends as the connection does, when the client goes or the server is closed.
    while True:
        time.sleep(_DRIP)
        handler.wfile.write(next(drops))


def _send_half(handler: Handler, response: Response) -> None:
    handler.send_head(response)
    body = response.get_data()
    handler.wfile.write(body[: len(body) // 2])


SOCKET: Final = {
    "reset": Unanswered("The connection is reset before any answer.", reset),
    "reset-in-body": Sent("The connection is reset after the headers and half of the body.", reset_in_body),
    "cut-body": Sent("The connection is closed after half of the body, with the whole Content-Length.", cut_body),
    "stall": Unanswered("No answer comes until the client goes.", stall),
    "stall-in-body": Sent("Half of the body comes, and no more until the client goes.", stall_in_body),
    "drip-headers": Unanswered("A header line comes every 50 ms, without end.", drip_headers),
    "drip-body": Sent("A byte of the body comes every 50 ms, without end.", drip_body),
}
