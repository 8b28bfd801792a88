"""The norm of the powers: its three numbers bound what they are said to bound, and not by much."""

import numpy as np
import pytest
from flint import arb, ctx, fmpq, fmpq_mat
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.augmented.modes import Shape, classify_motion
from gdcheck.theorem.augmented.powers import bound_powers, mode_matrices
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.methods.method import HeavyBall, Nesterov

EXACTLY = arb(1), arb(1)


def spectrum(values):
    n = len(values)
    return Spectrum(Pencil(fmpq_mat(n, n, [values[i] if i == j else fmpq(0) for i in range(n) for j in range(n)])), 192)


def seen(matrices, rho, steps=400):
    """The largest norms of M^j v/ρ^j, for the three vectors."""
    most = np.zeros(3)
    for m in matrices:
        scaled = np.array([[float(x.mid()) for x in row] for row in m.rows]) / float(rho.mid())
        vectors = np.array([[float(x.mid()) for x in v] for v in m.units]).T
        for _ in range(steps):
            most = np.maximum(most, np.linalg.norm(vectors, axis=0))
            vectors = scaled @ vectors
    return most


@given(
    cls=st.sampled_from([HeavyBall, Nesterov]),
    beta=st.integers(1, 99),
    values=st.lists(st.integers(1, 400), min_size=1, max_size=4, unique=True).map(sorted),
    step=st.integers(1, 2000),
)
@example(HeavyBall, 25, [1, 4], 1250)  # a double multiplier that dominates
@example(HeavyBall, 25, [1, 10], 500)  # one that does not
@example(Nesterov, 1, [154, 232], 619)
def test_the_bounds_hold_and_are_sharp(cls, beta, values, step):
    method, u = cls(fmpq(beta, 100)), fmpq(step, 20000)
    motion = classify_motion(spectrum([fmpq(x, 10) for x in values]), method, u)
    assume(motion.modes)
    first = motion.dominant[0]
    assume(motion.modes[first].shape is not Shape.ZERO)
    with ctx.workprec(128):
        matrices = mode_matrices(motion, method, arb(u))
        rho = matrices[first].block.moduli(motion.modes[first])[0]
        if motion.modes[first].double:
            rho = (rho**3).root(4)
        found = bound_powers(matrices, rho, EXACTLY, buffered=True)
        bounds = np.array([float(x) for x in (found.error, found.buffer, found.gradient)])
        most = seen(matrices, rho)
    assert (most <= bounds * (1 + 1e-12)).all()
    assert (bounds <= 2.5 * most).all() or motion.modes[first].double


@pytest.mark.parametrize(("method", "gradient"), [(HeavyBall(fmpq(0)), 1), (Nesterov(fmpq(0)), 1)])
def test_without_a_buffer_nothing_is_lost(method, gradient):
    motion = classify_motion(spectrum([fmpq(1), fmpq(3)]), method, fmpq(1, 2))
    matrices = mode_matrices(motion, method, arb(fmpq(1, 2)))
    found = bound_powers(matrices, arb(1) / 2, EXACTLY, buffered=False)
    assert (found.error, found.buffer, found.gradient) == (1, 1, gradient)
