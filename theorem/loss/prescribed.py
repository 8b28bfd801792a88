r"""Losses with a prescribed Hessian spectrum in a rotated basis, exactly.

Every rational skew-symmetric S gives the rational orthogonal matrix :math:`Q = (I - S)(I + S)^{-1}` (A. Cayley,
1846), so that :math:`Q\,\mathrm{diag}(\lambda)\,Q^T` is a rational Hessian with exactly the spectrum λ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flint import fmpq_mat

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss, TruncatedPower
from gdcheck.theorem.loss.rational import RationalLike, to_fmpq


def cayley(entries: Sequence[RationalLike], n: int) -> fmpq_mat:
    """Return the rotation of a skew-symmetric matrix.

    Args:
        entries: The entries above the diagonal, row by row, n(n−1)/2 of them.
        n: The dimension.

    Returns:
        A rational orthogonal matrix with determinant one, shape (n, n).

    Raises:
        InputError: If the number of entries does not fit.
    """
    if len(entries) != n * (n - 1) // 2:
        raise InputError("rotation", f"has {len(entries)} entries; dimension {n} needs {n * (n - 1) // 2}")
    values = iter(to_fmpq(e, "rotation") for e in entries)
    identity = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    skew = fmpq_mat(n, n)
    for i in range(n):
        for j in range(i + 1, n):
            skew[i, j] = next(values)
            skew[j, i] = -skew[i, j]
    # I − S and (I + S)⁻¹ commute; I + S is never singular, as the eigenvalues of S are imaginary.
    return (identity + skew).solve(identity - skew)


def hessian_with_spectrum(spectrum: Sequence[RationalLike], rotation: fmpq_mat | None = None) -> fmpq_mat:
    """Return Q diag(spectrum) Qᵀ; column i of Q is the eigenvector of ``spectrum[i]``.

    Args:
        spectrum: The eigenvalues, any rationals, shape (n,).
        rotation: A rational orthogonal matrix Q, shape (n, n); the identity if not given.

    Returns:
        The symmetric matrix, shape (n, n).
    """
    n = len(spectrum)
    diagonal = fmpq_mat(n, n)
    for i, value in enumerate(spectrum):
        diagonal[i, i] = to_fmpq(value, "spectrum")
    return diagonal if rotation is None else rotation * diagonal * rotation.transpose()


def loss_with_spectrum(
    spectrum: Sequence[RationalLike],
    *,
    rotation: fmpq_mat | None = None,
    minimizer: Sequence[RationalLike] | None = None,
    higher_terms: Iterable[tuple[tuple[int, ...], RationalLike]] = (),
    truncated: Iterable[TruncatedPower] = (),
    variables: Sequence[str] | None = None,
) -> Loss:
    r"""Build a loss whose Hessian at its minimizer has exactly the given spectrum.

    Args:
        spectrum: λ, shape (n,).
        rotation: Q, whose columns are the eigenvectors; the identity if not given.
        minimizer: m; the origin if not given.
        higher_terms: Terms c·(x − m)^α of order three and more.
        truncated: Truncated powers of x − m whose kink leaves the minimizer's derivatives alone (threshold ≥ 0 in x −
            m, p ≥ 3).
        variables: Names; x1, …, xn if not given.

    Returns:
        :math:`\tfrac12 (x-m)^T Q\,\mathrm{diag}(\lambda)\,Q^T (x-m)` and the higher terms, expanded in x.

    Raises:
        InputError: If a term would change the gradient or the Hessian at the minimizer.
    """
    n = len(spectrum)
    names = tuple(variables) if variables is not None else tuple(f"x{i + 1}" for i in range(n))
    a = hessian_with_spectrum(spectrum, rotation)
    terms: list[tuple[tuple[int, ...], RationalLike]] = []
    for i in range(n):
        for j in range(i, n):
            exponents = tuple(int(k == i) + int(k == j) for k in range(n))
            terms.append((exponents, a[i, j] / 2 if i == j else a[i, j]))
    for exponents, c in higher_terms:
        if sum(exponents) < 3:
            raise InputError(
                "higher_terms", "a term of order below three changes the spectrum; use order three and more"
            )
        terms.append((exponents, c))
    powers = tuple(truncated)
    if any(t.threshold < 0 or t.power < 3 for t in powers):
        raise InputError("truncated", "the kink must not change the Hessian; use thresholds of at least 0 and p >= 3")
    centred = Loss.build(names, [(e, to_fmpq(c, "higher_terms")) for e, c in terms], powers)
    if minimizer is None:
        return centred
    return centred.shifted([-to_fmpq(x, "minimizer") for x in minimizer])
