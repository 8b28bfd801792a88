"""Theorem 1's premise in a network: both regimes of plain gradient descent around a strict minimum, measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import log

from gdcheck.networks.descent import Trajectory, descend, start_near
from gdcheck.networks.minimum import Minimum
from gdcheck.networks.objective import Objective
from gdcheck.networks.shapes import ScanPoint, finite

COSINE_SLACK = 1e-4
ALIGNED = 0.99
SHARPNESS_STEPS = 40

# Shares of the boundary, and shares of the way from the boundary to the stability limit. The large regime is narrow:
# relative to the boundary its width is λ₁/λₙ.
_BELOW = (0.5, 0.8, 0.95)
_NEAR = (-2.0, -1.0, -0.5, -0.25, 0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class ExperimentConfig:
    """How long and from where.

    Attributes:
        steps: Steps of the two long runs.
        scan_steps: Steps at each step size of the scan.
        distance: The start's distance from the minimum in the long runs.
        scan_distance: The start's distance in the scan: small, so that the multipliers are the minimum's.
        below: The small run's η divided by the boundary.
        above: How far the large run's η lies from the boundary towards the stability limit, between 0 and 1.
        seed: The seed of the start's direction.
    """

    steps: int = 20_000
    scan_steps: int = 2_000
    distance: float = 1e-3
    scan_distance: float = 1e-6
    below: float = 0.9
    above: float = 0.7
    seed: int = 0


@dataclass(frozen=True)
class Experiment:
    """What was measured.

    Attributes:
        minimum: The minimum.
        below: The run with η < 2/(λ₁+λₙ).
        above: The run with η between 2/(λ₁+λₙ) and 2/λₙ.
        scan: The scan, by rising η.
        switch: The step size at which the measured slope passes zero, where the components along v₁ and vₙ grow at
            equal rates; None if it does not. That is close to the minimum; no direction is settled there.
    """

    minimum: Minimum
    below: Trajectory
    above: Trajectory
    scan: tuple[ScanPoint, ...]
    switch: float | None

    @property
    def findings(self) -> dict[str, bool]:
        """Each prediction of the theorem and whether it was measured."""
        low, high = self.below, self.above
        signs = [a * b for a, b in pairwise(high.sharpness)]
        # As 0 < b/a < 1, where a may be zero.
        sides = [0 < a * b < a * a for a, b in pairwise(low.sharpness)]
        return {
            "below the boundary, cos of consecutive updates goes to +1": _last(low.cosine) >= 1 - COSINE_SLACK,
            "below the boundary, the position aligns with v₁": abs(_last(low.lowest)) >= ALIGNED,
            "below the boundary, the sharpness approaches its limit from one side": bool(sides) and all(sides),
            "above the boundary, cos of consecutive updates goes to −1": _last(high.cosine) <= -1 + COSINE_SLACK,
            "above the boundary, the position aligns with vₙ": abs(_last(high.highest)) >= ALIGNED,
            "above the boundary, the component along vₙ alternates": high.alternates,
            "above the boundary, the sharpness oscillates around its limit": bool(signs) and max(signs) < 0,
            "the growth rates of the components along v₁ and vₙ are equal at 2/(λ₁+λₙ)": self.switch is not None
            and abs(self.switch - self.minimum.boundary) < 0.1 * (self.minimum.stability_limit - self.minimum.boundary),
        }


def run_experiment(
    objective: Objective,
    minimum: Minimum,
    config: ExperimentConfig,
    on_step: Callable[[int, str], None] | None = None,
) -> Experiment:
    """Two long runs, one in each regime, and a scan over the step size.

    Args:
        objective: The objective, in float64.
        minimum: Its strict minimum.
        config: How long and from where.
        on_step: Called with how many steps are done in all, and what is being done.

    Returns:
        What was measured.
    """
    done = 0

    def run(name: str, step_size: float, steps: int, distance: float, sharpness: range) -> Trajectory:
        nonlocal done
        tell = None if on_step is None else (lambda k: on_step(done + k, name))
        start = start_near(minimum, distance, config.seed)
        path = descend(objective, minimum, start, step_size, steps, sharpness_steps=sharpness, on_step=tell)
        done += steps
        return path

    edge, limit = minimum.boundary, minimum.stability_limit
    first = min(1000, config.steps // 2)
    watched = range(first, min(first + SHARPNESS_STEPS, config.steps))
    below = run("below the boundary", config.below * edge, config.steps, config.distance, watched)
    above = run("above", edge + config.above * (limit - edge), config.steps, config.distance, watched)
    points = []
    for step_size in scan_step_sizes(minimum):
        path = run("scan", step_size, config.scan_steps, config.scan_distance, range(0))
        points.append(
            ScanPoint(
                step_size=step_size,
                ratio=step_size / edge,
                slope=path.log_ratio_slope,
                expected=expected_slope(minimum, step_size),
                cosine=finite(_last(path.cosine)),
                left=path.left,
            )
        )
    return Experiment(minimum, below, above, tuple(points), switch_of(points))


def scan_step_sizes(minimum: Minimum) -> list[float]:
    """Return the scan's step sizes, rising: some far below the boundary, most on both sides close to it."""
    edge, limit = minimum.boundary, minimum.stability_limit
    return [*(share * edge for share in _BELOW), *(edge + share * (limit - edge) for share in _NEAR)]


def expected_slope(minimum: Minimum, step_size: float) -> float:
    """log(|1−ηλₙ|/|1−ηλ₁|): what the slope of log|y_n/y_1| is at the minimum."""
    return log(abs(1 - step_size * minimum.highest) / abs(1 - step_size * minimum.lowest))


def switch_of(points: list[ScanPoint]) -> float | None:
    """Where the measured slope passes zero, between neighbours on a straight line; None if it does not."""
    known = [(p.step_size, p.slope) for p in points if p.slope is not None]
    for (x, low), (y, high) in pairwise(known):
        if low < 0 <= high:
            return x - low * (y - x) / (high - low)
    return None


def _last(values: object) -> float:
    return float(values[-1])  # type: ignore[index]
