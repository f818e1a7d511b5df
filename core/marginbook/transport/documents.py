"""
Recorded bodies in the place of a venue.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter

from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Documents(BaseAdapter):
    """
    Answers each request with the recorded body of its path, and status 200 or its own. Nothing reaches a network.

    Args:
        documents: Bodies by path, such as ``{"/fapi/v3/balance": b"[]"}``, or by path and query, and what was posted
            after a blank, where a path is asked for more than once. An error has its status and a blank
            before the path.

    """

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        super().__init__()
        self._documents = documents
        self._errors = {key[4:]: int(key[:3]) for key in documents if key[:3].isdecimal() and key[3:5] == " /"}

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """
        Return the body that was recorded for the path.

        Raises:
            ConfigurationError: None was.

        """
        keys = keys_of(request)
        key = next((key for key in keys if key in self._documents or key in self._errors), "")
        if not key:
            msg = f"{keys[-1]} was asked for, and there is no body of it."
            raise ConfigurationError(msg, hint=f"There are bodies of {', '.join(self._documents) or 'nothing'}.")
        response = requests.Response()
        response.status_code = 200 if key in self._documents else self._errors[key]
        response.request = request
        response.url = request.url or ""
        response.raw = BytesIO(self._documents[key if key in self._documents else f"{self._errors[key]} {key}"])
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
