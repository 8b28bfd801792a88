"""The second engine's own spectrum, by ``mpmath.eigsy``, and its own thresholds for the step size."""

from __future__ import annotations

from dataclasses import dataclass

from mpmath import mp, mpf

from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.reference.trajectory import Point, norm


@dataclass(frozen=True)
class ReferenceSpectrum:
    """The Hessian at the minimizer, its eigenvalues, and the regime of the step size, as far as the digits decide.

    Attributes:
        hessian: A, shape (n, n).
        step_size: The step size η.
        eigenvalues: With multiplicity, ascending, shape (n,).
        regime: The regime; the boundary where η(λ₁+λₙ) is 2 to half of the digits.
    """

    hessian: list[Point]
    step_size: mpf
    eigenvalues: Point
    regime: Regime

    @classmethod
    def of(cls, hessian: list[Point], step_size: mpf) -> ReferenceSpectrum:
        """Find the eigenvalues of a symmetric matrix at the digits in use."""
        values = sorted(mp.eigsy(mp.matrix(hessian), eigvals_only=True))
        both = step_size * (values[0] + values[-1]) - 2
        if step_size * values[-1] >= 2 or values[0] <= 0:
            regime = Regime.UNSTABLE
        elif abs(both) < half_of_the_digits():
            regime = Regime.BOUNDARY
        else:
            regime = Regime.SMALL_STEP if both < 0 else Regime.LARGE_STEP
        return cls(hessian, step_size, values, regime)

    @property
    def dominant(self) -> Point:
        """The eigenvalues that dominate in the regime: none, one, or on the boundary both ends."""
        low, high = self.eigenvalues[0], self.eigenvalues[-1]
        ends = {Regime.SMALL_STEP: [low], Regime.LARGE_STEP: [high], Regime.BOUNDARY: [low, high]}
        return ends.get(self.regime, [])

    def eigenvector(self, eigenvalue: mpf) -> Point | None:
        """Find a unit eigenvector by inverse iteration, shape (n,).

        Args:
            eigenvalue: A simple eigenvalue.

        Returns:
            The vector; None if the iteration does not find one to half of the digits.
        """
        scale = norm([x for row in self.hessian for x in row])
        shift = eigenvalue + scale * half_of_the_digits()
        rows = [[x - shift * (i == j) for j, x in enumerate(row)] for i, row in enumerate(self.hessian)]
        # A start without a component along the eigenvector is unlikely, and would be noticed.
        v = [mp.sqrt(2 + 3 * i) for i in range(len(rows))]
        for _ in range(3):
            v = _solve(rows, v)
            size = norm(v)
            v = [x / size for x in v]
        rest = [mp.fdot(row, v) - eigenvalue * x for row, x in zip(self.hessian, v, strict=True)]
        return v if norm(rest) < scale * half_of_the_digits() else None


def half_of_the_digits() -> mpf:
    """Return the number that counts as zero compared with one: ten to the power of minus half of the digits in use."""
    return mpf(10) ** -(mp.dps // 2)


def _solve(matrix: list[Point], right: Point) -> Point:
    """Solve a linear system by elimination with the largest pivots."""
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    n = len(rows)
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(k + 1, n):
            factor = rows[i][k] / rows[k][k]
            if factor:
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    solution: Point = []
    for row in reversed(rows):
        done = len(solution)
        known = mp.fdot(row[n - done : n], reversed(solution))
        solution.append((row[n] - known) / row[n - 1 - done])
    return solution[::-1]
