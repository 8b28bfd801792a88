"""What is measured of a run: angles between updates, the top of the Hessian's spectrum, the direction of arrival."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gdcheck.networks.eigen import Eigenpairs, top_eigenpairs
from gdcheck.networks.shapes import Band


def cosine(a: Tensor, b: Tensor) -> float | None:
    """Return the cosine of the angle between two vectors (n,), in float64; None if one is zero or not finite."""
    a, b = a.double(), b.double()
    scale = float(torch.linalg.vector_norm(a)) * float(torch.linalg.vector_norm(b))
    return float(a.dot(b)) / scale if 0 < scale < float("inf") else None


# A warm start could lose an eigenvalue that rises from below; a fresh start finds it.
_ANEW = 10


@dataclass(frozen=True)
class Top:
    """The top of the Hessian's spectrum at one point.

    Attributes:
        pairs: The Hessian's largest eigenvalues.
        preconditioned: The largest eigenvalue of the preconditioned Hessian; None for methods without one.
    """

    pairs: Eigenpairs
    preconditioned: Eigenpairs | None


class Spectroscope:
    """Takes the top of the spectrum again and again, beginning with what it found last, but every tenth time anew.

    Args:
        count: How many eigenvalues.
        tolerance: The residual allowed, relative to the largest.
        like: A vector (n,) of the type and device of the parameters.
    """

    def __init__(self, count: int, tolerance: float, like: Tensor) -> None:
        self._count = count
        self._tolerance = tolerance
        self.warm = like.new_zeros(len(like), 0)
        self.warm_preconditioned = like.new_zeros(len(like), 0)

    def look(self, product: Callable[[Tensor], Tensor], diagonal: Tensor | None, index: int) -> Top:
        """Take the top of the spectrum.

        Args:
            product: The Hessian as a function from (n,) to (n,).
            diagonal: (n,), the preconditioner; None without one.
            index: How many looks came before; the multiples of ten begin with random vectors.

        Returns:
            The eigenpairs.
        """
        if index % _ANEW == 0:
            self.warm, self.warm_preconditioned = self.warm[:, :0], self.warm_preconditioned[:, :0]
        pairs = top_eigenpairs(product, self.warm, self._count, tolerance=self._tolerance, seed=index)
        self.warm = pairs.vectors
        if diagonal is None:
            return Top(pairs, None)
        root = diagonal.rsqrt()
        scaled = top_eigenpairs(
            lambda v: root * product(root * v), self.warm_preconditioned, 1, tolerance=self._tolerance, seed=index
        )
        self.warm_preconditioned = scaled.vectors
        return Top(pairs, scaled)


@dataclass(frozen=True)
class Direction:
    """The theorem's own quantity, with the last iterate x_T in the place of the minimizer.

    Attributes:
        step: k.
        to_final: cos of d_k = (x_k − x_T)/‖x_k − x_T‖ with the last stored d before T.
        to_previous: cos⟨d_k, d_{k−1}⟩: near +1 where the direction is fixed, near −1 where it alternates.
        distance: ‖x_k − x_T‖.
    """

    step: int
    to_final: float | None
    to_previous: float | None
    distance: float


def directions(kept: Sequence[tuple[int, Tensor]]) -> list[Direction]:
    """Return the directions towards the last iterate.

    Args:
        kept: For some steps k, in order: k and the rows …, x_{k−1}, x_k (m, n); the last k is T.

    Returns:
        One entry for each k before T − 1.
    """
    if not kept:
        return []
    last_step, last = kept[-1]
    end = last[-1].double()
    before = [(step, rows.double()) for step, rows in kept if step < last_step - 1]
    if not before:
        return []
    final = before[-1][1][-1] - end
    result = []
    for step, rows in before:
        offset = rows[-1] - end
        previous = cosine(offset, rows[-2] - end) if len(rows) > 1 else None
        result.append(Direction(step, cosine(offset, final), previous, float(torch.linalg.vector_norm(offset))))
    return result


def band(series: Sequence[Sequence[tuple[int, float]]]) -> Band:
    """Return the band of several series at the steps that all of them have."""
    tables = [dict(one) for one in series]
    steps = sorted(set.intersection(*(set(t) for t in tables))) if tables else []
    columns = [[t[k] for t in tables] for k in steps]
    mean = tuple(sum(c) / len(c) for c in columns)
    return Band(tuple(steps), mean, tuple(min(c) for c in columns), tuple(max(c) for c in columns))
