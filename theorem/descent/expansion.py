r"""The loss around its minimizer: :math:`\nabla f(m+h) = A h + R(h)`, exactly."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from flint import fmpq, fmpq_mat

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.polynomial import Exponents, Polynomial, Term, add_term
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.loss.truncated import TruncatedPower

__all__ = ["Expansion", "Exponents", "Word"]

Word: TypeAlias = tuple[int, ...]
"""A monomial as its variables in ascending order, each as often as its exponent says: x₀x₂² is (0, 2, 2)."""


@dataclass(frozen=True, eq=False)
class Expansion:
    """The derivatives of a loss at its minimizer.

    Attributes:
        step_size: The step size η.
        displacement: The first error h₀ = x₀ − m, shape (n,).
        terms: The polynomial part of f(m + h), constant left out: (exponents, coefficient) pairs, by degree.
        truncated: The truncated powers.
        hessian: A = ∇²f(m), shape (n, n); None if a kink of order two passes through m.
    """

    step_size: fmpq
    displacement: tuple[fmpq, ...]
    terms: tuple[Term, ...]
    truncated: tuple[TruncatedPower, ...]
    hessian: fmpq_mat | None

    @classmethod
    def of(cls, problem: Problem) -> Expansion:
        """Expand the problem's loss at its minimizer.

        Args:
            problem: The problem.

        Returns:
            The expansion.

        Raises:
            InputError: If the gradient at the minimizer is not exactly zero; the sentence says what it is. If the
                problem's method is not gradient descent.
        """
        if not problem.method.is_plain:
            raise InputError("method", f"{problem.method.name} is not covered here; leave it out for gradient descent")
        return cls.around(problem, problem.step_size)

    @classmethod
    def around(cls, problem: Problem, step_size: fmpq) -> Expansion:
        """Expand the problem's loss at its minimizer, with another step size and whatever the method.

        Args:
            problem: The problem.
            step_size: The factor of the gradient.

        Returns:
            The expansion.

        Raises:
            InputError: If the gradient at the minimizer is not exactly zero; the sentence says what it is.
        """
        local = problem.loss.shifted(problem.minimizer)
        origin = (fmpq(0),) * local.dimension
        near = Loss(local.variables, local.terms[: _first_cubic(local.terms)], local.truncated)
        _require_critical(near.gradient(origin))
        try:
            hessian = fmpq_mat(near.hessian(origin))
        except InputError:
            hessian = None
        return cls(
            step_size=step_size,
            displacement=problem.displacement,
            terms=local.terms[bool(local.terms) and not any(local.terms[0][0]) :],
            truncated=local.truncated,
            hessian=hessian,
        )

    @property
    def dimension(self) -> int:
        """The number n of variables."""
        return len(self.displacement)

    @cached_property
    def higher_terms(self) -> tuple[Term, ...]:
        """The polynomial terms of order three and more."""
        return self.terms[_first_cubic(self.terms) :]

    @cached_property
    def gradient_terms(self) -> tuple[tuple[int, Word, fmpq], ...]:
        """The gradient of the polynomial part without its constant: (component, monomial, coefficient) triples."""
        triples = []
        for exponents, c in self.terms:
            present = [(i, e) for i, e in enumerate(exponents) if e]
            word = tuple([i for i, e in present for _ in range(e)])
            if len(word) > 1:
                first = 0
                for i, e in present:
                    triples.append((i, word[:first] + word[first + 1 :], c * e))
                    first += e
        return tuple(triples)

    @cached_property
    def local_loss(self) -> Loss:
        """The loss around the minimizer, its constant apart."""
        return Loss(tuple(f"h{i}" for i in range(self.dimension)), self.terms, self.truncated)

    def exact_step(self, h: tuple[fmpq, ...]) -> tuple[fmpq, ...]:
        """Take one exact step of gradient descent on the error, h ↦ F(h).

        Args:
            h: The error, shape (n,).

        Returns:
            The next error, shape (n,).
        """
        return tuple(x - self.step_size * g for x, g in zip(h, self.local_loss.gradient(h), strict=True))


def descent_polynomials(terms: Iterable[Term], dimension: int, step_size: fmpq) -> list[Polynomial]:
    """Return the components of h ↦ h − η∇f(h) for the polynomial f with these terms."""
    maps: list[Polynomial] = [{tuple(int(i == j) for j in range(dimension)): fmpq(1)} for i in range(dimension)]
    for exponents, c in terms:
        for i, e in enumerate(exponents):
            if e:
                add_term(maps[i], (*exponents[:i], e - 1, *exponents[i + 1 :]), -step_size * e * c)
    return maps


def _first_cubic(terms: tuple[Term, ...]) -> int:
    """Where the terms of order three and more begin: they come by degree."""
    return bisect(terms, 2, key=lambda term: sum(term[0]))


def _require_critical(gradient: tuple[fmpq, ...]) -> None:
    if any(gradient):
        shown = ", ".join(to_text(g) for g in gradient)
        shown = shown if len(shown) <= 200 else shown[:200] + "…"
        raise InputError("minimizer", f"the gradient there is ({shown}), not zero; give a critical point of the loss")
