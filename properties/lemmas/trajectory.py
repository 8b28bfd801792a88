"""The trajectory that a user's claim is given; each of its quantities is enclosed when it is first used."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np
from flint import acb_mat, arb, arb_mat, ctx, fmpq_mat

from gdcheck.properties.claims.undecided import Undecided
from gdcheck.properties.lemmas.enclosed import Enclosed, Truth
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.enclosure import enclose
from gdcheck.theorem.descent.hessian_map import HessianMap
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.sharpness.maps import ValueMap, largest_eigenvalue
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.sharpness import Sharpness, sharpness

QUANTITIES = (
    "step_size",
    "spectrum",
    "eigenvectors",
    "multipliers",
    "rate",
    "point",
    "displacement",
    "step",
    "distance",
    "direction",
    "eigen_coordinates",
    "loss",
    "excess",
    "gradient",
    "gradient_norm",
    "sharpness",
    "limit",
)


class Trajectory:
    """The first iterates x₀, …, x_K of gradient descent on a problem, with their quantities as enclosures.

    Arrays have one row for each iterate, so K + 1 of them; n is the dimension. Everything is computed when it is first
    used, at the precision of the examination.

    Attributes:
        steps: K.
        rests_on_floats: Whether :meth:`as_float` was called, so that what is found is *observed*.
    """

    def __init__(self, decision: Decision, steps: int, instance: Instance | None = None) -> None:
        self.steps = steps
        self.rests_on_floats = False
        self._decision, self._instance = decision, instance
        self._problem, self._expansion = decision.problem, decision.expansion

    def as_float(self) -> Any:
        """Give all quantities as numpy arrays of floats, without their errors.

        Returns:
            An object with the same names; a verdict that rests on it is *observed* and not *proved*.
        """
        self.rests_on_floats = True
        return _Floats(self)

    @cached_property
    def step_size(self) -> Enclosed:
        """η."""
        return Enclosed(arb(self._problem.step_size))

    @cached_property
    def spectrum(self) -> Enclosed:
        """λ₁ ≤ … ≤ λₙ, shape (n,)."""
        if self._instance is not None:
            return Enclosed([arb(x) for x in self._instance.spectrum])
        known = self._decision.classification
        if known is None:
            raise Undecided("the loss has no Hessian at the minimizer")
        return Enclosed([e.ball() for e in known.eigenvalues for _ in range(e.multiplicity)])

    @cached_property
    def eigenvectors(self) -> Enclosed:
        """Orthonormal eigenvectors, shape (n, n); row i belongs to λ_i."""
        if self._instance is not None:
            return Enclosed(_rows(arb_mat(self._instance.rotation.transpose())))
        return Enclosed(_eigenvectors(self._hessian))

    @cached_property
    def multipliers(self) -> Enclosed:
        """μ_i = 1 − ηλ_i, shape (n,)."""
        return 1 - self.step_size * self.spectrum

    @cached_property
    def rate(self) -> Enclosed:
        """ρ = max |μ_i|."""
        return abs(self.multipliers).max()

    @cached_property
    def displacement(self) -> Enclosed:
        """h_k = x_k − x*, shape (K + 1, n)."""
        return self._walked[:-1]

    @cached_property
    def point(self) -> Enclosed:
        """x_k, shape (K + 1, n)."""
        return self.displacement + Enclosed([arb(x) for x in self._problem.minimizer])

    @cached_property
    def step(self) -> Enclosed:
        """x_{k+1} − x_k, shape (K + 1, n)."""
        return self._walked[1:] - self._walked[:-1]

    @cached_property
    def distance(self) -> Enclosed:
        """‖x_k − x*‖, shape (K + 1,)."""
        return self.displacement.norm()

    @cached_property
    def direction(self) -> Enclosed:
        """(x_k − x*)/‖x_k − x*‖, shape (K + 1, n)."""
        return Enclosed(self.displacement.values / self.distance.values[:, None])

    @cached_property
    def eigen_coordinates(self) -> Enclosed:
        """The coordinates of x_k − x* along the eigenvectors, shape (K + 1, n)."""
        return Enclosed(self.displacement.values @ self.eigenvectors.values.T)

    @cached_property
    def excess(self) -> Enclosed:
        """f(x_k) − f(x*), shape (K + 1,)."""
        f = ValueMap(self._expansion.terms, self._expansion.truncated)
        return Enclosed([f(list(h)) for h in self.displacement.values])

    @cached_property
    def loss(self) -> Enclosed:
        """f(x_k), shape (K + 1,)."""
        return self.excess + self._problem.loss.value(self._problem.minimizer)

    @cached_property
    def gradient(self) -> Enclosed:
        """∇f(x_k), shape (K + 1, n)."""
        return -self.step / self.step_size

    @cached_property
    def gradient_norm(self) -> Enclosed:
        """‖∇f(x_k)‖, shape (K + 1,)."""
        return self.gradient.norm()

    @cached_property
    def sharpness(self) -> Enclosed:
        """The largest Hessian eigenvalue at x_k, shape (K + 1,)."""
        hessian = HessianMap(self._expansion)
        return Enclosed([largest_eigenvalue(hessian(list(h))) for h in self.displacement.values])

    @cached_property
    def crossings(self) -> Enclosed:
        """The number of steps, of all steps, at which the sharpness exceeds 2/η.

        Raises:
            Undecided: If that is undecided at a step, or no step is known after which all are below.
        """
        found = self._sharpness.crossings
        if found.undecided or not found.complete:
            raise Undecided("at how many steps the sharpness exceeds 2/η is undecided")
        return Enclosed(arb(len(found.steps)))

    @cached_property
    def oscillates(self) -> Truth:
        """Whether the sharpness is proved to cross λₙ at every step, from some step on."""
        kind = self._sharpness.pattern.kind
        return Truth(None if kind is Kind.UNDECIDED else kind is Kind.OSCILLATING)

    @cached_property
    def limit(self) -> Enclosed:
        """The certified limit of the direction, shape (n,) (of (−1)^k times it where it alternates).

        Raises:
            Undecided: If no single limit is certified.
        """
        limit = self._decision.limit
        if limit is None or len(limit.vectors) != 1:
            raise Undecided("no single limit of the direction is certified")
        return Enclosed(list(limit.vectors[0]))

    @cached_property
    def _sharpness(self) -> Sharpness:
        found = sharpness(self._decision)
        if found is None:
            raise Undecided("the loss has no positive definite Hessian at the minimizer")
        return found

    @cached_property
    def _walked(self) -> Enclosed:
        """The errors of K + 2 iterates; an enclosure that has grown beyond all bounds decides nothing."""
        expansion = self._expansion
        rho = self.rate.values.item()
        rows = []
        for h in islice(enclose(expansion, RemainderBound.of(expansion), rho), self.steps + 2):
            spread = h.error.union(-h.error)
            rows.append([x + spread for x in h.centre])
        return Enclosed(rows)

    @property
    def _hessian(self) -> fmpq_mat:
        if self._expansion.hessian is None:
            raise Undecided("the loss has no Hessian at the minimizer")
        return self._expansion.hessian


class _Floats(SimpleNamespace):
    """The quantities of a trajectory as floats, computed when they are used."""

    def __init__(self, trajectory: Trajectory) -> None:
        super().__init__(steps=trajectory.steps, _of=trajectory)

    def __getattr__(self, name: str) -> Any:
        if name not in QUANTITIES:
            raise AttributeError(f"a trajectory has no {name!r}; it has {', '.join(QUANTITIES)}")
        return getattr(self._of, name).as_float()


def _rows(matrix: arb_mat) -> list[list[arb]]:
    return [list(row) for row in matrix.table()]


def _eigenvectors(hessian: fmpq_mat) -> list[list[arb]]:
    """Enclose the unit eigenvectors of a symmetric matrix with simple eigenvalues, ascending."""
    n = hessian.nrows()
    with ctx.workprec(ctx.prec + 64):
        try:
            values, vectors = acb_mat(arb_mat(hessian)).eig(right=True)
        except ValueError:
            raise Undecided("the eigenvectors are not told apart at this precision") from None
        # Each is known up to a complex factor; divided by its largest component it is real.
        columns = []
        for j in range(n):
            largest = max((vectors[i, j] for i in range(n)), key=lambda x: float(abs(x).mid()))
            columns.append([(vectors[i, j] / largest).real for i in range(n)])
        order = np.argsort([float(x.real.mid()) for x in values], kind="stable")
        unit = []
        for j in order:
            size = norm(columns[j])
            unit.append([x / size for x in columns[j]])
        return unit
