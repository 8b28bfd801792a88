"""The linear part of a method: its parameters, as a problem states them, and the numbers derived from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any

from gdcheck.theorem.checker.descent import Descent
from gdcheck.theorem.checker.exact import Matrix, Vector, dot, integer_matrix, norm_above, root_bounds, times, unit
from gdcheck.theorem.checker.reading.document import Problem, read_problem
from gdcheck.theorem.checker.reading.fields import PerVariable, Point, Positive, read_as, read_fields, refuse
from gdcheck.theorem.checker.spectrum import is_positive_definite, is_singular


def _share(kind: Any, value: object, path: str, n: int) -> Fraction:
    number: Fraction = read_as(kind, value, path, n)
    if not 0 <= number < 1:
        refuse(path, "in [0, 1)")
    return number


def _positive_definite(kind: Any, value: object, path: str, n: int) -> tuple[Vector, ...]:
    rows: tuple[Vector, ...] = read_as(kind, value, path, n)
    if rows != tuple(zip(*rows, strict=True)) or not is_positive_definite(integer_matrix(rows)[0]):
        refuse(path, "symmetric positive definite")
    return rows


Share = Annotated[Fraction, _share]
"""A number in [0, 1)."""
PARAMETERS: dict[str, dict[str, Any]] = {
    "gradient-descent": {"preconditioner": Annotated[PerVariable[Point], _positive_definite]},
    "heavy-ball": {"momentum": Share},
    "nesterov": {"momentum": Share},
    "adam": {"beta1": Share, "beta2": Share, "epsilon": Positive},
    "rmsprop": {"beta2": Share, "epsilon": Positive},
}


@dataclass(frozen=True)
class Adaptive:
    """The parameters of the divisor in the steps of Adam and RMSprop.

    Attributes:
        beta2: The decay of the average of squares.
        epsilon: Positive.
        corrects_bias: Whether the averages are divided by 1 - beta^t.
    """

    beta2: Fraction
    epsilon: Fraction
    corrects_bias: bool


@dataclass(frozen=True)
class Linear:
    """The numbers of a method: h' = h - a u P grad f - kappa c, c' = beta c + u P grad f.

    Attributes:
        a: The weight of the gradient.
        kappa: The weight of the buffer.
        beta: The decay of the buffer.
        gain: u divided by the step size.
        preconditioner: P, shape (n, n); None for the identity.
        adaptive: The parameters of the factors, which tend to one; None if there are none.
    """

    a: Fraction
    kappa: Fraction
    beta: Fraction
    gain: Fraction = Fraction(1)
    preconditioner: tuple[Vector, ...] | None = None
    adaptive: Adaptive | None = None

    @classmethod
    def read(cls, value: object, n: int) -> Linear:
        """Read the method of a problem."""
        name = value.get("name") if type(value) is dict else None
        if type(name) is not str or name not in PARAMETERS:
            refuse("problem.method.name", f"one of {', '.join(PARAMETERS)}")
        m = read_fields({"name": str} | PARAMETERS[name], value, "problem.method", n)
        if name == "gradient-descent":
            return cls(Fraction(1), Fraction(0), Fraction(0), preconditioner=m["preconditioner"])
        if name in {"adam", "rmsprop"}:
            beta, epsilon = m.get("beta1", Fraction(0)), m["epsilon"]
            adaptive = Adaptive(m["beta2"], epsilon, corrects_bias=name == "adam")
            return cls(Fraction(1), beta, beta, (1 - beta) / epsilon, adaptive=adaptive)
        beta = m["momentum"]
        return cls(Fraction(1), beta, beta) if name == "heavy-ball" else cls(1 + beta, beta * beta, beta)

    @property
    def trace(self) -> tuple[Fraction, Fraction]:
        """Return t = trace M(s) as (constant, slope)."""
        return 1 + self.beta, -self.a

    @property
    def determinant(self) -> tuple[Fraction, Fraction]:
        """Return d = det M(s) as (constant, slope)."""
        return self.beta, self.kappa - self.beta * self.a

    @property
    def loses_volume(self) -> bool:
        """Tell whether the map of states can take a set of positive measure into a null set."""
        return self.adaptive is None and (self.beta == 0 or self.determinant[1] != 0)

    @cached_property
    def inverse(self) -> Matrix | None:
        """Return P^-1."""
        return None if self.preconditioner is None else _inverse(self.preconditioner)

    @cached_property
    def strength(self) -> Fraction:
        """Return a bound of the norm of P."""
        return Fraction(1) if self.preconditioner is None else norm_above([x for r in self.preconditioner for x in r])

    @cached_property
    def size(self) -> Fraction:
        """Return a bound of the square root of the condition number of P."""
        if self.inverse is None:
            return Fraction(1)
        return root_bounds(self.strength * norm_above([x for row in self.inverse for x in row]))[1]

    @cached_property
    def pull(self) -> Fraction:
        """Return sqrt(a^2 + 1) |P|, a bound of what a unit gradient adds to a state; without a buffer a |P|."""
        square = self.a**2 + (self.beta > 0)
        return root_bounds(square)[1] * self.strength

    @cached_property
    def still(self) -> Fraction:
        """Return a bound of the norm of M(0)."""
        return norm_above((Fraction(1), self.kappa, self.beta))

    def preconditioned(self, hessian: Matrix) -> Matrix:
        """Return P A."""
        if self.preconditioner is None:
            return hessian
        return times(self.preconditioner, hessian)

    def dual(self, vector: Vector) -> Vector:
        """Return P^-1 times a vector."""
        return vector if self.inverse is None else tuple(dot(row, vector) for row in self.inverse)

    def is_regular(self, descent: Descent) -> bool:
        """Tell whether the derivative of gradient descent with P is regular at the minimizer."""
        scaled = [[descent.step_size * x for x in row] for row in self.preconditioned(descent.hessian)]
        return not is_singular(*integer_matrix(scaled))


@dataclass(frozen=True)
class MethodProblem(Problem):
    """A problem that names a method."""

    linear: Linear

    @classmethod
    def read(cls, value: object, path: str, n: int, *, has_start: bool = True) -> MethodProblem:
        """Read a problem, which has the field ``method`` beside the others."""
        if type(value) is not dict or "method" not in value:
            refuse(path, "an object with a method")
        rest = read_problem({name: entry for name, entry in value.items() if name != "method"}, has_start=has_start)
        return cls(**vars(rest), linear=Linear.read(value["method"], n))


WithoutStart = Annotated[
    MethodProblem, lambda kind, value, path, n: MethodProblem.read(value, path, n, has_start=False)
]
"""A problem that names a method, and states no start."""


def _inverse(rows: Sequence[Sequence[Fraction]]) -> Matrix:
    """Return the inverse of a positive definite matrix."""
    n = len(rows)
    table = [[*row, *map(Fraction, unit(i, n))] for i, row in enumerate(rows)]
    for i in range(n):
        table[i] = [x / table[i][i] for x in table[i]]
        for k in range(n):
            if k != i and table[k][i]:
                table[k] = [x - table[k][i] * y for x, y in zip(table[k], table[i], strict=True)]
    return [row[n:] for row in table]
