"""What is measured of a method near a strict minimum, beside what is predicted there; without torch."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from gdcheck.theorem.certificate.shapes import Count, Shape

ENDS = ("v₁", "vₙ")
"""The names of the components that are measured."""


class EndMotion(Shape, frozen=True):
    """How the component along v₁ or vₙ moves.

    Attributes:
        modulus: The factor by which it grows in a step, in the long run.
        angle: The angle by which it turns in a step, in radians: 0 for a positive multiplier, π for a negative one.
    """

    modulus: float
    angle: float


class MethodPrediction(Shape, frozen=True):
    """What docs/methods.md says of a method with a step size, at a spectrum known in floats.

    Attributes:
        regime: The regime.
        cosine: The limit of the cosine of consecutive updates; null where there is none.
        lowest: The component along v₁.
        highest: The component along vₙ.
        boundary: The step size at which fixed turns into alternating; null where a window lies between.
        window: The ends of the step sizes without a limit; null where there is a switch.
        stability_limit: The step size from which on the minimum repels.
    """

    regime: Literal["small-step", "large-step", "rotating", "unstable"]
    cosine: float | None
    lowest: EndMotion
    highest: EndMotion
    boundary: float | None
    window: tuple[float, float] | None
    stability_limit: float


class MethodRun(Shape, frozen=True):
    """A run of a method near a strict minimum, measured and predicted.

    Attributes:
        place: Where its step size lies: ``below the switch``, ``above the switch`` or ``in the window``.
        method: The method in the JSON form of problems, its parameters as texts.
        step_size: η.
        taken: How many steps were taken.
        left: Whether the run left the neighbourhood.
        predicted: The prediction.
        lowest: The component along v₁ as measured; null where it sank to rounding errors, and where its multiplier is
            below the square of the largest one: then terms of order three feed it, at the rate of that square.
        highest: That along vₙ, in the same way.
        cosine_low: The smallest cosine of consecutive updates over the last quarter of the run.
        cosine_high: The largest.
        steps: The steps at which the cosine is given, shape (k,).
        cosine: The cosine of consecutive updates, shape (k,).
        findings: Each prediction, and whether it was measured.
    """

    place: str
    method: dict[str, Any]
    step_size: float
    taken: Count
    left: bool
    predicted: MethodPrediction
    lowest: EndMotion | None
    highest: EndMotion | None
    cosine_low: float | None
    cosine_high: float | None
    steps: tuple[Count, ...]
    cosine: tuple[float | None, ...]
    findings: dict[str, bool]


class MinimumAhead(Shape, frozen=True):
    """A run of ``gdcheck train`` compared with the strict minimum that it approaches.

    Attributes:
        optimizer: The optimizer.
        seed: The seed.
        reason: Why nothing is compared; null if it is.
        distance: ‖x_T − x*‖ of the last iterate.
        closer: By which factor that is smaller than the distance of the start.
        lowest: λ₁ at the minimum.
        highest: λₙ at the minimum.
        predicted: What docs/methods.md says of the method there.
        cosine: The last cosine of consecutive updates.
        growth: The factor of the distance per step, fitted to the last half of what is at least 1e-9 away.
        along_lowest: How the component along v₁ moves over the last quarter of the stored iterates; null where its mode
            does not dominate, or nothing clear is seen.
        along_highest: That along vₙ, in the same way.
        findings: Each prediction, and whether it was measured.
    """

    optimizer: str
    seed: Count
    reason: str | None
    distance: float | None = None
    closer: float | None = None
    lowest: float | None = None
    highest: float | None = None
    predicted: MethodPrediction | None = None
    cosine: float | None = None
    growth: float | None = None
    along_lowest: EndMotion | None = None
    along_highest: EndMotion | None = None
    findings: dict[str, bool] = field(default_factory=dict)
