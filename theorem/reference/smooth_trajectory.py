"""Gradient descent on a smooth loss in mpmath, with its own functions and chain rule, and without error bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from flint import fmpq
from mpmath import mp, mpf

from gdcheck.theorem.reference.observation import Observation, observe_path
from gdcheck.theorem.reference.trajectory import Point, to_mpf, update_of
from gdcheck.theorem.smooth.graph import Function, Power, Product, SmoothLoss, Sum
from gdcheck.theorem.smooth.problem import SmoothProblem


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


_FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (mp.exp, mp.exp),
    "log": (mp.log, lambda x: 1 / x),
    "log1p": (mp.log1p, lambda x: 1 / (1 + x)),
    "sin": (mp.sin, mp.cos),
    "cos": (mp.cos, lambda x: -mp.sin(x)),
    "tan": (mp.tan, lambda x: mp.sec(x) ** 2),
    "sinh": (mp.sinh, mp.cosh),
    "cosh": (mp.cosh, mp.sinh),
    "tanh": (mp.tanh, lambda x: mp.sech(x) ** 2),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * _sigmoid(-x)),
    "softplus": (lambda x: mp.log1p(mp.exp(-abs(x))) + max(x, 0), _sigmoid),
    "erf": (mp.erf, lambda x: 2 * mp.exp(-x * x) / mp.sqrt(mp.pi)),
    "atan": (mp.atan, lambda x: 1 / (1 + x * x)),
}


class SmoothReference:
    """A smooth function and its gradient, at the digits at which the object is made; use it at the same.

    Attributes:
        loss: The function.
    """

    def __init__(self, loss: SmoothLoss) -> None:
        self.loss = loss
        self._sums = {
            i: (to_mpf(node.constant), [(slot, to_mpf(c)) for slot, c in node.terms])
            for i, node in enumerate(loss.nodes)
            if isinstance(node, Sum)
        }

    def at(self, x: Point) -> tuple[mpf, Point]:
        """Return f(x) and ∇f(x), shape (n,)."""
        values, slopes = list(x), []
        for i, node in enumerate(self.loss.nodes):
            slope = mpf(0)
            if isinstance(node, Sum):
                constant, terms = self._sums[i]
                value = constant + sum(c * values[slot] for slot, c in terms)
            elif isinstance(node, Product):
                value = values[node.left] * values[node.right]
            elif isinstance(node, Power):
                p = to_mpf(node.exponent)
                value, slope = values[node.base] ** p, p * values[node.base] ** (p - 1)
            else:
                function, derivative = _FUNCTIONS[node.name]
                value, slope = function(values[node.argument]), derivative(values[node.argument])
            values.append(value)
            slopes.append(slope)
        n = len(x)
        received = [mpf(0)] * len(values)
        received[-1] = mpf(1)
        for i in range(len(slopes) - 1, -1, -1):
            node, a = self.loss.nodes[i], received[n + i]
            if isinstance(node, Sum):
                for slot, c in self._sums[i][1]:
                    received[slot] += c * a
            elif isinstance(node, Product):
                received[node.left] += a * values[node.right]
                received[node.right] += a * values[node.left]
            else:
                received[node.argument if isinstance(node, Function) else node.base] += a * slopes[i]
        return values[-1], received[:n]


class SmoothReferenceMap:
    """F(x) = x − η∇f(x), at the digits at which the object is made; use it at the same.

    Attributes:
        step_size: η.
        start: x₀, shape (n,).
    """

    def __init__(self, problem: SmoothProblem) -> None:
        self.step_size, self.start = to_mpf(problem.step_size), [to_mpf(q) for q in problem.start]
        self._loss = SmoothReference(problem.loss)

    def gradient(self, x: Point) -> Point:
        """Return ∇f(x), shape (n,)."""
        return self._loss.at(x)[1]

    def __call__(self, x: Point) -> Point:
        """Return F(x), shape (n,)."""
        return [a - self.step_size * g for a, g in zip(x, self.gradient(x), strict=True)]


def smooth_iterates(problem: SmoothProblem, digits: int) -> Iterator[Point]:
    """Follow a problem's method from the start, without end.

    Args:
        problem: The problem.
        digits: The digits.

    Yields:
        The iterates, shape (n,); infinities outside the loss's domain.
    """
    with mp.workdps(digits):
        descend = SmoothReferenceMap(problem)
        update = descend if problem.method.is_plain else update_of(problem.method.to_json(), descend)
        x = descend.start
    while True:
        yield x
        with mp.workdps(digits):
            # Outside the domain a logarithm is complex, and the iterates end.
            x = [mpf(a) if a.imag == 0 else mp.inf for a in map(mp.mpmathify, update(x))]


def observe_smooth(
    problem: SmoothProblem, minimizer: Callable[[int], Sequence[fmpq]] | None, max_steps: int = 20_000
) -> Observation:
    """Run the problem's method until the direction, seen from the enclosed minimizer, has settled.

    Args:
        problem: The problem.
        minimizer: Returns a point that agrees with the minimizer to a number of digits; None if none was enclosed.
        max_steps: Steps after which to give up.

    Returns:
        The observation.
    """
    if minimizer is None:
        note = "no minimizer was enclosed, so that there is no direction to observe"
        return Observation(False, None, (), None, 0, (), 0, note)

    def place(digits: int) -> Point:
        return [to_mpf(q) for q in minimizer(digits)]

    turns = not problem.method.is_plain
    return observe_path(partial(smooth_iterates, problem), place, max_steps=max_steps, turns=turns)
