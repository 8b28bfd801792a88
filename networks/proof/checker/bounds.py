r"""The checker's own bounds: definiteness, eigenvalues, norms, and a Lipschitz constant of the Jacobian.

*Definiteness.* If Cholesky's factorization in float64 of :math:`A - cI`, :math:`c = 2(p+2)2^{-53}\,\mathrm{tr}\,A`,
runs to its end, A has no negative eigenvalue: the factor's product differs from :math:`A - cI` by at most
:math:`(p+2)2^{-53}\sqrt{a_{ii}a_{jj}}/(1 - (p+2)2^{-53})` entry by entry, so in norm by less than c (Demmel; Rump,
*Verification of positive definiteness*, 2006).

*Eigenvalues.* :math:`\lambda_p < s` iff :math:`sI - K` is definite. A Rayleigh quotient is below :math:`\lambda_p` and
above :math:`\lambda_1`. With any w, :math:`\lambda_2(K) \ge \lambda_1(K + tww^T)` and :math:`\lambda_{p-1}(K) \le
\lambda_p(K - tww^T)` for :math:`t \ge 0`, by Weyl.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from gdcheck.networks.proof.checker.elementary import KNOWN
from gdcheck.networks.proof.checker.passes import Network
from gdcheck.networks.proof.checker.wide import Array, Wide, above, size


def nonnegative(matrix: Array, error: float) -> bool:
    """Return whether every symmetric matrix within ``error`` of this one, in norm, surely is positive semidefinite."""
    p = len(matrix)
    trace = float(np.abs(matrix.diagonal()).sum())
    shift = 2 * (p + 2) * 2.0**-53 * trace + error * (1 + 2.0**-40) + 2.0**-300
    lowered = matrix - np.diag(np.full(p, shift))
    # Subtracting rounds a diagonal entry by 2⁻⁵³ of it.
    lowered -= np.diag(np.abs(matrix.diagonal()) * 2.0**-51)
    if not np.isfinite(lowered).all():
        return False
    try:
        np.linalg.cholesky(lowered)
    except np.linalg.LinAlgError:
        return False
    return True


@dataclass(frozen=True, eq=False)
class Ends:
    """The ends of a spectrum and, for one of them, its eigenvector and the distance to the rest.

    Attributes:
        lowest: λ₁, enclosed.
        highest: λ_p, enclosed.
        second: A lower bound of λ₂.
        last_but_one: An upper bound of λ_{p−1}.
        vectors: Unit vectors near the eigenvectors of λ₁ and of λ_p, shape (p, 2).
    """

    lowest: tuple[float, float]
    highest: tuple[float, float]
    second: float
    last_but_one: float
    vectors: Array


def ends(matrix: Array, error: float) -> Ends | None:
    """Enclose the ends of the spectrum of every symmetric matrix within ``error`` of this one, in norm."""
    if not np.isfinite(matrix).all():
        return None
    values, vectors = np.linalg.eigh(matrix)
    p, top = len(values), float(np.abs(values).max()) + 2.0**-200
    wide = error * (1 + 2.0**-30) + (2.0**-36 + p * p * 2.0**-50) * top
    lower, upper = float(values[0]) - wide, float(values[-1]) + wide
    if not nonnegative(matrix - lower * np.eye(p), error + 2.0**-50 * top):
        return None
    if not nonnegative(upper * np.eye(p) - matrix, error + 2.0**-50 * top):
        return None
    low, high = vectors[:, 0], vectors[:, -1]
    second, before = inf, -inf
    if p > 1:
        second, before = float(values[1]) - wide, float(values[-2]) + wide
        raised = matrix + 4 * top * np.outer(low, low) - second * np.eye(p)
        lowered = before * np.eye(p) - matrix + 4 * top * np.outer(high, high)
        slack = error + 2.0**-46 * top
        if not (nonnegative(raised, slack) and nonnegative(lowered, slack)):
            return None
    quotients = [float(v @ (matrix @ v)) for v in (low, high)]
    # A Rayleigh quotient of a vector of length 1 within 2⁻⁴⁵, by products of p terms.
    off = error + (p + 8) * 2.0**-44 * top * sqrt(p)
    return Ends((lower, quotients[0] + off), (quotients[1] - off, upper), second, before, vectors[:, [0, -1]])


def operator_norm(a: Array) -> float:
    """Bound a spectral norm: with G = AᵀA or AAᵀ, ‖A‖³² ≤ ‖G¹⁶‖_F, a factor of at most p^(1/64) above it."""
    if min(a.shape) == 1:
        return size(a)
    frobenius = size(a)
    if not 2.0**-200 < frobenius < 2.0**200 or min(a.shape) > 4096:
        return frobenius
    small = a if a.shape[1] <= a.shape[0] else a.T
    g = (small / frobenius).T @ (small / frobenius)
    # Each squaring is off, relatively to the norm of its result, by less than p^(3/2)·2⁻⁵² < 2⁻³⁴; the first product
    # by the number of rows. Sixteen times that, and the sixteenth root.
    slack = 1 + 2.0**-28 + a.size * 2.0**-52
    for _ in range(4):
        g = g @ g
    return min(frobenius, above(frobenius * float(np.sqrt((g * g).sum())) ** (1 / 32) * slack))


@dataclass(frozen=True)
class Norms:
    """A layer at one point: ‖P‖, the largest ‖P‖_F of a sample, ‖W‖ and its largest column without the bias."""

    patches: float
    sample: float
    weights: float
    column: float


def norms(network: Network, weights: list[Wide], patches: list[Wide]) -> list[Norms]:
    """Bound the norms of every layer at one point."""
    found = []
    for layer, w, p in zip(network.layers, weights, patches, strict=True):
        inner = w.high[:, : layer.gather.shape[1]]
        drop = above(2.0**-52 * size(p.high) + p.error)
        samples = max(size(block) for block in p.high.reshape(len(network.inputs), -1))
        columns = max(size(column) for column in inner.T)
        slip = 2.0**-52 * size(inner)
        found.append(
            Norms(
                above(operator_norm(p.high) + drop),
                above(samples + drop),
                above(operator_norm(inner) + slip),
                above(columns + slip),
            )
        )
    return found


def turning(network: Network, at: list[Norms], radius: float) -> float:
    """Bound the Lipschitz constant of J on a ball, in operator norm (docs/network-proofs.md, *How fast J turns*)."""
    count = len(at)
    speed, fastest = np.zeros(count), np.zeros(count)
    form = np.zeros((count, count))
    apart = 0.0
    for i, (n, repeat) in enumerate(zip(at, network.repeats, strict=True)):
        root = sqrt(repeat)
        if i:
            before = network.layers[i - 1]
            first, second, _ = KNOWN[str(before.activation)].bounds
            share = 1.0 if before.groups is None else 1 / sqrt(before.groups.shape[1])
            felt = first * share * speed
            form = root * (
                (n.weights + radius) * first * share * form
                + (n.column + radius) * second * share**2 * _symmetric(fastest, speed)
            )
            form[i, :] += root * felt
            form[:, i] += root * felt
            apart = first * share * apart
            speed = (n.weights + radius) * root * felt
            fastest = (n.weights + radius) * root * first * share * fastest
        speed[i] += n.patches + root * apart
        fastest[i] += n.sample + root * apart
        apart = root * apart * (n.weights + radius) + n.patches * radius
    return above(largest(form))


def _symmetric(a: Array, b: Array) -> Array:
    return (np.outer(a, b) + np.outer(b, a)) / 2


def largest(form: Array) -> float:
    """Bound the largest eigenvalue of a symmetric form with entries ≥ 0 by max (Qv)_i/v_i for one v > 0."""
    v = np.ones(len(form))
    for _ in range(60):
        v = form @ v + v * form.max()
        v = v / v.max() + 1e-9
    return float(((form @ v) / v).max())
