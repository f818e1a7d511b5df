"""
Takes bodies apart, and changes them one field at a time.
"""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

_is_amount: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch


class Digits(str):
    """
    A number of a body, as it is written there.
    """

    __slots__ = ()


@frozen
class Leaf:
    """
    A value in one of several bodies.
    """

    #: What was asked for.
    document: str
    path: Path
    value: Any

    @property
    def names(self) -> tuple[str, ...]:
        """
        The last word of what was asked for, and the names on the way to the value.
        """
        # What was refused begins with its status.
        asked = self.document.lstrip("0123456789 ")
        operation = asked.partition(" ")[0].partition("?")[0].rpartition("/")[2]
        return (operation, *(str(step) for step in self.path if isinstance(step, str)))

    def __str__(self) -> str:
        steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{self.document} {steps.removeprefix('.')}"


def parse(content: bytes) -> Any:
    """
    Read a body with the digits of its numbers.
    """
    return json.loads(content, parse_int=Digits, parse_float=Digits)


def write(value: Any) -> str:
    """
    Write it again.
    """
    match value:
        case Digits():
            return str(value)
        case dict():
            return f"{{{','.join(f'{json.dumps(name)}:{write(child)}' for name, child in value.items())}}}"
        case list():
            return f"[{','.join(map(write, value))}]"
    return json.dumps(value)


def leaves(documents: Mapping[str, bytes]) -> list[Leaf]:
    """
    Return every value of some bodies that is no list and no object, or that is an empty one.
    """
    return [leaf for name, content in documents.items() for leaf in _leaves(name, parse(content), ())]


def _leaves(document: str, node: Any, path: Path) -> Iterator[Leaf]:
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if not isinstance(node, dict | list):
        yield Leaf(document, path, node)
    for step, child in steps:
        yield from _leaves(document, child, (*path, step))


def lists(documents: Mapping[str, bytes]) -> list[Leaf]:
    """
    Return every list of objects that has some.
    """
    return [found for name, content in documents.items() for found in _lists(name, parse(content), ())]


def _lists(document: str, node: Any, path: Path) -> Iterator[Leaf]:
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if isinstance(node, list) and any(isinstance(item, dict) for item in node):
        yield Leaf(document, path, node)
    for step, child in steps:
        yield from _lists(document, child, (*path, step))


def put(documents: Mapping[str, bytes], place: Leaf, value: Any) -> dict[str, bytes]:
    """
    Return the same bodies with another value at a place.
    """
    root = [parse(documents[place.document])]
    node: Any = root
    last: str | int = 0
    for step in place.path:
        node, last = node[last], step
    node[last] = value
    return {**documents, place.document: write(root[0]).encode()}


def drop(documents: Mapping[str, bytes], place: Leaf) -> dict[str, bytes]:
    """
    Return the same bodies without the value at a place.
    """
    root = parse(documents[place.document])
    node = root
    for step in place.path[:-1]:
        node = node[step]
    del node[place.path[-1]]
    return {**documents, place.document: write(root).encode()}


def others(value: Any) -> list[Any]:
    """
    Return values that could stand in the place of one, and mean something else.
    """
    match value:
        case bool():
            return [not value]
        case None:
            return [Digits("1"), "1"]
        case str() if _is_amount(value):
            sign, digits = ("-", value[1:]) if value.startswith("-") else ("", value)
            return [type(value)(f"{sign}1{digits}"), type(value)(f"{sign}{digits[:-1]}{(int(digits[-1]) + 1) % 10}")]
        case "":
            return ["1", "X"]
    return [f"{value}X", "X"]


def with_other_amounts(node: Any) -> Any:
    """
    Return the same value with another amount in the place of each that has a point.
    """
    match node:
        case dict():
            return {name: with_other_amounts(child) for name, child in node.items()}
        case list():
            return [with_other_amounts(child) for child in node]
        case str() if _is_amount(node) and "." in node:
            return others(node)[0]
    return copy.copy(node)


def without_amounts(node: Any) -> Any:
    """
    Return the same value with a zero in the place of each amount.
    """
    match node:
        case dict():
            return {name: without_amounts(child) for name, child in node.items()}
        case list():
            return [without_amounts(child) for child in node]
        case str() if _is_amount(node) and "." in node:
            return type(node)("0")
    return copy.copy(node)
