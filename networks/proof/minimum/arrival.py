r"""Where a run arrives at a strict minimum, decided at one iterate by the amplitude lemma.

With :math:`s = x - x_*` and :math:`A = \nabla^2f(x_*)` a step is :math:`s^+ = (I - \eta A)s + g`, :math:`\|g\| \le
\frac\eta2T\|s\|^2` on a ball around :math:`x_*` on which T is a Lipschitz constant of the Hessian. A is known within
:math:`T\delta`, δ the distance to :math:`x_*` from the point where the Hessian was computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, ctx, fmpq

from gdcheck.networks.proof.arrival import dominant, regime_of
from gdcheck.networks.proof.lipschitz import distance
from gdcheck.networks.proof.minimum.place import Minimizer
from gdcheck.networks.proof.minimum.trajectory import Iterate
from gdcheck.networks.proof.rounding import UNIT, Floats, Near, gamma, length, up
from gdcheck.networks.proof.spectrum import eigenvalues
from gdcheck.theorem.limit.amplitude import bounds_from
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.methods.statement import Regime

_ROOM = 65 / 64
"""The factor by which T is enlarged, for a checker that bounds it a little less sharply."""


@dataclass(frozen=True, eq=False)
class Arrival:
    """A proved limit of direction.

    Attributes:
        step: The step at which the inequality holds.
        point: The float64 iterate, shape (n,).
        drift: A bound of its distance from the exact one.
        minimizer: The minimizer.
        size: r, a bound of ‖x_k − x_*‖.
        third: T on the ball of that radius.
        amplitude: A lower bound of |⟨v, x_k − x_*⟩|.
        tail: An upper bound of the tail.
        regime: Small-step or large-step.
        spectrum: Enclosures of the Hessian's eigenvalues at the minimizer, ascending, shape (n, 2), of the sum over
            samples.
        rho: The modulus of the dominant multiplier, enclosed.
        vector: The limit of direction at even steps, approximately, shape (n,).
        tilt: A bound of the distance of ``vector`` from the exact limit.
    """

    step: int
    point: Floats
    drift: float
    minimizer: Minimizer
    size: float
    third: float
    amplitude: float
    tail: float
    regime: Regime
    spectrum: Floats
    rho: tuple[float, float]
    vector: Floats
    tilt: float


def arrival(rate: fmpq, iterate: Iterate, found: Minimizer) -> Arrival | str:
    """Decide at one iterate whether it proves the limit of direction.

    Args:
        rate: The step size, for the sum over samples.
        iterate: The iterate.
        found: The minimizer that it is near.

    Returns:
        The limit; or what is lacking, a key of ``prove``'s reasons.
    """
    here = found.place
    offset = iterate.point - here.point
    blur = up(iterate.drift + found.distance)
    size = up(distance(iterate.point, here.point) + blur)
    around = up(size + found.distance)
    if not around <= found.radius:
        return "far"
    third = up(_ROOM * here.third(around))
    end = eigenvalues(Near(here.hessian.value, up(here.hessian.error + third * found.distance)))
    if end is None or not end.lower[0] > 0:
        return "far"
    with ctx.workprec(96):
        eta, r = arb(rate), arb(size)
        values = [arb(float(a)).union(arb(float(b))) for a, b in zip(end.lower, end.upper, strict=True)]
        regime = regime_of(eta, values)
        if isinstance(regime, str):
            return regime
        mode = dominant(eta, values, regime)
        if mode is None:
            return "neighbour"
        lemma = bounds_from(mode.rho, eta * arb(third) / 2, r)
        if lemma is None:
            return "inequality"
        v = end.vectors[:, mode.index]
        sine = arb(up(end.residue)) / (mode.gap * (1 - arb(end.skew)))
        inner = float(v @ offset)
        # The difference of two points is rounded once in each entry, the product as any of n terms.
        rounded = arb(up((gamma(len(v) + 1) + UNIT) * length(v) * length(offset)))
        moved = arb(2).sqrt() * sine * r + arb(blur) * arb(length(v)) + rounded
        amplitude = abs(arb(inner)) / (1 + arb(end.skew)) - moved / (1 - arb(end.skew))
        if not surely_less(lemma.tail, amplitude):
            return "inequality"
        turn = (1.0 if inner > 0 else -1.0) * (mode.sign if iterate.step % 2 else 1)
        return Arrival(
            iterate.step,
            iterate.point,
            iterate.drift,
            found,
            size,
            third,
            float(amplitude.lower()) * (1 - 2.0**-40),
            up(float(lemma.tail.upper())),
            regime,
            np.stack([end.lower, end.upper], axis=1),
            (float(mode.rho.lower()) * (1 - 2.0**-40), up(float(mode.rho.upper()))),
            turn * v / float(np.linalg.norm(v)),
            up(float((arb(2).sqrt() * sine).upper()) + 2.0**-40),
        )
