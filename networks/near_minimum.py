"""Momentum and Adam near a network's strict minimum, on both sides of their switch and in the window between.

The steps are those of ``torch.optim`` in float64. Components are taken along the Hessian's eigenvectors at the minimum,
so that growth rates and angles can be compared with the multipliers of docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Any

import torch
from torch import Tensor

from gdcheck.networks.descent import start_near
from gdcheck.networks.end_motion import measure, motion_findings, own_rates
from gdcheck.networks.measurements import cosine
from gdcheck.networks.method_shapes import EndMotion, MethodPrediction, MethodRun
from gdcheck.networks.methods import Method, MethodConfig, make_optimizer
from gdcheck.networks.minimum import Minimum
from gdcheck.networks.objective import Objective
from gdcheck.networks.predictions import lines, predict
from gdcheck.theorem.methods.method import Method as ExactMethod
from gdcheck.theorem.methods.reading import read_method
from gdcheck.theorem.methods.words import method_words

SETTLED = 1e-3
"""How far a cosine may be from its limit."""
SWINGS = 0.01
"""The least range of the cosine over the last quarter of a run whose cosine has no limit."""
_DISTANCE = 1e-3
FLOOR = 1e-9
"""The least distance that is measured: a minimum is known to some 1e-12, and closer to it that error shows."""
_LEAST = 40
_POINTS = 200
_NINES = ("9999/10000", "999/1000", "99/100")
_BETAS = ("9/10", "1/2", "1/5", "1/20", "1/100")
# Near a double root the multipliers are known only to the square root of rounding errors: stay clear of it.
_ROOM = 1.2


@dataclass(frozen=True)
class Plan:
    """One run to make.

    Attributes:
        place: Where its step size lies.
        method: The method in the JSON form of problems.
        step_size: η.
    """

    place: str
    method: dict[str, Any]
    step_size: float

    @property
    def exact(self) -> ExactMethod:
        """The method with exact parameters."""
        return read_method(self.method)

    def config(self) -> MethodConfig:
        """Return the method as ``torch.optim`` takes it."""
        numbers = {key: float(Fraction(value)) for key, value in self.method.items() if key != "name"}
        if self.method["name"] == "adam":
            return MethodConfig(Method.ADAM, self.step_size, numbers["beta1"], numbers["beta2"], numbers["epsilon"])
        return MethodConfig(Method.MOMENTUM, self.step_size, numbers["momentum"])


def plans(spectrum: Sequence[float]) -> list[Plan]:
    """Choose methods and step sizes that this minimum can tell apart.

    Args:
        spectrum: The Hessian's eigenvalues, ascending, all positive.

    Returns:
        Heavy ball on both sides of 2(1+β)/(λ₁+λₙ), with the largest β that has this switch here; heavy ball in the
        window, with the smallest that has one; Adam with ε = 1 on both sides of its switch.
    """
    low, high = spectrum[0], spectrum[-1]
    found = []
    switching = [b for b in _BETAS if _least_ratio(b) * _ROOM < high / low]
    if switching:
        found += _both_sides({"name": "heavy-ball", "momentum": switching[0]}, low, high)
    turning = [b for b in reversed((*_NINES, *_BETAS)) if _least_ratio(b) > _ROOM * high / low]
    if turning:
        method = {"name": "heavy-ball", "momentum": turning[0]}
        window = lines(read_method(method), low, high)[1]
        if window is not None:
            found.append(Plan("in the window", method, sqrt(window[0] * window[1])))
    if switching:
        found += _both_sides({"name": "adam", "beta1": switching[0], "beta2": "9/10", "epsilon": "1"}, low, high)
    return found


def _least_ratio(beta: str) -> float:
    """Return ((1+√β)/(1−√β))², the least λₙ/λ₁ with which heavy ball has a switch."""
    root = sqrt(float(Fraction(beta)))
    return ((1 + root) / (1 - root)) ** 2


def _both_sides(method: dict[str, Any], low: float, high: float) -> list[Plan]:
    boundary, _, limit = lines(read_method(method), low, high)
    if boundary is None:
        return []
    return [
        Plan("below the switch", method, 0.9 * boundary),
        Plan("above the switch", method, boundary + 0.7 * (limit - boundary)),
    ]


def run_near(
    objective: Objective,
    minimum: Minimum,
    plan: Plan,
    *,
    steps: int,
    seed: int,
    on_step: Callable[[int], None] | None = None,
) -> MethodRun:
    """Run a method from near the minimum, as long as rounding errors are small beside the distance.

    Args:
        objective: The objective, in float64.
        minimum: Its strict minimum.
        plan: The method and its step size.
        steps: Steps at most.
        seed: The seed of the start's direction.
        on_step: Called with the number of each step.

    Returns:
        What was measured, beside the prediction.
    """
    theta = start_near(minimum, _DISTANCE, seed).requires_grad_()
    optimizer = make_optimizer(plan.config(), theta)
    ends = minimum.vectors[:, [0, -1]]
    along: list[Tensor] = []
    cosines: list[float | None] = []
    before: Tensor | None = None
    left = False
    for k in range(steps):
        offset = theta.detach() - minimum.theta
        along.append(offset @ ends)
        distance = float(torch.linalg.vector_norm(offset))
        left = not distance <= 100 * _DISTANCE
        if left or (distance < FLOOR and k >= _LEAST):
            break
        here = theta.detach().clone()
        theta.grad = objective.evaluate(theta).gradient
        optimizer.step()
        update = theta.detach() - here
        if before is not None:
            cosines.append(cosine(update, before))
        before = update
        if on_step:
            on_step(k + 1)
    values = torch.stack(along).double().cpu()
    predicted = predict(plan.exact, plan.step_size, minimum.spectrum.tolist())
    tail = [x for x in cosines[-max(2, len(cosines) // 4) :] if x is not None]
    measured = [None if end is None else _motion(values[:, i], end) for i, end in enumerate(own_rates(predicted))]
    picked = sorted({round(i * (len(cosines) - 1) / (_POINTS - 1)) for i in range(_POINTS)}) if cosines else []
    return MethodRun(
        place=plan.place,
        method=plan.method,
        step_size=plan.step_size,
        taken=len(cosines) + (before is not None),
        left=left,
        predicted=predicted,
        lowest=measured[0],
        highest=measured[1],
        cosine_low=min(tail, default=None),
        cosine_high=max(tail, default=None),
        steps=tuple(k + 2 for k in picked),
        cosine=tuple(None if cosines[k] is None else float(f"{cosines[k]:.7g}") for k in picked),
        findings=_findings(plan, predicted, measured, tail),
    )


def _motion(values: Tensor, predicted: EndMotion) -> EndMotion | None:
    """Measure how one component moves over the last half of the steps at which it is well above rounding errors."""
    known = [float(x) for x in values if abs(float(x)) > 0]
    known = known[: next((k for k, x in enumerate(known) if abs(x) < FLOOR * 0.1), len(known))]
    half = known[len(known) // 2 :]
    if len(half) < _LEAST // 2:
        return None
    return measure(torch.tensor(half, dtype=torch.float64).unfold(0, 3, 1), predicted)


def _findings(
    plan: Plan,
    predicted: MethodPrediction,
    measured: Sequence[EndMotion | None],
    tail: Sequence[float],
) -> dict[str, bool]:
    where = f"{method_words(plan.method)}, η = {plan.step_size:.6g} {plan.place}"
    found = {}
    if predicted.cosine is None:
        swings = max(tail, default=0.0) - min(tail, default=0.0)
        found[f"{where}: the cosine of consecutive updates does not settle"] = swings > SWINGS
    else:
        said = f"the cosine of consecutive updates goes to {'+1' if predicted.cosine > 0 else '−1'}"
        found[f"{where}: {said}"] = max((abs(x - predicted.cosine) for x in tail), default=1.0) <= SETTLED
    found |= {f"{where}: {said}": holds for said, holds in motion_findings(own_rates(predicted), measured).items()}
    return found
