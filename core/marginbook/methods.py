"""
What attrs would write for each class anew. To compile that takes half of what it takes to make a class, and every
process that asks for a balance waits for it. So classes that all of these make have from here::

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed
"""

from __future__ import annotations

from typing import Any


def shown(value: Any) -> str:
    """
    Return the repr of a value of ours, with the fields that may be shown.
    """
    fields = (field for field in type(value).__attrs_attrs__ if field.repr)
    parts = (f"{f.name}={(repr if f.repr is True else f.repr)(getattr(value, f.name))}" for f in fields)
    return f"{type(value).__qualname__.rpartition('>.')[2]}({', '.join(parts)})"


def equal(value: Any, other: object) -> Any:
    """
    Say whether a value of ours is of the same class as another, with equal fields. What is of another class may say so.
    """
    # Up here: after the comparison, a type checker takes both for plain objects.
    fields = type(value).__attrs_attrs__
    if type(other) is not type(value):
        return NotImplemented
    return all(getattr(value, f.name) == getattr(other, f.name) for f in fields if f.eq)


def hashed(value: Any) -> int:
    """
    Return the hash of a value of ours: that of its class and of all fields that make it equal to others.
    """
    return hash((type(value), *(getattr(value, f.name) for f in type(value).__attrs_attrs__ if f.eq)))
