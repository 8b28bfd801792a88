r"""Lemma 2: balls around the minimizer that gradient descent maps into themselves."""

from __future__ import annotations

from flint import arb, fmpq, fmpz

from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import surely_less

_REFINEMENTS = 12


def invariant_radius(bound: RemainderBound, rho: arb) -> fmpq | None:
    r"""Return a radius ε for which ρ + C(ε) ε < 1 is certified, so that ‖F(h)‖ < ‖h‖ on the ball of radius ε.

    Args:
        bound: The remainder bound.
        rho: An upper bound of all |1 − ηλ|, below one.

    Returns:
        Nearly the largest such radius; None if there is no remainder: then every radius will do.

    Raises:
        ValueError: If ``rho`` is not certainly below one.
    """
    if not surely_less(rho, arb(1)):
        raise ValueError("rho must be below one")

    if not bound.powers and all(c == 0 for c in bound.degrees):
        return None

    def inside(radius: fmpq) -> bool:
        r = arb(radius)
        return surely_less(rho + bound.quadratic(r) * r, arb(1))

    exponent = 0
    while inside(_power(exponent + 1)):
        exponent += 1
    while not inside(_power(exponent)):
        exponent -= 1
    low, high = _power(exponent), _power(exponent + 1)
    for _ in range(_REFINEMENTS):
        middle = (low + high) / 2
        low, high = (middle, high) if inside(middle) else (low, middle)
    return low


def _power(exponent: int) -> fmpq:
    return fmpq(fmpz(2) ** exponent) if exponent >= 0 else fmpq(1, fmpz(2) ** -exponent)
