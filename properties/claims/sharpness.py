"""Section 3: the sharpness approaches λ_n monotonically for a small step and oscillates for a large one, if C_η ≠ 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.conclusion import predicted_limit
from gdcheck.properties.claims.examination import (
    equals,
    holds,
    log2_ratio,
    on_certified,
    require,
    unresolved,
)
from gdcheck.properties.claims.points import hessian, unit_vectors
from gdcheck.properties.claims.trajectory import EnclosedIterate, remainder_bound, walk
from gdcheck.properties.claims.undecided import Undecided
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.sharpness import prescribed_slope, sharp_problems
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.loss.balls import at_most, ends, norm, surely_less
from gdcheck.theorem.loss.rational import dot
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.derivatives import DerivativeBounds
from gdcheck.theorem.sharpness.maps import largest_eigenvalue
from gdcheck.theorem.sharpness.pattern import Kind, Pattern
from gdcheck.theorem.sharpness.sharpness import Sharpness, sharpness
from gdcheck.theorem.sharpness.top_eigenvalue import TopEigenvalue

_MOST_STEPS = 2000
_MORE_BITS = (1, 2, 4)
_TRACED = 48
_WALKED = 400
_WALKED_LARGE = 100
_WINDOW = 6
_POINTS = 6
_SMALL_DIMENSION = 6
_CONSTANT_BITS = 128
_ROUNDED = 1 + fmpq(1, 2**128)


@on_certified("exceptional: the sentence leaves it out")
def _examine(instance: Instance, decision: Decision) -> Finding:
    assert decision.limit is not None
    slope = predicted_limit(instance, decision.limit) * prescribed_slope(instance)
    result = sharpness(decision, most_steps=_MOST_STEPS)
    if result is None:
        return unresolved(decision, "there is no sharpness")
    _slope_is_prescribed(result.pattern, slope)
    if result.pattern.step is None:
        return unresolved(decision, result.pattern.cause or "undecided")
    if result.pattern.step <= _TRACED:
        with_onset = sharpness(decision, first_steps=True, most_steps=_MOST_STEPS)
        require(with_onset is not None and with_onset.from_step is not None, "the trace loses the pattern")
        assert with_onset is not None
        result = with_onset
    _kind_is_predicted(instance, result.pattern, slope)
    margin = _second_order_constant(instance, decision)
    _crossings_are_right(instance, result)
    if result.from_step is not None and result.from_step <= _walked(instance):
        _with_enough_bits(partial(_pattern_holds, instance, result))
    _with_enough_bits(partial(_envelope_holds, instance, result.pattern))
    order = {1: "C_η ≠ 0", 2: "C_η = 0, decided by the second order", None: "constant"}[result.pattern.order]
    return holds(decision, order, margin)


def _slope_is_prescribed(pattern: Pattern, slope: fmpq) -> None:
    """Require C_η = ± D³f[v_n, v_n, v_d], exactly."""
    require(pattern.exact_slope == slope, f"C_η is {pattern.exact_slope}, not {slope}")
    require(pattern.slope is not None and equals(pattern.slope, slope), "C_η is not in its ball")


def _kind_is_predicted(instance: Instance, pattern: Pattern, slope: fmpq) -> None:
    """Require monotone for a small step, oscillating for a large one; with C_η = 0, neither by the first order."""
    if slope == 0:
        one_sided = pattern.kind in {Kind.FROM_ABOVE, Kind.FROM_BELOW} and pattern.order == 2
        require(pattern.kind is Kind.CONSTANT or one_sided, f"with C_η = 0 it is {pattern.kind.value}")
        return
    monotone = Kind.FROM_ABOVE if slope > 0 else Kind.FROM_BELOW
    expected = monotone if instance.regime is Regime.SMALL_STEP else Kind.OSCILLATING
    require(pattern.kind is expected, f"it is {pattern.kind.value}, not {expected.value}")
    require(pattern.order == 1, "C_η ≠ 0 and yet a higher order decides")


@dataclass(frozen=True)
class _Curvature:
    """The Hessian at an iterate: exact at the centre of its enclosure, and how far it may be from there.

    Attributes:
        step: k.
        matrix: The Hessian at the centre, shape (n, n).
        slack: A bound of the distance of the largest eigenvalues.
    """

    step: int
    matrix: fmpq_mat
    slack: fmpq

    def exceeds(self, threshold: fmpq) -> bool | None:
        """Decide whether λ_n(x_k) exceeds a threshold; False means that it is at most the threshold."""
        if _above(self.matrix, threshold + self.slack):
            return True
        return None if self.slack and _above(self.matrix, threshold - self.slack) else False

    def require(self, threshold: fmpq, expected: bool, otherwise: str) -> None:
        """Require that λ_n(x_k) exceeds a threshold, or that it does not."""
        exceeds = self.exceeds(threshold)
        require(None if exceeds is None else exceeds is expected, otherwise, step=self.step)


def _curvatures(instance: Instance, first: int, most: int) -> list[_Curvature]:
    """Return the Hessians along a stretch of the trajectory."""
    expansion = Expansion.of(instance.problem)
    derivatives = DerivativeBounds.of_remainder(remainder_bound(instance), expansion.step_size, expansion.truncated)
    found = []
    for iterate in walk(instance, first, most):
        steepness = derivatives.order(3, iterate.length)
        require(True if steepness.is_finite() else None, "the Hessian is not known to be Lipschitz")
        slack = ends(steepness * iterate.error)[1] if iterate.error > 0 else fmpq(0)
        found.append(_Curvature(iterate.step, hessian(instance, iterate.point), slack))
    return found


def _walked(instance: Instance) -> int:
    """Return the latest step at which exact counts are made: later steps and larger problems cost more."""
    return _WALKED if len(instance.spectrum) <= _SMALL_DIMENSION else _WALKED_LARGE


def _with_enough_bits(part: Callable[[], None]) -> None:
    """Examine a part of the claim, with more bits where it is undecided.

    At late steps, and if the second order decides, λ_n(x_k) − λ_n is far smaller than the error of x_k.
    """
    for more in _MORE_BITS:
        with ctx.workprec(more * ctx.prec):
            try:
                part()
            except Undecided:
                if more == _MORE_BITS[-1]:
                    raise
            else:
                return


def _pattern_holds(instance: Instance, result: Sharpness) -> None:
    """Require sign and approach on a stretch from the stated step on, by exact counts of eigenvalues."""
    first, pattern = result.from_step, result.pattern
    assert first is not None
    top, period = instance.spectrum[-1], pattern.period
    window = _WINDOW if len(instance.spectrum) <= _SMALL_DIMENSION else 2
    stretch = _curvatures(instance, first, window + period)
    for here, there in zip(stretch, stretch[period:], strict=False):
        if pattern.kind is Kind.CONSTANT:
            slack = top * fmpq(1, 2**_CONSTANT_BITS)
            here.require(top + slack, False, "λ_n(x_k) exceeds the constant")
            here.require(top - slack, True, "λ_n(x_k) is below the constant")
            continue
        above = (pattern.sign > 0) != (period == 2 and here.step % 2 == 1)
        # "Below" is verified as "at most"; the approach shows that the values are not equal.
        here.require(top, above, "λ_n(x_k) is on the wrong side of λ_n")
        between = _between(here.matrix, there.matrix)
        near, far = (there, here) if above else (here, there)
        near.require(between, False, "λ_n(x_k) does not approach λ_n")
        far.require(between, True, "λ_n(x_k) does not approach λ_n")


def _envelope_holds(instance: Instance, pattern: Pattern) -> None:
    """Require |λ_n(x_k) − λ_n| ≤ (|c| + ε)(a ρ₊^j)^p, which falls to zero, j steps after the proof's."""
    proof, coefficient = pattern.proof, pattern.coefficient
    if proof is None or coefficient is None or proof.cone.step > _walked(instance):
        return
    top = instance.spectrum[-1]
    for here in _curvatures(instance, proof.cone.step, 2):
        along = proof.cone.along * proof.cone.grows ** (here.step - proof.cone.step)
        most = ends((abs(coefficient) + proof.error) * along**proof.order)[1]
        here.require(top + most, False, "λ_n(x_k) is above its envelope")
        here.require(top - most * _ROUNDED, True, "λ_n(x_k) is below its envelope")


def _between(here: fmpq_mat, there: fmpq_mat) -> fmpq:
    """Return a rational between the largest eigenvalues of two matrices.

    The eigenvalues differ by no more than the matrices, and if the second order decides, by as little as the square of
    that. So the current precision counts from the first digit in which they differ.
    """
    gap = norm(arb(x) for x in (here - there).entries())
    shared = 2 * max(0, 1 - int(float(gap.log() / arb(2).log()))) if gap > 0 else 0
    with ctx.workprec(ctx.prec + shared):
        a, b = (largest_eigenvalue([[arb(x) for x in row] for row in m.tolist()]) for m in (here, there))
        require(True if surely_less(a, b) or surely_less(b, a) else None, "two values of λ_n(x_k) are told apart")
        return (ends(a)[0] + ends(b)[0]) / 2


def _above(matrix: fmpq_mat, threshold: fmpq) -> bool:
    """Whether an eigenvalue exceeds the threshold, exactly.

    All roots of the characteristic polynomial are real, so that Descartes' rule of signs counts them exactly.
    """
    n = matrix.nrows()
    shifted = matrix - threshold * fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    signs = [c > 0 for c in shifted.charpoly().coeffs() if c != 0]
    return any(a != b for a, b in pairwise(signs))


def _second_order_constant(instance: Instance, decision: Decision) -> float:
    """Require |λ_n(x) − λ_n − ω·h| ≤ K‖h‖² at exact points; return log₂ of the smallest slack."""
    margin = float("inf")
    context = TrajectoryContext.of(decision)
    assert context is not None
    top = TopEigenvalue.of(context.expansion, context.derivatives, context.spectrum)
    assert top is not None and top.exact_gradient is not None
    radius = fmpq(1)
    while not top.curvature(arb(radius)).is_finite():
        radius /= 2
    constant = ends(top.curvature(arb(radius)))[1] / 2
    count = _POINTS if len(instance.spectrum) <= _SMALL_DIMENSION else 2
    for u in islice(unit_vectors(instance), count):
        h = tuple(radius * x for x in u)
        square, matrix = dot(h, h), hessian(instance, h)
        predicted = instance.spectrum[-1] + dot(top.exact_gradient, h)
        value = largest_eigenvalue([[arb(x) for x in row] for row in matrix.tolist()])
        left = log2_ratio(arb(constant * square), abs(value - predicted))
        require(not _above(matrix, predicted + constant * square), f"above λ_n + ω·h + K‖h‖² at {h}", left)
        low = predicted - constant * square
        within = constant == 0 or _above(matrix, low) or matrix.charpoly()(low) == 0
        require(within, f"below its bound at {h}", left)
        margin = min(margin, left)
    return margin


def _crossings_are_right(instance: Instance, result: Sharpness) -> None:
    """Require that the first steps are counted as exact eigenvalue counts say, and so is the loss."""
    crossed = result.crossings
    if crossed.undecided:
        return
    threshold = 2 / instance.problem.step_size
    require(result.threshold == threshold, "2/η is wrong")
    count = _WINDOW if len(instance.spectrum) <= _SMALL_DIMENSION else 2
    stretch = list(walk(instance, 0, count + 1))
    for here, (iterate, after) in zip(_curvatures(instance, 0, count), pairwise(stretch), strict=False):
        if not crossed.complete and here.step >= crossed.examined:
            return
        stated = here.step in crossed.steps
        here.require(threshold, stated, "the steps above 2/η are counted wrong")
        if stated and crossed.fell == len(crossed.steps):
            fell = at_most(_loss(instance, after), _loss(instance, iterate))
            require(fell, "the loss does not fall", step=here.step)


def _loss(instance: Instance, iterate: EnclosedIterate) -> arb:
    """Return the loss at an iterate: exact at the centre, plus or minus the largest slope times the error."""
    p, radius = instance.problem, iterate.length
    steepest = instance.spectrum[-1] * radius + remainder_bound(instance).quadratic(radius) * radius**2 / p.step_size
    slack = (steepest * iterate.error).upper()
    return arb(p.loss.value([m + x for m, x in zip(p.minimizer, iterate.point, strict=True)])) + slack.union(-slack)


CLAIM = Claim(
    name="sharpness",
    sentence="The sharpness λ_n(x_k) approaches λ_n monotonically with a small step and oscillates around it with a"
    " large one, provided that C_η ≠ 0; where C_η = 0, the next order decides (the paper's section 3;"
    " docs/sharpness.md).",
    statement="C_η is exactly ± D³f[v_n, v_n, v_d] for the prescribed eigenvectors. If it is not zero, a step is found"
    " from which sign pattern and monotone approach of every branch are proved for all later steps; if it is, the"
    " pattern is one-sided by the second order, or constant, in both regimes. Exact eigenvalue counts agree on a"
    " stretch from that step on, with an envelope that falls to λ_n, with the count of steps above 2/η, and with"
    " |λ_n(x) − λ_n − ω·h| ≤ K‖h‖².",
    instances=sharp_problems,
    examine=_examine,
    margin="log₂ of K‖h‖² over the deviation it bounds, the smallest at the points examined",
    cost=4,
)
