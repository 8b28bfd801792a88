"""Problems that know how they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from flint import fmpq, fmpq_mat

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_fmpq, to_text
from gdcheck.theorem.methods.statement import End, Regime

Vector = tuple[fmpq, ...]
_Kind = TypeVar("_Kind", bound=Enum)


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
        fields = ("problem", "spectrum", "rotation", "regime", "place")
        if not isinstance(data, Mapping) or set(data) != set(fields):
            raise InputError("made", f"with its problem it must be an object with {', '.join(fields)}, nothing else")
        problem = Problem.from_json(data["problem"])
        spectrum = _vector(data["spectrum"], "spectrum", problem.dimension)
        if len(spectrum) < 2 or not 0 < spectrum[0] < spectrum[-1] or list(spectrum) != sorted(spectrum):
            raise InputError("spectrum", "needs two positive eigenvalues or more, ascending, the ends distinct")
        return cls(
            problem=problem,
            spectrum=spectrum,
            rotation=_rotation(data["rotation"], problem.dimension),
            regime=_member(Regime, data["regime"], "regime"),
            place=_member(StartPlace, data["place"], "place"),
        )

    def __repr__(self) -> str:
        p = self.problem.to_json()
        return f"Instance({self.regime.value}, start {self.place.value}, {p})"


def _vector(data: object, field: str, n: int) -> Vector:
    if not isinstance(data, list) or not all(isinstance(x, str) for x in data):
        raise InputError(field, 'expected lists of rationals as texts, such as ["1", "5/2"]')
    if len(data) != n:
        raise InputError(field, f"has {len(data)} entries where the problem has {n} variables; give {n}")
    return tuple(to_fmpq(x, field) for x in data)


def _rotation(data: object, n: int) -> fmpq_mat:
    if not isinstance(data, list) or len(data) != n:
        raise InputError("rotation", f"expected a list of {n} rows, one for each variable")
    matrix = fmpq_mat([list(_vector(row, "rotation", n)) for row in data])
    if matrix * matrix.transpose() != fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)]):
        raise InputError("rotation", "its rows are not orthogonal unit vectors; give an orthogonal matrix")
    return matrix


def _member(kind: type[_Kind], data: object, field: str) -> _Kind:
    """The member of an enumeration that a text names."""
    names = [member.value for member in kind]
    if data not in names:
        raise InputError(field, f"is none of {', '.join(names)}; give one of them")
    return kind(data)


def column(matrix: fmpq_mat, j: int) -> Vector:
    """Column j of a matrix."""
    return tuple(matrix[i, j] for i in range(matrix.nrows()))


def dot(u: Sequence[fmpq], v: Sequence[fmpq]) -> fmpq:
    """The exact inner product of two vectors of shape (n,)."""
    return sum((x * y for x, y in zip(u, v, strict=True)), fmpq(0))
