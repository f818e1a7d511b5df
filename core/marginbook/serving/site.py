"""
What each path answers. No request asks a venue: it reads the newest report, in one of the installed forms.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from mimetypes import MimeTypes
from typing import TYPE_CHECKING, Final

from attrs import field, frozen
from werkzeug.wrappers import Request, Response

from marginbook.errors import MarginbookError
from marginbook.output import Output, View
from marginbook.serving.newest import STALE, Newest
from marginbook.serving.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

_LOGGER: Final = logging.getLogger(__name__)

#: What a browser may call this machine. A page of a stranger, whose name was made to mean this machine, has another.
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

#: Seconds after which to ask for the first report again.
_SOON: Final = 5

#: A page loads nothing, sends nothing, and stands in no other page. What stands in it may look and sort as it likes.
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; font-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _PAGE_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/,]+)(:[0-9]*)?", re.IGNORECASE)

#: Without what this machine's own tables say: the same everywhere.
_TYPES: Final = MimeTypes()

#: What Python does not know, or not in each version.
_OURS: Final = {
    ".arrow": "application/vnd.apache.arrow.file",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".prom": "text/plain; version=0.0.4",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@frozen(kw_only=True)
class Site:
    """
    A WSGI application.

    Args:
        newest: Returns the newest report.

        outputs: The forms that it can be had in, by name.

        hosts: The names in a ``Host`` header that are answered, in lower case; None for any.

        token: What requests have to bring, or None.

    """

    newest: Callable[[], Newest]
    outputs: Mapping[str, Output] = field(repr=False)
    hosts: frozenset[str] | None = LOOPBACK
    token: Token | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """
        Answer a request.
        """
        response = self.answer(Request(environ))
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response(environ, start_response)

    def answer(self, request: Request) -> Response:
        """
        Return the answer to a request, without the headers that all have.
        """
        if refusal := self._refuse(request):
            return refusal
        newest = self.newest()
        if request.path == "/healthz":
            return _health(newest)
        if not (output := self._output(request.path)):
            return self._unknown(request.path)
        report = newest.told()
        if not report:
            text = f"{newest.problems[0]}\nAsk again in a moment."
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, text, {"Retry-After": str(_SOON)})
        return _written(output, View(report), newest, request.path)

    def _refuse(self, request: Request) -> Response | None:
        if self.hosts is not None and _name(request.headers.get("Host", "")) not in self.hosts:
            text = f"This server is called {' or '.join(sorted(self.hosts))}, and nothing else."
            return _text(HTTPStatus.MISDIRECTED_REQUEST, text)
        if self.token and not self.token.opens(request.headers.get("Authorization", "")):
            text = "Send the token in a header: 'Authorization: Bearer TOKEN'."
            if "token" in request.args:
                text += " A token in a URL is not accepted, since URLs are logged; make a new one."
            return _text(HTTPStatus.UNAUTHORIZED, text, {"WWW-Authenticate": 'Bearer realm="marginbook"'})
        if request.method not in {"GET", "HEAD"}:
            return _text(HTTPStatus.METHOD_NOT_ALLOWED, "There is only something to read here.", {"Allow": "GET, HEAD"})
        return None

    def _output(self, path: str) -> Output | None:
        if path == "/":
            return self.outputs.get("html") or self.outputs.get("table")
        if path == "/metrics":
            return self.outputs.get("prometheus")
        suffix = path.removeprefix("/report")
        return next((output for output in self.outputs.values() if suffix in output.suffixes), None)

    def _unknown(self, path: str) -> Response:
        reports = [f"/report{suffix}" for output in self.outputs.values() for suffix in output.suffixes]
        what = "No installed output writes metrics." if path == "/metrics" else "There is nothing at this path."
        metrics = ["/metrics"] if "prometheus" in self.outputs else []
        return _text(HTTPStatus.NOT_FOUND, f"{what}\nThere are {', '.join(['/', '/healthz', *metrics, *reports])}.")


def _name(host: str) -> str:
    """
    Return the name in a ``Host`` header, in lower case, or "".
    """
    match = _HOST.fullmatch(host)
    return match[1].lower() if match else ""


def _text(status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(f"{text}\n", status, headers, content_type="text/plain; charset=utf-8")


def _health(newest: Newest) -> Response:
    problems = newest.problems
    document = {
        "ok": not problems,
        "problems": problems,
        "age_seconds": round(newest.age, 3) if newest.report else None,
        "every_seconds": newest.every,
        "complete": newest.report.complete if newest.report else None,
        "stale": bool(newest.stale) if newest.report else None,
    }
    status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
    headers = {} if newest.report else {"Retry-After": str(_SOON)}
    return Response(json.dumps(document, indent=2) + "\n", status, headers, content_type="application/json")


def _written(output: Output, view: View, newest: Newest, path: str) -> Response:
    try:
        written = output.write(view)
    except MarginbookError as error:
        return _text(HTTPStatus.NOT_IMPLEMENTED, str(error))
    # It is a plugin's code, and its text may hold anything.
    except Exception:
        _LOGGER.exception("The output %s failed.", output.name)
        return _text(HTTPStatus.INTERNAL_SERVER_ERROR, f"The output {output.name} failed. Update its plugin.")
    if path == "/metrics" and isinstance(written, str):
        written = f"{written.rstrip()}\n{_metrics(newest)}"
    elif newest.stale and not (isinstance(written, str) and STALE in written):
        text = f"{newest.stale}\nThis form cannot say so, and who reads it would take old figures for new ones."
        return _text(HTTPStatus.SERVICE_UNAVAILABLE, text, {"Retry-After": f"{max(newest.every, 1):.0f}"})
    headers = {
        "Marginbook-Age": f"{newest.age:.3f}",
        "Marginbook-Complete": "true" if view.report.complete else "false",
        "Marginbook-Stale": "true" if newest.stale else "false",
    }
    if path == "/":
        # An open page shall not go on to show what was.
        headers["Refresh"] = f"{max(newest.every, _SOON):.0f}"
    return Response(written, HTTPStatus.OK, headers, content_type=_type(_suffix(path, output), written))


def _suffix(path: str, output: Output) -> str:
    if path == "/":
        return ".html" if output.name == "html" else ".txt"
    return ".prom" if path == "/metrics" else path.removeprefix("/report")


def _metrics(newest: Newest) -> str:
    return (
        "# HELP marginbook_serve_report_age_seconds Seconds since the first account of the newest report was asked.\n"
        "# TYPE marginbook_serve_report_age_seconds gauge\n"
        f"marginbook_serve_report_age_seconds {newest.age:.3f}\n"
        "# HELP marginbook_serve_report_stale 1 if the newest report cannot be taken for the present.\n"
        "# TYPE marginbook_serve_report_stale gauge\n"
        f"marginbook_serve_report_stale {int(bool(newest.stale))}\n"
    )


def _type(suffix: str, written: str | bytes) -> str:
    plain = "text/plain" if isinstance(written, str) else "application/octet-stream"
    kind = _OURS.get(suffix) or _TYPES.guess_type(f"report{suffix}")[0] or plain
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
