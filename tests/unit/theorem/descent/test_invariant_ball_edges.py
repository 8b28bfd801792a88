"""The search for the radius of the certified ball: how near to the largest one, and up to which size."""

import pytest
from flint import arb, ctx, fmpq

from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.remainder import RemainderBound

GRID = fmpq(1, 4096)


def found(largest):
    """The radius for ρ = 1/2 and a constant C, where the largest radius is known."""
    with ctx.workprec(192):
        return invariant_radius(RemainderBound((arb(fmpq(1, 2) / largest),), ()), arb(fmpq(1, 2)))


@pytest.mark.parametrize("low", [fmpq(1), fmpq(8), fmpq(1, 27), fmpq(1, 32), fmpq(9), fmpq(27), fmpq(1, 2)])
@pytest.mark.parametrize("parts", [fmpq(1, 2), fmpq(19, 10), fmpq(5, 2), fmpq(1001, 3)])
def test_the_radius_is_within_one_part_in_4096_of_the_largest(low, parts):
    """Guards twelve halvings of a bracket of ratio two: a wider bracket or another ratio finds a smaller ball."""
    largest = low * (1 + parts * GRID)
    radius = found(largest)
    assert radius < largest <= radius * (1 + GRID), f"ε = {radius} where {largest} is the supremum"


@pytest.mark.parametrize("exponent", [63, 64, 400])
def test_every_ball_is_invariant_only_without_a_remainder(exponent):
    """However wide the largest invariant ball is, it is measured: "every ball" is for quadratics."""
    largest = fmpq(3, 2) * fmpq(2) ** exponent
    assert largest * (1 - GRID) < found(largest) < largest
    with ctx.workprec(192):
        assert invariant_radius(RemainderBound((), ()), arb(fmpq(1, 2))) is None
