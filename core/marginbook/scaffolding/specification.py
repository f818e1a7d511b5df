"""
Makes of a venue's whole specification the one that a plugin is written from: the operations that it calls, and no more.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from marginbook.errors import ConfigurationError

JSON = dict[str, Any]

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

#: What an asset may be called in a row.
ASSETS: Final = ("asset", "currency", "coin", "ccy", "marginCoin", "settleCoin", "symbol", "code")


#: What an option of an account can be, by the type of a property.
_KINDS: Final = {"string": "str", "integer": "int", "boolean": "bool"}

#: What can read a balance. A body is posted.
_READING: Final = ("get", "post")


@frozen
class Property:
    """
    What has to stand in a body that is posted.

    Attributes:
        name: What the venue calls it.

        value: A value that could be one.

        kind: ``str``, ``int`` or ``bool``, where each account has a value of its own; "" where the value is the same
            for all, or the author fills it in.

        help: What it is.

    """

    name: str
    value: Any
    kind: str
    help: str


@frozen
class Operation:
    """
    An operation of a specification.
    """

    name: str
    path: str
    method: str
    secured: bool
    #: The parameters that have to be sent, with a value that could be one.
    parameters: Mapping[str, Any]
    #: What has to stand in the body; None where there is none.
    body: tuple[Property, ...] | None
    #: What the venue answers, as far as the specification tells.
    example: Any
    #: The names of the fields on the way to the rows, and of the one with the asset; None where there are no rows.
    rows: tuple[str, ...] | None
    asset: str


def chosen(document: JSON, wanted: Iterable[str]) -> JSON:
    """
    Return a specification with some of its operations, each secured in its own right, and the schemas that they need.

    Raises:
        ConfigurationError: There is no such operation, or nothing says which is meant.

    """
    document = copy.deepcopy(document)
    found = dict(_operations(document))
    names = list(wanted) or (list(found) if len(found) == 1 else [])
    if unknown := [name for name in names if name not in found] or ([] if names else ["none"]):
        msg = f"There is no operation {', '.join(unknown)}." if names else "It is not said which operations to call."
        raise ConfigurationError(msg, hint=f"Name them with --operation: {', '.join(found)}.")
    security = document.pop("security", None)
    kept: JSON = {}
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            operation = item.get(method)
            if operation is None or operation["operationId"] not in names:
                continue
            if security and "security" not in operation:
                operation["security"] = security
            _check(document, method, operation)
            shared = {key: value for key, value in item.items() if key not in _METHODS}
            kept.setdefault(path, shared)[method] = operation
    document["paths"] = kept
    return _pruned(document)


def _check(document: JSON, method: str, operation: JSON) -> None:
    name = operation["operationId"]
    if method not in _READING:
        msg = f"The operation {name} is a {method.upper()}, which reads nothing."
        raise ConfigurationError(msg, hint="A plugin asks for balances alone: by GET, or by POST.")
    if "requestBody" in operation and (method == "get" or _body(document, operation) is None):
        msg = f"The operation {name} takes a body that is no JSON object to post, which a scaffold cannot fill in."
        raise ConfigurationError(msg, hint="Begin with one that takes none, and add it by hand.")


def _body(document: JSON, operation: JSON) -> JSON | None:
    """
    Return the schema of what is posted, or None where it is no JSON object.
    """
    content = _resolved(document, operation.get("requestBody", {})).get("content", {})
    schema = _resolved(document, content.get("application/json", {}).get("schema", {}))
    return schema if schema.get("type") == "object" or "properties" in schema else None


def _operations(document: JSON) -> Iterator[tuple[str, JSON]]:
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                words = re.findall(r"[A-Za-z0-9]+", path)
                operation = item[method]
                operation.setdefault("operationId", "".join([method, *(word.capitalize() for word in words)]))
                yield operation["operationId"], operation


def _pruned(document: JSON) -> JSON:
    components: JSON = document.get("components", {})
    kept: dict[str, JSON] = (
        {"securitySchemes": components["securitySchemes"]} if "securitySchemes" in components else {}
    )
    ahead = list(_references(document["paths"]))
    while ahead:
        _, kind, name = ahead.pop().lstrip("#/").split("/", 2)
        if name not in kept.setdefault(kind, {}):
            kept[kind][name] = components.get(kind, {}).get(name, {})
            ahead += _references(kept[kind][name])
    return {**document, **({"components": kept} if kept else {})}


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        yield from (reference for child in node.values() for reference in _references(child))
    if isinstance(node, list):
        yield from (reference for child in node for reference in _references(child))


def operations(document: JSON) -> list[Operation]:
    """
    Return what is to be known of each operation to call and to play it.
    """
    return [
        _described(document, path, method, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]


def _described(document: JSON, path: str, method: str, operation: JSON) -> Operation:
    response: JSON = next(
        (_resolved(document, r) for code, r in operation["responses"].items() if str(code)[0] == "2"), {}
    )
    content: JSON = next(iter(response.get("content", {}).values()), {})
    schema = content.get("schema", {})
    example = content.get("example", next((e.get("value") for e in content.get("examples", {}).values()), None))
    rows = _rows(document, schema, ())
    parameters = [_resolved(document, parameter) for parameter in operation.get("parameters", ())]
    return Operation(
        operation["operationId"],
        path,
        method,
        bool(operation.get("security")),
        {p["name"]: _value(document, p.get("schema", {}), p.get("example")) for p in parameters if p.get("required")},
        _posted(document, operation),
        _value(document, schema, example),
        rows[0] if rows else None,
        rows[1] if rows else "",
    )


def _posted(document: JSON, operation: JSON) -> tuple[Property, ...] | None:
    schema = _body(document, operation) if "requestBody" in operation else None
    if schema is None:
        return None
    children = schema.get("properties", {})
    return tuple(_property(document, name, children.get(name, {})) for name in schema.get("required", ()))


def _property(document: JSON, name: str, schema: JSON) -> Property:
    """
    Describe a property of a body: one of a few values, or with a default, is the same for all accounts.
    """
    schema = _resolved(document, schema)
    fixed = "enum" in schema or "default" in schema or schema.get("format") == "decimal"
    words = " ".join(schema.get("description", f"The {name} of the account.").split())
    return Property(name, _value(document, schema), "" if fixed else _KINDS.get(schema.get("type", ""), ""), words)


def _resolved(document: JSON, node: JSON) -> JSON:
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"].lstrip("#/").split("/"):
            found = found[step]
        node = found
    return node


def _rows(document: JSON, schema: JSON, way: tuple[str, ...]) -> tuple[tuple[str, ...], str] | None:
    """
    Find the first list of objects that name an asset.
    """
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        names = _resolved(document, schema.get("items", {})).get("properties", {})
        asset = next((name for name in ASSETS if name in names), "")
        return (way, asset) if asset else None
    for name, child in schema.get("properties", {}).items():
        if found := _rows(document, child, (*way, name)):
            return found
    return None


def _value(document: JSON, schema: JSON, example: Any = None) -> Any:
    """
    Return a value that a schema allows: its example, or else the plainest.
    """
    schema = _resolved(document, schema)
    told = [example, schema.get("example"), schema.get("default"), *schema.get("enum", [])]
    if (found := next((value for value in told if value is not None), None)) is not None:
        return found
    match schema.get("type"):
        case "array":
            return [_value(document, schema.get("items", {}))]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case "string":
            return "1.5" if schema.get("format") == "decimal" else "text"
    return {name: _value(document, child) for name, child in schema.get("properties", {}).items()}


def text(value: Any) -> str:
    """
    Write a value as a body.
    """
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
