r"""Lemma 1: bounds of the remainder :math:`g = \eta R` and of its derivative on balls around the minimizer.

The polynomial part is bounded degree by degree: each monomial of degree q is at most :math:`\kappa_\beta r^q` on the
ball of radius r, with :math:`\kappa_\beta = \max_{\|u\|=1} |u^\beta|`. Its derivative follows from Banach's theorem
on homogeneous polynomials over Euclidean spaces, :math:`\sup\|DG\| \le q \sup\|G\|` on the unit ball (S. Banach,
"Über homogene Polynome in (L²)", Studia Math. 7, 1938). The bounds are monotone in r, so they hold on every smaller
ball.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from flint import arb, ctx, fmpq

from gdcheck.theorem.descent.expansion import Expansion, Exponents, Word
from gdcheck.theorem.loss.balls import norm


@dataclass(frozen=True, eq=False)
class RemainderBound:
    r"""Bounds :math:`\|\eta R(h)\| \le C(r)\|h\|^2` and Lipschitz constants, as functions of the radius.

    Attributes:
        degrees: C_q for q = 2, 3, …: the bound of the homogeneous part of degree q on the unit sphere.
        powers: One bound for each truncated power.
    """

    degrees: tuple[arb, ...]
    powers: tuple[PowerBound, ...]

    @classmethod
    def of(cls, expansion: Expansion) -> RemainderBound:
        """Return the bound of an expansion's remainder at the current precision."""
        top = max((sum(a) for a, _ in expansion.higher_terms), default=2)
        rows = [[arb(0)] * expansion.dimension for _ in range(top - 2)]
        for exponents, c in expansion.higher_terms:
            row, size = rows[sum(exponents) - 3], arb(abs(c))
            weights = _weights(tuple(sorted(exponents)), ctx.prec)
            for i, e in enumerate(exponents):
                if e:
                    row[i] += size * weights[e]
        eta = arb(expansion.step_size)
        return cls(
            degrees=tuple(eta * norm(row) for row in rows),
            powers=tuple(
                PowerBound(
                    arb(expansion.step_size * abs(t.coefficient)), t.power, t.offset, arb(t.squared_length).sqrt()
                )
                for t in expansion.truncated
            ),
        )

    def quadratic(self, radius: arb) -> arb:
        """C(r)."""
        total = arb(0)
        for c in reversed(self.degrees):
            total = total * radius + c
        for p in self.powers:
            total += p.quadratic(radius)
        return total

    def lipschitz(self, radius: arb) -> arb:
        """Return a bound on the Lipschitz constant of ηR on the ball; for a smooth loss also of ‖D(ηR)‖."""
        total = arb(0)
        for q in range(len(self.degrees) + 1, 1, -1):
            total = total * radius + q * self.degrees[q - 2]
        total *= radius
        for p in self.powers:
            total += p.lipschitz(radius)
        return total

    def derivative_lipschitz(self, radius: arb) -> arb:
        """Return a Lipschitz constant of D(ηR) on the ball; infinite if a kink of order two meets it."""
        total = arb(0)
        for q in range(len(self.degrees) + 1, 1, -1):
            total = total * radius + q * (q - 1) * self.degrees[q - 2]
        for p in self.powers:
            total += p.derivative_lipschitz(radius)
        return total


@dataclass(frozen=True)
class PowerBound:
    """The bounds of one truncated power c·(ℓ·h + a)₊^p.

    Attributes:
        size: η|c|.
        power: p.
        offset: a.
        length: ‖ℓ‖.
    """

    size: arb
    power: int
    offset: fmpq
    length: arb

    def _curvature(self, radius: arb) -> arb:
        # A bound of |φ''| for φ(s) = (a + s)₊^(p−1) on |s| ≤ ‖ℓ‖r.
        p = self.power
        reach = arb(self.offset) + self.length * radius
        if reach <= 0:
            return arb(0)
        return (p - 1) * (p - 2) * (arb(1) if p == 3 else reach.nonnegative_part() ** (p - 3))

    def _out_of_reach(self, radius: arb) -> bool:
        return bool(self.length * radius <= abs(arb(self.offset)))

    def quadratic(self, radius: arb) -> arb:
        """Return a bound of the remainder's norm, divided by r²."""
        if self.power > 2:
            return self.size * self.power * self.length**3 * self._curvature(radius) / 2
        # For p = 2 the remainder is (|s| − |a|)₊ ≤ s²/(4|a|) beyond the kink.
        return arb(0) if self._out_of_reach(radius) else self.size * self.length**3 / (2 * abs(arb(self.offset)))

    def lipschitz(self, radius: arb) -> arb:
        """Return a bound of the remainder's Lipschitz constant."""
        if self.power > 2:
            return self.size * self.power * self.length**3 * self._curvature(radius) * radius
        return arb(0) if self._out_of_reach(radius) else 2 * self.size * self.length**2

    def derivative_lipschitz(self, radius: arb) -> arb:
        """Bound the remainder's derivative's Lipschitz constant; infinite if the kink of a square meets the ball."""
        if self.power > 2:
            return self.size * self.power * self.length**3 * self._curvature(radius)
        return arb(0) if self._out_of_reach(radius) else arb("inf")


@lru_cache(maxsize=65536)
def _weights(exponents: Exponents, precision: int) -> dict[int, arb]:
    """e·κ of the monomial's derivative by a variable of exponent e; the order of the variables does not matter."""
    word = [i for i, e in enumerate(exponents) for _ in range(e)]
    with ctx.workprec(precision):
        return {
            e: e * _maximum((*word[: word.index(i)], *word[word.index(i) + 1 :])) for i, e in enumerate(exponents) if e
        }


def _maximum(word: Word) -> arb:
    return arb(squared_maximum(word)).sqrt()


def squared_maximum(word: Word) -> fmpq:
    """κ² for the monomial: the square of its maximum on the unit sphere, by Lagrange multipliers."""
    value = fmpq(1)
    for k in Counter(word).values():
        value *= fmpq(k, len(word)) ** k
    return value
