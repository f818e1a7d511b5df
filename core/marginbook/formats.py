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

    written = table.write(view) + "\n"
    if view.valuation is None:
        return written
    from marginbook.output import worth  # noqa: PLC0415

    return written + worth.write(view.valuation)


def _show_table(view: View) -> None:
    from marginbook.output import table  # noqa: PLC0415

    table.show(view)
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


def _parquet(view: View) -> bytes:
    from marginbook.output import columns  # noqa: PLC0415

    return columns.parquet(view.report)


def _check_parquet() -> None:
    from marginbook.output import columns  # noqa: PLC0415

    columns.require()


def _excel(view: View) -> bytes:
    from marginbook.output import workbook  # noqa: PLC0415

    return workbook.write(view)


def _check_excel() -> None:
    from marginbook.output import workbook  # noqa: PLC0415

    workbook.require()


def _beancount(view: View) -> str:
    from marginbook.output import ledger  # noqa: PLC0415

    return ledger.write(view.report)


def _prometheus(view: View) -> str:
    from marginbook.output import metrics  # noqa: PLC0415

    return metrics.write(view.report)


def _expect(view: View) -> str:
    from marginbook.output import expect  # noqa: PLC0415

    return expect.write(view.report)


def _page(view: View) -> str:
    from marginbook.output import page  # noqa: PLC0415

    return page.write(view)


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
        Output(
            name="parquet",
            title="One row a balance, as columns of exact decimals (extra: arrow).",
            write=_parquet,
            check=_check_parquet,
            binary=True,
            suffixes=(".parquet",),
        ),
        Output(
            name="excel",
            title="A workbook with a sheet a view (extra: excel).",
            write=_excel,
            check=_check_excel,
            binary=True,
            suffixes=(".xlsx",),
        ),
        Output(
            name="beancount",
            title="Balance directives of the plain-text accounting tool beancount.",
            write=_beancount,
            suffixes=(".beancount", ".bean"),
        ),
        Output(
            name="prometheus",
            title="Metrics for the textfile collector of Prometheus' node exporter.",
            write=_prometheus,
            suffixes=(".prom",),
        ),
        Output(
            name="expect",
            title="A file of expected balances, for report --expect.",
            write=_expect,
            suffixes=(".expect.toml",),
        ),
        Output(name="html", title="One page for a browser, in one file.", write=_page, suffixes=(".html",)),
    ]
