r"""The methods as objects: a state, a step, and the linear part of that step near a minimizer.

Every method here moves the error :math:`h = x - x^*` and a buffer c by

.. math:: c' = \beta c + u P\nabla f(x^* + h), \qquad h' = h - a\,u P\nabla f(x^* + h) - \kappa c,

with :math:`u = \eta\cdot` ``gain``; the buffer begins at zero. On an eigenvector of :math:`P\nabla^2 f(x^*)` with the
eigenvalue λ this is the matrix :math:`M(s) = \begin{pmatrix}1 - as & -\kappa\\ s & \beta\end{pmatrix}`, s = uλ
(docs/methods.md, *One block a mode*). Gradient descent is β = κ = 0. The adaptive methods do the same up to factors
that tend to one (``augmented/adaptive.py``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from flint import fmpq, fmpq_mat

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_text

_ONE = fmpq(1)
_ZERO = fmpq(0)


class Method(ABC):
    """A method with one buffer, as the module says; a subclass is a frozen dataclass of exact parameters.

    Attributes:
        name: Its name in problems and answers.
    """

    name: ClassVar[str]

    @property
    @abstractmethod
    def momentum(self) -> fmpq:
        """β, from 0 to below 1."""

    @property
    def lead(self) -> fmpq:
        """The weight a of the gradient in the step."""
        return _ONE

    @property
    def carry(self) -> fmpq:
        """The weight κ of the buffer in the step."""
        return self.momentum

    @property
    def gain(self) -> fmpq:
        """The factor between the step size η and u."""
        return _ONE

    @property
    def preconditioner(self) -> fmpq_mat | None:
        """P, symmetric positive definite; None for the identity."""
        return None

    @property
    def is_plain(self) -> bool:
        """Whether this is gradient descent itself."""
        return False

    def trace_and_determinant(self) -> tuple[tuple[fmpq, fmpq], tuple[fmpq, fmpq]]:
        """Return trace and determinant of M(s), each as (constant, slope in s)."""
        beta = self.momentum
        return (1 + beta, -self.lead), (beta, self.carry - beta * self.lead)

    def advance(self, h: Any, c: Any, pull: Any, number: Callable[[fmpq], Any]) -> tuple[Any, Any]:
        """Take one step; for floats, balls, mpmath's numbers and arrays alike.

        Args:
            h: The error, a list of coordinates or an array.
            c: The buffer, of the same shape.
            pull: u P∇f at the error, of the same shape.
            number: Converts a rational to a number.

        Returns:
            The next error and buffer.
        """
        a, kappa, beta = number(self.lead), number(self.carry), number(self.momentum)
        return (
            [x - a * p - kappa * y for x, y, p in zip(h, c, pull, strict=True)],
            [beta * y + p for y, p in zip(c, pull, strict=True)],
        )

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return the name and the parameters, exact numbers as texts."""


@dataclass(frozen=True)
class GradientDescent(Method):
    """Gradient descent, x ↦ x − ηP∇f(x).

    Attributes:
        rows: The rows of P, a symmetric positive definite matrix, shape (n, n); None for the identity.
    """

    name: ClassVar[str] = "gradient-descent"
    rows: tuple[tuple[fmpq, ...], ...] | None = None

    def __post_init__(self) -> None:
        """Check that P is symmetric positive definite.

        Raises:
            InputError: If it is not.
        """
        if self.rows is not None:
            _require_positive_definite(self.rows)

    @property
    def momentum(self) -> fmpq:
        """Zero."""
        return _ZERO

    @property
    def preconditioner(self) -> fmpq_mat | None:
        """P; None for the identity."""
        return None if self.rows is None else fmpq_mat([list(row) for row in self.rows])

    @property
    def is_plain(self) -> bool:
        """Whether P is the identity."""
        return self.rows is None

    def to_json(self) -> dict[str, Any]:
        """Return the name, and P where there is one."""
        if self.rows is None:
            return {"name": self.name}
        return {"name": self.name, "preconditioner": [[to_text(x) for x in row] for row in self.rows]}


@dataclass(frozen=True)
class HeavyBall(Method):
    """Gradient descent with momentum, torch.optim.SGD(momentum=β): c ← βc + ηg, x ← x − c.

    Attributes:
        beta: β.
    """

    name: ClassVar[str] = "heavy-ball"
    beta: fmpq

    def __post_init__(self) -> None:
        """Check β.

        Raises:
            InputError: If it is not in [0, 1).
        """
        _require_share(self.beta, "momentum")

    @property
    def momentum(self) -> fmpq:
        """β."""
        return self.beta

    def to_json(self) -> dict[str, Any]:
        """Return the name and β."""
        return {"name": self.name, "momentum": to_text(self.beta)}


@dataclass(frozen=True)
class Nesterov(HeavyBall):
    """Nesterov's momentum, torch.optim.SGD(momentum=β, nesterov=True): c ← βc + ηg, x ← x − ηg − βc."""

    name: ClassVar[str] = "nesterov"

    @property
    def lead(self) -> fmpq:
        """1 + β."""
        return 1 + self.beta

    @property
    def carry(self) -> fmpq:
        """β²."""
        return self.beta * self.beta


@dataclass(frozen=True)
class Adam(Method):
    """torch.optim.Adam with its bias corrections; near a minimizer heavy ball in the form of an average.

    Attributes:
        beta1: β₁, the decay of the average of the gradients.
        beta2: β₂, the decay of the average of their squares.
        epsilon: ε.
    """

    name: ClassVar[str] = "adam"
    beta1: fmpq
    beta2: fmpq
    epsilon: fmpq

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            InputError: If a β is not in [0, 1), or ε is not positive.
        """
        _require_share(self.beta1, "beta1")
        _require_share(self.beta2, "beta2")
        if self.epsilon <= 0:
            raise InputError("epsilon", f"{to_text(self.epsilon)} is not positive; give a rational above 0, as 1e-8")

    @property
    def momentum(self) -> fmpq:
        """β₁."""
        return self.beta1

    @property
    def gain(self) -> fmpq:
        """(1 − β₁)/ε."""
        return (1 - self.beta1) / self.epsilon

    @property
    def corrects_bias(self) -> bool:
        """Whether the averages are divided by 1 − βᵏ at step k."""
        return True

    def root_mean_square(self, s: Any, gradient: Any, root: Callable[[Any], Any], number: Callable[[fmpq], Any]) -> Any:
        """Average the squares of the gradients, and return the root; the state keeps the root.

        Args:
            s: The last root, a list of coordinates.
            gradient: ∇f, a list.
            root: The square root of a number.
            number: Converts a rational to a number.

        Returns:
            √(β₂s² + (1 − β₂)g²), a list.
        """
        keep, take = number(self.beta2), number(1 - self.beta2)
        return [root(keep * x * x + take * g * g) for x, g in zip(s, gradient, strict=True)]

    def weights(self, s: Any, step: int, root: Callable[[Any], Any], number: Callable[[fmpq], Any]) -> Any:
        """Return the factors γ of the buffer in a step, which tend to one: h ← h − γc.

        Args:
            s: The root of the average of squares, already of this step, a list.
            step: 1 for the first step.
            root: The square root of a number.
            number: Converts a rational to a number.

        Returns:
            A list.
        """
        epsilon, bias, squares = number(self.epsilon), number(fmpq(1)), number(fmpq(1))
        if self.corrects_bias:
            bias = 1 - number(self.beta1) ** step
            squares = root(1 - number(self.beta2) ** step)
        return [1 / (bias * (1 + x / (epsilon * squares))) for x in s]

    def to_json(self) -> dict[str, Any]:
        """Return the name and the parameters."""
        return {
            "name": self.name,
            "beta1": to_text(self.beta1),
            "beta2": to_text(self.beta2),
            "epsilon": to_text(self.epsilon),
        }


@dataclass(frozen=True)
class RMSprop(Adam):
    """torch.optim.RMSprop: β₁ = 0, β₂ is its alpha, and no bias is corrected."""

    name: ClassVar[str] = "rmsprop"

    @property
    def corrects_bias(self) -> bool:
        """False."""
        return False

    def to_json(self) -> dict[str, Any]:
        """Return the name and the parameters."""
        return {"name": self.name, "beta2": to_text(self.beta2), "epsilon": to_text(self.epsilon)}


PLAIN = GradientDescent()


def _require_share(value: fmpq, field: str) -> None:
    if not 0 <= value < 1:
        raise InputError(field, f"{to_text(value)} is not in [0, 1); give a rational such as 0.9")


def _require_positive_definite(rows: tuple[tuple[fmpq, ...], ...]) -> None:
    n = len(rows)
    if any(len(row) != n for row in rows):
        raise InputError("preconditioner", "is not square; give n rows of n numbers")
    if any(rows[i][j] != rows[j][i] for i in range(n) for j in range(i)):
        raise InputError("preconditioner", "is not symmetric; give a symmetric positive definite matrix")
    # Sylvester's criterion.
    if any(fmpq_mat([list(row[:k]) for row in rows[:k]]).det() <= 0 for k in range(1, n + 1)):
        raise InputError("preconditioner", "is not positive definite; give a symmetric positive definite matrix")
