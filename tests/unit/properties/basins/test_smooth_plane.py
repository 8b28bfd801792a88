"""The map of a smooth loss: labels that are certified against proofs, and what is refused."""

import numpy as np
import pytest
from flint import fmpq

from gdcheck.properties.basins import smooth_labels
from gdcheck.properties.basins import smooth_plane as room
from gdcheck.properties.basins.simulation import BasinLabel
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.loss.errors import InputError

LOSS = "exp(x) - x + y**2 + x*y**2"


def test_both_sides_are_certified_near_the_minimizer_and_on_the_grid(monkeypatch):
    monkeypatch.setattr(smooth_labels, "ON_A_SIDE", 2)
    monkeypatch.setattr(room, "ON_A_SIDE", 2)
    problem = SmoothProblem.of(LOSS, step_size="0.3", start=["1", "1"])
    found = room.smooth_plane(problem, 40, fmpq(1, 20))
    sure = found.labels[found.certified]
    assert {int(x) for x in sure} == {BasinLabel.FIXED_PLUS, BasinLabel.FIXED_MINUS}
    assert 0.1 < found.certified.mean() < 0.9 and "4 of 4" in found.notes[1]
    # A certified point, decided by itself.
    row, column = np.argwhere(found.certified)[7]
    step = 0.1 / 40
    start = [-0.05 + (column + 0.5) * step, 0.05 - (row + 0.5) * step]
    limit = decide_smooth(SmoothProblem.of(LOSS, step_size="0.3", start=[str(x) for x in start])).limit
    along = sum(float(a.mid()) * b for a, b in zip(limit.vectors[0], found.directions[0], strict=True))
    assert (along > 0) == (found.labels[row, column] == BasinLabel.FIXED_PLUS)


def test_step_sizes_take_the_limit_of_their_regime(monkeypatch):
    monkeypatch.setattr(smooth_labels, "ON_A_SIDE", 3)
    # ∇²f(0) = diag(1, 2): the boundary is 2/3, the stability limit 1.
    problem = SmoothProblem.of(LOSS, step_size="0.3", start=["1/4", "1/8"])
    found = room.smooth_step_plane(problem, 42, fmpq(1, 4))
    assert found.kind == "step" and found.extent == pytest.approx((0, 1.05, -0.25, 0.25))
    assert found.certified.sum() == 9 and "differs at 0" in found.notes[1]
    etas = (np.arange(42) + 0.5) / 42 * 1.05
    upper, lower = found.labels[3], found.labels[-4]
    assert set(upper[etas < 0.6]) == {BasinLabel.FIXED_PLUS} or set(upper[etas < 0.6]) == {BasinLabel.FIXED_MINUS}
    assert (upper[etas < 0.6] != lower[etas < 0.6]).all()
    large = (etas > 0.7) & (etas < 0.9)
    assert set(upper[large]) | set(lower[large]) == {BasinLabel.ALTERNATING_PLUS, BasinLabel.ALTERNATING_MINUS}
    with pytest.raises(InputError, match="start: "):
        room.smooth_step_plane(SmoothProblem.of(LOSS, step_size="0.3", start=["0", "0"]), 10, fmpq(1))


@pytest.mark.parametrize(
    ("loss", "eta", "start", "size", "width", "field"),
    [
        ("exp(x) - x", "0.3", ["1"], 10, None, "loss"),
        (LOSS, "3", ["1", "1"], 10, None, "step_size"),
        (LOSS, "0.3", ["1", "1"], 1, None, "size"),
        (LOSS, "0.3", ["0", "0"], 10, None, "half-width"),
    ],
)
def test_what_has_no_map_is_refused(loss, eta, start, size, width, field):
    with pytest.raises(InputError) as caught:
        room.smooth_plane(SmoothProblem.of(loss, step_size=eta, start=start), size, width)
    assert caught.value.field == field
