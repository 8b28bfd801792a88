"""Maps of starts under Adam and RMSprop: what is certified is what a decision of its own says."""

import numpy as np
import pytest
from flint import fmpq

from gdcheck.properties.basins import adaptive_plane as module
from gdcheck.properties.basins.adaptive_plane import adaptive_plane
from gdcheck.properties.basins.simulation import BasinLabel
from gdcheck.reports.plane_picture import plane_picture
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError

LOSS = "(x-1)**2/2 + (x-1)*y/2 + y**2 + (x-1)**2*y"
ADAM = {"name": "adam", "beta1": "1/20", "beta2": "9/10", "epsilon": "1"}
RMSPROP = {"name": "rmsprop", "beta2": "9/10", "epsilon": "1"}
FIXED = {BasinLabel.FIXED_PLUS, BasinLabel.FIXED_MINUS}
ALTERNATING = {BasinLabel.ALTERNATING_PLUS, BasinLabel.ALTERNATING_MINUS}


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(module, "ON_A_SIDE", 2)


def problem_of(method, step_size, **changes):
    given = {"step_size": step_size, "start": ["11/10", "1/10"], "minimizer": ["1", "0"], "method": method} | changes
    return Problem(LOSS, **given)


def label_of(plane, found):
    """The label that a decision asks for."""
    if found.kind.value == "rotating":
        return BasinLabel.ROTATING
    fixed = found.kind.value == "fixed"
    along = np.dot([float(x.mid()) for x in found.vectors[0]], plane.directions[0 if fixed else 1])
    return (BasinLabel.FIXED_PLUS if fixed else BasinLabel.ALTERNATING_PLUS) + int(along < 0)


@pytest.mark.parametrize(
    ("method", "step_size", "half", "labels"),
    [
        (RMSPROP, "1/5", fmpq(1, 2**10), FIXED),
        (RMSPROP, "17/20", fmpq(1, 2**14), ALTERNATING),
        (ADAM, "1/5", fmpq(1, 2**17), FIXED),
        (ADAM | {"beta1": "1/2"}, "1", fmpq(1, 2**24), {BasinLabel.ROTATING}),
    ],
)
def test_certified_points_in_the_ball_are_those_of_arb(method, step_size, half, labels):
    size = 10
    plane = adaptive_plane(problem_of(method, step_size), "start", size, half)
    inside = set(plane.labels[plane.certified].tolist())
    assert plane.certified.mean() > 0.2 and inside == labels
    rows, columns = np.nonzero(plane.certified)
    for k in (0, len(rows) // 3, len(rows) - 1):
        across, up = (fmpq(2 * i + 1 - size, size) * half for i in (int(columns[k]), size - 1 - int(rows[k])))
        found = decide(problem_of(method, step_size, start=[1 + across, up])).limit
        assert plane.labels[rows[k], columns[k]] == label_of(plane, found)


def test_a_grid_of_starts_is_decided_and_the_simulation_agrees():
    told = []
    plane = adaptive_plane(problem_of(RMSPROP, "1/5"), "start", 12, fmpq(1, 4), lambda *done: told.append(done))
    assert told == [(144 + k, 148) for k in range(5)] and plane.certified.sum() == 4
    assert set(plane.labels.ravel().tolist()) == FIXED and plane.minimizer == (1.0, 0.0)
    assert any("4 of 4 points on a grid are proved" in note and "differs at 0" in note for note in plane.notes)
    assert any("exceptional starts, proved" in note for note in plane.notes)


def test_the_plane_of_step_sizes_has_every_regime():
    plane = adaptive_plane(problem_of(ADAM | {"beta1": "1/4"}, "1/5"), "step", 24, fmpq(1, 8))
    seen = set(plane.labels.ravel().tolist())
    assert FIXED | ALTERNATING | {BasinLabel.ROTATING} <= seen
    assert [name for name, _ in plane.thresholds] == ["window", "its end", "stability limit"]
    # Beyond the limit of stability nothing arrives.
    assert (plane.labels[:, -1] == BasinLabel.UNSETTLED).all() and plane.certified.any()
    assert "after 1000 steps" in plane_picture(plane, "a map").to_json()


def test_of_a_usual_epsilon_it_says_that_the_minimum_is_unstable():
    plane = adaptive_plane(problem_of({"name": "adam"}, "1/1000"), "start", 4, fmpq(1, 8))
    assert not plane.certified.any() and any("stable only where" in note or "below" in note for note in plane.notes)


@pytest.mark.parametrize(
    ("kind", "size", "half", "changes", "match"),
    [
        ("both", 8, fmpq(1), {}, "give start or step"),
        ("start", 1, fmpq(1), {}, "1 is out of range"),
        ("start", 8, fmpq(-1), {}, "half-width"),
        ("step", 8, fmpq(1), {"start": ["1", "0"]}, "is the minimizer"),
    ],
)
def test_bad_input(kind, size, half, changes, match):
    with pytest.raises(InputError, match=match):
        adaptive_plane(problem_of(ADAM, "1/5", **changes), kind, size, half)


@pytest.mark.parametrize(
    ("loss", "match"), [("x**2 + y**2 + max(x, 0)**4", "powers of max"), ("x**2 - y**2", "not a strict minimum")]
)
def test_bad_losses(loss, match):
    with pytest.raises(InputError, match=match):
        adaptive_plane(Problem(loss, step_size="1/9", start=["1", "1"], method=ADAM), "start", 8, None)
