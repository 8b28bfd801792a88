"""The trajectory that a user's claim is given in a valley: the point of arrival, and the sharpness on the way to it."""

from __future__ import annotations

from functools import cached_property

from flint import arb

from gdcheck.properties.claims.undecided import Undecided
from gdcheck.properties.lemmas.enclosed import Enclosed
from gdcheck.theorem.valleys.decide import ValleyDecision
from gdcheck.theorem.valleys.sharpness import ValleySharpness, valley_sharpness


class ArrivingTrajectory:
    """A trajectory whose point of arrival in a valley is proved, with its quantities as enclosures.

    Attributes:
        rests_on_floats: Always False.
    """

    rests_on_floats = False

    def __init__(self, decision: ValleyDecision) -> None:
        assert decision.arrival is not None, "a trajectory that arrives"
        self._decision, self._arrival = decision, decision.arrival
        self._unit = arb(decision.problem.rate / decision.problem.step_size)

    @cached_property
    def step_size(self) -> Enclosed:
        """η."""
        return Enclosed(arb(self._decision.problem.step_size))

    @cached_property
    def spectrum(self) -> Enclosed:
        """λ₁ ≤ … ≤ λ_p, the nonzero Hessian eigenvalues at the point of arrival, shape (p,)."""
        return Enclosed([self._unit * value for value in self._arrival.spectrum.values])

    @cached_property
    def limit(self) -> Enclosed:
        """The limit of the direction at even steps, shape (n,)."""
        return Enclosed(list(self._arrival.vector))

    @cached_property
    def alternates(self) -> bool:
        """Whether the direction alternates."""
        return self._arrival.regime.value == "large-step"

    @cached_property
    def first_sharpness(self) -> Enclosed:
        """The largest Hessian eigenvalue at the start."""
        return Enclosed(self._sharpness.first)

    @cached_property
    def final_sharpness(self) -> Enclosed:
        """λ_p, the largest Hessian eigenvalue at the point of arrival."""
        return self.spectrum[-1]

    @cached_property
    def steps_above(self) -> tuple[int, ...]:
        """The steps at which the largest Hessian eigenvalue exceeds 2/η, of all there are."""
        if not self._sharpness.is_proved:
            raise Undecided("whether the sharpness exceeds 2/η is undecided at a step")
        return self._sharpness.above

    @cached_property
    def _sharpness(self) -> ValleySharpness:
        found = valley_sharpness(self._decision)
        assert found is not None, "a trajectory that arrives"
        return found
