"""
Metrics for Prometheus, read by its own parser.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any, Final

from hypothesis import given
from prometheus_client.parser import text_string_to_metric_families

from books import BOOK, FORMULA, LONG, ODD, balance, book, report, whole
from fuzzing import examples
from marginbook import BalanceReport, Lock, Summary
from marginbook.output import metrics
from marginbook.values import AMOUNTS, SUMMARY_AMOUNTS
from strategies import Asked, asked, spelled

USDT: Final = {"account": "desk-a", "venue": "acme", "asset": "USDT"}


def samples(found: BalanceReport, metric: str) -> dict[frozenset[tuple[str, str]], float]:
    """
    The samples of one metric, by labels.
    """
    families = text_string_to_metric_families(metrics.write(found))
    return {frozenset(s.labels.items()): s.value for family in families for s in family.samples if s.name == metric}


def sample(found: BalanceReport, metric: str, **labels: str) -> float | None:
    return samples(found, f"marginbook_{metric}").get(frozenset(labels.items()))


def test_what_is_missing() -> None:
    """
    The report, and each account, say whether they are there, and why not.
    """
    assert (0, 1) == (sample(BOOK, "report_complete"), sample(whole(), "report_complete"))
    assert 1795176001.500001 == sample(BOOK, "report_timestamp_seconds")
    assert [0, 1, 1] == [
        sample(BOOK, "up", account=name, venue=BOOK.accounts[name]) for name in ("desk-z", "desk-a", ODD)
    ]
    assert {frozenset({("account", "desk-z"), ("venue", "acme"), ("kind", "clock")}): 1.0} == (
        samples(BOOK, "marginbook_failure")
    )
    assert {} == samples(whole(), "marginbook_failure")


def test_figures() -> None:
    """
    A figure that is known is a sample; one that is not is none, and is said to be unknown.
    """
    assert 99.25 == sample(BOOK, "balance", **USDT, field="equity")
    assert None is sample(BOOK, "unknown", **USDT, field="equity")
    assert None is sample(BOOK, "balance", **USDT, field="order_margin")
    assert 1 == sample(BOOK, "unknown", **USDT, field="order_margin")
    assert 1782907200.373 == sample(BOOK, "updated_timestamp_seconds", **USDT)
    assert 1 == sample(BOOK, "unknown", **{**USDT, "asset": "BTC"}, field="updated_timestamp_seconds")


def test_margin_ratios() -> None:
    """
    A row has a ratio, known or not, unless its account is one collateral as a whole: then that has it.
    """
    alone = book(summaries=[])

    assert 12.5 / 99.25 == sample(alone, "margin_ratio", **USDT)
    assert 1 == sample(alone, "unknown", **{**USDT, "asset": "BTC"}, field="margin_ratio")
    assert {("account", "desk-a")}.isdisjoint(chain.from_iterable(samples(BOOK, "marginbook_margin_ratio")))


def isolated(account: str = "a", **fields: Any) -> Lock:
    return Lock(account=account, venue="acme", symbol="BTCX", asset="X", isolated=True, **fields)


def test_isolated_positions() -> None:
    """
    Each has a ratio, known or not, and the row has that of the nearest.
    """
    fields: Any = {"cross_wallet_balance": "90", "cross_unrealized_pnl": "0", "maintenance_margin": "9"}
    row = balance("a", "X", equity="100", **fields)
    locks = [isolated(maintenance_margin=amount, equity="10") for amount in ("2", "4")]
    found = report({"a": "acme"}, balances=[row], locks=locks)
    unknown = report({"a": "acme"}, balances=[row], locks=[isolated(maintenance_margin="2")])
    labels = {"account": "a", "venue": "acme", "asset": "X"}

    assert (0.4, 0.4) == (
        sample(found, "isolated_margin_ratio", **labels, symbol="BTCX"),
        sample(found, "margin_ratio", **labels),
    )
    assert (1, 1) == (
        sample(unknown, "unknown", **labels, symbol="BTCX", field="isolated_margin_ratio"),
        sample(unknown, "unknown", **labels, field="margin_ratio"),
    )


def test_whole_accounts() -> None:
    """
    What venues say of whole accounts stands apart.
    """
    labels = {"account": "desk-a", "venue": "acme", "currency": "USD"}

    assert 80 == sample(BOOK, "account", **labels, field="adjusted_equity")
    assert 0.750125 == sample(BOOK, "account_margin_ratio", **labels)
    assert 1 == sample(BOOK, "account_unknown", **labels, field="wallet_balance")
    assert 1 == sample(BOOK, "account_unknown", **{**labels, "account": ODD, "venue": "über"}, field="margin_ratio")


def test_digits() -> None:
    """
    The text has all digits; what keeps fewer of them is Prometheus.
    """
    line = f'asset="1INCH",field="wallet_balance"}} {LONG}\n'

    assert line in metrics.write(BOOK)


def test_text() -> None:
    """
    The whole text, of a small report.
    """
    found = report({"a": "v"}, balances=[balance("a", "X", "v", **dict.fromkeys(AMOUNTS, "-1.50"))])
    figures = "".join(
        f'marginbook_balance{{account="a",venue="v",asset="X",field="{name}"}} -1.50\n' for name in AMOUNTS
    )

    assert (
        "# HELP marginbook_report_complete 1 if every account that was asked for could be read.\n"
        "# TYPE marginbook_report_complete gauge\n"
        "marginbook_report_complete 1\n"
        "# HELP marginbook_report_timestamp_seconds When the last account had answered.\n"
        "# TYPE marginbook_report_timestamp_seconds gauge\n"
        "marginbook_report_timestamp_seconds 1795176001.500001\n"
        "# HELP marginbook_up 1 if the account could be read.\n"
        "# TYPE marginbook_up gauge\n"
        'marginbook_up{account="a",venue="v"} 1\n'
        "# HELP marginbook_balance A figure of one asset in one account, in units of the asset.\n"
        "# TYPE marginbook_balance gauge\n"
        f"{figures}"
        "# HELP marginbook_unknown 1 for a figure of an asset that is not known, and so has no sample.\n"
        "# TYPE marginbook_unknown gauge\n"
        'marginbook_unknown{account="a",venue="v",asset="X",field="margin_ratio"} 1\n'
        'marginbook_unknown{account="a",venue="v",asset="X",field="updated_timestamp_seconds"} 1\n'
    ) == metrics.write(found)


def test_labels() -> None:
    """
    Quotes, backslashes and line ends in a name are in the label again once it is read.
    """
    name = 'a\n"b" \\n'

    assert 1 == sample(report({name: "v"}), "up", account=name, venue="v")


def test_several_rows_of_an_asset() -> None:
    """
    They are one sample: the collector refuses a file where one comes twice. The oldest change is the one that counts.
    """
    times = ["1970-01-01T00:00:05Z", "1970-01-01T00:00:02.25Z"]
    rows: list[Any] = [balance("a", "X", wallet_balance="1.5", updated_at=when) for when in times]
    labels = {"account": "a", "venue": "acme", "asset": "X"}
    found, unknown = (report({"a": "acme"}, balances=[*rows, *more]) for more in ([], [balance("a", "X")]))

    assert (3, 2.25) == (
        sample(found, "balance", **labels, field="wallet_balance"),
        sample(found, "updated_timestamp_seconds", **labels),
    )
    assert (1, 1) == (
        sample(unknown, "unknown", **labels, field="wallet_balance"),
        sample(unknown, "unknown", **labels, field="updated_timestamp_seconds"),
    )


def test_a_metric_is_explained_once() -> None:
    """
    Each has one HELP and one TYPE, before its samples.
    """
    near = balance(FORMULA, "USDT", equity="100", maintenance_margin="90")
    lock = isolated(FORMULA, equity="100", maintenance_margin="9")
    found = metrics.write(book(balances=[*BOOK.balances, near], locks=[lock]))

    assert {1} == set(Counter(line.split()[2] for line in found.splitlines() if line.startswith("# TYPE")).values())
    assert sorted(metrics.METRICS) == sorted(f.name for f in text_string_to_metric_families(found))


@examples(60)
@given(asked())
def test_whatever_is_in_a_report(asked: Asked) -> None:
    """
    Each figure of each row is there with its digits, or is said to be unknown; no series comes twice.
    """
    found = asked.report()
    lines = metrics.write(found).splitlines()
    series = Counter(line.rpartition(" ")[0] for line in lines if not line.startswith("#"))
    written = Counter(line.rpartition(" ")[2] for line in lines if line.startswith("marginbook_balance{"))
    figures = [getattr(row, name) for row in found.balances for name in AMOUNTS]

    assert {1} == set(series.values())
    # Zero has no sign once it is added up.
    assert written == Counter(spelled(abs(x) if x == 0 else x) for x in figures if x is not None)
    assert len(figures) == sum(written.values()) + sum(
        line.startswith("marginbook_unknown{") and not line.endswith(('margin_ratio"} 1', 'timestamp_seconds"} 1'))
        for line in lines
    )
    ratios = [line for line in lines if line.startswith("marginbook_isolated") or "isolated_margin_ratio" in line]
    assert sum(lock.isolated is True for lock in found.locks) == sum(not line.startswith("#") for line in ratios)
    assert len(found.accounts) == len(samples(found, "marginbook_up"))


def test_every_figure_of_a_summary() -> None:
    """
    Each has a sample, or is unknown.
    """
    full: dict[str, Any] = dict.fromkeys(SUMMARY_AMOUNTS, "7")
    found = report({"a": "v"}, summaries=[Summary(account="a", venue="v", currency="USD", **full)])

    assert len(SUMMARY_AMOUNTS) == len(samples(found, "marginbook_account"))
    assert {} == samples(found, "marginbook_account_unknown")
