"""Heavy ball and Nesterov in float64: the bounds hold, the verdicts are those of Arb, the rest is left to it."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_mat, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from gdcheck.theorem.augmented.modes import classify_motion
from gdcheck.theorem.augmented.powers import ModeMatrix
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.batch.batch import certify_batch, simulate_batch
from gdcheck.theorem.batch.columns import Momentum, State
from gdcheck.theorem.batch.momentum import momentum_bounds
from gdcheck.theorem.batch.rows import program_of
from gdcheck.theorem.batch.second_opinion import contradiction, problem_of, second_opinion
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.decision.state_search import pencil_of
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import Regime
from tests.builders.batches import nearly_double_batch, one_row, random_momentum_batch

SEEDS = st.integers(0, 2**32)
BOTH = pytest.mark.parametrize("looks_ahead", [False, True], ids=["heavy-ball", "nesterov"])
DRAWN = pytest.mark.parametrize("drawn", [random_momentum_batch, nearly_double_batch], ids=["random", "nearly-double"])


def exactly(number):
    return Fraction(*float(number).as_integer_ratio())


def trajectory(batch, row, steps, bits=400):
    """The iterates in fractions, rounded to far more bits than float64 has after each step."""
    eta, beta = exactly(batch.step_size[row]), exactly(batch.momentum.beta[row])
    y, buffer = [exactly(x) for x in batch.start[:, row]], [Fraction(0)] * batch.dimension
    for _ in range(steps):
        gradient = [exactly(x) * value for x, value in zip(batch.spectrum[:, row], y, strict=True)]
        for alpha, c in zip(batch.exponents, batch.coefficients[:, row], strict=True):
            for i in (i for i, e in enumerate(alpha) if e):
                value = exactly(c) * alpha[i]
                for j, e in enumerate(alpha):
                    value *= y[j] ** (e - (i == j))
                gradient[i] += value
        buffer = [beta * b + eta * g for b, g in zip(buffer, gradient, strict=True)]
        step = buffer
        if batch.momentum.looks_ahead:
            step = [eta * g + beta * b for b, g in zip(buffer, gradient, strict=True)]
        y, buffer = (
            [Fraction(round(x * 2**bits), 2**bits) for x in v] for v in (map(Fraction.__sub__, y, step), buffer)
        )
    return y


@DRAWN
@BOTH
@settings(max_examples=15)
@given(seed=SEEDS)
def test_iterate_lies_within_its_error_bound_and_radius(drawn, looks_ahead, seed):
    batch = drawn(seed, 8, looks_ahead=looks_ahead)
    outcome = certify_batch(batch)
    for row in np.flatnonzero((outcome.state == State.PROVED) & (outcome.step <= 25)):
        step = int(outcome.step[row])
        true = trajectory(batch, row, step)
        computed = [exactly(x) for x in simulate_batch(batch, step)[:, row]]
        distance = sum((a - b) ** 2 for a, b in zip(computed, true, strict=True))
        assert distance <= exactly(outcome.error[row]) ** 2, f"row {row}: the bound is too small"
        assert sum(x * x for x in true) <= exactly(outcome.radius[row]) ** 2, f"row {row}: the radius is too small"


def sizes_of_powers(mode, rate, most=80):
    """The largest norm of ρ^{-j}M^j on a unit vector of the axes, j up to a number."""
    scaled, power = arb_mat([[x / rate for x in entries] for entries in mode.rows]), arb_mat([[1, 0], [0, 1]])
    worst = arb(1)
    for _ in range(most):
        power *= scaled
        worst = max(worst, *map(norm, power.transpose().tolist()))
    return worst


@DRAWN
@BOTH
@given(seed=SEEDS)
def test_constants_are_on_the_safe_side_of_those_of_arb(drawn, looks_ahead, seed):
    batch = drawn(seed, 6, looks_ahead=looks_ahead)
    program = program_of(batch)
    found = momentum_bounds(program, np, batch.columns(np, slice(None), None))
    for row in np.flatnonzero(found.valid):
        problem = problem_of(batch, row)
        expansion = Expansion.around(problem, problem.step_size)
        motion = classify_motion(Spectrum(pencil_of(expansion, problem.method), 256), problem.method, problem.step_size)
        kinds = {Regime.SMALL_STEP: (False, False), Regime.LARGE_STEP: (True, False), Regime.ROTATING: (False, True)}
        assert (bool(found.large[row]), bool(found.reading.turning[row])) == kinds[motion.regime]
        with ctx.workprec(200):
            values = motion.spectrum.balls(*range(len(motion.modes)))
            modes = [
                ModeMatrix.at(problem.method, arb(problem.step_size) * s, mode)
                for s, mode in zip(values, motion.modes, strict=True)
            ]
            rho = modes[motion.dominant[0]].block.moduli(motion.modes[motion.dominant[0]])[0]
            # ρ' is ρ, or a number above it.
            wide = bool(found.rho_low[row] > rho)
            rate = arb(found.rho_low[row]) if wide else rho
            assert rate < found.rho_high[row] and found.room[row] < rho - rate * rate
            weight = found.reading.weight[row]
            assert all(sizes_of_powers(mode, rate) < weight for mode in modes)
            if motion.regime is Regime.ROTATING:
                turning = [modes[i] for i in motion.dominant]
                assert all(sizes_of_powers(mode, rho) < 1 / found.reading.lean[row] for mode in turning)
            if motion.regime is not Regime.ROTATING:
                a, b = modes[motion.dominant[0]].functional()
                length = (a * a + b * b).sqrt()
                doubt = abs(a / length - found.reading.lean[row]) + abs(b / length - found.reading.lag[row])
                assert doubt < float(found.reading.blur[row])


@DRAWN
@BOTH
@settings(max_examples=10)
@given(seed=SEEDS)
def test_verdicts_are_those_of_arb(drawn, looks_ahead, seed):
    batch = drawn(seed, 6, looks_ahead=looks_ahead)
    outcome = certify_batch(batch)
    for row in np.flatnonzero(outcome.state == State.PROVED):
        assert contradiction(batch, outcome, row, decide(problem_of(batch, row))) is None


@BOTH
def test_every_regime_is_proved(looks_ahead):
    batch = random_momentum_batch(1, 600, looks_ahead=looks_ahead)
    outcome = certify_batch(batch)
    proved = outcome.state == State.PROVED
    assert proved.mean() > 0.9
    assert min((proved & outcome.turning).sum(), (proved & outcome.large).sum()) > 20
    assert not outcome.sign[proved & outcome.turning].any() and outcome.sign[proved & ~outcome.turning].all()


@BOTH
def test_rows_next_to_double_multipliers_are_proved(looks_ahead):
    batch = nearly_double_batch(3, 600, looks_ahead=looks_ahead)
    outcome = certify_batch(batch)
    beta, highest = batch.momentum.beta, batch.step_size * batch.spectrum[-1]
    stable = highest < (2 + 2 * beta) / (1 + 2 * beta if looks_ahead else 1)
    proved = outcome.state == State.PROVED
    assert proved[stable].mean() > 0.85
    assert min((proved & outcome.turning).sum(), (proved & ~outcome.turning).sum()) > 100


@BOTH
def test_second_opinion_gives_a_certificate(looks_ahead):
    batch = random_momentum_batch(2, 5, looks_ahead=looks_ahead)
    outcome = certify_batch(batch)
    assert all(second_opinion(batch, outcome, row).accepted for row in range(batch.rows))


@BOTH
def test_blocks_do_not_change_what_is_proved(looks_ahead):
    batch = random_momentum_batch(4, 300, looks_ahead=looks_ahead)
    whole, parts = certify_batch(batch), certify_batch(batch, block=37)
    for name in ("state", "sign", "large", "turning"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))


@pytest.mark.parametrize(
    ("beta", "changes"),
    [
        (0.0, {}),  # gradient descent: another engine's
        (1.0, {}),
        (np.nan, {}),
        (0.05, {"step_size": [0.6]}),  # ηλₙ above 2(1 + β)
        (0.05, {"step_size": [0.42]}),  # the switch 2(1 + β)/(λ₁ + λₙ)
        (0.25, {"step_size": [0.25]}),  # a double multiplier of λ₁
        (0.05, {"spectrum": [1, 1, 4]}),
        (0.05, {"coefficients": [1e308] * 6}),
        (0.05, {"step_size": [1e-14]}),
    ],
)
def test_left_to_exact_arithmetic(beta, changes):
    batch = replace(one_row(**changes), momentum=Momentum(np.array([beta]), looks_ahead=False))
    assert certify_batch(batch).state[0] == State.OUTSIDE


def test_singular_steps_are_outside_for_nesterov_alone():
    """ηλ₂ = 1 makes Nesterov's map of states singular; heavy ball's never is."""
    row = one_row(spectrum=[1, 4, 5], step_size=[0.25])
    for looks_ahead in (True, False):
        batch = replace(row, momentum=Momentum(np.array([0.05]), looks_ahead=looks_ahead))
        assert bool(certify_batch(batch).state[0] == State.OUTSIDE) is looks_ahead


def test_a_batch_needs_one_momentum_a_row():
    with pytest.raises(InputError, match="momentum"):
        replace(one_row(), momentum=Momentum(np.ones(2), looks_ahead=False))
