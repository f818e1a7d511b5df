"""
Metrics in the text form that Prometheus reads, for the node exporter's textfile collector.

The form is https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import define, field

from marginbook.values import AMOUNTS, SUMMARY_AMOUNTS, Balance, plain, total
from marginbook.values.margins import nearest
from marginbook.values.times import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from marginbook.report import BalanceReport
    from marginbook.values.margins import Margin

#: Every metric, and what it says.
METRICS: Final = {
    "marginbook_report_complete": "1 if every account that was asked for could be read.",
    "marginbook_report_timestamp_seconds": "When the last account had answered.",
    "marginbook_up": "1 if the account could be read.",
    "marginbook_failure": "1 for an account that could not be read, with the kind of failure.",
    "marginbook_balance": "A figure of one asset in one account, in units of the asset.",
    "marginbook_margin_ratio": "Maintenance margin by equity, where an asset is collateral alone; of the part of it"
    " that is nearest to liquidation, which is at 1.",
    "marginbook_isolated_margin_ratio": "Maintenance margin by equity of an isolated position. Liquidation is at 1.",
    "marginbook_updated_timestamp_seconds": "When the venue last changed the figures.",
    "marginbook_account": "A figure of a whole account, in units of the currency. Repeats what the assets say.",
    "marginbook_account_margin_ratio": "Maintenance margin by equity of a whole account. Liquidation is at 1.",
    "marginbook_unknown": "1 for a figure of an asset that is not known, and so has no sample.",
    "marginbook_account_unknown": "1 for a figure of a whole account that is not known, and so has no sample.",
}


def write(report: BalanceReport) -> str:
    """
    Return the metrics. What is not known has no sample, but one that says so.

    The digits are those of the report. Prometheus keeps about 16 of them.
    """
    samples = _Samples()
    samples.add("marginbook_report_complete", Decimal(report.complete))
    samples.add("marginbook_report_timestamp_seconds", _seconds(report.finished_at))
    missing = set(report.missing)
    for account, venue in report.accounts.items():
        samples.add("marginbook_up", Decimal(account not in missing), account=account, venue=venue)
    for failure in report.failures:
        samples.add("marginbook_failure", Decimal(1), account=failure.account, venue=failure.venue, kind=failure.kind)
    _add_balances(samples, report)
    _add_positions(samples, report)
    _add_summaries(samples, report)
    return samples.text()


@define
class _Samples:
    """
    Samples by metric, since those of one metric have to stand together.
    """

    _lines: defaultdict[str, list[str]] = field(factory=lambda: defaultdict(list))

    def add(self, metric: str, value: Decimal | None, **labels: str) -> None:
        """
        Add a sample, or the one that says that there is none.
        """
        if value is None:
            kind = "marginbook_account" if metric.startswith("marginbook_account") else "marginbook"
            name = labels.pop("field", metric.removeprefix(f"{kind}_"))
            metric, value, labels = f"{kind}_unknown", Decimal(1), {**labels, "field": name}
        written = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        self._lines[metric].append(f"{metric}{{{written}}} {plain(value)}" if labels else f"{metric} {plain(value)}")

    def text(self) -> str:
        """
        Return the samples of each metric together, in the order of `METRICS`.
        """
        lines = []
        for metric, about in METRICS.items():
            if metric in self._lines:
                lines += [f"# HELP {metric} {about}", f"# TYPE {metric} gauge", *self._lines[metric]]
        return "".join(f"{line}\n" for line in lines)


def _add_balances(samples: _Samples, report: BalanceReport) -> None:
    # An account may have several rows of an asset, but a sample that comes twice spoils the file.
    rows = defaultdict(list)
    for balance in report.balances:
        rows[balance.account, balance.venue, balance.asset].append(balance)
    for (account, venue, asset), group in rows.items():
        labels = {"account": account, "venue": venue, "asset": asset}
        figures = {name: total(getattr(balance, name) for balance in group) for name in AMOUNTS}
        for name, figure in figures.items():
            samples.add("marginbook_balance", figure, **labels, field=name)
        if account not in report.pooled:
            samples.add("marginbook_margin_ratio", report.margin_ratio(group[0]), **labels)
        samples.add("marginbook_updated_timestamp_seconds", _oldest(group), **labels)


def _add_positions(samples: _Samples, report: BalanceReport) -> None:
    # A venue may have several locks of one symbol, as in hedge mode.
    ratios: defaultdict[tuple[str, ...], list[Margin]] = defaultdict(list)
    for margin in report.margins:
        if margin.symbol:
            ratios[margin.account, margin.venue, margin.currency, margin.symbol].append(margin)
    for (account, venue, asset, symbol), parts in ratios.items():
        labels = {"account": account, "venue": venue, "asset": asset, "symbol": symbol}
        samples.add("marginbook_isolated_margin_ratio", nearest(parts), **labels)


def _add_summaries(samples: _Samples, report: BalanceReport) -> None:
    for summary in report.summaries:
        labels = {"account": summary.account, "venue": summary.venue, "currency": summary.currency}
        for name in SUMMARY_AMOUNTS:
            samples.add("marginbook_account", getattr(summary, name), **labels, field=name)
        samples.add("marginbook_account_margin_ratio", report.margin_ratio(summary), **labels)


def _oldest(balances: Iterable[Balance]) -> Decimal | None:
    times = [balance.updated_at for balance in balances]
    return _seconds(min(known)) if len(known := [when for when in times if when]) == len(times) else None


def _seconds(when: datetime) -> Decimal:
    since = when - EPOCH
    return Decimal(since.days * 86400 + since.seconds) + Decimal(since.microseconds).scaleb(-6)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
