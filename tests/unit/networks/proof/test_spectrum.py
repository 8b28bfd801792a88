"""Eigenvalues of matrices that are known within a distance, by both implementations."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.networks.proof.checker.bounds import ends, nonnegative, operator_norm
from gdcheck.networks.proof.rounding import Near
from gdcheck.networks.proof.spectrum import eigenvalues, spectral_norm

_VALUES = st.lists(st.integers(-50, 1000), min_size=2, max_size=6)


def _matrix(values: list[int], seed: int) -> np.ndarray:
    """A symmetric matrix with entries that are exact multiples of 2⁻²⁰, near one with these eigenvalues."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values), len(values))))
    a = q @ np.diag([float(v) for v in values]) @ q.T
    return np.round((a + a.T) / 2 * 2**20) / 2**20


@given(_VALUES, st.integers(0, 1000), st.floats(0, 1))
def test_eigenvalues_of_everything_within_the_distance_are_enclosed(values: list[int], seed: int, off: float) -> None:
    a = _matrix(values, seed)
    rng = np.random.default_rng(seed + 1)
    e = rng.normal(size=a.shape)
    e = (e + e.T) / 2
    moved = np.linalg.eigvalsh(a + e * (off / np.linalg.norm(e)))
    found = eigenvalues(Near(a, off))
    assert found is not None
    assert (found.lower - 1e-9 <= moved).all()
    assert (moved <= found.upper + 1e-9).all()
    own = ends(a, off)
    assert own is not None
    assert own.lowest[0] - 1e-9 <= moved[0] <= own.lowest[1] + 1e-9
    assert own.highest[0] - 1e-9 <= moved[-1] <= own.highest[1] + 1e-9
    assert own.second <= moved[1] + 1e-9
    assert own.last_but_one >= moved[-2] - 1e-9


@given(_VALUES, st.integers(0, 1000), st.integers(-20, 20))
def test_definiteness_is_never_claimed_of_an_indefinite_matrix(values: list[int], seed: int, shift: int) -> None:
    a = _matrix(values, seed) + shift * np.eye(len(values))
    least = float(np.linalg.eigvalsh(a)[0])
    if nonnegative(a, 0.0):
        assert least > -1e-9
    if least > 1e-6:
        assert nonnegative(a, 0.0)
        assert not nonnegative(a, 2 * least)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 1000))
def test_spectral_norms_are_bounded_and_not_far_above(rows: int, columns: int, seed: int) -> None:
    a = np.random.default_rng(seed).normal(size=(rows, columns))
    exact = float(np.linalg.norm(a, 2))
    for bound in (spectral_norm(a), operator_norm(a)):
        assert exact * (1 - 1e-12) <= bound <= exact * 1.05
