r"""The amplitude certificate: one finite computation that proves the limit direction of one trajectory.

On an invariant subspace (all of space, as a rule) let ρ be the largest multiplier modulus, and let Π project onto an
eigenspace that attains it with multiplier μ. If :math:`\sigma = \rho + C(r) r < 1` at :math:`r = \|h_k\|`, the ball
is forward invariant and :math:`\|h_{k+j}\| \le P\rho^j r`; the amplitude :math:`\zeta = \lim \mu^{-j}\Pi h_{k+j}`
then exists and :math:`\|\zeta - \Pi h_k\| \le C P^2 r^2/(\rho(1-\rho))`. Where :math:`\|\Pi h_k\|` exceeds that tail,
ζ ≠ 0 and the limit follows (docs/certificate.md gives every inequality).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from flint import arb, arb_mat, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.spectrum import Eigenvalue
from gdcheck.theorem.descent.enclosure import Enclosure, enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.methods.statement import End, LimitKind


@dataclass(frozen=True, eq=False)
class Block:
    """A dominant eigenvalue on the subspace, with its eigenspace.

    Attributes:
        end: Which end of the restricted spectrum it is; its value is the sign of the multiplier.
        eigenvalue: The eigenvalue.
        gap: γ > 0 such that no other restricted eigenvalue lies in (lo − γ, hi + γ).
        coordinates: Nearly orthonormal dyadic vectors with respect to the subspace's basis, shape (m, w).
        vectors: The same in the original coordinates, shape (n, m).
    """

    end: End
    eigenvalue: Eigenvalue
    gap: fmpq
    coordinates: list[list[fmpq]]
    vectors: fmpq_mat


@dataclass(frozen=True)
class Inequality:
    """The numbers of the deciding inequality at one step, enclosed (see docs/certificate.md, *Bounds*)."""

    radius: arb
    rho: arb
    C: arb
    sigma: arb
    P: arb
    tail: arb
    amplitudes: tuple[arb, ...]


@dataclass(frozen=True)
class LimitDirection:
    """A certified limit of the normalized error.

    Attributes:
        kind: Fixed, alternating or two-cycle.
        vectors: One vector of balls (fixed, alternating), or those of even and odd steps.
    """

    kind: LimitKind
    vectors: tuple[tuple[arb, ...], ...]


@dataclass(frozen=True)
class Amplitude:
    """The inequality holds at this step, and this is the limit that it proves."""

    step: int
    inequality: Inequality
    limit: LimitDirection


class Cause(Enum):
    """Why no certificate was found; the value is a sentence for people."""

    LEFT = "the trajectory left the basin of the minimizer, as far as the enclosures show"
    ELSEWHERE = "the trajectory settles at a point that is not the minimizer"
    BUDGET = "the step budget ended before the certificate applied"
    PRECISION = "the precision did not suffice"


# How well a limit and an amplitude are to be known, relatively; the second is far below the first, so that once the
# amplitudes are sharp only the tail can blur the limit, and the tail shrinks with every step.
_WIDTH = fmpq(1, 10**10)
_SHARP = fmpq(1, 10**14)
# The bound of a projector's deviation is valid below one half (docs/certificate.md, Blocks).
_LOOSEST = fmpq(1, 4)


def certify(
    expansion: Expansion, blocks: list[Block], rho_everywhere: arb, first: int, max_steps: int
) -> Amplitude | Cause:
    """Runs the enclosure until the inequality holds for every block, at the current precision.

    Args:
        expansion: The loss at its minimizer, with step size and start.
        blocks: The dominant blocks, +1 before −1.
        rho_everywhere: An upper bound of |1 − ηλ| over the whole spectrum.
        first: The step from which the trajectory lies in the blocks' subspace.
        max_steps: The number of steps after which to give up.

    Returns:
        The certificate's content, or the cause why there is none.
    """
    bound = RemainderBound.of(expansion)
    projections = [_Projection(expansion, b) for b in blocks]
    if not all(surely_less(p.deviation, arb(_LOOSEST)) for p in projections):
        return Cause.PRECISION
    rho = abs(1 - expansion.step_size * blocks[0].eigenvalue.ball())
    if not surely_less(rho, arb(1)):
        return Cause.PRECISION
    previous: Enclosure | None = None
    far = arb(0)
    for iterate in enclose(expansion, bound, rho_everywhere):
        if previous is None:
            far = (1 + iterate.radius) * arb(2) ** 256
        if not surely_less(iterate.radius, far):
            return Cause.LEFT
        if not surely_less(iterate.error, iterate.size):
            return Cause.PRECISION
        if iterate.step >= first:
            inequality = _inequality(iterate, bound, rho, projections)
            if inequality is Cause.PRECISION:
                return Cause.PRECISION
            if isinstance(inequality, Inequality):
                limit = _limit(iterate, blocks, projections, inequality.tail)
                if limit is not None:
                    return Amplitude(iterate.step, inequality, limit)
        if iterate.step >= max_steps:
            return Cause.BUDGET
        if previous is not None and iterate.step % 64 == 0 and _stalled(previous, iterate, 1 - rho):
            return Cause.ELSEWHERE
        previous = iterate
    raise AssertionError("the enclosure iterates without end")


class _Projection:
    """The projector Π onto a block's eigenspace, within δ of W̃W̃ᵀ."""

    def __init__(self, expansion: Expansion, block: Block) -> None:
        assert expansion.hessian is not None
        w, m = block.vectors, block.vectors.ncols()
        self._matrix = arb_mat(w)
        self._transposed = arb_mat(w.transpose())
        delta = w.transpose() * w
        for i in range(m):
            delta[i, i] -= 1
        middle = (block.eigenvalue.lo + block.eigenvalue.hi) / 2
        residual = expansion.hessian * w - w * middle
        s = 2 * _frobenius(residual) ** 2
        self.deviation = s.sqrt() / arb(block.gap) + _frobenius(delta)

    def apply(self, iterate: Enclosure) -> tuple[list[arb], arb]:
        """An approximation of Π h_k, exact up to the error returned with it."""
        h = arb_mat(len(iterate.centre), 1, iterate.centre)
        projected = (self._matrix * (self._transposed * h)).entries()
        return projected, self.deviation * iterate.radius + iterate.error


def _frobenius(matrix: fmpq_mat) -> arb:
    return norm(arb(x) for x in matrix.entries())


def _inequality(
    iterate: Enclosure, bound: RemainderBound, rho: arb, projections: list[_Projection]
) -> Inequality | Cause | None:
    radius = _within(iterate.size, iterate.error)
    c = bound.quadratic(radius)
    sigma = rho + c * radius
    if not surely_less(sigma, arb(1)):
        return None
    x = c * radius / (rho * (1 - sigma))
    if not surely_less(x, arb(1)):
        return None
    p = 1 + x + x * x
    tail = c * (p * radius) ** 2 / (rho * (1 - rho))
    amplitudes = []
    for projection in projections:
        vector, error = projection.apply(iterate)
        amplitude = _within(norm(vector), error)
        if not surely_less(error, amplitude * _SHARP):
            # Amplitude and error shrink alike from here on; once the tail is below the error, only more bits can
            # decide.
            return Cause.PRECISION if surely_less(tail, error) else None
        if not surely_less(tail, amplitude):
            return None
        amplitudes.append(amplitude)
    return Inequality(radius, rho, c, sigma, p, tail, tuple(amplitudes))


def _within(x: arb, error: arb) -> arb:
    return (x + error.union(-error)).nonnegative_part()


def _limit(iterate: Enclosure, blocks: list[Block], projections: list[_Projection], tail: arb) -> LimitDirection | None:
    parts = [projection.apply(iterate) for projection in projections]
    flip = iterate.step % 2 == 1
    if len(blocks) == 1:
        (vector, error), block = parts[0], blocks[0]
        # On a line, ζ and Π h have the same direction, up to how well the line is known; in a larger eigenspace the
        # tail blurs it.
        blur = projections[0].deviation * norm(vector) if block.eigenvalue.multiplicity == 1 else error + tail
        direction = _direction(vector, blur)
        if direction is None:
            return None
        alternating = block.end is End.HIGHEST
        if alternating and flip:
            direction = tuple(-x for x in direction)
        return LimitDirection(LimitKind.ALTERNATING if alternating else LimitKind.FIXED, (direction,))
    (plus, plus_error), (minus, minus_error) = parts
    blur = plus_error + minus_error + 2 * tail
    # The two limits differ by the smaller amplitude: it must stand out from the blur.
    if not all(surely_less(4 * blur, norm(part) * _WIDTH) for part in (plus, minus)):
        return None
    here = _direction([x + y for x, y in zip(plus, minus, strict=True)], blur)
    there = _direction([x - y for x, y in zip(plus, minus, strict=True)], blur)
    if here is None or there is None:
        return None
    return LimitDirection(LimitKind.TWO_CYCLE, (there, here) if flip else (here, there))


def _direction(vector: list[arb], blur: arb) -> tuple[arb, ...] | None:
    """The direction of a vector that is known up to ``blur``, or None while that is too wide."""
    length = norm(vector)
    if not surely_less(4 * blur, length * _WIDTH):
        return None
    # ‖u/‖u‖ − v/‖v‖‖ ≤ 2‖u − v‖/‖u‖.
    spread = 2 * blur / length
    spread = spread.union(-spread)
    return tuple(x / length + spread for x in vector)


def _stalled(previous: Enclosure, here: Enclosure, slack: arb) -> bool:
    """Whether the step is far shorter than any near the minimizer, where it is at least 1 − ρ times the distance."""
    move = norm(x - y for x, y in zip(here.centre, previous.centre, strict=True))
    return surely_less(move * arb(2) ** 20, here.size * slack)
