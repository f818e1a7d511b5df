"""
The converter: nothing is lost, nothing is guessed.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from generate import CLIENTS, SPECS
from marginbook.generating.swagger2to3 import ConversionError, convert

if TYPE_CHECKING:
    from collections.abc import Callable

#: All that the converter knows, at least once.
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Orders", "version": "1"},
    "host": "venue.example",
    "basePath": "/base/",
    "schemes": ["https", "http"],
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "tags": [{"name": "Orders"}],
    "externalDocs": {"url": "https://venue.example"},
    "x-anything": True,
    "security": [{"key": []}],
    "securityDefinitions": {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "user": {"type": "basic", "description": "A person"},
        "app": {
            "type": "oauth2",
            "flow": "accessCode",
            "authorizationUrl": "https://venue.example/a",
            "tokenUrl": "https://venue.example/t",
            "scopes": {"read": "Read"},
        },
    },
    "paths": {
        "/v1/orders": {
            "get": {
                "operationId": "Orders",
                "tags": ["Orders"],
                "summary": "All orders",
                "security": [],
                "parameters": [
                    {
                        "name": "ids",
                        "in": "query",
                        "type": "array",
                        "items": {"type": "string"},
                        "collectionFormat": "multi",
                    },
                    {"name": "states", "in": "query", "type": "array", "items": {"type": "string"}},
                    {
                        "name": "limit",
                        "in": "query",
                        "description": "How many",
                        "type": "integer",
                        "maximum": 9,
                        "default": 5,
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Good",
                        "schema": {"$ref": "#/definitions/Order"},
                        "examples": {"application/json": {"price": "1"}},
                    },
                    "204": {"description": "Nothing"},
                },
            },
            "post": {
                "operationId": "Place",
                "consumes": ["application/vnd.order+json"],
                "parameters": [
                    {
                        "name": "body",
                        "in": "body",
                        "required": True,
                        "schema": {"$ref": "#/definitions/Order"},
                        "x-body": 1,
                    }
                ],
                "responses": {"default": {"description": "Bad", "schema": {"type": "object"}, "x-response": 1}},
            },
        }
    },
    "definitions": {
        "Order": {
            "type": "object",
            "title": "An order",
            "description": "of somebody.",
            "required": ["price"],
            "properties": {
                "price": {"type": "string", "title": "价格"},
                "title": {"type": "string", "readOnly": True},
                "parts": {"type": "array", "items": {"$ref": "#/definitions/Order"}},
                "notes": {"type": "object", "additionalProperties": {"type": "string", "title": "A note"}},
                "anything": {"type": "object", "additionalProperties": True},
                "first": {"allOf": [{"$ref": "#/definitions/Order"}]},
            },
        }
    },
}


def test_everything_is_converted() -> None:
    """
    Each part has its place in the new document, which is valid.
    """
    converted = convert(SWAGGER)

    assert [] == [error.message for error in OpenAPIV30SpecValidator(converted).iter_errors()]
    assert {
        "openapi": "3.0.3",
        "info": {"title": "Orders", "version": "1"},
        "servers": [{"url": "https://venue.example/base"}, {"url": "http://venue.example/base"}],
        "x-anything": True,
        "tags": [{"name": "Orders"}],
        "externalDocs": {"url": "https://venue.example"},
        "paths": {
            "/v1/orders": {
                "get": {
                    "operationId": "Orders",
                    "tags": ["Orders"],
                    "summary": "All orders",
                    "parameters": [
                        {
                            "name": "ids",
                            "in": "query",
                            "schema": {"type": "array", "items": {"type": "string"}},
                            "explode": True,
                        },
                        {
                            "name": "states",
                            "in": "query",
                            "schema": {"type": "array", "items": {"type": "string"}},
                            "explode": False,
                        },
                        {
                            "name": "limit",
                            "in": "query",
                            "description": "How many",
                            "schema": {"type": "integer", "maximum": 9, "default": 5},
                        },
                    ],
                    "responses": {
                        "200": {
                            "description": "Good",
                            "content": {
                                "application/json": {
                                    "schema": {"$ref": "#/components/schemas/Order"},
                                    "example": {"price": "1"},
                                }
                            },
                        },
                        "204": {"description": "Nothing"},
                    },
                    "security": [],
                },
                "post": {
                    "operationId": "Place",
                    "requestBody": {
                        "x-body": 1,
                        "required": True,
                        "content": {"application/vnd.order+json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    },
                    "responses": {
                        "default": {
                            "x-response": 1,
                            "description": "Bad",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        }
                    },
                    "security": [{"key": []}],
                },
            }
        },
        "components": {
            "schemas": {
                "Order": {
                    "type": "object",
                    "description": "An order\nof somebody.",
                    "required": ["price"],
                    "properties": {
                        "price": {"type": "string", "description": "价格"},
                        "title": {"type": "string", "readOnly": True},
                        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
                        "notes": {
                            "type": "object",
                            "additionalProperties": {"type": "string", "description": "A note"},
                        },
                        "anything": {"type": "object", "additionalProperties": True},
                        "first": {"allOf": [{"$ref": "#/components/schemas/Order"}]},
                    },
                }
            },
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
                "user": {"type": "http", "scheme": "basic", "description": "A person"},
                "app": {
                    "type": "oauth2",
                    "flows": {
                        "authorizationCode": {
                            "authorizationUrl": "https://venue.example/a",
                            "tokenUrl": "https://venue.example/t",
                            "scopes": {"read": "Read"},
                        }
                    },
                },
            },
        },
    } == converted


def test_the_original_is_left_alone() -> None:
    """
    A conversion changes nothing of what it was given.
    """
    before = copy.deepcopy(SWAGGER)
    convert(SWAGGER)

    assert before == SWAGGER


def test_little_is_enough() -> None:
    """
    A document without definitions, servers and security stays without them.
    """
    document = {"swagger": "2.0", "info": {}, "paths": {"/a": {"get": {"responses": {"200": {"description": ""}}}}}}

    assert {
        "openapi": "3.0.3",
        "info": {},
        "paths": {"/a": {"get": {"responses": {"200": {"description": ""}}}}},
    } == convert(document)


@pytest.mark.parametrize(
    ("prefix", "base", "servers"),
    [
        ("", "", None),
        ("/fexgate", "", [{"url": "/fexgate"}]),
        ("", "/api", [{"url": "/api"}]),
        ("/fexgate", "/api/", [{"url": "/api/fexgate"}]),
    ],
)
def test_prefix_moves_into_servers(prefix: str, base: str, servers: object) -> None:
    """
    Whatever a gateway is published below, its paths are the same, and the rest is in ``servers``.
    """
    published = json.loads((SPECS / CLIENTS["fexgate"].spec).read_text(encoding="utf-8"))
    document = published | {
        "basePath": base,
        "paths": {path.replace("/fexgate", prefix): item for path, item in published["paths"].items()},
    }
    converted = convert(document, root="/v1/")

    assert ["/v1/{exchange}/balance"] == list(converted["paths"])
    assert servers == converted.get("servers")


@pytest.mark.parametrize(
    ("paths", "complaint"),
    [
        (["/v1/a", "/x/v1/b"], "/v1/a and /x/v1/b: they do not have the same before /v1/."),
        (["/x/v1/a", "/y/v1/b"], "/x/v1/a and /y/v1/b: they do not have the same before /v1/."),
        (["/v1/a", "/v2/b"], "/v2/b: /v1/ is not in it."),
    ],
)
def test_prefix_must_be_common(paths: list[str], complaint: str) -> None:
    """
    Paths that stand below different prefixes cannot be served by one base URL.
    """
    with pytest.raises(ConversionError) as caught:
        convert({"swagger": "2.0", "info": {}, "paths": {path: {} for path in paths}}, root="/v1/")

    assert complaint == str(caught.value)


GET = ("paths", "/v1/orders", "get")
POST = ("paths", "/v1/orders", "post")


def put(*steps: str | int, value: Any) -> Callable[[dict[str, Any]], object]:
    def change(document: Any) -> None:
        for step in steps[:-1]:
            document = document[step]
        document[steps[-1]] = value

    return change


def drop(*steps: str | int) -> Callable[[dict[str, Any]], object]:
    def change(document: Any) -> None:
        for step in steps[:-1]:
            document = document[step]
        del document[steps[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (put("swagger", value="1.2"), "the document: it is not Swagger 2.0."),
        (put("openapi", value="3.0.3"), "the document: no conversion is known for openapi."),
        (put("parameters", value={}), "the document: no conversion is known for parameters."),
        (put("responses", value={}), "the document: no conversion is known for responses."),
        (drop("info"), "the document: info is missing."),
        (drop("paths"), "the document: paths is missing."),
        (drop("schemes"), "the document: a host without schemes."),
        (drop("produces"), "get /v1/orders, response 200: nothing says what it produces."),
        (put(*POST, "consumes", value=[]), "post /v1/orders, parameter body: nothing says what it consumes."),
        (put("paths", "/v1/orders", "parameters", value=[]), "/v1/orders: no conversion is known for parameters."),
        (put("paths", "/v1/orders", "$ref", value="x"), "/v1/orders: no conversion is known for $ref."),
        (put(*GET, "schemes", value=["ws"]), "get /v1/orders: no conversion is known for schemes."),
        (put(*GET, value=[]), "get /v1/orders: an object is expected."),
        (drop(*GET, "responses"), "get /v1/orders: responses is missing."),
        (
            put(*GET, "parameters", 0, value={"$ref": "#/parameters/x"}),
            "get /v1/orders, parameter ?: name, in, type is missing.",
        ),
        (
            put(*GET, "parameters", 0, "in", value="formData"),
            "get /v1/orders, parameter ids: no conversion is known for a parameter in formData.",
        ),
        (
            put(*GET, "parameters", 0, "allowEmptyValue", value=True),
            "get /v1/orders, parameter ids: no conversion is known for allowEmptyValue.",
        ),
        (
            put(*GET, "parameters", 0, "collectionFormat", value="pipes"),
            "get /v1/orders, parameter ids: no conversion is known for collectionFormat pipes.",
        ),
        (
            put(*GET, "parameters", 0, "in", value="header"),
            "get /v1/orders, parameter ids: no conversion is known for collectionFormat multi.",
        ),
        (
            put(*GET, "parameters", 0, "type", value="file"),
            "get /v1/orders, parameter ids: no conversion is known for a file.",
        ),
        (
            put(*GET, "parameters", 0, "items", "collectionFormat", value="csv"),
            "get /v1/orders, parameter ids[]: no conversion is known for collectionFormat.",
        ),
        (drop(*POST, "parameters", 0, "schema"), "post /v1/orders, parameter body: schema is missing."),
        (
            put(*POST, "parameters", 0, "type", value="string"),
            "post /v1/orders, parameter body: no conversion is known for type.",
        ),
        (
            put(*GET, "responses", "200", "headers", value={}),
            "get /v1/orders, response 200: no conversion is known for headers.",
        ),
        (drop(*GET, "responses", "200", "description"), "get /v1/orders, response 200: description is missing."),
        (
            put(*GET, "responses", "204", "examples", value={"text/plain": ""}),
            "get /v1/orders, response 204: an example of text/plain, which it does not produce.",
        ),
        (
            put("definitions", "Order", "discriminator", value="kind"),
            "Order: no conversion is known for discriminator.",
        ),
        (
            put("definitions", "Order", "properties", "price", "xml", value={}),
            "Order.price: no conversion is known for xml.",
        ),
        (
            put("definitions", "Order", "properties", "parts", "items", "$ref", value="other.json#/Order"),
            "Order.parts[]: no conversion is known for a reference to other.json#/Order.",
        ),
        (
            put("definitions", "Order", "properties", "notes", "additionalProperties", "oneOf", value=[]),
            "Order.notes.*: no conversion is known for oneOf.",
        ),
        (put("definitions", "Order", "properties", "price", value=1), "Order.price: an object is expected."),
        (put("definitions", "An order", value={}), "An order: OpenAPI 3 does not allow this name."),
        (
            put("securityDefinitions", "key", "type", value="mtls"),
            "key: no conversion is known for security of type mtls.",
        ),
        (
            put("securityDefinitions", "app", "flow", value="x"),
            "app: no conversion is known for security of type oauth2.",
        ),
        (put("securityDefinitions", "key", "flow", value="x"), "key: no conversion is known for flow."),
        (put("securityDefinitions", "user", "in", value="x"), "user: no conversion is known for in."),
    ],
)
def test_whatever_is_not_known_is_named(change: Callable[[dict[str, Any]], object], complaint: str) -> None:
    """
    What has no conversion is an error that says where it stands.
    """
    document = copy.deepcopy(SWAGGER)
    change(document)
    with pytest.raises(ConversionError) as caught:
        convert(document)

    assert complaint == str(caught.value)
