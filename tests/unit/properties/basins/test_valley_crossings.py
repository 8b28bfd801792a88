"""Steps above 2/η on the way into a valley, over step sizes and starts: each count is that of NumPy."""

import numpy as np
import pytest
from flint import fmpq

from gdcheck.properties.basins.valley_crossings import valley_crossing_grid
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.valleys.problem import ValleyProblem

PROBLEM = ValleyProblem.of(["x*y - 1"], step_size="1", start=["11/5", "2/5"])


def seen(cell):
    """The numbers of steps above 2/η, and of rises and falls of the loss at them, in float64."""
    (x, y), eta = map(as_float, cell.start), as_float(cell.step_size)
    above = rose = fell = 0
    for _ in range(400):
        u = x * y - 1
        top = np.linalg.eigvalsh([[y * y, x * y + u], [x * y + u, x * x]])[-1]
        x, y = x - eta * u * y, y - eta * u * x
        if top > 2 / eta:
            above += 1
            rose += abs(x * y - 1) > abs(u)
            fell += abs(x * y - 1) < abs(u)
    return above, rose, fell


def as_float(text):
    p, _, q = text.partition("/")
    return int(p) / int(q or 1)


def test_counts_are_those_of_numpy():
    told = []
    cells = valley_crossing_grid(PROBLEM, [fmpq(9, 10), fmpq(6, 5)], [fmpq(1), fmpq(2)], on_done=told.append)
    assert told == [1, 2, 3, 4] and {c.verdict for c in cells} == {"proved"}
    assert [(c.count, c.loss_rose, c.loss_fell) for c in cells] == [seen(c) for c in cells]
    assert all(c.complete for c in cells) and max(c.count for c in cells) > 0
    assert all((c.excess is not None) == (c.count > 0) for c in cells)


@pytest.mark.parametrize(("start", "said"), [(["0", "0"], "first order"), (["1", "1"], "lies on the valley")])
def test_a_start_without_a_valley_is_one_sentence(start, said):
    with pytest.raises(InputError, match=said):
        valley_crossing_grid(ValleyProblem.of(["x*y - 1"], step_size="1", start=start))


def test_the_command_line_refuses_two_kinds_of_loss(gdcheck):
    for words in (["--loss", "x"], ["--minimizer", "1,1"]):
        code, _, err = gdcheck("crossings", "--residual", "x*y - 1", "--start", "2,1", *words)
        assert code == 2 and err.startswith("error: residual: ") and err.count("\n") == 1
