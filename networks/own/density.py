"""The density of a Hessian's spectrum and its trace, by stochastic Lanczos quadrature.

Ubaru, Chen and Saad, "Fast estimation of tr(f(A)) via stochastic Lanczos quadrature" (2017): from a random vector of
signs, k products give k nodes and weights that share the moments up to 2k − 1 of the spectrum weighted by that vector.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor


@dataclass(frozen=True)
class Density:
    """A spectrum as nodes with weights.

    Attributes:
        nodes: (m,), eigenvalues of the Lanczos matrices of all random vectors.
        weights: (m,), their shares; the sum is 1.
        trace: The Hessian's trace, estimated.
        trace_error: The standard error of the trace over the random vectors; None for one vector.
    """

    nodes: tuple[float, ...]
    weights: tuple[float, ...]
    trace: float
    trace_error: float | None


def spectral_density(
    product: Callable[[Tensor], Tensor], like: Tensor, *, probes: int = 4, steps: int = 30, seed: int = 0
) -> Density:
    """Estimate the density of a Hessian's spectrum.

    Args:
        product: The Hessian, (n,) to (n,).
        like: A vector (n,) of the type and device of the parameters.
        probes: How many random vectors.
        steps: Lanczos steps for each, at most n.
        seed: The seed of the vectors.

    Returns:
        The density; its trace comes from the same products.
    """
    generator = torch.Generator().manual_seed(seed)
    n = len(like)
    nodes: list[float] = []
    weights: list[float] = []
    traces: list[float] = []
    for _ in range(probes):
        signs = 2 * torch.randint(0, 2, (n,), generator=generator) - 1
        diagonal, beside = _lanczos(product, signs.to(like), min(steps, n))
        # Small, and so on the host.
        matrix = torch.diag(diagonal) + torch.diag(beside, 1) + torch.diag(beside, -1)
        values, vectors = torch.linalg.eigh(matrix)
        nodes += values.tolist()
        weights += (vectors[0] ** 2 / probes).tolist()
        traces.append(n * float(diagonal[0]))
    mean = sum(traces) / probes
    error = sqrt(sum((t - mean) ** 2 for t in traces) / (probes - 1) / probes) if probes > 1 else None
    return Density(tuple(nodes), tuple(weights), mean, error)


def _lanczos(product: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Return the diagonal (k,) and the side diagonal (k − 1,) of the Lanczos matrix, in float64 on the host."""
    basis = [start / torch.linalg.vector_norm(start)]
    diagonal: list[float] = []
    beside: list[float] = []
    scale = 0.0
    for k in range(steps):
        image = product(basis[k])
        diagonal.append(float(basis[k].dot(image)))
        # Twice against all: the basis stays orthogonal to rounding.
        for _ in range(2):
            q = torch.stack(basis)
            image = image - q.T @ (q @ image)
        norm = float(torch.linalg.vector_norm(image))
        scale = max(scale, abs(diagonal[-1]), norm)
        if k + 1 == steps or norm <= 1e3 * torch.finfo(start.dtype).eps * scale:
            break
        beside.append(norm)
        basis.append(image / norm)
    return torch.tensor(diagonal, dtype=torch.float64), torch.tensor(beside, dtype=torch.float64)
