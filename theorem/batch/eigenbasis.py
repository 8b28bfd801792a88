r"""A polynomial loss in two variables in approximate eigen-coordinates, with a bound of all errors that this makes.

With :math:`x = m + Qy`, Q the matrix of approximate eigenvectors, and :math:`\tilde f(y) = f(m + Qy)`, gradient descent
is :math:`y \mapsto y - \eta(Q^TQ)^{-1}\nabla\tilde f(y)`. Its linear part is :math:`I - \eta B` with
:math:`B = Q^{-1}AQ`. A batch states instead :math:`y \mapsto y - \tilde\eta\nabla(\sum \tilde\lambda_i y_i^2/2 +
\sum \tilde c_t y^{\alpha_t})`, all numbers float64. With :math:`P = B - \mathrm{diag}(\tilde\lambda)`, Frobenius norms,
and relative errors r of the step size and the coefficients, the two maps differ by at most
:math:`\eta\|P\| + r_\eta\eta\tilde\lambda_n` times ‖y‖ in the linear part, :math:`\eta\tilde\lambda_n < 2`, and by
:math:`\|(Q^TQ)^{-1} - I\| + r_c + r_\eta`, up to products of these, times the higher-order part. A start is turned by
:math:`Q^T` in float64, which is off by :math:`\|Q^TQ - I\| + 2^{-50}`.

The amplitude belongs to the functional :math:`v_d \cdot h = \ell\cdot y`, :math:`\ell = Q^Tv_d`. As
:math:`B^T\ell = \lambda_d\ell`, its other components are :math:`(P^T\ell)_i/(\lambda_d - \tilde\lambda_i)`, and
:math:`|\lambda_d - \tilde\lambda_d| \le \|P\|` (Bauer and Fike; one eigenvalue only if the discs are apart). So
:math:`|\ell\cdot y - y_d| \le (t + t^2 + \|Q^TQ - I\|)\|y\|` with :math:`t = 2\|P\|/(\mathrm{gap} - 2\|P\|)`.

Gradient descent with a preconditioner M is the same in other coordinates: the columns of Q are approximate eigenvectors
of MA, orthonormal in the inner product of :math:`M^{-1}`. With :math:`Q^TM^{-1}Q` in the place of :math:`Q^TQ`,
:math:`B = Q^{-1}MAQ` and :math:`\ell = Q^TM^{-1}v_d`, every line above holds. A start is turned by
:math:`Q^{-1}` in float64: its entries are off by half a rounding, and two products and a sum by two, so that
:math:`2^{-51}\|Q^{-1}\|\|Q\|` covers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.batch.columns import MOST_MAP_ERROR
from gdcheck.theorem.descent.expansion import Expansion, Exponents
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import float_above
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float

Floats = npt.NDArray[np.float64]

_BITS = 128
_NORMAL = fmpq(1, 2**1022)
_ROUNDINGS = fmpq(1, 2**50)
_ONE = arb(1)


@dataclass(frozen=True, eq=False)
class Turned:
    """A polynomial loss in approximate eigen-coordinates, in float64.

    Attributes:
        spectrum: λ̃, ascending, shape (2,).
        exponents: α_t of the terms of order three and more, T of them.
        coefficients: c̃, shape (T,).
        basis: Q, shape (2, 2); with a preconditioner it is not a rotation.
        inverse: The matrix that transforms starts: Qᵀ, or with a preconditioner Q⁻¹ in float64; shape (2, 2).
        stretch: ‖Q‖‖Q⁻¹‖, by which a relative error of a start may grow; 1 without a preconditioner.
        step_size: η̃.
        map_error: The map error of a ``Batch``; None if it is too large, or an end of the spectrum may be repeated.
        obstacle: Why there is no bound, in words; empty where there is one.
    """

    spectrum: Floats
    exponents: tuple[Exponents, ...]
    coefficients: Floats
    basis: Floats
    inverse: Floats
    stretch: float
    step_size: float
    map_error: float | None
    obstacle: str


def turn(problem: Problem) -> Turned:
    """Transform a problem to approximate eigen-coordinates around its minimizer.

    Args:
        problem: A problem whose loss is a polynomial in two variables; of its method only the preconditioner is used.

    Returns:
        The loss in these coordinates; the start is not transformed.

    Raises:
        InputError: If the loss is not such a polynomial, the minimizer not strict, or a number exceeds every float64.
    """
    n = problem.dimension
    if n != 2:
        raise InputError("loss", f"has {n} variables; a map needs a loss in two")
    if problem.loss.truncated:
        raise InputError("loss", "has powers of max(...); a map needs a polynomial")
    hessian = Expansion.around(problem, problem.step_size).hessian
    assert hessian is not None
    if not (hessian[0, 0] > 0 and hessian.det() > 0):
        raise InputError("minimizer", "is not a strict minimum: the Hessian there is not positive definite")
    m = problem.method.preconditioner
    basis = _eigenvectors(hessian) if m is None else _conjugate_eigenvectors(hessian, m)
    q = fmpq_mat([[exact(x) for x in row] for row in basis.tolist()])
    turned = problem.loss.shifted(problem.minimizer).substituted(q.tolist(), [f"y{i}" for i in range(n)])
    higher = [(alpha, c) for alpha, c in turned.terms if sum(alpha) > 2]
    b = q.inv() * (hessian if m is None else m * hessian) * q
    gram = q.transpose() * (q if m is None else m.inv() * q)
    inverse = basis.T if m is None else np.array([[nearest(x) for x in row] for row in q.inv().tolist()])
    spectrum = [nearest(b[i, i]) for i in range(n)]
    coefficients = [nearest(c) for _, c in higher]
    step_size = nearest(problem.step_size)
    rounding = max((_relative(x, c) for x, (_, c) in zip(coefficients, higher, strict=True)), default=fmpq(0))
    rounding += 2 * _relative(step_size, problem.step_size)
    stretch = _ONE if m is None else _frobenius(q) * _frobenius(q.inv())
    # Two roundings in each of two components, unless the axes are only renamed.
    turning = stretch * (arb(2) ** -51 if m is not None else arb(2) ** -50 if _is_skew(gram) else arb(0))
    map_error = _map_error(b, gram, spectrum, arb(rounding) + turning)
    return Turned(
        spectrum=np.array(spectrum),
        exponents=tuple(alpha for alpha, _ in higher),
        coefficients=np.array(coefficients),
        basis=basis,
        inverse=inverse,
        stretch=float_above(stretch),
        step_size=step_size,
        map_error=map_error,
        obstacle="" if map_error is not None else _obstacle(b, spectrum, rounding),
    )


def _obstacle(operator: fmpq_mat, spectrum: Sequence[float], rounding: fmpq) -> str:
    if operator[0, 1] == operator[1, 0] == 0 and operator[0, 0] == operator[1, 1]:
        return "the two eigenvalues are equal"
    if exact(min(spectrum)) < _NORMAL or rounding > _ROUNDINGS:
        return "a number is too small for float64"
    return "the eigenvectors are too uncertain in float64"


def _eigenvectors(hessian: fmpq_mat) -> Floats:
    """Return approximate unit eigenvectors as columns, by ascending eigenvalue; exact for a diagonal matrix."""
    values = np.array([[nearest(x) for x in row] for row in hessian.tolist()])
    if all(hessian[i, j] == 0 for i in range(len(values)) for j in range(i)):
        return np.eye(len(values))[:, np.argsort(np.diag(values), kind="stable")]
    vectors: Floats = np.linalg.eigh(values)[1]
    return vectors


def _conjugate_eigenvectors(hessian: fmpq_mat, m: fmpq_mat) -> Floats:
    """Return approximate eigenvectors of MA as columns, ascending by eigenvalue, orthonormal in M⁻¹'s inner product."""
    values, factor = (np.array([[nearest(x) for x in row] for row in a.tolist()]) for a in (hessian, m))
    try:
        root = np.linalg.cholesky(factor)
    except np.linalg.LinAlgError:
        raise InputError("preconditioner", "is too nearly singular for float64; a map needs one that is not") from None
    basis: Floats = root @ np.linalg.eigh(root.T @ values @ root)[1]
    return basis


def _is_skew(gram: fmpq_mat) -> bool:
    return gram != fmpq_mat([[1, 0], [0, 1]])


def _map_error(b: fmpq_mat, gram: fmpq_mat, spectrum: Sequence[float], rounding: arb) -> float | None:
    n = len(spectrum)
    one = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    diagonal = fmpq_mat(n, n, [exact(spectrum[i]) if i == j else fmpq(0) for i in range(n) for j in range(n)])
    with ctx.workprec(_BITS):
        off, skew = _frobenius(b - diagonal), _frobenius(gram - one)
        room = arb(exact(spectrum[1]) - exact(spectrum[0])) - 2 * off
        if not room > 0:
            return None
        t = 2 * off / room
        mapped = 2 * off / arb(exact(spectrum[-1])) + _frobenius(gram.inv() - one)
        # Products of these errors are far below a hundredth of each of them, since the sum is small.
        map_error = float_above((mapped + skew + t + t * t + rounding) * arb("1.01"))
    return map_error if map_error <= MOST_MAP_ERROR else None


def _frobenius(matrix: fmpq_mat) -> arb:
    return arb(sum((x * x for x in matrix.entries()), fmpq(0))).sqrt()


def _relative(x: float, q: fmpq) -> fmpq:
    return abs(exact(x) - q) / abs(q)


def exact(x: float) -> fmpq:
    """Return the rational number that a finite float64 is."""
    return fmpq(*x.as_integer_ratio())


def nearest(q: fmpq) -> float:
    """Return the float64 nearest to a rational.

    Raises:
        InputError: If it exceeds every float64.
    """
    try:
        return to_float(q)
    except OverflowError:
        raise InputError("problem", "holds a number that exceeds every float64") from None
