r"""A bound of :math:`\|I - \eta\nabla^2 f(x)\|` in float64, with every rounding accounted for.

The Hessian is :math:`A^TWA` plus what does not pass through affine forms. W is sparse and comes from Arb balls; the
products are NumPy's. With u = 2⁻⁵³, a sum of K products of floats is wrong by at most :math:`\gamma_K = Ku/(1 - Ku)`
times the sum of their moduli, in any order of summation (Higham 2002, Section 3.1). To bound its norm, a matrix is
first nearly diagonalized.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flint import arb, fmpq
from numpy import abs as modulus
from numpy import add, array, errstate, eye, isfinite, sqrt, zeros
from numpy.linalg import eigh, norm

from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.smooth.evaluate import Forward

_UNIT = 2.0**-53
_NOT_ORTHONORMAL = 2.0**-10
_UP = 1 + 2.0**-40
_LARGEST = 1e100


def map_norm(at: Forward, step_size: fmpq) -> arb | None:
    """Bound the norm of I − η∇²f at a point.

    Args:
        at: The loss at the point, with derivatives of order 2.
        step_size: η.

    Returns:
        An upper bound; None if a number overflows.
    """
    found = float_hessian(at)
    if found is None:
        return None
    matrix, error = found
    n, eta = len(matrix), to_float(step_size)
    size = float(norm(matrix)) * _UP
    if not size * eta < _LARGEST:
        return None
    # 1 − ηh: η, the product and the difference are rounded once each.
    error = (eta * error + 4 * _UNIT * (eta * size + math.sqrt(n))) * _UP
    bound = (norm_above(eye(n) - eta * matrix) + error) * _UP
    return arb(bound) if math.isfinite(bound) else None


def norm_above(matrix: Any) -> float:
    """Bound the norm of a symmetric matrix M of floats, shape (n, n), from above, nearly sharply.

    With nearly orthonormal V and S = VᵀMV, ‖M‖ ≤ ‖S‖/(1 − ‖VᵀV − I‖). ‖S‖² is at most the largest row sum of the
    moduli times the largest column sum. V is exact; three products of n terms, and the sums, are rounded.
    """
    n = len(matrix)
    v = eigh(matrix)[1]
    size, around = float(norm(matrix)), float(norm(v)) ** 2
    wrong = (2 * n + 4) * _UNIT * around * _UP
    epsilon = (float(norm(v.T @ v - eye(n))) + wrong) * _UP
    if not epsilon < _NOT_ORTHONORMAL:
        return math.inf
    sizes = modulus(v.T @ matrix @ v)
    bound = math.sqrt(float(sizes.sum(axis=0).max()) * float(sizes.sum(axis=1).max())) * _UP
    return (bound + wrong * size * _UP + n * 2.0**-900) * _UP / (1 - epsilon) * _UP


def gram_norm(forms: Any, weights: Mapping[int, float]) -> float:
    """Bound the norm of AᵀWA for weights that are not negative.

    Each entry is a sum of products of three floats, of which the two coefficients were rounded once before: it is wrong
    by at most γ of K = rows + 4 times the sum of the moduli. That sum is itself computed, with twice that as room.

    Args:
        forms: A, each entry rounded once to a float, shape (rows, n).
        weights: The diagonal of W at the rows where it is not zero.

    Returns:
        An upper bound, nearly sharp; infinity if numbers are too large, or not finite.
    """
    rows, weight = forms[list(weights)], array(list(weights.values()))
    sizes = modulus(rows)
    largest = float(sizes.max())
    if not (largest < _LARGEST and float(weight.max()) * len(rows) * largest * largest < _LARGEST):
        return math.inf
    matrix = rows.T @ (weight[:, None] * rows)
    error = 2 * (len(rows) + 8) * _UNIT * float(norm(sizes.T @ (weight[:, None] * sizes))) * _UP
    return (norm_above(matrix) + error + len(matrix) * 2.0**-900) * _UP


def float_hessian(at: Forward) -> tuple[Any, float] | None:
    """Return the Hessian in floats, shape (n, n), and a bound of the norm of its error; None if a number overflows."""
    n, affine = at.loss.dimension, at.loss.affine
    forms = affine.floats
    rows = len(forms)
    places: list[tuple[int, int]] = []
    middles: list[float] = []
    radii: list[float] = []
    # Variables and forms are numbered together: first the variables, as forms of their own.
    for p, row in enumerate(at.pairs()):
        for q, w in row.items():
            middle = float(w.mid())
            places.append((_number(p, n, affine.rows), _number(q, n, affine.rows)))
            middles.append(middle)
            radii.append(float(w.rad()) * _UP + 2 * _UNIT * abs(middle) + 2.0**-1000)
    if not all(map(math.isfinite, middles)) or not all(map(math.isfinite, radii)):
        return None
    first, second = array([p for p, _ in places] or [0]), array([q for _, q in places] or [0])
    weight, doubt = array(middles or [0.0]), array(radii or [0.0])
    whole = _with_variables(forms, n)
    with errstate(over="ignore"):
        lengths = sqrt((whole * whole).sum(axis=1)) * _UP + 2.0**-500  # Squares below 2⁻¹⁰⁰⁰ may be lost.
    along, off = first == second, first != second
    weighted = zeros((n + rows, n))
    weighted[first[along]] = weight[along, None] * whole[first[along]]  # Each pair occurs once.
    add.at(weighted, first[off], weight[off, None] * whole[second[off]])
    add.at(weighted, second[off], weight[off, None] * whole[first[off]])
    matrix = whole.T @ weighted
    # Each entry is a sum of products of three floats; two of them are coefficients, rounded once each. The norm of the
    # matrix of the sums of moduli is at most the sum of the norms |w| |a| |b|.
    products = len(middles) * 2 + n + rows + 8
    sizes = lengths[first] * lengths[second] * (1 + off)
    error = products * _UNIT * float(modulus(weight) @ sizes) + float(doubt @ sizes)
    error = (error + n * 2.0**-900) * 1.0001
    if not (isfinite(matrix).all() and math.isfinite(error)):
        return None
    return matrix, error


def _number(slot: int, n: int, rows: dict[int, int]) -> int:
    return slot if slot < n else n + rows[slot - n]


def _with_variables(forms: Any, n: int) -> Any:
    """Return the coefficients of all forms, the variables first, shape (n + rows, n)."""
    whole = zeros((n + len(forms), n))
    whole[:n] = eye(n)
    if len(forms):
        whole[n:] = forms
    return whole
