r"""Losses of a network's outputs with their derivatives in float64, and bounds of these.

Of one sample with outputs z and targets y: half the squared error :math:`\frac12\|z - y\|^2`, and the cross-entropy
:math:`\log\sum e^{z_a} - y\cdot z`, y being one of the unit vectors. Softmax p of z has the derivative :math:`B =
\mathrm{diag}(p) - pp^T`, :math:`\|B\| \le \frac12`; the third derivative of log-sum-exp along a is the third
central moment of a under p. Given the mean, :math:`E(a - \mu)^3` is linear in the distribution, so it is extreme
where two values are taken, and there at most the range cubed over :math:`6\sqrt3`; the range is at most
:math:`\sqrt2\|a\|`, hence :math:`\frac{2\sqrt2}{6\sqrt3}\|a\|^3 < 0.2723\|a\|^3`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from gdcheck.networks.proof.activations import EXP_ERROR, decay
from gdcheck.networks.proof.rounding import UNIT, Floats, Near, gamma, length, up


@dataclass(frozen=True)
class OutputLoss:
    """A loss of the outputs, summed over samples.

    Attributes:
        name: Its name.
        value: Returns the loss in float64, without a bound, from outputs and targets, shape (N, q).
        slope: Returns its derivative in the outputs.
        bend: Returns its second derivative applied to tangents, shape (D, N, q), from the outputs and the tangents.
        curvature: A bound of the second derivative's norm.
        third: A bound of the third derivative along a, per ‖a‖³.
        one_hot: Whether the targets must be unit vectors.
    """

    name: str
    value: Callable[[Floats, Floats], float]
    slope: Callable[[Near, Floats], Near]
    bend: Callable[[Near, Near], Near]
    curvature: float
    third: float
    one_hot: bool


def _squared_slope(z: Near, y: Floats) -> Near:
    u = z.value - y
    return Near(u, up(z.error + UNIT * length(u)))


def _softmax(z: Near) -> Near:
    """Return p: with δ the error of an exponential and a sum ≥ 1, an entry is off by at most (q + 1)δ + (q + 3)u."""
    e = decay(z.value - z.value.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    q = z.value.shape[-1]
    # Rounding t = z − max moves e^t by at most u|t|e^t < u/2.
    each = (q + 1) * (EXP_ERROR + UNIT) + (q + 3) * UNIT
    return Near(p, up(each * sqrt(p.size) + z.error / 2))


def _entropy_slope(z: Near, y: Floats) -> Near:
    p = _softmax(z)
    u = p.value - y
    return Near(u, up(p.error + UNIT * length(u)))


def _entropy_bend(z: Near, dz: Near) -> Near:
    r"""Return Bż = p∘(ż − p·ż): moving p by Δ moves it by at most 4‖Δ‖‖ż‖, and rounding by 8γ_{q+4}‖ż‖."""
    p = _softmax(z)
    mean = (p.value * dz.value).sum(axis=-1, keepdims=True)
    value = p.value * (dz.value - mean)
    rounding = 8 * gamma(z.value.shape[-1] + 4) * length(dz.value)
    return Near(value, up(dz.error / 2 + 4 * p.error * (length(dz.value) + dz.error) + rounding))


def _entropy(z: Floats, y: Floats) -> float:
    top = z.max(axis=1, keepdims=True)
    return float((np.log(np.exp(z - top).sum(axis=1)) + top[:, 0] - (z * y).sum(axis=1)).sum())


SQUARED = OutputLoss(
    "mse", lambda z, y: float(((z - y) ** 2).sum() / 2), _squared_slope, lambda z, dz: dz, 1.0, 0.0, one_hot=False
)
CROSS_ENTROPY = OutputLoss("cross-entropy", _entropy, _entropy_slope, _entropy_bend, 0.5, 0.2723, one_hot=True)

LOSSES = {loss.name: loss for loss in (SQUARED, CROSS_ENTROPY)}
"""All losses of the outputs, by name."""
