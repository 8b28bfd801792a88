r"""How the largest Hessian eigenvalue approaches its limit, for all steps from one on. Claims H8 to H12.

Let u be the limit direction, h_k = y_k u + h_k^⊥ and a_k = |y_k|. From a step on, the trajectory stays in a cone
|h^⊥| <= tau a, in which y keeps or alternates its sign and a shrinks by a known factor. There the first-order term
omega . h is larger than the rest of λ_n(x_k) - λ_n.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Literal, Protocol

from gdcheck.theorem.checker.amplitude import Space, verify_eigenspace
from gdcheck.theorem.checker.exact import Vector, combined, dot, norm_above, power_bounds, root_bounds
from gdcheck.theorem.checker.kinds.top_eigenvalue import Curvatures, FirstOrder, Steps, Top
from gdcheck.theorem.checker.lemma import DOMINANT, growth
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import with_enough_bits
from gdcheck.theorem.checker.reading.document import Certificate
from gdcheck.theorem.checker.reading.fields import Interval, Point, Side, Step, read_record
from gdcheck.theorem.checker.spectrum import Operator
from gdcheck.theorem.checker.trajectory import Expansion, enclose, follow

PRECISIONS = (256, 1024, 4096)
MOST_VALUES = 10_000
NARROW = Fraction(1, 10**9)


@dataclass(frozen=True)
class Constant:
    """λ_n(x_k) = λ_n from a step on.

    Attributes:
        kind: Always ``constant``.
        from_step: The step.
        vector: An eigenvector of λ_n along which the loss is quadratic; None if the whole loss is quadratic.
    """

    kind: Literal["constant"]
    from_step: int
    vector: Point | None


@dataclass(frozen=True)
class Approaching:
    """The sign of λ_n(x_k) - λ_n, and the monotone approach of every branch, for all steps from one on.

    Attributes:
        kind: "monotone-from-above", "monotone-from-below" or "oscillating".
        sign: The sign of λ_n(x_k) - λ_n at even steps.
        from_step: The step.
        broken: Earlier steps at which the sign is different, or λ_n(x_k) does not approach λ_n.
        slope: An interval of C_eta = omega . u.
        step: The step k at which the trajectory is enclosed.
        cone: The step k + j from which the inequality of Claim H10 holds.
    """

    kind: str
    sign: Side
    from_step: Step
    broken: Steps
    slope: Interval
    step: int
    cone: Step


@dataclass(frozen=True)
class Approach(Approaching):
    """A pattern with the numbers that prove it.

    Attributes:
        others: A bound of all other |1 - eta lambda| on the space of the trajectory; None if it is a line.
        top: A distance to λ_n within which there is no other eigenvalue, and a vector near its eigenvector.
    """

    others: Fraction | None
    top: Top


Pattern = Constant | Approach


def read_pattern(kind: Any, value: object, path: str, n: int) -> Pattern | None:
    """Read a pattern by its kind, or null."""
    if value is None:
        return None
    constant = type(value) is dict and value.get("kind") == "constant"
    return read_record(Constant, value, path, n) if constant else read_record(Approach, value, path, n)


def verify_pattern(c: Certificate, pattern: Pattern, expansion: Expansion, space: Space) -> None:
    """Verify a pattern.

    Args:
        c: The certificate of the theorem, which has been verified.
        pattern: The pattern.
        expansion: Gradient descent around the minimizer, with its bounds.
        space: The Hessian on the space of the trajectory.
    """
    if isinstance(pattern, Constant):
        verify_constant(c, pattern, expansion)
        return
    dominant = Dominant.of(c, pattern, expansion, space)
    cone = verify_cone(dominant, verify_envelope(dominant, pattern))
    assert c.spectrum is not None
    first = FirstOrder.of(expansion, c.spectrum.highest, pattern.top)
    verify_first_order(pattern, dominant, cone, first)
    verify_onset(c, pattern, dominant, expansion)


class Line(Protocol):
    """A vector near the eigenvector of the dominant eigenvalue; it is the only one in ``vectors``."""

    @property
    def vectors(self) -> tuple[Vector, ...]:
        """The vector, shape (n,)."""

    @property
    def tilt(self) -> Fraction:
        """A bound of the distance between the unit eigenvector and the normalized vector."""


class Push(Protocol):
    """A bound of the remainder."""

    def push(self, r: Fraction) -> Fraction:
        """Return r C(r)."""


class Slope(Protocol):
    """A vector near the gradient omega of λ_n at the minimizer, and the bounds of Claim H7."""

    @property
    def gradient(self) -> Vector:
        """The gradient, shape (n,)."""

    @property
    def tilt(self) -> Fraction:
        """A bound of the distance of the unit vector that it is computed with from the unit eigenvector of λ_n."""

    @property
    def third(self) -> Fraction:
        """A bound of D^3 f(m)."""

    @property
    def blur(self) -> Fraction:
        """A bound of all its other errors."""

    def bend(self, r: Fraction) -> Fraction:
        """Return K(r)."""


@dataclass(frozen=True)
class Dominant:
    """The one simple dominant eigenvalue on the space of the trajectory.

    Attributes:
        regime: "small-step" or "large-step".
        rho: An interval of rho = |1 - eta lambda|.
        others: A bound of all other |1 - eta lambda|; None if there is none.
        space: The vector near its eigenvector.
        remainder: The bounds of eta R.
        centre: The centre of a ball that holds the iterate of ``step``.
        error: Its radius.
    """

    regime: str
    rho: Interval
    others: Fraction | None
    space: Line
    remainder: Push
    centre: list[Fraction]
    error: Fraction

    @classmethod
    def of(cls, c: Certificate, pattern: Approach, expansion: Expansion, space: Space) -> Dominant:
        """Verify the bound of the other multipliers, and enclose the iterate."""
        claim(pattern.cone >= pattern.step, f"step <= cone fails: {pattern.step}, {pattern.cone}")
        enters = 0 if c.subspace is None else c.subspace.enters
        claim(pattern.step >= enters, f"the trajectory is in its subspace at step {pattern.step} fails")
        regime, eta, operator = space.regime or "", expansion.descent.step_size, space.operator
        single = regime in ("small-step", "large-step") and [len(block.vectors) for block in c.blocks] == [1]
        claim(single and space.spectrum is not None, "the limit is along one line fails")
        assert space.spectrum is not None
        end = space.spectrum.lowest if regime == "small-step" else space.spectrum.highest
        low, high = sorted(abs(1 - eta * x) for x in end.interval)
        if pattern.others is None:
            claim(operator.dimension == 1, "there is no other multiplier fails")
        else:
            b = pattern.others
            near = operator.multipliers_up_to(b, eta)
            good = 0 <= b < low and near == operator.dimension - 1
            claim(good, f"all other multipliers are at most {show(b)} fails: {near} are")
        eigenspace = verify_eigenspace(operator, expansion.descent.hessian, end, c.blocks[0].gap, c.blocks[0].vectors)
        for bits in PRECISIONS:
            centre, error = enclose(expansion, pattern.step, bits)
            if error * 2**64 <= norm_above(eigenspace.project(centre)):
                break
        return cls(regime, (low, high), pattern.others, eigenspace, expansion.remainder, centre, error)

    @property
    def sign(self) -> int:
        """The sign of the multiplier."""
        return DOMINANT[self.regime][1][0]


@dataclass(frozen=True)
class Reach:
    """Bounds at a step: a <= along, and |h^⊥| <= ratio a."""

    along: Fraction
    ratio: Fraction


def verify_envelope(dominant: Dominant, pattern: Approaching) -> Reach:
    """Claim H8 (envelope): bound the iterate of step k + j, from that of step k.

    Take sigma, x, P and the tail T of Claim 12 at step k; let q = b / rho and s = |h_k^⊥|.

    1. |h_{k+j}| <= P rho^j r.
    2. a_{k+j} is within rho^j (1 + rho^j) T of rho^j a_k.
    3. |h_{k+j}^⊥| <= rho^j (q^j s + (C P^2 r^2 / rho) (sum over i < j of q^(j-1-i) rho^i)).
    """
    vector, at = dominant.space.vectors[0], f"at step {pattern.step}"
    low, high = dominant.rho
    r = norm_above(dominant.centre) + dominant.error
    push = dominant.remainder.push(r)
    _, p, tail = growth(push, r, dominant.rho, at)
    share = dot(vector, dominant.centre) ** 2 / dot(vector, vector)
    error = dominant.error + dominant.space.tilt * r
    least, most = root_bounds(share)[0] - error, root_bounds(share)[1] + error
    j = pattern.cone - pattern.step
    power = power_bounds(high, j)[1]
    least, most = least - (1 + power) * tail, most + (1 + power) * tail  # in units of rho^j
    claim(least > 0, f"the amplitude exceeds the tail fails {at}")
    across = Fraction(0)
    if dominant.others is not None:
        q = dominant.others / low
        free = root_bounds(max(r**2 - (root_bounds(share)[0] - error) ** 2, Fraction(0)))[1]
        across = power_bounds(q, j)[1] * free + push * p**2 * r / low * _convolution(q, high, j)
    return Reach(power * most, across / least)


def _convolution(x: Fraction, y: Fraction, j: int) -> Fraction:
    """Bound the sum over i < j of x^(j-1-i) y^i from above, for 0 <= x, y < 1."""
    if not j:
        return Fraction(0)
    x, y = max(x, y), min(x, y)
    crude = j * power_bounds(x, j - 1)[1]
    return crude if x == y else min(crude, (power_bounds(x, j)[1] - power_bounds(y, j)[0]) / (x - y))


@dataclass(frozen=True)
class Cone:
    """The trajectory from a step on, for ever.

    Attributes:
        along: A bound of a.
        ratio: tau, a bound of |h^⊥| / a.
        radius: A bound of |h|.
        grows: rho + kappa, a bound of a_{k+1} / a_k.
    """

    along: Fraction
    ratio: Fraction
    radius: Fraction
    grows: Fraction


def verify_cone(dominant: Dominant, reach: Reach) -> Cone:
    """Claim H9 (cone): |h^⊥| <= tau a and a_{k+1} <= (rho + kappa) a_k, at this step and all later ones.

    With C on the ball of radius a sqrt(1 + tau^2) and kappa = C a (1 + tau^2), three inequalities are enough:
    kappa (1 + tau) <= tau (rho - b), rho + kappa < 1 and kappa < rho.
    """
    low, high = dominant.rho
    a, ratio, b = reach.along, reach.ratio, dominant.others
    if b is not None:
        # With this tau <= 1/2 the cone is kept, since (1 + tau^2)(1 + tau) <= 2.
        ratio = max(ratio, 2 * dominant.remainder.push(a * (1 + ratio)) / ((1 + ratio) * (low - b)))
    wide = 1 + ratio**2
    radius = a * root_bounds(wide)[1]
    kappa = dominant.remainder.push(radius) / radius * a * wide
    if b is not None:
        kept = kappa * (1 + ratio) <= ratio * (low - b)
        claim(kept, f"the cone is kept fails: tau {show(ratio)}, kappa {show(kappa)}")
    claim(high + kappa < 1 and kappa < low, f"rho + kappa < 1 and kappa < rho fails: kappa {show(kappa)}")
    return Cone(a, ratio, radius, high + kappa)


def verify_first_order(pattern: Approaching, dominant: Dominant, cone: Cone, first: Slope) -> None:
    """Claim H10 (pattern): in the cone the first order of λ_n is larger than the rest; sign, kind and slope follow.

    1. Let c = omega . u. Then |λ_n(x_k) - λ_n - c y_k| <= eps a_k with eps = |omega^⊥| tau + K a (1 + tau^2).
    2. Let m = 2 if y alternates, else 1. If (|c| + eps)(rho + kappa)^m < |c| - eps, each branch approaches λ_n.
    """
    vector = dominant.space.vectors[0]
    square = dot(vector, vector)
    share = dot(first.gradient, vector)
    low, high = root_bounds(share**2 / square)
    miss = first.third * (2 * first.tilt + dominant.space.tilt) + first.blur
    c = low - miss
    claim(c > 0, f"the slope is not zero fails: it is at most {show(high + miss)}")
    rest = norm_above([w - share / square * v for w, v in zip(first.gradient, vector, strict=True)])
    rest += 2 * first.third * (first.tilt + dominant.space.tilt) + first.blur
    error = rest * cone.ratio + first.bend(cone.radius) * cone.along * (1 + cone.ratio**2)
    period = 1 if dominant.sign > 0 else 2
    good = (c + error) * cone.grows**period < c - error
    claim(good, f"the first order outweighs the rest fails at step {pattern.cone}: {show(c, error, cone.grows)}")
    # u points to the side of h at even steps; at the enclosed step, y has the sign of its centre.
    side = dominant.sign**pattern.step * (1 if dot(vector, dominant.centre) > 0 else -1)
    sign = side * (1 if share > 0 else -1)
    kind = "oscillating" if period == 2 else "monotone-from-above" if sign > 0 else "monotone-from-below"
    claim(pattern.kind == kind, f"the pattern is {pattern.kind[:40]} fails: it is {kind}")
    claim(pattern.sign == sign, f"the sign at even steps is {pattern.sign} fails: it is {sign}")
    least, most = sorted((sign * c, sign * (high + miss)))
    stated = pattern.slope
    narrow = stated[1] - stated[0] <= NARROW * max(Fraction(1), high)
    claim(
        stated[0] <= least and most <= stated[1] and narrow,
        f"C_eta is in the narrow [{show(*stated)}] fails: it is in [{show(least, most)}]",
    )


def verify_onset(c: Certificate, pattern: Approach, dominant: Dominant, expansion: Expansion) -> None:
    """Claim H11 (onset): the pattern holds from ``from_step`` on, and is broken at the steps in ``broken``.

    At each step before that of the cone, the signs of λ_n(x_k) - λ_n and λ_n(x_k) - λ_n(x_{k+m}) are verified.
    """
    claim(pattern.from_step <= pattern.cone, f"from_step <= cone fails: {pattern.from_step}, {pattern.cone}")
    claim(all(k < pattern.from_step for k in pattern.broken), "it is broken before from_step fails")
    first = min((pattern.from_step, *pattern.broken))
    last = pattern.cone if pattern.from_step < pattern.cone else max(pattern.broken, default=-1) + 1
    if first >= last:
        return
    claim(last <= MOST_VALUES, f"values up to step {last} are stated fails: at most {MOST_VALUES}")
    period = 1 if dominant.sign > 0 else 2
    assert c.spectrum is not None
    eta, top = expansion.descent.step_size, c.spectrum.highest
    limit = eta * top.low, eta * top.high
    with_enough_bits(PRECISIONS, partial(_verify_values, pattern, expansion, (first, last, period), limit))


def _verify_values(
    pattern: Approach, expansion: Expansion, steps: tuple[int, int, int], limit: Interval, bits: int
) -> None:
    """Verify signs and approach with ``bits`` bits, from the first step on, up to the one before the last."""
    first, last, period = steps
    looked_at = {*range(pattern.from_step, last), *pattern.broken}
    needed = looked_at | {k + period for k in looked_at}
    curvatures = Curvatures(expansion, bits)
    values = {
        k: curvatures.at(centre, error).enclosed()
        for k, (centre, error) in enumerate(follow(expansion, first, last - 1 + period, bits), first)
        if k in needed
    }
    claim(values.keys() == needed, f"the iterates up to step {last} are enclosed fails")
    verify_order(pattern, looked_at, period, values, limit)


def verify_order(
    pattern: Approaching, looked_at: Iterable[int], period: int, values: Mapping[int, Interval], limit: Interval
) -> None:
    """Verify that the pattern holds or is broken at some steps, from intervals of the values and of their limit."""
    for k in sorted(looked_at):
        sign = pattern.sign * (-1) ** (k % period)
        here, after = values[k], values[k + period]
        if k >= pattern.from_step:
            holds = _follows(sign, limit, here) and _follows(sign, after, here)
            claim(holds, f"the pattern at step {k} fails: {show(*here, *after, *limit)}")
        else:
            breaks = _follows(sign, here, limit) or _follows(sign, here, after)
            claim(breaks, f"the pattern is broken at step {k} fails: {show(*here, *after, *limit)}")


def _follows(sign: int, a: Interval, b: Interval) -> bool:
    """Tell whether sign * a < sign * b for all numbers of two intervals."""
    return a[1] < b[0] if sign > 0 else b[1] < a[0]


def verify_constant(c: Certificate, pattern: Constant, expansion: Expansion) -> None:
    """Claim H12 (constant): λ_n(x_k) = λ_n from a step on.

    Either the Hessian is constant; or it maps v to λ_n v at every point of a ball that no later iterate leaves, and no
    other eigenvalue reaches λ_n there.
    """
    descent, remainder, vector, step = expansion.descent, expansion.remainder, pattern.vector, pattern.from_step
    if vector is None:
        claim(not remainder.orders and not remainder.kinks, "the loss is quadratic fails")
        return
    assert c.spectrum is not None
    top = c.spectrum.highest
    hessian = expansion.descent.hessian
    exact = any(vector) and all(dot(row, vector) == top.low * v for row, v in zip(hessian, vector, strict=True))
    claim(exact and top.low == top.high and top.multiplicity == 1, "an exact eigenvector of a simple λ_n fails")
    centre, error = enclose(expansion, step, PRECISIONS[0])
    r = norm_above(centre) + error
    expansion.verify_stays(r, f"at step {step}")
    straight = all(sum(alpha) <= 1 for alpha in combined(descent.partials, vector).terms)
    met = [k for k in descent.kinks if k.offset + k.length * r > 0]
    straight = straight and not any(dot(k.slope, vector) for k in met)
    claim(straight, f"the loss is quadratic along the vector fails at step {step}")
    remainder.verify_no_kink(2, r)
    others = top.low - r * remainder.hessian_lipschitz(r) / descent.step_size
    below = Operator.of(hessian).below(others)
    claim(below == descent.dimension - 1, f"no other eigenvalue reaches λ_n fails at step {step}: {show(others)}")
