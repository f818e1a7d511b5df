"""
Faults with a status of their own: what venues, and what stands before them, say instead of an answer.

A body in JSON can be read as an error of each venue: Binance's code and text where it documents them ("Error Codes" and
"General Info" of USDⓈ-M futures), and the text once more under the name that the others give it.
"""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Request, Response

from marginbook.sandbox.effects import Effect, Instead, Refused
from marginbook.sandbox.stage import answer

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Seconds of the longest ban that Binance documents: three days.
_BAN: Final = 259_200

_BANNED: Final = "Way too many requests; IP(127.0.0.1) banned."
_LIMITED: Final = "Too many requests; current limit of IP(127.0.0.1) is 2400 requests per minute."
_PAGE: Final = "<!DOCTYPE html>\n<html><head><title>{0}</title></head>\n<body><h1>{0}</h1>\n{1}\n</body></html>\n"


def error(status: int, text: str, code: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """
    Return an error that every venue's client can read.
    """
    numbered = {} if code is None else {"code": code}
    return answer({**numbered, "msg": text, "message": text}, status, headers)


def page(status: int, title: str, text: str) -> Response:
    """
    Return a page in HTML, as firewalls and proxies write it.
    """
    return Response(_PAGE.format(title, text), status, content_type="text/html; charset=utf-8")


def _says(about: str, status: int, text: str, code: int | None = None, retry_after: str = "") -> Instead:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Instead(about, lambda _: error(status, text, code, headers))


def refused(name: str, otherwise: Effect) -> Refused:
    """
    Return the fault *name*, for which a venue may have an answer of its own.
    """
    return Refused(otherwise.about, name, otherwise)


def _shows(about: str, status: int, title: str, text: str) -> Instead:
    return Instead(about, lambda _: page(status, title, text))


def _moved(request: Request) -> Response:
    path = f"{request.path}/moved"
    return error(301, f"Moved to {path}", headers={"Location": path})


def _no_path(request: Request) -> Response:
    return error(404, f"Path {request.path}, Method {request.method} is invalid", -5000)


def _in_two_seconds(_: Request) -> Response:
    return error(429, _LIMITED, -1003, {"Retry-After": formatdate(time.time() + 2, usegmt=True)})


def _until(_: Request) -> Response:
    until = time.time_ns() // 1_000_000 + _BAN * 1000
    return error(429, f"Way too many requests; IP(127.0.0.1) banned until {until}.", -1003)


_FIREWALL: Final = "Request blocked. We can't connect to the server for this app or website at this time."
_KEY: Final = "Invalid API-key, IP, or permissions for action"
_TIMEOUT: Final = "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
_THROTTLED: Final = "Request throttled by system-level protection. Please try again."
_TIME: Final = "Timestamp for this request is outside of the recvWindow."

STATUS: Final[Mapping[str, Effect]] = {
    "http-301": Instead("Status 301, to another path of the same server.", _moved),
    "http-401": _says("Status 401: the key is not accepted.", 401, f"{_KEY}.", -2015),
    "http-403": _shows("Status 403, with a page in HTML as firewalls write it.", 403, "403 ERROR", _FIREWALL),
    "http-404": Instead("Status 404: there is no such path.", _no_path),
    "http-408": _says("Status 408: the venue's own servers took too long.", 408, _TIMEOUT, -1007),
    "http-418": _says("Status 418: banned, without saying until when.", 418, _BANNED, -1003),
    "http-418-retry-after": _says("Status 418, with a Retry-After of three days.", 418, _BANNED, -1003, str(_BAN)),
    "http-429": _says("Status 429, without saying until when.", 429, _LIMITED, -1003),
    "http-429-retry-after": _says("Status 429, with a Retry-After of one second.", 429, _LIMITED, -1003, "1"),
    "http-429-retry-date": Instead(
        "Status 429, with a Retry-After that is a date, two seconds ahead.", _in_two_seconds
    ),
    "http-429-banned": Instead("Status 429, with a text that says: banned for three days.", _until),
    "http-451": _says("Status 451: not from this country.", 451, "Service unavailable from a restricted location", 0),
    "http-500": _says("Status 500.", 500, "Request occur unknown error."),
    "http-502": _shows("Status 502, with a page in HTML as proxies write it.", 502, "502 Bad Gateway", "nginx"),
    "http-503-unknown": _says(
        "Status 503: nobody knows what happened.",
        503,
        "Unknown error, please check your request or try again later.",
    ),
    "http-503-unavailable": _says("Status 503: out of order.", 503, "Service Unavailable."),
    "http-503-throttled": _says("Status 503: the venue protects itself.", 503, _THROTTLED, -1008),
    "http-503-internal": _says(
        "Status 503: an error inside the venue.",
        503,
        "Internal error; unable to process your request. Please try again.",
    ),
    "http-520": _shows("Status 520, with a page in HTML.", 520, "520: Web server is returning an unknown error", ""),
    # In the venue's own words, where its stage has some.
    "clock": refused("clock", _says("The time of the request is outside the venue's window.", 400, _TIME, -1021)),
    "key": refused(
        "key",
        _says(
            "The key is not accepted, and the text tells the caller's address.",
            401,
            f"{_KEY}, request ip: 203.0.113.7",
            -2015,
        ),
    ),
    "signature": refused(
        "signature", _says("The signature is wrong.", 400, "Signature for this request is not valid.", -1022)
    ),
    "throttled": refused("throttled", _says("The venue says that it was asked too often.", 429, _LIMITED, -1003)),
}
