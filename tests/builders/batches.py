"""Random batches for the tests, by seed and number of rows; ``n`` is the dimension."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gdcheck.theorem.batch.columns import Batch, Momentum

CUBIC_AND_QUARTIC = ((3, 0, 0), (1, 1, 1), (0, 2, 1), (1, 0, 3), (2, 2, 0), (0, 0, 4))


def random_batch(seed: int, rows: int, n: int = 4, *, shortest: float = 0.05, longest: float = 0.95) -> Batch:
    """Rows of gradient descent in both regimes, with starts in and around the invariant ball.

    Some starts are nearly orthogonal to the limit. In the small-step regime, the step size is a share of the
    boundary's; in the large-step regime it lies between the boundary and the stability limit, nearer to the boundary
    the larger the share. Shares are from ``shortest`` to ``longest``, and in a part of the rows next to 1.
    """
    random = np.random.default_rng(seed)
    exponents: set[tuple[int, ...]] = set()
    while len(exponents) < 2 * n:
        word = random.integers(n, size=random.integers(3, 6))
        exponents.add(tuple(int(k) for k in np.bincount(word, minlength=n)))
    low = random.uniform(0.25, 1, rows)
    high = low * random.uniform(1.5, 8, rows)
    between = np.sort(random.uniform(0.01, 0.99, (n - 2, rows)), axis=0)
    spectrum = np.vstack([low, low + (high - low) * between, high])
    boundary, share = 2 / (low + high), random.uniform(shortest, longest, rows)
    near = 2.0 ** -random.integers(2, 36, rows)
    share = np.where(random.random(rows) < 0.3, 1 - near, share)
    above = boundary + (2 / high - boundary) * (1 - share)
    eta = np.where(np.arange(rows) % 2 == 0, boundary * share, above)
    coefficients = random.uniform(-2, 2, (len(exponents), rows))
    direction = random.normal(size=(n, rows))
    direction[[0, -1]] *= 2.0 ** -random.integers(0, 18, (2, rows))
    start = direction / np.linalg.norm(direction, axis=0) * random.uniform(0.001, 0.06, rows)
    return Batch(tuple(sorted(exponents)), spectrum, coefficients, eta, start)


def one_row(**changes: object) -> Batch:
    """One ordinary row in three variables; ``changes`` replaces columns by lists of numbers."""
    columns = {
        "spectrum": [1.0, 2.0, 4.0],
        "coefficients": [0.5, -1.0, 0.25, 1.0, -0.5, 0.125],
        "step_size": [0.3],
        "start": [0.01, 0.02, -0.01],
    } | changes
    shaped = {name: np.array(values, dtype=np.float64).reshape(-1, 1) for name, values in columns.items()}
    return Batch(CUBIC_AND_QUARTIC, shaped["spectrum"], shaped["coefficients"], shaped["step_size"][0], shaped["start"])


def random_momentum_batch(seed: int, rows: int, n: int = 3, *, looks_ahead: bool = False) -> Batch:
    """Rows of heavy ball or Nesterov's method (``looks_ahead``) in every regime, at stable step sizes of all sizes."""
    random = np.random.default_rng(seed)
    plain = random_batch(seed, rows, n)
    beta = random.choice([0.01, 0.05, 0.25, 0.5, 0.9], rows) * random.uniform(0.9, 1.05, rows)
    top = (2 + 2 * beta) / (1 + 2 * beta) if looks_ahead else 2 + 2 * beta
    share = np.where(random.random(rows) < 0.5, random.uniform(0.01, 0.99, rows), 2.0 ** -random.uniform(0, 8, rows))
    eta = share * top / plain.spectrum[-1]
    return replace(plain, step_size=eta, start=plain.start / 8, momentum=Momentum(beta, looks_ahead))


def nearly_double_batch(seed: int, rows: int, n: int = 3, *, looks_ahead: bool = False) -> Batch:
    """Rows of ``random_momentum_batch`` with step sizes on both sides of a double multiplier, down to 2⁻⁴⁰ from it."""
    random = np.random.default_rng(seed)
    batch = random_momentum_batch(seed, rows, n, looks_ahead=looks_ahead)
    assert batch.momentum is not None
    root = np.sqrt(batch.momentum.beta)
    double = ((1 - root * root) / (1 + root * root)) ** 2 if looks_ahead else (1 - root) ** 2
    eta = double / batch.spectrum[0]
    if not looks_ahead:
        # The other end of the window is a double multiplier of λₙ.
        eta = np.where(random.random(rows) < 0.5, eta, (1 + root) ** 2 / batch.spectrum[-1])
    away = 2.0 ** -random.uniform(3, 40, rows) * random.choice([-1, 1], rows)
    return replace(batch, step_size=eta * (1 + away))
