r"""A network's loss with weight decay, in wide arithmetic: :math:`f = \sum_i E(F_i, y_i) + \frac w2\|x\|^2`.

E is half the squared error or the cross-entropy. Softmax p of z has the derivative :math:`\mathrm{diag}(p) - pp^T`
of norm at most ½. The third derivative of log-sum-exp along a is the third central moment of a under p: at most the
range of a cubed over :math:`6\sqrt3`, and the range is at most :math:`\sqrt2\|a\|`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import numpy as np

from gdcheck.networks.proof.checker.document import BadNetworkCertificate
from gdcheck.networks.proof.checker.elementary import decay, over
from gdcheck.networks.proof.checker.passes import Network, Pass, forward, gradient
from gdcheck.networks.proof.checker.wide import Array, Wide, above, plus, scaled

BOUNDS = {"mse": (1.0, 0.0), "cross-entropy": (0.5, 0.27217)}
"""Bounds of E″ and of E‴ along a per ‖a‖³."""


@dataclass(frozen=True, eq=False)
class Objective:
    """A loss: the network, the loss of its outputs by name, and w."""

    network: Network
    loss: str
    decay: Fraction

    @classmethod
    def of(cls, network: Network, loss: str, decay: Fraction) -> Objective:
        """Check that a loss fits its targets.

        Claim W1 (objective).

        Raises:
            BadNetworkCertificate: If the loss is unknown, or its targets are not unit vectors where they must be.
        """
        if loss not in BOUNDS:
            raise BadNetworkCertificate(f"loss: must be one of {', '.join(BOUNDS)}")
        y = network.targets
        if loss == "cross-entropy" and not (((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all()):
            raise BadNetworkCertificate("targets: must be unit vectors for cross-entropy")
        return cls(network, loss, decay)

    def slopes(self, at: Pass) -> Wide:
        """Return E′, shape (N, q)."""
        if self.loss == "mse":
            return at.residuals
        y = Wide.exact(self.network.targets)
        return plus(_softmax(plus(at.residuals, y)), y, -1.0)

    def gradient(self, point: Wide) -> Wide:
        """Return ∇f, shape (n,)."""
        weights = self.network.weights(point)
        at = forward(self.network, weights)
        w = float(self.decay)
        parts = (w, float(self.decay - Fraction(w)))
        return plus(gradient(self.network, weights, at, self.slopes(at)), scaled(point, parts, 2.0**-100 * w))


def _softmax(z: Wide) -> Wide:
    """Return softmax: each exponential is within 2⁻⁸², their sum is at least 1; a sum and a quotient add 2⁻⁹⁶ each."""
    # Shifting by any number is exact for softmax. An argument may exceed 0 by the trailing part of the largest: below
    # 2⁻⁵² of it, where the exponential's polynomial is as good.
    top = z.high.max(axis=1, keepdims=True)
    shifted = plus(z, Wide.exact(np.broadcast_to(top, z.high.shape).copy()), -1.0)
    high, low = decay((shifted.high, shifted.low))
    total: tuple[Array, Array] = (high[:, :1].copy(), low[:, :1].copy())
    for j in range(1, high.shape[1]):
        both = plus(Wide(*total, 0.0), Wide(high[:, j : j + 1], low[:, j : j + 1], 0.0))
        total = (both.high, both.low)
    wide = (np.broadcast_to(total[0], high.shape).copy(), np.broadcast_to(total[1], high.shape).copy())
    p = over((high, low), wide)
    q = high.shape[1]
    each = (q + 2) * 2.0**-81
    return Wide(p[0], p[1], above(each * sqrt(high.size) + shifted.error / 2))
