"""Gradient descent in floating point, to find the point that a trajectory tends to; nothing rests on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy import array

from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.smooth.graph import Function, Power, Product, SmoothLoss, Sum

Floats = list[float]


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _tan(x: float) -> tuple[float, float]:
    t = math.tan(x)
    return t, 1 + t * t


def _tanh(x: float) -> tuple[float, float]:
    t = math.tanh(x)
    return t, 1 - t * t


def _sigmoid(x: float) -> tuple[float, float]:
    s = _logistic(x)
    return s, s * (1 - s)


def _erf(x: float) -> tuple[float, float]:
    return math.erf(x), 2 / math.sqrt(math.pi) * math.exp(-x * x)


_PAIRS: dict[str, Callable[[float], tuple[float, float]]] = {
    "exp": lambda x: (math.exp(x),) * 2,
    "log": lambda x: (math.log(x), 1 / x),
    "log1p": lambda x: (math.log1p(x), 1 / (1 + x)),
    "sin": lambda x: (math.sin(x), math.cos(x)),
    "cos": lambda x: (math.cos(x), -math.sin(x)),
    "tan": _tan,
    "sinh": lambda x: (math.sinh(x), math.cosh(x)),
    "cosh": lambda x: (math.cosh(x), math.sinh(x)),
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": lambda x: (max(x, 0.0) + math.log1p(math.exp(-abs(x))), _logistic(x)),
    "erf": _erf,
    "atan": lambda x: (math.atan(x), 1 / (1 + x * x)),
}


@dataclass(frozen=True)
class FloatGradient:
    """The gradient of a loss in floating point.

    Attributes:
        loss: The loss.
    """

    loss: SmoothLoss

    def __post_init__(self) -> None:
        steps: list[tuple[int, Any, Any]] = []
        affine = self.loss.affine
        matrix = array([[to_float(x) for x in row] for row in affine.matrix.tolist()]) if affine.rows else None
        constants = array([to_float(x) for x in affine.constants])
        for i, node in enumerate(self.loss.nodes):
            if i in affine.rows:
                steps.append((4, affine.rows[i], None))
            elif isinstance(node, Sum):
                terms = [(slot, int(c.p) / int(c.q)) for slot, c in node.terms]
                steps.append((0, terms, int(node.constant.p) / int(node.constant.q)))
            elif isinstance(node, Product):
                steps.append((1, node.left, node.right))
            elif isinstance(node, Power):
                steps.append((2, node.base, int(node.exponent.p) / int(node.exponent.q)))
            elif isinstance(node, Function):
                steps.append((3, node.argument, _PAIRS[node.name]))
        object.__setattr__(self, "_steps", steps)
        object.__setattr__(self, "_affine", (matrix, constants))

    def __call__(self, point: Sequence[float]) -> Floats:
        """Evaluate the gradient, shape (n,).

        Raises:
            ValueError: Outside the domain.
            ArithmeticError: If a number is beyond all floats, or divided by zero.
        """
        values, slopes = list(point), []
        steps = self._steps  # type: ignore[attr-defined]
        matrix, constants = self._affine  # type: ignore[attr-defined]
        images = (matrix @ array(values) + constants).tolist() if matrix is not None else []
        received = [0.0] * len(images)
        for kind, a, b in steps:
            slope = 0.0
            if kind == 0:
                value = b
                for slot, c in a:
                    value += c * values[slot]
            elif kind == 1:
                value = values[a] * values[b]
            elif kind == 2:
                base = values[a]
                slope = b * math.pow(base, b - 1)
                value = math.pow(base, b)
            elif kind == 3:
                value, slope = b(values[a])
            else:
                value = images[a]
            values.append(value)
            slopes.append(slope)
        adjoints = [0.0] * len(values)
        adjoints[-1] = 1.0
        n = len(point)
        for i in range(len(steps) - 1, -1, -1):
            adjoint = adjoints[n + i]
            if adjoint:
                kind, a, b = steps[i]
                if kind == 0:
                    for slot, c in a:
                        adjoints[slot] += c * adjoint
                elif kind == 1:
                    adjoints[a] += adjoint * values[b]
                    adjoints[b] += adjoint * values[a]
                elif kind == 4:
                    received[a] = adjoint
                else:
                    adjoints[a] += adjoint * slopes[i]
        if matrix is None:
            return adjoints[:n]
        return [x + y for x, y in zip(adjoints[:n], (array(received) @ matrix).tolist(), strict=True)]
