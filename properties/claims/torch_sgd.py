r"""``torch.optim.SGD`` in float64 on the same loss follows the enclosed trajectory.

The distance allowed grows with the steps as rounding may make it grow: :math:`\delta_{k+1} = L\delta_k +
u\,m\,(\|x_k\| + \eta\sum|\cdot|)` with the Lipschitz constant L of the descent map, the unit roundoff u, the number m
of operations, and the sum of the absolute values of everything that is added up. The bound is itself computed in
floats: an observation, not a proof.
"""

from __future__ import annotations

from itertools import islice
from math import hypot, log10

import torch
from flint import arb, ctx

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import MOST_MARGIN, holds, on_decided, require
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.enclosure import enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import float_above
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import to_float

_STEPS = 40
_UNIT = 2.0**-53
_SMALLEST = 2.0**-400
_BITS = 256


class TorchLoss(torch.nn.Module):
    """A loss in float64; its parameter is the iterate."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        loss = problem.loss
        self.iterate = torch.nn.Parameter(_tensor([to_float(x) for x in problem.start]))
        self._exponents = _tensor([[float(e) for e in a] for a, _ in loss.terms])
        self._coefficients = _tensor([to_float(c) for _, c in loss.terms])
        self._powers = [
            (to_float(t.coefficient), _tensor([to_float(x) for x in t.direction]), to_float(t.threshold), t.power)
            for t in loss.truncated
        ]

    def forward(self) -> torch.Tensor:
        """Return the loss at the iterate, a scalar."""
        x = self.iterate
        total = (self._coefficients * (x**self._exponents).prod(dim=1)).sum()
        for c, direction, threshold, p in self._powers:
            total = total + c * torch.clamp(direction @ x - threshold, min=0) ** p
        return total


def sgd_iterates(problem: Problem, steps: int) -> list[list[float]]:
    """Return the iterates of ``torch.optim.SGD`` with the problem's step size as learning rate.

    Args:
        problem: The problem.
        steps: The number of steps.

    Returns:
        steps + 1 iterates, each of length n.
    """
    model = TorchLoss(problem)
    optimizer = torch.optim.SGD(model.parameters(), lr=to_float(problem.step_size))
    path = [model.iterate.tolist()]
    for _ in range(steps):
        optimizer.zero_grad()
        model().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        path.append(model.iterate.tolist())
    return path


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    problem = instance.problem
    expansion = Expansion.of(problem)
    eta = to_float(problem.step_size)
    m = 4 * len(problem.loss.terms) + 8 * problem.loss.degree * (1 + len(problem.loss.truncated)) + 16
    margin = MOST_MARGIN
    with ctx.workprec(_BITS):
        bound = RemainderBound.of(expansion)
        rho = max(abs(1 - problem.step_size * arb(x)).upper() for x in (instance.spectrum[0], instance.spectrum[-1]))
        allowed = 4 * _UNIT * hypot(*(abs(to_float(x)) for x in problem.start))
        for seen, iterate in zip(
            sgd_iterates(problem, _STEPS), islice(enclose(expansion, bound, rho), _STEPS + 1), strict=True
        ):
            if hypot(*seen) < _SMALLEST:
                # Products of coordinates soon underflow, which no relative rounding error accounts for.
                break
            gaps = [arb(x) - (y + arb(c)) for x, y, c in zip(seen, iterate.centre, problem.minimizer, strict=True)]
            distance = hypot(*(float_above(abs(g)) for g in gaps))
            reach = allowed + float_above(iterate.error)
            away = f"SGD is {distance} away at step {iterate.step}, rounding explains {reach}"
            left = _orders(reach, distance)
            require(distance <= reach, away, left)
            margin = min(margin, left)
            lipschitz = float_above(rho + bound.lipschitz(iterate.radius + arb(allowed)))
            sizes = _sizes(problem.loss, [abs(x) for x in seen])
            allowed = lipschitz * allowed + _UNIT * m * (hypot(*seen) + eta * hypot(*sizes))
    return holds(decision, "SGD stays as close as rounding allows", margin)


def _orders(reach: float, distance: float) -> float:
    """Return log₁₀(reach/distance), limited to the range of a margin; NaN as a distance gives the smallest margin."""
    if distance == 0:
        return MOST_MARGIN
    quotient = reach / distance
    return log10(quotient) if quotient > 0 else -MOST_MARGIN


def _sizes(loss: Loss, x: list[float]) -> list[float]:
    """Return for each component of the gradient the sum of the absolute values of its terms."""
    sizes = [0.0] * len(x)
    for exponents, c in loss.terms:
        for i, e in enumerate(exponents):
            if e:
                value = abs(to_float(c)) * e
                for j, k in enumerate(exponents):
                    value *= x[j] ** (k - (i == j))
                sizes[i] += value
    for t in loss.truncated:
        reach = sum(abs(to_float(a)) * b for a, b in zip(t.direction, x, strict=True)) + abs(to_float(t.threshold))
        slope = abs(to_float(t.coefficient)) * t.power * reach ** (t.power - 1)
        sizes = [s + slope * abs(to_float(a)) for s, a in zip(sizes, t.direction, strict=True)]
    return sizes


def _tensor(values: list[float] | list[list[float]]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


CLAIM = Claim(
    name="torch-sgd",
    sentence="The optimizer of common use is the gradient descent of the theorem.",
    statement="Forty steps of torch.optim.SGD in float64 stay within the enclosure and the growth of rounding errors,"
    " or as many as come before products underflow.",
    kind="observed",
    instances=problems,
    examine=_examine,
    margin="log₁₀(allowed/distance)",
)
