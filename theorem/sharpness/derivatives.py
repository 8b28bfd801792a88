r"""Derivatives of a loss at its minimizer, contracted with vectors, and bounds of derivatives on balls around it.

A homogeneous polynomial p of degree q with :math:`|p(u)| \le S` on the unit sphere has, by Banach's theorem (see
``theorem.descent.remainder``), :math:`\|D^k p(h)\| \le \frac{q!}{(q-k)!} S \|h\|^{q-k}` as a symmetric k-linear form.

A truncated power of order p has derivatives up to order p − 1, and :math:`D^{p-1}` is Lipschitz: its bound of order p
is that Lipschitz constant. For higher orders there is a bound only on balls that the kink does not meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import perm
from typing import TypeVar

from flint import arb, fmpq

from gdcheck.theorem.descent.expansion import Expansion, Exponents
from gdcheck.theorem.descent.remainder import RemainderBound, squared_maximum
from gdcheck.theorem.loss.truncated import TruncatedPower

Number = TypeVar("Number", fmpq, arb)


@dataclass(frozen=True, eq=False)
class DerivativeBounds:
    """Bounds of ‖Dᵏf‖ on balls; for a truncated power, Dᵏ⁻¹f is Lipschitz with that constant.

    Attributes:
        sizes: S_q by degree q: the bound of the homogeneous part on the unit sphere.
        powers: The truncated powers: |c|, p, offset a and ‖ℓ‖.
    """

    sizes: tuple[tuple[int, arb], ...]
    powers: tuple[tuple[arb, int, arb, arb], ...]

    @classmethod
    def of(cls, terms: Iterable[tuple[Exponents, fmpq]], truncated: Iterable[TruncatedPower]) -> DerivativeBounds:
        """Return the bounds of any function, from its expansion at the minimizer, at the current precision."""
        sizes: dict[int, arb] = {}
        for exponents, c in terms:
            word = tuple(i for i, e in enumerate(exponents) for _ in range(e))
            sizes[len(word)] = sizes.get(len(word), arb(0)) + arb(abs(c)) * arb(squared_maximum(word)).sqrt()
        return cls(tuple(sorted(sizes.items())), _powers(truncated))

    @classmethod
    def of_remainder(
        cls, bound: RemainderBound, step_size: fmpq, truncated: Iterable[TruncatedPower]
    ) -> DerivativeBounds:
        """Return the bounds of a loss without its quadratic part: for k ≥ 3 they are those of the loss.

        The bound of the gradient's part of degree q − 1 is already known; it is q times that of the loss's part of
        degree q.
        """
        eta = arb(step_size)
        return cls(tuple((q, c / (q * eta)) for q, c in enumerate(bound.degrees, 3)), _powers(truncated))

    def order(self, k: int, radius: arb) -> arb:
        """Return the bound of ‖Dᵏf‖ on the ball of this radius; infinite if there is none.

        Args:
            k: The order of the derivative.
            radius: The radius.

        Returns:
            The bound.
        """
        total = arb(0)
        for q, size in self.sizes:
            if q >= k:
                term = size * perm(q, k)
                total += term if q == k else term * radius ** (q - k)
        for size, p, offset, length in self.powers:
            reach = offset + length * radius
            if reach <= 0:
                continue
            if k <= p:
                total += size * perm(p, k) * length**k * (reach.nonnegative_part() ** (p - k) if p > k else 1)
            elif not offset > length * radius:
                return arb("inf")
        return total


def _powers(truncated: Iterable[TruncatedPower]) -> tuple[tuple[arb, int, arb, arb], ...]:
    return tuple((arb(abs(t.coefficient)), t.power, arb(t.offset), arb(t.squared_length).sqrt()) for t in truncated)


def contract(expansion: Expansion, vectors: Sequence[Sequence[Number]], zero: Number) -> list[Number]:
    """Contract Dᵠf: the vector D^q f(m)[u₁, …, u_{q−1}, ·] for q − 1 ≥ 2 vectors.

    Args:
        expansion: The loss at its minimizer.
        vectors: u₁, …, u_{q−1}, each of shape (n,).
        zero: Zero in the arithmetic wanted.

    Returns:
        The components, shape (n,); the kink of a truncated power through m must have p > q.
    """
    order = len(vectors)
    total = [zero] * expansion.dimension
    orders = list(permutations(range(order)))
    same = all(v is vectors[0] for v in vectors)
    for i, word, c in expansion.gradient_terms:
        if len(word) != order:
            continue
        if same:
            product = zero + c * len(orders)
            for place in word:
                product = product * vectors[0][place]
            total[i] = total[i] + product
            continue
        for order_ in orders:
            product = zero + c
            for position, place in zip(order_, word, strict=True):
                product = product * vectors[position][place]
            total[i] = total[i] + product
    for t in expansion.truncated:
        if t.offset > 0 and t.power > order:
            factor = zero + t.coefficient * perm(t.power, order + 1) * t.offset ** (t.power - order - 1)
            for u in vectors:
                factor = factor * sum((x * y for x, y in zip(u, t.direction, strict=True)), zero)
            total = [x + factor * y for x, y in zip(total, t.direction, strict=True)]
    return total


def dot(u: Sequence[Number], v: Sequence[Number], zero: Number) -> Number:
    """Return the inner product."""
    return sum((x * y for x, y in zip(u, v, strict=True)), zero)
