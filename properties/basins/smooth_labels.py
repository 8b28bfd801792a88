"""Which limit starts of a smooth loss take: followed in float64, and decided with proof on a coarse grid of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from gdcheck.properties.basins.simulation import BasinLabel
from gdcheck.properties.basins.valley_plane import OBSERVED_STEPS, Floats, with_slopes
from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.decision.every_start import ExceptionalGraph
from gdcheck.theorem.decision.smooth import decide_smooth
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.smooth.problem import SmoothProblem

NEAR, _LOST = 1e-7, 1e8
ON_A_SIDE = 6
_SAFE = 1e-3


@dataclass(frozen=True, eq=False)
class Points:
    """Points of a plane, with the step size, the start and the possible limit of each.

    Attributes:
        eta: Step sizes, shape (count,).
        starts: Starts, shape (2, count).
        centre: The minimizer, shape (2,).
        v: The eigenvector that the direction tends to at each step size, shape (2, count).
        turned: Whether it alternates, shape (count,).
    """

    eta: Floats
    starts: Floats
    centre: Floats
    v: Floats
    turned: npt.NDArray[np.bool_]

    def labels_of(self, at: Any, along: Any) -> Any:
        """Return the labels at some points, by the sign of the component along v.

        Args:
            at: Their indices.
            along: The amplitudes, at even steps where the direction alternates.
        """
        first = np.where(self.turned[at], BasinLabel.ALTERNATING_PLUS, BasinLabel.FIXED_PLUS)
        return first + (np.asarray(along) <= 0)


def accepted(made: dict[str, Any] | None) -> bool:
    """Whether the checker accepts a certificate.

    Args:
        made: The certificate; None if there is none.
    """
    try:
        return made is not None and check(made) is None
    except NotChecked:
        return False


def off_graph(graph: ExceptionalGraph, h: Floats, slack: float) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Find the starts that lie in the ball of a graph of exceptional starts, and surely off the graph.

    Args:
        graph: The graph.
        h: Starts less the minimizer, shape (2, count).
        slack: A bound of the distance from the minimizer to the point that is taken for it.

    Returns:
        A mask of these starts, and the components of all along the normal, shape (count,).
    """
    v = np.array([float(x.mid()) for x in graph.normal])
    t, w = v @ h, np.abs(v[0] * h[1] - v[1] * h[0])
    radius = np.inf if graph.radius is None else to_float(graph.radius)
    sure = np.abs(t) > (1 + _SAFE) * float(graph.slope.upper()) * w + slack
    return (np.hypot(h[0], h[1]) < (1 - _SAFE) * radius) & sure, t


def decided(
    problem: SmoothProblem, points: Points, labels: npt.NDArray[np.uint8], certified: npt.NDArray[np.bool_]
) -> tuple[int, int]:
    """Decide a coarse grid with proof, and mark it; return how many are proved, and how many labels were wrong.

    Args:
        problem: The problem; its step size and start are replaced.
        points: All points of a square.
        labels: Their labels, shape (count,), changed where a proof says otherwise.
        certified: Whether they are certified, shape (count,), changed at those that are proved.
    """
    size = round(points.starts.shape[1] ** 0.5)
    proved = differing = 0
    for row in range(ON_A_SIDE):
        for column in range(ON_A_SIDE):
            at = [(2 * k + 1) * size // (2 * ON_A_SIDE) for k in (row, column)]
            index = at[0] * size + at[1]
            eta, *start = (fmpq(*float(x).as_integer_ratio()) for x in (points.eta[index], *points.starts[:, index]))
            try:
                found = decide_smooth(replace(problem, step_size=eta, start=tuple(start)), max_steps=OBSERVED_STEPS)
            except InputError:
                continue  # Outside the domain.
            if found.verdict is Verdict.PROVED and found.limit is not None and accepted(smooth_certificate(found)):
                v = points.v[:, index]
                along = sum(float(x.mid()) * y for x, y in zip(found.limit.vectors[0], v, strict=True))
                label = int(points.labels_of(index, along))
                there = [float(arb(x)) for x in found.minimizer.centre] if found.minimizer else []
                if not np.allclose(there, points.centre, atol=NEAR):
                    label = int(BasinLabel.ELSEWHERE)
                proved, differing = proved + 1, differing + int(labels[index] != label)
                labels[index], certified[index] = label, True
    return proved, differing


def observed(problem: SmoothProblem, points: Points) -> npt.NDArray[np.uint8]:
    """Run gradient descent in float64 and label where each point goes, shape (count,).

    Args:
        problem: The problem; its step size and start do not matter.
        points: The points.
    """
    count = points.starts.shape[1]
    labels = np.full(count, BasinLabel.UNSETTLED, dtype=np.uint8)
    alive, x = np.arange(count), points.starts.copy()
    with np.errstate(all="ignore"):
        for k in range(OBSERVED_STEPS):
            _, slopes = with_slopes(problem.loss, x)
            h = x - points.centre[:, None]
            far, step = np.hypot(h[0], h[1]), np.hypot(slopes[0], slopes[1])
            here, gone = far < NEAR, ~(far < _LOST)
            other = ~here & ~gone & (step < NEAR * NEAR)
            t = (points.v[:, alive] * h).sum(axis=0) * np.where(points.turned[alive] & (k % 2 == 1), -1, 1)
            labels[alive[here]] = points.labels_of(alive[here], t[here])
            labels[alive[gone]] = BasinLabel.ESCAPES
            labels[alive[other]] = BasinLabel.ELSEWHERE
            keep = ~(here | gone | other)
            if not keep.any():
                break
            alive, x = alive[keep], (x - points.eta[alive] * slopes)[:, keep]
    return labels
