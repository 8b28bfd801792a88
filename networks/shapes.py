"""The results of ``gdcheck train`` and ``gdcheck network``; without torch, so that a page of them needs none."""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from gdcheck.networks.method_shapes import MethodRun, MinimumAhead
from gdcheck.theorem.certificate.shapes import Count, Shape, StoredRun

Numbers: TypeAlias = tuple[float, ...]
Gaps: TypeAlias = tuple[float | None, ...]
"""Numbers, with null where one is not finite."""


def finite(value: float) -> float | None:
    """Return the number; None if it is infinite or NaN, which JSON cannot hold."""
    return value if isfinite(value) else None


class Surroundings(Shape, frozen=True):
    """Device, versions, and whether torch was told to be deterministic and to keep to full float32 (no TF32)."""

    device: str
    threads: Count
    python: str
    torch: str
    deterministic: bool
    tf32: bool


class DataEntry(Shape, frozen=True):
    """What the images are; ``sha256`` is that of their pixels, before they are normalized, and labels."""

    name: str
    synthetic: bool
    images: Count
    shape: tuple[Count, ...]
    classes: Count
    sha256: str


class NetworkEntry(Shape, frozen=True):
    """What the network is."""

    architecture: str
    activation: str
    width: Count
    smooth: bool
    parameters: Count


class Band(Shape, frozen=True):
    """A quantity over several runs, in bins of the steps that all of them have; nothing between the bins is left out.

    Attributes:
        steps: The last step of each bin, shape (k,).
        mean: The mean over the runs and the bin, shape (k,).
        low: The smallest value of any run in the bin, shape (k,).
        high: The largest value of any run in the bin, shape (k,).
    """

    steps: tuple[Count, ...]
    mean: Numbers
    low: Numbers
    high: Numbers


class Approach(Shape, frozen=True):
    """Whether cos → 1 was measured for one optimizer, or only a level; see ``networks.approach``.

    Attributes:
        verdict: ``approaching``: every seed has settled and 1 − cos falls; ``level``: cos ≥ 0.99 over the last
            twentieth of every seed, and no more than that; ``below``: not even that.
        final: The mean over the seeds of the mean cosine over the last twentieth of the run.
        trend: The mean over the seeds of that mean less the one over the twentieth before the middle.
        spread: The standard deviation of the final values over the seeds; 0 for one seed.
        worst: The smallest cosine over the last twentieth of any seed.
        deficit: The mean over the seeds of the median of 1 − cos over the last twentieth.
        flow: The same of the method's own gradient flow, over the time of one step; null without looks at the Hessian.
        excess: The deficit less the flow's.
        rate: The growth of log((1 − cos)/η²) per step over the second half, the largest over the seeds.
        gradient: The last gradient's norm over the first one's, the largest over the seeds.
        rises: The share of the second half's losses above the one before, the largest over the seeds.
        distance: The distance of the last iterate from the minimum that was found from there, over the start's
            distance from it; the largest over the seeds. Looked for where a run has settled.
        reason: Why, in a clause.
    """

    verdict: Literal["approaching", "level", "below"]
    final: float | None
    trend: float | None
    spread: float | None
    worst: float | None
    deficit: float | None
    flow: float | None
    excess: float | None
    rate: float | None
    gradient: float | None
    rises: float | None
    distance: float | None
    reason: str

    @property
    def measured(self) -> bool:
        """Whether the approach to 1 was measured, and not only a level."""
        return self.verdict == "approaching"


class TrainingRun(Shape, frozen=True):
    """One run of an optimizer.

    Attributes:
        optimizer: The optimizer.
        step_size: η at its start.
        seed: The seed.
        steps: How many steps were taken.
        chunk: How many images went through the network at once: fewer than all where the memory did not hold them.
        diverged: Why the run ended early, if it did.
        loss: The last loss over all images.
        accuracy: The last accuracy over all images.
        gradient_norm: The last gradient's norm over all images.
        cosine: The last cosine of consecutive updates.
        sharpness: The last sharpness that the method's threshold speaks of.
        threshold: The method's threshold.
        looks: How often the spectrum was measured.
        unconverged: How often the measurement did not converge.
    """

    optimizer: str
    step_size: float
    seed: Count
    steps: Count
    chunk: Count
    diverged: str | None
    loss: float | None
    accuracy: float | None
    gradient_norm: float | None
    cosine: float | None
    sharpness: float | None
    threshold: float | None
    looks: Count
    unconverged: Count

    @property
    def edge(self) -> bool:
        """Whether it ends above the threshold with alternating updates: at the edge of stability."""
        above = self.sharpness is not None and self.threshold is not None and self.sharpness > self.threshold
        return above and self.cosine is not None and self.cosine < 0


class OptimizerEntry(Shape, frozen=True):
    """What was measured of one optimizer over its seeds; the bands leave out runs that diverged.

    Attributes:
        optimizer: The optimizer.
        step_size: η.
        momentum: The momentum.
        batch: The size of a batch; null for all images.
        schedule: The schedule of the step size.
        seeds: How many seeds.
        approach: Whether cos → 1 was measured, or only a level.
        epoch_approach: The same of the updates of whole epochs, for batches.
        loss_change: The largest relative change of the loss over the last tenth of a run.
        cosine: The cosine of consecutive updates.
        epoch_cosine: The cosine of the updates of consecutive epochs, for batches.
        loss: The loss over all images.
        flow: 1 − cos of the method's own gradient flow over the time of one step.
        sharpness_over_threshold: The sharpness divided by the method's threshold.
        alignment: |cos| of the update with the Hessian's top eigenvector.
    """

    optimizer: str
    step_size: float
    momentum: float
    batch: int | None
    schedule: str
    seeds: Count
    approach: Approach
    epoch_approach: Approach | None
    loss_change: float | None
    cosine: Band
    epoch_cosine: Band | None
    loss: Band
    flow: Band
    sharpness_over_threshold: Band
    alignment: Band


class TrainingResult(StoredRun, frozen=True, tag="gdcheck-training/2"):
    """The result of ``gdcheck train``: an entry a run, a judgement an optimizer, bands over the seeds."""

    kind: Literal["measured"]
    surroundings: Surroundings
    data: DataEntry
    network: NetworkEntry
    loss: Literal["mse", "cross-entropy"]
    weight_decay: Annotated[float, Meta(ge=0)]
    dtype: Literal["float32", "float64"]
    steps: Count
    near_one: float
    runs: tuple[TrainingRun, ...]
    optimizers: tuple[OptimizerEntry, ...]
    minima: tuple[MinimumAhead, ...] = ()
    command: str = ""


class MinimumEntry(Shape, frozen=True):
    """The minimum that was found.

    Attributes:
        loss: The loss.
        accuracy: The accuracy.
        gradient_norm: ‖∇f‖.
        lbfgs_steps: How many steps of L-BFGS led there.
        newton_steps: How many of Newton followed.
        spectrum: The Hessian's eigenvalues, ascending, shape (n,).
        boundary: 2/(λ₁+λₙ).
        stability_limit: 2/λₙ.
        theta: The minimum itself, shape (n,), to the last bit: with the data's digest all of this can be checked.
        start: The unit vector along which the runs start from there, shape (n,).
    """

    loss: float
    accuracy: float
    gradient_norm: float
    lbfgs_steps: Count
    newton_steps: Count
    spectrum: Numbers
    boundary: float
    stability_limit: float
    theta: Numbers
    start: Numbers


class LockingEntry(Shape, frozen=True):
    """When the direction of a run locks, and what says so; see ``networks.locking``. Steps count from 1.

    Attributes:
        eigenvector: The eigenvector that η selects.
        level: The cosine that is asked for.
        cosine: The step from which cos of consecutive updates is within ``level`` of its limit to the end; null if not.
        sound: The first step at which the sound signal bounds the update's angle to that eigenvector by the level.
        aligned: The step from which the updates are so close to that eigenvector to the end; null if they are not.
    """

    eigenvector: Literal["v₁", "vₙ"]
    level: float
    cosine: Count | None
    sound: Count | None
    aligned: Count | None

    @property
    def said(self) -> str:
        """All of it, in a sentence."""
        sign, far = ("−", "≤") if self.eigenvector == "vₙ" else ("", "≥")
        cosine = "never to the end" if self.cosine is None else f"from step {self.cosine} to the end"
        sound = "does not fire" if self.sound is None else f"fires at step {self.sound}"
        there = "not at the end" if self.aligned is None else f"from step {self.aligned} to the end"
        return (
            f"cos of consecutive updates {far} {sign}{self.level:g} {cosine}; the sound signal {sound}; "
            f"updates along ±{self.eigenvector} to cos ≥ {self.level:g} {there}"
        )


class TrajectoryEntry(Shape, frozen=True):
    """A run of gradient descent around the minimum.

    Attributes:
        step_size: η.
        ratio: η divided by 2/(λ₁+λₙ).
        taken: How many steps were taken.
        left: Whether it left the neighbourhood.
        alternates: Whether the updates alternate.
        steps: The steps at which the next four are given, shape (k,).
        cosine: The cosine of consecutive updates, shape (k,).
        lowest: The cosine of the position with v₁, shape (k,).
        highest: The cosine of the position with vₙ, shape (k,).
        distance: The distance from the minimum, shape (k,).
        last_cosine: The last cosine of consecutive updates.
        sharpness_from: The step of the first sharpness.
        sharpness: λₙ(x_k) − λₙ at the steps from there on.
        sharpness_residual: The largest residual of an eigenpair.
        locking: When its direction locks, and what says so.
    """

    step_size: float
    ratio: float
    taken: Count
    left: bool
    alternates: bool
    steps: tuple[Count, ...]
    cosine: Gaps
    lowest: Gaps
    highest: Gaps
    distance: Gaps
    last_cosine: float | None
    sharpness_from: Count
    sharpness: Numbers
    sharpness_residual: float
    locking: LockingEntry | None = None


class ScanPoint(Shape, frozen=True):
    """One step size of the scan.

    Attributes:
        step_size: η.
        ratio: η divided by 2/(λ₁+λₙ).
        slope: The measured growth per step of log|y_n/y_1|, positive where vₙ wins; null where one of them has sunk.
        expected: log(|1−ηλₙ|/|1−ηλ₁|).
        cosine: The last cosine of consecutive updates; null if it is not finite.
        left: Whether the run left the neighbourhood.
    """

    step_size: float
    ratio: float
    slope: float | None
    expected: float
    cosine: float | None
    left: bool


class Finding(Shape, frozen=True):
    """One prediction: whether it was measured, what was measured of it, and the least that was asked for.

    The margin is the difference of the two; there is no value where nothing could be measured.
    """

    holds: bool
    value: float | None
    least: float


class NetworkResult(StoredRun, frozen=True, tag="gdcheck-network-measured/2"):
    """The result of ``gdcheck network``: gradient descent on both sides of the boundary around a strict minimum.

    ``matched`` is as close to the boundary as ``above``, on its other side; ``below`` is far from it.
    """

    kind: Literal["measured"]
    surroundings: Surroundings
    data: DataEntry
    network: NetworkEntry
    loss: Literal["mse"]
    weight_decay: float
    options: dict[str, int | float]
    minimum: MinimumEntry
    below: TrajectoryEntry
    matched: TrajectoryEntry
    above: TrajectoryEntry
    scan: tuple[ScanPoint, ...]
    switch: float | None
    switch_relative_difference: float | None
    findings: dict[str, Finding]
    methods: tuple[MethodRun, ...] = ()
    command: str = ""

    @property
    def signals(self) -> dict[str, str]:
        """What each signal of a locked direction said, by run."""
        runs = {
            "far below the boundary": self.below,
            "below the boundary, as close as above": self.matched,
            "above the boundary": self.above,
        }
        return {where: run.locking.said for where, run in runs.items() if run.locking is not None}
