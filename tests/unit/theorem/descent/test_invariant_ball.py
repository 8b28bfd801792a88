"""Lemma 2: the certified ball is mapped into itself, and is nearly the largest that the bound certifies."""

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.assumptions.regime import classify
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import ends, surely_less
from tests.builders.strategies import fractions_of_one, positive, problems, squared, vectors


def ball_of(problem):
    """The expansion, the bound, ρ, and the certified radius."""
    expansion = Expansion.of(problem)
    found = classify(Pencil(expansion.hessian), problem.step_size, 192)
    with ctx.workprec(128):
        rho = max(abs(1 - problem.step_size * e.ball()).upper() for e in (found.lowest, found.highest))
        bound = RemainderBound.of(expansion)
        return expansion, bound, rho, invariant_radius(bound, rho)


@given(problems(powers=(3, 4, 5, 6)), st.data())
def test_the_ball_is_mapped_into_itself(problem, data):
    expansion, _, _, radius = ball_of(problem)
    r = fmpq(10**6) if radius is None else radius
    direction = data.draw(vectors(problem.dimension))
    with ctx.workprec(128):
        length = ends(arb(squared(direction)).sqrt())[1]
    h = tuple(x / length * r * data.draw(fractions_of_one() | st.just(fmpq(1))) for x in direction)
    assert squared(h) <= r * r, "the sample must lie in the ball"
    for step in range(4):
        image = expansion.exact_step(h)
        assert squared(image) < squared(h) or not any(h), f"step {step}: ‖F(h)‖ ≥ ‖h‖ within the certified ball"
        h = image
        if max(int(x.q).bit_length() for x in h) > 20_000:
            break


@given(problems())
def test_the_ball_is_nearly_the_largest_that_the_bound_certifies(problem):
    _, bound, rho, radius = ball_of(problem)
    if radius is None:
        assert all(c == 0 for c in bound.degrees) and not bound.powers, "only a quadratic has no largest ball"
        return
    with ctx.workprec(128):
        for factor, expected in ((fmpq(1), True), (fmpq(1001, 1000), False)):
            r = arb(radius * factor)
            inside = surely_less(rho + bound.quadratic(r) * r, arb(1))
            assert inside is expected, f"ρ + C(ε)ε < 1 is {inside} at {factor} of the certified radius"


@given(positive(3), positive(3))
def test_a_known_radius(c, eta_share):
    """x²/2 + 2y² + c x³: C = 3ηc and ρ = 1 − η, so ε = 1/(3c) whatever the step."""
    eta = fmpq(1, 10) * min(fmpq(1), eta_share)
    _, _, _, radius = ball_of(Problem(f"x**2/2 + 2*y**2 + ({c})*x**3", step_size=eta, start=["0", "0"]))
    exact = 1 / (3 * c)
    assert exact * fmpq(999, 1000) < radius < exact, f"ε = {radius}, expected just below {exact}"


def test_quadratics_have_no_largest_ball():
    assert ball_of(Problem("x**2 + 3*y**2 + x*y", step_size="0.1", start=["1", "1"]))[3] is None, (
        "every ball is invariant"
    )


def test_tiny_and_huge_balls():
    for exponent in (40, -15):
        c = fmpq(10) ** exponent if exponent > 0 else 1 / fmpq(10) ** -exponent
        radius = ball_of(Problem(f"x**2/2 + 2*y**2 + ({c})*x**3", step_size="0.1", start=["0", "0"]))[3]
        assert fmpq(999, 1000) / (3 * c) < radius < 1 / (3 * c), f"c = 1e{exponent}: ε = {radius}"


@pytest.mark.parametrize("rho", ["1", "1.5", "1 +/- 0.1", "nan"])
def test_rho_must_certainly_be_below_one(rho):
    with pytest.raises(ValueError, match="rho must be below one"):
        invariant_radius(RemainderBound((arb(1),), ()), arb(rho))
