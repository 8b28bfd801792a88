"""Claim V9 (relations): how large the parts of each degree of the stated equations are, and which equations pass."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from gdcheck.theorem.checker.outcome import BadCertificate, ClaimError
from gdcheck.theorem.checker.smooth import valley
from gdcheck.theorem.checker.smooth.expression import read_expression

RESIDUALS = ("x", "x**2 + 3*x**3")
"""The second is u1^2 + 3 u1^3, whatever x is."""


def relations(*equations, tangent=((1, 0),)):
    """Verify equations between the residuals."""
    stated = SimpleNamespace(
        equations=[read_expression(e, ("u1", "u2"), {}) for e in equations],
        tangent=[tuple(map(Fraction, row)) for row in tangent],
    )
    problem = SimpleNamespace(residuals=[read_expression(r, ("x",), {}) for r in RESIDUALS], start=(Fraction(0),))
    return valley.verify_relations(SimpleNamespace(relations=stated, problem=problem))


def test_each_degree_from_the_second_on_has_the_size_of_its_coefficients():
    assert relations("u2 - u1**2 - 3*u1**3") == [[1, 3]]
    # The linear part has length two; of the fourth degree two terms cancel on the residuals.
    assert relations("-2*u2 + 2*u1**2 + 6*u1**3 + u1**2*u2 - u1**4 - 3*u1**5") == [
        [Fraction(2, 2), Fraction(6 + 1, 2), Fraction(1, 2), Fraction(3, 2)]
    ]


@pytest.mark.parametrize(
    ("equation", "said"),
    [
        ("u2 - u1**2", "the residuals satisfy equation 1 fails"),
        ("u2 - u1**2 - 3*u1**3 + 1", "the residuals satisfy equation 1 fails"),
        ("u2**2 - (u1**2 + 3*u1**3)**2", "equation 1 has a linear part fails"),
    ],
)
def test_an_equation_holds_and_has_a_linear_part(equation, said):
    with pytest.raises(ClaimError, match=said):
        relations(equation)


@pytest.mark.parametrize("tangent", [((1, 1),), ((0, 0),), ((1, 0), (0, 1))])
def test_tangent_vectors_are_orthogonal_to_the_linear_parts(tangent):
    with pytest.raises(ClaimError, match="linear parts and tangent vectors are orthogonal fails"):
        relations("u2 - u1**2 - 3*u1**3", tangent=tangent)


def test_an_equation_is_a_polynomial():
    with pytest.raises(BadCertificate, match="an expression is not a polynomial"):
        relations("u2 - exp(u1)")
