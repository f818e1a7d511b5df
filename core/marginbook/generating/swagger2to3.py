"""
Turns what protoc-gen-openapiv2 prints, Swagger 2.0, into the OpenAPI 3.0 that the generator needs.

Nothing is dropped or guessed: what has no place in the table of its level raises, and the error says where it stands.
"""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = ["ConversionError", "convert"]

JSON = dict[str, Any]

_TOP: Final = "the document"

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")

#: What is said of a value wherever it stands.
_VALUE: Final = {
    *("type", "format", "items", "default", "enum", "pattern", "uniqueItems", "multipleOf"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("minLength", "maxLength", "minItems", "maxItems"),
}
_SCHEMA: Final = _VALUE | {
    *("$ref", "title", "description", "properties", "additionalProperties", "required", "allOf"),
    *("minProperties", "maxProperties", "readOnly", "example", "externalDocs"),
}
_PARAMETER: Final = {"name", "in", "description", "required"}
_OPERATION: Final = {
    *("tags", "summary", "description", "externalDocs", "operationId", "deprecated", "security"),
    *("consumes", "produces", "parameters", "responses"),
}
_DOCUMENT: Final = {
    *("swagger", "info", "tags", "externalDocs", "host", "basePath", "schemes", "consumes", "produces"),
    *("paths", "definitions", "securityDefinitions", "security"),
}

_FLOWS: Final = {
    "implicit": "implicit",
    "password": "password",
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
}


class ConversionError(ValueError):
    """
    The document says something that this converter does not know.

    Args:
        where: The place in the document.

        what: What stands there.

    """

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}.")


def convert(document: JSON, *, root: str = "/") -> JSON:
    """
    Return the OpenAPI 3.0.3 document that says the same.

    A gateway may be published below a prefix, and its paths then come with it. Cut at *root*, they are the same
    wherever it is: what stands before moves into ``servers``.

    Raises:
        ConversionError: Something is not known, or the paths do not stand below one prefix.

    """
    if document.get("swagger") != "2.0":
        raise ConversionError(_TOP, "it is not Swagger 2.0")
    _check(document, _DOCUMENT, _TOP, "info", "paths")
    prefix = _prefix(document["paths"], root)
    converted: JSON = {"openapi": "3.0.3", "info": document["info"]}
    if servers := _servers(document, prefix):
        converted["servers"] = servers
    converted |= _extensions(document) | {key: document[key] for key in ("tags", "externalDocs") if key in document}
    converted["paths"] = {
        path.removeprefix(prefix): _path_item(item, document, path) for path, item in document["paths"].items()
    }
    components: JSON = {}
    if "definitions" in document:
        components["schemas"] = {
            _component(name): _schema(schema, name) for name, schema in document["definitions"].items()
        }
    if "securityDefinitions" in document:
        components["securitySchemes"] = {
            _component(name): _security_scheme(scheme, name) for name, scheme in document["securityDefinitions"].items()
        }
    if components:
        converted["components"] = components
    return converted


def _check(node: JSON, known: set[str], where: str, *required: str) -> None:
    if not isinstance(node, dict):
        raise ConversionError(where, "an object is expected")
    if missing := [key for key in required if key not in node]:
        raise ConversionError(where, f"{', '.join(missing)} is missing")
    if unknown := sorted(key for key in node if key not in known and not key.startswith("x-")):
        raise ConversionError(where, f"no conversion is known for {', '.join(unknown)}")


def _extensions(node: JSON) -> JSON:
    return {key: value for key, value in node.items() if key.startswith("x-")}


def _component(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise ConversionError(name, "OpenAPI 3 does not allow this name")
    return name


def _prefix(paths: JSON, root: str) -> str:
    """
    Return what stands before *root* in all paths.
    """
    starts: dict[str, str] = {}
    for path in paths:
        start, found, _ = path.partition(root)
        if not found:
            raise ConversionError(path, f"{root} is not in it")
        starts.setdefault(start, path)
    if len(starts) > 1:
        raise ConversionError(" and ".join(starts.values()), f"they do not have the same before {root}")
    return next(iter(starts), "")


def _servers(document: JSON, prefix: str) -> list[JSON]:
    base = document.get("basePath", "").rstrip("/") + prefix
    if "host" in document:
        schemes = document.get("schemes")
        if not schemes:
            raise ConversionError(_TOP, "a host without schemes")
        return [{"url": f"{scheme}://{document['host']}{base}"} for scheme in schemes]
    return [{"url": base}] if base else []


def _path_item(item: JSON, document: JSON, path: str) -> JSON:
    _check(item, set(_METHODS), path)
    return {
        key: _operation(value, document, f"{key} {path}") if key in _METHODS else value for key, value in item.items()
    }


def _operation(operation: JSON, document: JSON, where: str) -> JSON:
    _check(operation, _OPERATION, where, "responses")
    converted = {
        key: value
        for key, value in operation.items()
        if key not in {"consumes", "produces", "parameters", "responses", "security"}
    }
    parameters = []
    for parameter in operation.get("parameters", []):
        here = f"{where}, parameter {parameter.get('name', '?')}"
        if parameter.get("in") == "body":
            converted["requestBody"] = _body(parameter, _media_types(operation, document, "consumes", here), here)
        else:
            parameters.append(_parameter(parameter, here))
    if parameters:
        converted["parameters"] = parameters
    converted["responses"] = {
        status: _response(response, operation, document, f"{where}, response {status}")
        for status, response in operation["responses"].items()
    }
    # The generator does not look at the document's own security.
    security = operation.get("security", document.get("security"))
    return converted if security is None else converted | {"security": security}


def _media_types(operation: JSON, document: JSON, key: str, where: str) -> list[str]:
    # An empty list takes back what the document says.
    found: list[str] | None = operation.get(key, document.get(key))
    if not found:
        raise ConversionError(where, f"nothing says what it {key}")
    return found


def _body(parameter: JSON, media_types: list[str], where: str) -> JSON:
    _check(parameter, {*_PARAMETER, "schema"}, where, "schema")
    schema = _schema(parameter["schema"], where)
    return {
        **_extensions(parameter),
        **{key: parameter[key] for key in ("description", "required") if key in parameter},
        "content": {media_type: {"schema": schema} for media_type in media_types},
    }


def _parameter(parameter: JSON, where: str) -> JSON:
    _check(parameter, _PARAMETER | _VALUE | {"collectionFormat"}, where, "name", "in", "type")
    if parameter["in"] not in {"path", "query", "header"}:
        raise ConversionError(where, f"no conversion is known for a parameter in {parameter['in']}")
    converted = {key: value for key, value in parameter.items() if key not in _VALUE and key != "collectionFormat"}
    converted["schema"] = _schema({key: value for key, value in parameter.items() if key in _VALUE}, where)
    if parameter["type"] == "array":
        converted["explode"] = _explode(parameter, where)
    return converted


def _explode(parameter: JSON, where: str) -> bool:
    match parameter.get("collectionFormat", "csv"), parameter["in"]:
        case "multi", "query":
            return True
        case "csv", _:
            return False
    raise ConversionError(where, f"no conversion is known for collectionFormat {parameter['collectionFormat']}")


def _response(response: JSON, operation: JSON, document: JSON, where: str) -> JSON:
    _check(response, {"description", "schema", "examples"}, where, "description")
    converted = {**_extensions(response), "description": response["description"]}
    if "schema" in response:
        media_types = _media_types(operation, document, "produces", where)
        schema = _schema(response["schema"], where)
        converted["content"] = {media_type: {"schema": schema} for media_type in media_types}
    for media_type, example in response.get("examples", {}).items():
        if media_type not in converted.get("content", {}):
            raise ConversionError(where, f"an example of {media_type}, which it does not produce")
        converted["content"][media_type]["example"] = example
    return converted


def _schema(schema: JSON, where: str) -> JSON:
    _check(schema, _SCHEMA, where)
    if schema.get("type") == "file":
        raise ConversionError(where, "no conversion is known for a file")
    converted = dict(schema)
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        if name == schema["$ref"]:
            raise ConversionError(where, f"no conversion is known for a reference to {name}")
        converted["$ref"] = f"#/components/schemas/{_component(name)}"
    # A comment of the .proto. Left where it is, its first words would become the name of the class.
    if "title" in schema:
        converted["description"] = "\n".join(filter(None, [converted.pop("title"), schema.get("description")]))
    if "properties" in schema:
        converted["properties"] = {
            name: _schema(property_, f"{where}.{name}") for name, property_ in schema["properties"].items()
        }
    if "items" in schema:
        converted["items"] = _schema(schema["items"], f"{where}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        converted["additionalProperties"] = _schema(schema["additionalProperties"], f"{where}.*")
    if "allOf" in schema:
        converted["allOf"] = [_schema(part, where) for part in schema["allOf"]]
    return converted


def _security_scheme(scheme: JSON, where: str) -> JSON:
    match scheme.get("type"):
        case "apiKey":
            _check(scheme, {"type", "description", "name", "in"}, where)
            return scheme
        case "basic":
            _check(scheme, {"type", "description"}, where)
            return {**scheme, "type": "http", "scheme": "basic"}
        case "oauth2" if scheme.get("flow") in _FLOWS:
            _check(scheme, {"type", "description", "flow", "authorizationUrl", "tokenUrl", "scopes"}, where)
            flow = {key: scheme[key] for key in ("authorizationUrl", "tokenUrl") if key in scheme}
            converted = {key: value for key, value in scheme.items() if key in {"type", "description"}}
            converted["flows"] = {_FLOWS[scheme["flow"]]: flow | {"scopes": scheme.get("scopes", {})}}
            return converted | _extensions(scheme)
        case unknown:
            raise ConversionError(where, f"no conversion is known for security of type {unknown}")
