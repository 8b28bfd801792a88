"""Values of a polynomial plus truncated powers around the minimizer, in balls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flint import arb, fmpq

from gdcheck.theorem.descent.expansion import Exponents, LocalPower


class ValueMap:
    """φ(m + h) − φ(m), compiled for evaluation at one precision.

    Args:
        terms: The polynomial part in h; its constant is left out.
        truncated: The truncated powers, seen from the minimizer.
    """

    def __init__(self, terms: Iterable[tuple[Exponents, fmpq]], truncated: Iterable[LocalPower]) -> None:
        self._terms = [(arb(c), [(i, e) for i, e in enumerate(a) if e]) for a, c in terms if any(a)]
        self._powers = [(arb(t.coefficient), [arb(x) for x in t.direction], arb(t.offset), t.power) for t in truncated]

    def __call__(self, h: Sequence[arb]) -> arb:
        """The value at a vector of balls, shape (n,)."""
        total = arb(0)
        for c, factors in self._terms:
            product = c
            for i, e in factors:
                product = product * h[i] ** e
            total += product
        for c, direction, offset, power in self._powers:
            reach = offset + sum((x * y for x, y in zip(direction, h, strict=True)), arb(0))
            total += c * (reach.max(arb(0)) ** power - offset.max(arb(0)) ** power)
        return total
