r"""The largest Hessian eigenvalue of a smooth loss as a function around its enclosed minimizer.

The bounds are those of ``theorem.sharpness.top_eigenvalue``; :math:`T_3` and :math:`T_4` come from majorants on balls,
:math:`\omega = D^3f[v, v, \cdot]` and the second derivative from power series along lines (``forms``). ω is known to be
zero where the loss is even around the minimizer, or where :math:`D^3f` vanishes at a minimizer that is known exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flint import arb, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import classify
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.sharpness.maps import largest_eigenvalue
from gdcheck.theorem.sharpness.smooth.context import EXACT_PRECISION, ROOM, SmoothContext
from gdcheck.theorem.sharpness.smooth.forms import fourth_form, third_form, third_twice, third_vanishes
from gdcheck.theorem.sharpness.smooth.symmetry import fixes, turned_round
from gdcheck.theorem.sharpness.top_eigenvalue import lipschitz_of_gradient, lipschitz_of_second, second_along
from gdcheck.theorem.smooth.series.functions import InexactError

_MOST_VARIABLES = 12
"""Up to this number of variables the third derivative at an exact minimizer is tested for zero."""


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
        """The gradient ω, enclosed."""
        exact = self.exact_gradient
        if exact is not None:
            return [arb(x) for x in exact]
        return third_twice(self.context.loss, self.context.minimizer, self.vector)

    @cached_property
    def vector(self) -> Sequence[arb]:
        """The unit eigenvector v of λ_n, enclosed, shape (n,)."""
        part = self.context.found.spectrum.line(len(self.context.minimizer) - 1, 1)
        near = part.deviation.union(-part.deviation)
        return [x + near for x in part.onto.entries()]

    @cached_property
    def exact_gradient(self) -> Sequence[fmpq] | None:
        """The gradient ω, if it is known to be rational."""
        loss, found, n = self.context.loss, self.context.found, len(self.context.minimizer)
        if turned_round(n).keeps(loss) and fixes(turned_round(n), loss, found):
            return [fmpq(0)] * n
        if self.context.exact is None:
            return None
        point, hessian = self.context.exact
        if third_vanishes(loss, point, _MOST_VARIABLES):
            return [fmpq(0)] * n
        pencil = Pencil(fmpq_mat(hessian))
        vector = pencil.exact_eigenvector(classify(pencil, self.context.step_size, EXACT_PRECISION).eigenvalues[-1])
        if vector is None:
            return None
        try:
            slopes = third_twice(loss, point, vector)
        except InexactError:
            return None
        squared = sum((x * x for x in vector), fmpq(0))
        return [x / squared for x in slopes]

    def _gap(self, radius: arb) -> arb | None:
        """Bound the gap on the ball from below; None in dimension one."""
        return None if self.gap is None else self.gap - 2 * radius * self.context.third(radius)

    def curvature(self, radius: arb) -> arb:
        """2K: a Lipschitz constant of the gradient on the ball; not finite if none is known."""
        gap, fourth = self._gap(radius), self.context.derivative_bound(4, radius)
        return lipschitz_of_gradient(self.context.third(radius), fourth, None if gap is None else gap / ROOM)

    def third(self, radius: arb) -> arb:
        """Return a Lipschitz constant of D²Λ on the ball; not finite if none is known."""
        fourth, fifth = (self.context.derivative_bound(k, radius) for k in (4, 5))
        return lipschitz_of_second(self.context.third(radius), fourth, fifth, self._gap(radius))

    def second(self, u: Sequence[arb]) -> arb:
        """D²Λ[u, u] at the minimizer; not finite where its equation is not solved."""
        loss, point, v = self.context.loss, self.context.minimizer, self.vector
        bent, fourth = third_form(loss, point, v, u), fourth_form(loss, point, v, u)
        return second_along(self.context.matrix, (self.value, v), bent, fourth)

    def constant(self, radius: arb) -> bool:
        """Whether λ_n is proved constant: where the loss is quadratic."""
        return self.context.is_quadratic

    def at(self, iterate: EnclosedIterate) -> arb:
        """λ_n at an iterate, enclosed; not finite if that fails."""
        slack = self.context.hessian_slack(iterate)
        return largest_eigenvalue(self.context.hessian_at(iterate)) + slack.union(-slack)
