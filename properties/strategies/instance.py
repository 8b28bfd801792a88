"""Problems together with the way they were made, which gives the expected answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from flint import fmpq, fmpq_mat
from msgspec import to_builtins

from gdcheck.theorem.certificate.shapes import Shape, ShapeError, StoredProblem, read_as
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import Vector, to_fmpq, to_text
from gdcheck.theorem.methods.statement import End, Regime


class SpectrumShape(Enum):
    """Families of spectra; both ends are always simple."""

    PLAIN = "plain"
    SPREAD = "spread"
    CLUSTERED = "clustered"
    NEAR_ENDS = "near-ends"


class StepPlace(Enum):
    """The place of a step size in its regime."""

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


class MadeProblem(Shape, frozen=True):
    """A problem and how it was made, as it is stored; see ``Instance``."""

    problem: StoredProblem
    spectrum: tuple[str, ...]
    rotation: tuple[tuple[str, ...], ...]
    regime: Regime
    place: StartPlace


@dataclass(frozen=True)
class Instance:
    """A problem together with the way it was made, with which its verdict can be compared.

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
        """The index of the dominant eigenvalue in the spectrum."""
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
        """Return the exact unit eigenvector of an end of the spectrum, shape (n,)."""
        return column(self.rotation, 0 if end is End.LOWEST else len(self.spectrum) - 1)

    def to_json(self) -> dict[str, Any]:
        """Return the instance as plain data: the problem, and how it was made."""
        made = MadeProblem(
            StoredProblem.of(self.problem),
            tuple(map(to_text, self.spectrum)),
            tuple(tuple(map(to_text, row)) for row in self.rotation.tolist()),
            self.regime,
            self.place,
        )
        plain: dict[str, Any] = to_builtins(made)
        return plain

    @classmethod
    def from_json(cls, data: object) -> Instance:
        """Read what :meth:`to_json` wrote.

        Args:
            data: The plain data, from outside and not trusted. Whether the spectrum is that of the loss is not checked
                here: claims do.

        Returns:
            The instance.

        Raises:
            InputError: If a field is missing, unknown, of the wrong type or size, or unusable.
        """
        try:
            made = read_as(data, MadeProblem)
        except ShapeError as error:
            raise InputError(
                "made", f"{error}; give problem, spectrum, rotation, regime and place, nothing else"
            ) from None
        problem = made.problem.problem()
        n = problem.dimension
        if len(made.spectrum) != n or len(made.rotation) != n or any(len(row) != n for row in made.rotation):
            raise InputError("made", f"spectrum or rotation has not the size of the problem's {n} variables")
        spectrum = tuple(to_fmpq(x, "spectrum") for x in made.spectrum)
        if len(spectrum) < 2 or not 0 < spectrum[0] < spectrum[-1] or list(spectrum) != sorted(spectrum):
            raise InputError("spectrum", "needs two positive eigenvalues or more, ascending, the ends distinct")
        rotation = fmpq_mat([[to_fmpq(x, "rotation") for x in row] for row in made.rotation])
        if rotation * rotation.transpose() != fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)]):
            raise InputError("rotation", "its rows are not orthogonal unit vectors; give an orthogonal matrix")
        return cls(problem, spectrum, rotation, made.regime, made.place)

    def __repr__(self) -> str:
        p = self.problem.to_json()
        return f"Instance({self.regime.value}, start {self.place.value}, {p})"


def column(matrix: fmpq_mat, j: int) -> Vector:
    """Return column j of a matrix."""
    return tuple(matrix[i, j] for i in range(matrix.nrows()))
