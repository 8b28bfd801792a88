r"""The spectrum of a symmetric float64 matrix that is known within a distance, and bounds of spectral norms.

With approximate eigenvectors as the columns of V, :math:`S = V^TAV` and :math:`\epsilon \ge \|V^TV - I\|`: Ostrowski,
:math:`\lambda_i(S) = \theta_i\lambda_i(A)` with :math:`1 - \epsilon \le \theta_i \le 1 + \epsilon`; Weyl,
:math:`\lambda_i(S)` is within the norm of what is off the diagonal of the i-th sorted diagonal entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from gdcheck.networks.proof.rounding import Floats, Near, gamma, length, up


@dataclass(frozen=True, eq=False)
class Eigenvalues:
    """Enclosed eigenvalues, ascending.

    Attributes:
        lower: Lower bounds, shape (p,).
        upper: Upper bounds, shape (p,).
        vectors: Approximate eigenvectors as columns, shape (p, p).
        skew: A bound of ‖VᵀV − I‖.
        residue: A bound of ‖AV − V diag(s)‖, s the centres of the enclosures, for any matrix A within the distance.
    """

    lower: Floats
    upper: Floats
    vectors: Floats
    skew: float
    residue: float


def eigenvalues(matrix: Near) -> Eigenvalues | None:
    """Enclose the eigenvalues of every symmetric matrix within the distance.

    Args:
        matrix: A symmetric matrix, shape (p, p).

    Returns:
        The eigenvalues; None if the matrix is not finite or its vectors are too poor.
    """
    a = matrix.value
    if not np.isfinite(a).all():
        return None
    _, v = np.linalg.eigh(a)
    p = len(a)
    g = gamma(p + 1)
    of_a, of_v = length(a), length(v)
    skew = up(length(v.T @ v - np.eye(p)) + (g + 2.0**-52) * (of_v * of_v + sqrt(p)))
    if not skew < 0.25:
        return None
    av = a @ v
    s = v.T @ av
    # ‖V‖ ≤ √(1 + ε) < 1.12 multiplies the error of AV, and the distance from both sides.
    rounding = up(g * (1.12 * of_a * of_v + length(av) * of_v))
    diagonal = s.diagonal().copy()
    wide = up(length(s - np.diag(diagonal)) + rounding + matrix.error * (1 + skew))
    middle = np.sort(diagonal)
    low, high = middle - wide, middle + wide
    lower = np.where(low > 0, low / (1 + skew), low / (1 - skew))
    upper = np.where(high > 0, high / (1 - skew), high / (1 + skew))
    slack = 2.0**-45 * (np.abs(middle) + wide)
    order = np.argsort(diagonal)
    vectors = v[:, order]
    left = a @ vectors - vectors * middle
    residue = up(length(left) + g * of_a * of_v + 2.0**-51 * (length(left) + of_v * float(np.abs(middle).max())))
    return Eigenvalues(lower - slack, upper + slack, vectors, skew, up(residue + 1.12 * matrix.error))


def spectral_norm(matrix: Floats) -> float:
    """Bound the spectral norm of a matrix.

    Args:
        matrix: The matrix, of any shape.

    Returns:
        A bound, sharp to a few digits; the Frobenius norm where none better is found.
    """
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    frobenius = length(matrix)
    if tall.shape[1] == 1 or not frobenius < 2.0**400:
        return frobenius
    gram = tall.T @ tall
    found = eigenvalues(Near(gram, up(gamma(len(tall) + 1) * frobenius * frobenius + 2.0**-900)))
    return frobenius if found is None else min(frobenius, up(sqrt(max(float(found.upper[-1]), 0.0))))
