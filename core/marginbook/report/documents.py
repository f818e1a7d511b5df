"""
Values in JSON's own types.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import asdict, has

from marginbook.values import plain


def document(value: Any) -> dict[str, Any]:
    """
    Return a value by field: decimals and times as strings, None for what is not known.
    """
    return asdict(value, value_serializer=_serialize)


def _serialize(_: object, __: object, value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return list(value)
        case None | str() | int():
            return value
    # What holds values of ours is taken apart next.
    return value if has(type(value)) else plain(value)
