"""
Writing a report to a file, in any form that is installed.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Final

import openpyxl
import pyarrow.parquet as pq
import pytest

import marginbook
from books import BOOK, valued, whole
from marginbook import BalanceReport, ConfigurationError, Output, PluginError, View
from marginbook.output import ledger, lines, metrics, sheet, table
from marginbook.registry import installed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.core.conftest import Plugins

#: A plugin with an output that says what it was asked.
PLUGIN: Final = """
from marginbook import Output, hookimpl

def write(view):
    return f"{view.report.complete} {view.by} {view.zeros} {view.valuation is None}"

@hookimpl
def marginbook_outputs():
    return [Output(name="acme", title="Of Acme.", write=write, suffixes=(".acme", ".json"))]
"""

#: What each form is read with, and what it has to hold of an incomplete report to say so.
FORMS: Final[dict[str, tuple[str, Callable[[bytes], bool]]]] = {
    "table": ("report.txt", lambda content: content.startswith(b"INCOMPLETE: 4 of 5 accounts")),
    "json": ("report.json", lambda content: json.loads(content)["complete"] is False),
    "jsonl": ("report.jsonl", lambda content: json.loads(content.splitlines()[0])["complete"] is False),
    "csv": ("report.csv", lambda content: b"\ndesk-z,acme,clock," in content),
    "parquet": (
        "report.parquet",
        lambda content: pq.read_schema(io.BytesIO(content)).metadata[b"missing"] == b'["desk-z"]',
    ),
    "excel": (
        "report.xlsx",
        lambda content: "INCOMPLETE" in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A1"].value,
    ),
    "beancount": ("report.beancount", lambda content: content.startswith(b"; INCOMPLETE: 4 of 5 accounts")),
    "prometheus": ("report.prom", lambda content: b"\nmarginbook_report_complete 0\n" in content),
    "expect": ("report.expect.toml", lambda content: b"# INCOMPLETE: desk-z" in content),
    "html": ("report.html", lambda content: b"INCOMPLETE" in content),
}


def test_every_form_is_tried() -> None:
    """
    A new form has to say below how it tells that a report is incomplete.
    """
    assert set(FORMS) == set(installed({}).outputs())


@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_what_is_missing(tmp_path: Path, name: str) -> None:
    """
    A file of an incomplete report tells that it is, and a file of a complete one does not.
    """
    filename, tells = FORMS[name]
    marginbook.write(BOOK, tmp_path / filename)
    marginbook.write(whole(), tmp_path / "other", name)

    assert tells((tmp_path / filename).read_bytes())
    assert not tells((tmp_path / "other").read_bytes())


def test_the_name_tells_the_form(tmp_path: Path) -> None:
    """
    The end of a name, in any case of letters, tells the form; who names the form is obeyed.
    """
    marginbook.write(BOOK, tmp_path / "a.CSV")
    marginbook.write(BOOK, str(tmp_path / "b.csv"), "jsonl")
    marginbook.write(BOOK, tmp_path / "c.bean", format=None)
    marginbook.write(BOOK, tmp_path / "d", format="prometheus")

    assert [sheet.write(BOOK), lines.write(BOOK), ledger.write(BOOK), metrics.write(BOOK)] == [
        path.read_text(encoding="utf-8") for path in sorted(tmp_path.iterdir())
    ]


def test_a_view(tmp_path: Path) -> None:
    """
    Forms for people are told how to look at the report; files are UTF-8.
    """
    marginbook.write(BOOK, tmp_path / "report.txt", by="asset", zeros=False)

    assert table.write(View(BOOK, by="asset", zeros=False)) + "\n" == (tmp_path / "report.txt").read_text(
        encoding="utf-8"
    )


def test_values(tmp_path: Path) -> None:
    """
    A form that shows values is given them.
    """
    marginbook.write(BOOK, tmp_path / "report.xlsx", valuation=valued())

    assert "Values" in openpyxl.load_workbook(tmp_path / "report.xlsx").sheetnames


def test_json_is_read_again(tmp_path: Path) -> None:
    """
    What is written as JSON is the very report.
    """
    marginbook.write(BOOK, tmp_path / "report.json")

    assert BOOK == BalanceReport.from_dict(json.loads((tmp_path / "report.json").read_bytes()))


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("report", None, "The name of report does not tell in which form to write it. Name the form with --format, or"),
        (
            "report.xml",
            None,
            "or end the name with one of .txt, .json, .jsonl, .csv, .parquet, .xlsx, .beancount, .bean",
        ),
        (
            "report.json",
            "xml",
            "There is no output 'xml'. There are table, json, jsonl, csv, parquet, excel, beancount",
        ),
        ("no/such.json", None, "its folder is not there."),
    ],
)
def test_wrong_questions(tmp_path: Path, name: str, form: str | None, expected: str) -> None:
    """
    What cannot be written is told, and nothing is.
    """
    with pytest.raises(ConfigurationError) as caught:
        marginbook.write(BOOK, tmp_path / name, form)

    assert expected in str(caught.value)
    assert [] == list(tmp_path.iterdir())


def test_outputs_of_others(tmp_path: Path, plugins: Plugins) -> None:
    """
    A stranger's form is found by its name and by the end of a file, but does not take the end of one of ours.
    """
    plugins.add("acme", "output.acme", source=PLUGIN)
    marginbook.write(BOOK, tmp_path / "a.acme", zeros=False)
    marginbook.write(BOOK, tmp_path / "b.json")
    marginbook.write(BOOK, tmp_path / "c", "acme", by="venue", valuation=valued(), registry=installed({}))

    assert "False account False True" == (tmp_path / "a.acme").read_text()
    assert BOOK.to_json() == (tmp_path / "b.json").read_text(encoding="utf-8")
    assert "False venue True False" == (tmp_path / "c").read_text()


def test_a_failed_output_leaves_the_file(tmp_path: Path, plugins: Plugins) -> None:
    """
    The file that is there outlives a plugin that stumbles.
    """
    plugins.add("acme", "output.acme", source=PLUGIN.replace("return f", "1 / 0; return f"))
    path = tmp_path / "report.acme"
    path.write_text("old")
    with pytest.raises(PluginError) as caught:
        marginbook.write(BOOK, path)

    assert (
        "The output 'acme' of acme (acme 1.0) failed: ZeroDivisionError: division by zero. Update or uninstall acme."
    ) == str(caught.value)
    assert "old" == path.read_text()


def test_the_words_of_an_output() -> None:
    """
    A name is a lower-case word, since --format takes it.
    """
    made: Any = {"title": "Of Acme.", "write": str}

    assert ("acme-2", (".a",)) == ((found := Output(name="acme-2", suffixes=[".a"], **made)).name, found.suffixes)
    for name in ("", "Acme", "a b"):
        with pytest.raises(PluginError, match="cannot be the name of an output"):
            Output(name=name, **made)
