r"""Truncated powers \(c\,(\ell\cdot x - t)_+^p\): losses that are exactly as smooth as the theorem asks, or less."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import perm

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError


@dataclass(frozen=True)
class TruncatedPower:
    r"""The function \(c\,(\ell\cdot x - t)_+^p\) with \(a_+ = \max(a, 0)\).

    Across its kink \(\ell\cdot x = t\) the derivatives up to order p − 1 are continuous and the p-th one jumps. So
    p = 4 is C³ and not C⁴: the smoothness of the theorem, exactly. p = 3 is C² with a Lipschitz second derivative: too
    little for it.

    Attributes:
        coefficient: c, not zero.
        direction: ℓ, one entry for each variable, not all zero.
        threshold: t.
        power: p, from 2 to 16.
    """

    coefficient: fmpq
    direction: tuple[fmpq, ...]  # (n,)
    threshold: fmpq
    power: int

    @property
    def smoothness(self) -> int:
        """The largest s for which the function is C^s: p − 1, and then the s-th derivative is Lipschitz but not C¹."""
        return self.power - 1

    def argument(self, point: Sequence[fmpq]) -> fmpq:
        """Return ℓ·x − t.

        Args:
            point: x, of shape (n,).

        Returns:
            The signed argument, zero on the kink.
        """
        total = -self.threshold
        for slope, coordinate in zip(self.direction, point, strict=True):
            if slope:
                total = total + slope * coordinate
        return total

    def derivative(self, point: Sequence[fmpq], order: int) -> fmpq:
        r"""Return the factor φ of the derivative of the given order, which is φ times the tensor power ℓ⊗…⊗ℓ.

        Args:
            point: x, of shape (n,).
            order: 0 for the value, 1 for the gradient, 2 for the Hessian, 3 for the third derivatives.

        Returns:
            c·p(p−1)…(p−order+1)·(ℓ·x − t)₊^(p−order).

        Raises:
            InputError: If x lies on the kink and p ≤ order, where that derivative does not exist.
        """
        argument = self.argument(point)
        if argument > 0:
            if order > self.power:
                return fmpq(0)
            return self.coefficient * perm(self.power, order) * argument ** (self.power - order)
        if not argument and order >= self.power:
            kind = {2: "Hessian", 3: "third derivative"}.get(order, f"derivative of order {order}")
            raise InputError(
                "point",
                f"there is no {kind} here, on the kink of a truncated power with p = {self.power}; move the point off"
                f" the kink or use p >= {order + 1}",
            )
        return fmpq(0)
