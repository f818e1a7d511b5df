"""
Values of ours are shown, compared and hashed as attrs would have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field, frozen

from marginbook.methods import equal, hashed, shown

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class Theirs:
    name: str
    amounts: tuple[int, ...] = ()
    _secret: str = field(default="secret", repr=False)
    _count: int = field(default=1, repr=lambda count: f"<{count}>")
    seen: list[int] = field(factory=list, eq=False, repr=False)


@frozen
class Ours(Theirs):
    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed


def test_values_are_shown() -> None:
    """
    Each field that may be shown, in its way; those that hold a secret are not.
    """
    assert "Theirs(name='a', amounts=(1, 2), _count=<1>)" == repr(Theirs("a", (1, 2)))
    assert "Ours(name='a', amounts=(1, 2), _count=<1>)" == repr(Ours("a", (1, 2)))


@pytest.mark.parametrize("kind", [Theirs, Ours])
def test_values_are_equal(kind: Callable[..., Any]) -> None:
    """
    If each field is that is compared, and with one hash then.
    """
    value = kind("a", (1, 2), seen=[1])

    assert value == kind("a", (1, 2), seen=[])
    assert hash(value) == hash(kind("a", (1, 2), seen=[]))
    assert value not in {kind("b", (1, 2)), kind("a", (1,)), kind("a", (1, 2), "other"), kind("a", (1, 2), count=2)}


def test_values_of_other_classes_are_others() -> None:
    """
    Though their fields are the same; and what is no value may say itself what it equals.
    """

    class Anything:
        __hash__ = None  # type: ignore[assignment]  # as of all that is equal to others

        def __eq__(self, other: object) -> bool:
            return True

    assert Theirs("a") != Ours("a") != Theirs("a")
    assert hash(Theirs("a")) != hash(Ours("a"))
    assert Ours("a") != ("a", (), "secret", 1)
    assert Ours("a") == Anything()


def test_what_can_change_has_no_hash() -> None:
    """
    A class that says what is equal and not what the hash is has none.
    """

    @define
    class Model:  # noqa: PLW1641  # that is the point
        name: str

        __eq__ = equal

    assert Model("a") == Model("a")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Model("a"))
