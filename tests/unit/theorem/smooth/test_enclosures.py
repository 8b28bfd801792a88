"""Norms bounded in floats, and enclosed trajectories that first move away from the minimizer."""

import random
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import mpmath
import numpy as np
import pytest
from flint import arb, arb_mat, ctx, fmpq

from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.checker.reading.fields import read_record
from gdcheck.theorem.checker.smooth import minimizer as checker
from gdcheck.theorem.checker.smooth.spectrum import eigenvalues_within
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.smooth.enclosed_minimum import enclosed_minimum
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.floats.map_norm import float_hessian, map_norm, norm_above
from gdcheck.theorem.smooth.reading import read_smooth
from tests.builders.smooth import compiled, numeric_gradient, random_smooth

BITS = 192


@pytest.mark.parametrize("seed", range(20))
def test_norms_in_floats_are_bounds_and_near(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    half = rng.normal(size=(n, n)) * 10.0 ** rng.integers(-6, 6)
    true = np.linalg.norm(half + half.T, 2)
    assert true * (1 - 1e-12) <= norm_above(half + half.T) <= true * (1 + 1e-9)
    assert np.linalg.norm(half, 2) * (1 - 1e-12) <= norm_above(half)
    assert norm_above(np.zeros((n, n))) < 1e-200


def regression(seed):
    rng = random.Random(seed)
    m, n = rng.randint(20, 40), rng.randint(3, 12)
    data = {
        "X": [[rng.gauss(0, 1) for _ in range(n)] for _ in range(m)],
        "y": [rng.choice([-1.0, 1.0]) for _ in range(m)],
    }
    text = rng.choice(
        ["mean(softplus(-y*(X@w))) + 0.05*dot(w,w)", "mean((tanh(X@w) - y)**2) + 0.1*dot(w,w) + sum(w*w*w*w)"]
    )
    return read_smooth(text, data=data), [Fraction(rng.randint(-16, 16), 8) for _ in range(n)]


@pytest.mark.parametrize("seed", range(8))
def test_the_hessian_in_floats_is_the_one_in_balls(seed):
    loss, point = regression(seed)
    with ctx.workprec(BITS):
        at = Forward.of(loss, [arb(fmpq(q.numerator, q.denominator)) for q in point], 2, all_values=False)
        found, error = float_hessian(at)
        exact = at.hessian()
        off = exact - arb_mat(found.tolist())
        size = sum((abs(x).upper() ** 2 for x in off.entries()), arb(0)).sqrt()
        assert size < error < 1e-10
        n, eta = len(point), fmpq(3, 7)
        matrix = arb_mat([[int(i == j) for j in range(n)] for i in range(n)]) - exact * arb(eta)
        true = np.linalg.norm(np.array([[float(x) for x in row] for row in matrix.tolist()]), 2)
        assert true * (1 - 1e-12) <= float(map_norm(at, eta)) <= 1.05 * true


def leaving(seed):
    """A loss whose map moves a start away from the minimizer, to where it is far steeper."""
    if seed == 0:
        return "exp(6*x) - 6*x + y**2/20", ["x", "y"], Fraction(1), [Fraction(-1, 3), Fraction(1, 3)]
    return *random_smooth(seed, 2), Fraction(7, 3), [Fraction(-2, 3), Fraction(1, 3)]


def simulated(text, names, eta, start, steps):
    value = compiled(text, names)
    x = [mpmath.mpf(q.numerator) / q.denominator for q in start]
    for _ in range(steps):
        yield x
        g = numeric_gradient(value, x)
        x = [a - mpmath.mpf(eta.numerator) / eta.denominator * b for a, b in zip(x, g, strict=True)]


@pytest.mark.parametrize("seed", range(4))
def test_errors_bound_the_truth_where_iterates_move_away(seed):
    text, names, eta, start = leaving(seed)
    loss, steps = read_smooth(text, names), 3
    exact, step_size = [fmpq(q.numerator, q.denominator) for q in start], fmpq(eta.numerator, eta.denominator)
    first = decide_smooth(SmoothProblem(loss, fmpq(1, 50), tuple(exact)))
    with ctx.workprec(64):
        sequence = enclosed_minimum(loss, step_size, exact, first.minimizer)
        ours = list(islice(sequence.iterates(), steps))
    found = [([as_fraction(y) for y in x.centre], as_fraction(x.error)) for x in ours]
    document = read_record(checker.Document, smooth_certificate(first), "", len(names))
    problem = replace(document.problem, step_size=eta)
    # The checker's own enclosure, of the same trajectory.
    at = checker.Middle.of(document, 256)
    eigenvalues = eigenvalues_within(at.matrix, document.eigenvectors, at.spread)
    largest = max(abs(1 - eta * x) for ends in eigenvalues for x in ends)
    theirs = [checker.enclose(replace(document, problem=problem, step=k), at, largest) for k in range(steps)]
    found += [([x.lower for x in centre], error) for centre, error in theirs]
    with mpmath.workprec(900):
        middle = [mpmath.mpf(int(c.p)) / int(c.q) for c in first.minimizer.centre]
        truth = list(simulated(text, names, eta, start, steps))
        for x, (centre, error) in zip([*truth, *truth], found, strict=True):
            away = mpmath.sqrt(sum((a - m - c) ** 2 for a, m, c in zip(x, middle, map(number, centre), strict=True)))
            assert away <= number(error) + number(
                Fraction(int(first.minimizer.radius.p), int(first.minimizer.radius.q))
            )


def as_fraction(x):
    mantissa, power = x.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(power)


def number(q):
    return mpmath.mpf(q.numerator) / q.denominator
