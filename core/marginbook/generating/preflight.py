"""
Looks at a specification before the generator does, for what would be lost on the way.

What the templates see and cannot handle they refuse themselves; here is what never reaches them.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["completed", "problems"]

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def completed(document: dict[str, Any], key_headers: Iterable[str] = ()) -> dict[str, Any]:
    """
    Return an OpenAPI document in which parameters are described where the generator looks for it.

    Where it declares no security at all, *key_headers* secure every operation.
    """
    document = copy.deepcopy(document)
    components = document.setdefault("components", {})
    names = list(key_headers) if "securitySchemes" not in components else []
    if names:
        components["securitySchemes"] = {name: {"type": "apiKey", "in": "header", "name": name} for name in names}
    parameters = list(components.get("parameters", {}).values())
    for _, operation in _operations(document):
        parameters += operation.get("parameters", [])
        if names:
            operation["security"] = [{name: [] for name in names}]
    for parameter in parameters:
        if "description" in parameter and "schema" in parameter:
            parameter["schema"].setdefault("description", parameter["description"])
    return document


def problems(document: dict[str, Any]) -> Iterator[str]:
    """
    Yield a sentence for each thing in an OpenAPI document that would be lost.
    """
    if document.get("security"):
        yield "security: it counts only at an operation; write it there."
    for section, entries in document.get("components", {}).items():
        for name, entry in entries.items():
            yield from _lost(entry, f"components.{section}.{name}")
    for path, item in document.get("paths", {}).items():
        yield from _lost(item, path)
    yield from _namesakes(document)


def _lost(node: object, where: str, *, in_sight: bool = False) -> Iterator[str]:
    """
    Go through all that can hold a schema; *in_sight* is where the templates can see a format.
    """
    match node:
        case {"format": "decimal", "type": kind} if kind != "number" and not in_sight:
            yield f"{where}: format decimal is understood at a property, or at the items of one; write it there."
        case {"x-succeeds": told} if not _is_success(told):
            yield f"{where}: x-succeeds names one field, and its text, whole number or truth value."
        case {"properties": _, "allOf": _} | {"properties": _, "anyOf": _} | {"properties": _, "oneOf": _}:
            yield f"{where}: fields beside allOf, anyOf or oneOf do not count; write them in a schema of their own."
        case {"in": _, "name": _, "schema": _, "explode": False}:
            yield f"{where}: a list is sent as one parameter an item; explode: false does not count."
        case {"in": "query" | "path" | "header" | "cookie", "name": _, "content": _}:
            yield f"{where}: a parameter with content does not count; give it a schema."
        case {"servers": _}:
            yield f"{where}: servers count only at the top; write the whole path."
    for child, its_place, seen in _children(node, where, in_sight=in_sight):
        yield from _lost(child, its_place, in_sight=seen)


def _children(node: object, where: str, *, in_sight: bool) -> Iterator[tuple[object, str, bool]]:
    if isinstance(node, list):
        yield from ((item, f"{where}[{number}]", False) for number, item in enumerate(node))
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "properties":
            yield from ((schema, f"{where}.{name}", True) for name, schema in value.items())
        elif key == "items":
            yield value, f"{where}[]", in_sight
        elif key not in {"example", "examples"} and not key.startswith("x-"):
            yield value, f"{where}.{key}", False


def _is_success(told: object) -> bool:
    return isinstance(told, dict) and [isinstance(value, (str, int)) for value in told.values()] == [True]


def _namesakes(document: dict[str, Any]) -> Iterator[str]:
    """
    Look for operations whose modules would overwrite each other.
    """
    seen: dict[tuple[str, str], str] = {}
    for where, operation in _operations(document):
        if not operation.get("operationId"):
            yield f"{where}: it has no operationId."
            continue
        tag = (operation.get("tags") or ["default"])[0]
        key = (_plain(tag), _plain(operation["operationId"]))
        if key in seen:
            yield f"{where}: its module would overwrite that of {seen[key]}."
        seen[key] = where


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document.get("paths", {}).items():
        yield from ((f"{method} {path}", item[method]) for method in _METHODS if method in item)


def _plain(name: str) -> str:
    return "".join(character for character in name if character.isalnum()).lower()
