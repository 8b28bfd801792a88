"""The third derivative of a sum over rows of data: engine and checker bound it by the norm of one matrix."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq

from gdcheck.theorem.checker.smooth.arrays import read_data
from gdcheck.theorem.checker.smooth.derivatives import derivatives_above
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.intervals import Interval, point
from gdcheck.theorem.checker.smooth.spectrum import norm_of_symmetric
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.floats.map_norm import gram_norm
from gdcheck.theorem.smooth.reading import read_smooth

BITS = 64
ROWS, N = 40, 3
THIRD = {
    "exp": np.exp,
    "softplus": lambda u: (s := 1 / (1 + np.exp(-u))) * (1 - s) * (1 - 2 * s),
    "sin": lambda u: -np.cos(u),
}


def data(seed, *, parallel):
    """Rows of different lengths, in all directions or along one line."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(ROWS, N)) * rng.uniform(0.1, 1.5, size=(ROWS, 1))
    return np.outer(rows[:, 0], [0.6, 0, 0.8]) if parallel else rows


def bounds(name, rows, centre, radius, weight):
    """The bounds of the engine and of the checker for weighted functions of forms, plus a cube."""
    text, names = f"{weight}*mean({name}(X@w)) + w1**3/8", ["w1", "w2", "w3"]
    arrays = {"X": rows.tolist()}
    with ctx.workprec(128):
        balls = [arb(fmpq(*q.as_integer_ratio())) for q in centre]
        engine = bounds_on_ball(read_smooth(text, names, arrays), balls, arb(fmpq(*radius.as_integer_ratio()))).third
    own = read_expression(text, tuple(names), read_data(arrays))
    return float(engine), float(derivatives_above(own, point(centre, BITS), radius)[1])


@pytest.mark.parametrize("name", THIRD)
@pytest.mark.parametrize("parallel", [False, True], ids=["all directions", "one line"])
@pytest.mark.parametrize("weight", ["1", "-7/3"])
def test_the_bound_holds_and_is_that_of_the_matrix(name, parallel, weight):
    rows, factor = data(3, parallel=parallel), abs(float(Fraction(weight)))
    centre, radius = [Fraction(1, 8), Fraction(-1, 4), Fraction(1, 2)], Fraction(1, 2**20)
    engine, checker = bounds(name, rows, centre, radius, weight)
    u = rows @ np.array([float(q) for q in centre])
    slopes, lengths = THIRD[name](u), np.linalg.norm(rows, axis=1)
    rng = np.random.default_rng(5)
    for way in [*rng.normal(size=(200, N)), np.array([0.6, 0, 0.8])]:
        v = way / np.linalg.norm(way)
        truth = factor * np.mean(slopes * (rows @ v) ** 3) * np.sign(float(Fraction(weight))) + 6 / 8 * v[0] ** 3
        assert abs(truth) <= min(engine, checker)
    weights = factor * np.abs(slopes) * lengths / ROWS
    norm = np.linalg.norm(rows.T @ (weights[:, None] * rows), 2)
    # The cube adds 6/8 at most.
    assert norm + 0.75 <= checker <= engine <= (norm + 0.75) * 1.01
    if not parallel:
        assert engine - 0.75 < 0.9 * np.sum(weights * lengths**2)


@pytest.mark.parametrize("seed", range(4))
def test_the_norm_of_a_gram_matrix_is_bounded_nearly_sharply(seed):
    rng = np.random.default_rng(seed)
    n = 1 + 5 * seed
    rows = rng.normal(size=(60, n)) * 10.0 ** rng.integers(-3, 4)
    if seed == 2:
        rows[:, 0] *= 1000.0
    weights = rng.uniform(0, 1, size=60) ** 8
    truth = float(np.linalg.norm(rows.T @ (weights[:, None] * rows), 2))
    known = {i: float(w) for i, w in enumerate(weights)}
    assert truth * (1 - 1e-12) <= gram_norm(rows, known) <= truth * (1 + 1e-3)
    size = 2.0**-10 if truth > 1e3 else 1.0
    matrix = size * (rows.T @ (weights[:, None] * rows))
    inside = [[Interval.exactly(Fraction(float(x)), BITS).widened(3) for x in row] for row in matrix]
    found = norm_of_symmetric(inside) / 2**BITS
    # Each entry may be 3 units larger.
    assert size * truth * (1 - 1e-12) <= found <= size * truth * (1 + 1 / 512) + 10 * n * 2.0**-BITS


@pytest.mark.parametrize("power", [0, 30, -30])
def test_the_bound_of_a_gram_matrix_is_at_least_the_exact_number(power):
    """Of one variable: coefficients that are thirds are rounded before, and every product and sum again."""
    rng = np.random.default_rng(power + 30)
    exact = [Fraction(int(k), 3) * Fraction(10) ** power for k in rng.integers(-(10**6), 10**6, size=500)]
    weights = rng.uniform(0, 1, size=500).tolist()
    number = sum(Fraction(w) * a * a for w, a in zip(weights, exact, strict=True))
    found = gram_norm(np.array([[float(a)] for a in exact]), dict(enumerate(weights)))
    assert number <= Fraction(found) <= number * (1 + Fraction(1, 10**9))


def test_a_gram_matrix_of_equal_eigenvalues_has_a_sharp_norm():
    unit = [[Interval.exactly(int(i == j), BITS) for j in range(30)] for i in range(30)]
    assert 1 <= norm_of_symmetric(unit) / 2**BITS <= 1 + 1 / 512
    assert gram_norm(np.eye(30), dict.fromkeys(range(30), 1.0)) <= 1 + 1e-9


@pytest.mark.parametrize("weight", [1e-300, 1.0, 1e300, float("inf"), float("nan")])
def test_numbers_that_are_too_large_give_no_bound(weight):
    assert gram_norm(np.full((2, 2), 1e200), {0: 1.0, 1: weight}) == float("inf")
    assert gram_norm(np.ones((2, 2)), {0: weight, 1: weight}) == float("inf") or weight <= 1


def test_a_ball_that_leaves_the_domain_of_one_function_has_no_bound():
    text = "sum(log(X@w + 5))"
    rows = np.eye(64)[:, :3] + 1 / 8
    loss = read_smooth(text, ["w1", "w2", "w3"], {"X": rows.tolist()})
    assert bounds_on_ball(loss, [arb(0)] * 3, arb(1)).third.is_finite()
    assert not bounds_on_ball(loss, [arb(0)] * 3, arb(6)).third.is_finite()
