"""Problems that know how they were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from flint import fmpq, fmpq_mat

from theorem.problem import Problem
from theorem.rational import to_fmpq, to_text
from theorem.statement import End, Regime

Vector = tuple[fmpq, ...]


class SpectrumShape(Enum):
    """Families of spectra; both ends are always simple."""

    PLAIN = "plain"
    SPREAD = "spread"
    CLUSTERED = "clustered"
    NEAR_ENDS = "near-ends"


class StepPlace(Enum):
    """Where in its regime a step size lies."""

    INSIDE = "inside"
    NEAR_BOUNDARY = "near-boundary"
    SLOW = "slow"
    SINGULAR = "singular"


class StartPlace(Enum):
    """Where a trajectory starts."""

    BALL = "ball"
    CONE = "cone"
    OUTSIDE = "outside"
    EXCEPTIONAL = "exceptional"


@dataclass(frozen=True)
class Instance:
    """A problem together with the way it was made, which its verdict can be held against.

    Attributes:
        problem: The problem.
        spectrum: The prescribed Hessian spectrum, ascending, shape (n,).
        rotation: Q, shape (n, n); column i is the eigenvector of ``spectrum[i]``.
        regime: The regime of the step size, by construction.
        place: Where the trajectory starts.
    """

    problem: Problem
    spectrum: Vector
    rotation: fmpq_mat
    regime: Regime
    place: StartPlace

    @property
    def dominant(self) -> End:
        """The end of the spectrum that dominates in the regime; the highest on the boundary, where both do."""
        return End.LOWEST if self.regime is Regime.SMALL_STEP else End.HIGHEST

    @property
    def index(self) -> int:
        """The position of the dominant eigenvalue in the spectrum."""
        return 0 if self.dominant is End.LOWEST else len(self.spectrum) - 1

    @property
    def multipliers(self) -> Vector:
        """μ_i = 1 − ηλ_i, shape (n,)."""
        return tuple(1 - self.problem.step_size * x for x in self.spectrum)

    @property
    def rho(self) -> fmpq:
        """ρ = max |μ_i|."""
        return max(abs(m) for m in self.multipliers)

    def eigenvector(self, end: End) -> Vector:
        """The exact unit eigenvector of an end of the spectrum, shape (n,)."""
        return column(self.rotation, 0 if end is End.LOWEST else len(self.spectrum) - 1)

    def to_json(self) -> dict[str, Any]:
        """The instance as plain data: the problem, and how it was made."""
        n = len(self.spectrum)
        return {
            "problem": self.problem.to_json(),
            "spectrum": [to_text(x) for x in self.spectrum],
            "rotation": [[to_text(self.rotation[i, j]) for j in range(n)] for i in range(n)],
            "regime": self.regime.value,
            "place": self.place.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Instance:
        """Reads what :meth:`to_json` wrote.

        Args:
            data: The plain data.

        Returns:
            The instance.
        """
        return cls(
            problem=Problem.from_json(data["problem"]),
            spectrum=tuple(to_fmpq(x, "spectrum") for x in data["spectrum"]),
            rotation=fmpq_mat([[to_fmpq(x, "rotation") for x in row] for row in data["rotation"]]),
            regime=Regime(data["regime"]),
            place=StartPlace(data["place"]),
        )

    def __repr__(self) -> str:
        p = self.problem.to_json()
        return f"Instance({self.regime.value}, start {self.place.value}, {p})"


def column(matrix: fmpq_mat, j: int) -> Vector:
    """Column j of a matrix."""
    return tuple(matrix[i, j] for i in range(matrix.nrows()))
