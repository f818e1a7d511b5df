"""
The specifications, and the examples in them, which are what venues publish.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import yaml

import generate
from marginbook.generating import preflight


@functools.cache
def specification(client: str) -> dict[str, Any]:
    """
    Return what the generator reads, to be looked at only.

    It is read by a parser in C, in a tenth of the time. That both read the same is one of the tests of specs/.
    """
    source = generate.CLIENTS[client]
    if source.spec.endswith(".json"):
        return generate.load(source)
    text = (generate.SPECS / source.spec).read_text(encoding="utf-8")
    return preflight.completed(yaml.load(text, yaml.CSafeLoader), source.key_headers)


def published(client: str, path: str, method: str = "get") -> Any:
    """
    Return what a venue publishes as the answer of an operation.
    """
    operation = specification(client)["paths"][path][method]
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
