"""Maps of where starts of a valley arrive."""

import numpy as np
import pytest
from flint import fmpq

from gdcheck.properties.basins.valley_plane import followed, valley_plane
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.valleys.problem import ValleyProblem


def problem(residuals=("x*y - 1",), eta="1/2", start=("1", "1/2")):
    return ValleyProblem.of(list(residuals), step_size=eta, start=list(start))


def test_proved_points_are_where_the_simulation_ends():
    plane = valley_plane(problem(), 24, fmpq(2))
    assert plane.tried == 64 and len(plane.proved) > 20 and plane.differing == 0
    for _, (x, y) in plane.proved:
        assert x * y == pytest.approx(1, abs=1e-9)
    seen = plane.sharpness[np.isfinite(plane.sharpness)]
    assert ((seen > 2 - 1e-6) & (seen < plane.threshold)).all() and np.isnan(plane.sharpness).any()


def test_what_the_checker_refuses_is_not_called_proved(monkeypatch):
    monkeypatch.setattr("gdcheck.properties.basins.valley_plane.check", lambda _: "a claim fails")
    plane = valley_plane(problem(), 8, fmpq(2))
    assert plane.tried == 64
    assert plane.proved == ()


def test_the_sharpness_is_that_of_the_loss():
    ends, tops = followed(problem(), np.array([[2.2], [0.4]]))
    assert ends[0, 0] * ends[1, 0] == pytest.approx(1)
    assert tops[0] == pytest.approx(ends[0, 0] ** 2 + ends[1, 0] ** 2)
    smooth = problem(["tanh(x*y) + exp(x - 1)/4 - sqrt(y + 4)/4", "(x - y)/8"], "1/4", ["1", "1/2"])
    ends, tops = followed(smooth, np.array([[1.0], [0.5]]))
    (x, y), small = ends[:, 0], 1e-6

    def loss(a, b):
        first = np.tanh(a * b) + np.exp(a - 1) / 4 - np.sqrt(b + 4) / 4
        return (first**2 + ((a - b) / 8) ** 2) / 2

    def second(i, j):
        steps = [(small * (i == 0), small * (i == 1)), (small * (j == 0), small * (j == 1))]
        corners = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
        total = sum(
            sign * loss(x + p * steps[0][0] + q * steps[1][0], y + p * steps[0][1] + q * steps[1][1])
            for p, q, sign in corners
        )
        return total / (4 * small**2)

    assert tops[0] == pytest.approx(np.linalg.eigvalsh([[second(i, j) for j in (0, 1)] for i in (0, 1)])[-1], rel=1e-2)


def test_a_map_shows_two_variables():
    with pytest.raises(InputError, match="a map shows starts of two"):
        valley_plane(problem(["x*y*z - 1"], "1/4", ["1", "1", "2"]), 8, fmpq(1))
    with pytest.raises(InputError, match="size"):
        valley_plane(problem(), 1, fmpq(1))


def test_the_command_line(gdcheck, tmp_path):
    file, picture = tmp_path / "problem.json", tmp_path / "map.png"
    file.write_text('{"loss": "(x*y - 1)**2/2", "step_size": "1/2", "start": ["1", "1/2"]}')
    code, out, _ = gdcheck("map", str(file), "--size", "16", "--out", str(picture))
    assert code == 0 and "of 64 starts on a grid proved" in out and "elsewhere at 0 of" in out
    assert picture.read_bytes().startswith(b"\x89PNG")
    code, _, err = gdcheck("map", str(file), "--plane", "step", "--out", str(picture))
    assert code == 2 and err.startswith("error: plane:") and err.count("\n") == 1
