"""The top of a Hessian's spectrum from Hessian-vector products, warm-started.

Rayleigh-Ritz on a growing orthonormal basis: the basis begins with what was found last time and grows by the residual
of a pair that has not converged (Davidson's expansion without a preconditioner). From one start vector that is Lanczos;
from last time's eigenvectors, near the end already, it needs few products. Every residual is computed, not estimated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


class NotFiniteError(ArithmeticError):
    """A Hessian-vector product has an infinite or undefined component."""


@dataclass(frozen=True)
class Eigenpairs:
    """The algebraically largest eigenvalues of a symmetric operator.

    Attributes:
        values: (k,), falling.
        vectors: (n, k), orthonormal columns.
        residuals: (k,), the norm of Hv − λv for each pair.
        converged: Whether each residual is at most the tolerance times the largest value's modulus.
        products: How many products were needed.
    """

    values: tuple[float, ...]
    vectors: Tensor
    residuals: tuple[float, ...]
    converged: tuple[bool, ...]
    products: int


def top_eigenpairs(
    product: Callable[[Tensor], Tensor],
    start: Tensor,
    count: int,
    *,
    tolerance: float = 1e-3,
    most_products: int = 200,
    seed: int = 0,
) -> Eigenpairs:
    """Return the top eigenpairs.

    Converged pairs are eigenpairs, but a warm start can miss a larger one whose vector is orthogonal to all that it
    holds: whoever looks again and again begins anew now and then (see ``measurements.Spectroscope``).

    Args:
        product: The operator, (n,) to (n,).
        start: (n, m), the columns to begin with; random ones are added if m < count.
        count: How many pairs, at most n.
        tolerance: The residual allowed, relative to the largest value's modulus.
        most_products: After so many products the pairs are returned as they are.
        seed: The seed of the random columns.

    Returns:
        The pairs, converged or not.

    Raises:
        NotFiniteError: If a product is not finite.
    """
    n = len(start)
    count = min(count, n)
    most_columns = min(n, max(3 * count + 24, start.shape[1] + 8))
    generator = torch.Generator().manual_seed(seed)
    basis = _Basis(product, start, most_columns)

    def random() -> Tensor:
        return torch.randn(n, generator=generator, dtype=torch.float64).to(start)

    for column in start.T:
        basis.add(column)
    while basis.size < count:
        basis.add(random())
    while True:
        values, vectors, residuals = basis.pairs(count)
        norms = torch.linalg.vector_norm(residuals, dim=0)
        done = norms <= tolerance * values.abs().max()
        if bool(done.all()) or basis.products >= most_products or basis.size == n:
            return Eigenpairs(
                tuple(values.tolist()), vectors, tuple(norms.tolist()), tuple(done.tolist()), basis.products
            )
        if basis.size == most_columns:
            basis.shrink(count + min(count, 8))
        worst = int(torch.nonzero(~done)[0])
        if not basis.add(residuals[:, worst]):
            basis.add(random())


class _Basis:
    """Orthonormal columns V beside HV."""

    def __init__(self, product: Callable[[Tensor], Tensor], like: Tensor, columns: int) -> None:
        self._product = product
        self._v = torch.zeros(len(like), columns, dtype=like.dtype, device=like.device)
        self._hv = torch.zeros_like(self._v)
        self.size = 0
        self.products = 0

    def add(self, vector: Tensor) -> bool:
        """Add the part of a vector that is new; False if there is none."""
        before = torch.linalg.vector_norm(vector)
        v = self._v[:, : self.size]
        vector = vector - v @ (v.T @ vector)
        after = torch.linalg.vector_norm(vector)
        if not float(after) > 1e3 * torch.finfo(vector.dtype).eps * float(before):
            return False
        vector = vector / after
        # The division by a small norm brings rounding's share of old directions back; twice is enough.
        vector = vector - v @ (v.T @ vector)
        vector = vector / torch.linalg.vector_norm(vector)
        self._v[:, self.size] = vector
        image = self._product(vector)
        if not bool(torch.isfinite(image).all()):
            raise NotFiniteError
        self._hv[:, self.size] = image
        self.size += 1
        self.products += 1
        return True

    def pairs(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the largest Ritz values, their vectors, and the vectors Hv − λv."""
        values, y = self._ritz(count)
        v, hv = self._v[:, : self.size], self._hv[:, : self.size]
        vectors = v @ y
        return values, vectors, hv @ y - vectors * values

    def shrink(self, count: int) -> None:
        """Keep the span of the largest Ritz vectors."""
        _, y = self._ritz(count)
        kept = y.shape[1]
        self._v[:, :kept] = self._v[:, : self.size] @ y
        self._hv[:, :kept] = self._hv[:, : self.size] @ y
        self.size = kept

    def _ritz(self, count: int) -> tuple[Tensor, Tensor]:
        v, hv = self._v[:, : self.size], self._hv[:, : self.size]
        small = v.T @ hv
        values, y = torch.linalg.eigh((small + small.T) / 2)
        order = torch.arange(self.size - 1, max(-1, self.size - 1 - count), -1, device=values.device)
        return values[order], y[:, order]
