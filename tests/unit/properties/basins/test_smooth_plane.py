"""The map of a smooth loss: labels that are certified against proofs, and what is refused."""

import numpy as np
import pytest
from flint import fmpq

from gdcheck.properties.basins import smooth_plane as room
from gdcheck.properties.basins.simulation import BasinLabel
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.loss.errors import InputError

LOSS = "exp(x) - x + y**2 + x*y**2"


def test_both_sides_are_certified_near_the_minimizer_and_on_the_grid(monkeypatch):
    monkeypatch.setattr(room, "_ON_A_SIDE", 2)
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
