import math
from decimal import Decimal
from fractions import Fraction

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import MAX_DIGITS, quoted, to_fmpq, to_text

rationals = st.fractions(max_denominator=10**12)


def fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


@settings(deadline=None)
@given(rationals)
def test_every_form_of_a_number_means_that_number(q: Fraction) -> None:
    exact = fmpq(q.numerator, q.denominator)
    assert to_fmpq(q, "start") == exact
    assert to_fmpq(str(q), "start") == exact
    assert to_fmpq(exact, "start") is exact
    assert to_fmpq(q.numerator, "start") == fmpq(q.numerator)


@settings(deadline=None)
@given(rationals)
def test_text_is_canonical_and_reads_back(q: Fraction) -> None:
    text = to_text(fmpq(q.numerator, q.denominator))
    assert text == str(q)
    assert fraction(to_fmpq(text, "start")) == q


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(lambda d: abs(d.adjusted()) < 900))
def test_decimals_are_exact(d: Decimal) -> None:
    if abs(d.as_tuple().exponent) <= 1000:
        assert fraction(to_fmpq(str(d), "start")) == Fraction(d)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("1/3", Fraction(1, 3)),
        ("-2e-3", Fraction(-1, 500)),
        ("1e-12", Fraction(1, 10**12)),
        ("2/5", Fraction(2, 5)),
        ("+.5", Fraction(1, 2)),
        ("3.", Fraction(3)),
        (" -4 / 6 ", Fraction(-2, 3)),
        ("1E+1000", Fraction(10**1000)),
        ("1e-0001000", Fraction(1, 10**1000)),
        ("9" * MAX_DIGITS, Fraction(int("9" * MAX_DIGITS))),
    ],
)
def test_written_numbers(text: str, value: Fraction) -> None:
    assert fraction(to_fmpq(text, "step_size")) == value


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (True, "truth value"),
        (0.1, "float"),
        (math.nan, "float"),
        (math.inf, "float"),
        ("nan", "not a rational number"),
        ("inf", "not a rational number"),
        ("", "not a rational number"),
        ("1/", "not a rational number"),
        ("0x10", "not a rational number"),
        ("1_000", "not a rational number"),
        ("٣", "not a rational number"),
        ("1.5/2", "not a rational number"),
        ("1/0", "divides by zero"),
        ("1e1001", "beyond ±1000"),
        ("1e-99999999999999999999", "beyond ±1000"),
        ("1e" + "9" * 5000, "beyond ±1000"),
        ("9" * (MAX_DIGITS + 1), "more than 4000 digits"),
        ("1/" + "9" * (MAX_DIGITS + 1), "more than 4000 digits"),
        (10**MAX_DIGITS, "more than 4000 digits"),
        (Fraction(1, 10**MAX_DIGITS), "more than 4000 digits"),
        (None, "NoneType"),
        (1j, "complex"),
        (Decimal("0.1"), "Decimal"),
        ([1], "list"),
    ],
)
def test_what_is_not_an_exact_number_is_refused_with_one_sentence(value: object, part: str) -> None:
    with pytest.raises(InputError) as caught:
        to_fmpq(value, "step_size")  # type: ignore[arg-type]
    assert caught.value.field == "step_size"
    assert str(caught.value).startswith("step_size: ")
    assert part in caught.value.message
    assert len(caught.value.message) < 200, "hostile text must not flood the message"
    assert "\n" not in caught.value.message


@settings(deadline=None)
@given(st.text() | st.text(alphabet="0123456789.eE+-/ ", max_size=20))
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    try:
        value = to_fmpq(text, "start")
    except InputError:
        return
    assert to_fmpq(to_text(value), "start") == value


def test_quoted_text_is_escaped_and_cut() -> None:
    assert quoted("a\nb") == r"'a\nb'"
    assert quoted("a" * 41) == f"{'a' * 40!r}..."
