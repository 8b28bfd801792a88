"""Maps of starts under momentum or a preconditioner: certified points are those of Arb, the others are only seen."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from flint import fmpq

from gdcheck.properties.basins.plane import draw_plane
from gdcheck.properties.basins.simulation import BasinLabel
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.method import Method

LOSS = "(x-1)**2 + 2*(y+(x-1)/2)**2 + (x-1)*y**2 + y**3"


def problem_of(method, step_size, **changes):
    given = {"step_size": step_size, "start": ["11/10", "1/10"], "minimizer": ["1", "0"], "method": method} | changes
    return Problem(LOSS, **given)


SHEARED = {"name": "gradient-descent", "preconditioner": [["2", "1/2"], ["1/2", "1/2"]]}
CASES = [
    (SHEARED, "1/10", {BasinLabel.FIXED_PLUS, BasinLabel.FIXED_MINUS}),
    (SHEARED, "21/100", {BasinLabel.ALTERNATING_PLUS, BasinLabel.ALTERNATING_MINUS}),
    ({"name": "heavy-ball", "momentum": "1/100"}, "1/5", {BasinLabel.FIXED_PLUS, BasinLabel.FIXED_MINUS}),
    ({"name": "heavy-ball", "momentum": "1/100"}, "0.33", {BasinLabel.ALTERNATING_PLUS, BasinLabel.ALTERNATING_MINUS}),
    ({"name": "heavy-ball", "momentum": "9/10"}, "1/5", {BasinLabel.ROTATING}),
    ({"name": "nesterov", "momentum": "1/3"}, "1/10", {BasinLabel.FIXED_PLUS, BasinLabel.FIXED_MINUS}),
]


@pytest.mark.parametrize(("method", "step_size", "labels"), CASES)
def test_certified_points_are_those_of_arb(method, step_size, labels):
    size, half = 8, fmpq(1, 50)
    plane = draw_plane(problem_of(method, step_size), size=size, half_width=half)
    assert plane.certified.mean() > 0.9 and set(plane.labels[plane.certified].tolist()) == labels
    for row, column in [(0, 0), (2, 6), (5, 1), (7, 4)]:
        if not plane.certified[row, column]:
            continue
        across, up = (fmpq(2 * k + 1 - size, size) * half for k in (column, size - 1 - row))
        found = decide(problem_of(method, step_size, start=[1 + across, up])).limit
        label = int(plane.labels[row, column])
        if label == BasinLabel.ROTATING:
            assert found.kind.value == "rotating"
            continue
        assert found.kind.value == ("alternating" if label >= BasinLabel.ALTERNATING_PLUS else "fixed")
        towards = np.dot([float(x.mid()) for x in found.vectors[0]], plane.directions[label // 2])
        assert abs(abs(towards) - 1) < 1e-6 and (towards < 0) == (label % 2 == 1)


def test_the_plane_of_step_sizes_has_every_regime():
    plane = draw_plane(problem_of({"name": "heavy-ball", "momentum": "1/4"}, "1/20"), "step", 60, fmpq(1, 50))
    found = set(plane.labels[plane.certified].tolist())
    assert BasinLabel.ROTATING in found and found & {BasinLabel.FIXED_PLUS, BasinLabel.FIXED_MINUS}
    # Beyond 2(1 + β)/λₙ nothing arrives.
    assert not plane.certified[:, -1].any()


def test_what_is_not_certified_is_seen_to_escape():
    plane = draw_plane(problem_of({"name": "nesterov", "momentum": "1/3"}, "1/20"), size=16, half_width=fmpq(1000))
    assert (plane.labels == BasinLabel.ESCAPES).any() and not plane.certified[plane.labels >= BasinLabel.ESCAPES].any()


@dataclass(frozen=True)
class Ours(Method):
    """A method of a user's own: it has no float64 batch."""

    name = "ours"

    @property
    def momentum(self):
        return fmpq(1, 4)

    def to_json(self):
        return {"name": self.name}


def test_a_method_without_a_batch_has_no_map():
    with pytest.raises(InputError, match="ours has no map; there are maps for"):
        draw_plane(replace(problem_of(None, "1/20"), method=Ours()), size=8)
