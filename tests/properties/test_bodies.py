"""
Bodies that venues did not mean to send: every figure that is read from one stands in it, or nothing is read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from damage import Members, Raw, changed, cut, parse, read, write
from fuzzing import examples
from marginbook import MarginbookError, Statement, replay, venues
from recordings import Cassette, cassettes
from strategies import EPOCH, spelled
from words import WORDS as SECOND

if TYPE_CHECKING:
    from marginbook import Balance

#: Of the oldest coin.
FIRST_BLOCK: Final = datetime(2009, 1, 3, tzinfo=UTC)

#: What a body does not have.
ABSENT: Final = object()


@frozen(kw_only=True)
class Words:
    """
    Where the documentation of a venue says that our figures stand.
    """

    #: From the body to its rows.
    rows: Callable[[Any], list[Any]]
    #: From a row to the object with its amounts.
    inside: Callable[[Any], Any] = lambda row: row
    asset: str
    amounts: Mapping[str, str]
    updated: str = ""
    #: True if an amount that was never set may be empty or absent.
    optional: bool = False
    #: From the body to its locks, each with its symbol, its asset, and what it locks; None where they follow from more
    #: than their own rows.
    locks: Callable[[Any], list[tuple[str, str, Mapping[str, Any]]]] | None = lambda _: []
    #: Figures that are made of others of the row, and the signs of those.
    made: Mapping[str, Mapping[str, int]] = {}
    #: Figures that are made of another document, and judged by the plugin's own tests.
    elsewhere: tuple[str, ...] = ()


BINANCE: Final = {
    "wallet_balance": "balance",
    "cross_wallet_balance": "crossWalletBalance",
    "cross_unrealized_pnl": "crossUnPnl",
    "available_balance": "availableBalance",
}

LOCK_WORDS: Final = {
    "blocked_balance": "blocked_balance",
    "position_margin": "position_margin",
    "order_margin": "open_order_margin",
}


IN_DETAIL: Final = Words(
    rows=lambda body: body["assets"],
    asset="asset",
    amounts={
        "wallet_balance": "walletBalance",
        "unrealized_pnl": "unrealizedProfit",
        "equity": "marginBalance",
        "initial_margin": "initialMargin",
        "position_margin": "positionInitialMargin",
        "order_margin": "openOrderInitialMargin",
        "maintenance_margin": "maintMargin",
        "available_balance": "availableBalance",
        "max_withdraw": "maxWithdrawAmount",
        "cross_wallet_balance": "crossWalletBalance",
        "cross_unrealized_pnl": "crossUnPnl",
    },
    updated="updateTime",
    locks=None,
)

COINSWITCH: Final = Words(
    rows=lambda body: body["data"]["base_asset_balances"],
    inside=lambda row: row["balances"],
    asset="base_asset",
    amounts={
        "wallet_balance": "total_balance",
        "available_balance": "total_available_balance",
        "initial_margin": "total_blocked_balance",
        "position_margin": "total_position_margin",
        "order_margin": "total_open_order_margin",
    },
    locks=lambda body: [
        (row["symbol"], row["base_asset"], {ours: row[theirs] for ours, theirs in LOCK_WORDS.items()})
        for row in body["data"]["asset"]
    ],
)

WORDS: Final = {
    "binance-usdm": Words(
        rows=lambda body: body,
        asset="asset",
        amounts={**BINANCE, "max_withdraw": "maxWithdrawAmount"},
        updated="updateTime",
    ),
    "binance-coinm": Words(
        rows=lambda body: body,
        asset="asset",
        amounts={**BINANCE, "max_withdraw": "withdrawAvailable"},
        updated="updateTime",
    ),
    "coinswitch": COINSWITCH,
    "coinswitch-margin": evolve(COINSWITCH, elsewhere=("unrealized_pnl",)),
    "fexgate": Words(
        rows=lambda body: body.get("balances", []),
        asset="asset",
        amounts={**BINANCE, "max_withdraw": "maxWithdrawAmount"},
        updated="updateTime",
        optional=True,
    ),
    "binance-pm": Words(
        rows=lambda body: body,
        asset="asset",
        amounts={},
        updated="updateTime",
        made={
            "wallet_balance": {"totalWalletBalance": 1, "crossMarginBorrowed": -1, "crossMarginInterest": -1},
            "unrealized_pnl": {"umUnrealizedPNL": 1, "cmUnrealizedPNL": 1},
        },
    ),
    **dict.fromkeys(("binance-usdm-margin", "binance-coinm-margin"), IN_DETAIL),
}

#: What may be derived, and of which figures it is the sum.
TERMS: Final = {
    "equity": ("wallet_balance", "unrealized_pnl"),
    "initial_margin": ("position_margin", "order_margin"),
    "unrealized_pnl": ("cross_unrealized_pnl",),
}


def digits(value: Any) -> Decimal | None:
    """
    Return the number that stands in a body, or None where nothing does.
    """
    if value is ABSENT or value == "":
        return None
    assert isinstance(value, str | Decimal), f"{value!r} is not an amount"
    return Decimal(value)


def same(expected: Decimal | None, amount: Decimal | None) -> bool:
    """
    Compare amounts by their digits. A whole number that is written as -0 is 0.
    """
    if expected is None or amount is None:
        return expected is amount
    return spelled(abs(expected)) == spelled(abs(amount)) and expected == amount


def judge(words: Words, statement: Statement, content: bytes) -> None:
    """
    Hold a statement against the body that it was read from.
    """
    body = read(content)
    rows = words.rows(body)
    assert [row[words.asset] for row in rows] == [balance.asset for balance in statement.balances]
    for row, balance in zip(rows, statement.balances, strict=True):
        _judge_balance(words, row, balance)
    if words.locks is None:
        return
    locks = words.locks(body)
    assert [(symbol, asset) for symbol, asset, _ in locks] == [(lock.symbol, lock.asset) for lock in statement.locks]
    for (_, _, amounts), lock in zip(locks, statement.locks, strict=True):
        assert all(same(digits(amount), getattr(lock, name)) for name, amount in amounts.items())


def _judge_balance(words: Words, row: Any, balance: Balance) -> None:
    for name, key in words.amounts.items():
        expected = digits(words.inside(row).get(key, ABSENT))
        assert same(expected, getattr(balance, name)) or (expected is None and "derived" in balance.basis[name])
        assert expected is not None or words.optional
    derived = [name for name, basis in balance.basis.items() if basis.startswith("derived: ")]
    assert set(balance.basis) - set(derived) <= set(words.amounts)
    known = {name: Fraction(getattr(balance, name)) for name in balance.basis}
    for name in set(derived) - set(words.elsewhere):
        terms = words.made.get(name)
        theirs = [sign * Fraction(row[key]) for key, sign in terms.items()] if terms else []
        assert sum(theirs or [known[term] for term in TERMS[name]]) == known[name]
    # Otherwise isolated positions would be left out.
    if "unrealized_pnl" in derived and "unrealized_pnl" not in {*words.made, *words.elsewhere}:
        assert known["wallet_balance"] == known["cross_wallet_balance"]
    written = digits(row.get(words.updated, ABSENT)) if words.updated else None
    at = EPOCH + timedelta(milliseconds=int(written)) if written else None
    # A time before there was any coin is no time of a row, which says so.
    assert (None if at and at < FIRST_BLOCK else at) == balance.updated_at


def ask(cassette: Cassette, content: bytes) -> Statement:
    return replay(cassette.venue, {**cassette.documents, cassette.path: content}, cassette.options)


def by_name(cassette: Cassette) -> str:
    return cassette.name


#: Those of venues whose rows stand in one document. What was recorded of the ten others is read a second time in
#: tests/cassettes, and taken apart field by field by the conformance suite.
RECORDED: Final = [cassette for cassette in cassettes() if cassette.venue in WORDS]

each_cassette: Final = pytest.mark.parametrize("cassette", [c for c in RECORDED if c.kind != "live"], ids=by_name)


def test_every_venue_is_tried() -> None:
    """
    No venue that comes with marginbook is left out, here or where the ten others are read, and no word is missing.
    """
    tried = {cassette.venue for cassette in RECORDED}

    assert {venue.id for venue in venues()} == tried | SECOND.keys()
    assert set() == tried & SECOND.keys()
    assert {cassette.reading for cassette in RECORDED} == set(WORDS)
    for venue in (venue for venue in venues() if venue.id in tried):
        reported = {name for name, source in venue.fills.items() if not source.startswith("derived: ")}
        words = WORDS[venue.id]
        richer = WORDS.get(f"{venue.id}-margin", words)
        derived = {"unrealized_pnl", "equity"} if richer is not words else set()
        assert reported == {*words.amounts, *richer.amounts, *(["updated_at"] if words.updated else [])} - derived


@each_cassette
def test_cassettes(cassette: Cassette) -> None:
    """
    The recorded bodies themselves are judged alike.
    """
    # Its amounts are the word "string".
    if cassette.name != "published/fexgate":
        judge(WORDS[cassette.reading], ask(cassette, cassette.content), cassette.content)


def read_or_refused(cassette: Cassette, content: bytes) -> None:
    try:
        statement = ask(cassette, content)
    except MarginbookError:
        return
    judge(WORDS[cassette.reading], statement, content)


@each_cassette
@examples(120)
@given(data=st.data())
def test_changed_bodies(cassette: Cassette, data: st.DataObject) -> None:
    """
    A venue changes, renames, repeats or drops something: an error of marginbook's own, or what stands in the body.
    """
    read_or_refused(cassette, data.draw(changed(cassette.content)))


@each_cassette
@examples(60)
@given(data=st.data())
def test_damaged_bodies(cassette: Cassette, data: st.DataObject) -> None:
    """
    So it is with bodies of which some bytes are lost, wrong or too many.
    """
    read_or_refused(cassette, data.draw(cut(cassette.content)))


def _other_figures(draw: Callable[[Any], Any], value: Any, words: set[str]) -> Any:
    """
    Write other amounts in the place of all that there are, as texts and as numbers.
    """
    match value:
        case Members():
            return Members(
                (name, draw(_written) if name in words else _other_figures(draw, member, words))
                for name, member in value
            )
        case list():
            return [_other_figures(draw, item, words) for item in value]
    return value


#: Forty digits on either side of the point are what the clients take for an amount.
_written: Final = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "-"]),
    st.integers(0, 10) | st.integers(0, 10**40 - 1),
    st.just("") | st.from_regex(r"\.[0-9]{1,40}", fullmatch=True),
)


@each_cassette
@examples(40)
@given(data=st.data())
def test_other_figures(cassette: Cassette, data: st.DataObject) -> None:
    """
    Whatever amounts a venue sends, each is read, to the last digit.
    """
    words = WORDS[cassette.reading]
    keys = {
        *words.amounts.values(),
        *(key for made in words.made.values() for key in made),
        *(LOCK_WORDS.values() if cassette.venue == "coinswitch" else []),
    }
    content = write(_other_figures(data.draw, parse(cassette.content), keys)).encode()

    judge(words, ask(cassette, content), content)


@each_cassette
@examples(10)
@given(data=st.data())
def test_numbers_for_texts(cassette: Cassette, data: st.DataObject) -> None:
    """
    A number in the place of a text keeps its digits, or is refused.
    """
    words = WORDS[cassette.reading]
    tree = _other_figures(data.draw, parse(cassette.content), set(words.amounts.values()))
    content = write(_bare(tree, set(words.amounts.values()))).encode()
    try:
        statement = ask(cassette, content)
    except MarginbookError:
        # Only the gateway says text and means it.
        assert "fexgate" == cassette.venue
    else:
        judge(words, statement, content)


def _bare(value: Any, words: set[str]) -> Any:
    match value:
        case Members():
            return Members((name, Raw(member) if name in words else _bare(member, words)) for name, member in value)
        case list():
            return [_bare(item, words) for item in value]
    return value
