r"""The amplitude lemma: one inequality at one step proves the limit of direction of a sequence.

Let :math:`s_{k+1} = B s_k + g_k` as sequence.py says. If :math:`\sigma = \rho + C(r) r < 1` at :math:`r = \|s_k\|`,
the ball is forward invariant and :math:`\|s_{k+j}\| \le P\rho^j r`; with Π the projector onto a dominant part, the
amplitude :math:`\zeta = \lim (B|_E)^{-j}\Pi s_{k+j}` then exists and :math:`\|\zeta - \Pi s_k\| \le C P^2
r^2/(\rho(1-\rho))`. Where :math:`\|\Pi s_k\|` exceeds that tail for every part, no ζ vanishes and the limit follows
(docs/certificate.md gives every inequality).

A sequence may also drift: :math:`\|g_j\| \le C\|s_j\|^2 + \varepsilon_j\|s_j\|` with a known sum S of all later
ε. Then the largest ε adds to σ, S/ρ to the exponent of P, and :math:`P r S/\rho` to the tail, by the same proof.

Everything is computed in balls. So where ρ is known only up to an interval, its lower end counts in denominators and
its upper end in 1 − ρ and σ; and the deviation of the projector is charged to the amplitude.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flint import arb, arb_mat, ctx, fmpq

from gdcheck.theorem.limit.result import Amplitude, Bounds, Cause, Cone, Inequality, LimitDirection, Settled
from gdcheck.theorem.limit.sequence import DominantPart, Drift, EnclosedIterate, PerturbedSequence
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.methods.statement import LimitKind

__all__ = [
    "Accuracy",
    "Amplitude",
    "Cause",
    "Inequality",
    "LimitDirection",
    "Settled",
    "bounds_from",
    "certify",
    "certify_at",
    "project",
    "projector_bits",
]


@dataclass(frozen=True)
class Accuracy:
    """How well the limit is to be known, relatively.

    Attributes:
        limit: The width of the limit's components.
        amplitude: The width of the amplitudes. Far below the first, so that once the amplitudes are sharp only the
            tail can blur the limit, and the tail shrinks with every step.
    """

    limit: fmpq
    amplitude: fmpq


_DEFAULT = Accuracy(limit=fmpq(1, 10**10), amplitude=fmpq(1, 10**14))
# The bound of a projector's deviation is valid below one half (docs/certificate.md, Blocks).
_LARGEST_DEVIATION = fmpq(1, 4)
_FIRST_CONE, _SHARE = 256, 16
_GUARD_BITS = 64

ConeSearch = Callable[[EnclosedIterate], "Cone | Cause | None"]
"""Looks for a cone at an iterate; the cause if only more bits can find it, None if there is none yet."""


def certify(
    sequence: PerturbedSequence, max_steps: int, accuracy: Accuracy = _DEFAULT, cones: ConeSearch | None = None
) -> Amplitude | Settled | Cause:
    """Follow a sequence until the inequality holds for every dominant part, at the current precision.

    Args:
        sequence: The sequence, as its supplier encloses it.
        max_steps: The number of steps after which to give up.
        accuracy: How well the limit is to be known.
        cones: A search for a cone that is never left, for a single part of dimension one: it ends badly scaled
            problems earlier. It is made now and then: at first after some hundred steps, then after a share more.

    Returns:
        The certificate's content; or where the sequence settles instead, or the cause why there is none.
    """
    rho = sequence.rho
    enclosed = all(surely_less(part.deviation, arb(_LARGEST_DEVIATION)) for part in sequence.parts)
    if not (enclosed and surely_less(arb(0), sequence.dominance) and surely_less(rho, arb(1))):
        return Cause.PRECISION
    previous: EnclosedIterate | None = None
    far, due = arb(0), _FIRST_CONE
    for iterate in sequence.iterates():
        if previous is None:
            far = (1 + iterate.radius) * arb(2) ** 256
        if not surely_less(iterate.radius, far):
            # An enclosure that has grown wide says nothing of the sequence.
            lost = iterate.size.is_finite() and not surely_less(2 * iterate.error, iterate.size)
            return Cause.PRECISION if lost else Cause.LEFT
        if not surely_less(iterate.error, iterate.size):
            return Cause.PRECISION
        if iterate.step >= sequence.begins:
            found = certify_at(sequence, iterate, accuracy)
            if found is None and cones is not None and iterate.step >= due:
                due = iterate.step + max(_FIRST_CONE, iterate.step) // _SHARE
                found = _certify_in(cones(iterate), sequence, iterate, accuracy)
            if found is not None:
                return found
        if iterate.step >= max_steps:
            return Cause.BUDGET
        if previous is not None and iterate.step % 64 == 0 and _stalled(previous, iterate, 1 - rho):
            return Settled(iterate.centre)
        previous = iterate
    raise AssertionError("a supplier encloses its iterates without end")


def certify_at(
    sequence: PerturbedSequence, iterate: EnclosedIterate, accuracy: Accuracy = _DEFAULT
) -> Amplitude | Cause | None:
    """Test the inequality at one iterate.

    Args:
        sequence: The sequence, as its supplier encloses it from this iterate on.
        iterate: The iterate.
        accuracy: How well the limit is to be known.

    Returns:
        The certificate's content; the cause if only more bits decide; None if a later step may.
    """
    projections = [project(part, iterate) for part in sequence.parts]
    drift = None if sequence.drift is None else sequence.drift(iterate)
    inequality = _inequality(sequence, iterate, projections, accuracy, drift)
    if not isinstance(inequality, Inequality):
        return inequality
    limit = _limit(iterate.step, sequence.parts, projections, inequality.tail, accuracy)
    return None if limit is None else Amplitude(iterate.step, inequality, limit)


def _certify_in(
    cone: Cone | Cause | None, sequence: PerturbedSequence, iterate: EnclosedIterate, accuracy: Accuracy
) -> Amplitude | Cause | None:
    """Return what a cone proves: a trajectory that stays in it tends to the part's line, on the side of τ."""
    if not isinstance(cone, Cone):
        return cone
    (part,) = sequence.parts
    axis = [x if cone.positive else -x for x in cone.dominant]
    projection = Projection(_image(part, axis), part.deviation)
    limit = _limit(iterate.step, sequence.parts, [projection], arb(0), accuracy)
    return None if limit is None else Amplitude(iterate.step, cone, limit)


@dataclass(frozen=True)
class Projection:
    """An approximation of Π s_k, shape (m,), and a bound of its error."""

    vector: list[arb]
    error: arb


def projector_bits() -> int:
    """Return the precision of projectors, at which a vector nearly orthogonal to E keeps the digits of its image."""
    return 2 * int(ctx.prec) + _GUARD_BITS


def project(part: DominantPart, iterate: EnclosedIterate) -> Projection:
    """Return Π̂ s_k with a bound of its distance to Π s_k."""
    return Projection(_image(part, iterate.centre), part.deviation * iterate.radius + part.stretch * iterate.error)


def _image(part: DominantPart, vector: list[arb]) -> list[arb]:
    with ctx.workprec(projector_bits()):
        return (part.onto * (part.along * arb_mat(len(vector), 1, vector))).entries()


def bounds_from(rho: arb, c: arb, radius: arb, drift: Drift | None = None) -> Bounds | None:
    """Return what the lemma says of a sequence from an iterate on, wherever its amplitude is.

    Args:
        rho: ρ.
        c: C on the ball of that radius.
        radius: A bound r of the iterate's norm.
        drift: What the sequence adds linearly.

    Returns:
        σ, P and the tail; None where σ or the exponent of P is not proved to be below one.
    """
    sigma = rho + c * radius
    if drift is not None:
        sigma += drift.largest
    if not surely_less(sigma, arb(1)):
        return None
    x = c * radius / (rho * (1 - sigma))
    if drift is not None:
        x += drift.total(sigma) / rho
    if not surely_less(x, arb(1)):
        return None
    p = 1 + x + x * x
    tail = c * (p * radius) ** 2 / (rho * (1 - rho))
    if drift is not None:
        tail += p * radius * drift.total(sigma) / rho
    return Bounds(radius, rho, c, sigma, p, tail)


def _inequality(
    sequence: PerturbedSequence,
    iterate: EnclosedIterate,
    projections: Sequence[Projection],
    accuracy: Accuracy,
    drift: Drift | None = None,
) -> Inequality | Cause | None:
    radius = _within(iterate.size, iterate.error)
    bounds = bounds_from(sequence.rho, sequence.remainder(radius), radius, drift)
    if bounds is None:
        return None
    amplitudes = []
    for projection in projections:
        amplitude = _within(norm(projection.vector), projection.error)
        if not surely_less(projection.error, amplitude * accuracy.amplitude):
            # Amplitude and error shrink alike from here on; once the tail is below the error, only more bits can
            # decide.
            return Cause.PRECISION if surely_less(bounds.tail, projection.error) else None
        if not surely_less(bounds.tail, amplitude):
            return None
        amplitudes.append(amplitude)
    return Inequality(**vars(bounds), amplitudes=tuple(amplitudes))


def _within(x: arb, error: arb) -> arb:
    return (x + error.union(-error)).nonnegative_part()


def _limit(
    step: int, parts: Sequence[DominantPart], projections: Sequence[Projection], tail: arb, accuracy: Accuracy
) -> LimitDirection | None:
    """Return the limit that non-zero amplitudes prove; None while it is not known well enough."""
    flip = step % 2 == 1
    if any(part.sign == 0 for part in parts):
        return LimitDirection(LimitKind.ROTATING, ())
    if len(parts) == 1:
        (part,), (projection,) = parts, projections
        # On a line, ζ and Π s have the same direction, up to how well the line is known; in a larger subspace the
        # tail blurs it.
        line = part.onto.ncols() == 1
        blur = part.deviation * norm(projection.vector) if line else projection.error + tail
        direction = _direction(projection.vector, blur, accuracy)
        if direction is None:
            return None
        if part.sign > 0:
            return LimitDirection(LimitKind.FIXED, (direction,))
        return LimitDirection(LimitKind.ALTERNATING, (tuple(-x for x in direction) if flip else direction,))
    plus, minus = projections
    blur = plus.error + minus.error + 2 * tail
    # The two limits differ by the smaller amplitude: it must stand out from the blur.
    if not all(surely_less(4 * blur, norm(part.vector) * accuracy.limit) for part in projections):
        return None
    here = _direction([x + y for x, y in zip(plus.vector, minus.vector, strict=True)], blur, accuracy)
    there = _direction([x - y for x, y in zip(plus.vector, minus.vector, strict=True)], blur, accuracy)
    if here is None or there is None:
        return None
    return LimitDirection(LimitKind.TWO_CYCLE, (there, here) if flip else (here, there))


def _direction(vector: list[arb], blur: arb, accuracy: Accuracy) -> tuple[arb, ...] | None:
    """Return the direction of a vector that is known up to ``blur``, or None while that is too wide."""
    length = norm(vector)
    if not surely_less(4 * blur, length * accuracy.limit):
        return None
    # ‖u/‖u‖ − v/‖v‖‖ ≤ 2‖u − v‖/‖u‖.
    spread = 2 * blur / length
    spread = spread.union(-spread)
    return tuple(x / length + spread for x in vector)


def _stalled(previous: EnclosedIterate, here: EnclosedIterate, slack: arb) -> bool:
    """Whether the step is far shorter than any near zero, where it is at least 1 − ρ times the length."""
    move = norm(x - y for x, y in zip(here.centre, previous.centre, strict=True))
    return surely_less(move * arb(2) ** 20, norm(here.centre) * slack)
