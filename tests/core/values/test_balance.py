"""
Balances, locks and statements as values.
"""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve, fields
from attrs.exceptions import FrozenInstanceError

from marginbook import Balance, InvalidResponseError, Lock, Statement
from marginbook.values import AMOUNTS


def balance(**fields: Any) -> Balance:
    return Balance(**{"account": "desk-a", "venue": "acme", "asset": "USDT", **fields})


def lock(**fields: Any) -> Lock:
    return Lock(**{"account": "desk-a", "venue": "acme", "symbol": "DOGEUSDT", "asset": "USDT", **fields})


def roundabout(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # our own


FULL = balance(
    wallet_balance="100.0",
    unrealized_pnl="-1.5",
    equity="98.5",
    updated_at=datetime(2026, 7, 1, tzinfo=UTC),
    derived={"equity": "wallet_balance + unrealized_pnl"},
    notes=["A remark."],
)


def test_the_vocabulary() -> None:
    """
    The names of the figures are the field's own, in reading order.
    """
    assert (
        "wallet_balance",
        "unrealized_pnl",
        "equity",
        "initial_margin",
        "position_margin",
        "order_margin",
        "maintenance_margin",
        "available_balance",
        "max_withdraw",
        "cross_wallet_balance",
        "cross_unrealized_pnl",
    ) == AMOUNTS


@pytest.mark.parametrize("value", [FULL, lock(blocked_balance="1.0"), Statement([FULL], [lock()], ["A remark."])])
def test_values_stay_what_they_are(value: Any) -> None:
    """
    A value cannot be changed, can be a key, and is the same after a copy, an evolution and a journey.
    """
    name = fields(type(value))[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, "other")

    assert 1 == len({value, evolve(value), roundabout(value)})


@pytest.mark.parametrize("name", AMOUNTS)
def test_nothing_is_not_zero(name: str) -> None:
    """
    A figure that is not known is None; zero is a figure, and the two make different balances.
    """
    nothing, zero = balance(), balance(**{name: "0"})

    assert getattr(nothing, name) is None
    assert Decimal(0) == getattr(zero, name)
    assert nothing != zero
    assert {} == nothing.basis
    assert {name: "reported"} == zero.basis


@pytest.mark.parametrize("name", AMOUNTS)
def test_no_figure_is_a_float(name: str) -> None:
    """
    A float is refused by every field, and so is what is no number.
    """
    with pytest.raises(TypeError, match="not a float"):
        balance(**{name: 0.1})
    with pytest.raises(ValueError, match="'much' is not an amount"):
        balance(**{name: "much"})


@pytest.mark.parametrize("name", ["blocked_balance", "position_margin", "order_margin"])
def test_no_lock_is_a_float(name: str) -> None:
    """
    Locks are as strict as balances.
    """
    with pytest.raises(TypeError, match="not a float"):
        lock(**{name: 0.1})
    assert Decimal("-6.778517") == getattr(lock(**{name: "-6.778517"}), name)


def test_each_figure_says_where_it_comes_from() -> None:
    """
    Reported, derived from what, or absent.
    """
    assert {
        "wallet_balance": "reported",
        "unrealized_pnl": "reported",
        "equity": "derived: wallet_balance + unrealized_pnl",
    } == FULL.basis


@pytest.mark.parametrize("name", ["equity", "asset", "updated_at", "wealth"])
def test_only_known_figures_are_derived(name: str) -> None:
    """
    What is not there, or is no amount, cannot have been derived.
    """
    with pytest.raises(ValueError, match=f"{name}: said to be derived, but not known"):
        balance(derived={name: "somehow"})


@pytest.mark.parametrize("kind", [Balance, Lock])
def test_figures_have_names(kind: Any) -> None:
    """
    Nobody has to count figures, or gets one of them into the place of another.
    """
    with pytest.raises(TypeError):
        kind("desk-a", "acme", "USDT", "USDT")


def test_deriving_keeps_the_rest() -> None:
    """
    A derived figure and a remark are added to what is there.
    """
    derived = FULL.derive("initial_margin", Decimal(3), "position_margin + order_margin").remark("Another.")

    assert FULL == evolve(FULL)
    assert ("A remark.", "Another.") == derived.notes
    assert {**FULL.basis, "initial_margin": "derived: position_margin + order_margin"} == derived.basis


@pytest.mark.parametrize(
    ("maintenance", "equity", "expected"),
    [
        ("50", "200", "0.25"),
        ("0", "200", "0"),
        ("200", "100", "2"),
        ("1", "3", "0.3333333333333333333333333333"),
        (None, "200", None),
        ("50", None, None),
        ("50", "0", None),
        ("50", "-10", None),
    ],
)
def test_margin_ratio(maintenance: str | None, equity: str | None, expected: str | None) -> None:
    """
    Maintenance margin by equity, where both are known and the equity is positive.
    """
    found = balance(maintenance_margin=maintenance, equity=equity).margin_ratio

    assert (None if expected is None else Decimal(expected)) == found


def test_times_are_in_utc() -> None:
    """
    The time of a row is kept in UTC, whatever zone it came in; one without a zone is refused.
    """
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    assert "2026-07-01T06:30:00+00:00" == str(balance(updated_at=noon).updated_at).replace(" ", "T")
    with pytest.raises(ValueError, match="without a time zone"):
        balance(updated_at=noon.replace(tzinfo=None))


@pytest.mark.parametrize("name", [" USDT", "USDT ", " USDT "])
def test_what_a_venue_names_has_no_blanks_at_its_ends(name: str) -> None:
    """
    Nobody sees a blank at the end of a name, and the asset would be missing from the total of what it looks like.
    """
    with pytest.raises(InvalidResponseError, match=r"asset is ' ?USDT ?', which has blanks at its ends"):
        balance(asset=name)
    with pytest.raises(InvalidResponseError, match=r"symbol is ' ?USDT ?', which has blanks"):
        lock(symbol=name)
    assert "Wrapped BTC" == balance(asset="Wrapped BTC").asset


@pytest.mark.parametrize("name", [None, "", " ", "US\nDT", "\x1b[31mUSDT", "\ud800", 5, ["USDT"]])
def test_names_are_printable(name: Any) -> None:
    """
    A name that is empty, cannot be sorted or written, or would play with a terminal is refused where it comes in.
    """
    with pytest.raises(InvalidResponseError, match=r"asset is .*, which is no text of printable characters"):
        balance(asset=name)
    with pytest.raises(InvalidResponseError, match="symbol is "):
        lock(symbol=name)
    with pytest.raises(InvalidResponseError, match="account is "):
        evolve(FULL, account=name)
    with pytest.raises(InvalidResponseError, match="venue is "):
        evolve(FULL, venue=name)


@pytest.mark.parametrize("notes", ["A remark.", [b"A remark."], [None]])
def test_notes_are_several_texts(notes: Any) -> None:
    """
    One text would be taken for the sequence of its letters.
    """
    with pytest.raises(TypeError, match="Notes are a sequence of texts"):
        balance(notes=notes)
    with pytest.raises(TypeError, match="Notes are a sequence of texts"):
        Statement([], notes=notes)


def test_a_statement_is_made_of_rows() -> None:
    """
    Balances are balances and locks are locks, and nothing else can be either.
    """
    rows: list[Any] = [lock(), balance(), None, {"asset": "USDT"}]

    for row in rows[:1] + rows[2:]:
        with pytest.raises(TypeError, match="Balance"):
            Statement([row])
    for row in rows[1:]:
        with pytest.raises(TypeError, match="Lock"):
            Statement([], [row])
    assert Statement((), (), ()) == Statement([])
