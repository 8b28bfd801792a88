"""The remainder's bounds as docs/certificate.md states them, number for number."""

import pytest
from flint import arb, ctx, fmpq

from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import PowerBound, RemainderBound
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.loss.loss import Loss, TruncatedPower

BITS = 256
TINY = fmpq(1, 10**30)


TENTH = fmpq(1, 10)


def bound_of(terms, hinges=(), eta=TENTH):
    names = ["x", "y", "z"]
    n = len(terms[0][0])
    loss = Loss.build(names[:n], terms, [TruncatedPower(c, ell, -a, p) for c, ell, a, p in hinges])
    slope = loss.gradient([0] * n)
    linear = Loss.build(names[:n], [(tuple(int(i == j) for j in range(n)), -slope[i]) for i in range(n)])
    return RemainderBound.of(Expansion.of(Problem(loss + linear, step_size=eta, start=[0] * n)))


def assert_is(value, exact, what):
    low, high = ends(value)
    assert low <= exact <= high and high - low <= TINY, f"{what} = [{low}, {high}] is not {exact}"


def test_terms_of_one_degree_add_up_in_each_component():
    """f = xy² + yz² + zx², η = 1/10: each partial derivative has two monomials, 1/2·2 and 1, so C₂ = √12/10."""
    terms = [((2, 0, 0), 1), ((0, 2, 0), 2), ((0, 0, 2), 3), ((1, 2, 0), 1), ((0, 1, 2), 1), ((2, 0, 1), 1)]
    with ctx.workprec(BITS):
        bound = bound_of(terms)
        assert_is(bound.degrees[0] ** 2, fmpq(12, 100), "C₂²")
        assert_is(bound.quadratic(arb(7)) ** 2, fmpq(12, 100), "C(7)²")


@pytest.mark.parametrize("sign", [1, -1])
def test_the_terms_add_up_whatever_their_signs(sign):
    """f = x⁴ ± x²y²/2: the rows of C₃ are 4κ(3,0) + κ(1,2) and κ(2,1), with κ(3,0) = 1 and κ(1,2) = κ(2,1) = 2/√27."""
    terms = [((2, 0), 1), ((0, 2), 2), ((2, 2), fmpq(sign, 2)), ((4, 0), 1)]
    with ctx.workprec(BITS):
        bound = bound_of(terms, eta=fmpq(1))
        kappa = 2 / arb(27).sqrt()
        expected = ((kappa + 4) ** 2 + kappa**2).sqrt()
        assert ends(bound.degrees[0]) == (0, 0), "there is no cubic term"
        assert_is(bound.degrees[1] - expected, 0, "C₃ less its value")


def test_the_list_of_degrees_ends_with_the_highest_that_occurs():
    with ctx.workprec(BITS):
        assert len(bound_of([((2, 0), 1), ((0, 2), 2)]).degrees) == 0, "a quadratic has no remainder"
        assert len(bound_of([((2, 0), 1), ((0, 2), 2), ((3, 0), 1)]).degrees) == 1, "a cubic has C₂ only"
        assert len(bound_of([((2, 0), 1), ((0, 2), 2), ((0, 5), 1)]).degrees) == 3, "degree five has C₂, C₃ and C₄"


def test_several_truncated_powers_add_up():
    """Two kinks off each other: C and Λ are sums, also with a polynomial part."""
    first, second = (fmpq(1), (fmpq(1), fmpq(0)), fmpq(0), 4), (fmpq(2), (fmpq(0), fmpq(2)), fmpq(1), 5)
    quadratic, cubic = [((2, 0), 1), ((0, 2), 2)], ((3, 0), fmpq(1))
    with ctx.workprec(BITS):
        parts = [bound_of([*quadratic, cubic]), bound_of(quadratic, [first]), bound_of(quadratic, [second])]
        whole = bound_of([*quadratic, cubic], [first, second])
        r = arb(fmpq(3, 2))
        assert_is(whole.quadratic(r) - sum((p.quadratic(r) for p in parts), arb(0)), 0, "C less its parts")
        assert_is(whole.lipschitz(r) - sum((p.lipschitz(r) for p in parts), arb(0)), 0, "Λ less its parts")


@pytest.mark.parametrize("p", [3, 4, 5, 6])
@pytest.mark.parametrize("a", [fmpq(-1), fmpq(0), fmpq(1, 2)])
@pytest.mark.parametrize("length", [fmpq(1, 2), fmpq(2), fmpq(5)])
def test_the_bounds_of_a_truncated_power_are_those_of_the_specification(p, a, length):
    """T = size·p·L³·(p−1)(p−2)(a + S)₊^(p−3)/2 and λ = 2rT, S = L r."""
    size, r = fmpq(3, 7), fmpq(3)
    with ctx.workprec(BITS):
        bound = PowerBound(arb(size), p, a, arb(length))
        top = max(a + length * r, fmpq(0))
        expected = size * p * length**3 * (p - 1) * (p - 2) * top ** (p - 3) / 2
        assert_is(bound.quadratic(arb(r)), expected, f"T for p = {p}, a = {a}")
        assert_is(bound.lipschitz(arb(r)), 2 * r * expected, f"λ for p = {p}, a = {a}")


@pytest.mark.parametrize("p", [3, 4, 5])
def test_a_kink_that_the_ball_does_not_reach_is_not_felt(p):
    """T = λ = 0 up to the radius that touches the kink, and not beyond."""
    with ctx.workprec(BITS):
        bound = PowerBound(arb(1), p, fmpq(-6), arb(2))
        for r, felt in ((fmpq(1), False), (fmpq(3), False), (fmpq(31, 10), True)):
            for value in (bound.quadratic(arb(r)), bound.lipschitz(arb(r))):
                assert (ends(value) != (0, 0)) is felt, f"p = {p}, r = {r}: {value}"


@pytest.mark.parametrize("a", [fmpq(3), fmpq(-3)])
def test_order_two_is_bounded_as_the_specification_says(a):
    """T = size·L³/(2|a|) and λ = 2·size·L² beyond the kink; nothing up to it, the touching radius included."""
    with ctx.workprec(BITS):
        bound = PowerBound(arb(fmpq(2, 5)), 2, a, arb(2))
        for r in (fmpq(1), fmpq(3, 2)):
            assert ends(bound.quadratic(arb(r))) == ends(bound.lipschitz(arb(r))) == (0, 0), f"r = {r}"
        assert_is(bound.quadratic(arb(2)), fmpq(2, 5) * 8 / 6, "T")
        assert_is(bound.lipschitz(arb(2)), 2 * fmpq(2, 5) * 4, "λ")
