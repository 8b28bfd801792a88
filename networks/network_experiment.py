"""Theorem 1's premise in a network: both regimes of plain gradient descent around a strict minimum, measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import log

from gdcheck.networks.descent import Trajectory, descend, start_near
from gdcheck.networks.minimum import Minimum
from gdcheck.networks.objective import Objective
from gdcheck.networks.shapes import Finding, ScanPoint, finite

COSINE_SLACK = 1e-4
ALIGNED = 0.99
# The modulus of the other end's component, relative to the one that is left.
LARGEST_OTHER = 0.1
SHARPNESS_STEPS = 40

# Shares of the boundary, and shares of the way from the boundary to the stability limit. The large regime is narrow:
# relative to the boundary its width is λ₁/λₙ.
_BELOW = (0.5, 0.8, 0.95)
_NEAR = (-2.0, -1.0, -0.5, -0.25, 0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class ExperimentConfig:
    """The lengths, starts and step sizes of the runs.

    Attributes:
        steps: Steps of the three long runs.
        scan_steps: Steps at each step size of the scan.
        distance: The start's distance from the minimum in the long runs.
        scan_distance: The start's distance in the scan: small, so that the multipliers are the minimum's.
        below: The η of the run far below the boundary, divided by the boundary.
        above: How far the large run's η lies from the boundary towards the stability limit, between 0 and 1; the
            matched run's lies as far below the boundary.
        seed: The seed of the start's direction.
    """

    steps: int = 24_000
    scan_steps: int = 2_000
    distance: float = 1e-2
    scan_distance: float = 1e-6
    below: float = 0.9
    above: float = 0.9
    seed: int = 0


@dataclass(frozen=True)
class Experiment:
    """What was measured.

    Attributes:
        minimum: The minimum.
        below: A run with η far below 2/(λ₁+λₙ).
        matched: The run below 2/(λ₁+λₙ) that is as close to it as ``above``, from the same start.
        above: The run with η between 2/(λ₁+λₙ) and 2/λₙ.
        scan: The scan, by ascending η.
        switch: The step size at which the measured slope passes zero, where the components along v₁ and vₙ grow at
            equal rates; None if it does not. That is close to the minimum; no direction is settled there.
    """

    minimum: Minimum
    below: Trajectory
    matched: Trajectory
    above: Trajectory
    scan: tuple[ScanPoint, ...]
    switch: float | None

    @property
    def findings(self) -> dict[str, Finding]:
        """Each prediction of the theorem, what was measured of it, and how much was asked for."""
        low, near, high, minimum = self.below, self.matched, self.above, self.minimum
        # As 0 < b/a < 1, where a may be zero.
        sides = [0 < a * b < a * a for a, b in pairwise(low.sharpness)]
        turns = [a * b < 0 for a, b in pairwise(high.sharpness)]
        width = minimum.stability_limit - minimum.boundary
        off = None if self.switch is None else abs(self.switch - minimum.boundary) / width
        found = {
            "below the boundary, the sharpness approaches its limit from one side": (_share(sides), 1.0),
            "above the boundary, the component along vₙ alternates": (float(high.alternates), 1.0),
            "above the boundary, the sharpness oscillates around its limit": (_share(turns), 1.0),
            "the growth rates of the components along v₁ and vₙ are equal at 2/(λ₁+λₙ)": (
                None if off is None else 1 - off,
                0.9,
            ),
            "as close to the boundary on both sides, log|yₙ/y₁| ends far apart": (
                (near.log_ratio is not None and high.log_ratio is not None and high.log_ratio - near.log_ratio) or None,
                2 * log(1 / LARGEST_OTHER),
            ),
        }
        for path, where in ((low, "below the boundary"), (near, "below the boundary, as close as above")):
            found[f"{where}, cos of consecutive updates goes to +1"] = (_last(path.cosine), 1 - COSINE_SLACK)
            found[f"{where}, the position aligns with v₁"] = (abs(_last(path.lowest)), ALIGNED)
        found["above the boundary, cos of consecutive updates goes to −1"] = (-_last(high.cosine), 1 - COSINE_SLACK)
        found["above the boundary, the position aligns with vₙ"] = (abs(_last(high.highest)), ALIGNED)
        return {sentence: _finding(*pair) for sentence, pair in found.items()}


def _finding(value: float | None, least: float) -> Finding:
    known = None if value is None else finite(value)
    return Finding(known is not None and known >= least, known, least)


def _share(flags: list[bool]) -> float | None:
    """Return the share of true flags; None if there are none."""
    return sum(flags) / len(flags) if flags else None


def run_experiment(
    objective: Objective,
    minimum: Minimum,
    config: ExperimentConfig,
    on_step: Callable[[int, str], None] | None = None,
) -> Experiment:
    """Make three long runs, one far below the boundary and one close to it on either side, and scan over the step size.

    Args:
        objective: The objective, in float64.
        minimum: Its strict minimum.
        config: The lengths, starts and step sizes.
        on_step: Called with the number of steps done in all, and the name of the run.

    Returns:
        What was measured.
    """
    done = 0

    def run(name: str, step_size: float, steps: int, distance: float, sharpness: range) -> Trajectory:
        nonlocal done
        tell = None if on_step is None else (lambda k: on_step(done + k, name))
        start = start_near(minimum, distance, config.seed)
        path = descend(
            objective, minimum, start, step_size, steps,
            sharpness_steps=sharpness, signals=name != "scan", on_step=tell,
        )  # fmt: skip
        done += steps
        return path

    edge, limit = minimum.boundary, minimum.stability_limit
    first = min(1000, config.steps // 2)
    watched = range(first, min(first + SHARPNESS_STEPS, config.steps))
    below = run("below the boundary", config.below * edge, config.steps, config.distance, watched)
    near = config.above * (limit - edge)
    matched = run("as close as above", edge - near, config.steps, config.distance, range(0))
    above = run("above", edge + near, config.steps, config.distance, watched)
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
    return Experiment(minimum, below, matched, above, tuple(points), switch_of(points))


def scan_step_sizes(minimum: Minimum) -> list[float]:
    """Return the scan's step sizes, ascending: some far below the boundary, most on both sides close to it."""
    edge, limit = minimum.boundary, minimum.stability_limit
    return [*(share * edge for share in _BELOW), *(edge + share * (limit - edge) for share in _NEAR)]


def expected_slope(minimum: Minimum, step_size: float) -> float:
    """Return log(|1−ηλₙ|/|1−ηλ₁|), the slope of log|y_n/y_1| at the minimum."""
    return log(abs(1 - step_size * minimum.highest) / abs(1 - step_size * minimum.lowest))


def switch_of(points: list[ScanPoint]) -> float | None:
    """Return where the measured slope passes zero, by linear interpolation between neighbours; None if it does not."""
    known = [(p.step_size, p.slope) for p in points if p.slope is not None]
    for (x, low), (y, high) in pairwise(known):
        if low < 0 <= high:
            return x - low * (y - x) / (high - low)
    return None


def _last(values: object) -> float:
    return float(values[-1])  # type: ignore[index]
