"""The cone lemma: its bounds hold at every point of the box, and what it decides is what the amplitude decides."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import pytest
from flint import arb, ctx, fmpq, fmpq_mat
from hypothesis import assume, given
from hypothesis import strategies as st

from gdcheck.theorem.assumptions.regime import classify
from gdcheck.theorem.assumptions.spectrum import Eigenspace, Pencil
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.cones.cone import find_cone
from gdcheck.theorem.cones.sheared import ShearSearch
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cause, Cone, Inequality
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import at_most, norm, whole_power

VALLEY = "5*(y - x**2)**2 + (1 - x)**2"
BOWLS = [
    ("1/10*x**2 + y**2 + x**2*y + y**3", "x y", "1/2"),
    ("1/10*x**2 + y**2 + x**2*y - x*y**2 + x**4", "x y", "15/16"),
    ("1/10*x**2 + 1/3*y**2 + z**2 + x*y*z + x**3 - y**2*z", "x y z", "1/2"),
    ("x**2 + x*y + y**2 + x**2*y", "x y", "1/3"),
]
SMALL = st.integers(-8, 8)


@pytest.fixture(autouse=True)
def precision():
    with ctx.workprec(128):
        yield


def coordinates(loss, variables, eta, start):
    """The coordinates of a problem, without and with a shear, and its expansion."""
    problem = Problem(loss, step_size=eta, start=start, variables=variables.split())
    expansion = Expansion.of(problem)
    pencil = Pencil(expansion.hessian)
    found = classify(pencil, expansion.step_size, 192)
    index = found.index(found.dominant_ends[0])
    e = found.eigenvalues[index]
    vectors = pencil.eigenvectors(e, 192)
    space = Eigenspace(found.dominant_ends[0], e, fmpq(1, 1000), fmpq_mat(vectors).transpose())
    others = [o for i, o in enumerate(found.eigenvalues) if i != index]
    return ShearSearch(expansion, space, others).coordinates(), expansion


def place(found, h):
    """(τ, w) of an exact point."""
    at = [arb(x) for x in h]
    return found.locate(EnclosedIterate(0, at, arb(0), norm(at), norm(at)))


def test_a_ball_around_zero_has_powers_and_coordinates():
    small = arb(0, "1e-30")
    for e in range(6):
        assert whole_power(small, e).is_finite() and whole_power(small, e).contains(arb("1e-31") ** e)
        assert whole_power(arb(3), e) == 3**e
    found = coordinates(*BOWLS[3], ["1/8", "1/8"])[0][-1]
    assert any(max(exponents) > 1 for exponents in found.shear)
    in_line = SimpleNamespace(locate=lambda h: (arb(1) / 8, [small]), coupling=found.map.coupling)
    tau, across = place(replace(found, map=in_line), ["1/8", "0"])
    assert tau.is_finite() and across.is_finite() and tau.overlaps(arb(1) / 8)


def point(found, tau, w):
    """The exact point h with these coordinates: T is its own inverse."""
    graph = sum((c * product_of(w, e) for e, c in found.shear.items()), fmpq(0))
    y = list(w)
    y.insert(found.map.axis, tau + graph)
    p = found.map.reflection
    share = 2 * sum((a * b for a, b in zip(p, y, strict=True)), fmpq(0)) / sum((a * a for a in p), fmpq(0))
    return tuple(a - share * b for a, b in zip(y, p, strict=True))


def product_of(w, exponents):
    result = fmpq(1)
    for x, e in zip(w, exponents, strict=True):
        result *= x**e
    return result


@given(st.sampled_from(BOWLS), st.sampled_from([4, 8, 32]), SMALL, SMALL, SMALL, st.booleans())
def test_the_bounds_of_one_step_hold_on_the_box(bowl, scale, a, b, c, sheared):
    loss, variables, eta = bowl
    n = len(variables.split())
    found, expansion = coordinates(loss, variables, eta, ["1/10"] * n)
    chosen = found[-1] if sheared else found[0]
    tau, w = fmpq(a, 8 * scale), [fmpq(b, 8 * scale), fmpq(c, 8 * scale)][: n - 1]
    along, across = arb(1) / scale, norm(arb(x) for x in [fmpq(1, scale)] * (n - 1))
    h = point(chosen, tau, w)
    back, width = place(chosen, h)
    assert back.overlaps(arb(tau)) and at_most(norm(arb(x) for x in w), width) is not False
    growth = chosen.growth(along, across)
    assume(growth.feed * along + (chosen.rest + growth.rest) * across <= across)  # as the lemma's ω < 1 says
    after, wide = place(chosen, expansion.exact_step(h))
    moved = abs(after - arb(chosen.map.multiplier) * arb(tau))
    size = norm(arb(x) for x in w)
    assert at_most(moved, growth.drift * abs(arb(tau)) + growth.noise * size + arb(2) ** -100) is not False
    assert at_most(wide, (chosen.rest + growth.rest) * size + growth.feed * abs(arb(tau)) + arb(2) ** -100) is not False


STARTS = [["0.9", "0.8"], ["1.05", "1.1"], ["1.1", "1.25"], ["0.5", "0.3"]]


@pytest.mark.parametrize(("eta", "start"), [*product(["0.02", "0.0386"], STARTS)])
def test_a_cone_decides_what_the_amplitude_decides(eta, start):
    problem = Problem(VALLEY, step_size=eta, start=start, minimizer=["1", "1"], variables=["x", "y"])
    early, late = decide(problem), decide(problem, cones=False)
    assert isinstance(late.amplitude.inequality, Inequality)
    assert isinstance(early.amplitude.inequality, Cone) or early.amplitude.step < 300
    assert early.verdict is late.verdict is Verdict.PROVED
    assert early.amplitude.step <= late.amplitude.step
    assert early.limit.kind is late.limit.kind
    assert all(x.overlaps(y) for x, y in zip(early.limit.vectors[0], late.limit.vectors[0], strict=True))


def test_a_badly_scaled_problem_is_decided():
    problem = Problem(
        "(x - 1000000)**2 + (y - 0.000002)**2 + (x*y - 2)**2",
        step_size="4e-13",
        start=["1000000.01", "-0.006998"],
        minimizer=["1000000", "0.000002"],
    )
    found = decide(problem, max_steps=1000)
    assert found.verdict is Verdict.PROVED
    assert decide(problem, max_steps=1000, cones=False).verdict is Verdict.UNRESOLVED
    assert float(found.limit.vectors[0][0].mid()) == pytest.approx(1)


@pytest.mark.parametrize("start", ["1/2000", "1/1250", "-1/1250"])
def test_a_cone_is_no_wider_than_the_slow_direction_needs(start):
    """A wide cone would let the fast component feed more into the slow one than 1 − ρ = 10⁻⁶ allows."""
    problem = Problem(
        "1/1000000*x**2 + y**2 + x*y**2 + x**2*y", step_size="1/2", start=[start, "1/1250"], minimizer=["0", "0"]
    )
    found = decide(problem, max_steps=300)
    assert found.verdict is Verdict.PROVED
    assert check(certificate(found)) is None


def test_a_lost_amplitude_asks_for_bits_and_not_for_steps():
    """With a large step the valley damps the alternating component to 10⁻¹¹⁵⁰, which no step makes up for."""
    problem = Problem("(1-x)**2 + 100*(y-x**2)**2", step_size="0.0019965", start=["-6/5", "1"], minimizer=["1", "1"])
    found = decide(problem, max_precision=128, max_steps=12_000)
    assert found.verdict is Verdict.UNRESOLVED
    assert found.reason == Cause.PRECISION.value


def test_an_amplitude_that_is_known_to_few_digits_asks_for_bits():
    """The certificate states it to nine: with 512 bits this one was known to seven, and its proof refused."""
    start = ["-1e-144", "39/12800", "-1/512", "11/2560"]
    loss = "1/2*x1**2 + 389/400*x2**2 + 799/800*x3**2 + 41/40*x4**2 + 3/4*x3**2*x4"
    found = decide(Problem(loss, step_size="10/61", start=start))
    assert found.verdict is Verdict.PROVED
    assert check(certificate(found)) is None


def enclosed(h, error=0):
    at = [arb(x) for x in h]
    return EnclosedIterate(0, at, arb(error), norm(at) + arb(error), norm(at))


def test_a_start_without_an_amplitude_is_in_no_cone():
    found, _ = coordinates("1/100*x**2 + y**2 + x**3", "x y", "1/2", ["1/10"] * 2)
    for chosen in found:
        assert find_cone(chosen, enclosed(["0", "1/1000"])) is None
        assert isinstance(find_cone(chosen, enclosed(["1/1000", "1/1000"])), Cone)


def test_an_amplitude_below_its_error_asks_for_bits():
    found, _ = coordinates("1/100*x**2 + y**2 + x**3", "x y", "1/2", ["1/10"] * 2)
    blurred = enclosed(["1/100000000", "1/1000000000"], fmpq(1, 10**7))
    assert find_cone(found[0], blurred) is Cause.PRECISION


def test_what_w_adds_to_a_small_amplitude_keeps_it_out_of_the_cone():
    # From (τ, w) = (10⁻⁹, 10⁻²) the next τ is about w²: the sign of τ is not the limit's.
    found, expansion = coordinates("1/100*x**2 + y**2 - x*y**2", "x y", "1/2", ["1/10"] * 2)
    plain, turned = found[0], []
    for tau in (fmpq(1, 10**9), fmpq(-1, 10**9)):
        h = point(plain, tau, [fmpq(1, 100)])
        assert find_cone(plain, enclosed(h)) is None
        turned.append((place(plain, expansion.exact_step(h))[0] > 0) != (place(plain, h)[0] > 0))
    assert any(turned)


def test_a_shear_leaves_little_over():
    (plain, sheared), _ = coordinates("1/10*x**2 + y**2 + x*y**2 + y**3", "x y", "1/2", ["1/10"] * 2)
    small = arb(2) ** -10
    assert sheared.growth(small, small).noise < plain.growth(small, small).noise * arb(2) ** -20
