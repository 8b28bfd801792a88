r"""The largest Hessian eigenvalue of a smooth loss as a function around its enclosed minimizer.

The bounds are those of ``theorem.sharpness.top_eigenvalue``; :math:`T_3` and :math:`T_4` come from majorants on balls,
and :math:`\omega = D^3f[v, v, \cdot]` is twice the second coefficient of :math:`\nabla f(m + tv)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flint import arb, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import classify
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.sharpness.maps import largest_eigenvalue
from gdcheck.theorem.sharpness.smooth.context import EXACT_PRECISION, ROOM, SmoothContext
from gdcheck.theorem.smooth.series.along import gradient_along, polynomial_curve
from gdcheck.theorem.smooth.series.functions import InexactError
from gdcheck.theorem.smooth.series.majorant import derivative_on_ball


@dataclass(frozen=True, eq=False)
class SmoothTopEigenvalue:
    """λ_n(∇²f) around the minimizer, where it is simple.

    Attributes:
        context: The decision.
    """

    context: SmoothContext

    @property
    def value(self) -> arb:
        """λ_n at the minimizer."""
        return self.context.highest

    @cached_property
    def gap(self) -> arb | None:
        """A lower bound of the distance to the next eigenvalue; None in dimension one."""
        values = self.context.found.spectrum.values
        return arb((values[-1].lower() - values[-2].upper()).lower()) if len(values) > 1 else None

    @cached_property
    def gradient(self) -> Sequence[arb]:
        """Ω, enclosed."""
        exact = self.exact_gradient
        if exact is not None:
            return [arb(x) for x in exact]
        part = self.context.found.spectrum.line(len(self.context.minimizer) - 1, 1)
        near = part.deviation.union(-part.deviation)
        vector = [x + near for x in part.onto.entries()]
        slopes = gradient_along(self.context.loss, polynomial_curve([list(self.context.minimizer), vector], 3))
        return [2 * x[2] for x in slopes]

    @cached_property
    def exact_gradient(self) -> Sequence[fmpq] | None:
        """Ω, if it is known to be rational."""
        if self.context.exact is None:
            return None
        point, hessian = self.context.exact
        pencil = Pencil(fmpq_mat(hessian))
        vector = pencil.exact_eigenvector(classify(pencil, self.context.step_size, EXACT_PRECISION).eigenvalues[-1])
        if vector is None:
            return None
        try:
            slopes = gradient_along(self.context.loss, polynomial_curve([list(point), vector], 3))
        except InexactError:
            return None
        squared = sum((x * x for x in vector), fmpq(0))
        return [2 * x[2] / squared for x in slopes]

    def curvature(self, radius: arb) -> arb:
        """2K: a Lipschitz constant of the gradient on the ball; not finite if none is known."""
        reach = radius + self.context.found.radius
        fourth = derivative_on_ball(self.context.loss, self.context.centre, reach, 4) * ROOM
        if self.gap is None:
            return fourth
        third = self.context.third(radius)
        gap = self.gap - 2 * radius * third
        return fourth + 2 * third**2 * ROOM / gap if surely_less(arb(0), gap) else arb("inf")

    def third(self, radius: arb) -> arb:
        """Return no bound of the third derivative: none is known."""
        return arb("inf")

    def second(self, u: Sequence[arb]) -> arb:
        """Return no second derivative: none is known."""
        return arb("inf")

    def constant(self, radius: arb) -> bool:
        """Whether λ_n is proved constant: where the loss is quadratic."""
        return self.context.is_quadratic

    def at(self, iterate: EnclosedIterate) -> arb:
        """λ_n at an iterate, enclosed; not finite if that fails."""
        slack = self.context.hessian_slack(iterate)
        return largest_eigenvalue(self.context.hessian_at(iterate)) + slack.union(-slack)
