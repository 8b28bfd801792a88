r"""Truncated powers \(c\,(\ell\cdot x - t)_+^p\): losses that are exactly as smooth as the theorem asks, or less."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import perm

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.polynomial import HingeKey, Parts, PolynomialArithmetic
from gdcheck.theorem.loss.rational import dot

_ROUGHEST = (2, 3)


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
    def offset(self) -> fmpq:
        """−t, the argument at the origin; the kink passes through it if it is zero."""
        return -self.threshold

    @property
    def squared_length(self) -> fmpq:
        """‖ℓ‖²."""
        return dot(self.direction, self.direction)

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
        return dot(self.direction, point) - self.threshold

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


def join_on_planes(total: Parts, arithmetic: PolynomialArithmetic) -> None:
    r"""Join truncated powers with p ≤ 3 that have the same p and the same plane as their kink, in place.

    Otherwise powers that cancel each other would be taken for a lack of smoothness. With \(s = \ell\cdot x - t\), all
    on one plane are \(|k|^p
    (\pm s)_+^p\), and \((-s)_+^p = (-1)^p(s^p - s_+^p)\): together a polynomial and one power of \(s_+\), which may be
    nothing.

    Args:
        total: The parts of the loss.
        arithmetic: The arithmetic of its variables.

    Raises:
        InputError: If a coefficient grows beyond what a loss may hold.
    """
    planes: dict[HingeKey, list[HingeKey]] = {}
    for key in total.truncated:
        direction, threshold, power = key
        if power in _ROUGHEST:
            scale = next(x for x in direction if x)
            plane = (tuple(x / scale for x in direction), threshold / scale, power)
            planes.setdefault(plane, []).append(key)
    for (direction, threshold, power), keys in planes.items():
        if len(keys) < 2:
            continue
        line = {arithmetic.variable(i): x for i, x in enumerate(direction) if x}
        if threshold:
            line[arithmetic.one] = -threshold
        whole = arithmetic.power(Parts(line), power)
        for scale, coefficient in [(next(x for x in key[0] if x), total.truncated.pop(key)) for key in keys]:
            size = coefficient * abs(scale) ** power
            if scale < 0:
                arithmetic.add_into(total, whole, size * (-1) ** power)
                size *= -((-1) ** power)
            arithmetic.add_truncated(total, (direction, fmpq(threshold), power), size)
