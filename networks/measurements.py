"""What is measured of a run: angles between updates, the turning of the flow, the top of the Hessian's spectrum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import pi, sin

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
    """Takes the top of the spectrum repeatedly, beginning with what it found last, but every tenth time from scratch.

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


def flow_deficit(product: Callable[[Tensor], Tensor], gradient: Tensor, diagonal: Tensor | None, time: float) -> float:
    """Return 1 − cos of consecutive updates of a method's own gradient flow over the time of one step.

    The flow ẋ = −P⁻¹∇f turns by the angle ‖(I−wwᵀ)P⁻¹Hw‖ per unit of time, w its direction. With a small step, the
    updates of any run enclose about this angle times the step: a cosine near 1 then says no more than that.

    Args:
        product: The Hessian as a function from (n,) to (n,).
        gradient: ∇f, (n,), over all images.
        diagonal: P, (n,); None without a preconditioner.
        time: The time of one step: η, or η/(1−β) with momentum.

    Returns:
        1 − cos of that angle; 0 where the gradient vanishes.
    """
    speed = gradient if diagonal is None else gradient / diagonal
    norm = float(torch.linalg.vector_norm(speed))
    if norm == 0:
        return 0.0
    w = speed / norm
    turned = product(w) if diagonal is None else product(w) / diagonal
    angle = time * float(torch.linalg.vector_norm((turned - w.dot(turned) * w).double()))
    return 2 * sin(min(angle, pi) / 2) ** 2


_BINS = 150


def band(series: Sequence[Sequence[tuple[int, float]]], digits: int = 7) -> Band:
    """Return the band of several series over bins of the steps that all of them have; every such step is in a bin.

    Args:
        series: For each run, steps and values.
        digits: How many are kept; 17 are all.

    Returns:
        The band.
    """
    tables = [dict(one) for one in series]
    steps = sorted(set.intersection(*(set(t) for t in tables))) if tables else []
    bins = min(_BINS, len(steps))
    cuts = [round(i * len(steps) / bins) for i in range(bins + 1)] if bins else []
    groups = [steps[a:b] for a, b in pairwise(cuts)]
    columns = [[t[k] for t in tables for k in group] for group in groups]

    def short(values: Iterable[float]) -> tuple[float, ...]:
        return tuple(float(f"{v:.{digits}g}") for v in values)

    return Band(
        tuple(group[-1] for group in groups),
        short(sum(c) / len(c) for c in columns),
        short(min(c) for c in columns),
        short(max(c) for c in columns),
    )
