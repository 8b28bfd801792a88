"""The top of a Hessian's spectrum from Hessian-vector products, warm-started.

SciPy's ``eigsh`` (ARPACK's restarted Lanczos method) begins with the sum of the vectors found last time, and so needs
few products. The pairs are the Ritz pairs on the span of all vectors that it multiplied: every residual is computed
without another product, and there are pairs even where it did not converge.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


class NotFiniteError(ArithmeticError):
    """A Hessian-vector product has an infinite or undefined component."""


@dataclass(frozen=True)
class Eigenpairs:
    """The algebraically largest eigenvalues of a symmetric operator.

    Attributes:
        values: (k,), descending.
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
    holds: repeated calls should now and then begin from scratch (see ``measurements.Spectroscope``).

    Args:
        product: The operator, (n,) to (n,).
        start: (n, m), the columns to begin with; a random one if there is none.
        count: How many pairs, at most n; where the operator is zero on what it is tried on, there may be fewer.
        tolerance: The residual allowed, relative to the largest value's modulus.
        most_products: After about this number of products the pairs are returned as they are.
        seed: The seed of the random column.

    Returns:
        The pairs, converged or not.

    Raises:
        NotFiniteError: If a product is not finite.
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh  # noqa: PLC0415

    n, count = len(start), min(count, len(start))
    vectors: list[Tensor] = []
    images: list[Tensor] = []

    def multiply(column: Any) -> Any:
        vector = torch.as_tensor(column.ravel().copy()).to(start)
        image = product(vector)
        if not bool(torch.isfinite(image).all()):
            raise NotFiniteError
        vectors.append(vector)
        images.append(image)
        return image.cpu().numpy()

    columns = max(2 * count + 2, 6)
    if n > 4 * columns:
        generator = torch.Generator().manual_seed(seed)
        total = start.sum(dim=1) if start.shape[1] else torch.randn(n, generator=generator, dtype=torch.float64)
        begin = total.to("cpu", start.dtype).numpy()
        operator = LinearOperator((n, n), matvec=multiply, dtype=begin.dtype)
        restarts = max(1, (most_products - columns) // (columns - count))
        # Where it does not converge, the pairs are taken as they are, marked as not converged.
        with suppress(ArpackError):
            eigsh(operator, count, which="LA", v0=begin, ncv=columns, tol=tolerance, maxiter=restarts)
    else:
        for unit in torch.eye(n, dtype=start.dtype).numpy():
            multiply(unit)
    return _ritz(torch.stack(vectors, dim=1), torch.stack(images, dim=1), count, tolerance)


def _ritz(v: Tensor, hv: Tensor, count: int, tolerance: float) -> Eigenpairs:
    """Return the largest Ritz pairs on the span of the columns of V, (n, m), from V and HV."""
    # Arrays as long as the parameters stay on their device; the small problems are solved on the host.
    tall, upper = torch.linalg.qr(v.double())
    turn, sizes, mixture = torch.linalg.svd(upper.cpu(), full_matrices=False)
    # Directions with a tiny singular value are dropped: only rounding tells them from the others.
    kept = sizes > sizes[0] * torch.finfo(v.dtype).eps ** 0.5
    basis = tall @ turn[:, kept].to(tall)
    images = hv.double() @ (mixture[kept].T / sizes[kept]).to(tall)
    small = (basis.T @ images).cpu()
    values, y = torch.linalg.eigh((small + small.T) / 2)
    values, y = values.flip(0)[:count].to(tall), y.flip(1)[:, :count].to(tall)
    found = basis @ y
    norms = torch.linalg.vector_norm(images @ y - found * values, dim=0)
    done = norms <= tolerance * values.abs().max()
    return Eigenpairs(
        tuple(values.tolist()), found.to(v), tuple(norms.tolist()), tuple(done.tolist()), products=v.shape[1]
    )
