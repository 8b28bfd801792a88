"""What every proof of a limit shares: the numbers of the amplitude lemma, and the stated limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from gdcheck.theorem.checker.exact import dot, root_bounds, squared
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.document import Bounds
from gdcheck.theorem.checker.reading.fields import Interval

PRECISIONS = (256, 512, 1024, 2048, 4096, 8192, 16384)
DOMINANT = {"small-step": ("fixed", (1,)), "large-step": ("alternating", (-1,)), "boundary": ("two-cycle", (1, -1))}
"""For each regime, the kind of the limit and the signs of the dominant multipliers in the order of the blocks."""


def growth(
    push: Fraction,
    r: Fraction,
    rho: Interval,
    at: str,
    *,
    largest: Fraction = Fraction(0),
    drift: Callable[[Fraction], Fraction] = lambda sigma: Fraction(0),
) -> tuple[Fraction, Fraction, Fraction]:
    """Bound how a trajectory continues from a state of length r.

    Args:
        push: r C(r): the remainder changes a state of length r by at most this, divided by r.
        r: The length.
        rho: An interval of the largest modulus of a multiplier.
        at: The words that name the step.
        largest: A bound of what a method's factors add to a step, divided by the length of the state; 0 without
            factors.
        drift: A bound of the sum of these over all steps, as a function of sigma.

    Returns:
        Three numbers. Without factors they are:

        * sigma = rho + push < 1;
        * P = 1 + x + x^2 for x = push / (rho (1 - sigma)) <= 1, with |z_j| <= P rho^j r;
        * the tail C P^2 r^2 / (rho (1 - rho)), a bound of what the remainder adds to an amplitude.

        Factors add ``largest`` to sigma, S/rho to x and P r S/rho to the tail, where S is their drift.
    """
    low, high = rho
    claim(low > 0 and high < 1, f"0 < rho < 1 fails: rho in [{show(low, high)}]")
    sigma = high + push + largest
    claim(sigma < 1, f"sigma < 1 fails {at}: sigma {show(sigma)}")
    added = drift(sigma) / low
    x = push / (low * (1 - sigma)) + added
    claim(x <= 1, f"x <= 1 fails {at}: x {show(x)}")
    p = 1 + x + x * x
    return sigma, p, push * p**2 * r / (low * (1 - high)) + p * r * added


def lipschitz_of(rise: Fraction, p: Fraction, rho: Interval) -> Fraction:
    """Return a Lipschitz constant of zeta - Pi: y (1 + y + y^2) with y = Lambda P / (rho (1 - rho)) <= 1."""
    y = rise * p / (rho[0] * (1 - rho[1]))
    claim(y <= 1, f"y <= 1 fails: y {show(y)}")
    return y * (1 + y + y * y)


def slope_of(lipschitz: Fraction) -> Interval:
    """Enclose the slope L / sqrt(1 - L^2) of the graph on which zeta vanishes."""
    claim(lipschitz < 1, f"L < 1 fails: L {show(lipschitz)}")
    return root_bounds(lipschitz**2 / (1 - lipschitz**2))


def verify_amplitudes(
    bounds: Bounds,
    r: Fraction,
    lemma: tuple[Fraction, Fraction],
    amplitudes: Iterable[tuple[Fraction, Fraction]],
    at: str,
    *,
    digits: int,
) -> None:
    """Verify that every amplitude exceeds the tail, and that all stated numbers agree with the checker's own.

    Args:
        bounds: The stated numbers.
        r: The radius.
        lemma: sigma, and the tail.
        amplitudes: For each, the stated number and the checker's own lower bound.
        at: The words that name the step.
        digits: The number of digits that have to agree, up to 10^-20 r.
    """
    sigma, tail = lemma
    numbers = [("radius", bounds.radius, r), ("sigma", bounds.sigma, sigma), ("tail", bounds.tail, tail)]
    for stated, own in amplitudes:
        claim(own > tail, f"amplitude > tail fails {at}: amplitude {show(own)}, tail {show(tail)}")
        numbers.append(("amplitude", stated, own))
    for name, stated, own in numbers:
        agrees = abs(stated - own) * 10**digits <= abs(own) + r / 10**20
        claim(agrees, f"{name} = {show(stated)} fails {at}: it is {show(own)}")


def verify_directions(
    boxes: Sequence[Sequence[Interval]],
    step: int,
    parts: Sequence[tuple[int, Sequence[Fraction]]],
    miss: Fraction,
    tilt: Fraction | None,
) -> None:
    """Claim 13 (limit) and Claim M8 (limit): every component's interval holds the limit, and is narrow.

    Args:
        boxes: An interval for each component of the limit: once for all steps, or for even and for odd ones.
        step: The stated step.
        parts: The sign of each dominant multiplier, and the projection of that step's iterate.
        miss: A bound of the distance between the sum of the projections and the limit zeta.
        tilt: If the limit is along one line, a bound of the distance between its unit vector and the part's; else None.
    """
    for parity, box in enumerate(boxes):
        flips = [sign ** (step + parity) for sign, _ in parts]
        z = [dot(flips, components) for components in zip(*(part for _, part in parts), strict=True)]
        size = root_bounds(squared(z))
        claim(2 * size[0] > miss, f"the limit can be told from zero fails at step {step}")
        # |a/|a| - b/|b|| <= 2 |a - b| / (|a| + |b|); unit vectors at an angle t differ by 2 sin(t/2) <= sqrt(2) sin t
        if tilt is None:
            verify_box("the limit", z, size, 2 * miss / (2 * size[0] - miss), box, digits=6)
        else:
            verify_box("the limit", z, size, tilt, box)


def verify_box(
    name: str, z: Sequence[Fraction], size: Interval, spread: Fraction, box: Sequence[Interval], *, digits: int = 9
) -> None:
    """Verify that every component's interval holds that of z / size, up to a spread, and is narrow.

    Args:
        name: What the vector is.
        z: Shape (n,).
        size: An interval of the length by which it is divided.
        spread: A bound of the distance of the vector from z / size.
        box: The intervals, n of them.
        digits: Each interval is at most 10^-digits wide.
    """
    for y, (least, most) in zip(z, box, strict=True):
        ends = [y / length for length in size]
        lower, upper = min(ends) - spread, max(ends) + spread
        good = least <= lower and upper <= most <= least + Fraction(1, 10**digits)
        claim(good, f"{name} is in the narrow [{show(least, most)}] fails: it is in [{show(lower, upper)}]")
