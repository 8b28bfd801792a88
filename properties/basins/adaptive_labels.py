"""Where starts go under Adam and RMSprop, as a plain float64 simulation shows it; nothing here is proved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gdcheck.properties.basins.simulation import BasinLabel, Codes, Floats
from gdcheck.theorem.descent.float_map import FloatMap
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.method import Adam

OBSERVED_STEPS = 1000
_BLOCK = 1 << 13
_NEAR, _LOST, _STILL = 1e-5, 1e8, 1e-9

Tell = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Regimes:
    """The behaviour of each step size near the minimizer.

    Attributes:
        first: The label of a point that arrives there with a positive amplitude, shape (count,).
        weights: The amplitude is the inner product of (h, c) with these, shape (2, 2, count); zero without an
            amplitude.
        turned: Whether it changes its sign at each step, shape (count,).
    """

    first: Codes
    weights: Floats
    turned: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, method: Adam, eta: Floats, marks: tuple[float, float, float], axes: tuple[Floats, Floats]) -> Regimes:
        """Find the regimes from the ends of the small-step and the large-step regime, and the stability limit.

        Args:
            method: The method.
            eta: Step sizes, shape (count,).
            marks: Where the small-step regime ends, where the large-step one begins, and where that ends.
            axes: λ₁ and λₙ, and unit eigenvectors, as columns, shape (2, 2).
        """
        values, vectors = axes
        small, large = eta < marks[0], (eta > marks[1]) & (eta < marks[2])
        s = eta * to_float(method.gain) * np.where(large, values[1], values[0])
        beta = to_float(method.beta1)
        trace = 1 + beta - s
        apart = np.copysign(np.sqrt(np.maximum(trace * trace - 4 * beta, 0)), trace)
        directed = (small | large) & (apart != 0)
        apart = np.where(directed, apart, 1.0)
        of_h, of_c = ((trace + apart) / 2 - beta) / apart, -beta / apart
        v = np.where(large, vectors[:, 1:], vectors[:, :1])
        weights = np.where(directed, np.stack([of_h * v, of_c * v]), 0.0)
        first = np.full(eta.shape, BasinLabel.UNDECIDED, np.uint8)
        if values[0] < values[1]:
            first[small], first[large] = BasinLabel.FIXED_PLUS, BasinLabel.ALTERNATING_PLUS
        first[(eta > marks[0]) & (eta < marks[1])] = BasinLabel.ROTATING
        return cls(first, weights, large)


def observed(problem: Problem, points: tuple[Floats, Floats], width: float, regimes: Regimes, tell: Tell) -> Codes:
    """Run the method in float64 and label where each point goes.

    Args:
        problem: Loss, minimizer and method, Adam or RMSprop; its step size and start do not matter.
        points: Step sizes, shape (count,), and starts less the minimizer, shape (2, count).
        width: The size of the window: a point within a hundred-thousandth of it has arrived.
        regimes: What each step size does.
        tell: Told how many points are done, of all.

    Returns:
        The labels, shape (count,).
    """
    eta, h = points
    labels = np.full(eta.shape, BasinLabel.UNSETTLED, np.uint8)
    gradient = FloatMap(problem.loss.shifted(problem.minimizer), fmpq(1)).gradient
    with np.errstate(all="ignore"):
        for begin in range(0, eta.size, _BLOCK):
            rows = np.arange(begin, min(begin + _BLOCK, eta.size))
            _observe_block(problem, gradient, (rows, eta, h, width), regimes, labels)
            tell(int(rows[-1]) + 1, eta.size)
    return labels


def _observe_block(
    problem: Problem,
    gradient: Callable[[Any], Sequence[Any]],
    points: tuple[npt.NDArray[np.intp], Floats, Floats, float],
    regimes: Regimes,
    labels: Codes,
) -> None:
    method = problem.method
    assert isinstance(method, Adam)
    at, eta, starts, width = points
    u, x = eta[at] * to_float(method.gain), starts[:, at]
    c, s, moved = np.zeros_like(x), np.zeros_like(x), np.full(at.shape, np.inf)
    beta = to_float(method.beta1)
    for step in range(OBSERVED_STEPS + 1):
        size = np.hypot(x[0], x[1])
        here, gone = size < _NEAR * width, ~(size < _LOST * width)
        if here.any() or gone.any():
            found = at[here]
            weights = regimes.weights[:, :, found]
            along = (weights[0] * x[:, here] + weights[1] * c[:, here]).sum(axis=0)
            along = np.where(regimes.turned[found] & (step % 2 == 1), -along, along)
            first = regimes.first[found]
            labels[found] = first + ((along < 0) & (first < BasinLabel.ESCAPES))
            labels[at[gone]] = BasinLabel.ESCAPES
            keep = ~(here | gone)
            at, u, x, c, s, moved = at[keep], u[keep], x[:, keep], c[:, keep], s[:, keep], moved[keep]
            if not at.size:
                return
        slopes = [np.broadcast_to(np.asarray(g, np.float64), u.shape) for g in gradient([x[0], x[1]])]
        c = beta * c + u * np.stack(slopes)
        s = np.stack(method.root_mean_square(s, slopes, np.sqrt, to_float))
        change = np.stack(method.weights(s, step + 1, np.sqrt, to_float)) * c
        x, moved = x - change, np.hypot(change[0], change[1])
    labels[at[moved <= _STILL * np.hypot(x[0], x[1])]] = BasinLabel.ELSEWHERE
