r"""The loss around its minimizer: :math:`\nabla f(m+h) = A h + R(h)`, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from flint import fmpq, fmpq_mat

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss, TruncatedPower
from gdcheck.theorem.loss.rational import to_text

Exponents: TypeAlias = tuple[int, ...]
Word: TypeAlias = tuple[int, ...]
"""A monomial as its variables in ascending order, each as often as its exponent says: x₀x₂² is (0, 2, 2)."""


@dataclass(frozen=True)
class LocalPower:
    r"""A truncated power seen from the minimizer: :math:`c\,(\ell\cdot h + a)_+^p`.

    Attributes:
        coefficient: c.
        direction: ℓ, shape (n,).
        offset: a; the kink passes through the minimizer if it is zero.
        power: p.
    """

    coefficient: fmpq
    direction: tuple[fmpq, ...]
    offset: fmpq
    power: int

    @property
    def squared_length(self) -> fmpq:
        """‖ℓ‖²."""
        return sum((x * x for x in self.direction), fmpq(0))

    def slope(self, reach: fmpq) -> fmpq:
        """The factor of ℓ in the gradient where ℓ·h + a = reach."""
        return self.coefficient * self.power * reach ** (self.power - 1) if reach > 0 else fmpq(0)


@dataclass(frozen=True, eq=False)
class Expansion:
    """The derivatives of a loss at its minimizer.

    Attributes:
        step_size: The step size η.
        displacement: The first error h₀ = x₀ − m, shape (n,).
        terms: The polynomial part of f(m + h), constant left out: (exponents, coefficient) pairs.
        truncated: The truncated powers.
        hessian: A = ∇²f(m), shape (n, n); None if a kink of order two passes through m.
    """

    step_size: fmpq
    displacement: tuple[fmpq, ...]
    terms: tuple[tuple[Exponents, fmpq], ...]
    truncated: tuple[LocalPower, ...]
    hessian: fmpq_mat | None

    @classmethod
    def of(cls, problem: Problem) -> Expansion:
        """Expands the problem's loss at its minimizer.

        Args:
            problem: The problem.

        Returns:
            The expansion.

        Raises:
            InputError: If the gradient at the minimizer is not exactly zero; the sentence says what it is.
        """
        local = problem.loss.shifted(problem.minimizer)
        n = local.dimension
        terms = tuple((a, c) for a, c in local.terms if any(a))
        truncated = tuple(_localized(t) for t in local.truncated)
        _require_critical(local, terms, truncated)
        return cls(
            step_size=problem.step_size,
            displacement=problem.displacement,
            terms=terms,
            truncated=truncated,
            hessian=_hessian(n, terms, truncated),
        )

    @property
    def dimension(self) -> int:
        """The number n of variables."""
        return len(self.displacement)

    @cached_property
    def higher_terms(self) -> tuple[tuple[Exponents, fmpq], ...]:
        """The polynomial terms of order three and more."""
        return tuple((a, c) for a, c in self.terms if sum(a) > 2)

    @cached_property
    def gradient_terms(self) -> tuple[tuple[int, Word, fmpq], ...]:
        """The gradient of the polynomial part without its constant: (component, monomial, coefficient) triples."""
        triples = []
        for exponents, c in self.terms:
            word = tuple(i for i, e in enumerate(exponents) if e for _ in range(e))
            if len(word) > 1:
                start = 0
                while start < len(word):
                    i = word[start]
                    triples.append((i, word[:start] + word[start + 1 :], c * exponents[i]))
                    start += exponents[i]
        return tuple(triples)

    def exact_step(self, h: tuple[fmpq, ...]) -> tuple[fmpq, ...]:
        """One exact step of gradient descent on the error, h ↦ F(h)."""
        gradient = [fmpq(0)] * self.dimension
        for exponents, c in self.terms:
            present = [i for i, e in enumerate(exponents) if e]
            for i in present:
                value = c * exponents[i]
                for j in present:
                    value *= h[j] ** (exponents[j] - (i == j))
                gradient[i] += value
        for t in self.truncated:
            slope = t.slope(t.offset + sum((x * y for x, y in zip(t.direction, h, strict=True)), fmpq(0)))
            gradient = [g + slope * x for g, x in zip(gradient, t.direction, strict=True)]
        return tuple(x - self.step_size * g for x, g in zip(h, gradient, strict=True))


def _localized(t: TruncatedPower) -> LocalPower:
    return LocalPower(t.coefficient, t.direction, -t.threshold, t.power)


def _require_critical(
    local: Loss, terms: tuple[tuple[Exponents, fmpq], ...], truncated: tuple[LocalPower, ...]
) -> None:
    gradient = [fmpq(0)] * local.dimension
    for exponents, c in terms:
        if sum(exponents) == 1:
            gradient[exponents.index(1)] += c
    for t in truncated:
        slope = t.slope(t.offset)
        gradient = [g + slope * x for g, x in zip(gradient, t.direction, strict=True)]
    if any(gradient):
        shown = ", ".join(to_text(g) for g in gradient)
        shown = shown if len(shown) <= 200 else shown[:200] + "…"
        raise InputError("minimizer", f"the gradient there is ({shown}), not zero; give a critical point of the loss")


def _hessian(n: int, terms: tuple[tuple[Exponents, fmpq], ...], truncated: tuple[LocalPower, ...]) -> fmpq_mat | None:
    a = fmpq_mat(n, n)
    for exponents, c in terms:
        if sum(exponents) == 2:
            present = [i for i, e in enumerate(exponents) if e]
            i, j = present[0], present[-1]
            a[i, j] += c * (2 if i == j else 1)
            if i != j:
                a[j, i] += c
    for t in truncated:
        if t.power == 2 and t.offset == 0:
            return None
        if t.offset > 0:
            curvature = t.coefficient * t.power * (t.power - 1) * t.offset ** (t.power - 2)
            for i, x in enumerate(t.direction):
                for j, y in enumerate(t.direction):
                    a[i, j] += curvature * x * y
    return a
