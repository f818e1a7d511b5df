"""
The examples of the specifications, which are what venues publish.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from generate import CLIENTS, load


@functools.cache
def _paths(client: str) -> dict[str, Any]:
    # To read YAML takes longer than all else.
    paths: dict[str, Any] = load(CLIENTS[client])["paths"]
    return paths


def published(client: str, path: str, method: str = "get") -> Any:
    """
    Return what a venue publishes as the answer of an operation.
    """
    operation = _paths(client)[path][method]
    return operation["responses"]["200"]["content"]["application/json"]["example"]


def body(client: str, path: str, method: str = "get") -> bytes:
    """
    Return it as an answer. Its numbers have so few digits that floats keep them.
    """
    return json.dumps(published(client, path, method)).encode()


def examples(client: str, *paths: str) -> dict[str, bytes]:
    """
    Return what is published as the answers of several operations, by their paths.
    """
    return {path: body(client, path) for path in paths}
