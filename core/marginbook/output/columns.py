"""
One row a balance, as columns of exact decimals: Arrow, Parquet and polars.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from marginbook.errors import ConfigurationError
from marginbook.output import sheet
from marginbook.values import AMOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal
    from types import ModuleType

    import polars as pl
    import pyarrow as pa

    from marginbook.report import BalanceReport

#: The digits of Arrow's two exact types.
_NARROW: Final = 38
_WIDE: Final = 76


def require() -> ModuleType:
    """
    Return the package that makes the columns.

    Raises:
        ConfigurationError: pyarrow is not installed.

    """
    try:
        # An extra that only its users pay for.
        import pyarrow as pa  # noqa: PLC0415
    except ImportError:
        msg = "Arrow and Parquet need the package pyarrow."
        raise ConfigurationError(msg, hint="pip install 'marginbook[arrow]'") from None
    return pa  # type: ignore[no-any-return]  # it has no types


def table(report: BalanceReport) -> pa.Table:
    """
    Return the rows as an Arrow table.

    An amount is a decimal128 of 38 digits, or a decimal256 of 76 where a column needs them. All amounts of a column
    have the scale of the one with the most decimals: the numbers are equal, while trailing zeros and the sign of a zero
    may differ. What is not known is null. The schema's metadata says whether the report is complete.

    Raises:
        ConfigurationError: pyarrow is not installed, or an amount has more digits than Arrow keeps.

    """
    pa = require()
    rows = list(sheet.rows(report))
    fields, arrays = [], []
    for name in sheet.COLUMNS:
        cells = [row.get(name) for row in rows]
        kind = _decimal(pa, name, cells) if name in AMOUNTS else _kind(pa, name)
        fields.append(pa.field(name, kind))
        arrays.append(pa.array(cells, type=kind))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=_metadata(report)))


def parquet(report: BalanceReport) -> bytes:
    """
    Return the rows as a Parquet file. See `table`.

    Raises:
        ConfigurationError: pyarrow is not installed, or an amount has more digits than Parquet keeps.

    """
    pa = require()
    # A part of pyarrow that has to be asked for.
    import pyarrow.parquet as pq  # noqa: PLC0415

    sink = pa.BufferOutputStream()
    pq.write_table(table(report), sink)
    return bytes(sink.getvalue())


def frame(report: BalanceReport) -> pl.DataFrame:
    """
    Return the rows as a polars data frame, amounts as its Decimal of 38 digits. See `table`.

    Raises:
        ConfigurationError: polars or pyarrow is not installed, or an amount has more digits than polars keeps.

    """
    try:
        # An extra that only its users pay for, and its way from Arrow.
        import polars as pl  # noqa: PLC0415
        import pyarrow as pa  # noqa: PLC0415
    except ImportError:
        msg = "A polars data frame needs the packages polars and pyarrow."
        raise ConfigurationError(msg, hint="pip install 'marginbook[polars]'") from None
    made = table(report)
    if wide := [field.name for field in made.schema if pa.types.is_decimal256(field.type)]:
        raise _too_long(wide[0], _NARROW, "polars")
    # A table makes a frame, and only other things make a series.
    return pl.DataFrame(made)


def _kind(pa: Any, name: str) -> Any:
    return pa.timestamp("us", tz="UTC") if name == "updated_at" else pa.string()


def _decimal(pa: Any, name: str, cells: Iterable[Decimal | None]) -> Any:
    known = [cell for cell in cells if cell is not None]
    scale = max((-int(cell.as_tuple().exponent) for cell in known), default=0)
    # Of 0.001, the power of its first digit is -3, and it has no digit before the point.
    before = max((cell.adjusted() + 1 for cell in known), default=0)
    digits = scale + max(before, 0)
    if digits > _WIDE:
        raise _too_long(name, _WIDE, "Arrow")
    return pa.decimal128(_NARROW, scale) if digits <= _NARROW else pa.decimal256(_WIDE, scale)


def _too_long(name: str, digits: int, package: str) -> ConfigurationError:
    msg = f"The column {name} needs more than the {digits} digits that {package} keeps."
    return ConfigurationError(msg, hint="Nothing is rounded: use JSON, CSV or to_pandas(), which keep them all.")


def _metadata(report: BalanceReport) -> dict[str, str]:
    document = report.to_dict()
    return {
        "schema": document["schema"],
        "schema_version": str(document["schema_version"]),
        "complete": json.dumps(report.complete),
        "missing": json.dumps(report.missing, ensure_ascii=False),
        "started_at": document["started_at"],
        "finished_at": document["finished_at"],
    }
