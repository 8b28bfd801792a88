"""The enclosures contain the exact iterates and the reference at three times their precision, at every step."""

from itertools import islice

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, note
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.assumptions.regime import classify
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.descent.enclosure import DescentMap, _LocalExpansion, enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import ends, exact
from gdcheck.theorem.loss.prescribed import cayley, loss_with_spectrum
from tests.builders.strategies import critical_problems, errors, problems, rational, rationals, real, squared, vectors


def enclosures(problem, bits, steps):
    """The enclosures of the first steps, as (centre, error) exact rationals; they end where they are not finite."""
    expansion = Expansion.of(problem)
    found = classify(Pencil(expansion.hessian), problem.step_size, bits + 64)
    result = []
    with ctx.workprec(bits):
        rho = max(abs(1 - problem.step_size * e.ball()).upper() for e in (found.lowest, found.highest))
        for iterate in islice(enclose(expansion, RemainderBound.of(expansion), rho), steps + 1):
            if not iterate.radius.is_finite() or iterate.radius > arb(2) ** 64:
                break
            result.append((tuple(exact(x) for x in iterate.centre), ends(iterate.error)[1], iterate))
    return result


def distance_squared(u, v):
    return squared([a - b for a, b in zip(u, v, strict=True)])


@given(st.one_of(problems(), problems(inside=False), critical_problems()))
def test_exact_iterates_are_contained(problem):
    expansion = Expansion.of(problem)
    note(str(problem.to_json()))
    h = expansion.displacement
    for centre, error, iterate in enclosures(problem, 80, 4):
        assert distance_squared(h, centre) <= error**2, f"step {iterate.step}: the exact iterate is outside"
        assert squared(h) <= ends(iterate.radius)[1] ** 2, f"step {iterate.step}: ‖h‖ exceeds the radius"
        assert squared(centre) <= ends(iterate.radius)[1] ** 2, f"step {iterate.step}: ‖centre‖ exceeds the radius"
        h = expansion.exact_step(h)
        if max(int(x.q).bit_length() for x in h) > 20_000:
            break


@given(st.one_of(problems(), problems(inside=False), critical_problems()), st.sampled_from([53, 128]))
def test_the_reference_is_contained_at_every_step(problem, bits):
    note(str(problem.to_json()))
    digits = bits  # more than three times the precision
    for (centre, error, iterate), h in zip(enclosures(problem, bits, 120), errors(problem, digits), strict=False):
        if error > 1:
            break
        true = [rational(x) for x in h]
        # The reference rounds too: a margin far below the enclosure's own rounding.
        margin = (error + fmpq(1, 10 ** (digits - 12)) * (1 + sum(map(abs, true)))) ** 2
        assert distance_squared(true, centre) <= margin, f"step {iterate.step} at {bits} bits: the reference is outside"


@given(problems(inside=False))
def test_two_precisions_overlap(problem):
    coarse, fine = enclosures(problem, 64, 40), enclosures(problem, 192, 40)
    for (c, e, iterate), (d, g, _) in zip(coarse, fine, strict=False):
        assert distance_squared(c, d) <= (e + g) ** 2, f"step {iterate.step}: the balls at 64 and 192 bits are disjoint"


@given(problems())
def test_inside_the_invariant_ball_the_error_does_not_grow(problem):
    found = enclosures(problem, 128, 60)
    start = found[0][1] + max(abs(x) for x in Expansion.of(problem).displacement)
    worst = max(e for _, e, _ in found)
    n = problem.dimension
    assert worst <= start * (60 * n * 40) / fmpq(2) ** 120, f"the error grew to {float(real(worst))} in 60 steps"


def test_five_thousand_steps_of_a_rotated_quadratic():
    """Ball arithmetic in rotated coordinates would lose about 0.6 bit a step: 3000 bits here."""
    q = cayley(["1/2", "1/3", "-2/5"], 3)
    loss = loss_with_spectrum([1, 2, 4], rotation=q, minimizer=["1/3", "-1/7", "2"])
    problem = Problem(loss, step_size="0.001", start=["1", "1", "1"], minimizer=["1/3", "-1/7", "2"])
    found = enclosures(problem, 128, 5000)
    assert len(found) == 5001, "the enclosure ended early"
    centre, error, _ = found[-1]
    # Rounding accumulates until contraction balances it, at about 1/(1 − ρ) = 1000 roundings.
    assert error < fmpq(10**5) / fmpq(2) ** 128, f"the error is {float(real(error)):.1e} after 5000 steps"
    h = Expansion.of(problem).displacement
    expected = []
    for j, eigenvalue in enumerate((1, 2, 4)):
        c = sum((q[i, j] * h[i] for i in range(3)), fmpq(0))
        expected.append(c * (1 - fmpq(eigenvalue, 1000)) ** 5000)
    true = [sum((q[i, j] * expected[j] for j in range(3)), fmpq(0)) for i in range(3)]
    assert distance_squared(true, centre) <= error**2, "the closed form is outside the enclosure after 5000 steps"


@given(critical_problems() | problems(inside=False), st.data())
def test_the_compiled_map_contains_the_exact_step(problem, data):
    expansion = Expansion.of(problem)
    h = data.draw(vectors(expansion.dimension))
    image = expansion.exact_step(h)
    with ctx.workprec(256):
        balls = DescentMap(expansion)([arb(x) for x in h])
        for x, ball in zip(image, balls, strict=True):
            lo, hi = ends(ball)
            assert lo <= x <= hi, f"F(h) = {x} is outside [{lo}, {hi}] at h = {h}"
            assert hi - lo < fmpq(1, 10**50), "the compiled map is poor at 256 bits"


def test_dense_and_sparse_rows_agree():
    n = 12
    terms = [(tuple(2 * (k == i) + (k == (i + 1) % n) for k in range(n)), fmpq(i + 1, 7)) for i in range(n)]
    terms += [(tuple(3 * (k == i) + 2 * (k == (i + 5) % n) for k in range(n)), fmpq(-1, i + 2)) for i in range(n)]
    terms += [(tuple(4 * (k == i) + 3 * (k == (i + 3) % n) for k in range(n)), fmpq(1, i + 2)) for i in range(n)]
    loss = loss_with_spectrum(range(1, n + 1), higher_terms=terms)
    h = tuple(fmpq((-1) ** i * (i + 1), 20) for i in range(n))
    expansion = Expansion.of(Problem(loss, step_size="1/20", start=h))
    with ctx.workprec(128):
        sparse = DescentMap(expansion)
        assert sparse._matrix is None, "the example must be compiled to sparse rows"
        dense = DescentMap(expansion)
        zero = arb(0)
        rows = [[dict(row).get(j, zero) for j in range(dense._width)] for row in dense._rows]
        dense._matrix, dense._rows = type(dense_matrix())(n, dense._width, [x for row in rows for x in row]), []
        balls = [arb(x) for x in h]
        for x, a, b in zip(expansion.exact_step(h), sparse(balls), dense(balls), strict=True):
            for kind, found in (("sparse", a), ("dense", b)):
                lo, hi = ends(found)
                assert lo <= x <= hi, f"the {kind} rows miss the exact image {x}"
                assert hi - lo < fmpq(1, 10**30), f"the {kind} rows are poor"


def dense_matrix():
    small = DescentMap(Expansion.of(Problem("x**2 + y**2 + x*y", step_size="0.1", start=[1, 1])))
    assert small._matrix is not None, "a small quadratic must be compiled to a dense matrix"
    return small._matrix


@given(rationals(2).filter(bool), st.integers(2, 6), st.sampled_from(["-1/2", "0", "1/2"]))
def test_truncated_powers_keep_their_relative_precision_near_the_minimizer(c, p, offset):
    """Around an active kink the constant cancels: F(h) − h must stay relative to ‖h‖, not to the constant."""
    a = {"-1/2": fmpq(-1, 2), "0": fmpq(0), "1/2": fmpq(1, 2)}[offset]
    if p == 2 and a == 0:
        return
    slope = c * p * a ** (p - 1) if a > 0 else fmpq(0)
    text = f"5*x**2 - ({slope})*x + ({c})*max(x + ({a}), 0)**{p}"
    h = fmpq(1, 10**40)
    expansion = Expansion.of(Problem(text, step_size="1/10", start=[h]))
    with ctx.workprec(64):
        lo, hi = ends(DescentMap(expansion)([arb(h).mid()])[0])
    assert hi - lo < h / 10**15, f"the image of 1e-40 has the width {float(real(hi - lo)):.1e}"


@pytest.mark.parametrize("start", ["3", "-3", "1000"])
def test_a_trajectory_that_overflows_ends_in_no_finite_ball(start):
    problem = Problem("x**2/2 + 2*y**2 + x**3 - y**4", step_size="0.4", start=[start, start])
    expansion = Expansion.of(problem)
    with ctx.workprec(64):
        last = None
        for last in islice(enclose(expansion, RemainderBound.of(expansion), arb("0.6")), 200):
            if not last.radius.is_finite() or last.radius > arb(2) ** 256:
                break
        assert last is not None and not (last.radius < arb(2) ** 256), "a diverging trajectory must leave every bound"


def test_mpmath_and_flint_agree_on_the_helpers():
    with mp.workdps(50):
        for q in (fmpq(0), fmpq(-3, 8), fmpq(2) ** 80, fmpq(1, 2) ** 70):
            assert rational(real(q)) == q, f"{q} does not survive the way through mpmath"


@given(st.one_of(problems(inside=False), critical_problems()), st.data())
def test_a_step_expands_the_distance_from_a_centre_by_at_most_the_local_bound(problem, data):
    """‖F(x) − F(c)‖ ≤ L‖x − c‖ for points x of the ball, small and large; squares' kinks leave no bound inside it."""
    expansion = Expansion.of(problem)
    note(str(problem.to_json()))
    n = problem.dimension
    centre = tuple(data.draw(vectors(n, 2)))
    apart = [x / data.draw(st.sampled_from([1, 100, 10**6])) for x in data.draw(vectors(n, 2))]
    x = tuple(a + b for a, b in zip(centre, apart, strict=True))
    with ctx.workprec(128):
        error = arb(squared(apart)).sqrt().upper()
        radius = (arb(squared(centre)).sqrt() + error).upper()
        local = _LocalExpansion(expansion, RemainderBound.of(expansion))
        bound = local([arb(c) for c in centre], error, radius)
        if bound.is_finite():
            moved = distance_squared(expansion.exact_step(x), expansion.exact_step(centre))
            assert arb(moved).sqrt() <= bound * error * (1 + arb(2) ** -100), f"expands by more than {bound}"


def test_far_from_the_minimizer_the_curvature_that_is_met_counts():
    """Rosenbrock's valley: the bound over the whole ball loses 9,073 bits on this way, the local one none."""
    problem = Problem("(1 - x)**2 + 100*(y - x**2)**2", step_size="0.001", start=["-1.2", "1"], minimizer=["1", "1"])
    *_, (_, error, last) = enclosures(problem, 128, 2000)
    assert last.step == 2000 and error < fmpq(1, 2**100)
