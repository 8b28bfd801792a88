r"""One step of gradient descent on many polynomial losses at once, as a fixed list of multiplications and additions.

All losses of a batch share their exponents. The compiled list is the same for all, and every operation runs over a
whole array of rows. It works on NumPy arrays and on torch tensors: the array namespace only needs ``multiply`` and
``subtract`` with ``out``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gdcheck.theorem.batch.columns import Columns
from gdcheck.theorem.descent.expansion import Exponents, Word

Array: TypeAlias = Any
"""A one-dimensional float64 array of the namespace in use, one entry for each row of the batch."""

Register: TypeAlias = tuple[Word, int]
"""The monomial of a word times a whole number: ((0, 0, 2), 3) is 3 y₀² y₂."""


@dataclass(frozen=True)
class Contribution:
    """What a term c·y^α adds to one component of the gradient: c·y^(other part)·(multiple of the rest of its own part).

    Attributes:
        component: The component i.
        rest: The register k·y^(own part − e_i), with k the exponent of y_i; None where it is just 1.
    """

    component: int
    rest: int | None


@dataclass(frozen=True)
class Half:
    """One half of a term: its partner's register (None for 1), and what the products add to the gradient."""

    term: int
    partner: int | None
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True)
class StepProgram:
    r"""The step :math:`y_i \leftarrow \mu_i y_i - \sum_t \eta c_t\,\partial_i y^{\alpha_t}` in all rows.

    A term is split into two halves without a common variable; each gradient entry is then (c·one half)·(derivative of
    the other), with the monomials shared by all terms.

    Attributes:
        dimension: n.
        exponents: α_t, one for each term of order three and more.
        products: (a, b): the next register is register a times register b.
        multiples: (a, k): the next register is k times register a; these follow after the products.
        halves: The terms' halves.
    """

    dimension: int
    exponents: tuple[Exponents, ...]
    products: tuple[tuple[int, int], ...]
    multiples: tuple[tuple[int, int], ...]
    halves: tuple[Half, ...]

    @property
    def scratch(self) -> int:
        """How many scratch arrays a step needs."""
        return 2 + len(self.products) + len(self.multiples)

    @property
    def degree(self) -> int:
        """The largest order of a term; 2 without terms."""
        return max((sum(a) for a in self.exponents), default=2)

    @property
    def additions(self) -> int:
        """The largest number of contributions to a component."""
        counts = Counter(c.component for half in self.halves for c in half.contributions)
        return max(counts.values(), default=0)

    @property
    def roundings(self) -> int:
        r"""The number m: at most so many roundings separate a computed component from the exact one.

        A contribution is ηc (one rounding) times at most degree − 1 coordinates and a whole number; the linear part
        has three roundings, of ηλ, of 1 − ηλ and of the product; the sum adds at most one for each contribution.
        """
        return max(3, self.degree + 1) + self.additions

    @property
    def growth(self) -> int:
        """The index of γ for one step, one unit for underflow included."""
        return self.roundings + 1

    def state(self, xp: Any, start: Sequence[Array]) -> list[Array]:
        """Return the first state: the start."""
        return list(start)

    def numbers(self, columns: Columns) -> tuple[list[Array], list[Array]]:
        """Return the factors of a step: the n multipliers 1 − ηλ, and ηc of each term."""
        eta = columns.step_size
        return [1.0 - eta * x for x in columns.spectrum], [eta * c for c in columns.coefficients]

    def advance(
        self,
        xp: Any,
        y: Sequence[Array],
        images: Sequence[Array],
        *,
        mu: Sequence[Array],
        c: Sequence[Array],
        scratch: Sequence[Array],
    ) -> None:
        """Make one step.

        Args:
            xp: The array namespace.
            y: The n coordinates.
            images: Arrays for the n coordinates of the next iterate.
            mu: The n multipliers 1 − ηλ.
            c: The terms' ηc.
            scratch: As many arrays as ``scratch`` says.
        """
        multiply, subtract = xp.multiply, xp.subtract
        spare, product, *rest = scratch
        registers = [*y, *rest]
        at = self.dimension
        for a, b in self.products:
            multiply(registers[a], registers[b], out=registers[at])
            at += 1
        for a, k in self.multiples:
            multiply(registers[a], k, out=registers[at])
            at += 1
        for image, multiplier, value in zip(images, mu, y, strict=True):
            multiply(multiplier, value, out=image)
        for half in self.halves:
            scaled = c[half.term]
            if half.partner is not None:
                multiply(scaled, registers[half.partner], out=spare)
                scaled = spare
            for contribution in half.contributions:
                change = scaled
                if contribution.rest is not None:
                    change = product
                    multiply(scaled, registers[contribution.rest], out=product)
                subtract(images[contribution.component], change, out=images[contribution.component])


def compile_step(dimension: int, exponents: Sequence[Exponents]) -> StepProgram:
    """Compile the step of all losses with these higher-order terms.

    Args:
        dimension: n.
        exponents: The exponents of the terms of order three and more, all different.

    Returns:
        The program.
    """
    compiler = _Compiler(dimension)
    halves = []
    for term, alpha in enumerate(exponents):
        own, other = _split(alpha)
        halves.append((term, own, other))
        if other:
            halves.append((term, other, own))
    needed = sorted({r for _, own, other in halves for r in _registers(own, other)}, key=lambda r: (len(r[0]), r))
    for word, _ in needed:
        compiler.product(word)
    for word, k in needed:
        if k > 1:
            compiler.multiple(word, k)
    return StepProgram(
        dimension=dimension,
        exponents=tuple(exponents),
        products=tuple(compiler.products),
        multiples=tuple(compiler.multiples),
        halves=tuple(
            Half(
                term=term,
                partner=compiler.index[other, 1] if other else None,
                contributions=tuple(
                    Contribution(i, compiler.index[_without(own, i), own.count(i)] if len(own) > 1 else None)
                    for i in sorted(set(own))
                ),
            )
            for term, own, other in halves
        ),
    )


def _split(alpha: Exponents) -> tuple[Word, Word]:
    """Return the two halves of a monomial, as equal in length as a cut between two variables allows."""
    variables = [i for i, e in enumerate(alpha) if e]
    word = tuple(i for i in variables for _ in range(alpha[i]))
    cuts = [sum(alpha[i] for i in variables[:k]) for k in range(1, len(variables) + 1)]
    cut = min(cuts, key=lambda length: (abs(2 * length - len(word)), length))
    return word[:cut], word[cut:]


def _without(word: Word, i: int) -> Word:
    at = word.index(i)
    return word[:at] + word[at + 1 :]


def _registers(own: Word, other: Word) -> list[Register]:
    found = [(_without(own, i), own.count(i)) for i in set(own) if len(own) > 1]
    return [*found, (other, 1)] if other else found


class _Compiler:
    def __init__(self, dimension: int) -> None:
        self.index: dict[Register, int] = {((i,), 1): i for i in range(dimension)}
        self.products: list[tuple[int, int]] = []
        self.multiples: list[tuple[int, int]] = []

    def product(self, word: Word) -> int:
        if (word, 1) not in self.index:
            self.products.append((self.product(word[:-1]), word[-1]))
            self.index[word, 1] = len(self.index)
        return self.index[word, 1]

    def multiple(self, word: Word, k: int) -> None:
        # All products come first, so that registers are numbered in the order of execution.
        self.multiples.append((self.index[word, 1], k))
        self.index[word, k] = len(self.index)
