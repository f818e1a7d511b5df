"""
What a venue says of an account as a whole.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import fields

from marginbook import Balance, InvalidResponseError, Summary
from marginbook.values import AMOUNTS, SUMMARY_AMOUNTS, compare


def summary(**fields: Any) -> Summary:
    return Summary(**{"account": "desk-a", "venue": "acme", "currency": "USD", **fields})


def balance(asset: str, **amounts: Any) -> Balance:
    return Balance(account="desk-a", venue="acme", asset=asset, **amounts)


def test_its_words_are_those_of_a_balance() -> None:
    """
    An account has every amount that a row has, and equity after haircuts besides.
    """
    assert {"adjusted_equity"} == set(SUMMARY_AMOUNTS) ^ set(AMOUNTS)
    assert set(SUMMARY_AMOUNTS) < {field.name for field in fields(Summary)}


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ({"maintenance_margin": "20", "equity": "100"}, Decimal("0.2")),
        ({"maintenance_margin": "20", "equity": "100", "adjusted_equity": "80"}, Decimal("0.25")),
        ({"maintenance_margin": "20", "equity": "100", "adjusted_equity": "0"}, None),
        ({"maintenance_margin": "20"}, None),
        ({"equity": "100"}, None),
    ],
)
def test_margin_ratio(amounts: dict[str, str], expected: Decimal | None) -> None:
    """
    Maintenance margin is compared with what the venue compares it with: equity after haircuts, where it says so.
    """
    assert expected == summary(**amounts).margin_ratio


@pytest.mark.parametrize("name", ["account", "venue", "currency", "asset", "mode", "status"])
@pytest.mark.parametrize("text", ["", " ", "\x1b[2J", 5])
def test_names_are_printable(name: str, text: Any) -> None:
    """
    What a report prints is text that can be printed.
    """
    with pytest.raises(InvalidResponseError, match=f"^{name} is"):
        summary(**{name: text})


@pytest.mark.parametrize("name", ["currency", "asset", "mode", "status"])
def test_names_have_no_blanks_at_their_ends(name: str) -> None:
    """
    What a venue names is refused with blanks that nobody would see.
    """
    with pytest.raises(InvalidResponseError, match=f"^{name} is 'USDT ', which has blanks at its ends"):
        summary(**{name: "USDT "})


@pytest.mark.parametrize("name", SUMMARY_AMOUNTS)
def test_amounts_are_exact(name: str) -> None:
    """
    A float is refused, and so is what is no number.
    """
    with pytest.raises(TypeError):
        summary(**{name: 0.1})
    with pytest.raises(ValueError, match="is not an amount"):
        summary(**{name: "NaN"})


def test_what_agrees_is_not_remarked_on() -> None:
    """
    Figures that add up, and repeat those of the row, need no note, however their zeros are written.
    """
    row = balance("USDT", wallet_balance="90.0", unrealized_pnl="10", equity="100", available_balance="7")
    whole = summary(asset="USDT", wallet_balance="90", unrealized_pnl="10", equity="100", adjusted_equity="99")

    assert () == compare(whole, [row, balance("BTC", wallet_balance="1")]).notes


def test_what_does_not_add_up_is_noted() -> None:
    """
    A sum of the venue that is none is left as it is, with a note that gives the difference.
    """
    found = compare(summary(wallet_balance="90.00", unrealized_pnl="10", equity="101", notes=["Odd."]), [])

    assert Decimal(101) == found.equity
    assert (
        "Odd.",
        "The venue's figures do not add up: equity is 1.00 more than wallet_balance + unrealized_pnl.",
    ) == found.notes


def test_what_contradicts_the_row_is_noted() -> None:
    """
    Where an account's figures are of one asset, they are a second witness of its row.
    """
    row = balance("USDT", wallet_balance="90", maintenance_margin="5")
    found = compare(summary(asset="USDT", wallet_balance="89.5", maintenance_margin="5"), [balance("BTC"), row])

    assert ("The account's wallet_balance is -0.5 more than that of its row of USDT.",) == found.notes


def test_figures_of_all_assets_are_compared_with_no_row() -> None:
    """
    Dollars are not compared with an asset that is called so.
    """
    assert () == compare(summary(wallet_balance="90"), [balance("USD", wallet_balance="1")]).notes
