r"""Signs of rational polynomials at eigenvalues, decided exactly.

An enclosure decides every sign except zero. For zero, let :math:`\alpha = E(\lambda, \lambda')` with a rational
polynomial E, and :math:`D\alpha` an algebraic integer.

1. If α ≠ 0, the product of the conjugates of :math:`D\alpha` is an integer other than zero.
2. So :math:`|D\alpha| \ge B^{-(N-1)}`, with N a bound of their number and B ≥ 1 a bound of their size.
3. All conjugates of an eigenvalue of a symmetric matrix are eigenvalues too, which gives both bounds.
4. If the enclosure of :math:`|D\alpha|` is below this number, α is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flint import arb, ctx, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpz

from gdcheck.theorem.assumptions.spectrum import Eigenvalue, Pencil
from gdcheck.theorem.loss.balls import ball

RING = fmpq_mpoly_ctx.get(("x", "y"), "degrevlex")
X, Y = RING.gens()
"""The two eigenvalues, as the variables of a polynomial."""


@dataclass(eq=False)
class Spectrum:
    """The eigenvalues of a pencil, refined as far as decisions about them need it.

    Attributes:
        pencil: The operator.
        eigenvalues: Its distinct eigenvalues, ascending.
        precision: The bits to which they are known.
    """

    pencil: Pencil
    precision: int
    eigenvalues: tuple[Eigenvalue, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Enclose the eigenvalues."""
        self.eigenvalues = self.pencil.eigenvalues(self.precision)

    def refine(self) -> None:
        """Double the bits."""
        self.precision *= 2
        self.eigenvalues = self.pencil.eigenvalues(self.precision)

    def balls(self, *indices: int) -> list[arb]:
        """Enclose some eigenvalues at the current precision of Arb."""
        return [ball(self.eigenvalues[i].lo, self.eigenvalues[i].hi) for i in indices]

    def sign(self, polynomial: fmpq_mpoly, i: int, j: int | None = None) -> int:
        """Decide the sign of a polynomial in x = λ_i and y = λ_j.

        Args:
            polynomial: In ``RING``.
            i: The index of x.
            j: The index of y, if it occurs.

        Returns:
            −1, 0 or 1.
        """
        if not polynomial:
            return 0
        j = i if j is None else j
        both = self.eigenvalues[i], self.eigenvalues[j]
        if all(e.is_rational for e in both):
            value = polynomial(both[0].lo, both[1].lo)
            return int(value > 0) - int(value < 0)
        return self.decide(lambda: _evaluate(polynomial, *self.balls(i, j)), lambda: self._least(polynomial, i, j))

    def decide(self, value: Callable[[], arb], least: Callable[[], arb] | None = None) -> int:
        """Decide a sign by enclosures that are refined.

        Args:
            value: The number, enclosed again at each precision.
            least: A bound below which its modulus means zero; None if it is known not to be zero.

        Returns:
            −1, 0 or 1.
        """
        while True:
            with ctx.workprec(self.precision):
                found = value()
                if found > 0:
                    return 1
                if found < 0:
                    return -1
                if least is not None and abs(found) < least():
                    return 0
            self.refine()

    def _least(self, polynomial: fmpq_mpoly, i: int, j: int) -> arb:
        """Return the smallest modulus of the polynomial's value, if it is not zero."""
        here, there = self.eigenvalues[i].factor, self.eigenvalues[j].factor
        largest = max(abs(e.lo) for e in self.eigenvalues) + max(abs(e.hi) for e in self.eigenvalues) + 1
        scale, size = fmpz(1), fmpq(0)
        degrees = [0, 0]
        for exponents, c in polynomial.to_dict().items():
            scale *= fmpq(c).q // fmpz(scale).gcd(fmpq(c).q)
            size += abs(c) * largest ** sum(exponents)
            degrees = [max(a, b) for a, b in zip(degrees, exponents, strict=True)]
        scale *= abs(here[here.degree()]) ** degrees[0] * abs(there[there.degree()]) ** degrees[1]
        conjugates = here.degree() * there.degree()
        bound = max(fmpq(1), size * scale)
        return 1 / (arb(scale) * arb(bound) ** (conjugates - 1)) / 2


def _evaluate(polynomial: fmpq_mpoly, x: arb, y: arb) -> arb:
    total = arb(0)
    for (a, b), c in polynomial.to_dict().items():
        total += arb(c) * x**a * y**b
    return total
