"""Second-order patterns of the sharpness of smooth losses against mpmath, and the symmetries that make a slope zero."""

from fractions import Fraction
from itertools import pairwise

import pytest
from flint import arb, ctx, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.certificate.smooth.sharpness import recheck_smooth_sharpness, smooth_sharpness_certificate
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.sharpness import sharpness
from gdcheck.theorem.sharpness.smooth.forms import fourth_form, third_form, third_vanishes
from gdcheck.theorem.sharpness.smooth.sharpness import smooth_sharpness
from gdcheck.theorem.sharpness.smooth.symmetry import turned_round
from gdcheck.theorem.smooth.reading import read_smooth
from tests.builders.strategies import real


def number(q):
    return real(fmpq(int(q.p), int(q.q)))


def followed(loss, eta, start):
    decision = decide_smooth(SmoothProblem.of(loss, step_size=eta, start=start))
    return decision, smooth_sharpness(decision)


def simulated(a, b, eta, steps):
    """λ_n(x_k) − λ_n and x_k of the loss below, which is even in x and has its minimizer at x = 0, y irrational."""

    def sigmoid(t):
        return 1 / (1 + mp.exp(-t))

    def bent(t):
        return sigmoid(t) * sigmoid(-t)

    def top(x, y):
        xx = 2 * bent(x) + a / 4 * mp.sin(y) + b / 4 * y**2
        xy = a / 4 * x * mp.cos(y) + b / 2 * x * y
        yy = bent(y) + 9 * bent(3 * y) + 2 - a / 8 * x**2 * mp.sin(y) + b / 4 * x**2
        return (xx + yy) / 2 + mp.sqrt(((xx - yy) / 2) ** 2 + xy**2)

    def pull(y):
        return -sigmoid(-y) + 3 * sigmoid(3 * y) + 2 * y

    limit = top(mp.mpf(0), mp.findroot(pull, -0.2))
    x, y, found = mp.mpf(1) / 32, mp.mpf(-1) / 8, []
    for _ in range(steps):
        found.append((top(x, y) - limit, x))
        x, y = (
            x - eta * (sigmoid(x) - sigmoid(-x) + a / 4 * x * mp.sin(y) + b / 4 * x * y**2),
            y - eta * (pull(y) + a / 8 * x**2 * mp.cos(y) + b / 4 * x**2 * y),
        )
    return found


@settings(max_examples=8)
@given(st.integers(-6, 6), st.integers(-6, 6), st.sampled_from(["0.1", "0.2"]))
def test_the_second_order_is_the_one_that_mpmath_measures(a, b, step_size):
    loss = "softplus(x) + softplus(-x) + softplus(-y) + softplus(3*y) + y**2"
    loss = f"{loss} + {a}/8*x**2*sin(y) + {b}/8*x**2*y**2"
    decision, found = followed(loss, step_size, ["1/32", "-1/8"])
    pattern = found.pattern
    assume(pattern.kind is not Kind.UNDECIDED)
    assert pattern.order == 2 and pattern.exact_slope == 0
    assert recheck_smooth_sharpness(decision, found).certificate["pattern"] is None
    with mp.workdps(120):
        path = simulated(mp.mpf(a), mp.mpf(b), number(decision.problem.step_size), pattern.step + 12)
        stated, error = number(ends(pattern.coefficient)[0]), number(ends(pattern.proof.error)[1])
        for value, x in path[pattern.step :]:
            assert abs(value / x**2 - stated) < error * (1 + mp.mpf(10) ** -9) + mp.mpf(10) ** -15
        gaps = [value * pattern.sign for value, _ in path[found.from_step :]]
        assert all(0 < later < before for before, later in pairwise(gaps))
        assert abs(path[-1][0] / path[-1][1] ** 2 - stated) < abs(stated) / 50


EVEN = {
    "softplus": ("softplus(x) + softplus(-x) + 2*log(cosh(y)) + x**2*y**2", "0.2"),
    "cosines": ("-cos(x) - 2*cos(y) - cos(x + y)", "0.2"),
    "alternating": ("log(cosh(x)) + 2*log(cosh(y)) + x**2*y**2", "0.8"),
    "elsewhere": ("cosh(x - 1) + 2*cosh(x + y)", "0.2"),
    "factors": ("(x*y - 1)**2 + (x**2 + y**2)/10 + sin(x*y)/10", "0.3"),
}


@pytest.mark.parametrize("name", EVEN)
def test_even_and_symmetric_losses_are_decided_by_the_second_order(name):
    loss, eta = EVEN[name]
    start = {"elsewhere": ["1.1", "-0.9"], "factors": ["0.9", "1.1"]}.get(name, ["0.02", "0.1"])
    decision, found = followed(loss, eta, start)
    assert (found.pattern.order, found.pattern.exact_slope, found.pattern.period) == (2, 0, 1)
    made = smooth_sharpness_certificate(decision, found)
    assert made is None or made["pattern"] is None  # The certificate speaks of the first order.


def test_a_polynomial_has_the_same_second_order_on_both_ways():
    loss, eta, start = "x**2/2 + 2*y**2 + y**3/2 + x**2*y/2 + x**4/8 + x**2*y**2/4", "0.1", ["1/64", "1/64"]
    exact, (_, found) = sharpness(decide(Problem(loss, step_size=eta, start=start))), followed(loss, eta, start)
    assert exact.pattern.order == found.pattern.order == 2
    assert exact.pattern.coefficient.overlaps(found.pattern.coefficient)
    assert exact.pattern.kind is found.pattern.kind


def test_a_slope_that_is_zero_for_no_known_reason_is_undecided():
    """Along v the slope is zero, but v⁵ spoils the symmetry, and the minimizer of w is irrational."""
    loss = "log(1 + exp(-w)) + log(1 + exp(10*w)) + v**2/2 + {}"
    start = {"v": "1/50", "w": "-1/4"}
    for more, open_slope in (("v**5", True), ("v**6", False)):
        problem = SmoothProblem.of(loss.format(more), step_size="0.05", start=start)
        pattern = smooth_sharpness(decide_smooth(problem)).pattern
        assert pattern.kind is Kind.UNDECIDED and pattern.slope.contains(0)
        assert (pattern.exact_slope is None) is open_slope
        assert ("symmetry" in pattern.cause) is open_slope


@pytest.mark.parametrize(
    ("text", "even"),
    [
        ("cos(x) + x*sin(y) + y*erf(x)**3 + x**2/(1 + y**4)", True),
        ("(x - y)**3*tanh(x) + sqrt(1 + x*y)", True),
        ("softplus(x - y) + softplus(y - x)", True),
        ("softplus(x - y) + softplus(y)", False),
        ("x**3 + y**2", False),
        ("exp(x)*exp(-x + y) + y**2", False),
        ("cos(x + 1)", False),
    ],
)
def test_even_losses_are_recognized(text, even):
    assert turned_round(2).keeps(read_smooth(text, ["x", "y"])) is even


def test_forms_are_the_derivatives():
    """Of a polynomial, by hand: f = x³y + 2xy³ + y⁵ at (1, 2)."""
    loss = read_smooth("x**3*y + 2*x*y**3 + y**5", ["x", "y"])
    a, b = [Fraction(1, 2), Fraction(-3)], [Fraction(2), Fraction(1, 4)]
    third = {(0, 0, 0): 12, (0, 0, 1): 6, (0, 1, 1): 24, (1, 1, 1): 12 + 240}
    fourth = {(0, 0, 0, 0): 0, (0, 0, 0, 1): 6, (0, 0, 1, 1): 0, (0, 1, 1, 1): 12, (1, 1, 1, 1): 240}

    def contracted(tensor, *vectors):
        if not vectors:
            return tensor
        return sum(
            contracted({k[1:]: c for k, c in tensor.items() if k[0] == i}, *vectors[1:]) * vectors[0][i]
            if len(vectors) > 1
            else tensor.get((i,), 0) * vectors[0][i]
            for i in (0, 1)
        )

    def full(tensor, order):
        keys = [()]
        for _ in range(order):
            keys = [(*k, i) for k in keys for i in (0, 1)]
        return {k: tensor[tuple(sorted(k))] for k in keys}

    with ctx.workprec(128):
        point = [arb(1), arb(2)]
        balls = [[arb(fmpq(x.numerator, x.denominator)) for x in v] for v in (a, b)]
        got = third_form(loss, point, *balls)
        for i, e in enumerate(([1, 0], [0, 1])):
            exact = Fraction(contracted(full(third, 3), a, b, e))
            assert got[i].overlaps(arb(fmpq(exact.numerator, exact.denominator)))
        exact = Fraction(contracted(full(fourth, 4), a, a, b, b))
        assert fourth_form(loss, point, *balls).overlaps(arb(fmpq(exact.numerator, exact.denominator)))
    assert not third_vanishes(loss, [fmpq(0), fmpq(0)], 1)
    assert third_vanishes(loss, [fmpq(0), fmpq(0)], 2)
    assert not third_vanishes(loss, [fmpq(1), fmpq(2)], 2)
