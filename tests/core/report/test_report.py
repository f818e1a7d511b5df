"""
One report over all accounts.
"""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from marginbook import (
    Balance,
    BalanceReport,
    ConfigurationError,
    Failure,
    IncompleteReportError,
    Lock,
    Note,
    PluginError,
    Summary,
    UnavailableError,
)
from marginbook.values import AMOUNTS, SUMMARY_AMOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOON: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)


def balance(account: str, asset: str, **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def lock(account: str, symbol: str, **fields: Any) -> Lock:
    return Lock(account=account, venue="acme", symbol=symbol, asset="USDT", **fields)


def summary(account: str, **fields: Any) -> Summary:
    return Summary(**{"account": account, "venue": "acme", "currency": "USD", **fields})


def failure(account: str, **fields: Any) -> Failure:
    return Failure(**{"account": account, "venue": "acme", "kind": "clock", "message": "It is late.", **fields})


def report(*accounts: str, **parts: Any) -> BalanceReport:
    times = {"started_at": NOON, "finished_at": NOON}
    return BalanceReport(**{"accounts": dict.fromkeys(accounts, "acme"), **times, **parts})


BOOK: Final = report(
    "a",
    "b",
    "c",
    balances=[
        balance("a", "USDT", wallet_balance="100.50", equity="99.250", derived={"equity": "x"}, notes=["Odd."]),
        balance("a", "BTC", wallet_balance="0.00000001", updated_at=NOON),
        balance("b", "USDT", wallet_balance="-1"),
    ],
    locks=[lock("b", "X", blocked_balance="1.10")],
    summaries=[summary("b", equity="-1", mode="single-asset", asset="USDT", notes=["Odd as well."], updated_at=NOON)],
    failures=[failure("c", hint="Hurry.", until=NOON)],
    notes=[Note(account="", message="All."), Note(account="b", message="One.")],
)

#: A name, as accounts, venues and assets may have it.
NAMES: Final = st.text(min_size=1, max_size=5).filter(lambda text: text.isprintable() and text == text.strip())
DIGITS: Final = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=12)
TIMES: Final = st.datetimes(timezones=st.just(UTC))
TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def balances(draw: st.DrawFn, account: str, venue: str, asset: str) -> Balance:
    amounts: dict[str, Any] = draw(st.dictionaries(st.sampled_from(AMOUNTS), DIGITS))
    derived = draw(st.dictionaries(st.sampled_from(sorted(amounts)), TEXTS)) if amounts else {}
    rest: dict[str, Any] = {"updated_at": draw(st.none() | TIMES), "notes": draw(st.lists(TEXTS, max_size=2))}
    return Balance(account=account, venue=venue, asset=asset, derived=derived, **amounts, **rest)


@st.composite
def reports(draw: st.DrawFn) -> BalanceReport:
    """
    Any report that there can be.
    """
    accounts = draw(st.dictionaries(NAMES, NAMES, max_size=4))
    failed = draw(st.sets(st.sampled_from(sorted(accounts)))) if accounts else set()
    rows, locks, summaries = [], [], []
    for name, venue in accounts.items():
        if name not in failed:
            rows += [draw(balances(name, venue, asset)) for asset in draw(st.lists(NAMES, max_size=3, unique=True))]
            locks += [
                Lock(account=name, venue=venue, symbol=symbol, asset=draw(NAMES), blocked_balance=draw(DIGITS))
                for symbol in draw(st.lists(NAMES, max_size=2))
            ]
            amounts: dict[str, Any] = draw(st.dictionaries(st.sampled_from(SUMMARY_AMOUNTS), DIGITS))
            summaries += [summary(name, venue=venue, **amounts)] if draw(st.booleans()) else []
    kinds = st.sampled_from(["credentials", "clock", "rate_limited", "timeout", "plugin"])
    return BalanceReport(
        accounts=accounts,
        balances=rows,
        locks=locks,
        summaries=summaries,
        failures=[
            Failure(
                account=name,
                venue=accounts[name],
                kind=draw(kinds),  # type: ignore[arg-type]  # they are
                message=draw(TEXTS),
                hint=draw(TEXTS),
                until=draw(st.none() | TIMES),
            )
            for name in failed
        ],
        notes=[Note(account=draw(st.sampled_from(["", *accounts])), message=text) for text in draw(st.lists(TEXTS))],
        started_at=draw(TIMES),
        finished_at=draw(TIMES),
    )


def test_everything_is_in_order() -> None:
    """
    The order in which accounts answered makes no difference: equal answers make equal reports.
    """
    shuffled = evolve(
        BOOK,
        accounts={"c": "acme", "b": "acme", "a": "acme"},
        balances=reversed(BOOK.balances),
        notes=reversed(BOOK.notes),
    )
    locks = [lock("b", "X"), lock("a", "Y"), lock("a", "X")]

    assert [("a", "BTC"), ("a", "USDT"), ("b", "USDT")] == [(row.account, row.asset) for row in BOOK.balances]
    assert [("a", "X"), ("a", "Y"), ("b", "X")] == [(x.account, x.symbol) for x in report("a", "b", locks=locks).locks]
    assert ["a", "b", "c"] == list(shuffled.accounts)
    assert BOOK == shuffled
    assert BOOK.to_json() == shuffled.to_json()


def test_a_venues_own_order_is_kept() -> None:
    """
    Two locks of one symbol, and two notes of one account, stay in the order that the venue gave.
    """
    locks = [lock("a", "X", blocked_balance="2"), lock("a", "X", blocked_balance="1")]
    notes = [Note(account="a", message="Second."), Note(account="a", message="First.")]

    assert (tuple(locks), tuple(notes)) == ((found := report("a", locks=locks, notes=notes)).locks, found.notes)


def test_a_report_is_a_value() -> None:
    """
    It cannot be changed, can be a key, and travels.
    """
    with pytest.raises(FrozenInstanceError):
        BOOK.balances = ()  # type: ignore[misc]
    BOOK.accounts.clear()

    assert 1 == len({BOOK, evolve(BOOK), pickle.loads(pickle.dumps(BOOK))})  # noqa: S301  # our own
    assert {"a": "acme", "b": "acme", "c": "acme"} == BOOK.accounts


@pytest.mark.parametrize(
    "parts",
    [
        {"balances": [balance("x", "USDT")]},
        {"locks": [lock("x", "X")]},
        {"summaries": [summary("x")]},
        {"failures": [failure("x")]},
        {"balances": [evolve(balance("a", "USDT"), venue="other")]},
        {"failures": [failure("a", venue="other")]},
    ],
)
def test_nobody_asked_for_it(parts: dict[str, Any]) -> None:
    """
    A row of an account that was not asked for, or not there, is not slipped in.
    """
    with pytest.raises(PluginError, match=r"Nobody asked for [ax], or not at that venue\."):
        report("a", **parts)


def test_everybody_that_nobody_asked_for() -> None:
    """
    All of them are named.
    """
    with pytest.raises(PluginError, match=r"Nobody asked for s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, or not at that"):
        report("a", balances=[balance(f"s{n}", "USDT") for n in range(10)])


@pytest.mark.parametrize(
    "parts",
    [
        {"balances": [balance("a", "USDT")], "failures": [failure("a")]},
        {"locks": [lock("a", "X")], "failures": [failure("a")]},
        {"summaries": [summary("a")], "failures": [failure("a")]},
        {"summaries": [summary("a"), summary("a")]},
        {"failures": [failure("a"), failure("a")]},
    ],
)
def test_all_or_none(parts: dict[str, Any]) -> None:
    """
    An account that failed has no rows, and fails once.
    """
    with pytest.raises(PluginError, match="An account is in the report twice, or failed and has rows"):
        report("a", **parts)


def test_times_have_a_zone() -> None:
    """
    A report without a time zone could have been made at any hour.
    """
    with pytest.raises(ValueError, match="without a time zone"):
        report("a", started_at=NOON.replace(tzinfo=None))


def test_a_complete_report() -> None:
    """
    Nothing is missing, so nothing is raised; an account without assets is no failure.
    """
    found = report("a", "b", balances=[balance("a", "USDT")])
    found.raise_for_failures()

    assert (True, ()) == (found.complete, found.missing)


def test_an_incomplete_report() -> None:
    """
    Whoever needs all of it is told who is missing, why, what to do, and when to try again.
    """
    found = evolve(BOOK, failures=[*BOOK.failures, failure("a", kind="plugin")], balances=[])
    with pytest.raises(IncompleteReportError) as caught:
        found.raise_for_failures()

    assert (False, ("a", "c")) == (found.complete, found.missing)
    assert found.failures == caught.value.failures
    assert (
        "2 of 3 accounts could not be read.\n"
        "a (acme): plugin: It is late.\n"
        "c (acme): clock: It is late. Hurry. Not before 2026-07-01 12:00:00 UTC." == str(caught.value)
    )


def test_failures_of_errors() -> None:
    """
    A failure says all that the error says.
    """
    error = UnavailableError("It is shut.", hint="Wait.", until=NOON)

    assert failure("a", kind="unavailable", message="It is shut.", hint="Wait.", until=NOON) == (
        Failure.of("a", "acme", error)
    )


def test_failures_are_of_a_known_kind() -> None:
    """
    A kind that no caller could branch on is refused.
    """
    with pytest.raises(ValueError, match="'kind' must be in"):
        failure("a", kind="bad luck")


def test_the_document() -> None:
    """
    JSON's own types in a fixed order, with decimals and times as text, null for what is not known, and a name on top.
    """
    unknown = dict.fromkeys(AMOUNTS)
    document = BOOK.to_dict()

    assert [
        "schema",
        "schema_version",
        "complete",
        "started_at",
        "finished_at",
        "accounts",
        "failures",
        "notes",
        "totals",
        "balances",
        "locks",
        "summaries",
    ] == list(document)
    assert ("marginbook.balance-report", 2, False, "2026-07-01T12:00:00+00:00") == (
        document["schema"],
        document["schema_version"],
        document["complete"],
        document["started_at"],
    )
    assert {
        "a": {"venue": "acme", "state": "ok"},
        "b": {"venue": "acme", "state": "ok"},
        "c": {"venue": "acme", "state": "failed"},
    } == document["accounts"]
    assert [
        {
            "account": "c",
            "venue": "acme",
            "kind": "clock",
            "message": "It is late.",
            "hint": "Hurry.",
            "until": "2026-07-01T12:00:00+00:00",
        }
    ] == document["failures"]
    assert {
        "account": "a",
        "venue": "acme",
        "asset": "USDT",
        **unknown,
        "wallet_balance": "100.50",
        "equity": "99.250",
        "updated_at": None,
        "basis": {"wallet_balance": "reported", "equity": "derived: x"},
        "notes": ["Odd."],
    } == document["balances"][1]
    assert {
        "asset": "USDT",
        "accounts": ["a", "b"],
        "missing": ["c"],
        **unknown,
        "wallet_balance": "99.50",
    } == document["totals"]["USDT"]
    assert [
        {
            "account": "b",
            "venue": "acme",
            "symbol": "X",
            "asset": "USDT",
            "blocked_balance": "1.10",
            "position_margin": None,
            "order_margin": None,
            "isolated": None,
            "maintenance_margin": None,
            "equity": None,
        }
    ] == document["locks"]


def test_the_text() -> None:
    """
    JSON that people can read as well, unless they want it short.
    """
    found = report("ä")

    assert found.to_json().startswith('{\n  "schema": "marginbook.balance-report",\n  "schema_version": 2,\n')
    assert found.to_json(indent=None).startswith('{"schema": "marginbook.balance-report", "schema_version": 2, ')
    assert '"ä": {' in found.to_json()


@given(reports())
def test_reports_survive_being_written(found: BalanceReport) -> None:
    """
    What is written and read again is the same report, and is written as the same bytes.
    """
    text = found.to_json()
    again = BalanceReport.from_dict(json.loads(text))

    assert found == again
    assert text == again.to_json()
    assert json.loads(found.to_json(indent=None)) == json.loads(text)
    assert "\n" == found.to_json(indent=None)[-1]


@given(reports())
def test_no_figure_is_a_float(found: BalanceReport) -> None:
    """
    Nothing in a document is a binary float, or of any type that JSON does not have.
    """
    kinds = {type(leaf) for leaf in leaves(found.to_dict())}

    assert set() == kinds - {str, bool, int, type(None)}
    assert all(type(leaf) is not int or leaf == 2 for leaf in leaves(found.to_dict()))


def leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from leaves(value)
    else:
        yield node


@pytest.mark.parametrize("document", [[], "{}", None, {}, {"schema": "marginbook.balance-report"}])
def test_other_documents(document: Any) -> None:
    """
    What is no report of this version is refused by its name.
    """
    with pytest.raises(ConfigurationError) as caught:
        BalanceReport.from_dict(document)

    assert "This is no marginbook.balance-report of version 2 or before." == caught.value.message
    assert "Read it with the version of marginbook that wrote it." == caught.value.hint


def test_what_an_older_marginbook_wrote() -> None:
    """
    A report of version 1, which had no summaries, is read as one without.
    """
    document = {**report("a").to_dict(), "schema_version": 1}
    del document["summaries"]

    assert report("a") == BalanceReport.from_dict(document)


def put(*path: Any) -> Callable[[dict[str, Any]], None]:
    """
    What puts the last of *path* to the place that the others lead to.
    """

    def change(document: dict[str, Any]) -> None:
        *way, last, value = path
        node: Any = document
        for key in way:
            node = node[key]
        node[last] = value

    return change


def drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        node: Any = document
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("schema", "marginbook.report"),
        put("schema_version", 1),
        put("complete", True),
        put("started_at", "2026-07-01T12:00:00"),
        put("started_at", "2026-07-01T12:00:00Z"),
        put("started_at", "9999-12-31T23:59:59-01:00"),
        put("finished_at", None),
        put("finished_at", 5),
        put("accounts", "c", "state", "ok"),
        put("accounts", "b", "venue", "other"),
        put("accounts", "x", {"venue": "acme"}),
        put("accounts", ["a", "b", "c"]),
        put("accounts", "a", "acme"),
        put("failures", []),
        put("failures", 0, "kind", "bad luck"),
        put("failures", 0, "account", "a"),
        put("failures", 0, "until", "soon"),
        put("failures", None),
        put("notes", 0, "text", "more"),
        put("totals", {}),
        put("totals", "USDT", "wallet_balance", "99.51"),
        put("totals", "USDT", "wallet_balance", 99.5),
        put("totals", "USDT", "missing", []),
        put("totals", "BTC", "accounts", []),
        put("balances", []),
        put("balances", {}),
        put("balances", 0, None),
        put("balances", 0, "wallet_balance", 0.00000001),
        put("balances", 0, "wallet_balance", "1e-8"),
        put("balances", 0, "wallet_balance", "0.0000000100"),
        put("balances", 0, "wallet_balance", "NaN"),
        put("balances", 0, "wallet_balance", None),
        put("balances", 0, "equity", "1"),
        put("balances", 0, "equity", 1),
        put("balances", 0, "wealth", "1"),
        put("balances", 0, "account", "x"),
        put("balances", 0, "account", "c"),
        put("balances", 0, "asset", ""),
        put("balances", 0, "notes", "Odd."),
        put("balances", 0, "basis", "wallet_balance", "guessed"),
        put("balances", 0, "basis", "asset", "derived: x"),
        put("balances", 0, "basis", "asset", "reported"),
        put("balances", 0, "basis", None),
        put("locks", 0, "blocked_balance", "1.1.0"),
        put("locks", 0, "blocked_balance", 1),
        put("locks", 0, "symbol", None),
        put("summaries", 0, "equity", 1),
        put("summaries", 0, "equity", "-1.0.0"),
        put("summaries", 0, "currency", ""),
        put("summaries", 0, "mode", ""),
        put("summaries", 0, "wealth", "1"),
        drop("summaries"),
        put("more", 1),
        drop("complete"),
        drop("accounts"),
        drop("accounts", "a"),
        drop("accounts", "a", "venue"),
        drop("accounts", "a", "state"),
        drop("failures"),
        drop("failures", 0),
        drop("failures", 0, "kind"),
        drop("failures", 0, "hint"),
        drop("notes"),
        drop("totals"),
        drop("totals", "BTC"),
        drop("balances"),
        drop("balances", 0),
        drop("balances", 0, "equity"),
        drop("balances", 0, "basis"),
        drop("balances", 0, "basis", "wallet_balance"),
        drop("balances", 0, "updated_at"),
        drop("balances", 0, "notes"),
        drop("locks"),
        drop("locks", 0, "asset"),
        drop("locks", 0, "order_margin"),
        drop("started_at"),
    ],
)
def test_changed_documents(change: Callable[[dict[str, Any]], None]) -> None:
    """
    A report that was changed or cut off where that can be told is refused, with what to do.
    """
    document = BOOK.to_dict()
    before = copy.deepcopy(document)
    change(document)
    with pytest.raises(ConfigurationError) as caught:
        BalanceReport.from_dict(document)

    assert before != document
    assert BOOK == BalanceReport.from_dict(before)
    assert caught.value.hint


def test_a_document_is_only_read() -> None:
    """
    Reading a document does not use it up.
    """
    document = BOOK.to_dict()

    assert BalanceReport.from_dict(document) == BalanceReport.from_dict(document)
    assert BOOK.to_dict() == document


def test_amounts_beyond_any_venue() -> None:
    """
    Whatever is an amount can be written and read, and so can its total.
    """
    largest = Decimal("9" * 141 + "." + "9" * 140)
    found = report("a", "b", balances=[balance(name, "USDT", wallet_balance=largest) for name in ("a", "b")])

    assert found == BalanceReport.from_dict(json.loads(found.to_json()))
    assert 2 * int("9" * 281) == int(found.to_dict()["totals"]["USDT"]["wallet_balance"].replace(".", ""))


def test_collateral_of_all_assets_together() -> None:
    """
    Where a venue counts all assets of an account as one, the margin ratio of a row says nothing; elsewhere it does.
    """
    figures = {"equity": "100", "maintenance_margin": "90"}
    found = report(
        "alone",
        "single",
        "together",
        balances=[balance(name, "USDT", **figures) for name in ("alone", "single", "together")],
        summaries=[summary("single", asset="USDT"), summary("together", equity="5000", maintenance_margin="90")],
    )

    assert {"together"} == found.pooled
    assert [Decimal("0.9"), Decimal("0.9"), None] == [found.margin_ratio(row) for row in found.balances]
