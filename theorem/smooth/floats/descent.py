"""Gradient descent in floating point, to find the point that a trajectory tends to; no proof depends on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.smooth.graph import Power, Product, SmoothLoss, Sum

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

_SUM, _PRODUCT, _POWER, _FUNCTION = range(4)


@dataclass(frozen=True)
class FloatGradient:
    """The gradient of a loss in floating point.

    Functions of affine forms of the variables, such as one for each row of a table, are evaluated all at once.

    Attributes:
        loss: The loss.
    """

    loss: SmoothLoss

    def __post_init__(self) -> None:
        affine, n = self.loss.affine, self.loss.dimension
        steps: list[tuple[int, int, Any, Any]] = []
        layers: dict[str, tuple[list[int], list[int]]] = {}
        for i, node in enumerate(self.loss.nodes):
            if i in affine.rows:
                continue
            if isinstance(node, Sum):
                terms = [(slot, int(c.p) / int(c.q)) for slot, c in node.terms]
                steps.append((_SUM, n + i, terms, int(node.constant.p) / int(node.constant.q)))
            elif isinstance(node, Product):
                steps.append((_PRODUCT, n + i, node.left, node.right))
            elif isinstance(node, Power):
                steps.append((_POWER, n + i, node.base, int(node.exponent.p) / int(node.exponent.q)))
            elif node.argument - n in affine.rows and node.name in _MANY:
                slots, rows = layers.setdefault(node.name, ([], []))
                slots.append(n + i)
                rows.append(affine.rows[node.argument - n])
            else:
                steps.append((_FUNCTION, n + i, node.argument, _PAIRS[node.name]))
        constants = np.array([to_float(x) for x in affine.constants])
        object.__setattr__(self, "_steps", steps)
        object.__setattr__(self, "_affine", (affine.floats, constants) if affine.rows else None)
        object.__setattr__(self, "_layers", [(_MANY[name], at, np.array(rows)) for name, (at, rows) in layers.items()])

    def __call__(self, point: Sequence[float]) -> Floats:
        """Evaluate the gradient, shape (n,).

        Raises:
            ValueError: Outside the domain.
            ArithmeticError: If a number overflows, or is divided by zero.
        """
        steps, affine = self._steps, self._affine  # type: ignore[attr-defined]
        n, last = len(point), len(point) + len(self.loss.nodes)
        values, slopes, adjoints = [*point, *[0.0] * (last - n)], [0.0] * last, [0.0] * last
        layers: list[tuple[list[int], Any, Any]] = []
        if affine is not None:
            forms = affine[0] @ np.array(point) + affine[1]
            for i, value in zip(self.loss.affine.rows, forms.tolist(), strict=True):
                values[n + i] = value
            layers = self._layered(forms, values)
        for kind, slot, a, b in steps:
            if kind == _SUM:
                value = b
                for term, c in a:
                    value += c * values[term]
            elif kind == _PRODUCT:
                value = values[a] * values[b]
            elif kind == _POWER:
                slopes[slot] = b * math.pow(values[a], b - 1)
                value = math.pow(values[a], b)
            else:
                value, slopes[slot] = b(values[a])
            values[slot] = value
        adjoints[-1] = 1.0
        for kind, slot, a, b in reversed(steps):
            adjoint = adjoints[slot]
            if adjoint:
                if kind == _SUM:
                    for term, c in a:
                        adjoints[term] += c * adjoint
                elif kind == _PRODUCT:
                    adjoints[a] += adjoint * values[b]
                    adjoints[b] += adjoint * values[a]
                else:
                    adjoints[a] += adjoint * slopes[slot]
        if affine is None:
            return adjoints[:n]
        received = np.array([adjoints[n + i] for i in self.loss.affine.rows])
        for slots, rows, steep in layers:
            np.add.at(received, rows, steep * np.array([adjoints[slot] for slot in slots]))
        return [x + y for x, y in zip(adjoints[:n], (received @ affine[0]).tolist(), strict=True)]

    def _layered(self, forms: Any, values: Floats) -> list[tuple[list[int], Any, Any]]:
        """Evaluate the functions of affine forms into ``values``; return their slots, rows and derivatives."""
        found = []
        with np.errstate(over="raise"):
            for function, slots, rows in self._layers:  # type: ignore[attr-defined]
                images, steep = function(forms[rows])
                for slot, image in zip(slots, images.tolist(), strict=True):
                    values[slot] = image
                found.append((slots, rows, steep))
        return found
