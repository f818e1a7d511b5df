"""
The documentation says what the program does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from marginbook import prices
from marginbook.cli import main
from marginbook.errors import FailureKind
from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from marginbook.values import AMOUNTS
from script import answering

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def run(*words: str, env: dict[str, str] | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def test_tables_are_what_the_program_says() -> None:
    """
    ``nox -s docs`` has been run since the last change.
    """
    files = ["README.md", *(f"docs/{path.name}" for path in sorted(DOCS.glob("*.md")))]
    done = run("-m", "cogapp", "--check", "--diff", "-I", ".", "-I", "docs", "-I", "tests/support", *files)

    assert "" == done.stderr
    assert 0 == done.returncode, done.stdout


def test_every_figure_is_defined() -> None:
    """
    The data dictionary defines every amount of a balance.
    """
    text = (DOCS / "data-dictionary.md").read_text(encoding="utf-8")

    assert [] == [name for name in AMOUNTS if not re.search(rf"^\| `{name}` \| [a-z`]", text, re.MULTILINE)]


def test_every_kind_of_failure_is_explained() -> None:
    """
    Callers find each kind that they can branch on, and no other.
    """
    text = (DOCS / "failures.md").read_text(encoding="utf-8")

    assert list(get_args(FailureKind)) == re.findall(r"^\| `([a-z_]+)` \|[^|]+\|[^|]+\|$", text, re.MULTILINE)


def test_every_command_is_mentioned() -> None:
    """
    A stranger finds each command in the README or in the documents.
    """
    text = "".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *DOCS.glob("*.md")])

    assert [] == [name for name in main.commands if f"marginbook {name}" not in text]


def test_every_link_leads_somewhere() -> None:
    """
    No document links to a file that is not there.
    """
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    links = [
        document.parent / target
        for document in documents
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    ]

    assert links
    assert [] == [link for link in links if not link.exists()]


def test_the_script_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The README's script does what it says with accounts at the two venues of the README's file.

    Of all venues, it would print None: some do not tell the wallet balance of an account that the sandbox plays.
    """
    (script,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    with Sandbox([stage for stage in installed().stages() if stage.venue in {"binance-usdm", "coinswitch"}]) as sandbox:
        Path("accounts.toml").write_text(sandbox.accounts_file(), encoding="utf-8")
        exec(compile(script, "README.md", "exec"), {})  # noqa: S102  # it is ours

    assert "208417.42737491" == capsys.readouterr().out.splitlines()[-1]


@pytest.fixture
def example(tmp_path: Path) -> dict[str, str]:
    """
    An environment in which the example plugin is installed.
    """
    shutil.copy(DOCS / "example" / "marginbook_acme.py", tmp_path)
    info = tmp_path / "marginbook_acme-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: marginbook-acme\nVersion: 1.0.0\n", encoding="utf-8")
    pyproject = (DOCS / "example" / "pyproject.toml").read_text(encoding="utf-8")
    (entry_point,) = re.findall(r"entry-points\.marginbook\]\n(.*)\n", pyproject)
    text = entry_point.replace('"', "")
    (info / "entry_points.txt").write_text(f"[marginbook]\n{text}\n", encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path)}


def test_the_example_is_listed(example: dict[str, str]) -> None:
    """
    A stranger's venue is found through its entry point, with its package.
    """
    done = run("-m", "marginbook", "venues", env=example)

    assert "" == done.stderr
    assert "acme: Acme futures\n  package      marginbook_acme (marginbook-acme 1.0.0)\n" in done.stdout


def test_the_example_is_asked(example: dict[str, str]) -> None:
    """
    It is played and asked like the others, and its equity is derived from what it reported.
    """
    done = run("-m", "marginbook", "demo", "--format", "csv", env=example)
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("acme,"))

    assert 0 == done.returncode
    assert "acme,acme,ok,USDT,1000.00,50.00,1050.00,,,,,930.00,,,,2025-11-20T01:00:08+00:00,equity," == row


def test_the_example_refuses_what_is_missing(example: dict[str, str]) -> None:
    """
    A row without its amount is no row: the error names the field.
    """
    script = (
        "import marginbook as mb\n"
        "try: mb.replay('acme', {'/v1/wallets': b'[{\"coin\": \"USDT\"}]'})\n"
        "except mb.InvalidResponseError as error: print(error)\n"
    )

    assert "wallet.cash: missing.\n" == run("-c", script, env=example).stdout


def snippets(name: str, language: str) -> list[str]:
    """
    Return what a document has in blocks of a language.
    """
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """
    A folder with the accounts of a sandbox, and the prices of the document.
    """
    monkeypatch.chdir(tmp_path)
    (table,) = snippets("value.md", "toml")
    Path("prices.toml").write_text(table, encoding="utf-8")
    with Sandbox(installed().stages()) as sandbox:
        Path("accounts.toml").write_text(sandbox.accounts_file(), encoding="utf-8")
        yield sandbox


def test_the_command_for_values(desk: Sandbox) -> None:
    """
    The document's command values everything that its file and Binance have prices of, with the sandbox in its place.
    """
    venues = {"binance-coinm", "binance-pm", "binance-usdm", "coinswitch", "fexgate"}
    priced = [account.name for account in desk.accounts() if account.venue in venues]
    (command,) = snippets("value.md", "sh")
    sources = [f"--price-source={name}={desk.url}" for name in ("binance-usdm", "binance-coinm")]
    only = [f"--only={name}" for name in priced]
    done = run("-m", *command.split(), *sources, *only, cwd=Path.cwd())
    lacking = run("-m", *command.split(), *sources, cwd=Path.cwd())

    assert 0 == done.returncode, done.stderr
    assert "\nValue in USD\n" in done.stdout
    # Of all venues, there are assets that neither has a price of, as the document says.
    assert 1 == lacking.returncode
    assert "\nExcluded: kucoin-futures DOT: wallet, equity: no price\n" in lacking.stdout


def test_the_script_for_values(desk: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The document's script does the same, and says what its total lacks.
    """
    script, _ = snippets("value.md", "python")
    urls = {"binance-usdm": desk.url, "binance-coinm": desk.url}
    here = script.replace("mb.prices()", f"mb.prices(base_urls={urls})")
    exec(compile(here, "value.md", "exec"), {})  # noqa: S102  # it is ours
    lines = capsys.readouterr().out.splitlines()

    assert script != here
    assert "without binance-hmac USDT equity not known" in lines
    assert lines[-1].endswith(" not whole")


def test_the_source_of_ones_own() -> None:
    """
    The document's plugin asks for prices, and they are read to the last digit.
    """
    _, module = snippets("value.md", "python")
    names: dict[str, Any] = {}
    exec(compile(module, "value.md", "exec"), names)  # noqa: S102  # it is ours
    with answering(200, [{"coin": "XYZ", "rate": "1.50", "time": 1763600400000}]) as heard:
        book = prices(names["marginbook_prices"](), base_urls={"acme": heard.url})

    assert [("XYZ", "1.50", "acme rate")] == [(price.asset, str(price.price), price.source) for price in book]


def test_the_document_knows_every_source() -> None:
    """
    Each source of prices that comes with marginbook is in the document.
    """
    text = (DOCS / "value.md").read_text(encoding="utf-8")

    assert [] == [name for name in installed().price_sources() if f"| `{name}` |" not in text]


def test_the_form_of_the_documents_is_written(tmp_path: Path) -> None:
    """
    The plugin in the page on forms is found by its entry point, and writes what it says.
    """
    text = (DOCS / "outputs.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (entry_point,) = re.findall(r"entry-points\.marginbook\]\n(.*)\n", text)
    name = entry_point.replace('"', "")
    (tmp_path / "marginbook_names.py").write_text(source, encoding="utf-8")
    info = tmp_path / "marginbook_names-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: marginbook-names\nVersion: 1.0.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[marginbook]\n{name}\n", encoding="utf-8")
    target = tmp_path / "report.names"
    done = run("-m", "marginbook", "demo", "--output", str(target), env={"PYTHONPATH": str(tmp_path)})

    assert (0, "") == (done.returncode, done.stdout)
    assert "coinswitch ok\n" in target.read_text(encoding="utf-8")


def test_every_form_is_described() -> None:
    """
    The page on forms has a row for each form, with the ends of its files.
    """
    text = (DOCS / "outputs.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z]+)` \| ([^|]+) \|", text, re.MULTILINE))

    assert {o.name: ", ".join(f"`{end}`" for end in o.suffixes) for o in installed({}).outputs().values()} == rows
