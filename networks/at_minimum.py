"""Trained runs compared with what is predicted at the strict minimum that each of them approaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import exp, log
from statistics import linear_regression
from typing import Any

import torch
from torch import Tensor

from gdcheck.networks.data import Images
from gdcheck.networks.end_motion import dominant_ends, measure, motion_findings
from gdcheck.networks.method_shapes import MethodPrediction, MinimumAhead
from gdcheck.networks.methods import Method, MethodConfig, Schedule
from gdcheck.networks.minimum import Minimum, find_minimum
from gdcheck.networks.near_minimum import FLOOR, SETTLED, SWINGS
from gdcheck.networks.networks import build
from gdcheck.networks.objective import Objective
from gdcheck.networks.predictions import predict
from gdcheck.networks.run import Outcome
from gdcheck.networks.storing import kept_iterates
from gdcheck.theorem.methods.method import Method as ExactMethod
from gdcheck.theorem.methods.reading import read_method

MOST_PARAMETERS = 1000
"""The most parameters for which the whole Hessian is computed."""
NEAR = 1e-2
"""How much closer to the minimum than the start a run has to be before its direction is compared."""
_LBFGS = 20_000
_LEAST = 8
# A wide tolerance: with complex multipliers the distance oscillates around its rate.
_RATE = 0.1


def exact_method(config: MethodConfig) -> ExactMethod:
    """Return an optimizer as the theorems know it.

    Args:
        config: Its settings.
    """
    given: dict[str, Any] = {"name": "gradient-descent"}
    if config.method in {Method.MOMENTUM, Method.NESTEROV}:
        name = "heavy-ball" if config.method is Method.MOMENTUM else "nesterov"
        given = {"name": name, "momentum": _text(config.momentum)}
    elif config.method is Method.ADAM:
        numbers = (config.momentum, config.decay, config.epsilon)
        given = {"name": "adam", **dict(zip(("beta1", "beta2", "epsilon"), map(_text, numbers), strict=True))}
    elif config.method is Method.RMSPROP:
        given = {"name": "rmsprop", "beta2": _text(config.decay), "epsilon": _text(config.epsilon)}
    return read_method(given)


def _text(value: float) -> str:
    return str(Fraction(str(value)))


def minimum_ahead(
    outcome: Outcome, images: Images, on_step: Callable[[str, int, float], None] | None = None
) -> MinimumAhead:
    """Find the strict minimum that a run approaches, and compare the run with the method's theorem there.

    Args:
        outcome: The run.
        images: Its images.
        on_step: Called with the phase, the number of its step and the gradient's norm.

    Returns:
        The comparison, or why there is none.
    """
    config = outcome.config
    name = config.method.method.value
    kept = list(kept_iterates(outcome.directory))
    reason = _why_not(outcome, kept)
    if reason is not None:
        return MinimumAhead(name, config.seed, reason)
    network = build(config.network, images.shape, len(images.classes), config.seed)
    objective = Objective(network, images, config.loss, config.weight_decay, dtype=torch.float64)
    minimum = find_minimum(objective, kept[-1][1][-1].double(), _LBFGS, on_step)
    if not minimum.strict:
        found = f"λ₁ = {minimum.lowest:.3g}, ‖∇f‖ = {minimum.gradient_norm:.1e}"
        return MinimumAhead(name, config.seed, f"no strict minimum with simple ends was found near its end ({found})")
    return _compared(outcome, kept, minimum)


def _why_not(outcome: Outcome, kept: Sequence[tuple[int, Tensor]]) -> str | None:
    config = outcome.config
    if outcome.diverged is not None:
        return "the run diverged"
    if outcome.parameters > MOST_PARAMETERS:
        return f"the whole Hessian is taken up to {MOST_PARAMETERS} parameters, and there are {outcome.parameters}"
    if config.method.batch is not None:
        return "batches change the loss from step to step; leave out --batch-size"
    if config.method.schedule is not Schedule.NONE:
        return "the schedule changes the step size; leave out --schedule"
    return None if kept else "no iterates are stored"


def _compared(outcome: Outcome, kept: Sequence[tuple[int, Tensor]], minimum: Minimum) -> MinimumAhead:
    config = outcome.config
    away = [(step, float(torch.linalg.vector_norm(rows[-1].double() - minimum.theta))) for step, rows in kept]
    # Closer to the minimum than its own precision, an offset has no meaningful direction.
    distances = [pair for pair in away if pair[1] >= FLOOR]
    if len(distances) < _LEAST:
        known = f"fewer than {_LEAST} stored iterates are at least {FLOOR:g} away from it"
        return MinimumAhead(config.method.method.value, config.seed, f"{known}; a smaller --keep-every stores more")
    last, end = distances[-1]
    growth = exp(_slope(distances[len(distances) // 2 :]))
    closer = distances[0][1] / end
    predicted = predict(exact_method(config.method), config.method.step_size, minimum.spectrum.tolist())
    cosines = [r["cosine"] for r in outcome.rows if r["cosine"] is not None and r["step"] < last]
    tail = cosines[-max(2, len(cosines) // 4) :]
    triples = _along(kept, minimum, last)
    # There is no prediction for a minimum that repels.
    ends = [None, None] if predicted.regime == "unstable" else dominant_ends(predicted)
    ends = [end if len(x) else None for x, end in zip(triples, ends, strict=True)]
    along = [None if end is None else measure(x, end) for x, end in zip(triples, ends, strict=True)]
    return MinimumAhead(
        optimizer=config.method.method.value,
        seed=config.seed,
        reason=None,
        distance=end,
        closer=closer,
        lowest=minimum.lowest,
        highest=minimum.highest,
        predicted=predicted,
        cosine=cosines[-1] if cosines else None,
        growth=growth,
        along_lowest=along[0],
        along_highest=along[1],
        findings=_findings(predicted, closer, growth, tail) | motion_findings(ends, along),
    )


def _along(kept: Sequence[tuple[int, Tensor]], minimum: Minimum, last: int) -> list[Tensor]:
    """Return the components along v₁ and vₙ at three consecutive steps each, shape (k, 3), of iterates up to a step.

    It is the last quarter of those well above rounding errors; k = 0 where there are too few.
    """
    stored = [rows.double() for step, rows in kept if step <= last and len(rows) == 3]
    if not stored:
        return [torch.empty(0, 3)] * 2
    found = ((torch.stack(stored) - minimum.theta) @ minimum.vectors[:, [0, -1]]).unbind(2)
    clear = [x[x.abs().amax(1) > FLOOR / 10] for x in found]
    return [x[-max(_LEAST, len(x) // 4) :] if len(x) >= _LEAST else x[:0] for x in clear]


def _slope(distances: Sequence[tuple[int, float]]) -> float:
    """Fit a line to the logarithms of distances over their steps, and return its slope."""
    steps = [float(k) for k, _ in distances]
    return linear_regression(steps, [log(x) for _, x in distances]).slope


def _findings(predicted: MethodPrediction, closer: float, growth: float, tail: Sequence[float]) -> dict[str, bool]:
    near = closer >= 1 / NEAR
    if predicted.regime == "unstable":
        # That a run stays away from a minimum that repels proves nothing: it may only be slow.
        return {}
    found = {f"the run comes {1 / NEAR:g} times closer to the minimum": near}
    rho = max(predicted.lowest.modulus, predicted.highest.modulus)
    found[f"the distance shrinks by {rho:.6g} a step in the long run"] = abs(growth - rho) <= _RATE * (1 - rho)
    if predicted.cosine is None:
        settles = bool(tail) and max(tail) - min(tail) > SWINGS
        found["the cosine of consecutive updates does not settle"] = near and settles
    else:
        off = max((abs(x - predicted.cosine) for x in tail), default=1.0)
        found[f"the cosine of consecutive updates goes to {'+1' if predicted.cosine > 0 else '−1'}"] = (
            near and off <= SETTLED
        )
    return found
