"""What is only observed of a start: it is what exact arithmetic says, or it is called undecided."""

from __future__ import annotations

import numpy as np
import pytest
from flint import fmpq

from gdcheck.properties.basins.plane import draw_plane, in_units
from gdcheck.properties.basins.simulation import BasinLabel, observe
from gdcheck.theorem.batch.columns import Batch
from gdcheck.theorem.batch.eigenbasis import turn
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem

SOFT = Problem("x**2/2 + 3/4*y**2 + x**4*5 + x**2*y**2*9", step_size="1/50", start=["1", "1"])
TWO_MINIMA = Problem("x**2/2 - 3/2*x**3 + x**4 + 3/4*y**2", step_size="1/10", start=["1", "1"])


def exactly(x: float) -> fmpq:
    return fmpq(*float(x).as_integer_ratio())


def middles(plane):
    """The coordinates of the columns and of the rows, for a minimizer at the origin."""
    size = plane.labels.shape[0]
    grid = (np.arange(size) + 0.5) / size * 2 - 1
    return grid * plane.extent[1], -grid * plane.extent[3]


def batch(y, eta=0.25, spectrum=(0.5, 1.0), terms=()):
    """Starts under one loss in eigen-coordinates."""
    starts = np.array(y, np.float64).T
    count = starts.shape[1]
    return Batch(
        tuple(alpha for alpha, _ in terms),
        np.tile(np.array(spectrum)[:, None], count),
        np.tile(np.array([c for _, c in terms])[:, None], count) if terms else np.zeros((0, count)),
        np.full(count, eta),
        starts,
    )


def labels(*args, extent=1.0, **options):
    return [BasinLabel(f) for f in observe(batch(*args, **options), extent)]


def test_starts_whose_error_bound_leaves_the_ball_are_simulated():
    """Far out the error bound explodes, and near the axis it hides the dominant component; all starts converge."""
    plane = draw_plane(SOFT, size=60, half_width=fmpq(3, 2))
    across, up = middles(plane)
    assert (plane.labels < BasinLabel.ALTERNATING_PLUS).all()
    rows, columns = np.nonzero(~plane.certified)
    assert rows.size > 100
    for row, column in list(zip(rows.tolist(), columns.tolist(), strict=True))[::20]:
        start = (exactly(across[column]), exactly(up[row]))
        decision = decide(Problem(SOFT.loss, minimizer=SOFT.minimizer, step_size=SOFT.step_size, start=start))
        assert decision.verdict is Verdict.PROVED
        assert (decision.limit.vectors[0][0] < 0) == (plane.labels[row, column] == BasinLabel.FIXED_MINUS)


def test_starts_that_go_to_another_minimum_do_not_escape():
    plane = draw_plane(TWO_MINIMA, size=40, half_width=fmpq(1))
    across, _ = middles(plane)
    # The gradient in x vanishes at (9 ± √17)/16; the lower one is where the basins meet.
    beyond = across > (9 - np.sqrt(17)) / 16
    assert (plane.labels[:, beyond] == BasinLabel.ELSEWHERE).all()
    assert (plane.labels[:, ~beyond] < BasinLabel.ESCAPES).all()


@pytest.mark.parametrize("exponent", [-27, -7, 7, 27])
def test_nothing_escapes_from_a_quadratic_of_any_size(exponent):
    plane = draw_plane(
        Problem("x**2 + y**2/2", step_size="3/10", start=["1", "1"]), size=10, half_width=fmpq(10) ** exponent
    )
    assert (plane.labels[:5] == BasinLabel.FIXED_PLUS).all() and (plane.labels[5:] == BasinLabel.FIXED_MINUS).all()
    assert plane.certified.all()


def test_units_of_the_window_change_no_label():
    """x = 2⁻⁴⁰y turns the one loss into the other."""
    near = draw_plane(
        Problem("x**2 + y**2/2 + x**2*y + x**3", step_size="61/64", start=["1", "1"]), size=20, half_width=fmpq(1)
    )
    text = f"x**2 + y**2/2 + {2**40}*x**2*y + {2**40}*x**3"
    tiny = draw_plane(Problem(text, step_size="61/64", start=["1", "1"]), size=20, half_width=fmpq(1, 2**40))
    assert (near.labels == tiny.labels).all() and (near.certified == tiny.certified).all()


@pytest.mark.parametrize(("zeros", "fits"), [(10, True), (290, False)])
def test_units_keep_every_coefficient_exactly(zeros, fits):
    """In units of 2⁻⁹⁰ the coefficient of x⁹ becomes 2⁻⁶³⁰ times as large."""
    where = turn(Problem("x**2/2 + y**2 + x**9/1" + "0" * zeros, step_size="1/4", start=["1", "1"]))
    stated, reach = in_units(where, np.array([0.25]), np.array([[2.0**-90], [2.0**-91]]), 2.0**-90, 0.0)
    assert reach == (1.0 if fits else 2.0**-90)
    assert stated.start[:, 0].tolist() == [reach, reach / 2]
    unit = 2.0**-90 / reach
    assert exactly(stated.coefficients[0, 0]) == exactly(where.coefficients[0]) * exactly(unit) ** 7


def test_a_sign_is_told_before_the_iterates_underflow():
    """ηλ₂ = 1: outside of the certificate; 512 steps of (1/11)^k are beyond every float64."""
    problem = Problem("x**2/2 + 11/20*y**2 + x**3/10", step_size="10/11", start=["1", "1"])
    plane = draw_plane(problem, size=20, half_width=fmpq(1))
    assert not plane.certified.any()
    across, up = middles(plane)
    for column in range(20):
        start = (exactly(across[column]), exactly(up[3]))
        limit = decide(
            Problem(problem.loss, minimizer=problem.minimizer, step_size=problem.step_size, start=start)
        ).limit
        expected = BasinLabel.FIXED_MINUS if limit.vectors[0][0] < 0 else BasinLabel.FIXED_PLUS
        assert (plane.labels[:, column] == expected).all()


def test_a_start_near_the_minimizer_settles_only_if_it_contracts():
    near = [(2.0**-30, 2.0**-30)]
    assert labels(near) == [BasinLabel.FIXED_PLUS]
    # 1 − ηλ₁ = 1 within float64's reach: it never moves.
    assert labels(near, eta=2.0**-60) == [BasinLabel.UNSETTLED]
    assert labels(near, eta=2.5, extent=2.0**-30) == [BasinLabel.ESCAPES]
    # |1 − ηλ₂| = 1 + 2⁻¹⁰ grows by two thirds in all these steps.
    assert labels([(0.0, 2.0**-30)], eta=2 + 2.0**-10) == [BasinLabel.UNSETTLED]


def test_signs_follow_regime_and_component():
    starts = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
    plus, minus = BasinLabel.FIXED_PLUS, BasinLabel.FIXED_MINUS
    assert labels(starts) == [plus, minus, plus, minus]
    plus, minus = BasinLabel.ALTERNATING_PLUS, BasinLabel.ALTERNATING_MINUS
    assert labels(starts, eta=1.75) == [plus, plus, minus, minus]


def test_no_direction_is_claimed_where_none_dominates():
    starts = [(1.0, 1.0), (0.0, 1.0), (-1.0, 0.5)]
    assert labels(starts, eta=1.0, spectrum=(0.75, 1.25)) == [BasinLabel.UNDECIDED] * 3
    assert labels(starts, spectrum=(1.0, 1.0)) == [BasinLabel.UNDECIDED] * 3
    # Unstable along the second axis, but these starts never leave the first.
    assert labels([(1.0, 0.0)], eta=2.25) == [BasinLabel.UNDECIDED]


def test_exceptional_is_only_what_has_a_change_of_sign_beside_it():
    assert labels([(0.0, 1.0), (2.0**-60, 1.0), (2.0**-20, 1.0)]) == [BasinLabel.EXCEPTIONAL] * 2 + [
        BasinLabel.FIXED_PLUS
    ]
    assert labels([(0.0, 0.0)]) == [BasinLabel.EXCEPTIONAL]
    # x·y² bends the zero line away from the axis.
    assert labels([(0.0, 2.0**-4)], terms=[((1, 2), 0.5), ((0, 3), 0.25)]) == [BasinLabel.FIXED_MINUS]


def test_a_component_that_is_lost_far_from_the_zero_line_is_undecided():
    """While y crosses a shelf near 1, x shrinks below all noise; yet its sign is that of the start."""
    text = "x**2/2 + 1200/1001*(y**4/4 - 2*y**3/3 + 1001/2000*y**2)"
    problem = Problem(text, step_size="3/5", start=["1/2", "5/4"])
    assert decide(problem).verdict is Verdict.PROVED
    plane = draw_plane(problem, size=12, half_width=fmpq(5, 4))
    assert (plane.labels[0] == BasinLabel.UNDECIDED).all() and not plane.certified[0].any()
    assert (plane.labels[6:9, 6:] == BasinLabel.FIXED_PLUS).all()
    assert not (plane.labels == BasinLabel.EXCEPTIONAL).any()
    # Nor does noise on either side of the axis count as a change of sign.
    shelf = [((0, 3), -800 / 1001), ((0, 4), 300 / 1001)]
    assert labels([(0.0, 1.146), (0.0, 0.5)], eta=0.6, spectrum=(1.0, 1.2), terms=shelf) == [
        BasinLabel.UNDECIDED,
        BasinLabel.EXCEPTIONAL,
    ]


def test_cycles_and_far_points_do_not_escape():
    # y ↦ −1.5y + y³ has the cycle ±√½.
    cycle = {"eta": 1.0, "spectrum": (0.5, 2.5), "terms": [((0, 4), -0.25)]}
    assert labels([(0.0, 0.5)], **cycle) == [BasinLabel.UNSETTLED]
    # The same in a window a million times smaller: the orbit is far, but it stays.
    assert labels([(0.0, 2.0**-24)], extent=2.0**-24, **cycle) == [BasinLabel.UNSETTLED]
