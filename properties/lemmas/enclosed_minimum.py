"""The trajectory that a user's claim is given on a smooth loss: around an enclosed minimizer."""

from __future__ import annotations

from functools import cached_property
from itertools import islice

from flint import arb, ctx

from gdcheck.properties.claims.undecided import Undecided
from gdcheck.properties.lemmas.enclosed import Enclosed
from gdcheck.properties.lemmas.trajectory import Trajectory
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.sharpness.maps import largest_eigenvalue
from gdcheck.theorem.smooth.enclosed_minimum import enclosed_minimum
from gdcheck.theorem.smooth.evaluate import Forward, gradient, hessian
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer, enclose_minimizer

_GUARD_BITS = 64


class SmoothTrajectory(Trajectory):
    """The first iterates of gradient descent on a smooth loss; the same quantities, and the same errors.

    The minimizer is enclosed again at the precision of the examination.
    """

    def __init__(self, decision: SmoothDecision, steps: int) -> None:
        assert decision.minimizer is not None, "a minimizer that is enclosed"
        self.steps = steps
        self.rests_on_floats = False
        self._smooth = decision
        self._loss = decision.problem.loss

    @cached_property
    def step_size(self) -> Enclosed:
        """η."""
        return Enclosed(arb(self._smooth.problem.step_size))

    @cached_property
    def spectrum(self) -> Enclosed:
        """λ₁ ≤ … ≤ λₙ, shape (n,)."""
        return Enclosed(list(self._minimizer.spectrum.values))

    @cached_property
    def eigenvectors(self) -> Enclosed:
        """Orthonormal eigenvectors, shape (n, n); row i belongs to λ_i."""
        rows = []
        for i in range(self._loss.dimension):
            part = self._minimizer.spectrum.line(i, 1)
            if not part.deviation.is_finite():
                raise Undecided("the eigenvectors are not told apart at this precision")
            # Unit vectors whose projectors differ by d differ by at most √2 d, if their signs agree.
            spread = arb(2).sqrt() * part.deviation
            rows.append([x + spread.union(-spread) for x in part.onto.entries()])
        return Enclosed(rows)

    @cached_property
    def point(self) -> Enclosed:
        """x_k, shape (K + 1, n)."""
        return self.displacement + Enclosed(self._at)

    @cached_property
    def loss(self) -> Enclosed:
        """f(x_k), shape (K + 1,)."""
        return Enclosed([self._value(list(x)) for x in self.point.values])

    @cached_property
    def excess(self) -> Enclosed:
        """f(x_k) − f(x*), shape (K + 1,)."""
        return self.loss - Enclosed(self._value(self._at))

    @cached_property
    def gradient(self) -> Enclosed:
        """∇f(x_k), shape (K + 1, n)."""
        return Enclosed([gradient(self._loss, list(x)) for x in self.point.values])

    @cached_property
    def sharpness(self) -> Enclosed:
        """The largest Hessian eigenvalue at x_k, shape (K + 1,)."""
        return Enclosed([largest_eigenvalue(hessian(self._loss, list(x)).tolist()) for x in self.point.values])

    @cached_property
    def limit(self) -> Enclosed:
        """The certified limit of the direction, shape (n,) (of (−1)^k times it where it alternates).

        Raises:
            Undecided: If no limit is certified.
        """
        limit = self._smooth.limit
        if limit is None:
            raise Undecided("no limit of the direction is certified")
        return Enclosed(list(limit.vectors[0]))

    @cached_property
    def _minimizer(self) -> EnclosedMinimizer:
        known = self._smooth.minimizer
        assert known is not None
        with ctx.workprec(ctx.prec + _GUARD_BITS):
            found = enclose_minimizer(self._loss, known.centre)
        if not isinstance(found, EnclosedMinimizer):
            raise Undecided("the minimizer is not enclosed at this precision")
        return found

    @cached_property
    def _at(self) -> list[arb]:
        around = arb(self._minimizer.radius).union(-arb(self._minimizer.radius))
        return [arb(x) + around for x in self._minimizer.centre]

    def _value(self, point: list[arb]) -> arb:
        return Forward.of(self._loss, point, 0).value

    @cached_property
    def _walked(self) -> Enclosed:
        """The errors of K + 2 iterates."""
        problem = self._smooth.problem
        sequence = enclosed_minimum(self._loss, problem.step_size, problem.start, self._minimizer)
        rows = []
        for iterate in islice(sequence.iterates(), self.steps + 2):
            spread = iterate.error.union(-iterate.error)
            rows.append([x + spread for x in iterate.centre])
        return Enclosed(rows)
