"""
``marginbook report --value-in``.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner, Result

from marginbook import BalanceReport
from marginbook.cli import main
from marginbook.registry import installed
from marginbook.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.core.conftest import Plugins


#: Nobody listens there.
NOWHERE = "http://127.0.0.1:1"


#: Venues whose assets Binance prices, but for two. Others have assets that would only make the table of prices longer.
PRICED: Final = {"binance-usdm", "binance-coinm", "binance-pm", "coinswitch", "fexgate"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """
    Some venues, played with nothing spent yet.
    """
    with Sandbox([stage for stage in installed().stages() if stage.venue in PRICED]) as played:
        yield played


@pytest.fixture
def file(sandbox: Sandbox, tmp_path: Path) -> Path:
    """
    An accounts file of the sandbox.
    """
    path = tmp_path / "accounts.toml"
    path.write_text(sandbox.accounts_file())
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """
    A user's own prices of what Binance does not tell.
    """
    path = tmp_path / "prices.toml"
    path.write_text('time = 2026-11-20T16:00:00Z\n[prices.USD]\nINR = "0.0118"\nBUSD = "1"\n')
    return path


def run(file: Path, *arguments: Any) -> Result:
    return CliRunner().invoke(main, ["report", "--accounts", str(file), *map(str, arguments)])


def at(url: str) -> list[str]:
    return [f"--price-source=binance-usdm={url}", f"--price-source=binance-coinm={url}"]


def test_a_whole_valuation(file: Path, table: Path, sandbox: Sandbox) -> None:
    """
    With a price of everything, the status is 0, though the venues do not tell every figure; who was asked is shown.
    """
    done = run(file, "--value-in", "USD", "--prices", table, *at(sandbox.url))

    assert 0 == done.exit_code, done.output
    assert "\nValue in USD\n" in done.stdout
    assert "asked for prices: binance-usdm, binance-coinm" in done.stdout
    assert "Excluded: binance-hmac USDT: unrealized PnL, equity: not known" in done.stdout
    assert ["prices of binance-usdm: ok", "prices of binance-coinm: ok"] == done.stderr.splitlines()[-2:]


def test_what_has_no_price(file: Path, sandbox: Sandbox) -> None:
    """
    An asset without a price is named, and makes the status 1.
    """
    done = run(file, "--value-in", "USD", *at(sandbox.url))

    assert 1 == done.exit_code
    assert "\nValue in USD, INCOMPLETE: see what is excluded\n" in done.stdout
    assert "Excluded: coinswitch INR: wallet: no price" in done.stdout


def test_as_json(file: Path, table: Path, sandbox: Sandbox) -> None:
    """
    The values stand beside the report, which can be read from the document as before.
    """
    done = run(file, "--value-in", "USD", "--prices", table, "--format", "json", *at(sandbox.url))
    document = json.loads(done.stdout)
    report = BalanceReport.from_dict(document)
    rows = {(value["account"], value["asset"]): value for value in document["valuation"]["values"]}
    bnb = rows["binance-hmac", "BNB"]

    assert report.complete
    assert Decimal("0.00000001") * Decimal("905.12") * Decimal("0.9998") == Decimal(bnb["wallet_balance"])
    assert "binance-usdm index BNBUSDT, binance-usdm asset index USDTUSD" == bnb["price"]["source"]
    assert "2026-11-20T16:00:00+00:00" == rows["coinswitch", "INR"]["price"]["at"]


def test_json_without_values(file: Path) -> None:
    """
    Whoever does not ask for values gets the document without.
    """
    assert "valuation" not in json.loads(run(file, "--format", "json").stdout)


def test_a_source_that_fails(file: Path, table: Path) -> None:
    """
    The report is there, the source is named with the reason, and nothing that lacks a price is in the total.
    """
    arguments = ["--only", "coinswitch", "--value-in", "USD", "--prices", table, "--quiet"]
    silent = run(file, *arguments, f"--price-source=binance-usdm={NOWHERE}")
    loud = run(file, *arguments[:-1], f"--price-source=binance-usdm={NOWHERE}")

    assert (1, "") == (silent.exit_code, silent.stderr)
    assert "No prices of binance-usdm: unavailable: 127.0.0.1:1 cannot be reached" in silent.stdout
    assert "Excluded: coinswitch USDT: wallet: no price" in silent.stdout
    assert loud.stderr.endswith("prices of binance-usdm: failed: unavailable\n")


def test_only_the_venues_of_the_report_are_asked(file: Path, table: Path, sandbox: Sandbox) -> None:
    """
    Without a word, the sources are those of the venues in the report that have one; a file may do as well.
    """
    own = run(file, "--only", "coinswitch", "--value-in", "INR", "--prices", table)
    coins = run(file, "--only", "binance-coins", "--value-in", "USD", f"--price-source=binance-coinm={sandbox.url}")

    assert 1 == own.exit_code
    assert "asked for prices: nobody" in own.stdout
    assert "the currency itself" in own.stdout
    assert 0 == coins.exit_code
    assert "asked for prices: binance-coinm\n" in coins.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--price-source", "binance-usdm"], "There are prices, and nothing is to be valued.\nAdd --value-in"),
        (
            ["--value-in", "USD", "--price-source", "kraken"],
            "There is no source of prices 'kraken' among those to ask.",
        ),
        (["--value-in", "USD", "--prices", "/no/such/file"], "The file of prices /no/such/file cannot be read"),
        (["--value-in", " "], "' ' is no currency.\n"),
    ],
)
def test_wrong_questions(arguments: list[str], expected: str, file: Path) -> None:
    """
    They are answered before any account is asked.
    """
    done = run(file, *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert expected in done.stderr


def test_a_log_that_nobody_reads(file: Path, plugins: Plugins) -> None:
    """
    Standard error that is full costs nothing.
    """
    command = 'exec 2>/dev/full; exec "$0" -m marginbook report --accounts "$1" --only coinswitch --value-in USDT'
    script = (
        f"import subprocess, sys; sys.exit(subprocess.call(['sh', '-c', {command!r}, sys.executable, {str(file)!r}]))"
    )

    assert "Value in USDT" in plugins.run("-c", script).stdout
