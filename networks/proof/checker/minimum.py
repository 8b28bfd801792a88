r"""A certificate of a run that arrives at a strict minimum: claims W1 to W9 of docs/certificate.md.

The run is enclosed again: points are pairs of floats. Where :math:`x_k` is within d of the pair, and both are within D
of a spot with the Hessian's eigenvalues in [a, b], :math:`x_{k+1}` is within :math:`\max(1 - \eta(a - TD), \eta(b +
TD) - 1)d` of the next pair, plus the rounding error of the pair's step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic
from typing import Any

from flint import arb, ctx, fmpq
from numpy.typing import NDArray

from gdcheck.networks.proof.checker.bounds import Ends, ends
from gdcheck.networks.proof.checker.curvature import Spot
from gdcheck.networks.proof.checker.inequality import NotChecked, between, larger, require
from gdcheck.networks.proof.checker.minimum_document import StatedMinimum, read_minimum
from gdcheck.networks.proof.checker.objective import Objective
from gdcheck.networks.proof.checker.passes import Network
from gdcheck.networks.proof.checker.wide import Array, Wide, above, plus, scaled, size

_SPENT = 0.02
"""How much the logarithm of the error may grow because of the distance from one spot (see ``Spot``)."""


@dataclass(frozen=True, eq=False)
class Base:
    """A spot with the ends of its Hessian's spectrum, and T on a ball around it."""

    spot: Spot
    ends: Ends
    radius: float
    third: float


def check_minimum(
    document: Any,
    arrays: Mapping[str, NDArray[Any]],
    *,
    late_only: bool,
    until: float,
    watch: Callable[[int, int], None] | None,
) -> None:
    """Check a certificate of kind ``gdcheck-network-minimum/1``.

    Args:
        document: The JSON value.
        arrays: The arrays beside it.
        late_only: Whether to take the late point and its distance from the exact iterate as given.
        until: When the time is over, on the monotonic clock.
        watch: Called with the step and the number of steps.

    Raises:
        BadNetworkCertificate: If the document is malformed.
        Refused: If a claim does not hold.
        NotChecked: If the time did not suffice.
    """
    stated = read_minimum(document, arrays)
    # Differences of gradients leave half of the bits.
    network = replace(Network.of(stated), slices=4)
    samples = len(stated.inputs)
    objective = Objective.of(network, stated.loss, stated.weight_decay * samples)
    eta = stated.step_size / samples
    if not late_only:
        _run(objective, eta, stated, until, watch)
    _limit(objective, eta, stated)


def _run(
    objective: Objective, eta: Fraction, stated: StatedMinimum, until: float, watch: Callable[[int, int], None] | None
) -> None:
    """Check that the late point is near the exact iterate.

    Claim W2 (trajectory).
    """
    for step, point, drift in _followed(objective, eta, stated.start):
        if monotonic() > until:
            raise NotChecked(f"not checked within the time allowed: step {step} of {stated.step} was reached")
        if watch is not None:
            watch(step, stated.step)
        if step == stated.step:
            off = above(size(point.high - stated.late) * (1 + 2.0**-50) + size(point.low) + drift)
            require(off <= stated.bounds["drift"], "W2: the late point is further from the iterate than stated")
            return
    require(holds=False, claim="W2: the trajectory cannot be enclosed up to the stated step")


def _followed(objective: Objective, eta: Fraction, start: Array) -> Iterator[tuple[int, Wide, float]]:
    high = float(eta)
    parts = (high, float(eta - Fraction(high)))
    most = above(high)
    point, drift, step, spent = Wide.exact(start), 0.0, 0, 0.0
    base: Base | None = None
    while drift < 1e6:
        yield step, point, drift
        away = 0.0
        if base is not None:
            away = above(size(point.high - base.spot.point) * (1 + 2.0**-50) + size(point.low) + drift)
        if base is None or away > base.radius or spent + most * base.third * away > _SPENT:
            base = _base(objective, most, point.high)
            away, spent = above(size(point.low) + drift), 0.0
            if base is None or away > base.radius:
                return
        after = plus(point, scaled(objective.gradient(point), parts, 2.0**-100 * high), -1.0)
        turned = above(base.third * away)
        spent += most * turned
        low, top = base.ends.lowest[0] - turned, base.ends.highest[1] + turned
        growth = max(1 - (high * (1 - 2.0**-50) if low > 0 else most) * low, most * top - 1, 0.0)
        growth += 2.0**-48 * (1 + most * (abs(low) + abs(top)))
        drift = above(growth * drift + after.error)
        point, step = Wide(after.high, after.low, 0.0), step + 1


def _base(objective: Objective, eta: float, point: Array) -> Base | None:
    spot = Spot.at(objective, point)
    _, _, found = spot.spectrum()
    if found is None:
        return None
    radius = 0.25 / (eta * max(spot.third(0.0), 2.0**-100))
    while radius > 2.0**-60 and spot.third(radius) > 1.25 * spot.third(0.0):
        radius /= 2
    return Base(spot, found, radius, spot.third(radius))


def _limit(objective: Objective, eta: Fraction, stated: StatedMinimum) -> None:
    """Check claims W3 to W9 at the late point and the centre."""
    bounds = stated.bounds
    spot = Spot.at(objective, stated.centre)
    matrix, error = spot.hessian()
    here = ends(matrix, error)
    require(here is not None, "W3: the Hessian's spectrum cannot be enclosed")
    if here is None:
        return
    _minimizer(spot, here, stated)
    offset = stated.late - stated.centre
    around = _size(stated, offset)
    third = spot.third(around)
    require(third <= bounds["third"], "W4: the third derivative may be larger than stated")
    blur = above(error + third * bounds["distance"])
    at_minimum = ends(matrix, blur)
    require(at_minimum is not None, "W6: the spectrum at the minimizer cannot be enclosed")
    if at_minimum is not None:
        with ctx.workprec(128):
            _inequality(eta, stated, at_minimum, (matrix, blur), offset)


def _size(stated: StatedMinimum, offset: Array) -> float:
    """Check the distance from the minimizer; return the radius of a ball around the centre that holds the inequality's.

    Claim W5 (size).
    """
    bounds = stated.bounds
    distance = above(size(offset) * (1 + 2.0**-50) + bounds["drift"] + bounds["distance"])
    require(distance <= bounds["size"], "W5: the iterate may be further from the minimizer than stated")
    around = above(bounds["size"] + bounds["distance"])
    require(around <= bounds["radius"], "W5: the ball of the inequality is not within the minimizer's")
    return around


def _minimizer(spot: Spot, here: Ends, stated: StatedMinimum) -> None:
    """Check that one strict minimizer lies within the stated distance of the centre, alone in the stated ball.

    Claim W3 (minimizer).
    """
    radius, convexity, distance = (stated.bounds[name] for name in ("radius", "convexity", "distance"))
    least = Fraction(here.lowest[0]) - Fraction(spot.third(radius)) * Fraction(radius)
    require(0 < Fraction(convexity) <= least, "W3: the loss may be less convex on the ball than stated")
    slope = spot.objective.gradient(Wide.exact(stated.centre)).size
    require(Fraction(slope) <= Fraction(convexity) * Fraction(distance), "W3: the minimizer may be further than stated")
    require(distance < radius, "W3: the minimizer may lie outside the ball")


@dataclass(frozen=True, eq=False)
class Mode:
    """The dominant mode at the minimizer.

    Attributes:
        rho: The modulus of its multiplier.
        vector: A unit vector near its eigenvector, shape (n,).
        sine: A bound of the sine of the angle between the two.
    """

    rho: arb
    vector: Array
    sine: arb


def _inequality(eta: Fraction, stated: StatedMinimum, found: Ends, matrix: tuple[Array, float], offset: Array) -> None:
    """Check claims W6 to W9, given the ends of the spectrum at the minimizer."""
    e = arb(fmpq(eta.numerator, eta.denominator))
    _regime(e, stated, found)
    mode = _mode(e, stated, found, matrix)
    _amplitude(e, stated, mode, offset)
    _vector(stated, mode, offset)


def _regime(eta: arb, stated: StatedMinimum, found: Ends) -> None:
    """Check the ends of the spectrum, and on which side of the boundary and of the limit the step size lies.

    Claim W6 (spectrum).
    """
    samples = len(stated.inputs)
    for held, (least, most) in zip((found.lowest, found.highest), stated.spectrum, strict=True):
        inside = Fraction(least) * samples <= Fraction(held[0]) and Fraction(held[1]) <= Fraction(most) * samples
        require(inside, "W6: an end of the spectrum may lie outside what is stated")
    require(found.lowest[0] > 0, "W6: the Hessian at the minimizer may be singular")
    low, high = between(found.lowest), between(found.highest)
    require(eta * high < 2, "W6: the step size may exceed the stability limit")
    side = eta * (low + high) < 2 if stated.regime == "small-step" else eta * (low + high) > 2
    require(side, "W6: the step size may lie on the other side of the boundary")


def _mode(eta: arb, stated: StatedMinimum, found: Ends, matrix: tuple[Array, float]) -> Mode:
    """Check that one multiplier is larger than all others, and enclose its eigenvector.

    Claim W7 (multipliers).
    """
    low, high = between(found.lowest), between(found.highest)
    small = stated.regime == "small-step"
    value = low if small else high
    rho = 1 - eta * low if small else eta * high - 1
    require(rho > 0, "W7: the dominant multiplier may vanish")
    nearest, furthest = (arb(found.second), high) if small else (low, arb(found.last_but_one))
    require(larger(abs(1 - eta * nearest), abs(1 - eta * furthest)) < rho, "W7: another multiplier may be as large")
    gap = arb((nearest - value if small else value - furthest).lower())
    require(gap > 0, "W7: the end of the spectrum may be double")
    w = found.vectors[:, 0 if small else 1]
    s = float(value.mid())
    # ‖(A − s)w‖ for any A within the distance; a product of n terms is off by at most n·2⁻⁵² of the lengths.
    left = size(matrix[0] @ w - s * w) + matrix[1] + (len(w) + 8) * 2.0**-50 * (size(matrix[0]) + abs(s))
    return Mode(rho, w, arb(left) * (1 + arb(2) ** -30) / gap)


def _amplitude(eta: arb, stated: StatedMinimum, mode: Mode, offset: Array) -> None:
    """Check that the amplitude along the mode exceeds the tail.

    Claim W8 (inequality).
    """
    bounds, rho = stated.bounds, mode.rho
    r = arb(bounds["size"])
    c = eta * arb(bounds["third"]) / 2
    sigma = rho + c * r
    require(sigma < 1, "W8: σ is not below 1")
    tail = c * ((c * r / (rho * (1 - sigma))).exp() * r) ** 2 / (rho * (1 - rho))
    require(tail <= bounds["tail"], "W8: the tail is stated too small")
    # The vector has the length 1 within 2⁻⁴⁰.
    slip = arb((len(offset) + 8) * 2.0**-40 * size(offset))
    known = arb(bounds["drift"] + bounds["distance"]) * (1 + arb(2) ** -30)
    amplitude = abs(arb(float(mode.vector @ offset))) - slip - known - arb(2).sqrt() * mode.sine * r
    require(amplitude >= bounds["amplitude"], "W8: the amplitude is stated too large")
    require(bounds["amplitude"] > bounds["tail"], "W8: the amplitude does not exceed the tail")


def _vector(stated: StatedMinimum, mode: Mode, offset: Array) -> None:
    """Check that the stated vector is near the eigenvector, with the sign of the amplitude at even steps.

    Claim W9 (vector).
    """
    turn = 1.0 if float(mode.vector @ offset) > 0 else -1.0
    if stated.regime == "large-step" and stated.step % 2:
        turn = -turn
    own = arb(2).sqrt() * mode.sine + arb(size(turn * mode.vector - stated.vector) + 2.0**-30)
    require(own <= stated.bounds["tilt"], "W9: the vector may be further from the limit than stated")
    require(stated.bounds["tilt"] < 1, "W9: a vector known no better than 1 says nothing")
