"""Every start of Adam and RMSprop near the minimizer: the graph on random problems, and its bounds against mpmath."""

from dataclasses import replace

import mpmath
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gdcheck.properties.strategies.methods import Family, method_problems
from gdcheck.theorem.augmented.first_steps import FirstSteps, Setting, Spread
from gdcheck.theorem.augmented.modes import Shape, classify_motion
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.certificate.methods.every_start import method_every_start_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.decision.every_start import lipschitz_factor
from gdcheck.theorem.decision.method_every_start import decide_method_every_start
from gdcheck.theorem.decision.state_search import StateSearch, pencil_of
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import EveryStartProblem, Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import exact
from gdcheck.theorem.methods.method import Adam
from gdcheck.theorem.methods.stepping import iterates_of

BITS = 256
ADAM = {"name": "adam", "beta1": "1/20", "beta2": "9/10", "epsilon": "1"}
CUBIC = "x**2/2 + 2*y**2 + x*y**2 + y**3 + x**3"


def real(q):
    return mpmath.mpf(int(q.p)) / int(q.q)


def middle(x):
    return real(exact(x.mid()))


def beside(found, height):
    """A start of the ball on the plane through the minimizer, moved off it by ``height`` times the graph's slope."""
    graph, n = found.exceptions, found.problem.dimension
    v = [fmpq(*float(x.mid()).as_integer_ratio()) for x in graph.normal]
    u = [fmpq(int(i == 0) + 1, 3 + i) for i in range(n)]
    along = sum(a * b for a, b in zip(u, v, strict=True))
    w = [a - along * b for a, b in zip(u, v, strict=True)]
    size = fmpq(*float(arb(sum(x * x for x in w)).sqrt().mid()).as_integer_ratio())
    w = [x * graph.radius * fmpq(2, 5) / size for x in w]
    rise = height * graph.radius * fmpq(2, 5) * fmpq(*float(graph.slope.upper()).as_integer_ratio())
    return [m + a + rise * b for m, a, b in zip(found.problem.minimizer, w, v, strict=True)]


@settings(max_examples=12)
@given(method_problems(family=Family.ADAPTIVE, dimensions=(2, 3), near=0))
def test_the_two_signs_meet_in_the_graph(instance):
    """The checker accepts the proof, and trajectories from both sides of the graph arrive as its sides say."""
    problem = instance.problem
    found = decide_method_every_start(problem)
    if found.verdict is Verdict.UNRESOLVED and found.exceptions is None:
        # Nothing is claimed, as where α may vanish; the next test has cases in which it must be.
        return
    assert found.verdict is Verdict.PROVED and check(method_every_start_certificate(found)) is None
    graph = found.exceptions
    if not graph.normal:
        start = [m + graph.radius / (2 * (i + 2)) for i, m in enumerate(problem.minimizer)]
        decision = decide(replace(problem, start=tuple(start)), max_steps=3000)
        assert decision.limit is None or decision.limit.kind.value == "rotating"
        return
    for side in (1, -1):
        start = tuple(beside(found, side * fmpq(11, 10)))
        decision = decide(replace(problem, start=start), max_steps=3000)
        if decision.limit is None:
            assert decision.verdict is Verdict.UNRESOLVED
            continue
        towards = sum(
            float(x.mid()) * float(y.mid()) for x, y in zip(decision.limit.vectors[0], graph.normal, strict=True)
        )
        assert towards * side * graph.sign > 0.99


def test_it_is_proved_of_usual_parameters():
    """torch's defaults, and neighbours of them, in every regime."""
    cases = [
        ({"name": "adam", "epsilon": "1"}, "1/80"),
        ({"name": "adam", "epsilon": "1"}, "1/20"),
        ({"name": "adam"}, "1/10000000000"),
        ({"name": "rmsprop", "epsilon": "1"}, "1/20"),
        ({"name": "rmsprop", "epsilon": "1"}, "9/20"),
        (ADAM, "1/5"),
        (ADAM, "1/2"),
    ]
    for method, step_size in cases:
        found = decide_method_every_start(Problem(CUBIC, step_size=step_size, start=["1", "1"], method=method))
        assert found.verdict is Verdict.PROVED, (method, found.reason)
        assert check(method_every_start_certificate(found)) is None


def spread_of(problem):
    """What the engine bounds: the growth of distances, the first steps, and α where a real multiplier dominates."""
    method = problem.method
    expansion = Expansion.around(problem, problem.step_size * method.gain)
    motion = classify_motion(Spectrum(pencil_of(expansion, method), BITS), method, problem.step_size)
    search = StateSearch(expansion, method, motion, problem.step_size, 0, BITS, BITS)
    matrices, rho, powers = search.bounds(motion, BITS)
    setting, index = Setting(method, matrices, rho, powers), motion.dominant[0]
    steps = setting.count(matrices[index])
    u = arb(expansion.step_size)
    steepest = (u * motion.spectrum.balls(-1)[0]).upper()
    bound = RemainderBound.of(expansion)
    spread = Spread(method, bound, lipschitz_factor(expansion), rho, steepest, u, FirstSteps.of(setting, steps))
    real_mode = matrices[index].mode.shape is not Shape.PAIR
    return spread, rho, matrices[index], setting.sight(matrices[index], steps) if real_mode else None


def amplitude(problem, start, steps, matrix):
    """ζ on the first axis, or on the last in the large-step regime, and the iterates, in mpmath."""
    loss = problem.loss
    points = []

    def slopes(x):
        found = [mpmath.mpf(0)] * len(x)
        for alpha, c in loss.terms:
            for i, e in enumerate(alpha):
                if e:
                    value = real(c) * e
                    for j, k in enumerate(alpha):
                        value *= x[j] ** (k - (i == j))
                    found[i] += value
        return found

    states = iterates_of(problem.method, problem.step_size, start, slopes, number=real, root=mpmath.sqrt)
    for _, x in zip(range(steps + 1), states, strict=False):
        points.append(x)
    mu = middle(matrix.multiplier) if matrix.mode.shape is not Shape.PAIR else None
    axis = 0 if mu is None or mu > 0 else -1
    return (points[-1][axis] / mu**steps if mu is not None else None), points


@settings(max_examples=8)
@given(
    st.sampled_from([(ADAM, "1/5"), (ADAM, "1/2"), ({"name": "rmsprop", "beta2": "1/2", "epsilon": "1"}, "1/5")]),
    st.lists(st.integers(-10, 10), min_size=4, max_size=4).filter(lambda k: k[:2] != k[2:]),
)
def test_distances_and_amplitudes_are_bounded(case, corners):
    """Two trajectories of a ball are never farther apart than D says, nor their amplitudes than L says."""
    method, step_size = case
    problem = Problem(CUBIC, step_size=step_size, start=["1", "1"], method=method)
    radius = fmpq(1, 2**16)
    with ctx.workprec(BITS), mpmath.workdps(60):
        spread, rho, matrix, sight = spread_of(problem)
        growth, _ = spread.growth(radius)
        most = middle(growth)
        starts = [[real(radius) * k / 15 for k in corners[:2]], [real(radius) * k / 15 for k in corners[2:]]]
        steps = 400
        (z, here), (w, there) = (amplitude(problem, x, steps, matrix) for x in starts)
        apart = mpmath.hypot(starts[0][0] - starts[1][0], starts[0][1] - starts[1][1])
        modulus = middle(rho)
        for t, (x, y) in enumerate(zip(here, there, strict=True)):
            gone = mpmath.hypot(x[0] - y[0], x[1] - y[1])
            assert gone <= most * modulus**t * apart * (1 + mpmath.mpf(10) ** -20)
        axis = 0 if matrix.multiplier > 0 else -1
        alpha = middle(sight)
        linear = alpha * (starts[0][axis] - starts[1][axis])
        room = (most - middle(spread.first.errors[0])) * apart
        assert abs(z - w - linear) <= room * (1 + mpmath.mpf(10) ** -9) + abs(alpha) * apart * mpmath.mpf(10) ** -9


@settings(max_examples=20)
@given(st.integers(1, 12), st.sampled_from(["1/20", "1/2", "1/200", "0"]))
def test_alpha_is_that_of_a_quadratic_without_roots(share, beta1):
    """With a huge ε the roots play no part: the amplitude of a start on the axis is α times it."""
    method = {"name": "adam", "beta1": beta1, "beta2": "1/2", "epsilon": "1" + "0" * 40}
    made = Adam(fmpq(beta1) if "/" not in beta1 else fmpq(*map(int, beta1.split("/"))), fmpq(1, 2), fmpq(10) ** 40)
    # s = (1 − β₁)ηλ/ε, from a small share of the limit of stability on.
    step_size = fmpq(share, 16) * 2 * (1 + made.beta1) / (1 - made.beta1) * made.epsilon / 4
    problem = Problem("x**2/2 + 2*y**2", step_size=step_size, start=["1", "1"], method=method)
    with ctx.workprec(BITS), mpmath.workdps(60):
        _, _, matrix, sight = spread_of(problem)
        if sight is None:
            return
        zeta, _ = amplitude(problem, [mpmath.mpf(1), mpmath.mpf(1)], 600, matrix)
        assert abs(zeta - middle(sight)) <= real(exact(sight.rad())) + mpmath.mpf(10) ** -12


def test_how_large_beta1_may_be():
    """What docs/methods.md says of 256 first steps, of one example."""
    for beta1, verdict in (("0.96", Verdict.PROVED), ("0.97", Verdict.UNRESOLVED)):
        method = {"name": "adam", "beta1": beta1, "beta2": "0.999", "epsilon": "1"}
        loss = "x**2/2 + 2*y**2 + x*y**2 + y**3"
        assert decide_method_every_start(EveryStartProblem.about(loss, "0.025", method=method)).verdict is verdict
