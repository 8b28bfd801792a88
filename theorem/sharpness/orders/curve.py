r"""The slow curve, along which a trajectory approaches the minimizer, to any order; and how closely it is followed.

Write :math:`h = yu + h^\perp` and :math:`M = I - \eta A`. The slow curve is :math:`\psi(y) = \sum_{2\le j\le q} s_j
y^j`, with :math:`s_j \perp u` such that its defect :math:`D(y) = F^\perp(yu+\psi(y)) - \psi(F_u(yu+\psi(y)))` begins
with
:math:`y^{q+1}`. This gives :math:`(\mu^j - M)s_j`, one order after the other. Let :math:`z = h^\perp - \psi(y)`. On a
ball that holds h and :math:`yu + \psi(y)`, let :math:`\|DF - M\| \le \Lambda`, and Ψ be a Lipschitz constant of ψ. Then

.. math:: \|z_{k+1}\| \le \beta\|z_k\| + E a_k^{q+1}, \qquad \beta = b + \Lambda(1 + \Psi),

with :math:`a = |y|` and E a bound of D's Taylor coefficient of order q + 1 on :math:`[-a, a]`, where the images of both
points stay. In the cone
(``theorem.sharpness.envelope``) :math:`w_k = \|z_k\|/a_k^q` therefore obeys :math:`w_{k+1} \le (\beta w_k +
E a_k)/(\rho-\kappa)^q` at every later step, and tends to zero where :math:`\beta < (\rho-\kappa)^q`. For q = 1 no curve
is needed: :math:`w \le \tau`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, arb_mat, fmpq, fmpq_mat

from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.sharpness.envelope import Cone, Envelope, convolution
from gdcheck.theorem.sharpness.orders.setting import Descent, Setting
from gdcheck.theorem.smooth.series.functions import InexactError


def bends(descent: Descent, order: int) -> list[list[Any]] | None:
    """Return w, s_2, …, s_q, each of shape (n,); None where an equation is singular.

    Args:
        descent: The map, in balls or in rationals.
        order: q.

    Raises:
        InexactError: If the numbers are rational and something is not known to be.
    """
    found = [list(descent.along)]
    n = len(found[0])
    for q in range(2, order + 1):
        inner, rest = descent.image(found, q + 1)
        # The gradient at m is exactly zero, which balls cannot show.
        inner = inner - inner[0]
        pulled = [x[q] for x in rest]
        power = inner
        for s in found[1:]:
            power = power * inner
            pulled = [a - power[q] * b for a, b in zip(pulled, s, strict=True)]
        shift = descent.multiplier**q - 1
        matrix = [[x + (shift if i == j else 0) for j, x in enumerate(row)] for i, row in enumerate(descent.matrix)]
        kind: Any = fmpq_mat if isinstance(shift, fmpq) else arb_mat
        try:
            whole = kind(matrix).solve(kind([[x] for x in pulled]))
        except ZeroDivisionError:
            return None
        entries = [whole[i, 0] for i in range(n)]
        inside = descent.component(entries)
        found.append([x - inside * w for x, w in zip(entries, descent.along, strict=True)])
    return found


@dataclass(frozen=True)
class _Begin:
    """Where the trajectory begins to follow the curve.

    Attributes:
        later: The number of steps after the certificate's.
        start: A bound of w there.
        pull: E/(ρ − κ)^q.
        theta: β/(ρ − κ)^q.
        along: a.
        grows: ρ + κ.
    """

    later: int
    start: arb
    pull: arb
    theta: arb
    along: arb
    grows: arb


@dataclass(frozen=True, eq=False)
class SlowCurve:
    """The curve to an order.

    Attributes:
        order: q.
        bends: u, s_2, …, s_q, each of shape (n,), in balls.
        setting: The loss and its direction.
        envelope: Where the trajectory is.
    """

    order: int
    bends: Sequence[Sequence[arb]]
    setting: Setting
    envelope: Envelope

    def begins(self) -> _Begin | None:
        """Return a step from which the trajectory follows the curve; None if none is within reach."""
        return self.envelope.first(self._begins)

    def _begins(self, cone: Cone) -> _Begin | None:
        b = arb(0) if self.envelope.b is None else self.envelope.b
        q, a, sizes = self.order, cone.along, [norm(s).upper() for s in self.bends[1:]]
        wander = sum((s * a**j for j, s in enumerate(sizes, 2)), arb(0))
        steep = sum((j * s * a ** (j - 1) for j, s in enumerate(sizes, 2)), arb(0))
        radius = cone.radius.max(a + wander).upper()
        moved = self.setting.steepness(radius)
        # ψ is taken at the next iterate, and at the image of the curve's point: both have |y| ≤ a.
        if not surely_less(self.envelope.rho * a + moved * radius / 2, a):
            return None
        beta = b + moved * (1 + steep)
        shrinks = cone.shrinks**q
        theta = (beta / shrinks).upper()
        if not surely_less(theta, arb(1)):
            return None
        try:
            pull = (self._defect(a) / shrinks).upper()
        except InexactError:  # The ball is not within the loss's domain.
            return None
        start = cone.ratio / cone.least ** (q - 1)
        start += sum((s / cone.least ** (q - j) for j, s in enumerate(sizes, 2)), arb(0))
        if not (pull.is_finite() and start.is_finite()):
            return None
        return _Begin(cone.step - self.envelope.step, start.upper(), pull, theta, a, cone.grows)

    def _defect(self, along: arb) -> arb:
        """E on [−a, a]."""
        q, base = self.order, along.union(-along)
        inner, rest = self.setting.map.image(self.bends, q + 2, base)
        total, power = list(rest), inner
        for s in self.bends[1:]:
            power = power * inner
            total = [x - power * y for x, y in zip(total, s, strict=True)]
        return norm(x[q + 1] for x in total)

    def away(self, begin: _Begin, cone: Cone) -> arb | None:
        """Return a bound of w from the cone's step on; None if the cone is before the beginning."""
        later = cone.step - self.envelope.step - begin.later
        if later < 0:
            return None
        w = begin.theta**later * begin.start
        w += begin.pull * begin.along * convolution(begin.theta, begin.grows, later)
        # At this w the recursion does not grow.
        return w.max(begin.pull * cone.along / (1 - begin.theta)).upper()
