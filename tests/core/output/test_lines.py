"""
JSON lines.
"""

from __future__ import annotations

import json
from typing import Any, Final

from marginbook import Balance, BalanceReport, Failure, Lock, Note, Summary
from marginbook.values.times import EPOCH

BOOK: Final = BalanceReport(
    accounts={"a": "acme", "b": "acme"},
    balances=[Balance(account="a", venue="acme", asset="USDT₮", wallet_balance="1.10")],  # type: ignore[arg-type]
    locks=[Lock(account="a", venue="acme", symbol="X", asset="USDT₮")],
    summaries=[Summary(account="a", venue="acme", currency="USD")],
    failures=[Failure(account="b", venue="acme", kind="clock", message="It is late.")],
    notes=[Note(account="a", message="One\ntwo.")],
    started_at=EPOCH,
    finished_at=EPOCH,
)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_a_line_each() -> None:
    """
    A line for the report, then one for each account, failure, note, total, balance, lock and summary, each of a type.
    """
    found = lines(BOOK.to_jsonl())

    assert ["report", "account", "account", "failure", "note", "total", "balance", "lock", "summary"] == [
        line["type"] for line in found
    ]
    assert {
        "type": "report",
        "schema": "marginbook.balance-report",
        "schema_version": 2,
        "complete": False,
        "started_at": "1970-01-01T00:00:00+00:00",
        "finished_at": "1970-01-01T00:00:00+00:00",
    } == found[0]
    assert [
        {"type": "account", "account": "a", "venue": "acme", "state": "ok"},
        {"type": "account", "account": "b", "venue": "acme", "state": "failed"},
    ] == found[1:3]


def test_figures_say_whether_all_is_there() -> None:
    """
    Every line of figures says that the report is not complete, since it may be read alone.
    """
    found = lines(BOOK.to_jsonl())

    figures = {"total", "balance", "lock", "summary"}

    assert dict.fromkeys(figures, False) == {
        line["type"]: line["complete"] for line in found if line["type"] in figures
    }


def test_lines_hold_what_the_document_holds() -> None:
    """
    The lines are the parts of the one document, and nothing else.
    """
    document = BOOK.to_dict()
    found = lines(BOOK.to_jsonl())

    for name in ("failures", "notes", "balances", "locks", "summaries"):
        kind = "summary" if name == "summaries" else name[:-1]
        parts = [
            {k: v for k, v in line.items() if k not in {"type", "complete"}} for line in found if line["type"] == kind
        ]
        assert document[name] == parts
    assert "₮" in BOOK.to_jsonl()
