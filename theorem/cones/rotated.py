r"""Gradient descent in orthonormal coordinates (t, w) whose first axis is near the dominant eigenvector.

The change of coordinates is one reflection :math:`T = I - 2pp^T/(p\cdot p)` with a rational p. It is exactly orthogonal
and its own inverse, so that norms are unchanged, and :math:`F` becomes :math:`y \mapsto y - \eta\nabla\tilde f(y)`
with :math:`\tilde f(y) = f(m + Ty)`. All coefficients are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import comb

from flint import arb, ctx, fmpq, fmpz

from gdcheck.theorem.descent.expansion import Expansion, descent_polynomials
from gdcheck.theorem.descent.remainder import squared_maximum
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.polynomial import Exponents, Polynomial, PolynomialArithmetic

_MOST_MONOMIALS = 1000
"""Above this number of monomials of the rotated loss, rotating it costs more than the steps that it saves."""

Component = dict[int, Polynomial]
"""A component of F by powers of t: the coefficient of t^j, a polynomial in w."""
Balls = dict[Exponents, arb]
"""A polynomial with coefficients in balls."""


@dataclass(frozen=True, eq=False)
class RotatedMap:
    r"""F in the coordinates (t, w).

    Attributes:
        axis: The index of the coordinate t in y.
        reflection: p, shape (n,).
        components: The components of F, t first; the linear part is included.
    """

    axis: int
    reflection: tuple[fmpq, ...]
    components: tuple[Component, ...]

    @classmethod
    def of(cls, expansion: Expansion, vector: Sequence[fmpq], bits: int) -> RotatedMap | None:
        """Rotate a polynomial loss.

        Args:
            expansion: The loss at its minimizer.
            vector: A vector near a unit eigenvector, shape (n,).
            bits: The accuracy, in bits, to which the reflection maps an axis onto it.

        Returns:
            The map; None if the loss is not a polynomial, or its rotation too large.
        """
        n = expansion.dimension
        degree = max((sum(a) for a, _ in expansion.terms), default=2)
        if n < 2 or expansion.truncated or degree < 3 or comb(n + degree, degree) > _MOST_MONOMIALS:
            return None
        axis = max(range(n), key=lambda i: abs(vector[i]))
        scale = fmpz(2) ** bits
        p = [fmpq((x * scale).floor(), scale) for x in vector]
        p[axis] += 1 if p[axis] > 0 else -1
        square = sum((x * x for x in p), fmpq(0))
        order = [axis, *(i for i in range(n) if i != axis)]
        matrix = [[fmpq(i == j) - 2 * p[i] * p[j] / square for j in order] for i in range(n)]
        arithmetic = PolynomialArithmetic(n)
        try:
            rotated = arithmetic.substitute(arithmetic.to_flint(dict(expansion.terms)), matrix)
        except InputError:
            return None
        components: tuple[Component, ...] = tuple({} for _ in range(n))
        for component, image in zip(
            components, descent_polynomials(rotated.items(), n, expansion.step_size), strict=True
        ):
            for exponents, c in image.items():
                component.setdefault(exponents[0], {})[exponents[1:]] = c
        return cls(axis, tuple(p), components)

    @property
    def dimension(self) -> int:
        """The dimension of w, n − 1."""
        return len(self.components) - 1

    @property
    def multiplier(self) -> fmpq:
        """The coefficient of t in its own component."""
        return self.components[0].get(1, {}).get((0,) * self.dimension, fmpq(0))

    @cached_property
    def balls(self) -> tuple[dict[int, Balls], ...]:
        """The components with coefficients in balls, at the precision of the first use."""
        return tuple(
            {j: {e: arb(c) for e, c in part.items()} for j, part in {0: {}, **component}.items()}
            for component in self.components
        )

    @cached_property
    def coupling(self) -> arb:
        """The norm of the part of t's component that is linear in w; by symmetry, of w's part that is linear in t."""
        linear = self.components[0].get(0, {})
        return sum((arb(c) ** 2 for e, c in linear.items() if sum(e) == 1), arb(0)).sqrt().upper()

    def locate(self, h: Sequence[arb]) -> tuple[arb, list[arb]]:
        """Transform a vector, given exactly, to (t, w).

        Args:
            h: The vector, shape (n,).

        Returns:
            Balls that hold t and w, w of shape (n − 1,).
        """
        # This order keeps the digits of a small t.
        with ctx.workprec(2 * ctx.prec + 64):
            p = [arb(x) for x in self.reflection]
            share = sum((x * y for x, y in zip(p, h, strict=True)), arb(0)) * 2 / sum((x * x for x in p), arb(0))
            y = [x - share * q for x, q in zip(h, p, strict=True)]
            return y[self.axis], [x for i, x in enumerate(y) if i != self.axis]


@lru_cache(maxsize=65536)
def _kappa(exponents: Exponents, precision: int) -> arb:
    with ctx.workprec(precision):
        return arb(squared_maximum(tuple(i for i, e in enumerate(exponents) for _ in range(e)))).sqrt()


def size(part: Mapping[Exponents, fmpq | arb]) -> dict[int, arb]:
    r"""Bound the homogeneous parts of a polynomial on the unit sphere, :math:`\sum |c_\beta| \kappa(\beta)` each.

    Args:
        part: The polynomial.

    Returns:
        The bounds by degree.
    """
    bounds: dict[int, arb] = {}
    for exponents, c in part.items():
        weight = _kappa(tuple(sorted(e for e in exponents if e)), ctx.prec)
        q = sum(exponents)
        bounds[q] = bounds.get(q, arb(0)) + abs(arb(c)) * weight
    return bounds
