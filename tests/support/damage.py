"""
What can happen to a body on its way, or at a venue that has changed.
"""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from strategies import amounts, names, spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Draw = Callable[[st.SearchStrategy[Any]], Any]
    #: Changes the value at a place in a list or object.
    Change = Callable[[Draw, list[Any], int], None]


class Members(list[Any]):
    """
    A JSON object as its pairs, so that it may have a name twice.
    """


class Raw(str):
    """
    What stands in the body as it is: a number as it was written, or what is no JSON at all.
    """

    __slots__ = ()


def parse(content: bytes) -> Any:
    """
    Read a body so that it can be taken apart.
    """
    return json.loads(content, object_pairs_hook=Members, parse_int=Raw, parse_float=Raw)


def write(value: Any) -> str:
    """
    Write it again.
    """
    match value:
        case Raw():
            return str(value)
        case Members():
            return f"{{{','.join(f'{json.dumps(name)}:{write(member)}' for name, member in value)}}}"
        case list():
            return f"[{','.join(map(write, value))}]"
    return json.dumps(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(pairs) == len(dict(pairs)), "a name stands there twice, and it is not known which value is right"
    return dict(pairs)


def read(content: bytes) -> Any:
    """
    Read a body exactly, without the help of what is tested.
    """
    return json.loads(content, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=_once)


def _places(container: list[Any]) -> Iterator[tuple[list[Any], int]]:
    for index, item in enumerate(container):
        yield container, index
        value = item[1] if isinstance(container, Members) else item
        if isinstance(value, list):
            yield from _places(value)


def _get(container: list[Any], index: int) -> Any:
    return container[index][1] if isinstance(container, Members) else container[index]


def _set(container: list[Any], index: int, value: Any) -> None:
    container[index] = (container[index][0], value) if isinstance(container, Members) else value


#: Numbers as JSON writes them, and as only some parsers read them.
_numbers: Final = st.one_of(
    st.sampled_from(["0", "-0", "0.1", "1e5", "1E+2", "1e-9", "-0.00", "1e99", "1617939110373", "253402300800000"]),
    st.sampled_from(["1e400", "1e-400", "NaN", "Infinity", "-Infinity", "+1", "01", ".5", "5.", "0x10", "1_000", "1e"]),
    st.sampled_from(["9" * 40, "9" * 41, "9" * 5000, "0." + "1" * 41]),
).map(Raw)

#: Texts that are nearly numbers, that are long, and that do something to a terminal.
_texts: Final = st.one_of(
    st.sampled_from(["", " ", "0", "-0.0", "1e5", "NaN", "-Infinity", "+1", " 1", "1_000", "1,000.00", "0x10", "null"]),
    st.sampled_from(["\u0661\u0662", "\uff11", "\u22121", "\x1b[31m", "\x00", "\ud800", "\u202e", "9" * 5000]),
    st.text(max_size=8),
    amounts.map(spelled),
)

_deep: Final = st.sampled_from([Raw("[" * depth + "]" * depth) for depth in (10, 2000, 100_000)])

strange: Final[st.SearchStrategy[Any]] = st.one_of(
    st.sampled_from([None, True, False, [], Members(), [[]], Members([("a", None)])]),
    _numbers,
    _texts,
    amounts.map(spelled).map(Raw),
    _deep,
)


def _drop(_: Draw, container: list[Any], index: int) -> None:
    del container[index]


def _double(draw: Draw, container: list[Any], index: int) -> None:
    container.insert(draw(st.integers(0, len(container))), deepcopy(container[index]))


def _rename(draw: Draw, container: list[Any], index: int) -> None:
    if isinstance(container, Members):
        others = st.sampled_from([name for name, _ in container])
        container[index] = (
            draw(others | names | st.sampled_from(["", "\x1b[2J", "\ud800", "x" * 5000])),
            container[index][1],
        )


def _replace(draw: Draw, container: list[Any], index: int) -> None:
    # A copy, since the next change may be made inside it.
    _set(container, index, deepcopy(draw(strange)))


def _retype(_: Draw, container: list[Any], index: int) -> None:
    value = _get(container, index)
    if isinstance(value, str):
        _set(container, index, str(value) if isinstance(value, Raw) else Raw(value))


def _nest(draw: Draw, container: list[Any], index: int) -> None:
    value = _get(container, index)
    nests = [[value], [[value]], [value, deepcopy(value)], Members([("data", value)])]
    _set(container, index, nests[draw(st.integers(0, 3))])


def _swap(draw: Draw, container: list[Any], index: int) -> None:
    other = draw(st.integers(0, len(container) - 1))
    value = _get(container, other)
    _set(container, other, _get(container, index))
    _set(container, index, value)


CHANGES: Final[tuple[Change, ...]] = (_drop, _double, _rename, _replace, _replace, _retype, _nest, _swap)


@st.composite
def changed(draw: Draw, content: bytes) -> bytes:
    """
    The same body with some of its values, names and rows changed.
    """
    root = [parse(content)]
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        places = list(_places(root))
        if not places:
            break
        container, index = places[draw(st.integers(0, len(places) - 1))]
        draw(st.sampled_from(CHANGES))(draw, container, index)
    return "".join(map(write, root)).encode(errors="surrogatepass")


_bytes: Final = st.sampled_from([b"", b" ", *(bytes([byte]) for byte in b'09.eE-,:"[]{}\\')]) | st.binary(max_size=3)


@st.composite
def cut(draw: Draw, content: bytes) -> bytes:
    """
    The same body with some of its bytes lost, changed, or added.
    """
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.sampled_from([start, start + 1, len(content)]) | st.integers(start, start + 40))
        content = content[:start] + draw(_bytes) + content[end:]
    return content
