"""Claim M14 (agreement): it is the larger moduli that agree."""

from fractions import Fraction

import pytest

from gdcheck.theorem.checker.methods.agreement import Algebraic, Moduli, verify_agreement
from gdcheck.theorem.checker.outcome import ClaimError

ALGEBRAIC = Algebraic(scale=8, size=Fraction(1), count=2)


def mode(large, small):
    """Two real multipliers of one sign, exactly known."""
    sign = 1 if large > 0 else -1
    point = [(x, x) for x in (abs(large), abs(small), large + small, large * small)]
    return Moduli(sign, *point)


def test_larger_moduli_agree():
    verify_agreement(ALGEBRAIC, mode(Fraction(1, 2), Fraction(1, 4)), mode(-Fraction(1, 2), -Fraction(1, 8)), [])


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ((Fraction(1, 2), Fraction(1, 4)), (-Fraction(1, 2), -Fraction(1, 4))),  # the smaller ones agree as well
        ((Fraction(3, 4), Fraction(1, 4)), (-Fraction(1, 2), -Fraction(1, 4))),
        ((Fraction(1, 2), Fraction(1, 4)), (-Fraction(3, 4), -Fraction(1, 2))),
        ((Fraction(1, 2), Fraction(1, 4)), (-Fraction(1, 4), -Fraction(1, 8))),
    ],
)
def test_other_moduli_that_agree_prove_nothing(low, high):
    with pytest.raises(ClaimError, match="the larger moduli are those that agree"):
        verify_agreement(ALGEBRAIC, mode(*low), mode(*high), [])


def test_moduli_that_differ_are_refused():
    with pytest.raises(ClaimError, match="two multipliers have one modulus"):
        verify_agreement(ALGEBRAIC, mode(Fraction(1, 2), Fraction(1, 4)), mode(-Fraction(3, 4), -Fraction(1, 8)), [])
