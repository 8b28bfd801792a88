"""The paper's chain: Lemma 1's constants in eigen-coordinates, the cone, the exponent of the vanishing ratios."""

from itertools import islice
from math import log

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.certificate.paper_chain import paper_chain
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.loss.prescribed import cayley, loss_with_spectrum
from gdcheck.theorem.loss.rational import to_fmpq, to_text
from tests.builders.instances import build
from tests.builders.strategies import errors, length, problems, rational, real, squared, vectors

LIMITS = {"max_steps": 20_000, "max_precision": 1024}


def exactly(x):
    """The exact value of a float."""
    p, q = x.as_integer_ratio()
    return fmpq(p, q)


def quadratic_with_ratio(low, high, eta):
    return Problem(loss_with_spectrum([low, high]), step_size=eta, start=["1", "1"])


def test_alpha_of_the_theorys_example():
    """ρ = 0.9 and b = 0.88 allow α up to ln b/ln ρ = 1.2133."""
    chain = paper_chain(decide(quadratic_with_ratio("1/10", "12/100", 1)))
    assert abs(chain.alpha - log(0.88) / log(0.9)) < 1e-12, f"α = {chain.alpha}"
    assert abs(chain.alpha - 1.213) < 5e-4, f"α = {chain.alpha}"


@pytest.mark.parametrize(
    ("low", "high", "eta", "alpha"),
    [
        ("1/2", "3/4", 1, 2.0),  # b = 1/4 = ρ²
        ("1/2", "9/10", 1, 2.0),  # b below ρ²
        ("1/2", "1", 1, 2.0),  # b = 0
        ("1/10", "19/100", 1, 2.0),  # b = 0.81 = ρ²
        ("1/10", "18/100", 1, log(0.82) / log(0.9)),
        ("1", "19/10", 1, 2.0),  # alternating, b = 0
        ("3/10", "19/10", 1, log(0.7) / log(0.9) if log(0.7) / log(0.9) < 2 else 2.0),
    ],
)
def test_alpha(low, high, eta, alpha):
    found = paper_chain(decide(quadratic_with_ratio(low, high, eta)))
    if found is None:  # a vanishing multiplier of a quadratic: not applicable, but still certified
        pytest.fail("the chain exists for every certified simple dominant eigenvalue")
    assert abs(found.alpha - alpha) < 1e-12, f"α = {found.alpha}, expected {alpha}"


@given(problems(2, 3, powers=(4, 5, 6)), st.data())
def test_lemma_1_holds_with_the_constant(problem, data):
    """|g| ≤ C‖y‖², and difference quotients of g are at most C times the larger norm, in any rotated axes."""
    chain = paper_chain(decide(problem, **LIMITS))
    if chain is None:
        return
    c = exactly(chain.constant)
    reach = fmpq(1) if chain.radius is None else chain.radius
    expansion = Expansion.of(problem)
    n = problem.dimension

    def remainder(h):
        image = expansion.exact_step(h)
        linear = [sum((expansion.hessian[i, j] * h[j] for j in range(n)), fmpq(0)) for i in range(n)]
        return [x - problem.step_size * a - y for x, a, y in zip(h, linear, image, strict=True)]

    points = []
    for v in (data.draw(vectors(n)), data.draw(vectors(n))):
        s = sum(map(abs, v), fmpq(0))
        points.append(tuple(x / s * reach for x in v))
    u, v = points
    assert squared(remainder(u)) <= (c * squared(u)) ** 2, f"‖g‖ exceeds C‖y‖² with C = {chain.constant}"
    moved = squared([a - b for a, b in zip(remainder(u), remainder(v), strict=True)])
    apart = squared([a - b for a, b in zip(u, v, strict=True)])
    assert moved <= c * c * max(squared(u), squared(v)) * apart, f"∂g exceeds C‖y‖ with C = {chain.constant}"


@pytest.mark.parametrize("eta", ["1/10", "1/7", "3/10", "1/3", "3/7"])
def test_the_constant_is_an_upper_bound_as_a_float(eta):
    """For x²/2 + 2y² + x³, ∂g/∂x = 6ηx: C = 6η is attained, and a float rounded down is no bound."""
    chain = paper_chain(decide(Problem("x**2/2 + 2*y**2 + x**3", step_size=eta, start=["1/100", "1/100"])))
    p, q = map(int, eta.split("/"))
    assert exactly(chain.constant) >= 6 * fmpq(p, q), f"C = {chain.constant!r} is below 6η = {6 * fmpq(p, q)}"
    assert exactly(chain.constant) < 6 * fmpq(p, q) * fmpq(10**12 + 1, 10**12), "the constant is poor"


@given(problems())
def test_the_trajectory_stays_in_the_cone(problem):
    decision = decide(problem, **LIMITS)
    chain = paper_chain(decision, max_steps=2000)
    if chain is None or chain.cone_step is None:
        return
    with mp.workdps(120):
        v = [real(x) for x in decision.blocks[0].vectors.entries()]
        signs = set()
        alternating = decision.blocks[0].end.value
        for k, h in enumerate(islice(errors(problem, 120), chain.cone_step + 60)):
            if k < chain.cone_step:
                continue
            along = sum(a * b for a, b in zip(v, h, strict=True))
            across = length([a - along * b for a, b in zip(h, v, strict=True)])
            signs.add(mp.sign(along) * alternating**k)
            # √(n−1)‖y_⊥‖ ≤ |y_d| implies the paper's cone for every choice of the other eigenvectors.
            assert mp.sqrt(problem.dimension - 1) * across <= abs(along) * (1 + mp.mpf(10) ** -40), f"left at step {k}"
        assert len(signs) == 1, "the dominant component changed its sign pattern within the cone"


@given(problems())
def test_the_cone_inequality_holds_at_its_step(problem):
    """At the step found, C r (1 + s²)(1 + s) ≤ s(ρ − b) for s = 1/√(n−1): then one step keeps s' ≤ s."""
    decision = decide(problem, **LIMITS)
    chain = paper_chain(decision, max_steps=2000)
    if chain is None or chain.cone_step is None:
        return
    with mp.workdps(60):
        r = length(next(islice(errors(problem, 60), chain.cone_step, None)))
        eta = real(problem.step_size)
        found = decision.classification
        moduli = [abs(1 - eta * real(e.lo)) for e in found.eigenvalues]
        rho = moduli.pop(found.index(decision.blocks[0].end))
        b = max(moduli, default=mp.mpf(0))
        s = 1 / mp.sqrt(max(problem.dimension - 1, 1))
        with ctx.workprec(128):
            c = real(ends(RemainderBound.of(Expansion.of(problem)).quadratic(arb(rational(r))))[0])
        left, right = c * r * (1 + s * s) * (1 + s), s * (rho - b)
        assert left <= right * (1 + mp.mpf(10) ** -20), f"{float(left)} > {float(right)}: the cone is not invariant yet"
        assert rho + c * r < 1, "the ball is not invariant at the cone's step"


def test_the_cone_step_waits_until_the_remainder_is_small():
    """ρ − b is small near the boundary: the start is in the cone long before it is proved to stay there."""
    problem = Problem("x**2/2 + 2*y**2 + x*y**2 + y**3", step_size="0.399", start=["1/10", "1/1000"])
    chain = paper_chain(decide(problem))
    assert chain.cone_step is not None and chain.cone_step > 3, f"ρ − b = 0.005, step {chain.cone_step}"


def test_the_cone_step_of_a_quadratic_is_the_first_step_in_the_cone():
    """y shrinks by 0.6, x by 0.9: from (1/100, 1) the cone is entered when (2/3)^k ≤ 1/100."""
    chain = paper_chain(decide(Problem("x**2/2 + 2*y**2", step_size="0.1", start=["1/100", "1"])))
    assert chain.cone_step == 12, f"(2/3)¹¹ > 1/100 > (2/3)¹²; found {chain.cone_step}"
    assert chain.radius is None and chain.constant == 0, "a quadratic has no remainder"


def test_ratios_vanish_at_the_rate_alpha():
    """Along the reference, |y_i|/|y_d|^α stays bounded for α at its supremum, up to the resonance."""
    problem = Problem(
        loss_with_spectrum(["1/10", "12/100"], rotation=cayley(["1/3"], 2)), step_size=1, start=["1/5", "2/5"]
    )
    decision = decide(problem)
    chain = paper_chain(decision)
    with mp.workdps(80):
        v = [real(x) for x in decision.blocks[0].vectors.entries()]
        ratios = []
        for h in islice(errors(problem, 80), 0, 400, 100):
            along = sum(a * b for a, b in zip(v, h, strict=True))
            across = length([a - along * b for a, b in zip(h, v, strict=True)])
            ratios.append(across / abs(along) ** chain.alpha)
        assert max(ratios) < 1.001 * min(ratios), f"for a quadratic the ratio is constant: {ratios}"


def test_where_the_paper_does_not_apply_there_is_no_chain():
    cases = {
        "no certificate": ("x**2/2 - y**2", "0.1", ["0.1", "0.1"]),
        "a subspace": ("x**2/2 + 2*y**2", "0.1", ["0", "1"]),
        "two directions": ("x**2/2 + 2*y**2", "2/5", ["0.1", "0.1"]),
        "an eigenspace": ("x**2/2 + y**2/2 + 2*z**2", "0.1", ["0.1", "0.1", "0.1"]),
        "no derivative of the remainder": ("x**2/2 + 2*y**2 + max(y - 1, 0)**2", "0.1", ["0.1", "0.1"]),
        "no Hessian": ("x**2/2 + 2*y**2 + max(y, 0)**2", "0.1", ["0.1", "0.1"]),
    }
    for name, case in cases.items():
        assert paper_chain(decide(build(*case))) is None, f"{name}: the paper's chain does not apply"


def test_with_more_bits_than_the_first_the_chain_is_as_it_should_be():
    """The dominant eigenvalue, enclosed more narrowly, is still the dominant one: b ≤ ρ², so α = 2."""
    problem = Problem("(x - 1)**2 + (y - x**2)**2", step_size="0.01", start=["0", "0"], minimizer=["1", "1"])
    chain = paper_chain(decide(problem, precision=512))
    assert chain.alpha == 2.0 and chain.cone_step is not None


@pytest.mark.parametrize("distance", ["1e-20", "1e-46", "-1e-80"])
def test_next_to_one_over_the_eigenvalue_the_multiplier_keeps_its_digits(distance):
    """A single component is all there is, and in the cone from the start."""
    step_size = fmpq(1, 2) + to_fmpq(distance, "distance")
    chain = paper_chain(decide(Problem("x**2", step_size=to_text(step_size), start=["1"])))
    assert chain.cone_step == 0
