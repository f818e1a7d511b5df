"""
JSON lines: for streams and log collectors.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marginbook.report import BalanceReport


def write(report: BalanceReport) -> str:
    """
    Return one line for the report, then one for each account, failure, note, total, balance, lock and summary.

    Every line has a ``type``, and every line of figures says whether the report is complete.
    """
    document = report.to_dict()
    complete = document["complete"]
    head = {"type": "report", **{k: v for k, v in document.items() if not isinstance(v, list | dict)}}
    lines: list[dict[str, Any]] = [
        head,
        *({"type": "account", "account": name, **account} for name, account in document["accounts"].items()),
        *({"type": "failure", **failure} for failure in document["failures"]),
        *({"type": "note", **note} for note in document["notes"]),
        *({"type": "total", "complete": complete, **total} for total in document["totals"].values()),
        *({"type": "balance", "complete": complete, **balance} for balance in document["balances"]),
        *({"type": "lock", "complete": complete, **lock} for lock in document["locks"]),
        *({"type": "summary", "complete": complete, **summary} for summary in document["summaries"]),
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
