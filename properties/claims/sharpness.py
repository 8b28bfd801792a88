"""Section 3: the sharpness approaches λ_n monotonically for a small step and oscillates for a large one, if C_η ≠ 0."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.properties.claims.claim import STEPS, Claim, Finding
from gdcheck.properties.claims.conclusion import predicted_limit
from gdcheck.properties.claims.tools import (
    BITS,
    Seen,
    Vector,
    dot,
    encloses,
    found,
    log2_ratio,
    on_decided,
    open_question,
    require,
    unit_vectors,
    walk,
)
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.sharpness import prescribed_slope, sharp_problems
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.loss.balls import ends, surely_less
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.maps import largest_eigenvalue
from gdcheck.theorem.sharpness.pattern import Kind, Pattern
from gdcheck.theorem.sharpness.sharpness import Sharpness, sharpness
from gdcheck.theorem.sharpness.top_eigenvalue import TopEigenvalue

_MOST_STEPS = 2000
_TRACED = 48
_WALKED = 400
_WINDOW = 6
_POINTS = 6
_SMALL_DIMENSION = 6


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    if decision.subspace is not None:
        return found(decision, "exceptional: the sentence leaves it out")
    if decision.limit is None:
        return open_question(decision, decision.reason)
    slope = predicted_limit(instance, decision.limit) * prescribed_slope(instance)
    result = sharpness(decision, most_steps=_MOST_STEPS)
    if result is None:
        return open_question(decision, "there is no sharpness")
    _slope_is_prescribed(result.pattern, slope)
    if result.pattern.step is None:
        return open_question(decision, result.pattern.cause or "undecided")
    if result.pattern.step <= _TRACED:
        with_onset = sharpness(decision, first_steps=True, most_steps=_MOST_STEPS)
        require(with_onset is not None and with_onset.from_step is not None, "the trace loses the pattern")
        assert with_onset is not None
        result = with_onset
    _kind_is_predicted(instance, result.pattern, slope)
    margin = _second_order_constant(instance, decision)
    _crossings_are_right(instance, result)
    if result.from_step is not None and result.from_step <= _WALKED:
        _pattern_holds(instance, result)
    _envelope_holds(instance, result.pattern)
    order = {1: "C_η ≠ 0", 2: "C_η = 0, decided by the second order", None: "constant"}[result.pattern.order]
    return found(decision, order, margin)


def _slope_is_prescribed(pattern: Pattern, slope: fmpq) -> None:
    """Requires C_η = ± D³f[v_n, v_n, v_d], exactly."""
    require(pattern.exact_slope == slope, f"C_η is {pattern.exact_slope}, not {slope}")
    require(pattern.slope is not None and encloses(pattern.slope, slope), "C_η is not in its ball")


def _kind_is_predicted(instance: Instance, pattern: Pattern, slope: fmpq) -> None:
    """Requires monotone for a small step, oscillating for a large one; with C_η = 0, neither by the first order."""
    if slope == 0:
        one_sided = pattern.kind in {Kind.FROM_ABOVE, Kind.FROM_BELOW} and pattern.order == 2
        require(pattern.kind is Kind.CONSTANT or one_sided, f"with C_η = 0 it is {pattern.kind.value}")
        return
    monotone = Kind.FROM_ABOVE if slope > 0 else Kind.FROM_BELOW
    expected = monotone if instance.regime is Regime.SMALL_STEP else Kind.OSCILLATING
    require(pattern.kind is expected, f"it is {pattern.kind.value}, not {expected.value}")
    require(pattern.order == 1, "C_η ≠ 0 and yet a higher order decides")


def _pattern_holds(instance: Instance, result: Sharpness) -> None:
    """Requires sign and approach on a stretch from the stated step on, by exact counts of eigenvalues."""
    first, pattern = result.from_step, result.pattern
    assert first is not None
    top, period = instance.spectrum[-1], pattern.period
    window = _WINDOW if len(instance.spectrum) <= _SMALL_DIMENSION else 2
    stretch = [(seen.step, _hessian(instance, seen.point)) for seen in walk(instance, first, window + period)]
    for (step, here), (_, there) in zip(stretch, stretch[period:], strict=False):
        if pattern.kind is Kind.CONSTANT:
            _is_close(here, top, step)
            continue
        above = (pattern.sign > 0) != (period == 2 and step % 2 == 1)
        require(_above(here, top) == (1 if above else 0), f"λ_n(x_k) is on the wrong side of λ_n at step {step}")
        between = _between(here, there)
        near, far = (there, here) if above else (here, there)
        if between is not None:
            ordered = _above(near, between) == 0 and _above(far, between) == 1
            require(ordered, f"λ_n(x_k) does not approach λ_n at step {step}")


def _envelope_holds(instance: Instance, pattern: Pattern) -> None:
    """Requires |λ_n(x_k) − λ_n| ≤ (|c| + ε)(a ρ₊^j)^p, which falls to zero, j steps after the proof's."""
    proof, coefficient = pattern.proof, pattern.coefficient
    if proof is None or coefficient is None or proof.cone.step > _WALKED:
        return
    top = instance.spectrum[-1]
    for seen in walk(instance, proof.cone.step, 2):
        with ctx.workprec(BITS):
            along = proof.cone.along * proof.cone.grows ** (seen.step - proof.cone.step)
            most = ends((abs(coefficient) + proof.error) * along**proof.order)[1]
        matrix = _hessian(instance, seen.point)
        within = _above(matrix, top + most) == 0 and (_above(matrix, top - most) == 1 or _root(matrix, top - most))
        require(within, f"λ_n(x_k) is outside its envelope at step {seen.step}")


def _is_close(matrix: fmpq_mat, top: fmpq, step: int) -> None:
    """Requires that the largest eigenvalue is λ_n up to the error of the centre."""
    slack = top * fmpq(1, 2 ** (BITS // 2))
    require(_above(matrix, top + slack) == 0, f"λ_n(x_k) exceeds the constant at step {step}")
    require(_above(matrix, top - slack) == 1, f"λ_n(x_k) is below the constant at step {step}")


def _between(here: fmpq_mat, there: fmpq_mat) -> fmpq | None:
    """A rational between the largest eigenvalues of two matrices, if they are told apart."""
    with ctx.workprec(BITS):
        a, b = (largest_eigenvalue([[arb(x) for x in row] for row in m.tolist()]) for m in (here, there))
        if not (surely_less(a, b) or surely_less(b, a)):
            return None
        return (ends(a)[0] + ends(b)[0]) / 2


def _hessian(instance: Instance, h: Vector) -> fmpq_mat:
    p = instance.problem
    return fmpq_mat([list(row) for row in p.loss.hessian([m + x for m, x in zip(p.minimizer, h, strict=True)])])


def _above(matrix: fmpq_mat, threshold: fmpq) -> int:
    """How many eigenvalues exceed the threshold, exactly, but no more than one is reported.

    All roots of the characteristic polynomial are real, so that Descartes' rule of signs counts them exactly.
    """
    n = matrix.nrows()
    shifted = fmpq_mat(matrix)
    for i in range(n):
        shifted[i, i] -= threshold
    signs = [c > 0 for c in shifted.charpoly().coeffs() if c != 0]
    return min(1, sum(a != b for a, b in pairwise(signs)))


def _second_order_constant(instance: Instance, decision: Decision) -> float:
    """Requires |λ_n(x) − λ_n − ω·h| ≤ K‖h‖² at exact points, and gives log₂ of the smallest slack."""
    margin = float("inf")
    with ctx.workprec(BITS):
        context = TrajectoryContext.of(decision)
        assert context is not None
        top = TopEigenvalue.of(context.expansion, context.derivatives, context.spectrum)
        assert top is not None and top.exact_gradient is not None
        radius = fmpq(1)
        while not top.curvature(arb(radius)).is_finite():
            radius /= 2
        constant = ends(top.curvature(arb(radius)))[1] / 2
        count = _POINTS if len(instance.spectrum) <= _SMALL_DIMENSION else 2
        points: Sequence[Vector] = [u for _, u in zip(range(count), unit_vectors(instance), strict=False)]
        for u in points:
            h = tuple(radius * x for x in u)
            linear, square = top.exact_gradient, dot(h, h)
            matrix = _hessian(instance, h)
            predicted = instance.spectrum[-1] + dot(linear, h)
            value = largest_eigenvalue([[arb(x) for x in row] for row in matrix.tolist()])
            left = log2_ratio(arb(constant * square), abs(value - predicted))
            require(_above(matrix, predicted + constant * square) == 0, f"above λ_n + ω·h + K‖h‖² at {h}", left)
            low = predicted - constant * square
            require(constant == 0 or _above(matrix, low) == 1 or _root(matrix, low), f"below its bound at {h}", left)
            margin = min(margin, left)
    return margin


def _root(matrix: fmpq_mat, value: fmpq) -> bool:
    return bool(matrix.charpoly()(value) == 0)


def _crossings_are_right(instance: Instance, result: Sharpness) -> None:
    """Requires that the first steps are counted as exact eigenvalue counts say, and so is the loss."""
    crossed = result.crossings
    if crossed.undecided:
        return
    threshold = 2 / instance.problem.step_size
    require(result.threshold == threshold, "2/η is wrong")
    count = _WINDOW if len(instance.spectrum) <= _SMALL_DIMENSION else 2
    stretch = list(walk(instance, 0, count + 1))
    for seen, after in pairwise(stretch):
        if not crossed.complete and seen.step >= crossed.examined:
            return
        stated = seen.step in crossed.steps
        require(_above(_hessian(instance, seen.point), threshold) == int(stated), f"2/η at step {seen.step}")
        if stated and crossed.fell == len(crossed.steps):
            require(_loss(instance, after) < _loss(instance, seen), f"the loss does not fall at step {seen.step}")


def _loss(instance: Instance, seen: Seen) -> fmpq:
    p = instance.problem
    return p.loss.value([m + x for m, x in zip(p.minimizer, seen.point, strict=True)])


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
    kind="proved",
    regimes=STEPS,
    instances=sharp_problems,
    examine=_examine,
    margin="log₂ of K‖h‖² over the deviation it bounds, the smallest at the points examined",
    cost=4,
)
