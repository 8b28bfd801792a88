"""The parts of the amplitude certificate one by one, each number as docs/certificate.md states it."""

from types import SimpleNamespace

import pytest
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat, fmpz_poly

from gdcheck.theorem.assumptions.spectrum import Eigenspace, Eigenvalue
from gdcheck.theorem.decision import search
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.enclosure import enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit import amplitude
from gdcheck.theorem.limit.amplitude import _DEFAULT, Cause, Inequality, Projection
from gdcheck.theorem.limit.sequence import DominantPart
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.methods.statement import End, LimitKind

HALF = fmpq(1, 2)
TINY = fmpq(1, 10**20)
CLOSE = fmpq(1, 10**6)


@pytest.fixture(autouse=True)
def precision():
    with ctx.workprec(256):
        yield


def assert_near(value, exact, what, relative=CLOSE):
    low, high = ends(value)
    assert abs(low - exact) <= abs(exact) * relative >= abs(high - exact), f"{what} = {value}, not {exact}"


def half_width(ball):
    low, high = ends(ball)
    return (high - low) / 2


def projected(vector, error=0):
    return Projection([arb(x) for x in vector], arb(error))


def part(sign, dimension=1, deviation=0):
    return DominantPart(sign, arb(deviation), arb_mat(2, dimension), arb_mat(dimension, 2))


def limit(step, parts, projections, tail):
    return amplitude._limit(step, parts, projections, arb(tail), _DEFAULT)


def direction(vector, blur):
    return amplitude._direction([arb(x) for x in vector], arb(blur), _DEFAULT)


def at(step=0, **fields):
    return SimpleNamespace(step=step, **{name: arb(value) for name, value in fields.items()})


# The limit -----------------------------------------------------------------------------------------------------------


def test_a_direction_is_blurred_by_twice_the_relative_error():
    found = direction([3, 4], TINY)
    for x, exact in zip(found, (fmpq(3, 5), fmpq(4, 5)), strict=True):
        assert_near(x, exact, "component")
        assert_near(arb(half_width(x)), 2 * TINY / 5, "half width")


def test_a_direction_is_given_only_to_ten_digits():
    """Four times the blur must be below 10⁻¹⁰ of the length, which leaves a component's interval narrower than that."""
    wide = fmpq(5, 4 * 10**10)
    assert direction([3, 4], wide * fmpq(99, 100)) is not None
    assert direction([3, 4], wide * fmpq(101, 100)) is None


@pytest.mark.parametrize(("multiplicity", "spread"), [(1, 2 * 7 * TINY), (2, 2 * 16 * TINY / 5)])
def test_a_single_block_is_blurred_by_its_line_or_by_error_and_tail(multiplicity, spread):
    """On a line only the eigenvector's error counts; in a larger eigenspace error and tail, both over the length."""
    found = limit(0, [part(1, multiplicity, 7 * TINY)], [projected([3, 4], 5 * TINY)], 11 * TINY)
    assert found.kind is LimitKind.FIXED
    for x, exact in zip(found.vectors[0], (fmpq(3, 5), fmpq(4, 5)), strict=True):
        assert_near(x, exact, "component")
        assert_near(arb(half_width(x)), spread, "half width")


@pytest.mark.parametrize(("sign", "step", "seen"), [(1, 3, 1), (-1, 3, -1), (-1, 4, 1)])
def test_only_alternating_limits_at_odd_steps_are_turned(sign, step, seen):
    found = limit(step, [part(sign)], [projected([3, 4])], 0)
    assert found.kind is (LimitKind.ALTERNATING if sign < 0 else LimitKind.FIXED)
    assert_near(found.vectors[0][0], seen * fmpq(3, 5), "first component")


@pytest.mark.parametrize("step", [6, 7])
def test_a_two_cycle_is_blurred_by_both_errors_and_two_tails(step):
    projections = [projected([3, 0], TINY), projected([0, 4], 3 * TINY)]
    found = limit(step, [part(1), part(-1)], projections, 5 * TINY)
    assert found.kind is LimitKind.TWO_CYCLE
    for vector, sign in zip(found.vectors, (1, -1) if step % 2 == 0 else (-1, 1), strict=True):
        for x, exact in zip(vector, (fmpq(3, 5), sign * fmpq(4, 5)), strict=True):
            assert_near(x, exact, "component")
            assert_near(arb(half_width(x)), 2 * 14 * TINY / 5, "half width")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_two_cycle_needs_both_of_its_directions(sign):
    """The sum, or the difference, of the two parts nearly cancels: one direction is known, the other is not."""
    projections = [projected([1, 0], TINY), projected([sign * (1 - TINY), 0], TINY)]
    assert limit(0, [part(1), part(-1)], projections, 0) is None


@pytest.mark.parametrize("swapped", [False, True])
def test_each_part_of_a_two_cycle_must_be_known_to_ten_digits(swapped):
    """A part that drowns in the blur says nothing about the limit, however well the sum is known."""
    parts = [projected([1, 0]), projected([0, fmpq(1, 10**6)])]
    edge = fmpq(1, 8 * 10**16)
    for share, known in ((fmpq(99, 100), True), (fmpq(101, 100), False)):
        found = limit(0, [part(1), part(-1)], parts[::-1] if swapped else parts, edge * share)
        assert (found is not None) is known, f"two tails of {share} of what is allowed"


# The projection ------------------------------------------------------------------------------------------------------


def test_the_deviation_is_that_of_davis_and_kahan():
    """W̃ = (1, 1/100), λ̃ = 11/10, γ = 3: E = (−1/10, 29/1000), Δ = 10⁻⁴, δ = √2‖E‖/γ + ‖Δ‖."""
    expansion = Expansion.of(Problem("x**2/2 + 2*y**2", step_size="1/10", start=[1, 1]))
    w = [fmpq(1), fmpq(1, 100)]
    around = Eigenvalue(fmpq(9, 10), fmpq(13, 10), 1, fmpz_poly([-1, 1]))
    space = Eigenspace(End.LOWEST, around, fmpq(3), fmpq_mat(2, 1, w))
    (projection,) = search.strict_minimum(expansion, [space], largest=arb(1)).parts
    square = 2 * (fmpq(1, 100) + fmpq(29, 1000) ** 2) / 9
    assert_near((projection.deviation - arb(fmpq(1, 10**4))) ** 2, square, "(δ − ‖Δ‖)²")
    h = SimpleNamespace(centre=[arb(2), arb(3)], radius=arb(5), error=arb(fmpq(1, 7)))
    found = amplitude.project(projection, h)
    image, error = found.vector, found.error
    assert_near(image[0], fmpq(203, 100), "W̃W̃ᵀh, first")
    assert_near(image[1], fmpq(203, 10000), "W̃W̃ᵀh, second")
    assert_near((error - arb(fmpq(1, 7))) / projection.deviation, fmpq(5), "(error − that of the iterate)/δ")


def test_what_lies_within_an_error_is_a_ball_of_non_negative_numbers():
    low, high = ends(amplitude._within(arb(3), arb(2)))
    assert low <= 1 and high >= 5 and high - low < fmpq(401, 100), f"[{low}, {high}]"
    assert ends(amplitude._within(arb(1), arb(2)))[0] >= -TINY, "a length is not negative"


# The inequality ------------------------------------------------------------------------------------------------------


def inequality(c, projections=None):
    projections = [projected([3, 4])] if projections is None else projections
    sequence = SimpleNamespace(rho=arb(HALF), remainder=lambda _: arb(c), drift=None)
    return amplitude._inequality(sequence, at(size=HALF, error=0), projections, _DEFAULT)


def test_the_numbers_of_the_inequality():
    """r = 1/2, ρ = 1/2, C = 1/8: σ = 9/16, x = 2/7, P = 67/49, tail = C P² r²/(ρ(1−ρ))."""
    found = inequality(fmpq(1, 8))
    p = 1 + fmpq(2, 7) + fmpq(4, 49)
    numbers = {"radius": fmpq(1, 2), "rho": fmpq(1, 2), "C": fmpq(1, 8), "sigma": fmpq(9, 16), "P": p}
    for name, exact in (numbers | {"tail": fmpq(1, 8) * p**2}).items():
        assert_near(getattr(found, name), exact, name)
    assert_near(found.amplitudes[0], fmpq(5), "amplitude")


def test_sigma_and_x_must_be_below_one():
    """With r = ρ = 1/2: σ = 1/2 + C/2 and x = C/(1 − σ), so x = 1 at C = 1/3 where σ is 2/3."""
    assert isinstance(inequality(fmpq(33, 100)), Inequality)
    assert inequality(fmpq(34, 100)) is None, "x > 1"
    assert inequality(fmpq(1)) is None and inequality(fmpq(11, 10)) is None and inequality(fmpq(4)) is None, "σ ≥ 1"


def test_every_block_must_be_further_than_the_tail():
    tail = inequality(fmpq(1, 8)).tail
    near, far = (ends(tail * arb(fmpq(k, 100)))[1] for k in (99, 101))
    assert inequality(fmpq(1, 8), projections=[projected([near, 0])]) is None
    assert inequality(fmpq(1, 8), projections=[projected([far, 0]), projected([near, 0])]) is None
    found = inequality(fmpq(1, 8), projections=[projected([far, 0]), projected([0, 2])])
    assert_near(found.amplitudes[1], fmpq(2), "second amplitude")


def test_an_amplitude_must_be_known_to_fourteen_digits():
    """A less sharp one asks for more bits where the tail is below its error, and for more steps elsewhere."""
    assert isinstance(inequality(fmpq(0), projections=[projected([1, 0], fmpq(9, 10**15))]), Inequality)
    assert inequality(fmpq(1, 8), projections=[projected([1, 0], fmpq(11, 10**15))]) is None
    assert inequality(fmpq(0), projections=[projected([1, 0], fmpq(11, 10**15))]) is Cause.PRECISION


# Settling elsewhere --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "stalled"), [(fmpq(99, 100), True), (fmpq(101, 100), False)])
def test_a_step_a_millionth_of_the_shortest_possible_one_means_a_stall(share, stalled):
    """Within the ball a step is at least (1 − ρ)‖h‖; 2⁻²⁰ of that is taken for another critical point."""
    size, slack = fmpq(10), fmpq(1, 3)
    move = share * size * slack / 2**20
    before = SimpleNamespace(centre=[arb(6), arb(8)])
    here = SimpleNamespace(centre=[arb(6 + move * fmpq(3, 5)), arb(8 + move * fmpq(4, 5))], size=arb(size))
    assert amplitude._stalled(before, here, arb(slack)) is stalled


def test_a_trajectory_that_is_thrown_far_may_come_back():
    # The first step leads some 4,000 away, to where the loss is a quadratic.
    problem = Problem("1/2*x**2 + y**2 + 10000*max(x - 1/2, 0)**4", step_size="1/10", start=["3/2", "1/2"])
    assert decide(problem).verdict is Verdict.PROVED


# The search ----------------------------------------------------------------------------------------------------------


def test_the_last_step_that_is_allowed_counts():
    problem = Problem("x**2/2 + 2*y**2 + x**3", step_size="1/100", start=["1/4", "1/4"])
    steps = decide(problem).amplitude.step
    assert decide(problem, max_steps=steps).verdict is Verdict.PROVED
    stopped = decide(problem, max_steps=steps - 1)
    assert stopped.verdict is Verdict.UNRESOLVED and stopped.reason == Cause.BUDGET.value


def test_the_budget_ends_at_the_step_that_it_names(monkeypatch):
    """No step is taken beyond it."""
    taken = []

    def counted(*arguments):
        for iterate in enclose(*arguments):
            taken.append(iterate.step)
            yield iterate

    monkeypatch.setattr(search, "enclose", counted)
    decide(Problem("x**2/2 + 2*y**2 + x**3", step_size="1/100", start=["1/4", "1/4"]), max_steps=7)
    assert taken == list(range(8))


def test_whether_the_iterates_stand_still_is_asked_every_64_steps(monkeypatch):
    asked = []

    def standing(previous, iterate, slack):
        asked.append(iterate.step)
        return iterate.step >= 192

    monkeypatch.setattr(amplitude, "_stalled", standing)
    found = decide(Problem("x**2/2 + 2*y**2 + x**3", step_size="1/10000", start=["1/4", "1/4"]))
    assert found.reason.startswith(Cause.ELSEWHERE.value.partition(";")[0])
    assert asked == [64, 128, 192]


def test_more_bits_are_taken_where_rho_cannot_be_told_from_one():
    """1 − ρ = 10⁻⁵⁰ is below the resolution of 128 bits: no number of steps would help."""
    found = decide(Problem("x**2/2 + 2*y**2", step_size="1e-50", start=["1/4", "1/4"]), max_steps=3)
    assert found.verdict is Verdict.PROVED and found.precision > 128, found.reason
    assert found.amplitude.step == 0
