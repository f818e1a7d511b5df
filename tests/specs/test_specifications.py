"""
What the specifications say, and that they say it in full.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator

from generate import CLIENTS, SPECS, load
from published import specification

if TYPE_CHECKING:
    from collections.abc import Iterator

HANDWRITTEN = [name for name, source in CLIENTS.items() if source.spec.endswith(".yaml")]


@functools.cache
def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((SPECS / CLIENTS[name].spec).read_text(encoding="utf-8"), yaml.CSafeLoader)
    return document


def resolve(document: dict[str, Any], node: Any) -> Any:
    while "$ref" in node:
        _, *steps = node["$ref"].split("/")
        node = document
        for step in steps:
            node = node[step]
    return node


def operations() -> Iterator[Any]:
    for name in HANDWRITTEN:
        document = read(name)
        for path, item in document["paths"].items():
            for method, operation in item.items():
                yield pytest.param(document, operation, id=f"{method} {path}")


def body_of(document: dict[str, Any], response: Any) -> Any:
    (body,) = resolve(document, response)["content"].values()
    return body


@pytest.mark.parametrize("name", CLIENTS)
def test_valid(name: str) -> None:
    """
    Each specification, converted where need be, is valid OpenAPI.
    """
    assert [] == [error.message for error in OpenAPIV30SpecValidator(specification(name)).iter_errors()]


@pytest.mark.parametrize("name", CLIENTS)
def test_what_tests_read_is_what_is_generated_from(name: str) -> None:
    """
    The generator's reader and the quick one of the tests read the same, down to the types and the order.
    """
    assert repr(load(CLIENTS[name])) == repr(specification(name))


def test_gateway_is_valid_swagger() -> None:
    """
    The gateway's specification is valid Swagger before it is converted.
    """
    assert [] == [error.message for error in OpenAPIV2SpecValidator(read("fexgate")).iter_errors()]


def test_gateway_is_as_printed() -> None:
    """
    The gateway's specification is laid out as its own tool prints it, so that a newer one makes a short diff.
    """
    text = (SPECS / CLIENTS["fexgate"].spec).read_text(encoding="utf-8")
    document = json.loads(text)

    assert json.dumps(document, indent=2, ensure_ascii=False) + "\n" == text
    assert ["swagger", "info", "tags", "consumes", "produces", "paths", "definitions"] == list(document)
    assert sorted(document["definitions"]) == list(document["definitions"])
    assert not any("required" in definition for definition in document["definitions"].values())


@pytest.mark.parametrize(("document", "operation"), list(operations()))
def test_operation_names_its_source(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """
    Each operation says where it was read, when, and what it is for.
    """
    assert document["info"]["version"] >= operation["x-retrieved"]
    assert dt.date.fromisoformat(operation["x-retrieved"])
    assert operation["externalDocs"]["url"].startswith("https://")
    assert operation["summary"]
    assert operation["description"]


@pytest.mark.parametrize(("document", "operation"), list(operations()))
def test_operation_has_examples(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """
    Each operation has an example of its success, and of each of its failures.
    """
    bodies = {status: body_of(document, response) for status, response in operation["responses"].items()}

    assert {"200", "default"} <= bodies.keys()
    assert "example" in bodies["200"]
    assert all({"example", "examples"} & body.keys() for body in bodies.values())


@pytest.mark.parametrize(("document", "operation"), list(operations()))
def test_operation_has_a_price(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """
    Each operation says what a call costs: a weight, or a share of so many requests in so many seconds.
    """
    weight, limit = operation.get("x-weight"), operation.get("x-rate-limit")

    assert (weight is None) != (limit is None)
    assert weight is None or weight > 0
    assert limit is None or ({"requests", "seconds"} == limit.keys() and all(figure > 0 for figure in limit.values()))
    assert document["info"]["description"].count("`x-weight`" if limit is None else "`x-rate-limit`") == 1


def test_doubtful_weight_is_the_higher_one() -> None:
    """
    Of two weights that were published for version 2 of the balance, the higher one is budgeted.
    """
    paths = read("binance_usdm")["paths"]

    assert 10 == paths["/fapi/v2/balance"]["get"]["x-weight"]
    assert 5 == paths["/fapi/v3/balance"]["get"]["x-weight"]


@pytest.mark.parametrize(("document", "operation"), list(operations()))
def test_all_but_the_market_is_signed(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """
    Each operation about an account needs every security scheme of the document at once, and no other any.
    """
    every_scheme: dict[str, list[str]] = {name: [] for name in document["components"]["securitySchemes"]}

    assert ([every_scheme] if operation["tags"] == ["account"] else []) == operation.get("security", [])


def field_of(schema: dict[str, Any], name: str) -> Any:
    """
    Return the schema of a field, by its name, or by what a map has of each.
    """
    return schema.get("properties", {}).get(name) or schema.get("additionalProperties", {})


def amounts(document: dict[str, Any], schema: Any, example: Any, name: str = "") -> Iterator[tuple[str, str | None]]:
    """
    Yield the name and the format of each field whose example is a number in a string, and that is never empty, or has a
    fraction. Where it is no amount, the specification says the unit of the time, or the pattern of the code.
    """
    schema = resolve(document, schema)
    if "type" not in schema:
        # Nobody reads it.
        return
    if isinstance(example, list):
        for item in example if "items" in schema else ():
            yield from amounts(document, schema["items"], item, name)
    elif isinstance(example, dict):
        # A code that says whether the answer is one looks like a number.
        for key in example.keys() - schema.get("x-succeeds", {}).keys():
            # The generator has no decimals in maps: what one holds is a number, which may come as a text.
            if key in schema.get("properties", {}) or schema.get("additionalProperties", {}).get("type") != "number":
                yield from amounts(document, field_of(schema, key), example[key], key)
    elif name == "jsonrpc":
        # The version of a protocol looks like a number.
        return
    elif isinstance(example, float):
        yield name, "decimal" if schema["type"] == "number" else None
    elif (
        isinstance(example, str)
        and re.fullmatch(r"-?\d+(\.\d+)?", example)
        and not {"x-may-be-empty", "x-unit", "pattern"} & schema.keys()
    ):
        yield name, schema.get("format")


@pytest.mark.parametrize(("document", "operation"), list(operations()))
def test_amounts_are_decimals(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """
    Each field that is a number in a string is specified as a decimal.
    """
    body = body_of(document, operation["responses"]["200"])
    found = list(amounts(document, body["schema"], body["example"]))

    assert [(name, "decimal") for name, _ in found] == found
    about_amounts = re.search(
        "balance|account information|summaries|account assets|wallets|price|index|positions",
        operation["summary"].lower(),
    )
    assert bool(found) == bool(about_amounts)


def empties(document: dict[str, Any], schema: Any, example: Any) -> Iterator[bool]:
    """
    Yield of each field whose example is an empty string whether it may be empty.
    """
    schema = resolve(document, schema)
    if isinstance(example, list) and "items" in schema:
        for item in example:
            yield from empties(document, schema["items"], item)
    elif isinstance(example, dict):
        for key, value in example.items():
            yield from empties(document, field_of(schema, key), value)
    elif example == "":
        yield schema.get("x-may-be-empty", False)


def test_empty_amounts_are_told_apart() -> None:
    """
    Each amount that is published as "" is specified as one that may be, and no other kind of field is.
    """
    found = {
        operation["operationId"]: list(empties(document, body["schema"], body["example"]))
        for name in HANDWRITTEN
        for document in [read(name)]
        for item in document["paths"].values()
        for operation in item.values()
        for body in [body_of(document, operation["responses"]["200"])]
    }

    assert [True] == found["accountBalance"]
    assert all(all(allowed) for allowed in found.values())


@pytest.mark.parametrize("name", HANDWRITTEN)
def test_documented_fields_are_required(name: str) -> None:
    """
    Each field that a venue documents is required, and described in a sentence, unless it says in which of the venue's
    examples it is missing; what the venue adds is welcome.
    """
    for schema in read(name)["components"]["schemas"].values():
        optional = [
            key for key, field in schema["properties"].items() if "not required" in field.get("description", "")
        ]
        # What refers to another schema has no description of its own.
        optional += schema.get("x-one-of", [])
        assert [key for key in schema["properties"] if key not in optional] == schema.get("required", [])
        assert schema.get("additionalProperties", True) not in (False, {})
        assert all(field["description"].endswith(".") for field in schema["properties"].values() if "$ref" not in field)
