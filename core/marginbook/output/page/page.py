"""
The page as a whole.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from marginbook.output.page import figures
from marginbook.output.page.markup import DERIVED, UNKNOWN, join, stamp, tag
from marginbook.output.page.safety import ratios
from marginbook.output.page.sections import empty, failures, header, headline, paragraph, remarks, section, without
from marginbook.output.page.worth import exposure, value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.output.output import View
    from marginbook.output.page.tables import Table
    from marginbook.report import BalanceReport

#: Nothing is loaded from anywhere, and no style or script runs but the two in the page.
_PAGE: Final = Markup("""\
<!doctype html>
<html lang="en" data-zeros="{zeros}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '{style_hash}'; \
script-src '{script_hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="marginbook">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
<script>{script}</script>
</body>
</html>
""")

_LEGEND: Final = paragraph(
    f"{UNKNOWN} is not known, which is not zero. {DERIVED} is derived from what the venue reported: point at it, or"
    " see the data dictionary, for how. Times are in UTC.",
    class_="remark",
)


def write(view: View) -> str:
    """
    Return the page. Equal reports give equal text, which is never older than its script says when it is opened.
    """
    report = view.report
    made = _tables(view)
    style = f"{_read('page.css')}{_print(report, made.values())}"
    script = _read("page.js")
    return str(
        _PAGE.format(
            zeros="shown" if view.zeros else "hidden",
            title=f"{headline(report)}, {stamp(report.started_at)} UTC",
            style=Markup(style),  # noqa: S704  # our own, and the headline as digits and our own words
            style_hash=_hash(style),
            script=Markup(script),  # noqa: S704  # our own
            script_hash=_hash(script),
            body=_body(view, made),
        )
    )


def _tables(view: View) -> dict[str, Table]:
    report, valuation = view.report, view.valuation
    made = [
        *([figures.summaries(report)] if report.summaries else []),
        *([figures.values(valuation), figures.prices(valuation, report)] if valuation else []),
        figures.totals(report),
        figures.rows(view),
        figures.locks(report),
    ]
    return {table.name: table for table in made if table.rows}


def _body(view: View, made: dict[str, Table]) -> Markup:
    report = view.report
    parts = [
        failures(report),
        value(view),
        exposure(view),
        ratios(report),
        _section(made, "summaries", "Accounts as a whole"),
        _section(made, "totals", "Totals by asset", without(report)),
        _section(made, "rows", "All rows", _LEGEND, empty(report)),
        _section(made, "locks", "Locked margin"),
        _section(made, "values", "Values", without(report)),
        _section(made, "prices", "Prices"),
        remarks(report, figures.footnotes(report)),
    ]
    skip = tag("a", "Skip to the figures", href="#figures", class_="skip")
    return join([skip, header(report), tag("main", join(parts, "\n"), id="figures"), _footer(report)], "\n")


def _section(made: dict[str, Table], name: str, title: str, *words: Markup) -> Markup:
    return section(name, title, *words, made[name].markup()) if name in made else Markup()


def _footer(report: BalanceReport) -> Markup:
    return tag("footer", paragraph(f"{headline(report)}, as of {stamp(report.started_at)} UTC. Written by marginbook."))


def _print(report: BalanceReport, made: Iterable[Table]) -> str:
    """
    Return what differs on paper from report to report: the foot of each page, and the labels of figures.
    """
    foot = f"{headline(report)}, {stamp(report.started_at)} UTC"
    labels = "".join(table.labels() for table in made)
    return f'@page {{ @bottom-left {{ content: "{foot}" }} }}\n@media print {{\n{labels}}}\n'


def _read(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
