"""
Conditions that somebody wants to be told of.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzing import examples
from marginbook import Alert, Balance, BalanceReport, ConfigurationError, Failure, Lock, Summary, alerts
from marginbook.reconciling import condition
from marginbook.reconciling.alerting import FIELDS
from marginbook.values import AMOUNTS, SUMMARY_AMOUNTS
from strategies import Asked, asked


def balance(account: str = "a", asset: str = "USDT", **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def summary(account: str = "a", **fields: Any) -> Summary:
    return Summary(**{"account": account, "venue": "acme", "currency": "USD", **fields})


def isolated(**fields: Any) -> Lock:
    return Lock(**{"account": "a", "venue": "acme", "symbol": "ETHUSDT", "asset": "USDT", "isolated": True, **fields})


def report(*rows: Balance | Lock | Summary | Failure, accounts: str = "a") -> BalanceReport:
    return BalanceReport(
        accounts=dict.fromkeys(accounts.split(), "acme"),
        balances=[row for row in rows if isinstance(row, Balance)],
        locks=[row for row in rows if isinstance(row, Lock)],
        summaries=[row for row in rows if isinstance(row, Summary)],
        failures=[row for row in rows if isinstance(row, Failure)],
        started_at="2026-07-01T11:59:00Z",
        finished_at="2026-07-01T12:00:00Z",
    )


def told(found: BalanceReport, *conditions: str) -> list[str]:
    return [str(alert) for alert in alerts(found, conditions)]


def states(found: BalanceReport, *conditions: str) -> list[str]:
    return [alert.state for alert in alerts(found, conditions)]


FAILED: Final = Failure(account="b", venue="acme", kind="timeout", message="It is late.")


def test_raised_and_clear() -> None:
    """
    Each row is told with its figure, in units of its own asset.
    """
    found = report(balance(available_balance="999.99"), balance(asset="BTC", available_balance="1000"))

    assert (
        Alert(
            expression="available_balance < 1000",
            state="clear",
            account="a",
            venue="acme",
            asset="BTC",
            found=Decimal(1000),
            message="available_balance is 1000.",
        ),
        Alert(
            expression="available_balance < 1000",
            state="raised",
            account="a",
            venue="acme",
            asset="USDT",
            found=Decimal("999.99"),
            message="available_balance is 999.99.",
        ),
    ) == alerts(found, ["available_balance < 1000"])
    assert (
        "raised: available_balance < 1000: a (acme) USDT: available_balance is 999.99."
        == told(found, "available_balance < 1000")[1]
    )


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("<", ["raised", "clear", "clear"]),
        ("<=", ["raised", "raised", "clear"]),
        (">", ["clear", "clear", "raised"]),
        (">=", ["clear", "raised", "raised"]),
        ("==", ["clear", "raised", "clear"]),
        ("!=", ["raised", "clear", "raised"]),
    ],
)
def test_operators(operator: str, expected: list[str]) -> None:
    """
    Below, equal and above, to the last digit, with and without blanks.
    """
    amounts = ["0.9999999999999999999999999999999999999999", "1.0", "1.0000000000000000000000000000000000000001"]
    found = report(*(balance(asset=f"X{i}", equity=amount) for i, amount in enumerate(amounts)))

    assert expected == states(found, f"equity{operator}1")
    assert expected == states(found, f"  equity  {operator}  1.00 ")


def test_what_is_not_known_is_no_pass() -> None:
    """
    A figure that is not known is unknown, whichever way it is compared.
    """
    found = report(balance(wallet_balance="1"))

    assert ["unknown: equity >= 0: a (acme) USDT: equity is not known."] == told(found, "equity >= 0")
    assert ["unknown"] == states(found, "equity < 0")


def test_margin_ratios() -> None:
    """
    Maintenance margin by equity. Where equity is not positive there is none, unless nothing is held at all.
    """
    found = report(
        balance(asset="A", equity="100", maintenance_margin="81"),
        balance(asset="B", equity="-1", maintenance_margin="0"),
        balance(asset="C", equity="0", maintenance_margin="0.00"),
        balance(asset="D", equity="0", maintenance_margin="1"),
        balance(asset="E", equity="0"),
        balance(asset="F", maintenance_margin="0"),
    )

    assert [
        "raised: margin_ratio > 0.8: a (acme) A: margin_ratio is 0.81.",
        "unknown: margin_ratio > 0.8: a (acme) B: equity is -1 and maintenance margin 0: no ratio.",
        "clear: margin_ratio > 0.8: a (acme) C: equity and maintenance margin are zero, so there is nothing to liquidate.",  # noqa: E501  # a sentence
        "unknown: margin_ratio > 0.8: a (acme) D: equity is 0 and maintenance margin 1: no ratio.",
        "unknown: margin_ratio > 0.8: a (acme) E: margin_ratio is not known.",
        "unknown: margin_ratio > 0.8: a (acme) F: margin_ratio is not known.",
    ] == told(found, "margin_ratio > 0.8")


def test_whole_accounts() -> None:
    """
    After ``account.``, it is the venue's own figure of the whole account, after haircuts where the venue tells it so.
    """
    found = report(
        balance(equity="1"),
        balance("c", equity="1"),
        summary(equity="100", adjusted_equity="50", maintenance_margin="45"),
        summary("d", equity="100", adjusted_equity="-5", maintenance_margin="45"),
        FAILED,
        accounts="a b c d",
    )

    assert [
        "raised: account.margin_ratio > 0.8: a (acme) USD: margin_ratio is 0.9.",
        "unknown: account.margin_ratio > 0.8: d (acme) USD: equity is -5 and maintenance margin 45: no ratio.",
        "unknown: account.margin_ratio > 0.8: b (acme): the account could not be read (timeout).",
        "unknown: account.margin_ratio > 0.8: c (acme): the venue tells no figures of the account as a whole.",
    ] == told(found, "account.margin_ratio > 0.8")
    assert ["clear"] == states(found, "account.adjusted_equity > 50 where account=a venue=acme currency=USD")
    assert ["unknown"] == states(found, "account.equity > 50 where account=c")
    assert ["unknown"] == states(found, "account.equity > 50 where venue=other")
    assert (
        "unknown: account.equity > 50 where currency=EUR account=a: the report has no such account with a summary."
        in told(found, "account.equity > 50 where currency=EUR account=a")
    )


def test_ages() -> None:
    """
    Seconds from the venue's last change of the row to the end of the report.
    """
    found = report(
        balance(asset="A", updated_at="2026-07-01T11:58:59.999999Z"),
        balance(asset="B", updated_at="2026-07-01T12:00:01Z"),
        balance(asset="C"),
        summary(updated_at="2026-07-01T11:00:00Z"),
    )

    assert [
        "raised: age > 60: a (acme) A: age is 60.000001.",
        "clear: age > 60: a (acme) B: age is -1.000000.",
        "unknown: age > 60: a (acme) C: age is not known.",
        "clear: account.age > 3600: a (acme) USD: age is 3600.000000.",
    ] == told(found, "age > 60", "account.age > 3600")


def test_one_condition() -> None:
    """
    A text alone is one condition, and not as many as it has letters.
    """
    found = report(balance(equity="1"))

    assert alerts(found, ["equity > 0"]) == alerts(found, "equity > 0") == alerts(found, [condition("equity > 0")])


def test_where() -> None:
    """
    Rows of an asset, an account or a venue alone; names with blanks stand in quotes.
    """
    found = report(balance(equity="1"), balance("b", "US DT", equity="2"), balance("b", equity="3"), accounts="a b")

    assert ["raised", "raised"] == states(found, "equity > 0 where asset=USDT")
    assert [Decimal(3)] == [a.found for a in alerts(found, ["equity > 0 where asset=USDT account=b venue=acme"])]
    assert [Decimal(2)] == [a.found for a in alerts(found, ['equity > 0 where asset="US DT"'])]


def test_where_there_is_no_row() -> None:
    """
    A condition that is about no row at all has not been met by nothing: it is unknown.
    """
    assert ["unknown: equity > 0 where asset=EUR: the report has no such row."] == told(
        report(balance(equity="1")), "equity > 0 where asset=EUR"
    )
    assert ["unknown"] == states(report(accounts=""), "equity > 0")


def test_accounts_that_failed() -> None:
    """
    They may hold anything, so they are unknown, unless the condition is about others.
    """
    found = report(balance(equity="1"), FAILED, accounts="a b")

    assert ["clear", "unknown"] == states(found, "equity > 1")
    assert ["clear", "unknown"] == states(found, "equity > 1 where asset=USDT")
    assert ["clear"] == states(found, "equity > 1 where account=a")
    assert ["unknown: equity > 1 where account=b: b (acme): the account could not be read (timeout)."] == told(
        found, "equity > 1 where account=b"
    )


def test_isolated_positions() -> None:
    """
    Each is compared by itself, since the venue liquidates it by itself, however safe the row as a whole may look.
    """
    row = balance(
        wallet_balance="1000",
        equity="1000",
        cross_wallet_balance="990",
        cross_unrealized_pnl="0",
        maintenance_margin="9.5",
    )
    near = isolated(equity="10", maintenance_margin="8.5")
    lost = isolated(symbol="BTCUSDT", equity="-1", maintenance_margin="1")
    whole = summary(asset="USDT", currency="USDT", equity="1000", maintenance_margin="9.5")

    assert [
        "clear: margin_ratio > 0.8: a (acme) USDT: margin_ratio of USDT cross is 0.0.",
        "unknown: margin_ratio > 0.8: a (acme) USDT: equity of BTCUSDT is -1 and maintenance margin 1: no ratio.",
        "raised: margin_ratio > 0.8: a (acme) USDT: margin_ratio of ETHUSDT is 0.85.",
    ] == told(report(row, near, lost), "margin_ratio > 0.8")
    assert ["raised"] == states(report(row, near, whole), "account.margin_ratio > 0.8")
    assert ["raised"] == states(report(row, near), "margin_ratio > 0.8 where asset=USDT")[1:]


def test_accounts_without_rows() -> None:
    """
    An account of which the venue tells no row at all has passed nothing, and is unknown, unless others are meant.
    """
    found = report(balance(equity="1"), accounts="a b")

    assert [
        "clear: equity < 1: a (acme) USDT: equity is 1.",
        "unknown: equity < 1: b (acme): the venue reports no assets.",
    ] == told(found, "equity < 1")
    assert [
        "clear: margin_ratio > 1: b (acme): the venue reports no assets, so there is nothing to liquidate.",
    ] == told(found, "margin_ratio > 1")[1:]
    assert ["clear", "unknown"] == states(found, "equity < 1 where asset=USDT")
    assert ["clear"] == states(found, "equity < 1 where account=a")
    assert ["unknown"] == states(found, "equity < 1 where account=b")


@pytest.mark.parametrize("where", ["", " where asset=USDT"])
def test_one_collateral(where: str) -> None:
    """
    Where an account's assets are one collateral together, its margin ratio is compared, and not those of its rows:
    one of these would raise a false alarm, and another hide a true one.
    """
    near = {"equity": "100", "maintenance_margin": "90"}
    rows = [balance(name, **near) for name in ("alone", "safe", "unsafe")]
    wholes = [
        summary("safe", equity="9000", maintenance_margin="90"),
        summary("unsafe", equity="-1", adjusted_equity="100", maintenance_margin="95"),
        summary("alone", asset="USDT", equity="100", maintenance_margin="90"),
    ]
    found = alerts(report(*rows, *wholes, accounts="alone safe unsafe"), f"margin_ratio > 0.8{where}")

    assert [("alone", "raised", "USDT"), ("safe", "clear", "USD"), ("unsafe", "raised", "USD")] == [
        (alert.account, alert.state, alert.asset) for alert in found
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", "'' is no condition: it is no comparison of a figure with a number. Write it like"),
        ("equity", "it is no comparison"),
        ("equity => 1", "it is no comparison"),
        ("equity = 1", "it is no comparison"),
        ("equity > 1 and equity < 3", "it is no comparison"),
        ("equity > 1 where", "it is no comparison"),
        ("__import__('os')", "it is no comparison"),
        ("total > 1", "there is no figure total. There are wallet_balance, "),
        ("account > 1", "there is no figure account."),
        ("account.account > 1", "there is no figure account.account."),
        ("equity > much", "'much' is no number"),
        ("equity > 80%", "'80%' is no number"),
        ("equity > 1_000", "'1_000' is no number"),
        ("equity > NaN", "'NaN' is no number"),
        ("equity > 1 where 'x", "after where, No closing quotation"),
        ("equity > 1 where USDT", "after where, there is 'USDT'. Write account=…, venue=…, asset=…."),
        ("equity > 1 where asset=", "after where, there is 'asset'."),
        ("equity > 1 where currency=USD", "after where, there is 'currency'."),
        ("account.equity > 1 where asset=USD", "after where, there is 'asset'. Write account=…, venue=…, currency=…."),
        ("equity > 1 where asset=A asset=B", "after where, a name is there twice"),
    ],
)
def test_what_is_no_condition(expression: str, expected: str) -> None:
    """
    It is refused, and the error says what is wrong.
    """
    with pytest.raises(ConfigurationError) as caught:
        alerts(report(), [expression])

    assert expected in str(caught.value)


def test_figures() -> None:
    """
    Each amount that there is can be asked for, of rows and of whole accounts.
    """
    assert {*AMOUNTS, *(f"account.{name}" for name in SUMMARY_AMOUNTS)} == {
        name for name in FIELDS if not name.endswith(("margin_ratio", "age"))
    }


@examples(100)
@given(asked(), st.sampled_from(FIELDS), st.sampled_from(["<", ">="]))
def test_nobody_is_forgotten(question: Asked, figure: str, operator: str) -> None:
    """
    Each row and each account that failed has a result, and a condition is raised where its opposite is not.
    """
    found = question.report()
    opposite = {"<": ">=", ">=": "<"}[operator]
    first, second = (alerts(found, [condition(f"{figure} {sign} 1")]) for sign in (operator, opposite))
    pairs = {"raised": "clear", "clear": "raised", "unknown": "unknown"}
    rows: tuple[Balance | Summary, ...] = found.summaries if figure.startswith("account.") else found.balances
    if figure == "margin_ratio":
        pooled = tuple(s for s in found.summaries if s.pooled)
        rows = (*(row for row in found.balances if row.account not in found.pooled), *pooled)

    assert {*found.missing, *(row.account for row in rows)} <= {alert.account for alert in first}
    assert len(rows) + len(found.missing) <= len(first)
    assert [pairs[a.state] for a in first if a.found is not None] == [a.state for a in second if a.found is not None]
    assert {"unknown"} >= {a.state for a in first if not a.asset}
