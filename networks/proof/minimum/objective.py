r"""A network's loss with weight decay, summed over samples: :math:`f = \sum_i E(F_i(x), y_i) + \frac w2\|x\|^2`.

Users state the mean over N samples; its gradient descent with η and decay w is this sum's with η/N and Nw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, ctx, fmpq

from gdcheck.networks.proof.minimum.losses import OutputLoss
from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.passes import Forward, forward, gradient
from gdcheck.networks.proof.rounding import UNIT, Floats, Near, length, up
from gdcheck.theorem.loss.errors import InputError


@dataclass(frozen=True, eq=False)
class Objective:
    """The function that is descended.

    Attributes:
        network: The network with its samples.
        loss: The loss of the outputs.
        decay: w, of the sum over samples.
    """

    network: Network
    loss: OutputLoss
    decay: fmpq

    def __post_init__(self) -> None:
        """Check that the decay and the targets are as the loss needs them.

        Raises:
            InputError: If the decay is negative, or a target is not a unit vector where one is needed.
        """
        if self.decay < 0:
            raise InputError("weight_decay", "must not be negative")
        targets = self.network.targets
        one_hot = ((targets == 0) | (targets == 1)).all() and (targets.sum(axis=1) == 1).all()
        if self.loss.one_hot and not one_hot:
            raise InputError("targets", "must be unit vectors (one 1, else 0) for cross-entropy")

    @property
    def weights(self) -> tuple[float, float]:
        """The decay in float64, and a bound of its rounding error."""
        return nearest(self.decay)

    def slopes(self, at: Forward) -> Near:
        """Return the loss's derivative in the outputs, shape (N, q)."""
        return self.loss.slope(at.outputs, self.network.targets)

    def gradient(self, x: Floats, at: Forward) -> Near:
        """Return ∇f.

        Args:
            x: The weights, shape (n,).
            at: The forward pass at x.

        Returns:
            The gradient, shape (n,).
        """
        pull = gradient(self.network, x, at, self.slopes(at))
        w, off = self.weights
        decayed = w * x
        value = pull.value + decayed
        rounding = off * length(x) + UNIT * (length(decayed) + length(value))
        return Near(value, up(pull.error + rounding))

    def value(self, x: Floats) -> float:
        """Return f in float64, without a bound."""
        z = forward(self.network, x).outputs.value
        return self.loss.value(z, self.network.targets) + self.weights[0] / 2 * float(np.dot(x, x))


def nearest(number: fmpq) -> tuple[float, float]:
    """Return a positive rational in float64, and a bound of its rounding error."""
    with ctx.workprec(512):
        value = float(arb(number))
        return value, up(float(abs(arb(number) - arb(value)).upper()))
