"""Lemma 1's bounds dominate what is sampled, are monotone, and are attained where they can be."""

from itertools import product

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound, squared_maximum
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.loss.loss import Loss, TruncatedPower
from tests.builders.strategies import (
    block_diagonal,
    critical_problems,
    fractions_of_one,
    positive,
    quadratic,
    real,
    squared,
    vectors,
)

BITS = 128
TINY = fmpq(1, 10**30)


def remainder(expansion, h):
    """ηR(h) = h − ηAh − F(h), exactly."""
    n = expansion.dimension
    image = expansion.exact_step(h)
    linear = [sum((expansion.hessian[i, j] * h[j] for j in range(n)), fmpq(0)) for i in range(n)]
    return tuple(x - expansion.step_size * a - y for x, a, y in zip(h, linear, image, strict=True))


def upper(x):
    return ends(x)[1]


def scaled_into(v, r):
    """v scaled exactly to a length of at most r, and nearly r."""
    s = squared(v)
    with ctx.workprec(BITS):
        lower = ends(arb(s).rsqrt())[0]
    return tuple(x * lower * r for x in v)


@given(critical_problems().map(Expansion.of), positive(2), st.data())
def test_the_bound_dominates_the_remainder(expansion, r, data):
    h = scaled_into(data.draw(vectors(expansion.dimension)), r * data.draw(fractions_of_one() | st.just(fmpq(1))))
    with ctx.workprec(BITS):
        c = upper(RemainderBound.of(expansion).quadratic(arb(r)))
    left, right = squared(remainder(expansion, h)), (c * squared(h)) ** 2
    assert left <= right, f"‖ηR(h)‖² = {left} exceeds (C(r)‖h‖²)² = {right} at h = {h}, r = {r}"


@given(critical_problems().map(Expansion.of), positive(2), st.data())
def test_the_lipschitz_bound_dominates_difference_quotients(expansion, r, data):
    n = expansion.dimension
    u = scaled_into(data.draw(vectors(n)), r)
    if data.draw(st.booleans()):
        v = tuple(x * (1 - fmpq(1, 10**6)) for x in u)
    else:
        v = scaled_into(data.draw(vectors(n)), r * data.draw(fractions_of_one()))
    with ctx.workprec(BITS):
        limit = upper(RemainderBound.of(expansion).lipschitz(arb(r)))
    moved = squared([a - b for a, b in zip(remainder(expansion, u), remainder(expansion, v), strict=True)])
    apart = squared([a - b for a, b in zip(u, v, strict=True)])
    assert moved <= limit**2 * apart, f"‖ηR(u) − ηR(v)‖² = {moved} exceeds Λ(r)²‖u − v‖² at {u}, {v}, r = {r}"


@given(critical_problems().map(Expansion.of), positive(2), fractions_of_one())
def test_the_bounds_are_monotone(expansion, r, share):
    with ctx.workprec(BITS):
        bound = RemainderBound.of(expansion)
        for f in (bound.quadratic, bound.lipschitz):
            small, large = ends(f(arb(r * share)))[0], upper(f(arb(r)))
            assert small <= large, f"{f.__name__} decreases from {small} to {large}"


@given(critical_problems().map(Expansion.of), positive(2))
def test_a_ball_as_radius_covers_every_radius_in_it(expansion, r):
    """The enclosure passes radii that are balls, upper ends included."""
    with ctx.workprec(BITS):
        bound = RemainderBound.of(expansion)
        wide = arb(r).union(arb(r * fmpq(3, 2)))
        for f in (bound.quadratic, bound.lipschitz):
            for point in (r, r * fmpq(5, 4), r * fmpq(3, 2)):
                assert ends(f(arb(point)))[0] <= upper(f(wide)), f"{f.__name__} on [r, 3r/2] misses {point}"


def word(exponents):
    """The monomial as its variables, each as often as its exponent says."""
    return tuple(i for i, e in enumerate(exponents) for _ in range(e))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=4).filter(any), st.data())
def test_kappa_is_the_maximum_on_the_sphere(exponents, data):
    square = squared_maximum(word(exponents))
    v = data.draw(vectors(len(exponents)))
    value = fmpq(1)
    for x, e in zip(v, exponents, strict=True):
        value *= x ** (2 * e)
    assert value <= square * squared(v) ** sum(exponents), f"|u^β|² exceeds κ² = {square} at {v}"
    with mp.workdps(50):
        # The maximizer has u_j² proportional to β_j.
        total = sum(exponents)
        attained = mp.mpf(1)
        for e in exponents:
            attained *= (mp.mpf(e) / total) ** e
        assert abs(attained - real(square)) < mp.mpf(10) ** -45, f"κ² = {square} is not attained at its maximizer"


@pytest.mark.parametrize(
    ("exponents", "square"),
    [((3, 0), fmpq(1)), ((1, 1), fmpq(1, 4)), ((2, 1), fmpq(4, 27)), ((1, 1, 1), fmpq(1, 27)), ((0, 0), fmpq(1))],
)
def test_kappa_known_values(exponents, square):
    assert squared_maximum(word(exponents)) == square, f"κ² of {exponents}"


@given(st.integers(2, 7), positive(3), positive(2), positive(1))
def test_attained_for_a_power_of_one_variable(q, c, r, eta):
    """f = c x^(q+1): ‖ηR‖ = η c (q+1) r^q, and its slope is η c (q+1) q r^(q−1): both bounds are exact."""
    loss = quadratic(block_diagonal([[1]], [[2]])) + Loss.build(["x1", "x2"], [((q + 1, 0), c)])
    expansion = Expansion.of(Problem(loss, step_size=eta, start=[0, 0]))
    with ctx.workprec(BITS):
        bound = RemainderBound.of(expansion)
        lo, hi = ends(bound.quadratic(arb(r)))
        exact = eta * c * (q + 1) * r ** (q - 2)
        assert lo <= exact <= hi and hi - lo < exact / 10**30, f"C(r) = [{lo}, {hi}] is not {exact}"
        lo, hi = ends(bound.lipschitz(arb(r)))
        exact = eta * c * (q + 1) * q * r ** (q - 1)
        assert lo <= exact <= hi and hi - lo < exact / 10**30, f"Λ(r) = [{lo}, {hi}] is not {exact}"


@given(st.integers(4, 6), positive(3), positive(2), st.integers(0, 3))
def test_truncated_powers_are_not_poor(p, c, r, tenths):
    """Within a factor p of what is attained straight along ℓ, far beyond the kink."""
    t = fmpq(tenths, 10)
    hinge = TruncatedPower(c, (fmpq(1), fmpq(0)), t, p)
    loss = quadratic(block_diagonal([[1]], [[2]])) + Loss.build(["x1", "x2"], [], [hinge])
    expansion = Expansion.of(Problem(loss, step_size=1, start=[0, 0]))
    with ctx.workprec(BITS):
        bound = upper(RemainderBound.of(expansion).quadratic(arb(r)))
    if t == 0:
        attained = squared(remainder(expansion, (r, fmpq(0))))
        assert (bound * r * r) ** 2 <= attained * p**4, "the bound of a truncated power is poor"
    if r <= t:
        assert bound == 0, "out of reach of the kink the remainder vanishes"


@pytest.mark.parametrize(("offset", "reached"), list(product(["1/2", "-1/2"], [False, True])))
def test_order_two_beyond_and_before_the_kink(offset, reached):
    """c·(x + a)₊² has no remainder until the kink is reached; at r = 2|a| the bound is attained."""
    a = fmpq(1, 2) if offset == "1/2" else fmpq(-1, 2)
    slope = 2 * a if a > 0 else fmpq(0)
    loss = Loss.build(["x"], [((2,), 1), ((1,), -slope)], [TruncatedPower(fmpq(1), (fmpq(1),), -a, 2)])
    expansion = Expansion.of(Problem(loss, step_size="1/10", start=[0]))
    r = fmpq(1) if reached else fmpq(2, 5)
    with ctx.workprec(BITS):
        bound = RemainderBound.of(expansion)
        c, limit = ends(bound.quadratic(arb(r))), ends(bound.lipschitz(arb(r)))
    if not reached:
        assert c == (0, 0) and limit == (0, 0), "no remainder before the kink is reached"
        return
    h = (-r if a > 0 else r,)
    assert abs(remainder(expansion, h)[0]) == fmpq(1, 10), "the example's remainder at twice the kink's distance"
    assert c[0] <= fmpq(1, 10) <= c[1] < fmpq(1, 10) + TINY, "the bound is attained at twice the distance of the kink"
    assert limit[0] <= fmpq(1, 5) <= limit[1] < fmpq(1, 5) + TINY, "the slope jumps by 2ηc"


def test_a_quadratic_has_no_remainder():
    expansion = Expansion.of(Problem("x**2 + x*y + 3*y**2", step_size="0.1", start=[1, 1]))
    bound = RemainderBound.of(expansion)
    assert ends(bound.quadratic(arb(7))) == (0, 0) and ends(bound.lipschitz(arb(7))) == (0, 0), "R = 0 for a quadratic"
