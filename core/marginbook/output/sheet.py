"""
One row a balance: CSV, and a data frame.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from marginbook.errors import ConfigurationError
from marginbook.values import AMOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from marginbook.report import BalanceReport
    from marginbook.values import Balance

#: The columns, in order. ``state`` is "ok", or the kind of failure of an account that has no figures.
COLUMNS: Final = ("account", "venue", "state", "asset", *AMOUNTS, "updated_at", "derived", "notes")

#: First characters that make a spreadsheet take a text for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write(report: BalanceReport) -> str:
    """
    Return the rows as CSV with a header: amounts with all their digits, and nothing for what is not known.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _text(value) for name, value in row.items()} for row in rows(report))
    return stream.getvalue()


def frame(report: BalanceReport) -> pd.DataFrame:
    """
    Return the rows as a data frame of objects, so that no Decimal becomes a float.

    Raises:
        ConfigurationError: pandas is not installed.

    """
    try:
        # An extra that only its users pay for.
        import pandas as pd  # noqa: PLC0415
    except ImportError:
        msg = "A data frame needs the package pandas."
        raise ConfigurationError(msg, hint="pip install 'marginbook[pandas]'") from None
    # Every cell filled, or pandas would put a float there: its NaN.
    filled = [{**dict.fromkeys(COLUMNS), **row} for row in rows(report)]
    return pd.DataFrame(filled, columns=list(COLUMNS), dtype=object)


def rows(report: BalanceReport) -> Iterator[dict[str, Any]]:
    """
    Yield a row for each balance, for each account without any, and for each failure, by account.
    """
    filled = {balance.account for balance in report.balances}
    # A file of rows has no place for what is said of an account or of all, so each row that it concerns says it.
    notes: defaultdict[str, list[str]] = defaultdict(list)
    for note in report.notes:
        notes[note.account].append(note.message)
    full = [_row(b, (*b.notes, *notes[""], *notes[b.account])) for b in report.balances]
    empty = [
        {
            "account": name,
            "venue": venue,
            "state": "ok",
            "notes": " ".join(["The venue reports no assets.", *notes[""], *notes[name]]),
        }
        for name, venue in report.accounts.items()
        if name not in filled and name not in report.missing
    ]
    failed = [
        {"account": f.account, "venue": f.venue, "state": f.kind, "notes": f"{f.message} {f.hint}".strip()}
        for f in report.failures
    ]
    yield from sorted([*full, *empty, *failed], key=lambda row: row["account"])


def _row(balance: Balance, notes: Iterable[str]) -> dict[str, Any]:
    derived = [name for name, basis in balance.basis.items() if basis != "reported"]
    return {
        "account": balance.account,
        "venue": balance.venue,
        "state": "ok",
        "asset": balance.asset,
        **{name: getattr(balance, name) for name in AMOUNTS},
        "updated_at": balance.updated_at,
        "derived": " ".join(derived),
        "notes": " ".join(notes),
    }


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            # An asset's name is the venue's to choose.
            return f"'{value}" if value.startswith(_FORMULA) else value
    return f"{value:f}" if hasattr(value, "as_tuple") else value.isoformat()
