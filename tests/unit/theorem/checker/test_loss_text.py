"""The text of a loss: what it means, and truncated powers on one plane, which are joined."""

from fractions import Fraction as Q
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker.outcome import BadCertificate
from gdcheck.theorem.checker.reading.loss_text import read_loss

SMALL = st.fractions(min_value=-3, max_value=3, max_denominator=3)


def value(loss, point):
    terms = loss.polynomial.terms.items()
    total = sum((k * prod(x**e for x, e in zip(point, alpha, strict=True)) for alpha, k in terms), Q(0))
    total /= loss.polynomial.denominator
    for power in loss.truncated:
        reach = sum((s * x for s, x in zip(power.slope, point, strict=True)), power.offset)
        total += power.factor * max(reach, Q(0)) ** power.power
    return total


def signed(k, body=""):
    return (" - " if k < 0 else " + ") + (f"{abs(k)}*{body}" if body else str(abs(k)))


def hinge(factor, slope, offset, power):
    """The text of a truncated power, as a term of a sum."""
    line = "".join(signed(k, name) for k, name in zip(slope, "xy", strict=True) if k) + signed(offset)
    line = line.removeprefix(" + ") if line.startswith(" + ") else "-" + line.removeprefix(" - ")
    return signed(factor, f"max({line}, 0)**{power}")


HINGES = st.tuples(
    SMALL, st.tuples(SMALL, SMALL).filter(any), SMALL, st.integers(2, 4), st.fractions(-2, 2, max_denominator=2)
)


@given(st.lists(HINGES, max_size=3), st.lists(st.tuples(SMALL, SMALL), min_size=3, max_size=3))
def test_a_text_has_the_values_that_it_says(hinges, points):
    """Each power comes with one on a multiple of its plane, so that many are joined."""
    text, said = "x**2 - 1/3*x*y", []
    for factor, slope, offset, power, k in hinges:
        for f, scale in ((factor, Q(1)), (-factor, k or Q(1))):
            given_power = f, tuple(scale * s for s in slope), scale * offset, power
            text += hinge(*given_power)
            said.append(given_power)
    loss = read_loss(text, ("x", "y"))
    for x, y in points:
        expected = x * x - x * y / 3
        for factor, slope, offset, power in said:
            expected += factor * max(slope[0] * x + slope[1] * y + offset, Q(0)) ** power
        assert value(loss, (x, y)) == expected
    kinked = [
        (tuple(s / next(filter(None, p.slope)) for s in p.slope), p.offset / next(filter(None, p.slope)), p.power)
        for p in loss.truncated
        if p.power <= 3
    ]
    assert len({*kinked}) == len(kinked), f"two powers have their kink on one plane: {text}"
    assert all(power.factor for power in loss.truncated)


@pytest.mark.parametrize(
    "text",
    [
        "max(x, 0)**3 - max(-x, 0)**3",  # x³ − (the cube of −x is −x³, of which max(−x, 0)³ is the other side)
        "max(x - 1, 0)**2 - max(x - 1, 0)**2",
        "max(x, 0)**3 - max(x, 0)**3",
        "max(x - 1, 0)**2 + max(1 - x, 0)**2",
        "4*max(x - 1/2*y, 0)**2 - max(2*x - y, 0)**2",
        "max(2*x + 4*y - 6, 0)**3 - 8*max(-x - 2*y + 3, 0)**3",
        "1/3*max(x, 0)**2 + 1/3*max(x, 0)**2 - 2/3*max(x, 0)**2",
        "0*max(x, 0)**2",
    ],
)
def test_what_is_a_polynomial_has_no_kink(text):
    assert read_loss(text, ("x", "y")).truncated == ()


@pytest.mark.parametrize(
    "text",
    [
        "max(x, 0)**3 + max(-x, 0)**3",  # |x|³
        "max(x, 0)**2 - max(-x, 0)**2",  # x|x|
        "max(x - 1, 0)**2 - max(x - 2, 0)**2",
        "max(x, 0)**3 - max(x, 0)**2",
        "max(x, 0)**3 - max(y, 0)**3",
    ],
)
def test_what_is_no_polynomial_keeps_its_kinks(text):
    assert read_loss(text, ("x", "y")).truncated


def test_fourth_powers_stay_as_they_are_written():
    """They are smooth enough, and the numbers of a certificate count each by itself."""
    assert len(read_loss("max(x, 0)**4 - max(x, 0)**4", ("x", "y")).truncated) == 2


def test_a_variable_in_any_script_is_read():
    assert read_loss("α**2 + 2*β_1**2 + α*β_1**2", ("α", "β_1")).polynomial.terms == {(2, 0): 1, (0, 2): 2, (1, 2): 1}


@pytest.mark.parametrize("text", ["0*max(@, 0)**3", "0*max(x*y, 0)**3", "max(0*x, 0)**2", "max(x - x, 0)**2", "x - "])
def test_what_counts_for_nothing_is_read_as_well(text):
    with pytest.raises(BadCertificate):
        read_loss(text, ("x", "y"))
