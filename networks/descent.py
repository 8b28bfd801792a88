"""Plain gradient descent near a known minimum, with its components along the minimum's eigenvectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

from gdcheck.networks.eigen import NotFiniteError, top_eigenpairs
from gdcheck.networks.locking import sine_bounds
from gdcheck.networks.measurements import cosine
from gdcheck.networks.minimum import Minimum
from gdcheck.networks.objective import Objective

_SHARPNESS_TOLERANCE = 1e-9
_SUNK = 1e-6


@dataclass(frozen=True)
class Trajectory:
    """Gradient descent, step by step; y is x − x* in the Hessian's eigenvectors.

    Attributes:
        step_size: η.
        cosine: (K,), cos⟨Δx_k, Δx_{k−1}⟩ for k = 1, …, K.
        lowest: (K + 1,), y_{k,1}/‖y_k‖, the position's cosine with v₁.
        highest: (K + 1,), y_{k,n}/‖y_k‖, the position's cosine with vₙ.
        distance: (K + 1,), ‖y_k‖.
        sharpness: λₙ(x_k) − λₙ for the steps of ``sharpness_from`` on.
        sharpness_from: The first step at which the sharpness was taken.
        sharpness_residual: The largest residual among those eigenvalues.
        sine: (K,), at step k the sine of the angle of Δx_{k−1} to the eigenvector that η selects; empty if not asked.
        sine_below: (K,), the lower bound of that sine from two updates and the spectrum.
        sine_above: (K,), the upper bound.
        left: Whether the run left the neighbourhood: the distance passed a hundred times the start's, or was NaN.
    """

    step_size: float
    cosine: Tensor
    lowest: Tensor
    highest: Tensor
    distance: Tensor
    sharpness: tuple[float, ...]
    sharpness_from: int
    sharpness_residual: float
    sine: Tensor
    sine_below: Tensor
    sine_above: Tensor
    left: bool

    @property
    def steps(self) -> int:
        """K, the number of steps taken."""
        return len(self.cosine)

    @property
    def alternates(self) -> bool:
        """Whether the component along vₙ changed its sign at every one of the last hundred steps."""
        last = torch.sign(self.highest[-101:])
        return bool((last[1:] * last[:-1] < 0).all())

    @property
    def log_ratio(self) -> float | None:
        """log|y_n/y_1| at the last step; None where one of them is zero, or the run left."""
        low, high = abs(float(self.lowest[-1])), abs(float(self.highest[-1]))
        return None if self.left or not (low > 0 and high > 0) else log(high / low)

    @property
    def log_ratio_slope(self) -> float | None:
        """The mean growth per step of log|y_n/y_1| over the second half: log(|μₙ|/|μ₁|) near the minimum.

        None where one of the two has sunk to the size of rounding errors, or the run left.
        """
        ends = torch.stack([self.lowest, self.highest]).abs() * self.distance
        if self.left or float(ends[:, -1].min()) < _SUNK * float(self.distance[0]):
            return None
        ratio = torch.log(ends[1] / ends[0])
        half = self.steps // 2
        return float(ratio[-1] - ratio[half]) / (self.steps - half)


def start_near(minimum: Minimum, distance: float, seed: int) -> Tensor:
    """Return a point at a given distance from the minimum in a random direction, (n,)."""
    generator = torch.Generator().manual_seed(seed)
    direction = torch.randn(len(minimum.theta), generator=generator, dtype=torch.float64)
    direction = direction.to(minimum.theta.device)
    return minimum.theta + distance * direction / torch.linalg.vector_norm(direction)


def descend(
    objective: Objective,
    minimum: Minimum,
    start: Tensor,
    step_size: float,
    steps: int,
    *,
    sharpness_steps: range = range(0),
    signals: bool = False,
    on_step: Callable[[int], None] | None = None,
) -> Trajectory:
    """Run x ← x − η∇f(x).

    Args:
        objective: The objective.
        minimum: The minimum, near which the run starts.
        start: (n,).
        step_size: η.
        steps: How many steps.
        sharpness_steps: Consecutive steps at which the largest Hessian eigenvalue is taken.
        signals: Whether the angle of the updates to the eigenvector that η selects is followed, with its bounds.
        on_step: Called with the number of each step.

    Returns:
        What was seen; it ends early where the run leaves the neighbourhood.
    """
    theta = start.clone()
    ends = minimum.vectors[:, [0, -1]]
    cosines, lowest, highest, distances, sharpness = [], [], [], [], []
    residual, left = 0.0, False
    warm = minimum.vectors[:, -1:]
    before: Tensor | None = None
    watch = _Watch(minimum, step_size) if signals else None
    for k in range(steps + 1):
        offset = theta - minimum.theta
        distance = float(torch.linalg.vector_norm(offset))
        along = (offset @ ends / distance).tolist()
        distances.append(distance)
        lowest.append(along[0])
        highest.append(along[1])
        left = not distance <= 100 * distances[0]
        if left or k == steps:
            break
        if k in sharpness_steps:
            try:
                top = top_eigenpairs(objective.products(theta), warm, 1, tolerance=_SHARPNESS_TOLERANCE, seed=k)
            except NotFiniteError:
                left = True
                break
            sharpness.append(top.values[0] - minimum.highest)
            residual = max(residual, top.residuals[0])
            warm = top.vectors
        update = -step_size * objective.evaluate(theta).gradient
        if before is not None:
            cosines.append(_cosine(update, before))
        if watch:
            watch.see(update)
        before = update
        theta = theta + update
        if on_step:
            on_step(k + 1)
    if before is not None:
        last = -step_size * objective.evaluate(theta).gradient
        cosines.append(_cosine(last, before))
        if watch:
            watch.see(last)
    seen = torch.tensor(watch.seen if watch else [], dtype=torch.float64).reshape(-1, 3)
    return Trajectory(
        step_size=step_size,
        cosine=torch.tensor(cosines, dtype=torch.float64),
        lowest=torch.tensor(lowest, dtype=torch.float64),
        highest=torch.tensor(highest, dtype=torch.float64),
        distance=torch.tensor(distances, dtype=torch.float64),
        sharpness=tuple(sharpness),
        sharpness_from=sharpness_steps.start,
        sharpness_residual=residual,
        sine=seen[:, 0],
        sine_below=seen[:, 1],
        sine_above=seen[:, 2],
        left=left,
    )


class _Watch:
    """Records each update's angle to the eigenvector that η selects, and its bounds from this update and the next."""

    def __init__(self, minimum: Minimum, step_size: float) -> None:
        self._vectors = minimum.vectors
        self._multipliers = 1 - step_size * minimum.spectrum
        self._end = 0 if step_size < minimum.boundary else -1
        self._before: Tensor | None = None
        self.seen: list[tuple[float, float, float]] = []

    def see(self, update: Tensor) -> None:
        """Take the next update, (n,)."""
        w, u = update @ self._vectors, self._before
        if u is not None:
            # From the orthogonal component, as √(1 − cos²) would lose the digits of small angles.
            across = torch.linalg.vector_norm(u[1:] if self._end == 0 else u[:-1])
            sine = float(across / torch.linalg.vector_norm(u))
            self.seen.append((sine, *sine_bounds(u, w, self._multipliers, self._end)))
        self._before = w


def _cosine(a: Tensor, b: Tensor) -> float:
    value = cosine(a, b)
    return float("nan") if value is None else value
