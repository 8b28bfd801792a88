"""The float64 tier: its bounds hold, its verdicts are those of exact arithmetic, the rest it leaves."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.batch.batch import certify_batch, simulate_batch
from gdcheck.theorem.batch.bounds import Bounds
from gdcheck.theorem.batch.columns import Batch, Outcome, State
from gdcheck.theorem.batch.program import compile_step
from gdcheck.theorem.batch.second_opinion import contradiction, problem_of, second_opinion
from gdcheck.theorem.certificate.rechecking import NotChecked
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.errors import InputError
from tests.builders.batches import CUBIC_AND_QUARTIC, one_row, random_batch

SEEDS = st.integers(0, 2**32)


def exactly(number):
    return Fraction(*float(number).as_integer_ratio())


def trajectory(
    batch: Batch, row: int, steps: int, bits: int = 400, push: Fraction = Fraction(0)
) -> list[list[Fraction]]:
    """The iterates in fractions, rounded to far more bits than float64 has after each step.

    With ``push``, the start is longer by that share, and each step by three times that share of where it is made.
    """
    eta = exactly(batch.step_size[row])
    y = [exactly(x) * (1 + push) for x in batch.start[:, row]]
    found = [y]
    for _ in range(steps):
        gradient = [exactly(x) * value for x, value in zip(batch.spectrum[:, row], y, strict=True)]
        for alpha, c in zip(batch.exponents, batch.coefficients[:, row], strict=True):
            for i in (i for i, e in enumerate(alpha) if e):
                value = exactly(c) * alpha[i]
                for j, e in enumerate(alpha):
                    value *= y[j] ** (e - (i == j))
                gradient[i] += value
        y = [
            Fraction(round((a * (1 + 3 * push) - eta * g) * 2**bits), 2**bits) for a, g in zip(y, gradient, strict=True)
        ]
        found.append(y)
    return found


def squared(vector):
    return sum(x * x for x in vector)


# The bounds ----------------------------------------------------------------------------------------------------------


@given(seed=SEEDS)
def test_iterate_lies_within_its_error_bound_and_radius(seed):
    batch = random_batch(seed, 6)
    outcome = certify_batch(batch)
    for row in range(batch.rows):
        step = min(int(outcome.step[row]), 40)
        if outcome.state[row] != State.PROVED or step < outcome.step[row]:
            continue
        true = trajectory(batch, row, step)[-1]
        computed = [exactly(x) for x in simulate_batch(batch, step)[:, row]]
        distance = squared(a - b for a, b in zip(computed, true, strict=True))
        assert distance <= exactly(outcome.error[row]) ** 2, f"row {row}: the bound is too small"
        assert squared(true) <= exactly(outcome.radius[row]) ** 2, f"row {row}: the radius is too small"


@given(seed=SEEDS, sign=st.sampled_from((1, -1)))
def test_a_defect_covers_descent_that_is_a_little_different(seed, sign):
    """In a direction in which it is not forgotten: that of the iterate itself, always outward or inward."""
    batch = replace(random_batch(seed, 6), map_error=2.0**-47)
    outcome = certify_batch(batch)
    for row in np.flatnonzero((outcome.state == State.PROVED) & (outcome.step <= 40)):
        step = int(outcome.step[row])
        true = trajectory(batch, row, step, push=sign * exactly(batch.map_error))[-1]
        computed = [exactly(x) for x in simulate_batch(batch, step)[:, row]]
        distance = squared(a - b for a, b in zip(computed, true, strict=True))
        assert distance <= exactly(outcome.error[row]) ** 2, f"row {row}: the bound is too small"
        assert squared(true) <= exactly(outcome.radius[row]) ** 2, f"row {row}: the radius is too small"


def test_a_defect_blurs_the_amplitude():
    """A component of 2⁻⁴⁶ of the length is certified as it is, and not where so much may be wrong."""
    start = [2.0**-46, 0.0, 1.0]
    quadratic = {"coefficients": [0.0] * 6, "start": start}
    sharp = certify_batch(one_row(**quadratic), max_steps=1)
    blurred = certify_batch(replace(one_row(**quadratic), map_error=2.0**-46), max_steps=1)
    assert (sharp.state[0], blurred.state[0]) == (State.PROVED, State.PRECISION)
    longer = replace(one_row(coefficients=[0.0] * 6, start=[2.0**-43, 0.0, 1.0]), map_error=2.0**-46)
    assert certify_batch(longer).state[0] == State.PROVED


def test_a_defect_keeps_off_the_boundary_of_the_regimes():
    """η = 2/(λ₁+λₙ)(1 − 2⁻⁴⁷) is on one side as stated, and on neither for all that may be meant."""
    near = one_row(step_size=[0.4 * (1 - 2.0**-47)], coefficients=[0.0] * 6)
    assert certify_batch(near).state[0] == State.PROVED
    assert certify_batch(replace(near, map_error=2.0**-46)).state[0] == State.OUTSIDE
    singular = one_row(step_size=[0.25 * (1 + 2.0**-46)], coefficients=[0.0] * 6)
    assert certify_batch(singular).state[0] == State.PROVED
    assert certify_batch(replace(singular, map_error=2.0**-46)).state[0] == State.OUTSIDE


@given(seed=SEEDS)
def test_one_step_is_within_its_rounding_bound_in_the_worst_direction(seed):
    # Coefficients that nearly cancel: rounding is then as large as the result.
    batch = random_batch(seed, 4)
    coefficients = batch.coefficients.copy()
    coefficients[1::2] = -coefficients[::2] * (1 + 2.0**-50)
    batch = Batch(batch.exponents, batch.spectrum, coefficients, batch.step_size, np.ones_like(batch.start) / 8)
    outcome = certify_batch(batch)
    for row in np.flatnonzero(outcome.state == State.PROVED):
        step = min(int(outcome.step[row]), 20)
        true = trajectory(batch, row, step)[-1]
        computed = [exactly(x) for x in simulate_batch(batch, step)[:, row]]
        distance = squared(a - b for a, b in zip(computed, true, strict=True))
        assert step < outcome.step[row] or distance <= exactly(outcome.error[row]) ** 2


@given(seed=SEEDS)
def test_program_makes_the_exact_step_on_small_dyadics(seed):
    # With few bits every product and sum is exact in float64: the program must agree with the rational step exactly.
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 5))
    words = {tuple(sorted(random.integers(n, size=random.integers(3, 6)).tolist())) for _ in range(8)}
    exponents = tuple(tuple(word.count(i) for i in range(n)) for word in sorted(words))
    batch = Batch(
        exponents,
        random.integers(1, 4, (n, 1)).astype(float),
        random.integers(-3, 4, (len(exponents), 1)).astype(float),
        np.array([0.5]),
        random.integers(-4, 5, (n, 1)) / 4,
    )
    expansion = Expansion.of(problem_of(batch, 0))
    here = expansion.displacement
    for steps in range(2):
        assert [fmpq(*float(x).as_integer_ratio()) for x in simulate_batch(batch, steps)[:, 0]] == list(here)
        here = expansion.exact_step(here)


def test_roundings_are_counted():
    # xyz twice in each component, x⁴ once: 2 additions, degree 4.
    program = compile_step(3, [(1, 1, 1), (4, 0, 0)])
    assert (program.additions, program.degree, program.roundings) == (2, 4, 7)


@given(seed=SEEDS)
def test_constants_are_just_above_those_of_arb(seed):
    batch = random_batch(seed, 3)
    columns = batch.columns(np, slice(None), None)
    program = compile_step(batch.dimension, batch.exponents)
    found = Bounds.of(program, np, columns.spectrum, columns.coefficients, columns.step_size)
    for row in range(batch.rows):
        with ctx.workprec(200):
            exact = RemainderBound.of(Expansion.of(problem_of(batch, row))).degrees
            for computed, true in zip(found.degrees, exact, strict=True):
                excess = arb(fmpq(*float(computed[row]).as_integer_ratio())) - true
                assert 0 <= excess <= true * arb(10) ** -11 + arb(2) ** -299
    rho = np.max(np.abs(1 - batch.step_size * batch.spectrum), axis=0)
    assert (found.rho_low < rho).all() and (rho < found.rho_high).all() and (found.slack < 1 - rho).all()


# Verdicts ------------------------------------------------------------------------------------------------------------


@given(seed=SEEDS)
def test_verdicts_are_those_of_arb(seed):
    batch = random_batch(seed, 12)
    outcome = certify_batch(batch)
    for row in np.flatnonzero(outcome.state == State.PROVED):
        assert contradiction(batch, outcome, row, decide(problem_of(batch, row))) is None


def test_verdicts_of_thousands_are_those_of_arb():
    batch = random_batch(1, 2500)
    outcome = certify_batch(batch)
    proved = np.flatnonzero(outcome.state == State.PROVED)
    assert proved.size > 0.97 * batch.rows
    assert set(outcome.sign[proved]) == {-1, 1} and set(outcome.large[proved]) == {False, True}
    objections = [contradiction(batch, outcome, row, decide(problem_of(batch, row))) for row in proved]
    assert not [sentence for sentence in objections if sentence is not None]


def test_second_opinion_gives_a_standard_certificate():
    batch = random_batch(2, 8)
    outcome = certify_batch(batch)
    opinions = [second_opinion(batch, outcome, row) for row in range(batch.rows)]
    assert all(o.accepted and o.certificate is not None for o in opinions)


def test_a_checker_that_gives_up_neither_objects_nor_accepts(monkeypatch):
    def give_up(data):
        raise NotChecked("not checked: it takes too long")

    monkeypatch.setattr("gdcheck.theorem.batch.second_opinion.check", give_up)
    batch = random_batch(2, 2)
    outcome = certify_batch(batch)
    opinion = second_opinion(batch, outcome, 0)
    assert opinion.objection is None and not opinion.accepted
    assert opinion.not_checked == "not checked: it takes too long"
    # What contradicts float64 is an objection all the same.
    outcome.sign[0] *= -1
    assert "sign" in second_opinion(batch, outcome, 0).objection


def test_a_rejected_certificate_is_an_objection(monkeypatch):
    monkeypatch.setattr("gdcheck.theorem.batch.second_opinion.check", lambda data: "rho < 1 fails")
    batch = random_batch(2, 2)
    opinion = second_opinion(batch, certify_batch(batch), 0)
    assert "rejects the certificate: rho < 1 fails" in opinion.objection
    assert opinion.not_checked is None and not opinion.accepted


def test_contradictions_are_named():
    batch = random_batch(3, 4)
    outcome = certify_batch(batch)
    decision = decide(problem_of(batch, 0))
    outcome.sign[0] *= -1
    assert "sign" in str(contradiction(batch, outcome, 0, decision))
    outcome.large[0] = not outcome.large[0]
    assert "limit" in str(contradiction(batch, outcome, 0, decision))
    exceptional = one_row(start=[0.0, 0.02, -0.01], coefficients=[0, 0, 0.25, 0, 0, 0.125])
    assert "exceptional" in str(contradiction(batch, outcome, 0, decide(problem_of(exceptional, 0))))


@pytest.mark.parametrize("block", [16, 37, 4096])
def test_blocks_do_not_change_what_is_proved(block):
    batch = random_batch(4, 300)
    whole, parts = certify_batch(batch), certify_batch(batch, block=block)
    assert np.array_equal(whole.state, parts.state)
    assert np.array_equal(whole.sign, parts.sign)
    assert np.array_equal(whole.large, parts.large)


def test_batch_is_left_as_it_was():
    batch = random_batch(5, 100)
    start = batch.start.copy()
    certify_batch(batch)
    simulate_batch(batch, 3)
    assert np.array_equal(batch.start, start)


def test_stragglers_are_given_up_only_on_demand():
    batch = random_batch(6, 64)
    assert not (certify_batch(batch).state == State.BUDGET).any()
    assert (certify_batch(batch, least=8).state == State.BUDGET).sum() <= 8
    assert (certify_batch(batch, max_steps=1).state == State.BUDGET).any()


# What float64 must leave to exact arithmetic --------------------------------------------------------------------------


def left(**changes: object) -> State:
    """Why float64 leaves a row."""
    outcome = certify_batch(one_row(**changes))
    return State(outcome.state[0])


def test_ordinary_row_is_proved():
    assert left() is State.PROVED


@pytest.mark.parametrize(
    "changes",
    [
        {"step_size": [0.4]},  # as near to the boundary as float64 comes
        {"step_size": [0.5]},  # ηλ₂ = 1 and ηλₙ = 2
        {"step_size": [0.6]},
        {"step_size": [1e-14]},  # 1 − ρ below the padding
        {"step_size": [1e-320]},
        {"step_size": [np.inf]},
        {"step_size": [np.nan]},
        {"step_size": [-0.25]},
        {"spectrum": [1, 1, 4]},
        {"spectrum": [1, 4, 4]},
        {"spectrum": [2, 1, 4]},
        {"spectrum": [0, 1, 4]},
        {"spectrum": [1, np.nan, 4]},
        {"spectrum": [1, 2, 1e300], "step_size": [1e-300]},
        {"spectrum": [1, 2, 3], "step_size": [1 / 3]},
        {"coefficients": [1e308] * 6},
        {"coefficients": [1e40, 0, 0, 0, 0, 0]},
        {"coefficients": [np.inf, 0, 0, 0, 0, 0]},
        {"coefficients": [np.nan, 0, 0, 0, 0, 0]},
    ],
)
def test_outside_the_assumptions(changes):
    assert left(**changes) is State.OUTSIDE


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"start": [100.0, -300.0, 200.0]}, State.LEFT),
        ({"start": [2e6, 0, 0], "coefficients": [0] * 6}, State.LEFT),
        ({"start": [1e308, 1e308, 1e308]}, State.LEFT),
        ({"start": [np.nan, 0, 0]}, State.LEFT),
        ({"start": [0.0, 0.02, -0.01], "coefficients": [0, 0, 0.25, 0, 0, 0.125]}, State.PRECISION),
        ({"start": [0.0, 0.0, 0.0]}, State.PRECISION),
    ],
)
def test_undecided_in_float64(changes, state):
    assert left(**changes) is state


@pytest.mark.parametrize(
    "changes",
    [
        {"start": [1e-22, 0.02, -0.01], "coefficients": [0, 0, 0.25, 0, 0, 0.125]},
        {"start": [5e-324, 0.02, -0.01], "coefficients": [0, 0, 0.25, 0, 0, 0.125]},
        {"coefficients": [1e40, 0, 0, 0, 0, 0], "start": [1e-60, 1e-60, 1e-60]},
        {"coefficients": [1e308] * 6, "start": [1e-320, 0, 0]},
        {"step_size": [np.nextafter(0.4, 0)]},
        {"step_size": [np.nextafter(0.4, 1)]},
    ],
)
def test_left_rows_are_decided_in_arb(changes):
    batch = one_row(**changes)
    assert certify_batch(batch).state[0] != State.PROVED
    opinion = second_opinion(batch, Outcome.blank(1), 0)
    assert opinion.decision.verdict is Verdict.PROVED and opinion.objection is None


@pytest.mark.parametrize(
    "changes",
    [
        {"start": [5e-324, 5e-324, 0.0]},
        {"start": [1e-200, 1e-200, 1e-200]},
        {"coefficients": [5e-324, 1e-310, 0, 0, 0, 0]},
        {"coefficients": [1e20, -1e20, 1e20, 0, 0, 0], "start": [1e-25, 1e-25, -1e-25]},
        {"coefficients": [1e25, 0, 0, -1e25, 0, 0], "start": [1e-30, 1e-28, 1e-29]},
        {"start": [1e-13, 0.02, -0.01]},
        {"spectrum": [1e-25, 2e-25, 4e-25], "step_size": [0.3e25]},
    ],
)
def test_extremes_are_never_wrong(changes):
    batch = one_row(**changes)
    outcome = certify_batch(batch)
    if outcome.state[0] == State.PROVED:
        assert contradiction(batch, outcome, 0, decide(problem_of(batch, 0))) is None


def test_row_that_is_not_finite_is_no_problem():
    with pytest.raises(InputError, match="finite"):
        problem_of(one_row(start=[np.nan, 0, 0]), 0)


@pytest.mark.parametrize(
    ("exponents", "match"),
    [
        (((2, 0, 0),), "order"),
        (((3, 0, 0), (3, 0, 0)), "once"),
        (((9, 8, 0),), "order"),
        (((3, 0),), "whole numbers"),
        (((4, -1, 0),), "whole numbers"),
    ],
)
def test_bad_exponents(exponents, match):
    with pytest.raises(InputError, match=match):
        Batch(exponents, np.ones((3, 1)), np.ones((len(exponents), 1)), np.ones(1), np.ones((3, 1)))


def test_bad_shapes_and_types():
    with pytest.raises(InputError, match="shapes"):
        Batch(CUBIC_AND_QUARTIC, np.ones((3, 2)), np.ones((6, 1)), np.ones(2), np.ones((3, 2)))
    with pytest.raises(InputError, match="float64"):
        Batch((), np.ones((3, 1), np.float32), np.ones((0, 1)), np.ones(1), np.ones((3, 1)))
    with pytest.raises(InputError, match="64"):
        Batch((), np.ones((65, 1)), np.ones((0, 1)), np.ones(1), np.ones((65, 1)))
    for map_error in (-(2.0**-60), 2.0**-45, np.nan):
        with pytest.raises(InputError, match="map_error"):
            replace(one_row(), map_error=map_error)
