"""Gradient descent in floating point, to find the point that a trajectory tends to; no proof depends on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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


def _sigmoids(x: Any) -> tuple[Any, Any]:
    e = np.exp(-np.abs(x))
    s = np.where(x >= 0, 1, e) / (1 + e)
    return s, e / (1 + e) ** 2


def _softpluses(x: Any) -> tuple[Any, Any]:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), _sigmoids(x)[0]


_MANY: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "exp": lambda x: (np.exp(x),) * 2,
    "sin": lambda x: (np.sin(x), np.cos(x)),
    "cos": lambda x: (np.cos(x), -np.sin(x)),
    "tanh": lambda x: (np.tanh(x), 1 - np.tanh(x) ** 2),
    "cosh": lambda x: (np.cosh(x), np.sinh(x)),
    "sigmoid": _sigmoids,
    "softplus": _softpluses,
    "atan": lambda x: (np.arctan(x), 1 / (1 + x * x)),
}
"""The same for arrays, of the functions that are defined everywhere."""

_SUM, _PRODUCT, _POWER, _FUNCTION, _FORM, _IN_LAYER = range(6)


@dataclass(frozen=True)
class FloatGradient:
    """The gradient of a loss in floating point.

    Functions of affine forms of the variables, such as one for each row of a table, are evaluated all at once.

    Attributes:
        loss: The loss.
    """

    loss: SmoothLoss

    def __post_init__(self) -> None:
        steps: list[tuple[int, Any, Any]] = []
        affine, n = self.loss.affine, self.loss.dimension
        matrix = affine.floats if affine.rows else None
        constants = np.array([to_float(x) for x in affine.constants])
        layers: dict[str, tuple[list[int], list[int]]] = {}
        for i, node in enumerate(self.loss.nodes):
            if i in affine.rows:
                steps.append((_FORM, affine.rows[i], None))
            elif isinstance(node, Sum):
                terms = [(slot, int(c.p) / int(c.q)) for slot, c in node.terms]
                steps.append((_SUM, terms, int(node.constant.p) / int(node.constant.q)))
            elif isinstance(node, Product):
                steps.append((_PRODUCT, node.left, node.right))
            elif isinstance(node, Power):
                steps.append((_POWER, node.base, int(node.exponent.p) / int(node.exponent.q)))
            elif isinstance(node, Function):
                if node.argument - n in affine.rows and node.name in _MANY:
                    places, rows = layers.setdefault(node.name, ([], []))
                    places.append(i)
                    rows.append(affine.rows[node.argument - n])
                    steps.append((_IN_LAYER, node.argument, None))
                else:
                    steps.append((_FUNCTION, node.argument, _PAIRS[node.name]))
        object.__setattr__(self, "_steps", steps)
        object.__setattr__(self, "_affine", (matrix, constants))
        object.__setattr__(
            self, "_layers", [(_MANY[name], places, np.array(rows)) for name, (places, rows) in layers.items()]
        )

    def __call__(self, point: Sequence[float]) -> Floats:
        """Evaluate the gradient, shape (n,).

        Raises:
            ValueError: Outside the domain.
            ArithmeticError: If a number overflows, or is divided by zero.
        """
        steps = self._steps  # type: ignore[attr-defined]
        matrix, constants = self._affine  # type: ignore[attr-defined]
        values = list(point)
        images: Floats = []
        slopes: Floats = [0.0] * len(steps)
        known: dict[int, float] = {}
        if matrix is not None:
            forms = matrix @ np.array(values) + constants
            images = forms.tolist()
            known = self._layered(forms, slopes)
        received = [0.0] * len(images)
        for i, (kind, a, b) in enumerate(steps):
            if kind == _SUM:
                value = b
                for slot, c in a:
                    value += c * values[slot]
            elif kind == _PRODUCT:
                value = values[a] * values[b]
            elif kind == _POWER:
                base = values[a]
                slopes[i] = b * math.pow(base, b - 1)
                value = math.pow(base, b)
            elif kind == _FUNCTION:
                value, slopes[i] = b(values[a])
            else:
                value = images[a] if kind == _FORM else known[i]
            values.append(value)
        adjoints = [0.0] * len(values)
        adjoints[-1] = 1.0
        n = len(point)
        for i in range(len(steps) - 1, -1, -1):
            adjoint = adjoints[n + i]
            if adjoint:
                kind, a, b = steps[i]
                if kind == _SUM:
                    for slot, c in a:
                        adjoints[slot] += c * adjoint
                elif kind == _PRODUCT:
                    adjoints[a] += adjoint * values[b]
                    adjoints[b] += adjoint * values[a]
                elif kind == _FORM:
                    received[a] = adjoint
                else:
                    adjoints[a] += adjoint * slopes[i]
        if matrix is None:
            return adjoints[:n]
        return [x + y for x, y in zip(adjoints[:n], (np.array(received) @ matrix).tolist(), strict=True)]

    def _layered(self, forms: Any, slopes: Floats) -> dict[int, float]:
        """Evaluate the functions of affine forms: return their values, and write their derivatives to ``slopes``."""
        known: dict[int, float] = {}
        with np.errstate(over="raise"):
            for function, places, rows in self._layers:  # type: ignore[attr-defined]
                found, steep = function(forms[rows])
                known.update(zip(places, found.tolist(), strict=True))
                for i, slope in zip(places, steep.tolist(), strict=True):
                    slopes[i] = slope
        return known
