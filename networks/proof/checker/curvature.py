r"""The Hessian from differences of gradients, without a second-order pass, and its Lipschitz constant.

*Differences.* :math:`\nabla f(c + he_j) - \nabla f(c) = h\nabla^2f(c)e_j + \theta`, :math:`\|\theta\| \le Th^2/2`
where T is a Lipschitz constant of the Hessian on the ball of radius h. With gradients known within e the error is
at most :math:`Th/2 + 2e/h`, and h is the power of two next to the best, about :math:`2^{-32}` in 70 bits.

*T.* Along δ the third derivative is :math:`\sum E'''[\dot F^3] + 3E''[\dot F, \ddot F] + E'\cdot\dddot F`, so T is
at most :math:`e_3ab^2 + 3e_2bc + \|E'\|d` with bounds a of one sample's :math:`\|\dot F\|`, b of all samples', c of
:math:`\|\ddot F\|` and d of :math:`\|\dddot F\|`. They are propagated through the layers as forms in the norms of
the layers' moves (docs/network-proofs.md, *How fast the Hessian turns*).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2, sqrt

import numpy as np

from gdcheck.networks.proof.checker.bounds import Ends, Norms, ends, largest, norms, operator_norm
from gdcheck.networks.proof.checker.elementary import KNOWN
from gdcheck.networks.proof.checker.objective import BOUNDS, Objective
from gdcheck.networks.proof.checker.passes import Network, forward, jacobian
from gdcheck.networks.proof.checker.wide import Array, Wide, above, plus, size, two_sum


@dataclass(frozen=True, eq=False)
class Spot:
    """A float64 point with its layers' norms and bounds of ‖J‖ and of ‖E′‖ there."""

    objective: Objective
    point: Array
    layers: list[Norms]
    jacobian: float
    slopes: float

    @classmethod
    def at(cls, objective: Objective, point: Array) -> Spot:
        """Bound the norms at a point, shape (n,)."""
        network = objective.network
        weights = network.weights(Wide.exact(point))
        there = forward(network, weights)
        j, off = jacobian(network, weights, there)
        return cls(
            objective,
            point,
            norms(network, weights, there.patches),
            above(operator_norm(j) + off),
            objective.slopes(there).size,
        )

    def third(self, radius: float) -> float:
        """Bound the Hessian's Lipschitz constant T on the ball of that radius.

        Claim W4 (third).
        """
        e2, e3 = BOUNDS[self.objective.loss]
        one, all_, twice, thrice = _forms(self.objective.network, self.layers, radius)
        c = above(largest(twice))
        b = above(min(self.jacobian + c * radius, sqrt(float(all_ @ all_))))
        a = above(min(b, sqrt(float(one @ one))))
        flat = thrice.reshape(len(thrice), -1)
        d = above(sqrt(largest(flat @ flat.T)))
        slopes = above(self.slopes + e2 * b * radius)
        return above(e3 * a * b * b + 3 * e2 * b * c + slopes * d)

    def hessian(self) -> tuple[Array, float]:
        """Return ∇²f in float64, symmetric, shape (n, n), and a bound of its distance from the exact one."""
        n = len(self.point)
        base = self.objective.gradient(Wide.exact(self.point))
        rows, total = np.empty((n, n)), 0.0
        # Any power of two is sound; this one is about the best.
        step = 2.0 ** round(log2(2 * sqrt((base.error + 2.0**-90) / (self.third(0.0) + 2.0**-60))))
        bend = self.third(step) * step / 2
        for j in range(n):
            high, low = self.point.copy(), np.zeros(n)
            moved, rest = two_sum(high[j : j + 1], np.array([step]))
            high[j], low[j] = moved[0], rest[0]
            change = plus(self.objective.gradient(Wide(high, low, 0.0)), base, -1.0)
            rows[j] = change.high / step
            total += (change.error / step + 2.0**-52 * size(rows[j]) + bend) ** 2
        return (rows + rows.T) / 2, above(sqrt(total) + 2.0**-52 * size(rows))

    def spectrum(self) -> tuple[Array, float, Ends | None]:
        """Return the Hessian with its distance, and the ends of its spectrum."""
        matrix, error = self.hessian()
        return matrix, error, ends(matrix, error)


def _forms(network: Network, at: list[Norms], radius: float) -> tuple[Array, Array, Array, Array]:
    """Bound ‖Ḟ‖ of one sample and of all, ‖F̈‖ and ‖F⃛‖ by forms in the norms of the layers' moves."""
    k = len(at)
    one, all_ = np.zeros(k), np.zeros(k)
    twice, thrice = np.zeros((k, k)), np.zeros((k, k, k))
    apart = 0.0
    for i, (n, repeat) in enumerate(zip(at, network.repeats, strict=True)):
        root, weights, column = sqrt(repeat), n.weights + radius, n.column + radius
        unit = np.eye(k)[i]
        if i:
            before = network.layers[i - 1]
            s1, s2, s3 = KNOWN[str(before.activation)].bounds
            group = 1 if before.groups is None else before.groups.shape[1]
            # The features after activation and mean: a mean divides 2-norms by √g, and 1-norms by g.
            bent = s2 / group * _both(np.multiply.outer(one, all_))
            still = s1 / sqrt(group) * twice
            cube = s3 / group * np.multiply.outer(np.multiply.outer(one, one), all_)
            cube += 3 * s2 / group * np.multiply.outer(one, twice)
            along = s1 / sqrt(group) * all_
            thrice = 3 * np.multiply.outer(unit, bent + still) + column * cube + weights * s1 / sqrt(group) * thrice
            thrice = root * _symmetrized(thrice)
            twice = root * (column * bent + weights * still + 2 * _both(np.multiply.outer(unit, along)))
            all_, one = weights * root * along, weights * root * s1 / sqrt(group) * one
            apart = s1 / sqrt(group) * apart
        all_ = all_ + (n.patches + root * apart) * unit
        one = one + (n.sample + root * apart) * unit
        apart = root * apart * weights + n.patches * radius
    return one, all_, twice, thrice


def _both(a: Array) -> Array:
    return (a + a.T) / 2


def _symmetrized(a: Array) -> Array:
    b = (a + a.transpose(0, 2, 1)) / 2
    return (b + b.transpose(1, 2, 0) + b.transpose(2, 0, 1)) / 3
