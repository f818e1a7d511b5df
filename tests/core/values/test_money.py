"""
Amounts of money.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbook import InvalidResponseError, exact, figure, less, product, total
from marginbook.values.money import are_exact, plain, ratio
from marginbook.wire import UNSET

#: Every amount that may be one, with any scale.
AMOUNTS = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(map(int, str(digits))), exponent)),
    st.integers(0, 1),
    st.integers(0, 10**40),
    st.integers(-100, 100),
)


@pytest.mark.parametrize("amount", [0.1, 1.0, float("nan"), True, False, None, b"1", [1], 1j])
def test_only_digits_are_amounts(amount: Any) -> None:
    """
    A float has lost digits already, and a truth value is no number: neither is rounded or converted.
    """
    with pytest.raises(TypeError, match=f"made from the digits that the venue sent, and not a {type(amount).__name__}"):
        exact(amount)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1 ", " 1", "1\n", "1_000", "1,000", "1.", ".5", "--1", "1e", "0x10", "NaN", "sNaN", "Infinity"),
        *("-inf", "1e100", "1e-100", "١٢", "string", "1" * 151, "1." + "1" * 151),
    ],
)
def test_garbage_is_no_amount(text: str) -> None:
    """
    Text is an amount if it is a plain number, and nothing is trimmed, grouped or guessed.
    """
    with pytest.raises(ValueError, match="is not an amount"):
        exact(text)


@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.none()
        | AMOUNTS
        | st.decimals()
        | st.sampled_from([Decimal("1E+1"), Decimal("0E+1"), Decimal("-0E-140"), Decimal("0E-141"), 1, 1.5, True, "1"]),
    )
)
def test_amounts_that_are_exact_already(row: dict[str, Any]) -> None:
    """
    They are those that stay as they are.
    """

    def stays(amount: Any) -> bool:
        try:
            return amount is None or exact(amount) is amount
        except (TypeError, ValueError):
            return False

    assert all(map(stays, row.values())) is are_exact(row.values())


@pytest.mark.parametrize("text", ["NaN", "sNaN", "-NaN123", "Infinity", "-Infinity", "1E+141", "1E-141", "0E+141"])
def test_a_decimal_may_be_no_amount(text: str) -> None:
    """
    A Decimal that is not finite, or that is beyond anything that is counted, is no amount.
    """
    with pytest.raises(ValueError, match="is not an amount"):
        exact(Decimal(text))


@pytest.mark.parametrize("integer", [10**141, -(10**4000)])
def test_an_integer_may_be_no_amount(integer: int) -> None:
    """
    Nothing has so many units.
    """
    with pytest.raises(ValueError, match="is not an amount"):
        exact(integer)


def test_a_long_text_is_not_repeated() -> None:
    """
    The complaint quotes the beginning alone: what is no amount may be anything.
    """
    with pytest.raises(ValueError, match=r"^'secretsecret.{11} is not an amount\.$"):
        exact("secret" * 100)


@pytest.mark.parametrize(
    "digits",
    [
        "0",
        "0.00000000",
        "-0.00",
        "100.10",
        "0.000000000000000001",
        "-0.123456789012345678901234567890",
        "9007199254740993.00000001",
        "123456789012345678901234567890.123456789012345678",
    ],
)
def test_digits_are_kept(digits: str) -> None:
    """
    Every digit that was written is there, trailing zeros included.
    """
    assert digits == str(exact(digits)).replace("0E-8", "0.00000000").replace("1E-18", "0.000000000000000001")
    assert digits == plain(exact(digits))
    assert Decimal(digits).as_tuple() == exact(Decimal(digits)).as_tuple()


def test_two_ways_to_write_nothing() -> None:
    """
    0E-8 is 0.00000000: a zero keeps its places, and is written with them.
    """
    assert Decimal("0.00000000").as_tuple() == exact("0E-8").as_tuple()
    assert "0.00000000" == plain(exact("0E-8"))


@pytest.mark.parametrize(
    ("written", "expected"), [("1E+3", "1000"), ("1.5e3", "1500"), ("-2e2", "-200"), ("+7", "7"), ("12e-1", "1.2")]
)
def test_exponents_are_written_out(written: str, expected: str) -> None:
    """
    An amount is stored as it will be written, so that it is the same when it is read again.
    """
    assert Decimal(expected).as_tuple() == exact(written).as_tuple()
    assert Decimal(expected).as_tuple() == exact(Decimal(written)).as_tuple()


def test_an_integer_is_exact() -> None:
    """
    JSON's whole numbers are taken as they are.
    """
    assert "9007199254740993" == str(exact(9007199254740993))


@given(AMOUNTS)
def test_amounts_survive_being_written(amount: Decimal) -> None:
    """
    What is written and read again is the very same amount, sign and trailing zeros included.
    """
    kept = exact(amount)

    assert kept.as_tuple() == exact(plain(kept)).as_tuple()
    assert amount == kept
    assert "E" not in plain(kept)


def test_sums_are_exact() -> None:
    """
    Addition keeps digits that Python's own context would round away.
    """
    amounts = [Decimal(10) ** 30, Decimal("0.000000000000000001"), Decimal(-10) ** 30]

    assert Decimal("2000000000000000000000000000000.000000000000000001") == total(amounts)
    assert Decimal("2E+30") == sum(amounts)


def test_sums_do_not_depend_on_who_asks() -> None:
    """
    A caller's own decimal context rounds the caller's numbers, and not ours.
    """
    with localcontext(prec=3):
        assert Decimal("1.23456789") == total([Decimal("1.23456788"), Decimal("0.00000001")])
        assert "1.23456789" == plain(exact("1.23456789"))
        assert Decimal("0.3333333333333333333333333333") == ratio(Decimal(1), Decimal(3))


def test_differences_are_exact() -> None:
    """
    What is taken away leaves every digit of the rest.
    """
    assert "9007199254740992.009" == str(less(Decimal("9007199254740993.01"), Decimal(1), Decimal("0.001")))
    assert "1.10" == str(less(Decimal("1.10")))


@pytest.mark.parametrize("terms", [(None,), (None, Decimal(1)), (Decimal(1), None), (Decimal(1), Decimal(1), None)])
def test_a_difference_with_a_gap_is_not_known(terms: tuple[Decimal | None, ...]) -> None:
    """
    A term that is not known is no zero.
    """
    assert less(*terms) is None


def test_nothing_is_rounded() -> None:
    """
    What cannot be written exactly raises, rather than be rounded.
    """
    with pytest.raises(ArithmeticError):
        less(Decimal("1E+300"), Decimal("1E-300"))
    with pytest.raises(ArithmeticError):
        total([Decimal("1E+300"), Decimal("1E-300")])
    assert "0.0000000000000000000000000000003" == f"{product(Decimal('3E-15'), Decimal('1E-16')):f}"


@pytest.mark.parametrize("nothing", ["", None, UNSET])
def test_a_figure_that_is_left_out(nothing: Any) -> None:
    """
    A venue writes nothing where it tells nothing: that is not known.
    """
    assert figure("upl", nothing) is None


@pytest.mark.parametrize("digits", ["0", "-0.00", "12.5000", "1e3"])
def test_a_figure_that_is_told(digits: str) -> None:
    """
    Zero is a figure, and so are the others, to the last digit.
    """
    assert str(exact(digits)) == str(figure("upl", digits))


@pytest.mark.parametrize("amount", [Decimal("0.00"), Decimal("-0"), 0])
def test_a_zero_that_has_been_read_already(amount: Any) -> None:
    """
    A field that the specification calls a decimal is no text any more, and its zero is still a figure.
    """
    assert exact(amount) == figure("upl", amount)


@pytest.mark.parametrize("text", ["--", "1,5", "NaN", " ", "none"])
def test_a_figure_that_is_a_text(text: str) -> None:
    """
    Any other text is no answer; the error names the field.
    """
    with pytest.raises(InvalidResponseError, match=r"^upl: .* is not an amount"):
        figure("upl", text)


def test_a_sum_with_a_gap_is_not_known() -> None:
    """
    None is contagious wherever it stands, and is never taken for zero.
    """
    for amounts in permutations([Decimal(1), None, Decimal(2)]):
        assert total(amounts) is None
    assert total([None]) is None
    assert Decimal(0) == total([])


def test_a_sum_with_what_is_no_amount() -> None:
    """
    A float or a text is an error, and not a gap.
    """
    for stranger in (1.5, "1"):
        with pytest.raises(TypeError):
            total([Decimal(1), stranger])  # type: ignore[list-item]


@given(st.lists(AMOUNTS, max_size=8), st.randoms())
def test_sums_equal_those_of_fractions(amounts: list[Decimal], random: Any) -> None:
    """
    A sum is the true sum, in whatever order it was made.
    """
    shuffled = random.sample(amounts, len(amounts))
    found = total(map(exact, amounts))

    assert found is not None
    assert sum(map(Fraction, amounts)) == Fraction(found)
    assert found == total(map(exact, shuffled))


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (None, Decimal(1)),
        (Decimal(1), None),
        (None, None),
        (Decimal(1), Decimal(0)),
        (Decimal(1), Decimal("-0.0")),
        (Decimal(1), Decimal(-1)),
        (Decimal(0), Decimal(0)),
    ],
)
def test_some_ratios_say_nothing(part: Decimal | None, whole: Decimal | None) -> None:
    """
    There is no ratio to what is not known, nor to what is not positive.
    """
    assert ratio(part, whole) is None


@given(AMOUNTS, AMOUNTS.filter(lambda amount: amount > 0))
def test_ratios_are_true_to_28_digits(part: Decimal, whole: Decimal) -> None:
    """
    A ratio is the true quotient, rounded in the 28th digit.
    """
    found = ratio(part, whole)

    assert found is not None
    assert len(found.as_tuple().digits) <= 28
    assert abs(Fraction(found) - Fraction(part) / Fraction(whole)) <= abs(Fraction(found)) / 10**27
