"""
Reads a file of expected balances: TOML, or CSV.
"""

from __future__ import annotations

import csv
import io
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import Attribute, field, frozen

from marginbook.errors import ConfigurationError
from marginbook.values import AMOUNTS, exact
from marginbook.values.fields import text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

EXAMPLE: Final = """Write it like this:

[tolerance]
USDT = "0.01"

[[balances]]
account = "desk-a"
asset = "USDT"
wallet_balance = "100.50"
"""

_TABLES: Final = ("balances", "only", "tolerance")
_COLUMNS: Final = ("account", "asset", *AMOUNTS, "tolerance")


def _figures(figures: Mapping[str, Decimal | int | str]) -> tuple[tuple[str, Decimal], ...]:
    if strangers := sorted({*figures}.difference(AMOUNTS)):
        msg = f"there is no figure {', '.join(strangers)}"
        raise ValueError(msg)
    return tuple((name, exact(figures[name])) for name in AMOUNTS if name in figures)


@frozen(kw_only=True)
class Expectation:
    """
    What one asset in one account is expected to be.

    Raises:
        TypeError: An amount is a float.

        ValueError: There is no such figure, an amount is none, or the tolerance is negative.

    """

    #: Our name of the account.
    account: str = text()
    #: What the amounts are counted in, as the venue spells it.
    asset: str = text()
    #: The figures of a balance that are compared. Without any, the row only has to be there.
    figures: tuple[tuple[str, Decimal], ...] = field(default=(), converter=_figures)
    #: How far a figure may be off, in units of the asset.
    tolerance: Decimal = field(default=Decimal(), converter=exact)
    #: Where it is written, for people.
    place: str = field(default="", eq=False)

    @tolerance.validator
    def _check_tolerance(self, _: Attribute[Any], tolerance: Decimal) -> None:
        if tolerance < 0:
            msg = "the tolerance is negative"
            raise ValueError(msg)


def _expectations(rows: Iterable[Expectation]) -> tuple[Expectation, ...]:
    return tuple(rows)


@frozen
class Expected:
    """
    What a report is expected to say.

    Args:
        rows: One for each asset in each account.

        only_listed: False if a row that is not expected is a mismatch.

    Raises:
        ConfigurationError: There is no figure to compare, or there are two rows of one asset in one account.

    """

    rows: tuple[Expectation, ...] = field(converter=_expectations)
    only_listed: bool = field(default=False, kw_only=True)

    @rows.validator
    def _check_rows(self, _: Attribute[Any], rows: tuple[Expectation, ...]) -> None:
        if not any(row.figures for row in rows):
            msg = "No figure is expected, so nothing would be compared."
            raise ConfigurationError(msg, hint=EXAMPLE)
        seen: dict[tuple[str, str], Expectation] = {}
        for row in rows:
            if first := seen.get((row.account, row.asset)):
                places = " and ".join(filter(None, [first.place, row.place]))
                msg = f"{row.asset} of {row.account} is expected twice{f', by {places}' if places else ''}."
                raise ConfigurationError(msg, hint="Keep one of them.")
            seen[row.account, row.asset] = row


def load_expected(path: str | os.PathLike[str], *, only_listed: bool = False) -> Expected:
    """
    Read a file of expected balances: CSV if it is called ``*.csv``, else TOML.

    TOML has a table ``[[balances]]`` for each row, with ``account``, ``asset``, any figures of a balance, and maybe its
    ``tolerance``; a table ``[tolerance]`` with one for each asset; and ``only = "listed"`` where the report may have
    more rows. Amounts are texts or numbers, and kept digit for digit. CSV has the same names as columns. An empty cell
    is not compared. The default tolerance is zero.

    Args:
        path: The file.

        only_listed: True if the report may have more rows, whatever the file says.

    Raises:
        ConfigurationError: The file cannot be read, or something in it is none of this. The text says where.

    """
    path = Path(path)
    try:
        content = path.read_text(encoding="utf-8-sig")
        rows, listed = _from_csv(content) if path.suffix.lower() == ".csv" else _from_toml(content)
        return Expected(rows, only_listed=listed or only_listed)
    except ConfigurationError as error:
        msg = f"{path}: {error.message}"
        raise ConfigurationError(msg, hint=error.hint) from None
    except OSError as error:
        msg, hint = f"The file of expected balances {path} cannot be read: {error.strerror}.", EXAMPLE
    except tomllib.TOMLDecodeError as error:
        msg, hint = f"{path} is not TOML: {error}.", f"A file of CSV is called *.csv. {EXAMPLE}"
    except csv.Error as error:
        msg, hint = f"{path} is not CSV: {error}.", "Save it as CSV with commas."
    except UnicodeDecodeError:
        msg, hint = f"{path} is not UTF-8 text.", "Save it as UTF-8."
    except (RecursionError, ValueError):
        msg, hint = f"{path} has a number that is too long in it, or lists in lists without end.", EXAMPLE
    raise ConfigurationError(msg, hint=hint)


def _from_csv(content: str) -> tuple[list[Expectation], bool]:
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    columns = reader.fieldnames or []
    if len({*columns}) != len(columns) or not {"account", "asset"} <= {*columns} <= {*_COLUMNS}:
        msg = f"line 1: the columns are {', '.join(columns) or 'missing'}."
        raise ConfigurationError(msg, hint=f"There have to be account and asset, and may be {', '.join(_COLUMNS[2:])}.")
    rows = []
    for row in reader:
        place = f"line {reader.line_num}"
        if None in row or None in row.values():
            msg = f"{place}: there are not as many cells as columns."
            raise ConfigurationError(msg, hint="An amount has a point and no commas.")
        rows.append(_row({name: cell.strip() for name, cell in row.items() if cell.strip()}, place, {}))
    return rows, False


def _from_toml(content: str) -> tuple[list[Expectation], bool]:
    document = tomllib.loads(content, parse_float=Decimal)
    if strangers := [name for name in document if name not in _TABLES]:
        msg = f"there is no place for {', '.join(map(repr, strangers))}."
        raise ConfigurationError(msg, hint=EXAMPLE)
    if document.get("only", "listed") != "listed":
        msg = f"only is {document['only']!r:.40}."
        raise ConfigurationError(msg, hint='Write only = "listed", or leave it out: then each row has to be expected.')
    tolerances, rows = document.get("tolerance", {}), document.get("balances", [])
    if not isinstance(tolerances, dict) or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        msg = "[tolerance] is one table, and [[balances]] are many."
        raise ConfigurationError(msg, hint=EXAMPLE)
    for asset in tolerances:
        _row({"account": "any", "asset": asset, "tolerance": tolerances[asset]}, "tolerance", {})
    read = [_row(row, f"balances number {number}", tolerances) for number, row in enumerate(rows, start=1)]
    if strangers := sorted(tolerances.keys() - {row.asset for row in read}):
        msg = f"there is a tolerance for {', '.join(strangers)}, and no row of it."
        raise ConfigurationError(msg, hint="Spell the asset as the venue does.")
    return read, "only" in document


def _row(row: Mapping[str, Any], place: str, tolerances: Mapping[str, Any]) -> Expectation:
    if strangers := [name for name in row if name not in _COLUMNS]:
        msg = f"{place}: there is no figure {', '.join(map(repr, strangers))}."
        raise ConfigurationError(msg, hint=f"There are {', '.join(AMOUNTS)}.")
    account: Any = row.get("account")
    asset: Any = row.get("asset")
    try:
        return Expectation(
            account=account,
            asset=asset,
            figures={name: found for name, found in row.items() if name in AMOUNTS},
            tolerance=row.get("tolerance", tolerances.get(asset, 0)) if isinstance(asset, str) else 0,
            place=place,
        )
    except (TypeError, ValueError) as error:
        msg = f"{place}: {getattr(error, 'message', str(error)).rstrip('.')}."
    raise ConfigurationError(msg, hint='A row has an account, an asset, and amounts such as "100.50".')
