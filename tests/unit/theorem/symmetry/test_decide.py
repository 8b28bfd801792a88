"""Verdicts on smooth losses with symmetries: exceptional starts, equal eigenvalues, and what stays unresolved."""

import pytest
from flint import ctx, fmpq
from mpmath import mp

import gdcheck
from gdcheck.theorem.assumptions.enclosed import tell
from gdcheck.theorem.certificate.kinds.smooth import smooth_answer, smooth_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.certificate.smooth.sharpness import smooth_sharpness_certificate
from gdcheck.theorem.decision.smooth import decide_smooth
from gdcheck.theorem.sharpness.smooth.sharpness import smooth_sharpness
from gdcheck.theorem.smooth.minimizer import enclose_minimizer
from gdcheck.theorem.symmetry.fixed_start import on_fixed_space

COUPLED = "exp(x) + exp(y) + exp(z) + (x + y + z)**2 - 2*x - 2*y - 2*z"


def decided(loss, eta, start, **more):
    return decide_smooth(gdcheck.SmoothProblem.of(loss, step_size=eta, start=start), **more)


@pytest.mark.parametrize(
    ("loss", "eta", "start", "reason", "along"),
    [
        ("cosh(x) + exp(y) - 2*y", "1/10", ["0", "1"], "smallest", [0, 1]),
        ("cosh(x - 1) + exp(y) - 2*y", "1/10", ["1", "1"], "smallest", [0, 1]),
        ("exp(x) + exp(y) + x*y - 3*x - 3*y", "1/10", ["1", "1"], "smallest", [1, 1]),
        ("exp(x) + exp(-y) + x*y - 3*x + 3*y", "1/4", ["1", "-1"], "largest", [1, -1]),
        ("cosh(x) + 2*cosh(y)", "4/5", ["1", "0"], "largest", [1, 0]),
    ],
)
def test_a_start_that_a_symmetry_fixes_is_exceptional(loss, eta, start, reason, along):
    decision = decided(loss, eta, start)
    assert decision.verdict.value == "exceptional"
    assert decision.reason == (
        f"the trajectory lies in a subspace orthogonal to the eigenvector of the {reason} eigenvalue; what happens"
        " instead is certified: the direction is fixed within a subspace of dimension 1"
    )
    size = sum(a * a for a in along) ** 0.5
    assert [abs(float(x.mid())) for x in decision.limit.vectors[0]] == pytest.approx([abs(a) / size for a in along])
    answer = smooth_answer(decision)
    assert answer["subspace"]["enters"] == 0 and len(answer["subspace"]["basis"]) == 1
    assert float(answer["multiplier"]) == pytest.approx(answer["outcome"]["factor"])


def test_the_spectrum_within_the_space_decides_in_more_dimensions():
    """On x = y two eigenvalues are left; the eigenvector of the third, (1, −1, 0), has the smallest one."""
    loss = "exp(x) + exp(y) + x*y - 3*x - 3*y + (z - x - y)**2 + exp(z)/3"
    decision = decided(loss, "1/10", ["1", "1", "0"])
    inside = decision.symmetry.split.inside.values
    assert decision.verdict.value == "exceptional" and len(inside) == 2
    values = [float(x.mid()) for x in decision.minimizer.spectrum.values]
    assert sorted([*(float(x.mid()) for x in inside), values[0]]) == pytest.approx(values)
    x, y, z = (float(a.mid()) for a in decision.limit.vectors[0])
    assert x == pytest.approx(y) and abs(z) > 0.1
    assert smooth_answer(decision)["rate"] == pytest.approx(_rate(inside))


def _rate(inside):
    low, high = (abs(1 - float(x.mid()) / 10) for x in inside)
    return max(high / low, low)


@pytest.mark.parametrize(
    ("start", "kind"), [(["-2", "-2"], "fixed"), (["-2", "-1"], "fixed"), (["-3", "-5/2"], "fixed")]
)
def test_symmetric_eigenvalues_are_equal_at_an_irrational_minimizer(start, kind):
    loss = "0.5*(x**4 - 16*x**2 + 5*x + y**4 - 16*y**2 + 5*y)"
    decision = decided(loss, "1/100", start)
    assert decision.verdict.value == "not-applicable" and decision.multiplicities == (2, 2)
    assert [a.value for a in decision.fails] == ["distinct-ends", "simple-lowest", "simple-highest"]
    assert decision.limit.kind.value == kind
    with mp.workdps(40):
        x, root = [mp.mpf(a) if "/" not in a else -mp.mpf(5) / 2 for a in start], mp.findroot(_slope, -2.9)
        for _ in range(120):
            x = [a - _slope(a) / 100 for a in x]
        error = [a - root for a in x]
        size = mp.sqrt(sum(a * a for a in error))
        assert [float(a / size) for a in error] == pytest.approx(
            [float(a.mid()) for a in decision.limit.vectors[0]], abs=1e-6
        )
    answer = smooth_answer(decision)
    assert [e["multiplicity"] for e in answer["eigenvalues"]] == [2] and answer["predicted"] is None


def _slope(t):
    return 2 * t**3 - 16 * t + mp.mpf(5) / 2


def test_unlike_minima_of_a_symmetric_loss_have_no_equal_eigenvalues():
    loss = "0.5*(x**4 - 16*x**2 + 5*x + y**4 - 16*y**2 + 5*y)"
    decision = decided(loss, "1/100", ["2", "-2"])
    assert decision.verdict.value == "proved" and decision.symmetry is None


def test_a_coupled_loss_has_a_double_eigenvalue():
    decision = decided(COUPLED, "1/10", ["1", "1/2", "0"])
    assert [a.value for a in decision.fails] == ["simple-lowest"] and decision.multiplicities == (2, 1)
    assert decision.symmetry.split is None and abs(float(sum(decision.limit.vectors[0]).mid())) < 1e-9
    within = decided(COUPLED, "1/10", ["1", "1", "1"])
    assert within.symmetry.split.space.inside == ((1, 1, 1),)
    assert within.reason.endswith("the direction is fixed within a subspace of dimension 1")


def test_a_start_at_the_minimizer_has_no_direction():
    decision = decided("cosh(x) + 2*cosh(y)", "1/10", ["0", "0"])
    assert decision.verdict.value == "exceptional" and decision.limit is None
    assert decision.reason == "the trajectory is at the minimizer at the start: it has no direction"


@pytest.mark.parametrize(
    ("loss", "start"),
    [
        ("cosh(x) + x**3/9 + exp(y) - 2*y", ["0", "1"]),  # The line x = 0 is invariant, but by no symmetry.
        ("exp(x) + exp(y) + x*y - 3*x - 3*y + (x - y)**3/50", ["1", "1"]),
    ],
)
def test_what_no_symmetry_explains_stays_unresolved(loss, start):
    decision = decided(loss, "1/10", start, max_precision=256)
    assert decision.verdict.value == "unresolved" and smooth_certificate(decision) is None


def test_what_is_said_of_the_sharpness_there_has_no_certificate():
    decision = decided("cosh(x) + exp(y) - 2*y", "1/10", ["0", "1"])
    found = smooth_sharpness(decision)
    assert found.pattern.kind.value == "monotone-from-above" and found.crossings.complete
    assert smooth_sharpness_certificate(decision, found) is None


def test_each_end_has_a_line_of_its_own():
    loss = "exp(a) - 2*a + exp(b) - 2*b + 3*exp(c) - 4*c + 3*exp(d) - 4*d"
    decision = decided(loss, "1/10", ["1", "1/2", "1", "0"])
    assert decision.multiplicities == (2, 2) and decision.symmetry.lines == ((1, 0, 0, 0), (0, 0, 1, 0))
    assert [a.value for a in decision.fails] == ["simple-lowest", "simple-highest"]
    assert check(smooth_certificate(decision)) is None


def test_eigenvalues_that_are_equal_for_another_reason_stay_open():
    """On x = y the mixed derivative of (x − y)⁴ is zero, but no symmetry tells the axes from other lines."""
    decision = decided("exp(x) - 2*x + exp(y) - 2*y + (x - y)**4", "1/10", ["1", "1/2"])
    assert decision.verdict.value == "unresolved" and "cannot be told from its neighbour" in decision.reason


def test_a_space_that_holds_the_dominant_eigenvector_explains_nothing():
    problem = gdcheck.SmoothProblem.of("exp(x) + exp(y) - x*y/2 - 3*x - 3*y", step_size="1/10", start=["1", "1"])
    with ctx.workprec(192):
        minimizer = enclose_minimizer(problem.loss, [fmpq(3, 2)] * 2)
        told = tell(problem.loss, minimizer, problem.step_size)
        assert told.regime.value == "small-step" and on_fixed_space(problem, told, 128, 1000) is None
