"""
The forms of a report that come with marginbook, offered through the same hook as a stranger's.
"""

from __future__ import annotations

import json

from marginbook.hookspecs import hookimpl
from marginbook.output import Output, View

# What a form needs is imported when it is written, since most reports are written in one.


def _table(view: View) -> str:
    from marginbook.output import table  # noqa: PLC0415

    written = table.write(view.report) + "\n"
    if view.valuation is None:
        return written
    from marginbook.output import worth  # noqa: PLC0415

    return written + worth.write(view.valuation)


def _show_table(view: View) -> None:
    from marginbook.output import table  # noqa: PLC0415

    table.show(view.report)
    if view.valuation is not None:
        from marginbook.output import worth  # noqa: PLC0415

        worth.show(view.valuation)


def _json(view: View) -> str:
    if view.valuation is None:
        return view.report.to_json()
    document = {**view.report.to_dict(), "valuation": view.valuation.to_dict()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _lines(view: View) -> str:
    return view.report.to_jsonl()


def _csv(view: View) -> str:
    return view.report.to_csv()


@hookimpl
def marginbook_outputs() -> list[Output]:
    """
    Offer them.
    """
    return [
        Output(name="table", title="A table for people.", write=_table, show=_show_table, suffixes=(".txt",)),
        Output(name="json", title="The whole report as JSON.", write=_json, suffixes=(".json",)),
        Output(name="jsonl", title="JSON lines, for streams and log collectors.", write=_lines, suffixes=(".jsonl",)),
        Output(name="csv", title="One row a balance.", write=_csv, suffixes=(".csv",)),
    ]
