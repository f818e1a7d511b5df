"""
Recorded bodies in the place of a venue.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import BaseAdapter

from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A status, if it is not 200, and what was asked for, which begins with a slash.
_KEY: Final = re.compile(r"(?:([0-9]{3}) )?(.*)", re.DOTALL)


class Documents(BaseAdapter):
    """
    Answers each request with the recorded body of its path. Nothing reaches a network.

    Args:
        documents: Bodies by path, such as ``{"/fapi/v3/balance": b"[]"}``, or by path and query, and what was posted
            after a blank, where a path is asked for more than once. What a venue refused, where that is an answer as
            well, has its status before it: ``{"400 /api/v4/futures/btc/accounts": b"{…}"}``.

    """

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        super().__init__()
        found = ((_KEY.fullmatch(name), body) for name, body in documents.items())
        self._documents = {match[2]: (int(match[1] or 200), body) for match, body in found if match}

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """
        Return the body that was recorded for the path.

        Raises:
            ConfigurationError: None was, or it is no bytes.

        """
        keys = keys_of(request)
        key = next((key for key in keys if key in self._documents), "")
        if not key:
            msg = f"{keys[-1]} was asked for, and there is no body of it."
            raise ConfigurationError(msg, hint=f"There are bodies of {', '.join(self._documents) or 'nothing'}.")
        response = requests.Response()
        body: Any
        response.status_code, body = self._documents[key]
        if not isinstance(body, bytes):
            msg = f"The body of {key} is a {type(body).__name__}, and not bytes."
            raise ConfigurationError(
                msg, hint="Give it as the venue sent it: read the file as bytes, or encode the text."
            )
        response.request = request
        response.url = request.url or ""
        response.raw = BytesIO(body)
        return response

    def close(self) -> None:
        """
        Nothing is open.
        """


def keys_of(request: requests.PreparedRequest) -> tuple[str, ...]:
    """
    Return what an unsigned request can be known by, the most exact first.
    """
    body = request.body.decode("utf-8", "replace") if isinstance(request.body, bytes) else request.body
    path = request.path_url
    return (*([f"{path} {body}"] if body else []), path, path.partition("?")[0])
