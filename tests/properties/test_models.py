"""
The generated clients: whatever JSON comes, they read it exactly or say what is wrong.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import pkgutil
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import marginbook_clients
from damage import Members, cut, read, strange, write
from fuzzing import examples
from marginbook import InvalidResponseError
from marginbook.registry import installed
from marginbook.wire import decode
from recordings import cassettes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def models() -> list[type[Any]]:
    """
    Return every model of every client.
    """
    found = pkgutil.walk_packages(marginbook_clients.__path__, "marginbook_clients.")
    modules = [importlib.import_module(module.name) for module in found if ".models." in module.name]
    classes = [kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)]
    return [kind for kind in classes if "marginbook_clients" in kind.__module__ and hasattr(kind, "from_dict")]


def _names(value: Any) -> Iterator[str]:
    match value:
        case dict():
            yield from value
            for member in value.values():
                yield from _names(member)
        case list():
            for item in value:
                yield from _names(item)


#: What is not read.
REFUSED: Final = object()

#: Names in bodies that were not recorded.
COMMON: Final = {"code", "msg", "message", "details", "serverTime", "type_url", "value"}


@functools.cache
def names_of(client: str) -> list[str]:
    """
    Return the names in the recorded bodies of a client's venue, and the common ones.
    """
    own = [cassette for cassette in cassettes() if cassette.venue.replace("-", "_") == client]
    bodies = [json.loads(content) for cassette in own for content in cassette.documents.values()]
    return sorted({*COMMON, *_names(bodies)})


#: Every name in a recorded body.
NAMES: Final = sorted({name for cassette in cassettes() for name in _names(cassette.body)} | COMMON)

#: What `decode` makes of a body.
_scalars: Final = st.one_of(
    st.none() | st.booleans(),
    st.integers(-(10**39), 10**39),
    st.decimals(-(10**30), 10**30, places=8),
    st.sampled_from(["", "0", "-1.50", "USDT", "NaN", "\ud800", "9" * 60]),
    st.text(max_size=8),
)
_values: Final = st.recursive(
    _scalars,
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inside, max_size=12)
    ),
    max_leaves=20,
)


def kinds(value: Any) -> set[type]:
    match value:
        case dict():
            return {dict}.union(*map(kinds, value.values()))
        case list():
            return {list}.union(*map(kinds, value))
    return {type(value)}


def test_there_are_models() -> None:
    """
    Those of all clients, one a venue, and each of them is tried below.
    """
    assert len(installed().venues()) == len({kind.__module__.split(".")[1] for kind in models()})
    assert {"AccountBalance", "WalletBalance", "RpcStatus"} <= {kind.__name__ for kind in models()}


def attempt(take: Callable[[Any], Any], value: Any) -> Any:
    """
    Return what is read of a value, or REFUSED. Any other error is one that nobody expects.
    """
    try:
        return take(value)
    except InvalidResponseError:
        return REFUSED


def by_name(model: type) -> str:
    return f"{model.__module__.split('.')[1]}.{model.__name__}"


@pytest.mark.parametrize("model", models(), ids=by_name)
@examples(20)
@given(data=st.data())
def test_models(model: Any, data: st.DataObject) -> None:
    """
    A model holds all that came, also what it does not know, or nothing is read.
    """
    names = names_of(model.__module__.split(".")[1])
    value: Any = data.draw(_values | st.fixed_dictionaries(dict.fromkeys(names, _scalars)))
    found = attempt(model.from_dict, value)
    if found is not REFUSED:
        assert value.keys() == found.to_dict().keys()
        assert found == model.from_dict(found.to_dict())


_written: Final = st.recursive(
    strange,
    lambda inside: (
        st.lists(inside, max_size=3) | st.lists(st.tuples(st.sampled_from("ab"), inside), max_size=3).map(Members)
    ),
    max_leaves=8,
).map(lambda value: write(value).encode(errors="surrogatepass"))


def _read(content: bytes) -> None:
    found = attempt(decode, content)
    if found is not REFUSED:
        assert read(content) == found
        assert kinds(found) <= {dict, list, str, int, bool, Decimal, type(None)}


@examples(300)
@given(
    st.binary(max_size=40) | st.builds(str.encode, st.text(max_size=40), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
)
def test_any_bytes(content: bytes) -> None:
    """
    Bytes are JSON and read without loss, or an error of marginbook's own.
    """
    _read(content)


@examples(300)
@given(_written)
def test_any_json(content: bytes) -> None:
    """
    So is what looks like JSON, with numbers that nobody can count and more brackets than anybody can close.
    """
    _read(content)


@examples(200)
@given(_written.flatmap(cut))
def test_damaged_json(content: bytes) -> None:
    """
    So is JSON of which some bytes are lost, wrong or too many.
    """
    _read(content)


@examples(200)
@given(st.from_regex(r"-?(0|[1-9][0-9]{0,45})(\.[0-9]{1,45})?([eE][+-]?[0-9]{1,4})?", fullmatch=True))
def test_any_number(digits: str) -> None:
    """
    A number is read to its last digit, or refused; never rounded.
    """
    _read(digits.encode())
