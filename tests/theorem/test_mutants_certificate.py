"""What a certificate states to the letter: the widths of limits, factors, and points in the space of the loss."""

from fractions import Fraction

import pytest

from theorem import recheck
from theorem.certificate import certificate
from theorem.problem import Problem
from theorem.verdict import decide


def stated(loss, eta, start, minimizer=None):
    return certificate(decide(Problem.build(loss, eta, start, minimizer)))


@pytest.mark.parametrize(("eta", "side"), [("1/10", "vector"), ("21/50", "vector"), ("2/5", "even"), ("2/5", "odd")])
def test_a_component_that_is_known_exactly_is_stated_to_thirty_digits(eta, side):
    """The axes are eigenvectors: a vanishing component is an interval of ±10⁻³⁰, neither a point nor wider."""
    found = stated("1/2*x**2 + 2*y**2 + 3*z**2/2", eta, ["1/10", "1/10", "1/10"])
    low, high = map(Fraction, found["limit"][side][2])
    tiny = Fraction(1, 10**30)
    assert -tiny * Fraction(1001, 1000) < low < -tiny and tiny < high < tiny * Fraction(1001, 1000), f"[{low}, {high}]"


def test_a_simple_irrational_eigenvalue_has_no_factor():
    """docs/certificate.md: `factor` is null unless the multiplicity exceeds one."""
    found = stated("x**2 + x*y + 3*y**2 + x**3", "1/5", ["1/20", "1/30"])
    for place in (*found["spectrum"].values(), *found["blocks"]):
        assert place["multiplicity"] == 1 and place["factor"] is None, f"factor {place['factor']}"
        assert place["interval"][0] != place["interval"][1], "the example must be irrational"


def test_points_are_given_where_the_loss_is_and_not_around_the_minimizer():
    """Off the origin, the points that show a non-zero determinant move along with the loss."""
    here = stated("x**2/2 + 2*y**2 + y**3", "1/4", ["1/10", "1/10"])
    there = stated(
        "(x - 1/3)**2/2 + 2*(y + 2)**2 + (y + 2)**3",
        "1/4",
        ["13/30", "-19/10"],
        ["1/3", "-2"],
    )
    moved = [[str(Fraction(x) + Fraction(1, 3)), str(Fraction(y) - 2)] for x, y in here["preimages"]["points"]]
    assert there["preimages"]["points"] == moved, "the points are those of the unmoved loss, moved"
    assert recheck.check(there) is None, "the verifier finds the determinant where the points say"
